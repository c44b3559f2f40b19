//! How many e-mails people have sent, and how many applications their groups have: enough for everybody, too little to flood
//! a mailbox or a table with.

use chrono::TimeDelta;
use futures::future::join;
use gatebook::application::{Caller, EmailLimits, Limits, Who};
use gatebook_projections::app_list::AppRow;
use gatebook_projections::row::Row;
use serde_json::{Value, json};

use crate::bad_days::tampered_rows::by_hand;
use crate::support::node::Options;
use crate::support::world::PASSWORD;
use crate::support::{APPS, Answer, PORTAL, Person, World, app_at};

macro_rules! with_the_usual_limits {
    ($($story:ident),* $(,)?) => {
        mod with_the_usual_limits {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                for world in super::on_both(super::Limits::default()).await {
                    super::$story(world).await;
                }
            })*
        }
    };
}

with_the_usual_limits! {
    a_mailbox_gets_twenty_emails_an_hour_and_what_would_send_one_more_is_refused_whole,
    neither_another_node_nor_another_group_gives_a_mailbox_more_emails,
    r27_stopping_is_never_refused_for_an_email_and_spares_only_a_mailbox_that_is_flooded,
    whoever_floods_a_mailbox_does_not_keep_its_owner_from_codes_and_links,
    emails_that_do_not_count_any_more_are_forgotten,
    an_admin_sends_a_hundred_emails_an_hour_and_a_group_three_hundred,
    a_group_has_a_thousand_applications,
}

const DEV: &str = "dev@example.com";

fn integration(name: &str, developer: &str) -> Value {
    let mut app = World::new_integration(name);
    app["developer_email"] = developer.into();
    app
}

async fn resends(person: &Person, app: &Value) -> Answer {
    person.post(&app_at(app, "/developer/resend-invite"), json!({})).await
}

/// Ada has invited a developer, again and again, as often as she may.
async fn flooded(world: &World) -> (Person, Value) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    for _ in 1..20 {
        resends(&ada, &app).await.expect(200);
    }
    (ada, app)
}

#[track_caller]
fn too_many_emails(answer: Answer) -> i64 {
    let seconds = answer.refused(429, "too_many_emails").header("retry-after");
    seconds.parse().unwrap()
}

async fn a_mailbox_gets_twenty_emails_an_hour_and_what_would_send_one_more_is_refused_whole(world: World) {
    let (ada, app) = flooded(&world).await;
    let link = world.last_mail_to(DEV).await.invite_token();
    world.pass(TimeDelta::minutes(20));
    let (before, version) = (world.traces().await, ada.get(&app_at(&app, "")).await.header("etag"));

    assert_eq!(too_many_emails(resends(&ada, &app).await), 40 * 60);
    let another = ada.post(APPS, integration("Stock", DEV)).await;
    assert!(
        another.text().contains("Try again in 40 minutes."),
        "{}",
        another.text()
    );
    assert_eq!(too_many_emails(another), 40 * 60);
    assert_eq!(world.traces().await, before);
    assert_eq!(ada.get(&app_at(&app, "")).await.header("etag"), version);
    // The name is free, and the link that was mailed last is the one that works.
    let (anybody, invitation) = (world.anybody(), format!("{PORTAL}/sign-up/invitation"));
    anybody
        .post(&invitation, json!({"invite_token": link}))
        .await
        .expect(200);
    ada.post(APPS, integration("Stock", "else@example.com"))
        .await
        .expect(201);

    world.pass(TimeDelta::minutes(40));
    resends(&ada, &app).await.expect(200);
}

async fn neither_another_node_nor_another_group_gives_a_mailbox_more_emails(world: World) {
    let (ada, app) = flooded(&world).await;
    let elsewhere = Person {
        base_url: world.another_node_with(limited(Limits::default())).await,
        ..ada
    };
    too_many_emails(resends(&elsewhere, &app).await);
    let pam = world.user("globex", "pam").await;
    let mut invitation = integration("Stock", "Dev+stock@example.com");
    invitation["entities"] = json!(["g1"]);
    too_many_emails(pam.post(APPS, invitation.clone()).await);
    invitation["developer_email"] = "another@example.com".into();
    pam.post(APPS, invitation).await.expect(201);
}

