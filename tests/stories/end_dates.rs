//! End dates of applications and client secrets: decided whenever somebody asks, without an event at the end.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{APPS, Answer, World, app_at, on_both_databases, portal_at};

on_both_databases! {
    an_application_opens_everything_until_its_end_and_nothing_from_then_on,
    an_application_that_ended_looks_like_any_wrong_client,
    an_application_that_ended_goes_on_with_a_later_end_date,
    a_gateway_may_keep_an_answer_until_the_first_of_all_ends,
    an_end_date_is_given_at_the_creation_and_shown_everywhere,
    an_end_date_that_cannot_be_is_refused_and_changes_nothing,
    r23_a_client_secret_ends_at_its_end_date,
    r23_a_client_secret_cannot_end_after_its_application,
    r23_admins_see_the_live_secrets_and_retire_each,
}

const END: &str = "2026-11-23T09:30:00.000Z";

/// What a node says about reading an entity.
async fn verify(world: &World, base_url: &str, token: &str) -> Value {
    let (id, secret) = &world.gateway;
    let request = world
        .http()
        .post(format!("{base_url}/gateway/verify"))
        .basic_auth(id, Some(secret))
        .json(&json!({"token": token, "entity": "e1", "access": "read"}));
    Answer::read(request.send().await.unwrap()).await.expect(200).json()
}

async fn is_active(world: &World, token: &str) -> bool {
    let answer = world
        .oauth("/oauth/introspect", &world.gateway, &[("token", token)])
        .await;
    answer.expect(200).json()["active"].as_bool().unwrap()
}

async fn an_application_opens_everything_until_its_end_and_nothing_from_then_on(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let (here, there) = (world.base_url.clone(), world.another_node().await);
    let edited = ada
        .patch(&app_at(&app, ""), json!({"ends_at": END}))
        .await
        .expect(200)
        .json();
    assert_eq!((&edited["ends_at"], &edited["status"]), (&json!(END), &json!("active")));
    world.pass(TimeDelta::minutes(30) - TimeDelta::seconds(1));
    // Issued just before the end, for an hour.
    let token = world.access_token(&client).await;
    let log = world.number("select position from log_head").await;
    for node in [&here, &there] {
        // Twice, so that its memory is warm.
        for _ in 0..2 {
            assert_eq!(verify(&world, node, &token).await["reason"], "ok");
        }
    }
    assert!(is_active(&world, &token).await);
    world.pass(TimeDelta::seconds(1) - TimeDelta::milliseconds(1));
    for node in [&here, &there] {
        assert_eq!(verify(&world, node, &token).await["reason"], "ok");
    }
    world.pass(TimeDelta::milliseconds(1));
    for node in [&here, &there] {
        assert_eq!(verify(&world, node, &token).await["reason"], "app_expired");
    }
    assert!(!is_active(&world, &token).await);
    let refused = world
        .anybody()
        .send(
            Method::GET,
            "/gateway/authorize",
            None,
            &[
                ("authorization", &format!("Bearer {token}")),
                ("x-entity-id", "e1"),
                ("x-api-access", "read"),
            ],
        )
        .await
        .expect(401);
    assert_eq!(refused.header("x-reason"), "app_expired");
    assert!(refused.header("www-authenticate").contains("invalid_token"));
    assert_eq!(ada.get(&app_at(&app, "")).await.expect(200).json()["status"], "active");
    assert_eq!(world.number("select position from log_head").await, log);
}

async fn an_application_that_ended_looks_like_any_wrong_client(world: World) {
    let (ada, app, dev, client) = world.running("Payroll").await;
    ada.patch(&app_at(&app, ""), json!({"ends_at": END})).await.expect(200);
    world.pass(TimeDelta::minutes(30));
    let wrong = (client.0.clone(), format!("{}x", client.1));
    let (ended, wrong) = (
        world.token(&client).await.expect(401),
        world.token(&wrong).await.expect(401),
    );
    assert_eq!(ended.text(), wrong.text());
    dev.post(&portal_at(&app, "/client-secrets"), json!({}))
        .await
        .refused(409, "app_expired");
}

async fn an_application_that_ended_goes_on_with_a_later_end_date(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    ada.patch(&app_at(&app, ""), json!({"ends_at": END})).await.expect(200);
    let token = world.access_token(&client).await;
    world.pass(TimeDelta::minutes(30));
    assert_eq!(world.gate(&token, "e1", "read").await, "app_expired");
    // It can still be stopped for good reasons, which come first.
    ada.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    assert_eq!(world.gate(&token, "e1", "read").await, "app_suspended");
    ada.post(&app_at(&app, "/resume"), json!({})).await.expect(200);
    assert_eq!(world.gate(&token, "e1", "read").await, "app_expired");
    for later in [
        json!("2026-11-23T10:30:00+01:00"),
        json!("2026-11-24T09:00:00Z"),
        json!(null),
    ] {
        let answer = ada.patch(&app_at(&app, ""), json!({"ends_at": later})).await;
        if later == json!("2026-11-23T10:30:00+01:00") {
            // The same moment as before: granted already, although it is over.
            answer.expect(200);
            assert_eq!(world.gate(&token, "e1", "read").await, "app_expired");
        } else {
            answer.expect(200);
            assert_eq!(world.gate(&token, "e1", "read").await, "ok");
        }
    }
    ada.post(&app_at(&app, "/revoke"), json!({})).await.expect(200);
    ada.patch(&app_at(&app, ""), json!({"ends_at": null}))
        .await
        .refused(409, "app_revoked");
}

