//! What others do while a form is open: it is about what it showed, and nothing else stands in its way.

use gatebook_aggregates::group::Permission;
use serde_json::{Value, json};

use super::console::{LIST, ada, at, goes_on_after_the_session_has_ended};
use crate::support::browser::Browser;
use crate::support::{World, app_at, on_both_databases, portal_at};

on_both_databases! {
    r2_what_a_developer_does_does_not_stand_in_the_way_of_an_admin,
    a_log_download_does_not_stand_in_the_way_of_what_is_done_about_the_developer,
    r16_an_otp_that_somebody_else_has_reset_is_not_reset_again_unseen,
    r18_an_invite_that_somebody_else_has_resent_is_not_resent_unseen,
    r27_a_resume_question_does_not_undo_a_later_suspension,
    r27_nothing_that_happens_while_it_is_asked_is_in_the_way_of_suspending_or_revoking,
    r21_the_box_for_the_client_secrets_is_kept,
    what_was_just_done_is_told_as_long_as_it_is_true,
    r27_invite_and_otp_of_a_revoked_application_are_shown_as_dead,
    the_reason_survives_the_end_of_the_session,
    an_address_survives_the_end_of_the_session,
}

/// The developer rotates and retires a secret, and the integration gives a token back.
async fn is_busy(world: &World, developer: &crate::support::people::Person, app: &Value, client: &(String, String)) {
    let rotated = developer
        .post(&portal_at(app, "/client-secrets"), json!({}))
        .await
        .expect(201)
        .json();
    let token = world.access_token(client).await;
    world
        .oauth("/oauth/revoke", client, &[("token", &token)])
        .await
        .expect(200);
    let secret = format!("/client-secrets/{}", rotated["client_secret_id"].as_str().unwrap());
    developer.delete(&portal_at(app, &secret)).await.done();
}

async fn r2_what_a_developer_does_does_not_stand_in_the_way_of_an_admin(world: World) {
    let (_, app, developer, client) = world.running("Payroll").await;
    let mut ada = ada(&world).await;
    let edit = at(&app, "/edit");
    ada.open(&edit).await.expect(200);
    is_busy(&world, &developer, &app, &client).await;
    let fields = [
        ("description", "New."),
        ("category", "crm"),
        ("entities", "e1"),
        ("sure", "yes"),
    ];
    ada.send(&edit, &fields)
        .await
        .expect(200)
        .shows("Your changes have been saved");
    let path = at(&app, "/developer");
    ada.open(&format!("{path}/revoke")).await.expect(200);
    is_busy(&world, &developer, &app, &client).await;
    ada.send(&format!("{path}/revoke"), &[])
        .await
        .expect(200)
        .shows("access has been revoked");
}

async fn a_log_download_does_not_stand_in_the_way_of_what_is_done_about_the_developer(world: World) {
    let api = world.ada().await;
    let app = world.created(&api, "Payroll").await;
    let (mut ada, path) = (ada(&world).await, at(&app, "/developer"));
    for (action, message) in [
        ("/resend-invite", "A new invite is on its way."),
        ("/reset-otp", "OTP reset"),
        ("/revoke", "access has been revoked"),
    ] {
        let page = if action == "/revoke" {
            format!("{path}/revoke")
        } else {
            path.clone()
        };
        ada.open(&page).await.expect(200);
        api.get(&app_at(&app, "/activity-log")).await.expect(200);
        api.patch(&app_at(&app, ""), json!({"description": action}))
            .await
            .expect(200);
        ada.send(&format!("{path}{action}"), &[])
            .await
            .expect(200)
            .shows(message);
    }
}

async fn r16_an_otp_that_somebody_else_has_reset_is_not_reset_again_unseen(world: World) {
    let api = world.ada().await;
    let app = world.created(&api, "Payroll").await;
    let (mut ada, path) = (ada(&world).await, at(&app, "/developer"));
    let asked = ada.open(&format!("{path}/revoke")).await.expect(200).clone();
    ada.open(&path).await.expect(200);
    api.post(&app_at(&app, "/developer/reset-otp"), json!({}))
        .await
        .expect(200);
    let before = world.traces().await;
    let page = ada.send(&format!("{path}/reset-otp"), &[]).await.expect(412);
    page.shows("has changed since you opened the page");
    assert_eq!(world.traces().await, before);
    // The developer is still the one who was seen.
    ada.page = asked;
    ada.send(&format!("{path}/revoke"), &[])
        .await
        .expect(200)
        .shows("access has been revoked");
}

