//! A name exists once, for ever; and so does what is asked for twice with the same Idempotency-Key.

use chrono::TimeDelta;
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{APPS, World, app_at, id, on_both_databases};

on_both_databases! {
    r6_the_name_is_unique_across_all_groups_for_ever,
    r6_of_creations_that_race_for_a_name_one_wins,
    the_same_idempotency_key_is_answered_like_the_first_time,
    an_idempotency_key_is_for_one_request_of_one_person,
    the_same_idempotency_key_at_the_same_time_creates_one_application,
    r2_who_lost_the_permission_is_not_shown_the_otp_again,
    what_was_refused_is_not_remembered,
}

async fn r6_the_name_is_unique_across_all_groups_for_ever(world: World) {
    let (ada, pam) = (world.ada().await, world.user("globex", "pam").await);
    let app = ada
        .post(APPS, World::new_integration("  Payroll \u{a0} Bridge "))
        .await
        .expect(201)
        .json();
    assert_eq!(app["name"], "Payroll Bridge");
    let before = world.traces().await;
    let again = |name: &str| World::with(World::new_integration(name), json!({"entities": ["g1"]}));
    for same in [
        "Payroll Bridge",
        "PAYROLL BRIDGE",
        "\u{ff30}ayroll bridge",
        "payroll   bridge",
        "Payroll\u{2003}Bridge",
    ] {
        let message = pam.post(APPS, again(same)).await.refused(409, "name_taken").problems();
        assert_eq!(message, [("name".to_owned(), "name_taken".to_owned())], "{same}");
    }
    ada.post(APPS, World::aiq_integrate("payroll bridge"))
        .await
        .refused(409, "name_taken");
    assert_eq!(world.traces().await, before);
    ada.post(&app_at(&app, "/revoke"), json!({})).await.expect(200);
    pam.post(APPS, again("Payroll Bridge")).await.refused(409, "name_taken");
    pam.post(APPS, again("Payroll-Bridge")).await.expect(201);
    pam.post(APPS, again("Straße Ⅳ")).await.expect(201);
    pam.post(APPS, again("STRASSE iv")).await.refused(409, "name_taken");
}

async fn r6_of_creations_that_race_for_a_name_one_wins(world: World) {
    let (ada, pam) = (world.ada().await, world.user("globex", "pam").await);
    let names = [
        "Race Car",
        "RACE CAR",
        "race car",
        "Race car",
        "rAcE cAr",
        "race CAR",
        "Race  Car",
        "RACE car",
    ];
    let creations = names.iter().enumerate().map(|(i, name)| {
        let (admin, entity) = if i % 2 == 0 { (&ada, "e1") } else { (&pam, "g1") };
        admin.post(
            APPS,
            World::with(World::new_integration(name), json!({"entities": [entity]})),
        )
    });
    let answers = join_all(creations).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((won.len(), lost.len()), (1, 7));
    for answer in lost {
        answer.refused(409, "name_taken");
    }
    assert_eq!(world.mails().await.len(), 1);
    let listed = ada.get(APPS).await.all("id").len() + pam.get(APPS).await.all("id").len();
    assert_eq!(listed, 1);
}

async fn the_same_idempotency_key_is_answered_like_the_first_time(world: World) {
    let ada = world.ada().await;
    let create = || {
        ada.send(
            Method::POST,
            APPS,
            Some(World::new_integration("Payroll")),
            &[("Idempotency-Key", "k-1")],
        )
    };
    let first = create().await.expect(201);
    let before = world.traces().await;
    world.pass(TimeDelta::minutes(10) - TimeDelta::milliseconds(1));
    let second = create().await.expect(201);
    assert_eq!(second.json(), first.json());
    for header in ["etag", "location"] {
        assert_eq!(second.header(header), first.header(header));
    }
    ada.patch(&app_at(&first.json(), ""), json!({"description": "Changed since."}))
        .await
        .expect(200);
    world.pass(TimeDelta::milliseconds(1));
    let third = create().await.expect(201);
    let mut expected = first.json();
    expected["verification"] = Value::Null;
    let mut answered = third.json();
    answered["verification"].take();
    assert_eq!(answered, expected);
    assert!(
        !third
            .text()
            .contains(first.json()["verification"]["otp"].as_str().unwrap())
    );
    assert_eq!(world.traces().await.emails, before.emails);
    assert_eq!(world.traces().await.events, before.events + 1);
}

async fn an_idempotency_key_is_for_one_request_of_one_person(world: World) {
    let (ada, pam) = (world.ada().await, world.user("acme", "pam").await);
    let key = [("Idempotency-Key", "k-1")];
    let create = |name: &str| (Method::POST, World::new_integration(name));
    let (post, form) = create("Payroll");
    let app = ada
        .send(post.clone(), APPS, Some(form.clone()), &key)
        .await
        .expect(201)
        .json();
    let before = world.traces().await;
    let other = ada.send(post.clone(), APPS, Some(create("Other").1), &key).await;
    other.refused(422, "idempotency_key_reused");
    let other = ada
        .send(post.clone(), &app_at(&app, "/suspend"), Some(json!({})), &key)
        .await;
    other.refused(422, "idempotency_key_reused");
    pam.send(post.clone(), APPS, Some(form), &key)
        .await
        .refused(409, "name_taken");
    let long = "x".repeat(256);
    let bad = ada
        .send(post, APPS, Some(create("Other").1), &[("Idempotency-Key", &long)])
        .await;
    bad.refused(422, "invalid_idempotency_key");
    assert_eq!(world.traces().await, before);
}

async fn the_same_idempotency_key_at_the_same_time_creates_one_application(world: World) {
    let ada = world.ada().await;
    let key = [("Idempotency-Key", "k-1")];
    let create = || ada.send(Method::POST, APPS, Some(World::new_integration("Payroll")), &key);
    let answers = join_all((0..8).map(|_| create())).await;
    let bodies: Vec<Value> = answers.into_iter().map(|answer| answer.expect(201).json()).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:#?}");
    assert_eq!(ada.get(APPS).await.all("id"), [id(&bodies[0])]);
    assert_eq!(world.mails().await.len(), 1);
}

async fn r2_who_lost_the_permission_is_not_shown_the_otp_again(world: World) {
    let (ada, pam) = (world.ada().await, world.user("acme", "pam").await);
    let key = [("Idempotency-Key", "k-1")];
    let create = || ada.send(Method::POST, APPS, Some(World::new_integration("Payroll")), &key);
    create().await.expect(201);
    let permission = "/api/v1/users/ada/permissions/manage_integration_applications";
    pam.delete(permission).await.done();
    let before = world.traces().await;
    create().await.refused(403, "forbidden");
    assert_eq!(world.traces().await, before);
}

async fn what_was_refused_is_not_remembered(world: World) {
    let (ada, pam) = (world.ada().await, world.user("globex", "pam").await);
    let form = World::with(World::new_integration("Payroll"), json!({"entities": ["g1"]}));
    pam.post(APPS, form).await.expect(201);
    let key = [("Idempotency-Key", "k-1")];
    let create = async |name: &str| {
        ada.send(Method::POST, APPS, Some(World::new_integration(name)), &key)
            .await
    };
    create("Payroll").await.refused(409, "name_taken");
    create("Payroll").await.refused(409, "name_taken");
    create("Payroll Two").await.expect(201);
}
