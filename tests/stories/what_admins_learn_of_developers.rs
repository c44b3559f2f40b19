//! What an admin learns of a developer: the address as it was typed, and the name once the developer has verified for
//! the admin's own application.

use serde_json::{Value, json};

use crate::support::{APPS, World, app_at, on_both_databases, portal_at};

on_both_databases! {
    whoever_types_a_known_developers_address_learns_no_name,
    a_developer_who_signs_up_by_an_invitation_is_named_once_verified,
    a_mail_about_an_account_goes_to_the_accounts_own_address,
}

/// Everything that an admin can read about an application, as one text.
async fn everything_about(admin: &crate::support::Person, app: &Value) -> String {
    let mut read = String::new();
    for path in [
        APPS.to_owned(),
        app_at(app, ""),
        app_at(app, "/developer"),
        app_at(app, "/events"),
        app_at(app, "/activity-log"),
        "/api/v1/activity-log".to_owned(),
    ] {
        read += &admin.get(&path).await.expect(200).text();
    }
    for path in [app_at(app, "/activity-log"), "/api/v1/activity-log".to_owned()] {
        read += &admin.get_as("application/x-ndjson", &path).await.expect(200).text();
    }
    read
}

async fn whoever_types_a_known_developers_address_learns_no_name(world: World) {
    world.running("Payroll").await;
    let gus = world.user("globex", "pam").await;
    let form = World::with(
        World::new_integration("Fishing"),
        json!({"developer_email": "Dev@Example.com", "entities": ["g1"]}),
    );
    let app = gus.post(APPS, form).await.expect(201).json();
    assert_eq!(
        app["developer"],
        json!({"status": "otp_pending", "email": "Dev@Example.com", "name": null})
    );
    let dev = world.logged_in("dev@example.com").await;
    dev.post(&portal_at(&app, "/verify"), json!({"otp": "0000-0000"}))
        .await
        .refused(422, "otp_wrong");

    let read = everything_about(&gus, &app).await;
    assert!(!read.contains("Dev Eloper"), "{read}");
    assert!(read.contains("Dev@Example.com entered a wrong OTP"), "{read}");
    let mails: Vec<_> = world.mails().await.into_iter().map(|mail| mail.text).collect();
    assert!(mails.iter().all(|mail| !mail.contains("Dev Eloper")), "{mails:?}");

    world.verified(&dev, &app).await;
    let verified = gus.get(&app_at(&app, "/developer")).await.expect(200).json();
    assert_eq!(verified["name"], "Dev Eloper");
    let events = gus.get(&app_at(&app, "/events")).await.expect(200).json();
    let summary = &events["items"][0]["summary"];
    assert_eq!(summary, "Dev Eloper verified the application with the OTP.");
}

async fn a_developer_who_signs_up_by_an_invitation_is_named_once_verified(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let dev = world.signed_up("dev@example.com").await;
    let read = everything_about(&ada, &app).await;
    assert!(!read.contains("Dev Eloper"), "{read}");
    assert!(read.contains("dev@example.com accepted the invite"), "{read}");
    world.verified(&dev, &app).await;
    assert!(everything_about(&ada, &app).await.contains("Dev Eloper"));
    let (revoke, anew) = (app_at(&app, "/developer/revoke"), app_at(&app, "/developer"));
    ada.post(&revoke, json!({})).await.expect(200);
    let linked = ada
        .post(&anew, json!({"email": "dev@example.com"}))
        .await
        .expect(201)
        .json();
    assert_eq!(linked["developer"]["name"], Value::Null, "the new link is not verified");
}

async fn a_mail_about_an_account_goes_to_the_accounts_own_address(world: World) {
    world.running("Payroll").await;
    let gus = world.user("globex", "pam").await;
    let form = World::with(
        World::new_integration("Second"),
        json!({"developer_email": "DEV@EXAMPLE.COM", "entities": ["g1"]}),
    );
    let app = gus.post(APPS, form).await.expect(201).json();
    for change in ["/developer/reset-otp", "/developer/revoke"] {
        // What waits is sent first: it would be withdrawn.
        world.mails().await;
        gus.post(&app_at(&app, change), json!({})).await.expect(200);
    }
    let subjects = |mails: Vec<crate::support::mailbox::Mail>| {
        let about = mails.into_iter().filter(|mail| mail.subject.contains("Second"));
        about.map(|mail| (mail.to, mail.subject)).collect::<Vec<_>>()
    };
    let sent = subjects(world.mails().await);
    assert_eq!(sent.len(), 3, "assigned, reset, revoked: {sent:?}");
    for (to, subject) in sent {
        assert_eq!(to, "dev@example.com", "{subject}");
    }
}
