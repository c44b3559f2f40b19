//! The story of the help article, from the first permission to the last line of the activity log, by clicking.

use crate::support::World;
use crate::support::chromium::Chromium;
use crate::support::log::read_csv;

use super::{DEVELOPER, console_of, create_account, log_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_integration_from_the_permission_to_the_activity_log() {
    let world = World::on_sqlite().await;
    grants_the_permission(&world).await;
    let admin = console_of(&world, "ulf").await;
    let otp = creates_an_application(&admin).await;
    let developer = Chromium::new(&world).await;
    signs_up(&world, &developer).await;
    verifies(&developer, &otp).await;
    let client = gets_the_credentials(&developer).await;
    let token = world.access_token(&client).await;
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    assert_eq!(world.gate(&token, "e2", "read").await, "entity_not_assigned");
    assert_eq!(world.gate(&token, "e1", "write").await, "access_not_permitted");
    edits(&admin).await;
    assert_eq!(world.gate(&token, "e2", "read").await, "ok");
    sees_the_entities(&developer).await;
    suspends_and_resumes(&world, &admin, &token).await;
    let client = rotates(&developer, client).await;
    assert_eq!(world.gate(&token, "e1", "read").await, "secret_retired");
    let token = world.access_token(&client).await;
    revokes(&admin).await;
    assert_eq!(world.gate(&token, "e1", "read").await, "app_revoked");
    assert_eq!(world.token(&client).await.expect(401).json()["error"], "invalid_client");
    developer.open("/portal").await;
    developer.see("Revoked").await;
    downloads_the_log(&admin).await;
}

/// A Practice Admin lets a user manage integration applications.
async fn grants_the_permission(world: &World) {
    let pam = console_of(world, "pam").await;
    pam.click("Edit Group Users").await.see("ulf@acme.example").await;
    pam.pictures("group-users").await;
    pam.click("Ulf User").await;
    pam.check("Manage Integration Applications").await;
    pam.check("View Activity Logs").await;
    pam.click("Process").await.see("with immediate effect").await;
    pam.pictures("group-user").await;
}

/// New Integration; the OTP.
async fn creates_an_application(admin: &Chromium) -> String {
    admin.see("No integration applications yet").await;
    admin.pictures("applications-none").await;
    admin.click("New Integration Application").await;
    admin.click("Next Step").await.see("Select an integration type.").await;
    admin.pictures("new-type").await;
    admin.check("New Integration").await;
    admin.click("Next Step").await;
    admin.click("Create").await.see("Fill in “Application Name”.").await;
    admin.pictures("new-integration-problems").await;
    admin.fill("Application Name", "Payroll Bridge").await;
    admin
        .fill("Application Description", "Posts the journals of each payroll run.")
        .await;
    admin.fill("Category", "Payroll & HR").await;
    admin.fill("Integration/Developers Email", DEVELOPER).await;
    admin.check("Read").await;
    admin.fill("Search entities", "e1").await;
    admin.check("Entity E1").await;
    admin.fill("Search entities", "e3").await;
    admin.check("Entity E3").await;
    admin.pictures("new-integration").await;
    admin.click("Create").await.see("Integration Application created").await;
    admin.pictures("created").await;
    let otp = admin.read("One-time password (OTP)").await;
    let instructions = admin.copy("Instructions for the developer").await;
    assert!(instructions.contains(&otp), "{instructions}");
    otp
}

/// Check the address, send the code, verify it, choose name and password, log in.
async fn signs_up(world: &World, developer: &Chromium) {
    let invitation = world.last_mail_to(DEVELOPER).await.link();
    developer.open(&invitation).await.see(DEVELOPER).await;
    developer.pictures("portal-sign-up").await;
    developer
        .click("Send verification code")
        .await
        .see("Create your account")
        .await;
    developer.pictures("portal-account").await;
    create_account(world, developer).await;
    log_in(developer).await;
    developer
        .see("OTP Verification Needed")
        .await
        .see("Payroll Bridge")
        .await;
    developer.pictures("portal-home-verification-needed").await;
}

/// A mistyped OTP, then the right one.
async fn verifies(developer: &Chromium, otp: &str) {
    developer.click("Payroll Bridge").await;
    developer.fill("One-Time Password (OTP)", "AAAA-AAAA").await;
    developer.click("Verify").await.see("4 tries are left").await;
    developer.pictures("portal-verify").await;
    developer.fill("One-Time Password (OTP)", &otp.to_lowercase()).await;
    developer
        .click("Verify")
        .await
        .see("The application is verified.")
        .await;
    developer.miss("ClientId gb").await;
    developer.pictures("portal-details").await;
}

/// Show Credentials; the secret, once, and the ready curl line.
async fn gets_the_credentials(developer: &Chromium) -> (String, String) {
    developer
        .click("Show Credentials")
        .await
        .see("There is no client secret yet")
        .await;
    developer.pictures("portal-credentials-none").await;
    developer
        .click("Generate client secret")
        .await
        .see("You will not see it again")
        .await;
    developer.pictures("portal-secret").await;
    let id = developer.copy("ClientId").await;
    let secret = developer.copy("ClientSecret").await;
    developer
        .see(&format!("curl -u '{id}:{secret}'"))
        .await
        .see("soap:Envelope")
        .await;
    developer.click("Done").await.miss(&secret).await;
    developer
        .click("Show Credentials")
        .await
        .see("never")
        .await
        .miss(&secret)
        .await;
    developer.pictures("portal-credentials").await;
    (id, secret)
}

/// From the menu of the application's row. What cannot be changed is greyed out.
async fn edits(admin: &Chromium) {
    admin
        .click("Go to the application")
        .await
        .click("Integration Applications")
        .await;
    admin.click("Actions for Payroll Bridge").await;
    admin.pictures("applications-menu").await;
    admin.click_at("Payroll Bridge", "Edit").await;
    for fixed in [
        "Application Name",
        "Integration Type",
        "Integration/Developers Email",
        "API Permissions",
    ] {
        assert!(admin.is_greyed_out(fixed).await, "{fixed}");
    }
    assert!(!admin.is_greyed_out("Application Description").await);
    admin.pictures("edit").await;
    admin.check("Entity E2").await;
    admin.uncheck("Entity E3").await;
    admin.click("Save").await.see("with fewer entities?").await;
    admin.pictures("edit-fewer-entities").await;
    admin.click("Save").await.see("Your changes have been saved").await;
    admin.pictures("application").await;
}

/// The tab Entities Assigned obeys at once, and can be filtered.
async fn sees_the_entities(developer: &Chromium) {
    developer
        .click("Entities Assigned")
        .await
        .see("Entity E2")
        .await
        .miss("Entity E3")
        .await;
    developer.fill("Entity name", "e1").await;
    developer
        .click("Search")
        .await
        .see("Entity E1")
        .await
        .miss("Entity E2")
        .await;
    developer.pictures("portal-entities").await;
}

async fn suspends_and_resumes(world: &World, admin: &Chromium, token: &str) {
    admin.click("Suspend").await.see("Suspend Payroll Bridge?").await;
    admin.fill("Reason", "The books are being closed.").await;
    admin.pictures("suspend").await;
    admin
        .click("Suspend")
        .await
        .see("The application has been suspended.")
        .await;
    assert_eq!(world.gate(token, "e1", "read").await, "app_suspended");
    admin.click("Resume").await.see("Resume Payroll Bridge?").await;
    admin
        .click("Resume")
        .await
        .see("The application has been resumed.")
        .await;
    assert_eq!(world.gate(token, "e1", "read").await, "ok");
}

/// With an overlap; then the older secret is retired.
async fn rotates(developer: &Chromium, older: (String, String)) -> (String, String) {
    developer.click("Details").await.click("Show Credentials").await;
    developer
        .fill("Keep the current client secret valid for", "24 hours")
        .await;
    developer
        .click("Rotate client secret")
        .await
        .see("The older client secret is valid until")
        .await;
    let newer = developer.copy("ClientSecret").await;
    developer.click("Done").await.click("Show Credentials").await;
    developer.see("Retire one of them before you generate another.").await;
    developer.pictures("portal-credentials-two").await;
    developer
        .click_at(&older.1[..8], "Retire")
        .await
        .see("stops working at once")
        .await;
    developer.pictures("portal-retire").await;
    developer
        .click("Retire")
        .await
        .see("The client secret has been retired")
        .await;
    (older.0, newer)
}

/// A clear question that names what will stop.
async fn revokes(admin: &Chromium) {
    admin
        .click("Revoke")
        .await
        .see("This cannot be undone.")
        .await
        .see(DEVELOPER)
        .await
        .see("Entity E2")
        .await;
    admin.pictures("revoke").await;
    admin
        .click("Yes, revoke it permanently")
        .await
        .see("Its access tokens and client secrets no longer work.")
        .await;
    admin.pictures("application-revoked").await;
}

/// Every step is in the file.
async fn downloads_the_log(admin: &Chromium) {
    admin.click("More actions").await.click("Download Activity Log").await;
    let rows = read_csv(&admin.downloaded(".csv").await);
    let confirmation: Vec<_> = rows.iter().map(|row| row["event"].as_str()).collect();
    for event in [
        "NewIntegrationCreated",
        "DeveloperInvited",
        "VerificationCodeSent",
        "InvitationAccepted",
        "OneTimePasswordMistyped",
        "DeveloperVerified",
        "CredentialsRevealed",
        "ClientSecretGenerated",
        "EntitiesChanged",
        "ApplicationSuspended",
        "ApplicationResumed",
        "ClientSecretRetired",
        "ApplicationRevoked",
        "ActivityLogDownloaded",
    ] {
        assert!(confirmation.contains(&event), "{event} in {confirmation:?}");
    }
}

/// AIQ Integrate, with its two disclaimers and the mail to the team.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aiq_integrate_from_its_disclaimers_to_the_notice_of_the_team() {
    let world = World::on_sqlite().await;
    let ada = console_of(&world, "ada").await;
    ada.click("New Integration Application").await;
    ada.check("AIQ Integrate").await;
    ada.click("Next Step").await.see("Bank Feeds").await;
    ada.check("Bank Feeds").await;
    ada.click("Next Step")
        .await
        .see("Accept that this application type is chargeable.")
        .await;
    ada.pictures("aiq-integrate-type").await;
    ada.check("I understand that this application type is chargeable.")
        .await;
    ada.click("Next Step").await.see("AIQ Integrate: Bank Feeds").await;
    assert!(ada.is_greyed_out("Category").await);
    ada.fill("Name", "Feeds").await;
    ada.fill("Application Description", "Statements, each morning.").await;
    ada.click("Select all").await.see("5 of 5 selected").await;
    ada.click("Create")
        .await
        .see("Accept that our team will have access to your data.")
        .await;
    ada.see("5 of 5 selected").await;
    ada.check("I understand that this application type is chargeable.")
        .await;
    ada.check("I understand that the integration team will have access")
        .await;
    ada.pictures("aiq-integrate").await;
    ada.click("Create")
        .await
        .see("Our integration team has been notified")
        .await;
    ada.pictures("aiq-integrate-created").await;
    world.last_mail_to("team@provider.example").await;
    ada.see("It has no outside developer.").await;
    ada.click("Integration Applications").await;
    ada.click("New Integration Application").await;
    ada.check("AIQ Integrate").await;
    ada.click("Next Step").await;
    ada.check("AIQ Custom Integration").await;
    ada.check("I understand that this application type is chargeable.")
        .await;
    ada.click("Next Step")
        .await
        .see("AIQ Integrate: AIQ Custom Integration")
        .await;
    ada.fill("Category", "Inventory & Stock").await;
    ada.pictures("aiq-integrate-custom").await;
}
