//! Forgotten passwords: anybody who knows an address can ask for a link, learns nothing by it, and does no harm.

use chrono::TimeDelta;
use gatebook::application::{Caller, Failure, PortalClient, SignInForm, Who};
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::group::Role;
use gatebook_aggregates::identifiers::{GroupId, UserId};
use gatebook_aggregates::text::Label;
use serde_json::json;

use super::portal::DEV;
use crate::support::browser::Browser;
use crate::support::world::PASSWORD;
use crate::support::{World, on_both_databases};

on_both_databases! {
    three_mails_an_hour_are_sent_whoever_asks_and_every_link_works,
    a_developer_is_sent_three_mails_an_hour_too,
    whoever_asks_for_a_new_password_does_not_end_the_first_link,
    a_link_that_waits_for_a_mail_server_is_not_sent_once_a_password_was_chosen,
    a_link_of_an_hour_ago_says_that_it_has_expired,
    signing_in_takes_as_much_work_for_unknown_as_for_known_addresses,
    logging_in_takes_as_much_work_for_unknown_as_for_known_developers,
    with_the_new_password_api_tokens_end_if_their_owner_wants,
}

const ULF: &str = "ulf@acme.example";
const NEW_PASSWORD: &str = "another long and quiet password";

/// Where a mailed link leads.
fn path(world: &World, link: &str) -> String {
    link.strip_prefix(&world.base_url).unwrap().to_owned()
}

/// Somebody asks so many times, and always sees the same; the links in the mails that were sent.
async fn asked(world: &World, times: usize, form: &str, email: &str) -> Vec<String> {
    let mut stranger = Browser::new(world);
    let before = world.mails().await.len();
    for _ in 0..times {
        stranger.open(form).await.expect(200);
        let page = stranger.send(form, &[("email", email)]).await.expect(200);
        page.shows("Check your e-mail");
    }
    let mails = world.mails().await;
    let new = mails.iter().skip(before);
    new.inspect(|mail| assert_eq!(mail.to, email))
        .map(|mail| path(world, &mail.link()))
        .collect()
}

async fn three_mails_an_hour_are_sent_whoever_asks_and_every_link_works(world: World) {
    let links = asked(&world, 6, "/forgot-password", ULF).await;
    assert_eq!(links.len(), 3);
    let mut ulf = Browser::new(&world);
    for link in &links {
        ulf.open(link).await.expect(200).shows("Choose a password");
    }
    ulf.open(&links[0]).await;
    let chosen = [("password", NEW_PASSWORD), ("repeated", NEW_PASSWORD)];
    ulf.send("/set-password", &chosen)
        .await
        .expect(200)
        .shows("Your new password is set");
    for link in &links {
        ulf.open(link).await.expect(404);
    }
    world.pass(TimeDelta::hours(1));
    assert_eq!(asked(&world, 6, "/forgot-password", ULF).await.len(), 3);
}

async fn a_developer_is_sent_three_mails_an_hour_too(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "Payroll Bridge").await;
    world.signed_up(DEV).await;
    let links = asked(&world, 6, "/portal/forgot-password", DEV).await;
    assert_eq!(links.len(), 3);
    let mut dev = Browser::new(&world);
    for link in &links {
        dev.open(link).await.expect(200).shows("Choose a password");
    }
    let chosen = [("password", NEW_PASSWORD), ("repeated", NEW_PASSWORD)];
    dev.open(&links[1]).await;
    dev.send("/portal/set-password", &chosen).await.expect(200);
}

async fn whoever_asks_for_a_new_password_does_not_end_the_first_link(world: World) {
    let send = "/operator/api/v1/groups/acme/users/ulf/password-link";
    world.operator.post(send, json!({})).await.expect(202);
    let first = path(&world, &world.last_mail_to(ULF).await.link());
    let links = asked(&world, 6, "/forgot-password", ULF).await;
    assert_eq!(links.len(), 3);
    world.pass(TimeDelta::hours(71));
    let mut ulf = Browser::new(&world);
    ulf.open(&first).await.expect(200);
    let chosen = [("password", NEW_PASSWORD), ("repeated", NEW_PASSWORD)];
    ulf.send("/set-password", &chosen)
        .await
        .expect(200)
        .shows("Your new password is set");
    ulf.open("/sign-in").await;
    let page = ulf
        .send("/sign-in", &[("email", ULF), ("password", NEW_PASSWORD)])
        .await;
    page.expect(403).shows("Manage Integration Applications");
}

async fn a_link_that_waits_for_a_mail_server_is_not_sent_once_a_password_was_chosen(world: World) {
    let links = asked(&world, 1, "/forgot-password", ULF).await;
    let sent = world.mails().await.len();
    let mut ulf = Browser::new(&world);
    ulf.open("/forgot-password").await;
    ulf.send("/forgot-password", &[("email", ULF)]).await.expect(200);
    world.background_tasks_are_done().await;
    ulf.open(&links[0]).await.expect(200);
    let chosen = [("password", NEW_PASSWORD), ("repeated", NEW_PASSWORD)];
    ulf.send("/set-password", &chosen).await.expect(200);
    assert_eq!(world.mails().await.len(), sent);
}