async fn r18_an_invite_that_somebody_else_has_resent_is_not_resent_unseen(world: World) {
    let api = world.ada().await;
    let app = world.created(&api, "Payroll").await;
    let (mut ada, path) = (ada(&world).await, at(&app, "/developer"));
    ada.open(&path).await.expect(200);
    api.post(&app_at(&app, "/developer/resend-invite"), json!({}))
        .await
        .expect(200);
    let before = world.traces().await;
    ada.send(&format!("{path}/resend-invite"), &[]).await.expect(412);
    assert_eq!(world.traces().await, before);
    ada.send(&format!("{path}/reset-otp"), &[])
        .await
        .expect(200)
        .shows("OTP reset");
}

async fn r27_a_resume_question_does_not_undo_a_later_suspension(world: World) {
    let (api, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    api.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    let (mut ada, resume) = (ada(&world).await, at(&app, "/resume"));
    ada.open(&resume).await.expect(200).shows("Current status: Suspended");
    api.post(&app_at(&app, "/resume"), json!({})).await.expect(200);
    api.post(&app_at(&app, "/suspend"), json!({"reason": "Leaked."}))
        .await
        .expect(200);
    let before = world.traces().await;
    let page = ada.send(&resume, &[("reason", "Mine.")]).await.expect(412);
    page.shows("has changed since you opened the page").shows("Mine.");
    assert_eq!(world.traces().await, before);
    assert_eq!(world.gate(&token, "e1", "read").await, "app_suspended");
    ada.send(&resume, &[("reason", "Mine.")])
        .await
        .expect(200)
        .shows("has been resumed");
}

async fn r27_nothing_that_happens_while_it_is_asked_is_in_the_way_of_suspending_or_revoking(world: World) {
    let (api, app, developer, client) = world.running("Payroll").await;
    let mut ada = ada(&world).await;
    for (page, message) in [
        ("/suspend", "has been suspended"),
        ("/revoke", "has been permanently revoked"),
    ] {
        ada.open(&at(&app, page)).await.expect(200);
        is_busy(&world, &developer, &app, &client).await;
        for action in ["/suspend", "/resume"] {
            api.post(&app_at(&app, action), json!({})).await.expect(200);
        }
        ada.send(&at(&app, page), &[]).await.expect(200).shows(message);
        if page == "/suspend" {
            api.post(&app_at(&app, "/resume"), json!({})).await.expect(200);
        }
    }
}

async fn r21_the_box_for_the_client_secrets_is_kept(world: World) {
    let (api, app, _, client) = world.running("Payroll").await;
    let (mut ada, path) = (ada(&world).await, at(&app, "/developer"));
    let revoke = format!("{path}/revoke");
    let ticked = [("retire_client_secrets", "true")];
    let is_ticked = |browser: &Browser| {
        let mut tags = browser.page.html.split('<');
        tags.any(|tag| tag.contains("name=\"retire_client_secrets\"") && tag.contains(" checked"))
    };
    ada.open(&revoke).await.expect(200);
    assert!(!is_ticked(&ada));
    goes_on_after_the_session_has_ended(&world, &mut ada, "ada@acme.example", &revoke, &ticked).await;
    assert!(is_ticked(&ada), "{}", ada.page.html);
    api.post(&app_at(&app, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    api.post(&app_at(&app, "/developer"), json!({"email": "other@example.com"}))
        .await
        .expect(201);
    ada.send(&revoke, &ticked).await.expect(412);
    assert!(is_ticked(&ada), "{}", ada.page.html);
    ada.send(&revoke, &ticked).await.expect(200);
    world.token(&client).await.expect(401);
}

async fn what_was_just_done_is_told_as_long_as_it_is_true(world: World) {
    let (api, app, ..) = world.running("Payroll").await;
    let mut ada = ada(&world).await;
    ada.open(&at(&app, "/suspend")).await.expect(200);
    let message = ada.send(&at(&app, "/suspend"), &[]).await.expect(200).path.clone();
    api.get(&app_at(&app, "/activity-log")).await.expect(200);
    ada.open(&message)
        .await
        .expect(200)
        .shows("has been suspended. Its access tokens");
    api.post(&app_at(&app, "/resume"), json!({})).await.expect(200);
    ada.open(&message)
        .await
        .expect(200)
        .hides("has been suspended. Its access tokens");
    for claimed in [
        "?done=revoked",
        "?done=revoked&at=999999",
        "?done=revoked&at=x",
        "?done=changed",
    ] {
        let page = ada.open(&at(&app, claimed)).await.expect(200);
        if claimed != "?done=revoked&at=999999" {
            page.hides("permanently").hides("Your changes have been saved");
        }
    }
    let edit = at(&app, "/edit");
    ada.open(&edit).await.expect(200);
    let fields = [
        ("description", "Mine."),
        ("category", "crm"),
        ("entities", "e1"),
        ("sure", "yes"),
    ];
    let message = ada.send(&edit, &fields).await.expect(200).path.clone();
    api.patch(&app_at(&app, ""), json!({"description": "Theirs."}))
        .await
        .expect(200);
    ada.open(&message)
        .await
        .expect(200)
        .shows("Theirs.")
        .hides("Your changes have been saved");
    let path = at(&app, "/developer");
    ada.open(&format!("{path}/revoke")).await.expect(200);
    let message = ada.send(&format!("{path}/revoke"), &[]).await.expect(200).path.clone();
    ada.open(&message).await.expect(200).shows("access has been revoked");
    api.post(&app_at(&app, "/developer"), json!({"email": "other@example.com"}))
        .await
        .expect(201);
    ada.open(&message).await.expect(200).hides("access has been revoked");
}

async fn r27_invite_and_otp_of_a_revoked_application_are_shown_as_dead(world: World) {
    let api = world.ada().await;
    let app = world.created(&api, "Payroll").await;
    api.post(&app_at(&app, "/revoke"), json!({})).await.expect(200);
    let mut ada = ada(&world).await;
    let page = ada.open(&at(&app, "/developer")).await.expect(200);
    page.shows("No longer valid: the application was revoked.")
        .hides(" left)")
        .hides("OTP tries left");
}

async fn the_reason_survives_the_end_of_the_session(world: World) {
    let app = world.created(&world.ada().await, "Payroll").await;
    let mut ada = ada(&world).await;
    for (page, message) in [
        ("/suspend", "has been suspended"),
        ("/resume", "has been resumed"),
        ("/revoke", "has been permanently revoked"),
    ] {
        let path = at(&app, page);
        ada.open(&path).await.expect(200);
        let fields = [("reason", "Typed before.")];
        goes_on_after_the_session_has_ended(&world, &mut ada, "ada@acme.example", &path, &fields).await;
        ada.page.shows("Typed before.");
        ada.send(&path, &fields)
            .await
            .expect(200)
            .shows(message)
            .shows("Reason: Typed before.");
    }
}

async fn an_address_survives_the_end_of_the_session(world: World) {
    let api = world.ada().await;
    let app = world.created(&api, "Payroll").await;
    api.post(&app_at(&app, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    let (mut ada, path) = (ada(&world).await, at(&app, "/developer"));
    ada.open(&path).await.expect(200);
    let fields = [("email", "typed@example.com")];
    goes_on_after_the_session_has_ended(&world, &mut ada, "ada@acme.example", &path, &fields).await;
    assert_eq!(ada.page.value("email").as_deref(), Some("typed@example.com"));
    ada.send(&path, &fields).await.expect(200).shows("Developer registered");
    // Somebody else who signs in there is not shown what was typed.
    world
        .permit("acme", "ulf", Permission::ManageIntegrationApplications, true)
        .await;
    ada.open(LIST).await.expect(200);
}
