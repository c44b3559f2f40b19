//! What changes between the moment something is decided and the moment it is written: another node was faster.

use std::sync::Arc;

use gatebook::application::{Caller, Gatebook, Realm};
use gatebook::secrets::Password;
use gatebook_aggregates::group::Role;
use gatebook_aggregates::identifiers::{GroupId, UserId};
use serde_json::{Value, json};

use super::people::{NEW_PASSWORD, path};
use super::portal::DEV;
use crate::support::browser::Browser;
use crate::support::world::PASSWORD;
use crate::support::{Person, World, on_both_databases};

on_both_databases! {
    a_password_that_was_replaced_meanwhile_begins_no_session,
    a_developers_password_that_was_replaced_meanwhile_begins_no_session,
    a_password_that_was_replaced_by_itself_still_begins_one,
    an_address_that_was_changed_meanwhile_begins_no_session,
    r2_who_is_no_practice_admin_any_more_sends_no_link,
    a_link_is_mailed_to_the_address_that_its_user_has_by_now,
    a_link_that_was_asked_for_is_not_mailed_to_an_address_of_before,
    a_link_that_dies_while_it_is_used_chooses_no_password,
}

const USERS: &str = "/operator/api/v1/groups/acme/users";

fn user(email: &str, role: &str) -> Value {
    json!({"email": email, "name": "Somebody", "role": role})
}

/// The operator puts a user.
async fn put(operator: Person, id: &'static str, email: &'static str, role: &'static str) {
    operator.put(&format!("{USERS}/{id}"), user(email, role)).await.done();
}

/// Somebody chooses a new password with a link.
async fn choose(gatebook: Arc<Gatebook>, realm: Realm, link: String, password: &'static str) {
    let nobody = Caller::command_line("meanwhile".to_owned());
    let chosen = gatebook.choose_password(&nobody, realm, &link, password).await;
    chosen.unwrap();
}

/// What is secret in a mailed link.
fn secret(link: &str) -> String {
    link.split_once("?link=").unwrap().1.to_owned()
}

/// The developer has forgotten the password.
async fn reset_link(world: &World) -> String {
    let mut dev = Browser::new(world);
    dev.open("/portal/forgot-password").await;
    dev.send("/portal/forgot-password", &[("email", DEV)]).await.expect(200);
    secret(&world.last_mail_to(DEV).await.link())
}

async fn link_for_ulf(world: &World) -> String {
    let send = format!("{USERS}/ulf/password-link");
    world.operator.post(&send, json!({})).await.expect(202);
    world.last_mail_to("ulf@acme.example").await.link()
}

async fn a_password_that_was_replaced_meanwhile_begins_no_session(world: World) {
    world.give_password("acme", "ulf").await;
    let link = secret(&link_for_ulf(&world).await);
    let (node, database) = world.interrupted_node().await;
    let mut thief = Browser::at(&node);
    thief.open("/sign-in").await;
    database.before_the_next_write(choose(world.gatebook.clone(), Realm::Console, link, NEW_PASSWORD));
    let old = [("email", "ulf@acme.example"), ("password", PASSWORD)];
    thief.send("/sign-in", &old).await.expect(401).shows("is wrong");
    assert!(database.has_happened());
    assert!(thief.cookies.is_empty());
    let new = [("email", "ulf@acme.example"), ("password", NEW_PASSWORD)];
    thief.send("/sign-in", &new).await;
    thief.open("/account").await.expect(200).shows("Ulf User");
}

async fn a_developers_password_that_was_replaced_meanwhile_begins_no_session(world: World) {
    world.created(&world.ada().await, "Payroll").await;
    world.signed_up(DEV).await;
    let (node, database) = world.interrupted_node().await;
    let link = reset_link(&world).await;
    database.before_the_next_write(choose(world.gatebook.clone(), Realm::Portal, link, NEW_PASSWORD));
    let mut thief = Browser::at(&node);
    thief.open("/portal/log-in").await;
    let old = [("email", DEV), ("password", PASSWORD)];
    thief.send("/portal/log-in", &old).await.expect(401).shows("is wrong");
    assert!(database.has_happened());
    assert!(thief.cookies.is_empty());

    let link = reset_link(&world).await;
    database.before_the_next_write(choose(world.gatebook.clone(), Realm::Portal, link, PASSWORD));
    let program = Person {
        base_url: node,
        ..world.anybody()
    };
    let old = json!({"email": DEV, "password": NEW_PASSWORD});
    let answer = program.post("/portal/api/v1/session", old).await;
    answer.refused(401, "unauthenticated");
    assert!(database.has_happened());
}

