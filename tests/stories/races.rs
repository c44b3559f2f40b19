//! Several people, or several hands of one, at the same moment: the rules hold all the same.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::support::{APPS, Answer, PORTAL, World, app_at, on_both_databases, portal_at};

on_both_databases! {
    r15_wrong_otps_at_the_same_time_are_counted_one_by_one,
    r17_an_otp_verified_at_the_same_time_is_verified_once,
    r19_signing_up_through_two_invitations_at_the_same_time_makes_one_account,
    r19_signing_up_twice_at_the_same_time_makes_one_account,
    r20_of_two_developers_registered_at_the_same_time_one_is_linked,
    r23_client_secrets_generated_at_the_same_time_stay_within_the_limit,
    r27_an_application_can_be_stopped_while_its_group_changes_all_the_time,
    r27_suspending_and_revoking_at_the_same_time_ends_revoked,
    r13_nobody_is_invited_who_has_signed_up_a_moment_before,
    of_edits_of_the_same_version_one_wins,
    edits_without_a_version_all_take_effect,
    r26_of_an_edit_and_the_removal_of_its_entity_the_gate_never_opens_it,
}

/// How many answers have this status.
fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

async fn r15_wrong_otps_at_the_same_time_are_counted_one_by_one(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let dev = world.signed_up("dev@example.com").await;
    let tries = (0..9).map(|_| dev.post_owned(portal_at(&app, "/verify"), json!({"otp": "WRNG-WRNG"})));
    let answers = join_all(tries).await;
    let mut left: Vec<_> = answers
        .iter()
        .filter_map(|answer| answer.json()["attempts_left"].as_i64())
        .collect();
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3, 4]);
    assert_eq!((count(&answers, 422), count(&answers, 423)), (5, 4));
    let message = ada.get(&app_at(&app, "/events")).await.all("event");
    assert_eq!(
        message
            .iter()
            .filter(|event| *event == "OneTimePasswordMistyped")
            .count(),
        5
    );
    assert_eq!(
        message
            .iter()
            .filter(|event| *event == "UnusableOneTimePasswordTried")
            .count(),
        1
    );
}

async fn r17_an_otp_verified_at_the_same_time_is_verified_once(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let dev = world.signed_up("dev@example.com").await;
    let otp = json!({"otp": app["verification"]["otp"]});
    let answers = join_all((0..6).map(|_| dev.post_owned(portal_at(&app, "/verify"), otp.clone()))).await;
    assert_eq!((count(&answers, 200), count(&answers, 409)), (1, 5));
    let message = ada.get(&app_at(&app, "/events")).await.all("event");
    assert_eq!(message.iter().filter(|event| *event == "DeveloperVerified").count(), 1);
}

async fn r19_signing_up_through_two_invitations_at_the_same_time_makes_one_account(world: World) {
    let ada = world.ada().await;
    let (mut forms, mut apps) = (Vec::new(), Vec::new());
    for name in ["One", "Two"] {
        apps.push(world.created(&ada, name).await);
        let token = world.last_mail_to("dev@example.com").await.invite_token();
        let asked = world
            .anybody()
            .post(&format!("{PORTAL}/sign-up/code"), json!({"invite_token": token}))
            .await;
        asked.expect(202);
        let code = world.last_mail_to("dev@example.com").await.code();
        let (full_name, password) = (format!("Dev {name}"), crate::support::world::PASSWORD);
        forms.push(json!({"invite_token": token, "code": code, "full_name": full_name, "password": password}));
    }
    let path = || format!("{PORTAL}/sign-up");
    let answers = join_all(forms.into_iter().map(|form| world.anybody().post_owned(path(), form))).await;
    assert_eq!((count(&answers, 201), count(&answers, 409)), (1, 1));
    for answer in answers.into_iter().filter(|answer| answer.status == 409) {
        answer.refused(409, "developer_already_signed_up");
    }
    let dev = world.logged_in("dev@example.com").await;
    for app in &apps {
        world.verified(&dev, app).await;
    }
}

