//! How long the server takes for a page, with many applications in the group, against the 50 ms that a page may take.

use std::time::{Duration, Instant};

use gatebook::secrets::Password;
use gatebook::web;
use gatebook::web::request_context::ClientAddressHeader;
use gatebook_aggregates::identifiers::UserId;
use gatebook_aggregates::text::Label;
use reqwest::header::{COOKIE, SET_COOKIE};
use sqlx::Executor;
use uuid::Uuid;

use super::load;
use super::setting::Setting;

/// What a page may take.
const LIMIT: Duration = Duration::from_millis(50);
const TIMES: usize = 50;
const PASSWORD: &str = "correct horse battery staple";

/// Measures the pages, most of all those that show or search the group's applications.
pub async fn measure(setting: &Setting) {
    setting.connect().await.execute("analyze").await.unwrap();
    let app_id = setting.create().await;
    let address = load::serve(web::router(setting.gatebook.clone(), ClientAddressHeader::default())).await;
    let site = Site {
        base_url: format!("http://{address}"),
        http: reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap(),
    };
    println!(
        "\npages, with {} applications in the group, against {} ms",
        setting.apps(),
        LIMIT.as_millis()
    );
    let user = site.signed_in("/sign-in", &as_pam(setting).await).await;
    for path in console_pages(app_id.into()) {
        site.measure(&user, &path).await;
    }
    let operator = site.signed_in("/operator/sign-in", &as_operator(setting).await).await;
    for page in ["groups", "groups/bench", "requests", "projections", "outbox"] {
        site.measure(&operator, &format!("/operator/{page}")).await;
    }
}

fn console_pages(app_id: Uuid) -> Vec<String> {
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

/// What Pam enters to sign in.
async fn as_pam(setting: &Setting) -> Vec<(&'static str, String)> {
    let (user, password) = (UserId::parse("pam").unwrap(), Password::parse(PASSWORD).unwrap());
    let set = setting
        .gatebook
        .set_sample_password(&setting.group_id, &user, &password);
    set.await.unwrap();
    vec![
        ("email", "pam@bench.example".to_owned()),
        ("password", PASSWORD.to_owned()),
    ]
}

/// What an operator enters to sign in.
async fn as_operator(setting: &Setting) -> Vec<(&'static str, String)> {
    let name = Label::parse("name", "bench").unwrap();
    let token = setting
        .gatebook
        .create_operator_token(
            gatebook::application::Caller::command_line("bench".to_owned())
                .operator()
                .unwrap(),
            &name,
            None,
        )
        .await
        .unwrap()
        .token;
    vec![("token", token)]
}

/// The site, as a browser sees it.
struct Site {
    base_url: String,
    http: reqwest::Client,
}

impl Site {
    /// Signs in; the cookie.
    async fn signed_in(&self, path: &str, entered: &[(&str, String)]) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(entered);
        let request = self
            .http
            .post(format!("{}{path}", self.base_url))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.finish());
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 303, "signing in");
        let cookie = answer.headers()[SET_COOKIE].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    async fn measure(&self, cookie: &str, path: &str) {
        let times = times(&self.http, cookie, &format!("{}{path}", self.base_url)).await;
        let (middle, slowest) = (millis(times[times.len() / 2]), millis(times[times.len() - 1]));
        println!(
            "  {path:<85} median {middle:>6.1} ms  = {:.2}   slowest {slowest:>6.1} ms  = {:.2}",
            middle / millis(LIMIT),
            slowest / millis(LIMIT)
        );
    }
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
