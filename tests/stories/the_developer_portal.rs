//! The Developer Portal: invited, signed up, verified, shown.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::world::PASSWORD;
use crate::support::{APPS, PORTAL, Person, World, app_at, id, on_both_databases, portal_at};

on_both_databases! {
    r14_an_otp_is_read_without_regard_to_case_dash_and_look_alikes,
    r14_an_otp_is_valid_for_three_days_and_not_a_millisecond_longer,
    r15_five_wrong_tries_lock_the_otp_even_for_the_right_one,
    r15_a_dead_otp_is_recorded_once_and_can_only_be_reset,
    r16_reset_otp_kills_the_old_one_and_mails_that_it_happened,
    r16_a_verified_otp_cannot_be_reset,
    r17_an_otp_belongs_to_one_application_and_its_developer,
    r19_a_developer_logs_in_and_out,
    r19_wrong_passwords_are_slowed_down_and_never_locked_out,
    r22_details_are_shown_after_verification_only,
    r22_entities_can_be_filtered_and_paged,
}

async fn verify(dev: &Person, app: &Value, otp: &str) -> crate::support::Answer {
    dev.post(&portal_at(app, "/verify"), json!({"otp": otp})).await
}

fn otp_of(answer: &Value) -> String {
    answer["verification"]["otp"].as_str().unwrap().to_owned()
}

/// An OTP that is not this one.
fn other_than(otp: &str) -> &'static str {
    if otp == "AAAA-AAAA" { "BBBB-BBBB" } else { "AAAA-AAAA" }
}

/// The events of an application, newest first.
async fn events(admin: &Person, app: &Value) -> Vec<String> {
    admin
        .get(&app_at(app, "/events?limit=200"))
        .await
        .expect(200)
        .all("event")
}

async fn r14_an_otp_is_read_without_regard_to_case_dash_and_look_alikes(world: World) {
    let ada = world.ada().await;
    let apps = [
        world.created(&ada, "One").await,
        world.created(&ada, "Two").await,
        world.created(&ada, "Three").await,
    ];
    let dev = world.signed_up("dev@example.com").await;
    let [one, two, three] = apps.each_ref().map(otp_of);
    verify(&dev, &apps[0], &one.to_lowercase().replace('-', ""))
        .await
        .expect(200);
    verify(&dev, &apps[1], &two.replace('0', "O").replace('1', "I"))
        .await
        .expect(200);
    verify(
        &dev,
        &apps[2],
        &format!(" {} ", three.to_lowercase().replace('0', "o").replace('1', "l")),
    )
    .await
    .expect(200);
}

async fn r14_an_otp_is_valid_for_three_days_and_not_a_millisecond_longer(world: World) {
    let ada = world.ada().await;
    let (early, late) = (world.created(&ada, "Early").await, world.created(&ada, "Late").await);
    world.signed_up("dev@example.com").await;
    world.pass(TimeDelta::hours(72) - TimeDelta::milliseconds(1));
    let dev = world.logged_in("dev@example.com").await;
    verify(&dev, &early, &otp_of(&early)).await.expect(200);
    world.pass(TimeDelta::milliseconds(1));
    verify(&dev, &late, &otp_of(&late)).await.refused(410, "otp_expired");
    dev.get(&portal_at(&late, ""))
        .await
        .refused(403, "otp_verification_needed");
    let reset = ada
        .post(&app_at(&late, "/developer/reset-otp"), json!({}))
        .await
        .expect(200)
        .json();
    verify(&dev, &late, &otp_of(&reset)).await.expect(200);
}

