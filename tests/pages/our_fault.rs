//! What goes wrong on our side: whoever meets it learns the request id, and the log has it with the cause.

use std::io::Write;
use std::sync::{Arc, Mutex};

use gatebook::store::Purpose;

use super::operator::operator;
use crate::support::World;

/// What was logged.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The outbox is lost.
async fn breaks(world: &World) {
    let mut transaction = world.database().begin(Purpose::Write).await.unwrap();
    transaction.script("drop table letters").await.unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn a_page_that_fails_shows_the_request_id() {
    let world = World::on_sqlite().await;
    let mut olga = operator(&world).await;
    breaks(&world).await;
    let page = olga.open("/operator/outbox").await.expect(500);
    page.shows("Something went wrong on our side.").hides("letters");
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

// On one thread, so that what is logged by others is not heard.
#[tokio::test]
async fn the_log_has_the_cause_with_the_request_id() {
    let logged = Logged::default();
    let writer = logged.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::ERROR)
        .with_writer(move || writer.clone())
        .finish();
    let _heard = tracing::subscriber::set_default(subscriber);
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
    let log = String::from_utf8(logged.0.lock().unwrap().clone()).unwrap();
    let line = log.lines().find(|line| line.contains("a request failed"));
    let line = line.unwrap_or_else(|| panic!("not in the log: {log}"));
    assert!(line.contains(&id) && line.contains("letters"), "{line}");
}
