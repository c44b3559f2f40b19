//! Invite to the Developer Portal: the link, the code, the account.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::world::PASSWORD;
use crate::support::{APPS, PORTAL, World, app_at, on_both_databases, portal_at};

on_both_databases! {
    r18_an_invitation_is_a_link_that_is_valid_for_three_days,
    r18_resend_invite_makes_a_new_link_and_kills_the_old_one,
    r18_an_expired_invitation_can_be_resent_or_its_developer_replaced,
    r18_a_link_works_once,
    r19_signing_up_takes_a_code_a_name_and_a_long_password,
    r19_a_code_has_five_tries_and_ten_minutes,
    r19_one_account_serves_any_number_of_applications,
    r19_signing_up_through_one_application_is_enough_for_the_other,
}

async fn verify(dev: &crate::support::Person, app: &Value, otp: &str) -> crate::support::Answer {
    dev.post(&portal_at(app, "/verify"), json!({"otp": otp})).await
}

fn otp_of(answer: &Value) -> String {
    answer["verification"]["otp"].as_str().unwrap().to_owned()
}

async fn r18_an_invitation_is_a_link_that_is_valid_for_three_days(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "Payroll").await;
    let mail = world.last_mail_to("dev@example.com").await;
    assert_eq!(mail.subject, "Developer Portal – Invitation");
    assert!(mail.text.contains("Payroll") && mail.text.contains("Acme Group"));
    let link = format!("{}/portal/sign-up?invite={}", world.base_url, mail.invite_token());
    assert!(mail.text.lines().any(|line| line == link), "{}", mail.text);
    let anybody = world.anybody();
    let open =
        |token: String| anybody.post_owned(format!("{PORTAL}/sign-up/invitation"), json!({"invite_token": token}));
    let open_now = open(mail.invite_token()).await.expect(200).json();
    assert_eq!(open_now["email"], "dev@example.com");
    assert_eq!(open_now["expires_at"], "2026-11-26T09:00:00.000Z");
    for unknown in ["nonsense", "gbi_nonsense", &format!("{}x", mail.invite_token())] {
        open(unknown.to_owned()).await.expect(404);
    }
    world.pass(TimeDelta::hours(72) - TimeDelta::milliseconds(1));
    open(mail.invite_token()).await.expect(200);
    world.pass(TimeDelta::milliseconds(1));
    let before = world.traces().await;
    open(mail.invite_token()).await.refused(410, "invite_expired");
    let code = json!({"invite_token": mail.invite_token()});
    anybody
        .post(&format!("{PORTAL}/sign-up/code"), code)
        .await
        .refused(410, "invite_expired");
    assert_eq!(world.traces().await, before);
}

