//! The gate: what a token opens, for gateways that ask.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, World, app_at, on_both_databases};

on_both_databases! {
    r25_a_token_opens_its_entities_for_its_access,
    r25_a_token_lives_for_one_hour,
    r25_the_first_reason_that_fails_is_named,
    r25_a_gateway_asks_with_the_resource_servers_credentials,
    r25_many_checks_are_answered_in_one_request,
    r25_forward_authentication_answers_200_401_or_403,
    an_active_token_can_be_introspected,
    a_token_can_be_given_back_by_its_own_client_only,
    the_metadata_tells_where_everything_is,
}

async fn r25_a_token_opens_its_entities_for_its_access(world: World) {
    let (_, _, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    for (entity, access, reason) in [
        ("e1", "read", "ok"),
        ("e2", "write", "ok"),
        ("e3", "read", "entity_not_assigned"),
        ("g1", "read", "entity_not_assigned"),
        ("E1", "read", "entity_not_assigned"),
        ("no id", "read", "entity_not_assigned"),
        ("", "read", "entity_missing"),
        ("e1", "delete", "access_not_permitted"),
        ("e1", "", "access_not_permitted"),
    ] {
        assert_eq!(world.gate(&token, entity, access).await, reason, "{entity} {access}");
    }
}

async fn r25_a_token_lives_for_one_hour(world: World) {
    let (_, _, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    world.pass(TimeDelta::hours(1) - TimeDelta::milliseconds(1));
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    world.pass(TimeDelta::milliseconds(1));
    assert_eq!(world.gate(&token, "e1", "read").await, "token_expired");
}

async fn r25_the_first_reason_that_fails_is_named(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let gate = async |token: &str| world.gate(token, "e3", "delete").await;
    assert_eq!(gate("nonsense").await, "token_malformed");
    let mut tampered = token.clone().into_bytes();
    let middle = tampered.len() / 2;
    tampered[middle] = if tampered[middle] == b'A' { b'B' } else { b'A' };
    assert_eq!(gate(&String::from_utf8(tampered).unwrap()).await, "token_invalid");
    assert_eq!(gate(&token).await, "entity_not_assigned");
    world.plan("acme", "Acme Group", "AIQ2").await;
    assert_eq!(gate(&token).await, "group_not_on_plan");
    world.plan("acme", "Acme Group", "AIQ3").await;
    ada.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    world.plan("acme", "Acme Group", "AIQ2").await;
    assert_eq!(gate(&token).await, "app_suspended");
    world.pass(TimeDelta::hours(1));
    assert_eq!(gate(&token).await, "token_expired");
}

async fn r25_a_gateway_asks_with_the_resource_servers_credentials(world: World) {
    let (_, _, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let question = json!({"token": token, "entity": "e1", "access": "read"});
    let ask = async |id: &str, secret: &str| {
        let request = world
            .request(Method::POST, "/gateway/verify")
            .basic_auth(id, Some(secret))
            .json(&question);
        Answer::read(request.send().await.unwrap()).await
    };
    ask(&world.gateway.0, &world.gateway.1).await.expect(200);
    for (id, secret) in [
        (world.gateway.0.as_str(), "wrong"),
        ("nobody", "wrong"),
        (&client.0, &client.1),
    ] {
        ask(id, secret).await.expect(401);
    }
    world
        .anybody()
        .post("/gateway/verify", question.clone())
        .await
        .expect(401);
    let listed = world
        .operator
        .get("/operator/api/v1/resource-servers")
        .await
        .expect(200);
    assert!(!listed.text().contains(&world.gateway.1));
    world
        .operator
        .delete(&format!("/operator/api/v1/resource-servers/{}", world.gateway.0))
        .await
        .done();
    ask(&world.gateway.0, &world.gateway.1).await.expect(401);
}

async fn r25_many_checks_are_answered_in_one_request(world: World) {
    let (_, _, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let ask = async |checks: Vec<Value>| {
        let (id, secret) = &world.gateway;
        let request = world
            .request(Method::POST, "/gateway/verify")
            .basic_auth(id, Some(secret));
        Answer::read(request.json(&json!({"checks": checks})).send().await.unwrap()).await
    };
    let check = |entity: &str| json!({"token": token, "entity": entity, "access": "read"});
    let results = ask(vec![
        check("e1"),
        check("e3"),
        json!({"entity": "e1", "access": "read"}),
    ])
    .await
    .expect(200)
    .json();
    let results = results["results"].as_array().unwrap();
    let results: Vec<_> = results
        .iter()
        .map(|result| json!({"allowed": result["allowed"], "reason": result["reason"]}))
        .collect();
    assert_eq!(
        json!(results),
        json!([
            {"allowed": true, "reason": "ok"},
            {"allowed": false, "reason": "entity_not_assigned"},
            {"allowed": false, "reason": "token_missing"},
        ])
    );
    let hundred = ask((0..100).map(|_| check("e1")).collect()).await.expect(200).json();
    assert_eq!(hundred["results"].as_array().unwrap().len(), 100);
    let too_many = ask((0..101).map(|_| check("e1")).collect()).await;
    assert!([400, 422].contains(&too_many.status.as_u16()), "{}", too_many.text());
}

async fn r25_forward_authentication_answers_200_401_or_403(world: World) {
    let (_, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let ask = async |token: Option<&str>, headers: &[(&str, &str)]| {
        let person = world.person(token.map(str::to_owned));
        person.send(Method::GET, "/gateway/authorize", None, headers).await
    };
    let passed = ask(Some(&token), &[("X-Entity-Id", "e1"), ("X-Api-Access", "read")])
        .await
        .expect(200);
    for (header, value) in [
        ("x-app-id", &app["id"]),
        ("x-app-name", &app["name"]),
        ("x-group-id", &json!("acme")),
        ("x-entity-id", &json!("e1")),
    ] {
        assert_eq!(passed.header(header), value.as_str().unwrap(), "{header}");
    }
    for (presented, headers, status, reason) in [
        (
            None,
            vec![("X-Entity-Id", "e1"), ("X-Api-Access", "read")],
            401,
            "token_missing",
        ),
        (
            Some("nonsense"),
            vec![("X-Entity-Id", "e1"), ("X-Api-Access", "read")],
            401,
            "token_malformed",
        ),
        (
            Some(token.as_str()),
            vec![("X-Entity-Id", "e3"), ("X-Api-Access", "read")],
            403,
            "entity_not_assigned",
        ),
        (
            Some(token.as_str()),
            vec![("X-Api-Access", "read")],
            403,
            "entity_missing",
        ),
        (
            Some(token.as_str()),
            vec![("X-Entity-Id", "e1"), ("X-Api-Access", "delete")],
            403,
            "access_not_permitted",
        ),
        (
            Some(token.as_str()),
            vec![("X-Entity-Id", "e1")],
            403,
            "access_not_permitted",
        ),
    ] {
        let refused = ask(presented, &headers).await.expect(status);
        assert_eq!(refused.header("x-reason"), reason);
        assert!(
            refused.header("www-authenticate").starts_with("Bearer realm="),
            "{reason}"
        );
    }
    world.pass(TimeDelta::hours(1));
    let expired = ask(Some(&token), &[("X-Entity-Id", "e1"), ("X-Api-Access", "read")])
        .await
        .expect(401);
    assert_eq!(expired.header("x-reason"), "token_expired");
    assert!(expired.header("www-authenticate").contains("error=\"invalid_token\""));
}

async fn an_active_token_can_be_introspected(world: World) {
    let (_, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let active = world
        .oauth("/oauth/introspect", &world.gateway, &[("token", &token)])
        .await
        .expect(200)
        .json();
    assert_eq!(active["active"], true);
    for (claim, value) in [
        ("client_id", &app["client_id"]),
        ("app_name", &json!("Payroll")),
        ("group_id", &json!("acme")),
    ] {
        assert_eq!(&active[claim], value, "{claim}");
    }
    assert_eq!(active["iss"], world.base_url);
    assert_eq!(active["exp"].as_i64().unwrap() - active["iat"].as_i64().unwrap(), 3600);
    assert!(active["entities"].to_string().contains("e1") && active["jti"].is_string() && active["sub"].is_string());
    let inactive = async |token: &str| {
        world
            .oauth("/oauth/introspect", &world.gateway, &[("token", token)])
            .await
            .expect(200)
            .json()
    };
    assert_eq!(inactive("nonsense").await, json!({"active": false}));
    let as_client = world
        .oauth("/oauth/introspect", &client, &[("token", &token)])
        .await
        .expect(401);
    assert_eq!(as_client.json()["error"], "invalid_client");
    world.pass(TimeDelta::hours(1));
    assert_eq!(inactive(&token).await, json!({"active": false}));
}

async fn a_token_can_be_given_back_by_its_own_client_only(world: World) {
    let (ada, app, dev, client) = world.running("Payroll").await;
    let other = world.created(&ada, "Other").await;
    world.verified(&dev, &other).await;
    let others = world.client_secret(&dev, &other).await;
    let (token, stored) = (world.access_token(&client).await, world.access_token(&client).await);
    let before = world.traces().await;
    world.oauth("/oauth/revoke", &others, &[("token", &token)]).await;
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    world
        .oauth("/oauth/revoke", &client, &[("token", "nonsense")])
        .await
        .expect(200);
    assert_eq!(world.traces().await, before);
    world
        .oauth("/oauth/revoke", &client, &[("token", &token)])
        .await
        .expect(200);
    assert_eq!(world.gate(&token, "e1", "read").await, "token_revoked");
    assert_eq!(world.gate(&stored, "e1", "read").await, "ok");
    let introspected = world
        .oauth("/oauth/introspect", &world.gateway, &[("token", &token)])
        .await
        .expect(200)
        .json();
    assert_eq!(introspected, json!({"active": false}));
    let newest = &ada.get(&app_at(&app, "/events")).await.expect(200).json()["items"][0];
    assert_eq!(
        (&newest["event"], &newest["actor_type"]),
        (&json!("AccessTokenRevoked"), &json!("integration"))
    );
    let before = world.traces().await;
    world
        .oauth("/oauth/revoke", &client, &[("token", &token)])
        .await
        .expect(200);
    assert_eq!(world.traces().await, before);
}

async fn the_metadata_tells_where_everything_is(world: World) {
    let metadata = world
        .anybody()
        .get("/.well-known/oauth-authorization-server")
        .await
        .expect(200)
        .json();
    assert_eq!(metadata["issuer"], world.base_url);
    for (member, path) in [
        ("token_endpoint", "/oauth/token"),
        ("introspection_endpoint", "/oauth/introspect"),
        ("revocation_endpoint", "/oauth/revoke"),
    ] {
        assert_eq!(metadata[member], format!("{}{path}", world.base_url));
    }
    assert_eq!(metadata["grant_types_supported"], json!(["client_credentials"]));
    assert_eq!(
        metadata["token_endpoint_auth_methods_supported"],
        json!(["client_secret_basic", "client_secret_post"])
    );
    let mut scopes: Vec<&str> = metadata["scopes_supported"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    scopes.sort_unstable();
    assert_eq!(scopes, ["read", "write"]);
}
