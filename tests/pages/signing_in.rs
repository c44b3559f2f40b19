//! Sign-in, sessions and passwords of the console.

use chrono::TimeDelta;

use crate::support::browser::Browser;
use crate::support::world::PASSWORD;
use crate::support::{World, on_both_databases};

on_both_databases! {
    somebody_signs_in_and_out,
    the_answer_is_the_same_for_unknown_and_known_addresses,
    a_session_ends_after_half_an_hour_without_use,
    a_form_of_another_site_is_refused,
}

async fn somebody_signs_in_and_out(world: World) {
    let mut ada = Browser::of_user(&world, "acme", "ada").await;
    ada.open("/account").await.expect(200).shows("Ada Admin");
    ada.send("/sign-out", &[]).await.expect(200).shows("Sign in");
    assert!(ada.cookies.is_empty());
    ada.open("/account").await.expect(200).shows("Sign in");
    assert!(
        ada.page.path.starts_with("/sign-in?next=%2Faccount"),
        "{}",
        ada.page.path
    );
}

async fn the_answer_is_the_same_for_unknown_and_known_addresses(world: World) {
    let mut ada = Browser::of_user(&world, "acme", "ada").await;
    let mut message = Vec::new();
    for email in ["ada@acme.example", "nobody@acme.example"] {
        ada.open("/sign-in").await;
        let page = ada.send("/sign-in", &[("email", email), ("password", "wrong")]).await;
        message.push(page.expect(401).text());
        let page = ada.open("/forgot-password").await;
        page.expect(200);
        let page = ada.send("/forgot-password", &[("email", email)]).await.expect(200);
        message.push(page.text().replace(email, ""));
    }
    assert_eq!(message[0], message[2]);
    assert_eq!(message[1], message[3]);
    assert_eq!(world.mails().await.len(), 1);
}

async fn a_session_ends_after_half_an_hour_without_use(world: World) {
    let mut ada = Browser::of_user(&world, "acme", "ada").await;
    for _ in 0..3 {
        world.pass(TimeDelta::minutes(30) - TimeDelta::milliseconds(1));
        ada.open("/account").await.expect(200).shows("Ada Admin");
    }
    world.pass(TimeDelta::minutes(30));
    ada.open("/account").await.expect(200).shows("Sign in");
}

async fn a_form_of_another_site_is_refused(world: World) {
    let mut ada = Browser::of_user(&world, "acme", "ada").await;
    let nothing: [(String, String); 0] = [];
    let page = ada.send_raw("/sign-out", &nothing).await;
    page.expect(200).shows("Nothing has been sent yet");
    ada.open("/account").await.expect(200).shows("Ada Admin");
    let _ = PASSWORD;
}
