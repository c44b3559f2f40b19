//! Signing out.

use chrono::TimeDelta;

use super::console::ada;
use super::portal::{logged_in, verified};
use crate::support::{World, on_both_databases};

on_both_databases! {
    nobody_signs_in_to_sign_out,
    a_sign_out_from_an_older_page_says_so_first,
}

async fn nobody_signs_in_to_sign_out(world: World) {
    let mut ada = ada(&world).await;
    ada.open("/account").await.expect(200);
    verified(&world).await;
    let mut dev = logged_in(&world).await;
    dev.open("/portal").await.expect(200);
    world.pass(TimeDelta::minutes(31));
    let before = world.traces().await;
    for (browser, action, sign_in) in [
        (&mut ada, "/sign-out", "/sign-in"),
        (&mut dev, "/portal/log-out", "/portal/log-in"),
    ] {
        let page = browser.send(action, &[]).await.expect(200);
        assert_eq!(page.path, sign_in);
        page.hides("what you entered has been kept");
        assert!(browser.cookies.is_empty());
    }
    assert_eq!(world.traces().await, before);
}

async fn a_sign_out_from_an_older_page_says_so_first(world: World) {
    let mut ada = ada(&world).await;
    let nothing: [(String, String); 0] = [];
    ada.send_raw("/sign-out", &nothing)
        .await
        .expect(200)
        .shows("Nothing has been sent yet");
    ada.send("/sign-out", &[])
        .await
        .expect(200)
        .shows("Integration Applications")
        .shows("Sign out");
    ada.send("/sign-out", &[])
        .await
        .expect(200)
        .shows("Forgotten your password?");
}