async fn a_password_that_was_replaced_by_itself_still_begins_one(world: World) {
    world.give_password("acme", "ulf").await;
    let (node, database) = world.interrupted_node().await;
    let mut ulf = Browser::at(&node);
    ulf.open("/sign-in").await;
    let gatebook = world.gatebook.clone();
    database.before_the_next_write(async move {
        let (group, user) = (GroupId::parse("acme").unwrap(), UserId::parse("ulf").unwrap());
        let same = Password::parse(PASSWORD).unwrap();
        gatebook.set_sample_password(&group, &user, &same).await.unwrap();
    });
    ulf.send("/sign-in", &[("email", "ulf@acme.example"), ("password", PASSWORD)])
        .await;
    assert!(database.has_happened());
    ulf.open("/account").await.expect(200).shows("Ulf User");
}

async fn an_address_that_was_changed_meanwhile_begins_no_session(world: World) {
    world.give_password("acme", "ulf").await;
    let (node, database) = world.interrupted_node().await;
    let mut somebody = Browser::at(&node);
    somebody.open("/sign-in").await;
    database.before_the_next_write(put(world.operator.clone(), "ulf", "ulf@elsewhere.example", "user"));
    let sign_in = [("email", "ulf@acme.example"), ("password", PASSWORD)];
    somebody.send("/sign-in", &sign_in).await.expect(401);
    assert!(database.has_happened());
}

async fn r2_who_is_no_practice_admin_any_more_sends_no_link(world: World) {
    world
        .add_user("acme", "paul", "Paul Practice", Role::PracticeAdmin)
        .await;
    world.give_password("acme", "paul").await;
    let (node, database) = world.interrupted_node().await;
    let mut paul = Browser::at(&node);
    paul.open("/sign-in").await;
    paul.send("/sign-in", &[("email", "paul@acme.example"), ("password", PASSWORD)])
        .await
        .expect(200);
    paul.open("/group-users/ulf").await.expect(200);
    database.before_the_next_write(put(world.operator.clone(), "paul", "paul@acme.example", "user"));
    paul.send("/group-users/ulf/password-link", &[])
        .await
        .expect(403)
        .shows("Only a Practice Admin");
    assert!(database.has_happened());
    assert!(world.mails().await.is_empty());
}

async fn a_link_is_mailed_to_the_address_that_its_user_has_by_now(world: World) {
    let (node, database) = world.interrupted_node().await;
    let operator = Person {
        base_url: node,
        ..world.operator.clone()
    };
    database.before_the_next_write(put(world.operator.clone(), "ulf", "ulf@elsewhere.example", "user"));
    let send = format!("{USERS}/ulf/password-link");
    operator.post(&send, json!({})).await.expect(202);
    assert!(database.has_happened());
    let mails = world.mails().await;
    let to: Vec<_> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, ["ulf@elsewhere.example"]);
    let mut ulf = Browser::new(&world);
    ulf.open(&path(&mails[0].link()))
        .await
        .expect(200)
        .shows("Choose a password");
}

async fn a_link_that_was_asked_for_is_not_mailed_to_an_address_of_before(world: World) {
    let (node, database) = world.interrupted_node().await;
    let mut somebody = Browser::at(&node);
    somebody.open("/forgot-password").await;
    database.before_the_next_write(put(world.operator.clone(), "ulf", "ulf@elsewhere.example", "user"));
    somebody
        .send("/forgot-password", &[("email", "ulf@acme.example")])
        .await
        .expect(200)
        .shows("Check your e-mail");
    assert!(world.mails().await.is_empty());
    assert!(database.has_happened());
}

async fn a_link_that_dies_while_it_is_used_chooses_no_password(world: World) {
    let sent = path(&link_for_ulf(&world).await);
    let (node, database) = world.interrupted_node().await;
    let mut finder = Browser::at(&node);
    finder.open(&sent).await.expect(200);
    let operator = world.operator.clone();
    database.before_the_next_write(async move {
        operator.delete(&format!("{USERS}/ulf")).await.done();
        put(operator, "ulf", "ulf@acme.example", "user").await;
    });
    let chosen = [("password", NEW_PASSWORD), ("repeated", NEW_PASSWORD)];
    finder.send("/set-password", &chosen).await.expect(404);
    assert!(database.has_happened());
    finder.open("/sign-in").await;
    let sign_in = [("email", "ulf@acme.example"), ("password", NEW_PASSWORD)];
    finder.send("/sign-in", &sign_in).await.expect(401);
}
