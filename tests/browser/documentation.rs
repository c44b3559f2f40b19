//! The documentation under its own policy. Its renderer is not ours, so that axe-core is not asked: decision 102 says what it
//! would find.

use crate::support::World;
use crate::support::chromium::Chromium;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documentation_is_shown_without_complaints_of_the_browser() {
    let world = World::on_sqlite().await;
    let reader = Chromium::new(&world).await;
    reader.open_unchecked("/docs").await;
    reader
        .see("Create an application")
        .await
        .see("Issue an access token")
        .await;
    reader.see("kept_by_developer").await;
    let credentials = "document.querySelectorAll('.authorize, .authorization__btn').length";
    assert_eq!(reader.outcome(credentials).await, "0", "there is nothing to sign in to");
    reader
        .tamper("document.querySelector('#operations-Admins-create_application button').click()")
        .await;
    reader.see("Payroll Bridge").await.miss("Try it out").await;
    reader.no_complaints().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_of_the_documentation_have_no_cookies_and_reach_no_server() {
    let world = World::on_sqlite().await;
    let reader = Chromium::new(&world).await;
    reader.open_unchecked("/docs").await.see("Create an application").await;
    let cookies = reader.outcome("document.cookie").await;
    assert!(cookies.contains("SecurityError"), "{cookies}");
    let fetched = reader.outcome("(await fetch('/api/v1/me')).status").await;
    assert!(fetched.contains("TypeError"), "{fetched}");
}
