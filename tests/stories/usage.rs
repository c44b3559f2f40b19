//! What applications are used for: counted beside the answers, and told to whom it concerns.

use chrono::TimeDelta;
use gatebook::store::ConnectionPurpose;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::{Answer, Person, World, app_at, on_both_databases};

on_both_databases! {
    forty_allowed_and_seven_refused_calls_are_seen_by_reason_and_entity,
    an_entity_that_is_none_of_the_group_is_counted_without_its_name,
    tokens_are_counted_whether_issued_or_refused,
    an_active_introspection_counts_as_allowed_without_an_entity,
    what_gateways_answered_themselves_is_counted_as_usage,
    a_day_ends_at_midnight_utc_and_hours_are_kept_for_ninety_days,
    applications_that_are_not_used_any_more_are_found,
    the_developer_sees_the_usage_but_not_who_asked,
    operators_see_what_all_applications_together_are_used_for,
    counts_of_two_nodes_are_added,
    counts_that_cannot_be_written_are_written_later,
}

impl World {
    /// What was counted is written, as every few seconds.
    pub(super) async fn counted(&self) {
        self.gatebook.write_usage().await.unwrap();
    }

    pub(super) async fn sql(&self, script: &str) {
        let mut transaction = self.database().begin(ConnectionPurpose::Write).await.unwrap();
        transaction.script(script).await.unwrap();
        transaction.commit().await.unwrap();
    }
}

/// Makes checks with this token: 40 that pass, and 7 that do not.
async fn forty_and_seven(world: &World, token: &str) {
    for _ in 0..30 {
        assert_eq!(world.gate(token, "e1", "read").await, "ok");
    }
    for _ in 0..10 {
        assert_eq!(world.gate(token, "e2", "write").await, "ok");
    }
    for _ in 0..4 {
        assert_eq!(world.gate(token, "e3", "read").await, "entity_not_assigned");
    }
    for _ in 0..2 {
        assert_eq!(world.gate(token, "e1", "").await, "access_not_permitted");
    }
    assert_eq!(world.gate(token, "", "read").await, "entity_missing");
}

pub(super) fn first(list: &Value) -> &Value {
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    &list["items"][0]
}

pub(super) async fn read(person: &Person, path: &str) -> Value {
    person.get(path).await.expect(200).json()
}

async fn forty_allowed_and_seven_refused_calls_are_seen_by_reason_and_entity(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let unused = read(&ada, &app_at(&app, "/usage")).await;
    assert_eq!(unused, json!({"items": [], "last_used_at": null}));
    let token = world.access_token(&client).await;
    forty_and_seven(&world, &token).await;
    world.counted().await;

    let usage = read(&ada, &app_at(&app, "/usage")).await;
    let expected = json!({
        "at": "2026-11-23T00:00:00.000Z", "tokens_issued": 1, "tokens_refused": 0,
        "checks_allowed": 40, "checks_refused": 7,
        "refused": {"access_not_permitted": 2, "entity_missing": 1, "entity_not_assigned": 4},
    });
    assert_eq!(first(&usage), &expected);
    assert_eq!(usage["last_used_at"], "2026-11-23T09:00:00.000Z");
    let by_hour = read(&ada, &app_at(&app, "/usage?by=hour")).await;
    assert_eq!(first(&by_hour)["at"], "2026-11-23T09:00:00.000Z");
    let of = |entity: Value, access: Value, allowed: u64, refused: u64| {
        let last = "2026-11-23T09:00:00.000Z";
        json!({"entity": entity, "access": access, "allowed": allowed, "refused": refused, "last_used_at": last})
    };
    let entities = read(&ada, &app_at(&app, "/usage/entities")).await;
    let expected = [
        of(json!("e1"), json!("read"), 30, 0),
        of(json!("e2"), json!("write"), 10, 0),
        of(json!("e3"), json!("read"), 0, 4),
        of(json!("e1"), Value::Null, 0, 2),
        of(Value::Null, json!("read"), 0, 1),
    ];
    assert_eq!(entities["items"], json!(expected));

    // It is on the list and on the application's page, too.
    let mut browser = Browser::of_user(&world, "acme", "ada").await;
    let list = browser.open("/integration-applications").await.expect(200).html.clone();
    assert!(list.contains("40 calls allowed and 7 refused in 30 days"), "{list}");
    assert!(list.contains("just now"), "{list}");
    let path = format!("/integration-applications/{}", app["id"].as_str().unwrap());
    let page = browser.open(&path).await.expect(200).html.clone();
    for shown in ["23 Nov: 40 allowed, 7 refused", "Entity E3", "entity_not_assigned"] {
        assert!(page.contains(shown), "{shown} is not in {page}");
    }

    let pam_of_globex = world.user("globex", "pam").await;
    for path in ["/usage", "/usage/entities", "/refusals"] {
        pam_of_globex.get(&app_at(&app, path)).await.refused(404, "not_found");
        world
            .user("acme", "ulf")
            .await
            .get(&app_at(&app, path))
            .await
            .refused(403, "forbidden");
    }
    let wrong = ada
        .get(&app_at(&app, "/usage?by=week&from=2026-11-24&to=2026-11-20"))
        .await;
    let problems = wrong.refused(422, "invalid_to").problems();
    assert_eq!(problems.len(), 2, "{problems:?}");
}

