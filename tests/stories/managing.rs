//! Managing Integration Applications: view, filter, edit, and Manage Developer Portal Access.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::world::PASSWORD;
use crate::support::{APPS, PORTAL, World, app_at, id, on_both_databases, portal_at};

on_both_databases! {
    r7_the_description_can_be_changed,
    r8_the_category_can_be_changed_except_for_a_custom_aiq_integrate,
    r6_what_never_changes_is_refused_by_name,
    r11_entities_can_be_changed_at_any_time_down_to_none,
    r11_an_edit_of_entities_takes_effect_on_the_very_next_check,
    a_command_already_granted_writes_nothing,
    an_edit_of_an_older_version_is_refused,
    r20_an_application_has_at_most_one_linked_developer,
    r21_revoke_access_hides_the_details_at_once_and_the_integration_runs_on,
    r21_revoke_access_can_retire_the_client_secrets_too,
    r21_client_secrets_can_be_retired_after_the_access_was_revoked,
    r21_revoke_access_voids_invitation_and_otp,
    r21_another_developer_can_be_registered_after_revoking,
    the_developers_details_are_told,
    a_change_can_be_repeated_with_its_idempotency_key,
}

async fn r7_the_description_can_be_changed(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let changed = ada
        .patch(&app_at(&app, ""), json!({"description": "  New words. "}))
        .await
        .expect(200);
    assert_eq!(changed.json()["description"], "New words.");
    assert_eq!(
        changed.json()["version"].as_i64(),
        Some(app["version"].as_i64().unwrap() + 1)
    );
    assert_eq!(changed.header("etag"), format!("\"{}\"", changed.json()["version"]));
    let event = ada.get(&app_at(&app, "/events")).await.json()["items"][0].clone();
    assert_eq!(event["event"], "DescriptionChanged");
    let details = event["details"].to_string();
    assert!(
        details.contains("Posts the payroll journals") && details.contains("New words."),
        "{details}"
    );
    let before = world.traces().await;
    for (bad, code) in [
        (json!(""), "required"),
        (Value::Null, "required"),
        (json!("x".repeat(2001)), "invalid_description"),
    ] {
        ada.patch(&app_at(&app, ""), json!({"description": bad}))
            .await
            .refused(422, code);
    }
    assert_eq!(world.traces().await, before);
}

async fn r8_the_category_can_be_changed_except_for_a_custom_aiq_integrate(world: World) {
    let ada = world.ada().await;
    let new = world.created(&ada, "New").await;
    let preset = ada.post(APPS, World::aiq_integrate("Preset")).await.expect(201).json();
    let custom = json!({"integrate_type": "custom", "category": "inventory"});
    let custom = ada
        .post(APPS, World::with(World::aiq_integrate("Custom"), custom))
        .await
        .expect(201)
        .json();
    for app in [&new, &preset] {
        let changed = ada
            .patch(&app_at(app, ""), json!({"category": "other"}))
            .await
            .expect(200)
            .json();
        assert_eq!(changed["category"], "other");
    }
    let before = world.traces().await;
    ada.patch(&app_at(&custom, ""), json!({"category": "other"}))
        .await
        .refused(422, "field_not_editable");
    ada.patch(&app_at(&custom, ""), json!({"description": "x", "category": "other"}))
        .await
        .refused(422, "field_not_editable");
    ada.patch(&app_at(&new, ""), json!({"category": "gardening"}))
        .await
        .refused(422, "unknown_category");
    assert_eq!(world.traces().await, before);
    assert_eq!(ada.get(&app_at(&custom, "")).await.json()["category"], "inventory");
}

async fn r6_what_never_changes_is_refused_by_name(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let before = world.traces().await;
    for field in ["name", "api_permission", "integration_type", "developer_email"] {
        let message = ada
            .patch(&app_at(&app, ""), json!({field: app[field]}))
            .await
            .refused(422, "field_not_editable");
        assert_eq!(
            message.problems(),
            [(field.to_owned(), "field_not_editable".to_owned())]
        );
    }
    ada.patch(&app_at(&app, ""), json!({"colour": "red"}))
        .await
        .refused(422, "unknown_field");
    assert_eq!(world.traces().await, before);
}

