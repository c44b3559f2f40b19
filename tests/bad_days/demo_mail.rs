//! The mailbox page of a demo: what it shows, and to whom alone.

use serde_json::json;

use super::installation::{Installation, Process, word};
use crate::support::browser::Browser;
use crate::support::eventually::eventually;
use crate::support::{APPS, Answer, World};

const PAGE: &str = "/demo/mail";

/// A demo in which Ida has invited a developer, as soon as the e-mail has been written.
async fn with_an_invitation(installation: &Installation, arguments: &[&str]) -> Process {
    let process = installation.start("demo", arguments, &[]).await;
    let demo = std::fs::read(installation.folder().join("demo.json")).unwrap();
    let demo: serde_json::Value = serde_json::from_slice(&demo).unwrap();
    let users = demo["groups"][0]["users"].as_array().unwrap();
    let ida = users.iter().find(|user| user["id"] == "ida").unwrap();
    let form = World::with(
        World::new_integration("Payroll <b>Bridge"),
        json!({"entities": ["nw-dublin"]}),
    );
    process.person(&word(ida, "token")).post(APPS, form).await.expect(201);
    installation.mail(1, "dev@example.com").await;
    process
}

async fn get(process: &Process, path: &str, host: Option<&str>) -> Answer {
    let mut request = reqwest::Client::new().get(format!("{}{path}", process.base_url));
    request = request.header("accept", "text/html");
    if let Some(host) = host {
        request = request.header("host", host);
    }
    Answer::read(request.send().await.unwrap()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_signs_up_with_the_mailbox_page_alone() {
    let installation = Installation::on_sqlite();
    let empty = installation.start("demo", &[], &[]).await;
    assert!(
        get(&empty, PAGE, None)
            .await
            .expect(200)
            .text()
            .contains("No e-mails yet")
    );
    empty.stop().await;

    let process = with_an_invitation(&installation, &[]).await;
    let mut newcomer = Browser::at(&process.base_url);
    let list = newcomer.open(PAGE).await;
    list.shows("Developer Portal – Invitation");
    list.shows("dev@example.com");
    let path = link_after(&list.html, "href=\"/demo/mail/").unwrap();
    let email = newcomer.open(&path).await;
    email.shows("Payroll <b>Bridge");
    let invitation = link_after(
        &email.html,
        &format!("href=\"{}/portal/sign-up?invite=", process.base_url),
    )
    .unwrap();
    let page = newcomer.open(invitation.strip_prefix(&process.base_url).unwrap()).await;
    page.shows("dev@example.com");

    let html = get(&process, &format!("{path}/html"), None).await.expect(200);
    assert!(
        html.text().contains(&format!("<a href=\"{invitation}\"")),
        "{}",
        html.text()
    );
    assert!(html.text().contains("Payroll &lt;b&gt;Bridge"));
    let policy = html.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "; sandbox ",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{part}: {policy}");
    }
    assert!(
        !policy.contains("script") && !policy.contains("same-origin"),
        "{policy}"
    );
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(html.header(name), value, "{name}");
    }
    let policy = get(&process, &path, None).await;
    let policy = policy.header("content-security-policy");
    assert!(
        !policy.contains("unsafe") && policy.contains("default-src 'none'"),
        "{policy}"
    );
    process.stop().await;
}

/// What a link leads to that begins so.
fn link_after(page: &str, beginning: &str) -> Option<String> {
    let (_, rest) = page.split_once(beginning)?;
    let start = beginning.strip_prefix("href=\"")?;
    Some(format!("{start}{}", rest.split_once('"')?.0))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mailbox_page_is_there_for_this_machine_alone() {
    let installation = Installation::on_sqlite();
    let process = with_an_invitation(&installation, &[]).await;
    let list = get(&process, PAGE, None).await.expect(200).text();
    let path = link_after(&list, "href=\"/demo/mail/").unwrap();
    let port = process.base_url.rsplit_once(':').unwrap().1;
    for path in [PAGE, &path, &format!("{path}/html")] {
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            get(&process, path, Some(&format!("{host}:{port}"))).await.expect(200);
        }
        // A page of somebody else whose name they have pointed at this machine.
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example:8080",
            "evil.example@127.0.0.1x",
        ] {
            let answer = get(&process, path, Some(host)).await;
            assert!(!answer.text().contains("dev@example.com"), "{host}");
            assert!(
                answer.status == 404 || answer.status == 400,
                "{host}: {}",
                answer.status
            );
        }
    }
    for name in ["nothing.eml", "..%2Fdemo.json", "%2Fetc%2Fpasswd", "demo.json"] {
        for end in ["", "/html"] {
            get(&process, &format!("{PAGE}/{name}{end}"), None).await.expect(404);
        }
    }
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_no_mailbox_page_where_it_could_be_reached_or_has_nothing_to_show() {
    let reached = ["--public-url", "https://gatebook.example"];
    for (command, arguments) in [
        ("serve", &[][..]),
        ("demo", &reached),
        ("demo", &["--mail", "smtp://127.0.0.1:1"]),
    ] {
        let installation = Installation::on_sqlite();
        let process = installation.start(command, arguments, &[]).await;
        for path in [PAGE.to_owned(), format!("{PAGE}/x.eml"), format!("{PAGE}/x.eml/html")] {
            get(&process, &path, None).await.expect(404);
        }
        process.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_says_where_its_mailbox_page_is() {
    let installation = Installation::on_sqlite();
    let address = format!("127.0.0.1:{}", super::installation::free_port());
    let (said, mut command) = (
        installation.folder().join("said.txt"),
        installation.command(&["demo", "--listen", &address]),
    );
    command.stdout(std::fs::File::create(&said).unwrap());
    let process = installation.spawn_as_it_is(command, &address);
    let page = format!("http://{address}{PAGE}");
    eventually("the welcome", async || {
        std::fs::read_to_string(&said).unwrap().contains(&page).then_some(())
    })
    .await;
    assert!(process.becomes_ready().await);
    process.stop().await;
}