async fn r15_five_wrong_tries_lock_the_otp_even_for_the_right_one(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let dev = world.signed_up("dev@example.com").await;
    let otp = otp_of(&app);
    for left in (0..5).rev() {
        verify(&dev, &app, "not even an OTP").await.refused(422, "invalid_otp");
        let wrong = if left % 2 == 0 { other_than(&otp) } else { "WRNG-WRNG" };
        let problem = verify(&dev, &app, wrong).await.refused(422, "otp_wrong").json();
        assert_eq!(problem["attempts_left"], left);
        let details = ada.get(&app_at(&app, "/developer")).await.expect(200).json();
        assert_eq!(details["otp_attempts_left"], left);
    }
    verify(&dev, &app, &otp).await.refused(423, "otp_locked");
    let message = events(&ada, &app).await;
    assert_eq!(
        message
            .iter()
            .filter(|event| *event == "OneTimePasswordMistyped")
            .count(),
        5
    );
    assert_eq!(message[0], "UnusableOneTimePasswordTried");
    let reset = ada
        .post(&app_at(&app, "/developer/reset-otp"), json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(reset["otp_attempts_left"], 5);
    verify(&dev, &app, &otp_of(&reset)).await.expect(200);
}

async fn r15_a_dead_otp_is_recorded_once_and_can_only_be_reset(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    world.signed_up("dev@example.com").await;
    world.pass(TimeDelta::hours(72));
    let dev = world.logged_in("dev@example.com").await;
    verify(&dev, &app, &otp_of(&app)).await.refused(410, "otp_expired");
    let before = world.traces().await;
    verify(&dev, &app, &otp_of(&app)).await.refused(410, "otp_expired");
    verify(&dev, &app, other_than(&otp_of(&app)))
        .await
        .refused(410, "otp_expired");
    assert_eq!(world.traces().await, before);
    assert_eq!(events(&ada, &app).await[0], "UnusableOneTimePasswordTried");
}

async fn r16_reset_otp_kills_the_old_one_and_mails_that_it_happened(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let dev = world.signed_up("dev@example.com").await;
    let reset = ada
        .post(&app_at(&app, "/developer/reset-otp"), json!({}))
        .await
        .expect(200)
        .json();
    let (old, new) = (otp_of(&app), otp_of(&reset));
    assert_ne!(old, new);
    assert!(reset["verification"]["instructions"].as_str().unwrap().contains(&new));
    let mail = world.last_mail_to("dev@example.com").await;
    assert_eq!(mail.subject, "Developer Portal – One-time password reset: Payroll");
    assert!(!mail.text.contains(&new) && !mail.text.contains(&new.replace('-', "")));
    assert!(
        !ada.get(&app_at(&app, "/developer"))
            .await
            .expect(200)
            .text()
            .contains(&new)
    );
    verify(&dev, &app, &old).await.refused(422, "otp_wrong");
    verify(&dev, &app, &new).await.expect(200);
}

async fn r16_a_verified_otp_cannot_be_reset(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    let before = world.traces().await;
    ada.post(&app_at(&app, "/developer/reset-otp"), json!({}))
        .await
        .refused(409, "already_verified");
    verify(&dev, &app, &otp_of(&app)).await.refused(409, "already_verified");
    assert_eq!(world.traces().await, before);
}

async fn r17_an_otp_belongs_to_one_application_and_its_developer(world: World) {
    let ada = world.ada().await;
    let (one, two) = (world.created(&ada, "One").await, world.created(&ada, "Two").await);
    let form = World::with(
        World::new_integration("Eve's"),
        json!({"developer_email": "eve@example.com"}),
    );
    let eves = ada.post(APPS, form).await.expect(201).json();
    let dev = world.signed_up("dev@example.com").await;
    let eve = world.signed_up("eve@example.com").await;
    let before = world.traces().await;
    verify(&eve, &one, &otp_of(&one)).await.refused(404, "not_found");
    for rest in ["", "/entities"] {
        eve.get(&portal_at(&one, rest)).await.refused(404, "not_found");
    }
    eve.post(&portal_at(&one, "/client-secrets"), json!({}))
        .await
        .refused(404, "not_found");
    verify(&dev, &eves, &otp_of(&eves)).await.refused(404, "not_found");
    assert_eq!(world.traces().await, before);
    verify(&dev, &one, &otp_of(&two)).await.refused(422, "otp_wrong");
    let home = eve.get(&format!("{PORTAL}/apps")).await.expect(200).json();
    assert_eq!(home["otp_verification_needed"].as_array().unwrap().len(), 1);
    assert_eq!(home["otp_verification_needed"][0]["id"], eves["id"]);
}

async fn r19_a_developer_logs_in_and_out(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "Payroll").await;
    world.signed_up("dev@example.com").await;
    let anybody = world.anybody();
    let log_in = |email: &str, password: &str| {
        anybody.post_owned(
            format!("{PORTAL}/session"),
            json!({"email": email, "password": password}),
        )
    };
    for (email, password) in [
        ("dev@example.com", "wrong"),
        ("nobody@example.com", PASSWORD),
        ("nonsense", ""),
        ("", PASSWORD),
    ] {
        let answer = log_in(email, password).await;
        assert!([401, 422].contains(&answer.status.as_u16()), "{}", answer.text());
    }
    let wrong = log_in("dev@example.com", "wrong password")
        .await
        .refused(401, "unauthenticated");
    let unknown = log_in("nobody@example.com", "wrong password")
        .await
        .refused(401, "unauthenticated");
    assert_eq!(wrong.json(), unknown.json());
    let session = log_in("DEV@example.com", PASSWORD).await.expect(200).json();
    let dev = world.person(Some(session["token"].as_str().unwrap().to_owned()));
    let apps = format!("{PORTAL}/apps");
    dev.get(&apps).await.expect(200);
    dev.delete(&format!("{PORTAL}/session")).await.done();
    dev.get(&apps).await.refused(401, "unauthenticated");
    let dev = world.logged_in("dev@example.com").await;
    world.pass(TimeDelta::hours(12) - TimeDelta::milliseconds(1));
    dev.get(&apps).await.expect(200);
    world.pass(TimeDelta::milliseconds(1));
    dev.get(&apps).await.refused(401, "unauthenticated");
}