async fn r27_stopping_is_never_refused_for_an_email_and_spares_only_a_mailbox_that_is_flooded(world: World) {
    let (ada, app) = flooded(&world).await;
    let other = ada
        .post(APPS, integration("Stock", "else@example.com"))
        .await
        .expect(201)
        .json();
    let mails = |mails: Vec<crate::support::mailbox::Mail>, to: &str| mails.iter().filter(|mail| mail.to == to).count();
    let before = mails(world.mails().await, DEV);

    ada.post(&app_at(&app, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    ada.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    ada.post(&app_at(&app, "/revoke"), json!({})).await.expect(200);
    assert_eq!(mails(world.mails().await, DEV), before);
    let message = world.last_mail_to("else@example.com").await.text;
    ada.post(&app_at(&other, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    assert_ne!(world.last_mail_to("else@example.com").await.text, message);
}

async fn whoever_floods_a_mailbox_does_not_keep_its_owner_from_codes_and_links(world: World) {
    let (ada, app) = flooded(&world).await;
    let invite_token = world.last_mail_to(DEV).await.invite_token();
    let anybody = world.anybody();
    let code = json!({"invite_token": invite_token});
    anybody.post(&format!("{PORTAL}/sign-up/code"), code).await.expect(202);
    let code = world.last_mail_to(DEV).await.code();
    let form = json!({"invite_token": invite_token, "code": code, "full_name": "Dev", "password": PASSWORD});
    anybody.post(&format!("{PORTAL}/sign-up"), form).await.expect(201);
    too_many_emails(ada.post(&app_at(&app, "/developer/reset-otp"), json!({})).await);
    let mails = world.mails().await.len();
    let stranger = Caller::command_line("asking".to_owned()).with(Who::Nobody);
    let asked = world.gatebook.request_developer_password_reset(&stranger, DEV);
    asked.await.unwrap();
    assert_eq!(world.mails().await.len(), mails + 1);
    let counted = "select count(*) from email_quota_uses where owner = 'recipient dev@example.com'";
    assert_eq!(world.number(counted).await, 22, "code and link count, too");
}

async fn emails_that_do_not_count_any_more_are_forgotten(world: World) {
    let uses = || world.number("select count(*) from email_quota_uses");
    let ada = world.ada().await;
    world.created(&ada, "Payroll").await;
    world.pass(TimeDelta::minutes(59));
    world.gatebook.forget_email_quota_uses().await.unwrap();
    assert_eq!(uses().await, 3, "the recipient's, the admin's and the group's");
    world.pass(TimeDelta::minutes(1));
    world.gatebook.forget_email_quota_uses().await.unwrap();
    assert_eq!(uses().await, 0);
}

/// As if so many e-mails more had been sent by the only one who has this kind of limit.
async fn have_sent(world: &World, kind: &str, count: usize) {
    let one = format!(
        "insert into email_quota_uses (owner, used_at) \
         select distinct owner, used_at from email_quota_uses where owner like '{kind} %'; "
    );
    by_hand(world, &one.repeat(count)).await;
}

async fn an_admin_sends_a_hundred_emails_an_hour_and_a_group_three_hundred(world: World) {
    let (ada, pam) = (world.ada().await, world.user("acme", "pam").await);
    let invite = async |person: &Person, number: i32| {
        let app = integration(&format!("Bridge {number}"), &format!("dev{number}@example.com"));
        person.post(APPS, app).await
    };
    invite(&ada, 1).await.expect(201);
    have_sent(&world, "admin", 98).await;
    invite(&ada, 2).await.expect(201);
    let refused = invite(&ada, 3).await;
    assert!(refused.text().contains("The limit of 100 e-mails an hour for you"));
    too_many_emails(refused);
    have_sent(&world, "group", 297).await;
    invite(&pam, 3).await.expect(201);
    let refused = invite(&pam, 4).await;
    assert!(
        refused
            .text()
            .contains("The limit of 300 e-mails an hour for your group")
    );
    too_many_emails(refused);
}

async fn a_group_has_a_thousand_applications(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "First").await;
    let columns: Vec<_> = AppRow::COLUMNS.iter().map(|column| column.name).collect();
    let copies = (2..1_000).map(|number| {
        let values = columns.iter().map(|column| match *column {
            "app_id" => format!("'copy {number}'"),
            other => other.to_owned(),
        });
        format!(
            "insert into app_list ({}) select {} from app_list where name = 'First' and app_id not like 'copy %'; ",
            columns.join(", "),
            values.collect::<Vec<_>>().join(", ")
        )
    });
    by_hand(&world, &copies.collect::<String>()).await;
    assert_eq!(world.number("select count(*) from app_list").await, 999);
    ada.post(APPS, integration("Last", "last@example.com"))
        .await
        .expect(201);
    ada.post(APPS, integration("Too many", "more@example.com"))
        .await
        .refused(409, "application_limit");
}

fn limited(limits: Limits) -> Options {
    Options {
        limits,
        ..Options::default()
    }
}

async fn on_both(limits: Limits) -> [World; 2] {
    let sqlite = World::on_sqlite_with(limited(limits)).await;
    [sqlite, World::on_postgres_with(limited(limits)).await]
}

#[tokio::test]
async fn an_admin_and_a_group_have_limits_of_their_own() {
    let emails = EmailLimits {
        per_recipient: 20,
        per_admin: 3,
        per_group: 5,
    };
    let limits = Limits {
        emails: Some(emails),
        ..Limits::default()
    };
    for world in on_both(limits).await {
        let (ada, pam) = (world.ada().await, world.user("acme", "pam").await);
        let invite = async |person: &Person, number: i32| {
            let app = integration(&format!("Bridge {number}"), &format!("dev{number}@example.com"));
            person.post(APPS, app).await
        };
        for number in 1..=3 {
            invite(&ada, number).await.expect(201);
        }
        let refused = invite(&ada, 4).await;
        assert!(
            refused.text().contains("The limit of 3 e-mails an hour for you"),
            "{}",
            refused.text()
        );
        too_many_emails(refused);
        for number in 4..=5 {
            invite(&pam, number).await.expect(201);
        }
        let refused = invite(&pam, 6).await;
        assert!(
            refused.text().contains("The limit of 5 e-mails an hour for your group"),
            "{}",
            refused.text()
        );
        too_many_emails(refused);
    }
}

#[tokio::test]
async fn a_group_has_as_many_applications_as_it_may_have_and_revoked_ones_do_not_count() {
    let limits = Limits {
        applications_per_group: Some(2),
        ..Limits::default()
    };
    for world in on_both(limits).await {
        let ada = world.ada().await;
        let first = world.created(&ada, "First").await;
        world.created(&ada, "Second").await;
        let before = world.traces().await;
        ada.post(APPS, World::new_integration("Third"))
            .await
            .refused(409, "application_limit");
        assert_eq!(world.traces().await, before);
        let pam = world.user("globex", "pam").await;
        let mut elsewhere = World::new_integration("Third");
        elsewhere["entities"] = json!(["g1"]);
        pam.post(APPS, elsewhere).await.expect(201);
        ada.post(&app_at(&first, "/revoke"), json!({})).await.expect(200);
        ada.post(APPS, World::new_integration("Fourth")).await.expect(201);
    }
}

#[tokio::test]
async fn two_creations_at_two_nodes_do_not_get_past_the_limit_together() {
    let limits = Limits {
        applications_per_group: Some(1),
        ..Limits::default()
    };
    for world in on_both(limits).await {
        let here = world.ada().await;
        let there = Person {
            base_url: world.another_node_with(limited(limits)).await,
            ..here.clone()
        };
        let both = join(
            here.post(APPS, World::new_integration("One")),
            there.post(APPS, World::new_integration("Two")),
        );
        let (one, two) = both.await;
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
    }
}
