//! How long the server takes for a page, with many applications in the group, against the 50 ms that a page may take.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use gatebook::http;
use gatebook::http::request_context::ClientAddressHeader;
use gatebook::secrets::Password;
use gatebook_aggregates::identifiers::UserId;
use reqwest::header::{COOKIE, SET_COOKIE};
use sqlx::Executor;
use uuid::Uuid;

use super::load;
use super::setting::Setting;

/// What a page may take.
const LIMIT: Duration = Duration::from_millis(50);
const TIMES: usize = 50;
const PASSWORD: &str = "correct horse battery staple";

/// Measures the pages that show or search the group's applications.
pub async fn measure(setting: &Setting, apps: usize) {
    setting.connect().await.execute("analyze").await.unwrap();
    let app_id = setting.create().await;
    let address = load::serve(http::router(setting.gatebook.clone(), ClientAddressHeader::default())).await;
    let (http, cookie) = signed_in(setting, address).await;
    println!(
        "\npages, with {apps} applications in the group, against {} ms",
        LIMIT.as_millis()
    );
    for path in pages(app_id) {
        let times = times(&http, &cookie, &format!("http://{address}{path}")).await;
        let (middle, slowest) = (millis(times[times.len() / 2]), millis(times[times.len() - 1]));
        println!(
            "  {path:<70} median {middle:>6.1} ms  = {:.2}   slowest {slowest:>6.1} ms  = {:.2}",
            middle / millis(LIMIT),
            slowest / millis(LIMIT)
        );
    }
}

fn pages(app_id: Uuid) -> Vec<String> {
    let list = "/integration-applications";
    let mut pages: Vec<_> = [
        "",
        "?status=active",
        "?name=ation+77",
        "?description=payroll",
        "?developer_email=dev99",
        "?sort=-created_at",
        "?name=nothing+like+this",
        "/new/new-integration",
    ]
    .iter()
    .map(|end| format!("{list}{end}"))
    .collect();
    pages.extend(
        ["", "/edit", "/developer", "/revoke"]
            .iter()
            .map(|end| format!("{list}/{app_id}{end}")),
    );
    pages.extend(["/group-users".to_owned(), "/account".to_owned()]);
    pages
}

/// Pam signs in; her cookie.
async fn signed_in(setting: &Setting, address: SocketAddr) -> (reqwest::Client, String) {
    let (user, password) = (UserId::parse("pam").unwrap(), Password::parse(PASSWORD).unwrap());
    let set = setting.gatebook.set_user_password(&setting.group_id, &user, &password);
    set.await.unwrap();
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs([("email", "pam@bench.example"), ("password", PASSWORD)]);
    let request = http
        .post(format!("http://{address}/sign-in"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.finish());
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 303, "signing in");
    let cookie = answer.headers()[SET_COOKIE].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    (http, cookie)
}

/// How long each of many requests took, from the shortest to the longest.
async fn times(http: &reqwest::Client, cookie: &str, url: &str) -> Vec<Duration> {
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let begun = Instant::now();
        let answer = http.get(url).header(COOKIE, cookie).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{url}");
        answer.bytes().await.unwrap();
        times.push(begun.elapsed());
    }
    times.sort();
    times
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