async fn r19_wrong_passwords_are_slowed_down_and_never_locked_out(world: World) {
    let ada = world.ada().await;
    world.created(&ada, "Payroll").await;
    world.signed_up("dev@example.com").await;
    let anybody = world.anybody();
    let log_in = |password: &str| {
        let form = json!({"email": "dev@example.com", "password": password});
        anybody.post_owned(format!("{PORTAL}/session"), form)
    };
    let mut tries = 0;
    let slowed = loop {
        let answer = log_in("wrong password").await;
        match answer.status.as_u16() {
            401 if tries < 20 => tries += 1,
            _ => break answer.refused(429, "too_many_requests"),
        }
    };
    assert_eq!(tries, 10);
    let seconds: i64 = slowed.header("retry-after").parse().unwrap();
    log_in(PASSWORD).await.refused(429, "too_many_requests");
    world.pass(TimeDelta::seconds(seconds));
    for _ in 0..20 {
        log_in(PASSWORD).await.expect(200);
    }
}

async fn r22_details_are_shown_after_verification_only(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll").await;
    let dev = world.signed_up("dev@example.com").await;
    let home = dev.get(&format!("{PORTAL}/apps")).await.expect(200);
    assert!(!home.text().contains(app["client_id"].as_str().unwrap()));
    assert_eq!(home.json()["otp_verification_needed"][0]["name"], "Payroll");
    let before = world.traces().await;
    for rest in ["", "/entities"] {
        dev.get(&portal_at(&app, rest))
            .await
            .refused(403, "otp_verification_needed");
    }
    let secret = dev.post(&portal_at(&app, "/client-secrets"), json!({})).await;
    secret.refused(403, "otp_verification_needed");
    assert_eq!(world.traces().await, before);
    world.verified(&dev, &app).await;
    let home = dev.get(&format!("{PORTAL}/apps")).await.expect(200);
    assert_eq!(home.json()["apps"][0]["name"], "Payroll");
    assert!(
        !home.text().contains(app["client_id"].as_str().unwrap()),
        "R28: that would be a look at credentials"
    );
    assert!(!events(&ada, &app).await.contains(&"CredentialsRevealed".to_owned()));
    let shown = dev.get(&portal_at(&app, "")).await.expect(200).json();
    assert_eq!(events(&ada, &app).await[0], "CredentialsRevealed");
    for field in ["name", "description", "client_id", "api_permission", "status"] {
        assert_eq!(shown[field], app[field], "{field}");
    }
    assert!(shown["group"].to_string().contains("Acme Group"), "{shown}");
    assert_eq!(shown["endpoints"]["token"], format!("{}/oauth/token", world.base_url));
    assert_eq!(shown["endpoints"]["wsdl"], "https://soap.example.com/api?wsdl");
    assert!(
        shown["endpoints"]["documentation"]
            .as_str()
            .unwrap()
            .starts_with("http")
    );
    assert_eq!(shown["client_secrets"], json!([]));
    assert_eq!(events(&ada, &app).await[0], "CredentialsRevealed");
}

async fn r22_entities_can_be_filtered_and_paged(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    for n in 0..70 {
        let path = format!("/operator/api/v1/groups/acme/entities/p{n:02}");
        world
            .operator
            .put(&path, json!({"name": format!("Página {n}")}))
            .await
            .expect(201);
    }
    let all: Vec<String> = (0..70)
        .map(|n| format!("p{n:02}"))
        .chain(["e1".to_owned(), "e2".to_owned()])
        .collect();
    ada.patch(&app_at(&app, ""), json!({"entities": all})).await.expect(200);
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = dev
            .get(&portal_at(&app, &format!("/entities?limit=20&cursor={cursor}")))
            .await
            .expect(200);
        assert!(page.all("id").len() <= 20);
        seen.extend(page.all("id"));
        match page.json()["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    let mut expected = all.clone();
    expected.sort();
    seen.sort();
    assert_eq!(seen, expected);
    let found = dev
        .get(&portal_at(&app, "/entities?name=P%C3%81GINA%206&limit=200"))
        .await
        .expect(200);
    assert_eq!(found.all("id").len(), 11);
    let first = dev
        .get(&portal_at(&app, "/entities?name=entity"))
        .await
        .expect(200)
        .json();
    assert_eq!(first["items"][0], json!({"id": "e1", "name": "Entity E1"}));
    ada.patch(&app_at(&app, ""), json!({"entities": ["e2"]}))
        .await
        .expect(200);
    assert_eq!(dev.get(&portal_at(&app, "/entities")).await.all("id"), ["e2"]);
    world
        .operator
        .delete("/operator/api/v1/groups/acme/entities/e2")
        .await
        .done();
    assert!(dev.get(&portal_at(&app, "/entities")).await.all("id").is_empty());
    assert_eq!(ada.get(&app_at(&app, "")).await.json()["entities"], json!([]));
    assert_eq!(id(&app), id(&ada.get(&app_at(&app, "")).await.json()));
}