async fn r18_resend_invite_makes_a_new_link_and_kills_the_old_one(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let old = world.last_mail_to("dev@example.com").await.invite_token();
    world.pass(TimeDelta::hours(1));
    let resent = ada
        .post(&app_at(&app, "/developer/resend-invite"), json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(resent["status"], "invited");
    assert_eq!(resent["invite_expires_at"], "2026-11-26T10:00:00.000Z");
    let new = world.last_mail_to("dev@example.com").await.invite_token();
    assert_ne!(old, new);
    let code = |token: &str| json!({"invite_token": token});
    let before = world.traces().await;
    for step in ["/sign-up/invitation", "/sign-up/code"] {
        world
            .anybody()
            .post(&format!("{PORTAL}{step}"), code(&old))
            .await
            .refused(404, "invite_unknown");
    }
    assert_eq!(world.traces().await, before);
    let dev = world.signs_up("dev@example.com", &new).await;
    world.verified(&dev, &app).await;
    let before = world.traces().await;
    let again = ada.post(&app_at(&app, "/developer/resend-invite"), json!({})).await;
    again.refused(409, "developer_already_signed_up");
    assert_eq!(world.traces().await, before);
}

async fn r18_an_expired_invitation_can_be_resent_or_its_developer_replaced(world: World) {
    let ada = world.ada().await;
    let (one, two) = (world.created(&ada, "One").await, world.created(&ada, "Two").await);
    world.pass(TimeDelta::days(30));
    let resent = ada
        .post(&app_at(&one, "/developer/resend-invite"), json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(resent["invite_expires_at"], "2026-12-26T09:00:00.000Z");
    ada.post(&app_at(&two, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    let other = ada
        .post(&app_at(&two, "/developer"), json!({"email": "eve@example.com"}))
        .await
        .expect(201)
        .json();
    let eve = world.signed_up("eve@example.com").await;
    verify(&eve, &two, &otp_of(&other)).await.expect(200);
    let reset = ada
        .post(&app_at(&one, "/developer/reset-otp"), json!({}))
        .await
        .expect(200)
        .json();
    let resent = world
        .mails()
        .await
        .into_iter()
        .rev()
        .find(|mail| mail.subject.contains("Invitation") && mail.to == "dev@example.com");
    let dev = world.signs_up("dev@example.com", &resent.unwrap().invite_token()).await;
    verify(&dev, &one, &otp_of(&reset)).await.expect(200);
}

async fn r18_a_link_works_once(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "Payroll").await;
    let token = world.last_mail_to("dev@example.com").await.invite_token();
    world.signs_up("dev@example.com", &token).await;
    let before = world.traces().await;
    for step in ["/sign-up/invitation", "/sign-up/code"] {
        let answer = world
            .anybody()
            .post(&format!("{PORTAL}{step}"), json!({"invite_token": token}))
            .await;
        assert!([404, 409].contains(&answer.status.as_u16()), "{}", answer.text());
    }
    assert_eq!(world.traces().await, before);
}

async fn r19_signing_up_takes_a_code_a_name_and_a_long_password(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let token = world.last_mail_to("dev@example.com").await.invite_token();
    let anybody = world.anybody();
    let sign_up = |code: &str, name: &str, password: &str| {
        let form = json!({"invite_token": token, "code": code, "full_name": name, "password": password});
        anybody.post_owned(format!("{PORTAL}/sign-up"), form)
    };
    sign_up("123456", "Dev", PASSWORD).await.refused(410, "code_expired");
    anybody
        .post(&format!("{PORTAL}/sign-up/code"), json!({"invite_token": token}))
        .await
        .expect(202);
    let mail = world.last_mail_to("dev@example.com").await;
    let code = mail.code();
    assert!(!mail.subject.contains(&code));
    assert!(!world.log_holds(&code).await, "the code stands in the log");
    let before = world.traces().await;
    sign_up(&code, "Dev", "vexed quiz jum")
        .await
        .refused(422, "password_too_short");
    sign_up(&code, "", PASSWORD).await.refused(422, "required");
    sign_up(&code, "Dev\u{202e}", PASSWORD)
        .await
        .refused(422, "invalid_full_name");
    assert_eq!(
        sign_up(&code, "Dev\u{202e}", "short")
            .await
            .expect(422)
            .problems()
            .len(),
        2
    );
    assert_eq!(world.traces().await, before);
    sign_up(&code, "Dev Eloper", "vexed quiz jumb").await.expect(201);
    let details = ada.get(&app_at(&app, "/developer")).await.expect(200).json();
    assert_eq!(
        (&details["status"], &details["name"]),
        (&json!("otp_pending"), &Value::Null)
    );
    assert!(
        !world.log_holds("vexed quiz jumb").await,
        "the password stands in the log"
    );
    let again = sign_up(&code, "Dev Eloper", PASSWORD).await;
    assert!([404, 409].contains(&again.status.as_u16()), "{}", again.text());
}

async fn r19_a_code_has_five_tries_and_ten_minutes(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "Payroll").await;
    let token = world.last_mail_to("dev@example.com").await.invite_token();
    let anybody = world.anybody();
    let send = || anybody.post_owned(format!("{PORTAL}/sign-up/code"), json!({"invite_token": token}));
    let sign_up = |code: &str| {
        let form = json!({"invite_token": token, "code": code, "full_name": "Dev", "password": PASSWORD});
        anybody.post_owned(format!("{PORTAL}/sign-up"), form)
    };
    send().await.expect(202);
    let code = world.last_mail_to("dev@example.com").await.code();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for left in (0..5).rev() {
        assert_eq!(
            sign_up(wrong).await.refused(422, "code_wrong").json()["attempts_left"],
            left
        );
    }
    sign_up(&code).await.refused(410, "code_expired");
    send().await.expect(202);
    let code = world.last_mail_to("dev@example.com").await.code();
    world.pass(TimeDelta::minutes(10));
    sign_up(&code).await.refused(410, "code_expired");
    send().await.expect(202);
    let replaced = world.last_mail_to("dev@example.com").await.code();
    send().await.expect(202);
    let code = world.last_mail_to("dev@example.com").await.code();
    if replaced != code {
        sign_up(&replaced).await.refused(422, "code_wrong");
    }
    world.pass(TimeDelta::minutes(10) - TimeDelta::milliseconds(1));
    sign_up(&code).await.expect(201);
}

async fn r19_one_account_serves_any_number_of_applications(world: World) {
    let (ada, first, dev, _) = world.running("First").await;
    let second = world.created(&ada, "Second").await;
    assert_eq!(
        second["developer"],
        json!({"status": "otp_pending", "email": "dev@example.com", "name": null})
    );
    let mail = world.last_mail_to("dev@example.com").await;
    assert_eq!(mail.subject, "Developer Portal – Application assigned: Second");
    assert!(!mail.text.contains("invite="), "{}", mail.text);
    assert!(!mail.text.contains(&otp_of(&second)));
    let home = dev.get(&format!("{PORTAL}/apps")).await.expect(200).json();
    assert_eq!(home["apps"][0]["id"], first["id"]);
    assert_eq!(home["otp_verification_needed"][0]["id"], second["id"]);
    let before = world.traces().await;
    let resend = ada.post(&app_at(&second, "/developer/resend-invite"), json!({})).await;
    resend.refused(409, "developer_already_signed_up");
    assert_eq!(world.traces().await, before);
    world.verified(&dev, &second).await;
    let home = dev.get(&format!("{PORTAL}/apps")).await.expect(200).json();
    assert_eq!(
        (home["apps"].as_array().unwrap().len(), &home["otp_verification_needed"]),
        (2, &json!([]))
    );
}

async fn r19_signing_up_through_one_application_is_enough_for_the_other(world: World) {
    let ada = world.ada().await;
    let first = world.created(&ada, "First").await;
    let firsts_token = world.last_mail_to("dev@example.com").await.invite_token();
    let second = world.created(&ada, "Second").await;
    let seconds_token = world.last_mail_to("dev@example.com").await.invite_token();
    let dev = world.signs_up("dev@example.com", &firsts_token).await;
    for app in [&first, &second] {
        let shown = ada.get(&app_at(app, "")).await.expect(200).json();
        assert_eq!(
            shown["developer"],
            json!({"status": "otp_pending", "email": "dev@example.com", "name": null})
        );
    }
    assert_eq!(
        ada.get(&format!("{APPS}?developer_status=otp_pending"))
            .await
            .all("id")
            .len(),
        2
    );
    let before = world.traces().await;
    for step in ["/sign-up/invitation", "/sign-up/code"] {
        let answer = world
            .anybody()
            .post(&format!("{PORTAL}{step}"), json!({"invite_token": seconds_token}))
            .await;
        answer.refused(409, "developer_already_signed_up");
    }
    let resend = ada.post(&app_at(&second, "/developer/resend-invite"), json!({})).await;
    resend.refused(409, "developer_already_signed_up");
    assert_eq!(world.traces().await, before);
    world.verified(&dev, &second).await;
    assert_eq!(
        ada.get(&app_at(&second, "/developer")).await.json()["status"],
        "verified"
    );
}
