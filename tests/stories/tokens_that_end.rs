//! Tokens for the APIs of admins and operators end after a year at the latest; who made and ended them is in the log.

use chrono::TimeDelta;
use gatebook::application::Caller;
use gatebook_aggregates::text::Label;
use serde_json::json;

use crate::support::{World, on_both_databases};

on_both_databases! {
    a_users_token_ends_after_a_year_or_earlier,
    an_operators_token_ends_after_a_year,
    operators_tokens_and_resource_servers_are_made_and_ended_in_the_log,
}

const TOKENS: &str = "/operator/api/v1/groups/acme/users/ulf/tokens";

async fn a_users_token_ends_after_a_year_or_earlier(world: World) {
    let before = world.traces().await;
    for (end, code) in [
        ("2027-11-23T09:00:00.001Z", "invalid_expires_at"),
        ("2026-11-23T09:00:00Z", "invalid_expires_at"),
        ("tomorrow", "invalid_expires_at"),
    ] {
        let form = json!({"name": "script", "expires_at": end});
        world.operator.post(TOKENS, form).await.refused(422, code);
    }
    assert_eq!(world.traces().await, before);
    let year = world
        .operator
        .post(TOKENS, json!({"name": "year"}))
        .await
        .expect(201)
        .json();
    assert_eq!(year["expires_at"], "2027-11-23T09:00:00.000Z");
    let day = json!({"name": "day", "expires_at": "2026-11-24T09:00:00Z"});
    let day = world.operator.post(TOKENS, day).await.expect(201).json();
    let of = |token: &serde_json::Value| world.person(Some(token["token"].as_str().unwrap().to_owned()));
    let group = world
        .operator
        .get("/operator/api/v1/groups/acme")
        .await
        .expect(200)
        .json();
    let ulf = group["users"]
        .as_array()
        .unwrap()
        .iter()
        .find(|user| user["id"] == "ulf");
    let shown: Vec<_> = ulf.unwrap()["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .map(|token| &token["expires_at"])
        .collect();
    assert_eq!(shown, ["2027-11-23T09:00:00.000Z", "2026-11-24T09:00:00.000Z"]);

    world.pass(TimeDelta::days(1) - TimeDelta::milliseconds(1));
    of(&day).get("/api/v1/me").await.expect(200);
    world.pass(TimeDelta::milliseconds(1));
    of(&day).get("/api/v1/me").await.refused(401, "unauthenticated");
    of(&year).get("/api/v1/me").await.expect(200);
    world.pass(TimeDelta::days(364));
    of(&year).get("/api/v1/me").await.refused(401, "unauthenticated");
}

async fn an_operators_token_ends_after_a_year(world: World) {
    let groups = "/operator/api/v1/groups";
    world.pass(TimeDelta::days(365) - TimeDelta::milliseconds(1));
    world.operator.get(groups).await.expect(200);
    world.pass(TimeDelta::milliseconds(1));
    world.operator.get(groups).await.refused(401, "unauthenticated");
}

async fn operators_tokens_and_resource_servers_are_made_and_ended_in_the_log(world: World) {
    let servers = "/operator/api/v1/resource-servers";
    let made = world
        .operator
        .post(servers, json!({"name": "Proxy"}))
        .await
        .expect(201)
        .json();
    let client_id = made["client_id"].as_str().unwrap();
    world
        .operator
        .delete(&format!("{servers}/{client_id}"))
        .await
        .expect(204);
    let olga = Caller::command_line_of("test".to_owned(), "olga@node-1");
    let name = Label::parse("name", "provisioning").unwrap();
    let token = world
        .gatebook
        .create_operator_token(olga.operator().unwrap(), &name, None)
        .await
        .unwrap();
    world
        .gatebook
        .revoke_operator_token(olga.operator().unwrap(), token.id)
        .await
        .unwrap();
    let before = world.traces().await;
    world
        .operator
        .delete(&format!("{servers}/{client_id}"))
        .await
        .refused(404, "not_found");
    assert!(
        world
            .gatebook
            .revoke_operator_token(olga.operator().unwrap(), token.id)
            .await
            .is_err()
    );
    assert_eq!(world.traces().await, before);

    let sql = "select event_type, cast(metadata as text), cast(payload as text) from events \
               where aggregate_type = 'System' order by sequence";
    let rows = world
        .database()
        .rows(gatebook_projections::sql::Query::new(sql, []))
        .await
        .unwrap();
    let mut message = Vec::new();
    for row in rows {
        let mut row = gatebook_projections::sql::RowReader::new("events", row);
        let (event, metadata, payload) = (row.text().unwrap(), row.text().unwrap(), row.text().unwrap());
        assert!(!payload.contains(made["client_secret"].as_str().unwrap()) && !payload.contains(&token.token));
        let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
        message.push((event, metadata["actor_name"].as_str().unwrap().to_owned()));
    }
    let message: Vec<_> = message
        .iter()
        .map(|(event, by)| (event.as_str(), by.as_str()))
        .collect();
    assert_eq!(
        message[2..],
        [
            ("ResourceServerCreated", "Olga Operator"),
            ("ResourceServerEnded", "Olga Operator"),
            ("OperatorTokenCreated", "command line (olga@node-1)"),
            ("OperatorTokenEnded", "command line (olga@node-1)"),
        ]
    );
}
