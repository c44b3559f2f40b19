//! The help article from its first line to its last, in one breath.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{APPS, PORTAL, Person, World, app_at, id, on_both_databases, portal_at};

on_both_databases! {
    from_the_permission_to_the_auditors_download_every_step_is_in_the_log,
}

/// The integration at work: what the gateway says about each of its calls.
async fn calls(world: &World, token: &str, expected: &[(&str, &str, &str)]) {
    for (entity, access, reason) in expected {
        assert_eq!(world.gate(token, entity, access).await, *reason, "{access} {entity}");
    }
}

async fn from_the_permission_to_the_auditors_download_every_step_is_in_the_log(world: World) {
    let (pam, ulf) = setting_up_the_integration_admin(&world).await;
    let app = option_one(&world, &ulf).await;
    let dev = in_the_developer_portal(&world, &ulf, &app).await;
    let (client, token) = the_integration_runs(&world, &dev, &app).await;
    edit(&world, &ulf, &app, &token).await;
    manage_developer_portal_access(&world, &ulf, &app, &dev, &token).await;
    revoke(&world, &ulf, &app, &client, &token).await;
    let integrate = option_two(&world, &pam).await;
    download_activity_log(&world, &app, &integrate).await;
}

async fn setting_up_the_integration_admin(world: &World) -> (Person, Person) {
    let (pam, ulf) = (world.user("acme", "pam").await, world.user("acme", "ulf").await);
    ulf.post(APPS, World::new_integration("Payroll Bridge"))
        .await
        .refused(403, "forbidden");
    let permission = "/api/v1/users/ulf/permissions/manage_integration_applications";
    pam.send(Method::PUT, permission, None, &[]).await.done();
    let me = ulf.get("/api/v1/me").await.expect(200).json();
    assert_eq!(me["user"]["permissions"], json!(["manage_integration_applications"]));
    (pam, ulf)
}

async fn option_one(world: &World, ulf: &Person) -> Value {
    let entities = ulf.get("/api/v1/entities").await.expect(200).all("id");
    assert_eq!(entities, ["e1", "e2", "e3", "e4", "e5"]);
    let app = ulf
        .post(APPS, World::new_integration("Payroll Bridge"))
        .await
        .expect(201)
        .json();
    assert!(
        app["verification"]["instructions"]
            .as_str()
            .unwrap()
            .contains("never by e-mail")
    );
    assert_eq!(app["developer"]["status"], "invited");
    assert_eq!(
        world.last_mail_to("dev@example.com").await.subject,
        "Developer Portal – Invitation"
    );
    app
}

async fn in_the_developer_portal(world: &World, ulf: &Person, app: &Value) -> Person {
    world.pass(TimeDelta::hours(71));
    let dev = world.signed_up("dev@example.com").await;
    let home = dev.get(&format!("{PORTAL}/apps")).await.expect(200).json();
    assert_eq!(home["otp_verification_needed"][0]["name"], "Payroll Bridge");
    dev.get(&portal_at(app, ""))
        .await
        .refused(403, "otp_verification_needed");
    dev.post(&portal_at(app, "/verify"), json!({"otp": "WRNG-WRNG"}))
        .await
        .refused(422, "otp_wrong");
    world.pass(TimeDelta::hours(1));
    let late = dev
        .post(&portal_at(app, "/verify"), json!({"otp": app["verification"]["otp"]}))
        .await;
    late.refused(410, "otp_expired");
    let reset = ulf
        .post(&app_at(app, "/developer/reset-otp"), json!({}))
        .await
        .expect(200)
        .json();
    dev.post(&portal_at(app, "/verify"), json!({"otp": reset["verification"]["otp"]}))
        .await
        .expect(200);
    let shown = dev.get(&portal_at(app, "")).await.expect(200).json();
    assert_eq!(shown["client_id"], app["client_id"]);
    assert_eq!(
        dev.get(&portal_at(app, "/entities")).await.all("name"),
        ["Entity E1", "Entity E2"]
    );
    dev
}

async fn the_integration_runs(world: &World, dev: &Person, app: &Value) -> ((String, String), String) {
    let client = world.client_secret(dev, app).await;
    let token = world.access_token(&client).await;
    calls(
        world,
        &token,
        &[
            ("e1", "read", "ok"),
            ("e2", "write", "ok"),
            ("e3", "read", "entity_not_assigned"),
        ],
    )
    .await;
    (client, token)
}

async fn edit(world: &World, ulf: &Person, app: &Value, token: &str) {
    let changed =
        json!({"description": "Posts the journals of every week.", "category": "expenses", "entities": ["e2", "e3"]});
    ulf.patch(&app_at(app, ""), changed).await.expect(200);
    calls(
        world,
        token,
        &[
            ("e1", "read", "entity_not_assigned"),
            ("e2", "read", "ok"),
            ("e3", "write", "ok"),
        ],
    )
    .await;
    ulf.patch(&app_at(app, ""), json!({"name": "Another name"}))
        .await
        .refused(422, "field_not_editable");
}

