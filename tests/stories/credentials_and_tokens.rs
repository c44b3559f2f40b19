//! Credentials and tokens: what the developer builds the integration with, and what it opens.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{APPS, Answer, Person, World, app_at, on_both_databases, portal_at};

on_both_databases! {
    r23_a_client_secret_is_shown_once,
    r23_two_secrets_overlap_for_72_hours_unless_told_otherwise,
    r23_an_overlap_of_zero_ends_the_older_secret_at_once,
    r23_at_most_two_secrets_live_at_a_time,
    r23_a_secret_can_be_retired_at_once,
    r23_the_last_use_of_a_secret_is_shown,
    r24_a_token_has_the_scopes_that_were_asked_for_and_never_more_than_the_permission,
    r24_wrong_credentials_are_all_answered_alike,
    r24_wrong_secrets_are_slowed_down_and_the_right_one_passes,
}

/// Generates a client secret: the answer, and client id and secret.
async fn generate(dev: &Person, app: &Value, body: Value) -> (Value, (String, String)) {
    let issued = dev
        .post(&portal_at(app, "/client-secrets"), body)
        .await
        .expect(201)
        .json();
    let text = |name: &str| issued[name].as_str().unwrap().to_owned();
    let client = (text("client_id"), text("client_secret"));
    (issued, client)
}

fn scopes(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let mut scopes: Vec<_> = body["scope"].as_str().unwrap().split(' ').map(str::to_owned).collect();
    scopes.sort();
    scopes
}

async fn r23_a_client_secret_is_shown_once(world: World) {
    let (ada, app, dev, client) = world.running("Payroll").await;
    let secret = &client.1;
    assert_eq!(client.0, app["client_id"]);
    assert!(secret.starts_with("gbs_") && secret.len() > 47, "{}", secret.len());
    let shown = dev.get(&portal_at(&app, "")).await.expect(200);
    assert!(!shown.text().contains(secret.as_str()));
    let listed = &shown.json()["client_secrets"][0];
    let prefix = listed["prefix"].as_str().unwrap();
    assert!(secret.starts_with(prefix) && prefix.len() < 16, "{prefix}");
    assert_eq!(listed["created_at"], "2026-11-23T09:00:00.000Z");
    assert_eq!(
        (&listed["ends_at"], &listed["last_used_at"]),
        (&Value::Null, &Value::Null)
    );
    for path in ["", "/developer", "/events", "/activity-log"] {
        assert!(
            !ada.get(&app_at(&app, path))
                .await
                .expect(200)
                .text()
                .contains(secret.as_str()),
            "{path}"
        );
    }
    assert!(!world.log_holds(secret).await);
}

async fn r23_two_secrets_overlap_for_72_hours_unless_told_otherwise(world: World) {
    let (_, app, dev, old) = world.running("Payroll").await;
    let (issued, new) = generate(&dev, &app, json!({})).await;
    assert_eq!(issued["previous_ends_at"], "2026-11-26T09:00:00.000Z");
    world.pass(TimeDelta::hours(72) - TimeDelta::milliseconds(1));
    let token = world.access_token(&old).await;
    world.token(&new).await.expect(200);
    world.pass(TimeDelta::milliseconds(1));
    world.token(&old).await.expect(401);
    world.token(&new).await.expect(200);
    assert_eq!(world.gate(&token, "e1", "read").await, "secret_retired");
    let (issued, _) = generate(&dev_again(&world).await, &app, json!({"overlap_seconds": 60})).await;
    assert_eq!(issued["previous_ends_at"], "2026-11-26T09:01:00.000Z");
}

/// The session is over by now.
async fn dev_again(world: &World) -> Person {
    world.logged_in("dev@example.com").await
}

async fn r23_an_overlap_of_zero_ends_the_older_secret_at_once(world: World) {
    let (_, app, dev, old) = world.running("Payroll").await;
    let token = world.access_token(&old).await;
    let before = world.traces().await;
    for bad in [json!(-1), json!(90 * 24 * 3600 + 1), json!(i64::MAX), json!(i64::MIN)] {
        let answer = dev
            .post(&portal_at(&app, "/client-secrets"), json!({"overlap_seconds": bad}))
            .await;
        answer.refused(422, "invalid_overlap_seconds");
    }
    assert_eq!(world.traces().await, before);
    let (issued, new) = generate(&dev, &app, json!({"overlap_seconds": 0})).await;
    assert_eq!(issued["previous_ends_at"], "2026-11-23T09:00:00.000Z");
    assert_eq!(world.gate(&token, "e1", "read").await, "secret_retired");
    world.token(&old).await.expect(401);
    world.token(&new).await.expect(200);
    generate(&dev, &app, json!({"overlap_seconds": 90 * 24 * 3600})).await;
}

async fn r23_at_most_two_secrets_live_at_a_time(world: World) {
    let (_, app, dev, _) = world.running("Payroll").await;
    generate(&dev, &app, json!({})).await;
    let before = world.traces().await;
    dev.post(&portal_at(&app, "/client-secrets"), json!({}))
        .await
        .refused(409, "client_secret_limit");
    assert_eq!(world.traces().await, before);
    let shown = dev.get(&portal_at(&app, "")).await.expect(200).json();
    assert_eq!(shown["client_secrets"].as_array().unwrap().len(), 2);
    world.pass(TimeDelta::hours(72));
    let dev = dev_again(&world).await;
    let shown = dev.get(&portal_at(&app, "")).await.expect(200).json();
    assert_eq!(shown["client_secrets"].as_array().unwrap().len(), 1);
    generate(&dev, &app, json!({})).await;
}

