//! What searches take: parts of one and two letters against a part of three, and the gate beside 32 people who do nothing
//! but search against the gate alone. On both databases, each against the same run.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use gatebook::application::Caller;
use gatebook::web;
use gatebook::web::request_context::ClientAddressHeader;
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::group::Role;
use gatebook_aggregates::identifiers::UserId;
use gatebook_aggregates::text::Label;
use sqlx::Executor;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::setting::Setting;
use super::{gate, load, median};

/// What a part of one or two letters may take, in times of one of three letters.
const SHORT_LIMIT: f64 = 3.0;
/// What the gate's p99 may be beside searches, in times of the gate's alone.
const GATE_LIMIT: f64 = 3.0;
/// Searches under way at once, and the people they belong to.
const SEARCHES: usize = 32;
const PEOPLE: usize = 16;
/// Checks under way at once.
const CHECKS: usize = 8;
const TIME: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;
const TIMES: usize = 30;

/// Measures PostgreSQL, which is filled already, and SQLite, which is filled here.
pub async fn measure(postgres: &Setting, apps: usize) {
    postgres.connect().await.execute("vacuum analyze").await.unwrap();
    measure_on("PostgreSQL", postgres).await;
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Setting::on(format!("sqlite://{}", folder.path().join("gatebook.db").display())).await;
    sqlite.fill(apps).await;
    measure_on("SQLite", &sqlite).await;
}

async fn measure_on(database: &str, setting: &Setting) {
    let address = load::serve(web::router(setting.gatebook.clone(), ClientAddressHeader::default())).await;
    println!(
        "\nsearches on {database}, with {} applications in the group",
        setting.apps()
    );
    let people = people(setting).await;
    short_parts(address, &people).await;
    beside_the_gate(setting, address, &people).await;
}

/// Parts that are nowhere, and parts that are everywhere.
async fn short_parts(address: SocketAddr, people: &[String]) {
    for column in ["name", "description", "developer_email"] {
        let three = search_time(address, &people[0], column, "zqx").await;
        for part in ["%25", "_", "zq", "~"] {
            let short = search_time(address, &people[0], column, part).await;
            tell_short(column, part, "zqx", short, three);
        }
    }
    for (column, short, three) in [
        ("name", "ap", "app"),
        ("name", "a", "app"),
        ("description", "pa", "pay"),
        ("developer_email", "ex", "exa"),
    ] {
        let times = [three, short].map(|part| search_time(address, &people[0], column, part));
        let [three_time, short_time] = times;
        tell_short(column, short, three, short_time.await, three_time.await);
    }
}

fn tell_short(column: &str, part: &str, three_emails: &str, short: f64, three: f64) {
    println!(
        "  {column}={part:<4} {short:>7.2} ms of {three_emails} {three:>7.2} ms  = {:.2}, limit {SHORT_LIMIT}",
        short / three
    );
}

/// The median of several searches, one after the other, in milliseconds.
async fn search_time(address: SocketAddr, token: &str, column: &str, part: &str) -> f64 {
    let request = search(token, column, part);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut times, mut buffer) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let sent = Instant::now();
        stream.write_all(request.as_bytes()).await.unwrap();
        load::read_answer(&mut stream, &mut buffer).await;
        times.push(sent.elapsed().as_secs_f64() * 1_000.0);
    }
    median(times)
}

async fn beside_the_gate(setting: &Setting, address: SocketAddr, people: &[String]) {
    let token = gate::access_token(setting, "Searches").await;
    let check = format!(
        "GET /gateway/authorize HTTP/1.1\r\nHost: gatebook\r\nAuthorization: Bearer {token}\r\nX-Entity-Id: e1\r\n\
         X-Api-Access: read\r\n\r\n"
    );
    let searches: Vec<_> = people.iter().map(|token| search(token, "name", "%25")).collect();
    let (mut alone, mut beside, mut found) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(load::run(address, check.as_bytes(), CHECKS, TIME).await);
        let each = SEARCHES / people.len();
        let searching = searches
            .iter()
            .map(|request| load::run(address, request.as_bytes(), each, TIME));
        let (checked, searched) = tokio::join!(
            load::run(address, check.as_bytes(), CHECKS, TIME),
            futures::future::join_all(searching)
        );
        beside.push(checked);
        found.push(searched.iter().map(|load| load.per_second).sum());
    }
    let p99 = |loads: &[load::Load]| median(loads.iter().map(|load| load.p99.as_secs_f64() * 1_000.0).collect());
    let rate = |loads: &[load::Load]| median(loads.iter().map(|load| load.per_second).collect());
    println!(
        "  gate beside {SEARCHES} searches ({:.0}/s found): p99 {:.2} ms of {:.2} ms alone  = {:.2}, limit {GATE_LIMIT}   \
         {:.0}/s of {:.0}/s",
        median(found),
        p99(&beside),
        p99(&alone),
        p99(&beside) / p99(&alone),
        rate(&beside),
        rate(&alone),
    );
}

/// The tokens of several people who may search.
async fn people(setting: &Setting) -> Vec<String> {
    let operator = Caller::command_line("bench".to_owned());
    let label = |name: &str| Label::parse("name", name).unwrap();
    let mut tokens = Vec::new();
    for n in 0..PEOPLE {
        let user = UserId::parse(&format!("searcher{n}")).unwrap();
        let email = EmailAddress::parse("email", &format!("searcher{n}@bench.example")).unwrap();
        let (group, role) = (&setting.group_id, Role::PracticeAdmin);
        let put = setting.gatebook.put_user(
            operator.operator().unwrap(),
            group,
            user.clone(),
            email,
            label("Searcher"),
            role,
        );
        put.await.unwrap();
        let issued = setting
            .gatebook
            .issue_user_token(operator.operator().unwrap(), group, user, label("bench"));
        tokens.push(issued.await.unwrap().token);
    }
    tokens
}

fn search(token: &str, column: &str, part: &str) -> String {
    format!(
        "GET /api/v1/integration-apps?{column}={part} HTTP/1.1\r\nHost: gatebook\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
}
