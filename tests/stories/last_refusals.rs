//! The last refusals of an application, for the question why a call was refused.

use chrono::TimeDelta;
use gatebook_aggregates::timestamp::Timestamp;
use reqwest::Method;
use serde_json::json;

use super::usage::{first, read};
use crate::support::browser::Browser;
use crate::support::{World, app_at, on_both_databases};

on_both_databases! {
    why_a_call_was_refused_is_found_by_the_id_of_its_request,
    the_last_hundred_refusals_are_kept,
}

async fn why_a_call_was_refused_is_found_by_the_id_of_its_request(world: World) {
    let (ada, app, developer, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let ask = async |entity: &str, id: &str| {
        let request = world.request(Method::GET, "/gateway/authorize");
        let request = request.bearer_auth(&token).header("x-entity-id", entity);
        let request = request.header("x-api-access", "read").header("x-request-id", id);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask("e3", "call-7").await, 403);
    assert_eq!(ask("e1", "call-8").await, 200);
    assert_eq!(ask("e4", "call-9").await, 403);
    world.counted().await;
    let refusals = read(&ada, &app_at(&app, "/refusals?request_id=call-7")).await;
    let secrets = read(
        &developer,
        &format!("/portal/api/v1/apps/{}", app["id"].as_str().unwrap()),
    )
    .await;
    let expected = json!({
        "at": "2026-11-23T09:00:00.000Z", "reason": "entity_not_assigned", "entity": "e3", "access": "read",
        "secret_prefix": secrets["client_secrets"][0]["prefix"], "request_id": "call-7", "gateway": "127.0.0.1",
    });
    assert_eq!(first(&refusals), &expected);
    for none in ["call-8", "%00", "call-_"] {
        let none = read(&ada, &app_at(&app, &format!("/refusals?request_id={none}"))).await;
        assert_eq!(none, json!({"items": []}));
    }
    let all = read(&ada, &app_at(&app, "/refusals?request_id=")).await;
    assert_eq!(
        (&all["items"][0]["request_id"], &all["items"][1]["request_id"]),
        (&json!("call-9"), &json!("call-7"))
    );

    let mut browser = Browser::of_user(&world, "acme", "ada").await;
    let path = format!("/integration-applications/{}?request_id=", app["id"].as_str().unwrap());
    let found = browser.open(&format!("{path}call-7")).await.expect(200).html.clone();
    assert!(found.contains("call-7") && !found.contains("call-9"), "{found}");
    let none = browser.open(&format!("{path}call-8")).await.expect(200).html.clone();
    assert!(none.contains("None of the last refusals was of the request"), "{none}");
}

async fn the_last_hundred_refusals_are_kept(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let refuse = async |count: usize| {
        for _ in 0..count {
            world.pass(TimeDelta::milliseconds(1));
            assert_eq!(world.gate(&token, "e3", "read").await, "entity_not_assigned");
        }
        world.counted().await;
    };
    refuse(60).await;
    let beginning = Timestamp::parse("2026-11-23T09:00:00Z").unwrap();
    refuse(60).await;
    let refusals = read(&ada, &app_at(&app, "/refusals")).await;
    let times: Vec<_> = refusals["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["at"].clone())
        .collect();
    let expected: Vec<_> = (21..=120_i64)
        .rev()
        .map(|number| json!(beginning.plus(TimeDelta::milliseconds(number)).to_string()))
        .collect();
    assert_eq!(times, expected);
    let usage = read(&ada, &app_at(&app, "/usage")).await;
    assert_eq!(first(&usage)["checks_refused"], 120);
}