async fn r11_entities_can_be_changed_at_any_time_down_to_none(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let edit = async |entities: Value| {
        let changed = ada
            .patch(&app_at(&app, ""), json!({"entities": entities}))
            .await
            .expect(200)
            .json();
        changed["entities"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(edit(json!(["e5", "e3"])).await, ["e3", "e5"]);
    assert!(edit(json!([])).await.is_empty());
    assert_eq!(edit(json!(["e1"])).await, ["e1"]);
    let before = world.traces().await;
    for bad in [json!(["e1", "g1"]), json!(["nowhere"]), json!(["no id"])] {
        ada.patch(&app_at(&app, ""), json!({"entities": bad}))
            .await
            .refused(422, "unknown_entity");
    }
    ada.patch(&app_at(&app, ""), json!({"entities": null}))
        .await
        .refused(422, "required");
    assert_eq!(world.traces().await, before);
}

async fn r11_an_edit_of_entities_takes_effect_on_the_very_next_check(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    for _ in 0..3 {
        ada.patch(&app_at(&app, ""), json!({"entities": ["e2"]}))
            .await
            .expect(200);
        assert_eq!(world.gate(&token, "e1", "read").await, "entity_not_assigned");
        ada.patch(&app_at(&app, ""), json!({"entities": ["e1"]}))
            .await
            .expect(200);
        assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    }
}

async fn a_command_already_granted_writes_nothing(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let before = world.traces().await;
    for same in [
        json!({}),
        json!({"description": app["description"]}),
        json!({"category": app["category"]}),
        json!({"entities": ["e2", "e1", "e1"]}),
        json!({"description": app["description"], "category": app["category"], "entities": ["e1", "e2"]}),
    ] {
        let answer = ada.patch(&app_at(&app, ""), same).await.expect(200);
        assert_eq!(answer.json()["version"], app["version"]);
    }
    assert_eq!(world.traces().await, before);
    ada.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    let before = world.traces().await;
    ada.post(&app_at(&app, "/suspend"), json!({"reason": "again"}))
        .await
        .expect(200);
    assert_eq!(world.traces().await, before);
}

async fn an_edit_of_an_older_version_is_refused(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let old = ada.get(&app_at(&app, "")).await.header("etag");
    let edit = async |words: &str, if_match: &str| {
        let body = Some(json!({"description": words}));
        ada.send(Method::PATCH, &app_at(&app, ""), body, &[("If-Match", if_match)])
            .await
    };
    let new = edit("One.", &old).await.expect(200).header("etag");
    let before = world.traces().await;
    for stale in [old.as_str(), "\"999\"", "nonsense", "\"\"", "W/\"2\"", "2"] {
        edit("Two.", stale).await.refused(412, "version_mismatch");
    }
    for (action, body) in [
        ("/suspend", json!({})),
        ("/resume", json!({})),
        ("/revoke", json!({})),
        ("/developer", json!({"email": "other@example.com"})),
        ("/developer/reset-otp", json!({})),
        ("/developer/resend-invite", json!({})),
        ("/developer/revoke", json!({})),
    ] {
        let answer = ada
            .send(Method::POST, &app_at(&app, action), Some(body), &[("If-Match", &old)])
            .await;
        answer.refused(412, "version_mismatch");
    }
    assert_eq!(world.traces().await, before);
    edit("Two.", &new).await.expect(200);
    edit("Three.", "*").await.expect(200);
}

async fn r20_an_application_has_at_most_one_linked_developer(world: World) {
    let (ada, app, _, _) = world.running("Payroll").await;
    let invited = world.created(&ada, "Pending").await;
    let before = world.traces().await;
    for app in [&app, &invited] {
        for email in ["other@example.com", "dev@example.com"] {
            let answer = ada.post(&app_at(app, "/developer"), json!({"email": email})).await;
            answer.refused(409, "developer_already_linked");
        }
    }
    ada.post(&app_at(&app, "/developer"), json!({"email": "nobody"}))
        .await
        .refused(422, "invalid_email");
    ada.post(&app_at(&app, "/developer"), json!({}))
        .await
        .refused(422, "required");
    assert_eq!(world.traces().await, before);
}

async fn r21_revoke_access_hides_the_details_at_once_and_the_integration_runs_on(world: World) {
    let (ada, app, dev, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let answer = ada
        .post(
            &app_at(&app, "/developer/revoke"),
            json!({"retire_client_secrets": false}),
        )
        .await
        .expect(200);
    assert_eq!(answer.json()["status"], "none");
    for rest in ["", "/entities"] {
        dev.get(&portal_at(&app, rest)).await.refused(404, "not_found");
    }
    dev.post(&portal_at(&app, "/client-secrets"), json!({}))
        .await
        .refused(404, "not_found");
    let home = dev.get(&format!("{PORTAL}/apps")).await.expect(200).json();
    assert_eq!(home, json!({"otp_verification_needed": [], "apps": []}));
    let mail = world.last_mail_to("dev@example.com").await;
    assert_eq!(mail.subject, "Developer Portal – Access revoked: Payroll");
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    world.token(&client).await.expect(200);
    let before = world.traces().await;
    for action in ["revoke", "resend-invite", "reset-otp"] {
        let answer = ada
            .post(&app_at(&app, &format!("/developer/{action}")), json!({}))
            .await;
        answer.refused(409, "no_developer_linked");
    }
    assert_eq!(world.traces().await, before);
}

async fn r21_revoke_access_can_retire_the_client_secrets_too(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    ada.post(
        &app_at(&app, "/developer/revoke"),
        json!({"retire_client_secrets": true}),
    )
    .await
    .expect(200);
    assert_eq!(world.gate(&token, "e1", "read").await, "secret_retired");
    world.token(&client).await.expect(401);
    let message = ada.get(&app_at(&app, "/events")).await.all("event");
    assert_eq!(message[..2], ["ClientSecretRetired", "DeveloperAccessRevoked"]);
}

async fn r21_client_secrets_can_be_retired_after_the_access_was_revoked(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let revoke = app_at(&app, "/developer/revoke");
    ada.post(&revoke, json!({})).await.expect(200);
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    let retire = json!({"retire_client_secrets": true});
    let answer = ada.post(&revoke, retire.clone()).await.expect(200);
    assert_eq!(answer.json()["status"], "none");
    assert_eq!(world.gate(&token, "e1", "read").await, "secret_retired");
    world.token(&client).await.expect(401);
    let message = ada.get(&app_at(&app, "/events")).await.all("event");
    assert_eq!(message[..2], ["ClientSecretRetired", "DeveloperAccessRevoked"]);
    let before = world.traces().await;
    ada.post(&revoke, retire).await.refused(409, "no_developer_linked");
    assert_eq!(world.traces().await, before);
}

async fn r21_revoke_access_voids_invitation_and_otp(world: World) {
    let ada = world.ada().await;
    let one = world.created(&ada, "One").await;
    let ones_link = world.last_mail_to("dev@example.com").await.invite_token();
    let two = world.created(&ada, "Two").await;
    let twos_link = world.last_mail_to("dev@example.com").await.invite_token();
    ada.post(&app_at(&two, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    let opened = world
        .anybody()
        .post(
            &format!("{PORTAL}/sign-up/invitation"),
            json!({"invite_token": twos_link}),
        )
        .await;
    opened.refused(404, "invite_unknown");
    let dev = world.signs_up("dev@example.com", &ones_link).await;
    ada.post(&app_at(&one, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    let verify = dev
        .post(&portal_at(&one, "/verify"), json!({"otp": one["verification"]["otp"]}))
        .await;
    verify.refused(404, "not_found");
    let back = ada
        .post(&app_at(&one, "/developer"), json!({"email": "dev@example.com"}))
        .await
        .expect(201)
        .json();
    let old = dev
        .post(&portal_at(&one, "/verify"), json!({"otp": one["verification"]["otp"]}))
        .await;
    old.refused(422, "otp_wrong");
    let new = dev
        .post(&portal_at(&one, "/verify"), json!({"otp": back["verification"]["otp"]}))
        .await;
    new.expect(200);
}

async fn r21_another_developer_can_be_registered_after_revoking(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    ada.post(&app_at(&app, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    let given = ada
        .post(&app_at(&app, "/developer"), json!({"email": "eve@example.com"}))
        .await
        .expect(201)
        .json();
    assert_eq!(
        (&given["status"], &given["email"]),
        (&json!("invited"), &json!("eve@example.com"))
    );
    assert!(given["verification"]["instructions"].is_string());
    assert_eq!(
        world.last_mail_to("eve@example.com").await.subject,
        "Developer Portal – Invitation"
    );
    let eve = world.signed_up("eve@example.com").await;
    eve.post(
        &portal_at(&app, "/verify"),
        json!({"otp": given["verification"]["otp"]}),
    )
    .await
    .expect(200);
    let shown = eve.get(&portal_at(&app, "")).await.expect(200).json();
    assert_eq!(shown["client_secrets"].as_array().unwrap().len(), 1);
    dev.get(&portal_at(&app, "")).await.refused(404, "not_found");
    assert_eq!(
        ada.get(&app_at(&app, "")).await.json()["developer"]["status"],
        "verified"
    );
}

async fn the_developers_details_are_told(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let details = async || ada.get(&app_at(&app, "/developer")).await.expect(200).json();
    assert_eq!(
        details().await,
        json!({
            "status": "invited", "email": "dev@example.com", "name": null,
            "invited_at": "2026-11-23T09:00:00.000Z", "invite_expires_at": "2026-11-26T09:00:00.000Z",
            "assigned_at": details().await["assigned_at"], "verified_at": null,
            "otp_expires_at": "2026-11-26T09:00:00.000Z", "otp_attempts_left": 5,
            "mail_problem": null,
        })
    );
    let dev = world.signed_up("dev@example.com").await;
    world.pass(TimeDelta::minutes(5));
    world.verified(&dev, &app).await;
    let verified = details().await;
    assert_eq!(verified["status"], "verified");
    assert_eq!(verified["name"], "Dev Eloper");
    assert_eq!(verified["verified_at"], "2026-11-23T09:05:00.000Z");
    assert!(verified["assigned_at"].is_string());
    assert_eq!(verified["otp_attempts_left"], Value::Null);
    assert!(!verified.to_string().contains(PASSWORD));
}

async fn a_change_can_be_repeated_with_its_idempotency_key(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let repeat = async |path: &str, key: &str| {
        ada.send(
            Method::POST,
            &app_at(&app, path),
            Some(json!({})),
            &[("Idempotency-Key", key)],
        )
        .await
        .expect(200)
    };
    let first = repeat("/developer/reset-otp", "r-1").await;
    let before = world.traces().await;
    assert_eq!(repeat("/developer/reset-otp", "r-1").await.json(), first.json());
    assert_eq!(world.traces().await, before);
    let suspended = repeat("/suspend", "s-1").await.json();
    repeat("/resume", "s-2").await;
    let before = world.traces().await;
    assert_eq!(repeat("/suspend", "s-1").await.json(), suspended);
    assert_eq!(world.traces().await, before);
    assert_eq!(ada.get(&app_at(&app, "")).await.json()["status"], "active");
    assert_eq!(id(&suspended), id(&app));
}