async fn r19_signing_up_twice_at_the_same_time_makes_one_account(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "Payroll").await;
    let token = world.last_mail_to("dev@example.com").await.invite_token();
    let asked = world
        .anybody()
        .post(&format!("{PORTAL}/sign-up/code"), json!({"invite_token": token}))
        .await;
    asked.expect(202);
    let code = world.last_mail_to("dev@example.com").await.code();
    let form = json!({
        "invite_token": token, "code": code, "full_name": "Dev Eloper", "password": crate::support::world::PASSWORD,
    });
    let path = || format!("{PORTAL}/sign-up");
    let answers = join_all((0..3).map(|_| world.anybody().post_owned(path(), form.clone()))).await;
    assert_eq!(count(&answers, 201), 1);
    assert_eq!(count(&answers, 404) + count(&answers, 409), 2);
    world.logged_in("dev@example.com").await;
}

async fn r20_of_two_developers_registered_at_the_same_time_one_is_linked(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    ada.post(&app_at(&app, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    let before = world.traces().await;
    let register = |n: usize| {
        let email = json!({"email": format!("dev{n}@example.com")});
        ada.post_owned(app_at(&app, "/developer"), email)
    };
    let answers = join_all((0..6).map(register)).await;
    assert_eq!((count(&answers, 201), count(&answers, 409)), (1, 5));
    for answer in answers.into_iter().filter(|answer| answer.status == 409) {
        answer.refused(409, "developer_already_linked");
    }
    let after = world.traces().await;
    assert_eq!((after.events - before.events, after.emails - before.emails), (1, 1));
}

async fn r23_client_secrets_generated_at_the_same_time_stay_within_the_limit(world: World) {
    let (_, app, dev, _) = world.running("Payroll").await;
    let generate = |_| dev.post_owned(portal_at(&app, "/client-secrets"), json!({}));
    let answers = join_all((0..6).map(generate)).await;
    assert_eq!((count(&answers, 201), count(&answers, 409)), (1, 5));
    let shown = dev.get(&portal_at(&app, "")).await.expect(200).json();
    assert_eq!(shown["client_secrets"].as_array().unwrap().len(), 2);
}

async fn r27_an_application_can_be_stopped_while_its_group_changes_all_the_time(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let done = std::sync::atomic::AtomicBool::new(false);
    let order = std::sync::atomic::Ordering::SeqCst;
    let changes = async |entity: &str| {
        let path = format!("/operator/api/v1/groups/acme/entities/{entity}");
        for round in 0.. {
            if done.load(order) {
                break;
            }
            let entity = json!({"name": format!("Round {round}")});
            let answer = world.operator.put(&path, entity).await;
            assert!(answer.status.is_success(), "{}", answer.text());
        }
    };
    let stop = async {
        for action in ["/suspend", "/resume"].repeat(15).into_iter().chain(["/revoke"]) {
            ada.post(&app_at(&app, action), json!({})).await.expect(200);
        }
        done.store(true, order);
    };
    futures::join!(changes("e1"), changes("e8"), changes("e9"), stop);
    // What is nothing to a decision does not even delay it.
    assert_eq!(world.gatebook.metrics.commands_tried_again.get(), 0);
}

async fn r13_nobody_is_invited_who_has_signed_up_a_moment_before(world: World) {
    let ada = world.ada().await;
    let first = world.created(&ada, "First").await;
    let token = world.last_mail_to("dev@example.com").await.invite_token();
    let code = json!({"invite_token": token});
    let asked = world.anybody().post(&format!("{PORTAL}/sign-up/code"), code).await;
    asked.expect(202);
    let code = world.last_mail_to("dev@example.com").await.code();
    let password = crate::support::world::PASSWORD;
    let form = json!({"invite_token": token, "code": code, "full_name": "Dev Eloper", "password": password});
    let done = std::sync::atomic::AtomicBool::new(false);
    let order = std::sync::atomic::Ordering::SeqCst;
    let sign_up = async {
        let answer = world.anybody().post(&format!("{PORTAL}/sign-up"), form).await;
        answer.expect(201);
        done.store(true, order);
    };
    let create = async |hand: usize| {
        for round in 0.. {
            let app = World::new_integration(&format!("App {round} of hand {hand}"));
            ada.post(APPS, app).await.expect(201);
            if done.load(order) {
                break;
            }
        }
    };
    futures::join!(sign_up, join_all((0..8).map(create)));

    let log = ada.csv("/api/v1/activity-log").await;
    let position = |row: &std::collections::BTreeMap<String, String>| row["position"].parse::<i64>().unwrap();
    let of = |event: &str| {
        log.iter()
            .filter(|row| row["event"] == event)
            .map(position)
            .collect::<Vec<_>>()
    };
    let [signed_up] = of("InvitationAccepted")[..] else {
        panic!("{first} was not accepted")
    };
    let late: Vec<_> = of("DeveloperInvited")
        .into_iter()
        .filter(|invited| *invited > signed_up)
        .collect();
    assert!(late.is_empty(), "invited at {late:?}, signed up at {signed_up}");
    assert!(of("DeveloperRegistered").into_iter().all(|linked| linked > signed_up));
}

async fn r27_suspending_and_revoking_at_the_same_time_ends_revoked(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let act = |action: &str| ada.post_owned(app_at(&app, action), json!({}));
    let answers = join_all(["/suspend", "/revoke", "/suspend", "/revoke", "/resume"].map(act)).await;
    assert!(
        answers
            .iter()
            .all(|answer| [200, 409].contains(&answer.status.as_u16()))
    );
    assert_eq!(ada.get(&app_at(&app, "")).await.json()["status"], "revoked");
    let message = ada.get(&app_at(&app, "/events")).await.all("event");
    assert_eq!(message[0], "ApplicationRevoked");
}

async fn of_edits_of_the_same_version_one_wins(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let etag = ada.get(&app_at(&app, "")).await.header("etag");
    let path = app_at(&app, "");
    let headers = [("If-Match", etag.as_str())];
    let edit = |n: usize| {
        let body = Some(json!({"description": format!("Words of hand {n}.")}));
        ada.send(Method::PATCH, &path, body, &headers)
    };
    let answers = join_all((0..8).map(edit)).await;
    assert_eq!((count(&answers, 200), count(&answers, 412)), (1, 7));
    let version = ada.get(&app_at(&app, "")).await.json()["version"].as_i64();
    assert_eq!(version, Some(app["version"].as_i64().unwrap() + 1));
}

async fn edits_without_a_version_all_take_effect(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let path = app_at(&app, "");
    let edit = |n: usize| {
        let body = Some(json!({"description": format!("Words of hand {n}.")}));
        ada.send(Method::PATCH, &path, body, &[])
    };
    let answers = join_all((0..12).map(edit)).await;
    assert_eq!(count(&answers, 200), 12);
    let version = ada.get(&app_at(&app, "")).await.json()["version"].as_i64();
    assert_eq!(version, Some(app["version"].as_i64().unwrap() + 12));
}

async fn r26_of_an_edit_and_the_removal_of_its_entity_the_gate_never_opens_it(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let entity = "/operator/api/v1/groups/acme/entities/e3";
    for _ in 0..5 {
        let edit_path = app_at(&app, "");
        let edit = ada.send(Method::PATCH, &edit_path, Some(json!({"entities": ["e1", "e3"]})), &[]);
        let (edited, removed) = futures::join!(edit, world.operator.delete(entity));
        removed.done();
        assert!(
            edited.status == 200 || edited.json()["code"] == "unknown_entity",
            "{}",
            edited.text()
        );
        assert_eq!(world.gate(&token, "e3", "read").await, "entity_not_assigned");
        let listed = ada.get(&format!("{APPS}?name=payroll")).await.json()["items"][0]["entities"].to_string();
        assert!(!listed.contains("e3"), "{listed}");
        world
            .operator
            .put(entity, json!({"name": "Entity E3"}))
            .await
            .expect(201);
        ada.patch(&app_at(&app, ""), json!({"entities": ["e1"]}))
            .await
            .expect(200);
    }
}