async fn r23_a_secret_can_be_retired_at_once(world: World) {
    let (_, app, dev, old) = world.running("Payroll").await;
    let token = world.access_token(&old).await;
    let (issued, new) = generate(&dev, &app, json!({})).await;
    let shown = dev.get(&portal_at(&app, "")).await.expect(200).json();
    let olds = shown["client_secrets"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] != issued["client_secret_id"]);
    let path = portal_at(
        &app,
        &format!("/client-secrets/{}", olds.unwrap()["id"].as_str().unwrap()),
    );
    dev.delete(&path).await.expect(204);
    assert_eq!(world.gate(&token, "e1", "read").await, "secret_retired");
    world.token(&old).await.expect(401);
    world.token(&new).await.expect(200);
    let before = world.traces().await;
    for gone in [
        path,
        portal_at(&app, "/client-secrets/00000000-0000-7000-8000-000000000000"),
        portal_at(&app, "/client-secrets/x"),
    ] {
        dev.delete(&gone).await.refused(404, "not_found");
    }
    assert_eq!(world.traces().await, before);
}

async fn r23_the_last_use_of_a_secret_is_shown(world: World) {
    let (_, app, dev, client) = world.running("Payroll").await;
    world.pass(TimeDelta::minutes(30));
    world.token(&client).await.expect(200);
    let last_use = || async {
        dev.get(&portal_at(&app, "")).await.expect(200).json()["client_secrets"][0]["last_used_at"].clone()
    };
    assert_eq!(last_use().await, "2026-11-23T09:30:00.000Z");
    world.gatebook.last_uses.write(world.database()).await.unwrap();
    assert_eq!(last_use().await, "2026-11-23T09:30:00.000Z");
    world.pass(TimeDelta::minutes(1));
    world.token(&client).await.expect(200);
    assert_eq!(last_use().await, "2026-11-23T09:31:00.000Z");
}

async fn r24_a_token_has_the_scopes_that_were_asked_for_and_never_more_than_the_permission(world: World) {
    let (ada, _, dev, client) = world.running("Writer").await;
    let ask = |client: &(String, String), scope: &str| {
        let (client, scope) = (client.clone(), scope.to_owned());
        let world = &world;
        async move {
            world
                .oauth(
                    "/oauth/token",
                    &client,
                    &[("grant_type", "client_credentials"), ("scope", &scope)],
                )
                .await
        }
    };
    let answer = world.token(&client).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    assert!(body["token_type"].as_str().unwrap().eq_ignore_ascii_case("bearer"));
    assert_eq!(body["expires_in"], 3600);
    assert!(body["access_token"].as_str().unwrap().starts_with("gbt_") && body.get("refresh_token").is_none());
    assert_eq!(scopes(&answer), ["read", "write"]);
    let reading = ask(&client, "read").await.expect(200);
    assert_eq!(scopes(&reading), ["read"]);
    let token = reading.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    assert_eq!(world.gate(&token, "e1", "write").await, "access_not_permitted");
    for bad in ["admin", "read admin", "READ", "read,write"] {
        assert_eq!(
            ask(&client, bad).await.expect(400).json()["error"],
            "invalid_scope",
            "{bad}"
        );
    }

    let form = World::with(World::new_integration("Reader"), json!({"api_permission": "read"}));
    let reader = ada.post(APPS, form).await.expect(201).json();
    world.verified(&dev, &reader).await;
    let client = world.client_secret(&dev, &reader).await;
    assert_eq!(scopes(&world.token(&client).await.expect(200)), ["read"]);
    for scope in ["write", "read write"] {
        assert_eq!(ask(&client, scope).await.expect(400).json()["error"], "invalid_scope");
    }
    let token = world.access_token(&client).await;
    assert_eq!(world.gate(&token, "e1", "write").await, "access_not_permitted");
}

async fn r24_wrong_credentials_are_all_answered_alike(world: World) {
    let (ada, app, dev, client) = world.running("Payroll").await;
    let unknown = ("gbc_00000000000000000000".to_owned(), client.1.clone());
    let wrong = (client.0.clone(), "gbs_wrong".to_owned());
    let mut answers = vec![world.token(&unknown).await, world.token(&wrong).await];
    let (_, new) = generate(&dev, &app, json!({"overlap_seconds": 0})).await;
    answers.push(world.token(&client).await);
    ada.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    answers.push(world.token(&new).await);
    ada.post(&app_at(&app, "/revoke"), json!({})).await.expect(200);
    answers.push(world.token(&new).await);
    for answer in answers {
        let answer = answer.expect(401);
        assert!(answer.header("www-authenticate").starts_with("Basic"));
        assert_eq!(answer.json()["error"], "invalid_client");
        assert_eq!(answer.json(), world.token(&unknown).await.json());
    }
}

async fn r24_wrong_secrets_are_slowed_down_and_the_right_one_passes(world: World) {
    let (_, _, _, client) = world.running("Payroll").await;
    let wrong = (client.0.clone(), "gbs_wrong".to_owned());
    let mut statuses = Vec::new();
    for _ in 0..120 {
        statuses.push(world.token(&wrong).await.status.as_u16());
    }
    assert!(statuses.contains(&401) && statuses.last() == Some(&429), "{statuses:?}");
    let slowed = world.token(&wrong).await.expect(429);
    let seconds: i64 = slowed.header("retry-after").parse().unwrap();
    world.token(&client).await.expect(200);
    world.pass(TimeDelta::seconds(seconds));
    world.token(&wrong).await.expect(401);
}
