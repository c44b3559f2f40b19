//! What nobody looks at any more, since there were too many wrong tries, is in the activity log, too (ASVS 5.0 16.3).

use std::collections::BTreeSet;

use chrono::TimeDelta;
use gatebook::application::{Caller, Failure, OwnTokenForm, PortalClient};
use gatebook_aggregates::text::Label;
use serde_json::json;

use super::refused_rows::{LOG, TOO_MANY, WRONG, logs_in_too_often, refused, refused_in, stranger, tries_to_sign_in};
use crate::bad_days::tampered_rows::row;
use crate::support::world::PASSWORD;
use crate::support::{World, app_at, on_both_databases, portal_at};

on_both_databases! {
    too_many_tries_to_sign_in_are_in_the_log_of_whoever_has_the_address,
    too_many_tries_for_addresses_that_nobody_has_are_one_line,
    otps_that_nobody_looks_at_are_in_the_applications_log,
    codes_that_nobody_looks_at_are_in_the_applications_log,
    too_many_tries_of_the_own_password_are_in_the_groups_log,
}

async fn too_many_tries_to_sign_in_are_in_the_log_of_whoever_has_the_address(world: World) {
    world.give_password("acme", "ulf").await;
    for _ in 0..TOO_MANY {
        tries_to_sign_in(&world, "Ulf@acme.example", WRONG).await;
    }
    let rows = refused(&world, &world.user("acme", "pam").await, LOG).await;
    let because: Vec<_> = rows.iter().map(|row| row["summary"].as_str()).collect();
    assert_eq!(rows.len(), 2, "{because:?}");
    let message = "to the console for the group user ulf: there had been too many wrong tries; once";
    assert!(because.iter().any(|summary| summary.contains(message)), "{because:?}");

    world.created(&world.ada().await, "Payroll").await;
    world.signed_up("dev@example.com").await;
    logs_in_too_often(&world.gatebook, "dev@example.com").await;
    let developer = &row(&world, "select developer_id from developers").await[0];
    let events = refused_in(&world, &format!("developer/{developer}/")).await;
    let because: BTreeSet<_> = events
        .iter()
        .map(|event| event["LogInsRefused"]["because"].as_str().unwrap())
        .collect();
    assert_eq!(because, BTreeSet::from(["too_many_tries", "wrong_password"]));
    assert!(refused_in(&world, "installation/").await.is_empty());
}

async fn too_many_tries_for_addresses_that_nobody_has_are_one_line(world: World) {
    let node = world.counted_node().await;
    for name in ["nobody", "noone"] {
        logs_in_too_often(&node.gatebook, &format!("{name}@example.com")).await;
        node.gatebook.write_refusals(false).await;
    }
    let too_many = async || {
        let mut events = refused_in(&world, "installation/").await;
        events.retain(|event| event["LogInsRefused"]["because"] == "too_many_tries");
        let counts = events
            .iter()
            .map(|event| event["LogInsRefused"]["tally"]["count"].as_u64());
        counts.map(Option::unwrap).collect::<Vec<_>>()
    };
    assert_eq!(too_many().await, [1]);
    // Before it is answered nobody looks whose address it is.
    let (before, stranger) = (node.database.questions(), stranger());
    let log_in = node
        .gatebook
        .log_in(&stranger, PortalClient::Pages, "nobody@example.com", WRONG, "");
    assert!(log_in.await.is_err());
    assert_eq!(node.database.questions(), before);
    node.gatebook.write_refusals(true).await;
    assert_eq!(too_many().await, [1, 2]);
    assert!(!world.log_holds("@example.com").await);
}

async fn otps_that_nobody_looks_at_are_in_the_applications_log(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let dev = world.signed_up("dev@example.com").await;
    let verify = async || dev.post(&portal_at(&app, "/verify"), json!({"otp": "0000-0000"})).await;
    for _ in 1..TOO_MANY {
        verify().await;
    }
    verify().await.refused(429, "too_many_requests");
    let rows = refused(&world, &ada, &app_at(&app, "/activity-log")).await;
    let unseen: Vec<_> = rows.iter().filter(|row| row["event"] == "GuessesRefused").collect();
    assert_eq!(unseen.len(), 1);
    assert!(unseen[0]["summary"].starts_with("dev@example.com entered too many wrong OTPs; refused once"));
    assert!(!unseen[0]["details"].contains("0000"));
}

async fn codes_that_nobody_looks_at_are_in_the_applications_log(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let (anybody, invitation) = (
        world.anybody(),
        world.last_mail_to("dev@example.com").await.invite_token(),
    );
    let mut wrong = "";
    let sign_up = async |code: &str| {
        let form = json!({"invite_token": invitation, "code": code, "full_name": "Dev", "password": PASSWORD});
        anybody.post("/portal/api/v1/sign-up", form).await
    };
    for number in 1..TOO_MANY {
        if number % 5 == 1 {
            let ask = json!({"invite_token": invitation});
            anybody.post("/portal/api/v1/sign-up/code", ask).await.expect(202);
            let code = world.last_mail_to("dev@example.com").await.code();
            wrong = if code == "000000" { "111111" } else { "000000" };
        }
        sign_up(wrong).await.refused(422, "code_wrong");
    }
    sign_up(wrong).await.refused(429, "too_many_requests");
    let rows = refused(&world, &ada, &app_at(&app, "/activity-log")).await;
    assert_eq!(rows.len(), 1);
    assert!(rows[0]["summary"].starts_with("dev@example.com entered too many wrong verification codes; refused once"));
    assert!(!rows[0]["details"].contains(wrong));
}

async fn too_many_tries_of_the_own_password_are_in_the_groups_log(world: World) {
    world.give_password("acme", "ulf").await;
    for _ in 1..TOO_MANY {
        tries_to_sign_in(&world, "ulf@acme.example", WRONG).await;
    }
    let ulf = Caller {
        who: world.as_user("acme", "ulf").await.who,
        ..stranger()
    };
    let form = OwnTokenForm {
        name: Label::parse("name", "script").unwrap(),
        ends: world.gatebook.clock.now().plus(TimeDelta::days(1)),
        password: PASSWORD,
    };
    let issued = world.gatebook.issue_own_token(&ulf, form, None).await;
    assert!(matches!(issued, Err(Failure::TooManyRequests { .. })));
    let rows = refused(&world, &world.user("acme", "pam").await, LOG).await;
    let message = "to the console for the group user ulf: there had been too many wrong tries; once";
    assert!(rows.iter().any(|row| row["summary"].contains(message)), "{rows:?}");
}
