//! Lists of very many applications: what they take with five times as many as the log holds.

use std::net::SocketAddr;
use std::time::Instant;

use gatebook::web;
use gatebook::web::request_context::ClientAddressHeader;
use gatebook_projections::app_list::AppRow;
use gatebook_projections::row::Row;
use sqlx::Executor;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::gate::grouped;
use super::setting::Setting;
use super::{load, median};

/// What `make bench-large` writes to the log. It is not measured with fewer, unless somebody asks for it.
pub const APPS_MIN: usize = 200_000;
const TIMES: usize = 20;
const LISTS: [&str; 6] = [
    "",
    "?status=active",
    "?sort=-created_at",
    "?name=ation%2077",
    "?developer_email=dev99",
    "?name=nothing%20like%20this",
];

/// Measures the lists, and again after each row of the list was copied four times.
pub async fn measure(setting: &Setting) {
    let address = load::serve(web::router(setting.gatebook.clone(), ClientAddressHeader::default())).await;
    let token = setting.token("pam").await;
    let mut connection = setting.connect().await;
    connection.execute("vacuum analyze app_list").await.unwrap();
    let few = lists(address, &token).await;
    connection.execute(copies().as_str()).await.unwrap();
    connection.execute("vacuum analyze app_list").await.unwrap();
    let many = lists(address, &token).await;
    let (apps, total) = (setting.apps(), |times: &[f64]| times.iter().sum::<f64>());
    println!(
        "\nlists at {} applications [postgres]: {:.1} ms = {:.2} of the same at {}",
        grouped(5.0 * apps as f64),
        total(&many),
        total(&many) / total(&few),
        grouped(apps as f64),
    );
    for ((list, few), many) in LISTS.iter().zip(few).zip(many) {
        println!("    {list:<30} {many:>7.2} ms  = {:.2}", many / few);
    }
    let removed = "delete from app_list where client_id like '% %'";
    connection.execute(removed).await.unwrap();
    connection.execute("vacuum analyze app_list").await.unwrap();
}

/// Copies of all rows, each under an id and a name of its own. No event tells of them: only the lists are asked.
fn copies() -> String {
    let columns: Vec<_> = AppRow::COLUMNS.iter().map(|column| column.name).collect();
    let copied = columns.iter().map(|column| match *column {
        "app_id" => "'01a22f4a-' || lpad(to_hex(n), 4, '0') || substr(app_id, 14)".to_owned(),
        "client_id" | "name" | "name_key" | "name_search" => format!("{column} || ' ' || n"),
        column => column.to_owned(),
    });
    format!(
        "insert into app_list ({}) select {} from app_list, generate_series(1, 4) n",
        columns.join(", "),
        copied.collect::<Vec<_>>().join(", ")
    )
}

/// The median time of each list, in milliseconds.
async fn lists(address: SocketAddr, token: &str) -> Vec<f64> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut buffer = Vec::new();
    let mut medians = Vec::new();
    for list in LISTS {
        let request = format!(
            "GET /api/v1/integration-apps{list} HTTP/1.1\r\nHost: gatebook\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let sent = Instant::now();
            stream.write_all(request.as_bytes()).await.unwrap();
            load::read_answer(&mut stream, &mut buffer).await;
            times.push(sent.elapsed().as_secs_f64() * 1_000.0);
        }
        medians.push(median(times));
    }
    medians
}
