//! What goes wrong on our side: whoever meets it learns the request id, and the log has it with the cause.

use gatebook::store::ConnectionPurpose;

use super::operator::operator;
use crate::support::{World, log_lines};

/// The outbox is lost.
async fn breaks(world: &World) {
    let mut transaction = world.database().begin(ConnectionPurpose::Write).await.unwrap();
    transaction.script("drop table outbox").await.unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn a_page_that_fails_shows_the_request_id() {
    let world = World::on_sqlite().await;
    let mut olga = operator(&world).await;
    breaks(&world).await;
    let page = olga.open("/operator/outbox").await.expect(500);
    page.shows("Something went wrong on our side.").hides("outbox");
    let id = page.headers["x-request-id"].to_str().unwrap();
    page.shows(id);
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
}

#[tokio::test]
async fn a_form_that_fails_shows_the_request_id() {
    let world = World::on_sqlite().await;
    let mut olga = operator(&world).await;
    olga.open("/operator/groups/acme").await;
    breaks(&world).await;
    let link = [("do", "password-link"), ("user_id", "ulf")];
    let page = olga.send_in("/operator/groups/acme", &link).await.expect(500);
    page.shows(page.headers["x-request-id"].to_str().unwrap());
}

#[tokio::test]
async fn the_log_has_the_cause_with_the_request_id() {
    log_lines::capture();
    let world = World::on_sqlite().await;
    breaks(&world).await;
    let answer = world
        .operator
        .get("/operator/api/v1/outbox")
        .await
        .refused(500, "internal");
    let id = answer.header("x-request-id");
    assert!(
        answer.json()["detail"].as_str().unwrap().contains(&id),
        "{}",
        answer.text()
    );
    let logged = log_lines::with(&id);
    let line = logged.iter().find(|line| line.contains("a request failed"));
    let line = line.unwrap_or_else(|| panic!("not in the log: {logged:#?}"));
    assert!(line.contains("outbox"), "{line}");
}