async fn a_gateway_may_keep_an_answer_until_the_first_of_all_ends(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    let secret = json!({"overlap_seconds": 0, "ends_at": "2026-11-23T09:40:00Z"});
    let issued = dev
        .post(&portal_at(&app, "/client-secrets"), secret)
        .await
        .expect(201)
        .json();
    let text = |name: &str| issued[name].as_str().unwrap().to_owned();
    let token = world.access_token(&(text("client_id"), text("client_secret"))).await;
    let base_url = world.base_url.clone();
    let good_until = async || verify(&world, &base_url, &token).await["good_until"].clone();
    assert_eq!(good_until().await, "2026-11-23T09:40:00.000Z");
    let feed = async |query: &str| {
        let (id, secret) = &world.gateway;
        let request = world.request(Method::GET, &format!("/gateway/feed{query}"));
        let answer = request.basic_auth(id, Some(secret)).send().await.unwrap();
        Answer::read(answer).await.expect(200).json()
    };
    let here = feed("").await["to"].as_str().unwrap().to_owned();
    ada.patch(&app_at(&app, ""), json!({"ends_at": END})).await.expect(200);
    // What was kept before is dropped: it says a later end.
    let changed = feed(&format!("?after={here}")).await;
    assert_eq!(changed["evict"]["applications"], json!([app["id"]]));
    assert_eq!(good_until().await, END);
    ada.patch(&app_at(&app, ""), json!({"ends_at": "2026-11-23T09:50:00Z"}))
        .await
        .expect(200);
    assert_eq!(good_until().await, "2026-11-23T09:40:00.000Z");
}

async fn an_end_date_is_given_at_the_creation_and_shown_everywhere(world: World) {
    let ada = world.ada().await;
    let with_end = |mut body: Value| {
        body["ends_at"] = json!("2027-03-01T00:00:00Z");
        body
    };
    for body in [World::new_integration("Payroll"), World::aiq_integrate("Feeds")] {
        let app = ada.post(APPS, with_end(body)).await.expect(201).json();
        assert_eq!(app["ends_at"], "2027-03-01T00:00:00.000Z");
        assert_eq!(
            ada.get(&app_at(&app, "")).await.expect(200).json()["ends_at"],
            app["ends_at"]
        );
    }
    let listed = ada.get(APPS).await.expect(200).all("ends_at");
    assert_eq!(listed, ["2027-03-01T00:00:00.000Z"; 2]);
    let without = ada.post(APPS, World::new_integration("Other")).await.expect(201).json();
    assert_eq!(without["ends_at"], json!(null));
    let dev = world.signed_up("dev@example.com").await;
    world.verified(&dev, &without).await;
    ada.patch(&app_at(&without, ""), json!({"ends_at": "2027-04-01T00:00:00Z"}))
        .await
        .expect(200);
    let shown = dev.get(&portal_at(&without, "")).await.expect(200).json();
    assert_eq!(shown["ends_at"], "2027-04-01T00:00:00.000Z");
    let home = dev.get("/portal/api/v1/apps").await.expect(200).json();
    assert_eq!(home["apps"][0]["ends_at"], "2027-04-01T00:00:00.000Z");
    let events = ada.get(&app_at(&without, "/events")).await.expect(200).json();
    let changed = events["items"].as_array().unwrap();
    let changed = changed.iter().find(|event| event["event"] == "EndDateChanged").unwrap();
    assert_eq!(
        changed["summary"],
        "Ada Admin set the application's end date to 2027-04-01T00:00:00.000Z."
    );
}

async fn an_end_date_that_cannot_be_is_refused_and_changes_nothing(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    let before = world.traces().await;
    for end in [
        "2026-11-23T09:00:00Z",
        "2020-01-01T00:00:00Z",
        "tomorrow",
        "2027-01-01",
        "",
    ] {
        let body = json!({"ends_at": end});
        let problem = [("ends_at".to_owned(), "invalid_ends_at".to_owned())];
        let edited = ada.patch(&app_at(&app, ""), body.clone()).await.expect(422);
        assert_eq!(edited.problems(), problem, "{end}");
        let generated = dev.post(&portal_at(&app, "/client-secrets"), body).await.expect(422);
        assert_eq!(generated.problems(), problem, "{end}");
        let mut new = World::new_integration("Other");
        new["ends_at"] = json!(end);
        assert_eq!(ada.post(APPS, new).await.expect(422).problems(), problem, "{end}");
    }
    ada.patch(&app_at(&app, ""), json!({"ends_at": 7})).await.expect(422);
    let past = ada
        .patch(&app_at(&app, ""), json!({"ends_at": "2020-01-01T00:00:00Z"}))
        .await;
    let sentence = past.json()["errors"][0]["message"].clone();
    assert_eq!(
        sentence,
        "Choose an end date in the future, or none. To stop the application now, suspend or revoke it."
    );
    assert_eq!(world.traces().await, before);
}

