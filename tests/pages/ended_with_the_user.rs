//! What ends with a user who is removed, and with an address that is theirs no longer.

use serde_json::json;

use super::people::{NEW_PASSWORD, path};
use crate::support::browser::Browser;
use crate::support::world::PASSWORD;
use crate::support::{World, on_both_databases};

on_both_databases! {
    a_user_who_is_added_again_comes_in_with_nothing_from_before,
    a_link_in_the_mailbox_of_an_old_address_opens_nothing,
    a_link_stays_as_long_as_the_address_does,
    a_link_that_is_dead_before_it_is_sent_is_not_sent,
}

const ULF: &str = "/operator/api/v1/groups/acme/users/ulf";

async fn put_ulf(world: &World, email: &str, status: u16) {
    let body = json!({"email": email, "name": "Ulf User", "role": "user"});
    world.operator.put(ULF, body).await.expect(status);
}

/// A link for Ulf, as a path; it is not looked for in his mailbox but once.
async fn link(world: &World) -> String {
    let send = format!("{ULF}/password-link");
    world.operator.post(&send, json!({})).await.expect(202);
    path(&world.last_mail_to("ulf@acme.example").await.link())
}

async fn chooses_a_password(browser: &mut Browser, link: &str, status: u16) {
    let link = link.split_once("?link=").unwrap().1.to_owned();
    let fields = [
        ("link", link.as_str()),
        ("password", NEW_PASSWORD),
        ("repeated", NEW_PASSWORD),
    ];
    let fields: Vec<_> = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    browser.send_raw("/set-password", &fields).await.expect(status);
}

async fn signs_in(world: &World, email: &str, password: &str) -> u16 {
    let mut browser = Browser::new(world);
    browser.open("/sign-in").await.expect(200);
    browser
        .send("/sign-in", &[("email", email), ("password", password)])
        .await
        .status
}

async fn a_user_who_is_added_again_comes_in_with_nothing_from_before(world: World) {
    let mut ulf = Browser::of_user(&world, "acme", "ulf").await;
    ulf.open("/account").await.expect(200).shows("Ulf User");
    let link = link(&world).await;
    world.operator.delete(ULF).await.done();
    put_ulf(&world, "ulf@acme.example", 201).await;
    ulf.open("/account").await.shows("Sign in");
    ulf.open(&link).await.expect(404).shows("Request a new one");
    chooses_a_password(&mut ulf, &link, 404).await;
    for password in [PASSWORD, NEW_PASSWORD] {
        assert_eq!(signs_in(&world, "ulf@acme.example", password).await, 401);
    }
}

async fn a_link_in_the_mailbox_of_an_old_address_opens_nothing(world: World) {
    let mut finder = Browser::new(&world);
    let sent = link(&world).await;
    put_ulf(&world, "ulf@elsewhere.example", 200).await;
    finder.open(&sent).await.expect(404);
    chooses_a_password(&mut finder, &sent, 404).await;

    put_ulf(&world, "ulf@acme.example", 200).await;
    finder.open("/forgot-password").await;
    finder
        .send("/forgot-password", &[("email", "ulf@acme.example")])
        .await
        .expect(200);
    let asked_for = path(&world.last_mail_to("ulf@acme.example").await.link());
    finder.open(&asked_for).await.expect(200);
    put_ulf(&world, "ulf@elsewhere.example", 200).await;
    chooses_a_password(&mut finder, &asked_for, 404).await;
    assert_eq!(signs_in(&world, "ulf@elsewhere.example", NEW_PASSWORD).await, 401);
}

async fn a_link_stays_as_long_as_the_address_does(world: World) {
    let mut ulf = Browser::new(&world);
    let sent = link(&world).await;
    put_ulf(&world, "ulf@acme.example", 200).await;
    put_ulf(&world, "ULF@acme.example", 200).await;
    chooses_a_password(&mut ulf, &sent, 200).await;
    // Ulf, who may do nothing with applications, is signed in.
    assert_eq!(signs_in(&world, "ulf@acme.example", NEW_PASSWORD).await, 403);
}

async fn a_link_that_is_dead_before_it_is_sent_is_not_sent(world: World) {
    let send = format!("{ULF}/password-link");
    world.operator.post(&send, json!({})).await.expect(202);
    put_ulf(&world, "ulf@elsewhere.example", 200).await;
    world.operator.post(&send, json!({})).await.expect(202);
    world.operator.post(&send, json!({})).await.expect(202);
    let addresses: Vec<_> = world.mails().await.into_iter().map(|mail| mail.to).collect();
    assert_eq!(addresses, ["ulf@elsewhere.example"]);
    world.operator.post(&send, json!({})).await.expect(202);
    world.operator.delete(ULF).await.done();
    assert_eq!(world.mails().await.len(), 1);
}
