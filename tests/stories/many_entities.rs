//! A customer with 20,000 companies, and an application for all of them: over JSON, in the pages, at the gate, in the log.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::{APPS, Answer, Person, World, app_at, on_both_databases};

on_both_databases! {
    r11_an_application_may_use_twenty_thousand_entities,
}

const ENTITIES: &str = "/operator/api/v1/groups/acme/entities";
const MANY: usize = 20_000;
/// What a cell of a spreadsheet takes.
const CELL_MAX: usize = 32_767;

/// Ids as long as they may be.
fn ids() -> Vec<String> {
    (0..MANY).map(|n| format!("{n:0>64}")).collect()
}

/// The answer to a request with thousands of entities, which would take the validator of the other stories half a minute.
async fn sent(world: &World, person: &Person, method: Method, path: &str, body: &Value) -> Answer {
    let request = world.request(method, path).bearer_auth(person.token.clone().unwrap());
    let request = if body.is_null() { request } else { request.json(body) };
    Answer::read(request.send().await.unwrap()).await
}

async fn r11_an_application_may_use_twenty_thousand_entities(world: World) {
    let ids = ids();
    let listed: Vec<_> = ids
        .iter()
        .map(|id| json!({"id": id, "name": id.trim_start_matches('0')}))
        .chain(
            json!([{"id": "e1", "name": "Entity E1"}, {"id": "e2", "name": "Entity E2"}])
                .as_array()
                .cloned()
                .unwrap(),
        )
        .filter(|entity| entity["name"] != "")
        .collect();
    let lines: Vec<_> = listed.iter().map(Value::to_string).collect();
    let request = world.request(Method::PUT, &format!("{ENTITIES}?confirm_removed=3"));
    let request = request.bearer_auth(world.operator.token.clone().unwrap());
    let request = request
        .header("content-type", "application/x-ndjson")
        .body(lines.join("\n"));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());

    let ids = &ids[1..];
    let (ada, app, _, client) = world.running("Payroll").await;
    let created = {
        let mut new = World::new_integration("All of them");
        new["entities"] = json!(ids);
        sent(&world, &ada, Method::POST, APPS, &new).await.expect(201).json()
    };
    assert_eq!(created["entities"].as_array().unwrap().len(), ids.len());
    let has = async |change: Value| {
        let changed = sent(&world, &ada, Method::PATCH, &app_at(&app, ""), &change).await;
        let changed = changed.expect(200).json();
        changed["entities"].as_array().unwrap().len()
    };
    assert_eq!(has(json!({"add_entities": ids})).await, ids.len() + 2);
    assert_eq!(has(json!({"remove_entities": [ids[0]]})).await, ids.len() + 1);
    let token = world.access_token(&client).await;
    assert_eq!(world.gate(&token, ids.last().unwrap(), "read").await, "ok");
    assert_eq!(world.gate(&token, &ids[0], "read").await, "entity_not_assigned");

    // In the console every one of them is a box of the form, which is sent back whole.
    let mut browser = Browser::of_user(&world, "acme", "pam").await;
    let edit = format!("/integration-applications/{}/edit", created["id"].as_str().unwrap());
    browser.open(&edit).await.expect(200);
    let mut fields = vec![("description", "Fewer."), ("category", "crm")];
    fields.extend(ids[1..].iter().map(|id| ("entities", id.as_str())));
    browser
        .send(&edit, &fields)
        .await
        .expect(200)
        .shows("with fewer entities?");
    browser
        .send(&edit, &[])
        .await
        .expect(200)
        .shows("Your changes have been saved");
    let now = sent(&world, &ada, Method::GET, &app_at(&created, ""), &Value::Null).await;
    let now = now.expect(200).json();
    assert_eq!(now["entities"].as_array().unwrap().len(), ids.len() - 1);

    // The log shows them folded where people read it, and whole where programs do.
    let log = ada.csv(&app_at(&app, "/activity-log")).await;
    for (column, text) in log.iter().flatten() {
        assert!(text.encode_utf16().count() <= CELL_MAX, "{column} is too long");
    }
    let added = log.iter().find(|row| row["event"] == "EntitiesChanged").unwrap();
    assert!(
        added["summary"].ends_with(&format!("{} and 19,949 more.", ids[49])),
        "{}",
        added["summary"]
    );
    let details: Value = serde_json::from_str(&added["details"]).unwrap();
    let told = details["added"].as_array().unwrap();
    assert!(
        told.last()
            .unwrap()
            .as_str()
            .unwrap()
            .contains("more items, see the ndjson")
    );
    let whole = ada.ndjson(&app_at(&app, "/activity-log")).await;
    let added = whole.iter().find(|row| row["event"] == "EntitiesChanged").unwrap();
    assert_eq!(added["details"]["added"].as_array().unwrap().len(), ids.len());
}