async fn an_entity_that_is_none_of_the_group_is_counted_without_its_name(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    for entity in ["g1", "made-up-1", "made-up-2", "no id"] {
        assert_eq!(world.gate(&token, entity, "read").await, "entity_not_assigned");
    }
    world.counted().await;
    let entities = read(&ada, &app_at(&app, "/usage/entities")).await;
    let counted = first(&entities);
    assert_eq!((&counted["entity"], &counted["refused"]), (&Value::Null, &json!(4)));
    // The last refusals tell what was named.
    let refusals = read(&ada, &app_at(&app, "/refusals")).await;
    let named: Vec<_> = refusals["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["entity"])
        .collect();
    assert_eq!(json!(named), json!([null, "made-up-2", "made-up-1", "g1"]));
}

async fn tokens_are_counted_whether_issued_or_refused(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    for _ in 0..3 {
        world.access_token(&client).await;
    }
    let wrong_secret = (client.0.clone(), "wrong".to_owned());
    world.token(&wrong_secret).await.expect(401);
    let form = [("grant_type", "client_credentials"), ("scope", "everything")];
    world.oauth("/oauth/token", &client, &form).await.expect(400);
    // Nobody's application.
    world
        .token(&("gbc_unknown".to_owned(), "wrong".to_owned()))
        .await
        .expect(401);
    world.counted().await;
    let usage = read(&ada, &app_at(&app, "/usage")).await;
    let counted = first(&usage);
    assert_eq!(
        (&counted["tokens_issued"], &counted["tokens_refused"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(usage["last_used_at"], Value::Null, "a token alone is no use");
}

async fn introspected(world: &World, server: &(String, String), token: &str) -> Answer {
    world.oauth("/oauth/introspect", server, &[("token", token)]).await
}

async fn an_active_introspection_counts_as_allowed_without_an_entity(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let server = world.gateway.clone();
    assert_eq!(
        introspected(&world, &server, &token).await.expect(200).json()["active"],
        true
    );
    // Whoever is no resource server is told nothing, and nothing is counted.
    introspected(&world, &client, &token).await.expect(401);
    world.pass(TimeDelta::hours(1));
    assert_eq!(
        introspected(&world, &server, &token).await.expect(200).json()["active"],
        false
    );
    world.counted().await;
    let counted = read(&ada, &app_at(&app, "/usage")).await;
    let counted = first(&counted).clone();
    assert_eq!(
        (&counted["checks_allowed"], &counted["refused"]),
        (&json!(1), &json!({"token_expired": 1}))
    );
    let entities = read(&ada, &app_at(&app, "/usage/entities")).await;
    let of = first(&entities);
    assert_eq!(
        (&of["entity"], &of["access"], &of["allowed"]),
        (&Value::Null, &Value::Null, &json!(1))
    );
    let refusals = read(&ada, &app_at(&app, "/refusals")).await;
    assert_eq!(first(&refusals)["gateway"], server.0);
}

async fn what_gateways_answered_themselves_is_counted_as_usage(world: World) {
    use base64::Engine;
    let (ada, app, _, _) = world.running("Payroll").await;
    let (id, secret) = &world.gateway;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
    let of = |app_id: &Value, entity: &str, reason: &str, count: u64| json!({"app_id": app_id, "entity": entity, "access": "read", "reason": reason, "count": count});
    let nobodys = json!("0199b2cc-4d5e-7f60-8172-8d9e0f1a2b3c");
    let report = json!({"checks": [
        of(&app["id"], "e1", "ok", 1_000), of(&app["id"], "e3", "entity_not_assigned", 5),
        of(&app["id"], "made-up", "entity_not_assigned", 2), of(&nobodys, "e1", "ok", 9),
    ]});
    let authorization = format!("Basic {basic}");
    let answer = world
        .anybody()
        .send(
            Method::POST,
            "/gateway/usage",
            Some(report),
            &[("authorization", &authorization)],
        )
        .await;
    answer.expect(204);
    world.counted().await;
    let usage = read(&ada, &app_at(&app, "/usage")).await;
    let counted = first(&usage);
    assert_eq!(
        (&counted["checks_allowed"], &counted["checks_refused"]),
        (&json!(1_000), &json!(7))
    );
    assert_eq!(usage["last_used_at"], "2026-11-23T09:00:00.000Z");
    let entities = read(&ada, &app_at(&app, "/usage/entities")).await;
    let named: Vec<_> = entities["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["entity"])
        .collect();
    assert_eq!(json!(named), json!(["e1", "e3", null]));
}

async fn a_day_ends_at_midnight_utc_and_hours_are_kept_for_ninety_days(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let midnight = TimeDelta::hours(15);
    world.pass(midnight - TimeDelta::milliseconds(1));
    let token = world.access_token(&client).await;
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    world.pass(TimeDelta::milliseconds(1));
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    world.counted().await;
    let counts = async |query: &str| {
        let usage = read(&ada, &app_at(&app, query)).await;
        let items = usage["items"].as_array().unwrap().iter();
        let items = items.map(|step| format!("{} {}", step["at"].as_str().unwrap(), step["checks_allowed"]));
        items.collect::<Vec<_>>()
    };
    let days = ["2026-11-23T00:00:00.000Z 1", "2026-11-24T00:00:00.000Z 2"];
    let hours = ["2026-11-23T23:00:00.000Z 1", "2026-11-24T00:00:00.000Z 2"];
    assert_eq!(counts("/usage").await, days);
    assert_eq!(counts("/usage?by=hour").await, hours);
    assert_eq!(counts("/usage?to=2026-11-23").await, days[..1]);
    assert_eq!(counts("/usage?by=hour&from=2026-11-24T00:30:00Z").await, hours[1..]);

    // What is older than 90 days is known by its day.
    world.pass(TimeDelta::days(90) - TimeDelta::milliseconds(1));
    world.gatebook.forget_usage_hours().await.unwrap();
    assert_eq!(counts("/usage?by=hour&from=2026-11-01").await, hours);
    world.pass(TimeDelta::milliseconds(1));
    world.gatebook.forget_usage_hours().await.unwrap();
    assert_eq!(counts("/usage?by=hour&from=2026-11-01").await, hours[1..]);
    assert_eq!(counts("/usage?from=2026-11-01").await, days);
}

async fn applications_that_are_not_used_any_more_are_found(world: World) {
    let (ada, _, _, client) = world.running("Payroll").await;
    world.created(&ada, "Never used").await;
    let token = world.access_token(&client).await;
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    world.counted().await;
    let found = async |since: &str| {
        let list = read(
            &ada,
            &format!("/api/v1/integration-apps?sort=name&unused_since={since}"),
        )
        .await;
        let items = list["items"].as_array().unwrap().iter();
        items
            .map(|app| app["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(found("2026-11-23T09:00:00Z").await, ["Never used"]);
    assert_eq!(found("2026-11-23").await, ["Never used"]);
    assert_eq!(found("2026-11-23T09:00:00.001Z").await, ["Never used", "Payroll"]);
    assert_eq!(found("").await, ["Never used", "Payroll"]);
    let wrong = ada.get("/api/v1/integration-apps?unused_since=soon").await;
    wrong.refused(422, "invalid_unused_since");
}

async fn the_developer_sees_the_usage_but_not_who_asked(world: World) {
    let (_, app, developer, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    forty_and_seven(&world, &token).await;
    world.counted().await;
    let at = |path: &str| format!("/portal/api/v1/apps/{}{path}", app["id"].as_str().unwrap());
    let usage = read(&developer, &at("/usage")).await;
    assert_eq!(
        (&first(&usage)["checks_allowed"], &first(&usage)["checks_refused"]),
        (&json!(40), &json!(7))
    );
    assert_eq!(
        read(&developer, &at("/usage/entities")).await["items"][0]["entity"],
        "e1"
    );
    // R22: whether an entity that is not the application's is the group's, developers do not learn.
    for entity in ["e4", "nobodys"] {
        assert_eq!(world.gate(&token, entity, "read").await, "entity_not_assigned");
    }
    world.counted().await;
    let told = read(&developer, &at("/usage/entities")).await;
    let told: Vec<_> = told["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|used| used["entity"].clone())
        .collect();
    assert!(
        !told.contains(&json!("e4")) && !told.contains(&json!("nobodys")),
        "{told:?}"
    );
    assert!(told.contains(&json!(null)), "{told:?}");
    let refusals = read(&developer, &at("/refusals")).await;
    let refusals = refusals["items"].as_array().unwrap();
    assert_eq!(refusals.len(), 9);
    assert!(refusals.iter().all(|one| one.get("gateway").is_none()), "{refusals:?}");
}

async fn operators_see_what_all_applications_together_are_used_for(world: World) {
    let (ada, _, developer, client) = world.running("Payroll").await;
    let other = world.created(&ada, "Expenses").await;
    world.verified(&developer, &other).await;
    let other = world.client_secret(&developer, &other).await;
    for client in [&client, &other] {
        let token = world.access_token(client).await;
        forty_and_seven(&world, &token).await;
    }
    world.counted().await;
    for by in ["day", "hour"] {
        let usage = read(&world.operator, &format!("/operator/api/v1/usage?by={by}")).await;
        let all = first(&usage);
        assert_eq!(
            (&all["checks_allowed"], &all["tokens_issued"]),
            (&json!(80), &json!(2)),
            "{by}"
        );
        assert_eq!(all["refused"]["entity_not_assigned"], 8, "{by}");
    }
}

async fn counts_of_two_nodes_are_added(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let node = world.counted_node().await;
    let token = world.access_token(&client).await;
    let ask = async |base_url: &str| {
        let request = world
            .http()
            .get(format!("{base_url}/gateway/authorize"))
            .bearer_auth(&token);
        let request = request.header("x-entity-id", "e1").header("x-api-access", "read");
        assert_eq!(request.send().await.unwrap().status().as_u16(), 200);
    };
    for _ in 0..3 {
        ask(&world.base_url).await;
        ask(&node.base_url).await;
    }
    let (one, other) = tokio::join!(world.gatebook.write_usage(), node.gatebook.write_usage());
    one.and(other).unwrap();
    ask(&node.base_url).await;
    node.gatebook.write_usage().await.unwrap();
    let usage = read(&ada, &app_at(&app, "/usage")).await;
    assert_eq!(first(&usage)["checks_allowed"], 7);
}

async fn counts_that_cannot_be_written_are_written_later(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    assert_eq!(world.gate(&token, "e3", "read").await, "entity_not_assigned");
    world.sql("alter table usage_entities rename to away").await;
    world.gatebook.write_usage().await.unwrap_err();
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    world.gatebook.write_usage().await.unwrap_err();
    world.sql("alter table away rename to usage_entities").await;
    world.counted().await;
    world.counted().await;
    let usage = read(&ada, &app_at(&app, "/usage")).await;
    assert_eq!(
        (&first(&usage)["checks_allowed"], &first(&usage)["checks_refused"]),
        (&json!(2), &json!(1))
    );
    let refusals = read(&ada, &app_at(&app, "/refusals")).await;
    assert_eq!(refusals["items"].as_array().unwrap().len(), 1);
}
