//! Suspend, resume, revoke; and everything else that cuts an integration off, at the very next check.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{APPS, Person, World, app_at, on_both_databases, portal_at};

on_both_databases! {
    r26_a_token_is_refused_at_the_very_next_check_after_each_change,
    r25_an_entity_that_its_group_gets_back_opens_again_unless_it_was_edited_away,
    r26_a_second_node_on_the_same_database_refuses_at_once_too,
    r26_checks_that_race_with_a_suspension_never_pass_after_it_was_acknowledged,
    r27_suspend_stops_an_application_and_resume_restarts_it,
    r27_resume_needs_a_suspended_application,
    r27_a_suspended_application_gives_nothing_out,
    r27_revoke_is_final,
    r27_a_revoked_application_is_dead_for_its_developer_and_its_invited,
    r27_a_revoked_application_shows_no_living_invite_or_otp,
    r27_revoking_twice_is_revoking_once,
    r27_a_revoked_application_stays_listed_and_keeps_its_log,
    r27_a_reason_is_kept_and_a_bad_one_refused,
}

async fn act(ada: &Person, app: &Value, action: &str) -> Value {
    ada.post(&app_at(app, action), json!({})).await.expect(200).json()
}

async fn r26_a_token_is_refused_at_the_very_next_check_after_each_change(world: World) {
    let (ada, app, dev, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let gate = async |token: &str| world.gate(token, "e1", "read").await;
    assert_eq!(gate(&token).await, "ok");

    act(&ada, &app, "/suspend").await;
    assert_eq!(gate(&token).await, "app_suspended");
    act(&ada, &app, "/resume").await;
    assert_eq!(gate(&token).await, "ok");

    let group = "/operator/api/v1/groups/acme";
    world
        .operator
        .put(group, json!({"name": "Acme Group", "product_plan": "AIQ2"}))
        .await
        .expect(200);
    assert_eq!(gate(&token).await, "group_not_on_plan");
    world
        .operator
        .put(group, json!({"name": "Acme Group", "product_plan": "AIQ3"}))
        .await
        .expect(200);
    assert_eq!(gate(&token).await, "ok");

    ada.patch(&app_at(&app, ""), json!({"entities": []})).await.expect(200);
    assert_eq!(gate(&token).await, "entity_not_assigned");
    ada.patch(&app_at(&app, ""), json!({"entities": ["e1"]}))
        .await
        .expect(200);
    assert_eq!(gate(&token).await, "ok");

    world.operator.delete(&format!("{group}/entities/e1")).await.done();
    assert_eq!(gate(&token).await, "entity_not_assigned");
    world
        .operator
        .put(&format!("{group}/entities/e1"), json!({"name": "Entity E1"}))
        .await
        .expect(201);
    assert_eq!(gate(&token).await, "ok");

    world
        .oauth("/oauth/revoke", &client, &[("token", &token)])
        .await
        .expect(200);
    assert_eq!(gate(&token).await, "token_revoked");

    let token = world.access_token(&client).await;
    let secrets = dev.get(&portal_at(&app, "")).await.expect(200).json()["client_secrets"].clone();
    dev.delete(&portal_at(
        &app,
        &format!("/client-secrets/{}", secrets[0]["id"].as_str().unwrap()),
    ))
    .await
    .expect(204);
    assert_eq!(gate(&token).await, "secret_retired");

    let client = world.client_secret(&dev, &app).await;
    let token = world.access_token(&client).await;
    assert_eq!(gate(&token).await, "ok");
    act(&ada, &app, "/revoke").await;
    assert_eq!(gate(&token).await, "app_revoked");
}

async fn r25_an_entity_that_its_group_gets_back_opens_again_unless_it_was_edited_away(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let entity = "/operator/api/v1/groups/acme/entities/e1";
    let back = json!({"name": "Entity E1"});
    let removed = async || ada.get(&app_at(&app, "")).await.expect(200).json()["removed_entities"].clone();
    assert_eq!(app["removed_entities"], json!([]));

    world.operator.delete(entity).await.done();
    assert_eq!(removed().await, json!(["e1"]));
    assert_eq!(world.gate(&token, "e1", "read").await, "entity_not_assigned");
    world.operator.put(entity, back.clone()).await.expect(201);
    assert_eq!(removed().await, json!([]));
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");

    // A list that names it still, as whoever sends back what they read, keeps it.
    world.operator.delete(entity).await.done();
    let keeping = json!({"entities": ["e1", "e2", "e3"]});
    let edited = ada.patch(&app_at(&app, ""), keeping).await.expect(200).json();
    assert_eq!(edited["removed_entities"], json!(["e1"]));
    world.operator.put(entity, back.clone()).await.expect(201);
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");

    world.operator.delete(entity).await.done();
    let edit = json!({"entities": ["e2"]});
    ada.patch(&app_at(&app, ""), edit).await.expect(200);
    assert_eq!(removed().await, json!([]));
    let adding = json!({"entities": ["e1", "e2"]});
    let refused = ada.patch(&app_at(&app, ""), adding).await.expect(422);
    assert_eq!(
        refused.problems(),
        [("entities".to_owned(), "unknown_entity".to_owned())]
    );
    world.operator.put(entity, back).await.expect(201);
    assert_eq!(world.gate(&token, "e1", "read").await, "entity_not_assigned");
}

async fn r26_a_second_node_on_the_same_database_refuses_at_once_too(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let node = world.another_node().await;
    let ask = async || {
        let person = Person {
            base_url: node.clone(),
            token: Some(token.clone()),
            ..ada.clone()
        };
        let headers = [("X-Entity-Id", "e1"), ("X-Api-Access", "read")];
        person.send(Method::GET, "/gateway/authorize", None, &headers).await
    };
    for _ in 0..3 {
        ask().await.expect(200);
        act(&ada, &app, "/suspend").await;
        let refused = ask().await;
        assert!([401, 403].contains(&refused.status.as_u16()), "{}", refused.status);
        assert_eq!(refused.header("x-reason"), "app_suspended");
        act(&ada, &app, "/resume").await;
    }
    let other_ada = Person {
        base_url: node.clone(),
        ..ada.clone()
    };
    act(&other_ada, &app, "/revoke").await;
    assert_eq!(world.gate(&token, "e1", "read").await, "app_revoked");
}

async fn r26_checks_that_race_with_a_suspension_never_pass_after_it_was_acknowledged(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    for _ in 0..5 {
        let acknowledged = std::sync::atomic::AtomicBool::new(false);
        let order = std::sync::atomic::Ordering::SeqCst;
        let suspend = async {
            act(&ada, &app, "/suspend").await;
            acknowledged.store(true, order);
        };
        let check = async {
            for _ in 0..20 {
                let began_after = acknowledged.load(order);
                let reason = world.gate(&token, "e1", "read").await;
                assert!(!(began_after && reason == "ok"), "decided by the old state");
            }
        };
        futures::join!(suspend, check);
        assert_eq!(world.gate(&token, "e1", "read").await, "app_suspended");
        act(&ada, &app, "/resume").await;
    }
}

async fn r27_suspend_stops_an_application_and_resume_restarts_it(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let suspended = act(&ada, &app, "/suspend").await;
    assert_eq!(
        (&suspended["status"], &suspended["revoked_at"]),
        (&json!("suspended"), &Value::Null)
    );
    world.token(&client).await.expect(401);
    let resumed = act(&ada, &app, "/resume").await;
    assert_eq!(resumed["status"], "active");
    world.token(&client).await.expect(200);
    let message = ada.get(&app_at(&app, "/events")).await.all("event");
    assert_eq!(message[..2], ["ApplicationResumed", "ApplicationSuspended"]);
}

async fn r27_resume_needs_a_suspended_application(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let before = world.traces().await;
    ada.post(&app_at(&app, "/resume"), json!({}))
        .await
        .refused(409, "not_suspended");
    assert_eq!(world.traces().await, before);
}

async fn r27_a_suspended_application_gives_nothing_out(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    let pending = world.created(&ada, "Pending").await;
    act(&ada, &app, "/suspend").await;
    act(&ada, &pending, "/suspend").await;
    let before = world.traces().await;
    dev.post(&portal_at(&app, "/client-secrets"), json!({}))
        .await
        .refused(409, "app_suspended");
    assert_eq!(world.traces().await, before);
    let otp = json!({"otp": pending["verification"]["otp"]});
    for _ in 0..2 {
        dev.post(&portal_at(&pending, "/verify"), otp.clone())
            .await
            .refused(409, "app_suspended");
        // R28: that it was refused is recorded, once.
        let message = ada.get(&app_at(&pending, "/events")).await.all("event");
        assert_eq!(message[..2], ["UnusableOneTimePasswordTried", "ApplicationSuspended"]);
    }
    act(&ada, &pending, "/resume").await;
    dev.post(&portal_at(&pending, "/verify"), otp).await.expect(200);
}

async fn r27_revoke_is_final(world: World) {
    let (ada, app, dev, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let revoked = act(&ada, &app, "/revoke").await;
    assert_eq!(
        (&revoked["status"], &revoked["revoked_at"]),
        (&json!("revoked"), &json!("2026-11-23T09:00:00.000Z"))
    );
    assert_eq!(world.gate(&token, "e1", "read").await, "app_revoked");
    world.token(&client).await.expect(401);
    let introspected = world
        .oauth("/oauth/introspect", &world.gateway, &[("token", &token)])
        .await
        .expect(200)
        .json();
    assert_eq!(introspected, json!({"active": false}));
    let mail = world.last_mail_to("dev@example.com").await;
    assert_eq!(mail.subject, "Developer Portal – Application revoked: Payroll");
    let before = world.traces().await;
    for action in [
        "/suspend",
        "/resume",
        "/developer/revoke",
        "/developer/reset-otp",
        "/developer/resend-invite",
    ] {
        ada.post(&app_at(&app, action), json!({}))
            .await
            .refused(409, "app_revoked");
    }
    ada.post(&app_at(&app, "/developer"), json!({"email": "eve@example.com"}))
        .await
        .refused(409, "app_revoked");
    ada.patch(&app_at(&app, ""), json!({"description": "Back?"}))
        .await
        .refused(409, "app_revoked");
    dev.post(&portal_at(&app, "/client-secrets"), json!({}))
        .await
        .refused(409, "app_revoked");
    ada.post(APPS, World::new_integration("PAYROLL"))
        .await
        .refused(409, "name_taken");
    assert_eq!(world.traces().await, before);
}

async fn r27_a_revoked_application_is_dead_for_its_developer_and_its_invited(world: World) {
    let ada = world.ada().await;
    let (one, two) = (world.created(&ada, "One").await, world.created(&ada, "Two").await);
    let mails = world.mails().await;
    let link = |name: &str| {
        mails
            .iter()
            .find(|mail| mail.text.contains(&format!("Application: {name}")))
            .unwrap()
            .invite_token()
    };
    act(&ada, &two, "/revoke").await;
    let before = world.traces().await;
    for step in ["/portal/api/v1/sign-up/invitation", "/portal/api/v1/sign-up/code"] {
        let answer = world.anybody().post(step, json!({"invite_token": link("Two")})).await;
        answer.refused(404, "invite_unknown");
    }
    assert_eq!(world.traces().await, before);
    let dev = world.signs_up("dev@example.com", &link("One")).await;
    act(&ada, &one, "/revoke").await;
    let before = world.traces().await;
    for app in [&one, &two] {
        for _ in 0..2 {
            let answer = dev
                .post(&portal_at(app, "/verify"), json!({"otp": app["verification"]["otp"]}))
                .await;
            answer.refused(409, "app_revoked");
        }
    }
    // R28: that they were refused is recorded, once for each OTP.
    let after = world.traces().await;
    assert_eq!((after.events - before.events, after.emails), (2, before.emails));
    let home = dev.get("/portal/api/v1/apps").await.expect(200).json();
    assert_eq!(home["otp_verification_needed"], json!([]));
}

async fn r27_a_revoked_application_shows_no_living_invite_or_otp(world: World) {
    let ada = world.ada().await;
    let (one, two) = (world.created(&ada, "One").await, world.created(&ada, "Two").await);
    let developer = async |app: &Value| ada.get(&app_at(app, "/developer")).await.expect(200).json();
    let ends = ["invite_expires_at", "otp_expires_at", "otp_attempts_left"];
    let alive = |message: &Value| ends.map(|end| !message[end].is_null());
    assert_eq!(alive(&developer(&two).await), [true; 3]);
    act(&ada, &two, "/revoke").await;
    let dead = developer(&two).await;
    assert_eq!((&dead["status"], alive(&dead)), (&json!("invited"), [false; 3]));

    // Whoever has signed up needs no invite any more, through whichever application they did.
    let three = world.created(&ada, "Three").await;
    let dev = world.signed_up("dev@example.com").await;
    for app in [&one, &three] {
        let pending = developer(app).await;
        let message = (&pending["status"], alive(&pending));
        assert_eq!(message, (&json!("otp_pending"), [false, true, true]));
    }
    let home = dev.get("/portal/api/v1/apps").await.expect(200).json();
    let states = home["otp_verification_needed"].as_array().unwrap();
    assert!(states.iter().all(|app| app["otp_state"] == "valid"), "{home}");
    act(&ada, &one, "/revoke").await;
    let dead = developer(&one).await;
    assert_eq!((&dead["status"], alive(&dead)), (&json!("otp_pending"), [false; 3]));
}

async fn r27_revoking_twice_is_revoking_once(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let first = act(&ada, &app, "/revoke").await;
    let before = world.traces().await;
    world.pass(chrono::TimeDelta::hours(1));
    assert_eq!(act(&ada, &app, "/revoke").await, first);
    assert_eq!(world.traces().await, before);
}

async fn r27_a_revoked_application_stays_listed_and_keeps_its_log(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    act(&ada, &app, "/suspend").await;
    act(&ada, &app, "/revoke").await;
    assert_eq!(
        ada.get(&format!("{APPS}?status=revoked")).await.all("name"),
        ["Payroll"]
    );
    assert_eq!(ada.get(APPS).await.all("name"), ["Payroll"]);
    ada.get(&app_at(&app, "")).await.expect(200);
    let log = ada.get(&app_at(&app, "/activity-log")).await.expect(200).text();
    assert!(log.contains("ApplicationRevoked") && log.contains("NewIntegrationCreated"));
}

async fn r27_a_reason_is_kept_and_a_bad_one_refused(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let before = world.traces().await;
    for bad in ["x".repeat(501), "a\u{0}b".to_owned(), "a\u{202e}b".to_owned()] {
        for action in ["/suspend", "/revoke"] {
            ada.post(&app_at(&app, action), json!({"reason": bad}))
                .await
                .refused(422, "invalid_reason");
        }
    }
    assert_eq!(world.traces().await, before);
    ada.post(
        &app_at(&app, "/suspend"),
        json!({"reason": "Key leaked,\nsays \"Dev\"."}),
    )
    .await
    .expect(200);
    let newest = ada.get(&app_at(&app, "/events")).await.json()["items"][0].clone();
    assert!(
        newest["summary"]
            .as_str()
            .unwrap()
            .contains("Key leaked, says \"Dev\"."),
        "{newest}"
    );
    let none = ada.send(Method::POST, &app_at(&app, "/resume"), None, &[]).await;
    none.expect(200);
    ada.post(&app_at(&app, "/suspend"), json!({"reason": null}))
        .await
        .expect(200);
    ada.post(&app_at(&app, "/resume"), json!({"reason": "  "}))
        .await
        .expect(200);
}
