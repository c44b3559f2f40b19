//! What the tests of the console have in common.

use chrono::TimeDelta;
use serde_json::Value;

use crate::support::browser::{Browser, Page};
use crate::support::world::PASSWORD;
use crate::support::{World, id};

/// The list.
pub const LIST: &str = "/integration-applications";
/// What no page may hand on as it is.
pub const HOSTILE: &str = "<script>alert(\"1\")</script> & 'x'";

/// Where an application is, or something of it.
pub fn at(app: &Value, rest: &str) -> String {
    format!("{LIST}/{}{rest}", id(app))
}

/// A browser in which Ada is signed in.
pub async fn ada(world: &World) -> Browser {
    Browser::of_user(world, "acme", "ada").await
}

/// The session ends while a form is open; it is sent, its owner signs in again and goes on.
pub async fn goes_on_after_the_session_has_ended(
    world: &World,
    browser: &mut Browser,
    email: &str,
    action: &str,
    fields: &[(&str, &str)],
) {
    let before = world.traces().await;
    world.pass(TimeDelta::minutes(31));
    browser
        .send(action, fields)
        .await
        .expect(401)
        .shows("Your session has ended");
    assert_eq!(world.traces().await, before);
    browser
        .send("/sign-in", &[("email", email), ("password", PASSWORD)])
        .await
        .expect(200)
        .shows("Nothing has been sent yet");
    browser.send(action, &[]).await.expect(200);
}

/// The page, on which no script may have got.
#[track_caller]
pub fn is_harmless(page: &Page) {
    page.shows(HOSTILE);
    assert!(!page.html.contains("<script>alert"), "{}", page.html);
}