async fn manage_developer_portal_access(world: &World, ulf: &Person, app: &Value, dev: &Person, token: &str) {
    let details = ulf.get(&app_at(app, "/developer")).await.expect(200).json();
    assert_eq!(
        (&details["status"], &details["name"]),
        (&json!("verified"), &json!("Dev Eloper"))
    );
    ulf.post(&app_at(app, "/developer/revoke"), json!({})).await.expect(200);
    assert!(
        world
            .last_mail_to("dev@example.com")
            .await
            .subject
            .contains("Access revoked")
    );
    dev.get(&portal_at(app, "")).await.refused(404, "not_found");
    calls(world, token, &[("e2", "read", "ok")]).await;
    let registered = ulf
        .post(&app_at(app, "/developer"), json!({"email": "eve@example.com"}))
        .await
        .expect(201)
        .json();
    assert_eq!(registered["status"], "invited");
    world.pass(TimeDelta::days(4));
    let expired = world.last_mail_to("eve@example.com").await.invite_token();
    let opened = world
        .anybody()
        .post(
            &format!("{PORTAL}/sign-up/invitation"),
            json!({"invite_token": expired}),
        )
        .await;
    opened.refused(410, "invite_expired");
    ulf.post(&app_at(app, "/developer/resend-invite"), json!({}))
        .await
        .expect(200);
    let eve = world.signed_up("eve@example.com").await;
    let reset = ulf
        .post(&app_at(app, "/developer/reset-otp"), json!({}))
        .await
        .expect(200)
        .json();
    eve.post(&portal_at(app, "/verify"), json!({"otp": reset["verification"]["otp"]}))
        .await
        .expect(200);
    eve.get(&portal_at(app, "")).await.expect(200);
}

async fn revoke(world: &World, ulf: &Person, app: &Value, client: &(String, String), old: &str) {
    calls(world, old, &[("e2", "read", "token_expired")]).await;
    let token = world.access_token(client).await;
    ulf.post(&app_at(app, "/suspend"), json!({"reason": "A closer look."}))
        .await
        .expect(200);
    calls(world, &token, &[("e2", "read", "app_suspended")]).await;
    ulf.post(&app_at(app, "/resume"), json!({})).await.expect(200);
    calls(world, &token, &[("e2", "read", "ok")]).await;
    ulf.post(&app_at(app, "/revoke"), json!({"reason": "Replaced."}))
        .await
        .expect(200);
    calls(world, &token, &[("e2", "read", "app_revoked")]).await;
    assert_eq!(world.token(client).await.expect(401).json()["error"], "invalid_client");
    ulf.post(APPS, World::new_integration("payroll bridge"))
        .await
        .refused(409, "name_taken");
}

async fn option_two(world: &World, pam: &Person) -> Value {
    let form = World::with(World::aiq_integrate("Bank Feeds"), json!({"accept_data_access": false}));
    pam.post(APPS, form).await.refused(422, "disclaimer_required");
    let app = pam
        .post(APPS, World::aiq_integrate("Bank Feeds"))
        .await
        .expect(201)
        .json();
    assert!(
        world
            .last_mail_to("team@provider.example")
            .await
            .text
            .contains("Bank Feeds")
    );
    let path = format!("/operator/api/v1/integration-apps/{}/client-secrets", id(&app));
    let issued = world.operator.post(&path, json!({})).await.expect(201).json();
    let text = |name: &str| issued[name].as_str().unwrap().to_owned();
    let token = world.access_token(&(text("client_id"), text("client_secret"))).await;
    calls(world, &token, &[("e1", "write", "ok")]).await;
    app
}

async fn download_activity_log(world: &World, app: &Value, integrate: &Value) {
    let audrey = world.user("acme", "audrey").await;
    let log = audrey.csv(&app_at(app, "/activity-log")).await;
    let message: Vec<(&str, &str)> = log
        .iter()
        .map(|row| (row["event"].as_str(), row["actor_name"].as_str()))
        .collect();
    assert_eq!(
        message,
        [
            ("NewIntegrationCreated", "Ulf User"),
            ("DeveloperInvited", "Ulf User"),
            ("VerificationCodeSent", "dev@example.com"),
            ("InvitationAccepted", "dev@example.com"),
            ("OneTimePasswordMistyped", "dev@example.com"),
            ("UnusableOneTimePasswordTried", "dev@example.com"),
            ("OneTimePasswordReset", "Ulf User"),
            ("DeveloperVerified", "Dev Eloper"),
            ("CredentialsRevealed", "Dev Eloper"),
            ("ClientSecretGenerated", "Dev Eloper"),
            ("DescriptionChanged", "Ulf User"),
            ("CategoryChanged", "Ulf User"),
            ("EntitiesChanged", "Ulf User"),
            ("DeveloperAccessRevoked", "Ulf User"),
            ("DeveloperInvited", "Ulf User"),
            ("InvitationResent", "Ulf User"),
            ("VerificationCodeSent", "eve@example.com"),
            ("InvitationAccepted", "eve@example.com"),
            ("OneTimePasswordReset", "Ulf User"),
            ("DeveloperVerified", "Dev Eloper"),
            ("CredentialsRevealed", "Dev Eloper"),
            ("ApplicationSuspended", "Ulf User"),
            ("ApplicationResumed", "Ulf User"),
            ("ApplicationRevoked", "Ulf User"),
            ("ActivityLogDownloaded", "Audrey Auditor"),
        ]
    );
    let integrate_log = audrey.csv(&app_at(integrate, "/activity-log")).await;
    let message: Vec<(&str, &str)> = integrate_log
        .iter()
        .map(|row| (row["event"].as_str(), row["actor_type"].as_str()))
        .collect();
    assert_eq!(
        message,
        [
            ("AiqIntegrateCreated", "group_user"),
            ("ClientSecretGenerated", "operator"),
            ("ActivityLogDownloaded", "group_user"),
        ]
    );
    let group_log = audrey.csv("/api/v1/activity-log").await;
    let granted = group_log
        .iter()
        .find(|row| row["event"] == "PermissionGranted" && row["details"].contains("ulf"));
    assert_eq!(granted.unwrap()["actor_name"], "Pam Practice");
    assert!(group_log.len() > log.len() + integrate_log.len());
}