async fn a_link_of_an_hour_ago_says_that_it_has_expired(world: World) {
    let links = asked(&world, 1, "/forgot-password", ULF).await;
    let mut ulf = Browser::new(&world);
    world.pass(TimeDelta::hours(1));
    ulf.open(&links[0]).await.expect(410).shows("This link has expired");
    world.pass(TimeDelta::days(30));
    world.gatebook.forget_ended_credentials().await.unwrap();
    ulf.open(&links[0]).await.expect(404);
}

async fn signing_in_takes_as_much_work_for_unknown_as_for_known_addresses(world: World) {
    world.give_password("acme", "ada").await;
    let (globex, id) = (GroupId::parse("globex").unwrap(), UserId::parse("ada.too").unwrap());
    let email = EmailAddress::parse("email", "ada@acme.example").unwrap();
    let name = Label::parse("name", "Ada at Globex").unwrap();
    let operator = Caller::command_line("test".to_owned());
    let put = world
        .gatebook
        .put_user(operator.operator().unwrap(), &globex, id, email, name, Role::User);
    put.await.unwrap();
    world.give_password("globex", "ada.too").await;
    let mut browser = Browser::new(&world);
    let mut work = Vec::new();
    for email in ["nobody@acme.example", ULF, "ada@acme.example", "no address"] {
        for password in ["wrong", PASSWORD] {
            let before = world.gatebook.metrics.password_hashings.get();
            browser.open("/sign-in").await;
            browser
                .send("/sign-in", &[("email", email), ("password", password)])
                .await;
            work.push(world.gatebook.metrics.password_hashings.get() - before);
        }
    }
    assert!(work.iter().all(|hashings| *hashings == 3), "{work:?}");

    let node = world.counted_node().await;
    for email in ["nobody@acme.example", ULF, "ada@acme.example"] {
        let form = SignInForm {
            email: email.to_owned(),
            password: "wrong horse battery staple".to_owned(),
            group_id: None,
            device: String::new(),
        };
        let (asked, before) = (node.gatebook.clone(), node.database.questions());
        let refused = asked.sign_in(&operator.with(Who::Nobody), &form).await;
        assert!(matches!(refused, Err(Failure::Unauthenticated)), "{email}");
        assert_eq!(node.database.questions() - before, 4, "{email}");
    }
}

async fn logging_in_takes_as_much_work_for_unknown_as_for_known_developers(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "Payroll Bridge").await;
    world.signed_up(DEV).await;
    let stranger = Caller::command_line("test".to_owned()).with(Who::Nobody);
    let node = world.counted_node().await;
    for email in [DEV, "nobody@example.com"] {
        let hashings = || node.gatebook.metrics.password_hashings.get();
        let before = (node.database.questions(), hashings());
        let wrong = "wrong horse battery staple";
        let refused = node
            .gatebook
            .log_in(&stranger, PortalClient::Pages, email, wrong, "")
            .await;
        assert!(matches!(refused, Err(Failure::Unauthenticated)), "{email}");
        let work = (node.database.questions() - before.0, hashings() - before.1);
        assert_eq!(work, (2, 1), "{email}");
    }
}

async fn with_the_new_password_api_tokens_end_if_their_owner_wants(world: World) {
    let (ulf, ada) = (world.user("acme", "ulf").await, world.ada().await);
    let chosen = [("password", NEW_PASSWORD), ("repeated", NEW_PASSWORD)];
    let mut browser = Browser::new(&world);
    for end in [false, true] {
        let links = asked(&world, 1, "/forgot-password", ULF).await;
        let page = browser.open(&links[0]).await.expect(200);
        page.shows("Also end my API tokens");
        let mut form = chosen.to_vec();
        form.extend(end.then_some(("end_tokens", "true")));
        let page = browser.send("/set-password", &form).await.expect(200);
        match end {
            false => {
                page.shows("Your API tokens still work");
                ulf.get("/api/v1/me").await.expect(200);
            }
            true => {
                page.shows("All open sessions and API tokens have been ended");
                ulf.get("/api/v1/me").await.refused(401, "unauthenticated");
            }
        }
    }
    ada.get("/api/v1/me").await.expect(200);
    let acme = world
        .operator
        .get("/operator/api/v1/groups/acme")
        .await
        .expect(200)
        .json();
    let users = acme["users"].as_array().unwrap();
    let ulf = users.iter().find(|user| user["id"] == "ulf").unwrap();
    assert_eq!(ulf["tokens"], json!([]), "and the group knows it");
}

/// On one thread nothing else happens before this test waits again.
#[tokio::test]
async fn the_answer_does_not_wait_for_the_email() {
    let world = World::on_sqlite().await;
    let ada = world.ada().await;
    world.created(&ada, "Payroll Bridge").await;
    world.signed_up(DEV).await;
    let (stranger, before) = (Caller::command_line("test".to_owned()), world.mails().await.len());
    let node = world.counted_node().await;
    for email in [ULF, "nobody@acme.example", DEV, "nobody@example.com"] {
        let (asked, questions) = (node.gatebook.clone(), node.database.questions());
        asked.request_user_password_reset(&stranger, email).await.unwrap();
        asked.request_developer_password_reset(&stranger, email).await.unwrap();
        assert_eq!(asked.background_tasks.under_way(), 2, "{email}");
        assert_eq!(node.database.questions(), questions, "nothing is looked up: {email}");
        asked.background_tasks.done().await;
        assert!(node.database.questions() > questions);
    }
    assert_eq!(world.mails().await.len(), before + 2);
}