async fn r23_a_client_secret_ends_at_its_end_date(world: World) {
    let (_, app, dev, _) = world.running("Payroll").await;
    let body = json!({"overlap_seconds": 0, "ends_at": END});
    let issued = dev
        .post(&portal_at(&app, "/client-secrets"), body)
        .await
        .expect(201)
        .json();
    assert_eq!(issued["ends_at"], END);
    let text = |name: &str| issued[name].as_str().unwrap().to_owned();
    let client = (text("client_id"), text("client_secret"));
    let listed = dev.get(&portal_at(&app, "")).await.expect(200).json();
    assert_eq!(listed["client_secrets"][0]["ends_at"], END);
    world.pass(TimeDelta::minutes(30) - TimeDelta::milliseconds(1));
    let token = world.access_token(&client).await;
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    world.pass(TimeDelta::milliseconds(1));
    assert_eq!(world.gate(&token, "e1", "read").await, "secret_retired");
    world.token(&client).await.expect(401);
}

async fn r23_a_client_secret_cannot_end_after_its_application(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    ada.patch(&app_at(&app, ""), json!({"ends_at": END})).await.expect(200);
    let late = json!({"ends_at": "2026-11-23T09:30:00.001Z"});
    let refused = dev.post(&portal_at(&app, "/client-secrets"), late).await.expect(422);
    assert_eq!(
        refused.problems(),
        [("ends_at".to_owned(), "invalid_ends_at".to_owned())]
    );
    assert_eq!(
        refused.json()["errors"][0]["message"],
        "The application itself ends on 23 November 2026, 09:30 UTC. Choose an end date no later than that, or none."
    );
    dev.post(&portal_at(&app, "/client-secrets"), json!({"ends_at": END}))
        .await
        .expect(201);
}

async fn r23_admins_see_the_live_secrets_and_retire_each(world: World) {
    let (ada, app, dev, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    dev.post(&portal_at(&app, "/client-secrets"), json!({}))
        .await
        .expect(201);
    let secrets = app_at(&app, "/client-secrets");
    let listed = ada.get(&secrets).await.expect(200);
    let items = listed.json()["items"].clone();
    assert_eq!(
        items[0],
        json!({
            "id": items[0]["id"], "prefix": client.1[..8], "created_at": "2026-11-23T09:00:00.000Z",
            "ends_at": "2026-11-26T09:00:00.000Z", "last_used_at": "2026-11-23T09:00:00.000Z",
        })
    );
    assert_eq!(items.as_array().unwrap().len(), 2);
    assert!(!listed.text().contains(&client.1));
    let retire = format!("{secrets}/{}", items[0]["id"].as_str().unwrap());
    let stale = [("if-match", "\"1\"")];
    let refused = ada.send(Method::DELETE, &retire, None, &stale).await;
    refused.refused(412, "version_mismatch");
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    ada.delete(&retire).await.expect(204);
    assert_eq!(world.gate(&token, "e1", "read").await, "secret_retired");
    assert_eq!(
        ada.get(&secrets).await.expect(200).all("id"),
        [items[1]["id"].as_str().unwrap()]
    );
    let events = ada.get(&app_at(&app, "/events")).await.expect(200).json();
    assert_eq!(events["items"][0]["event"], "ClientSecretRetired");
    assert_eq!(events["items"][0]["actor_name"], "Ada Admin");
    ada.delete(&retire).await.refused(404, "not_found");
    // AIQ Integrate, too: operators keep the secrets, and the group answers for what they open.
    let feeds = ada.post(APPS, World::aiq_integrate("Feeds")).await.expect(201).json();
    let kept = format!(
        "/operator/api/v1/integration-apps/{}/client-secrets",
        feeds["id"].as_str().unwrap()
    );
    let made = world
        .operator
        .post(&kept, json!({"ends_at": "2026-12-01T00:00:00Z"}))
        .await;
    let made = made.expect(201).json();
    assert_eq!(made["ends_at"], "2026-12-01T00:00:00.000Z");
    let one = format!("/client-secrets/{}", made["client_secret_id"].as_str().unwrap());
    ada.delete(&app_at(&feeds, &one)).await.expect(204);
    assert!(world.operator.get(&kept).await.expect(200).all("id").is_empty());
    // Another group's are not there.
    let eve = world.user("globex", "pam").await;
    eve.get(&secrets).await.refused(404, "not_found");
    eve.delete(&format!("{secrets}/{}", items[1]["id"].as_str().unwrap()))
        .await
        .refused(404, "not_found");
}
