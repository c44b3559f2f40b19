//! Introspection: RFC 7662.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;

use super::asking::{Integration, ask, introspect, revoke};
use crate::support::world::BEGINNING;
use crate::support::{Answer, World, on_both_databases};

const INACTIVE: &str = r#"{"active":false}"#;

#[track_caller]
fn is_inactive(answer: Answer) {
    let answer = answer.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.text(), INACTIVE);
}

#[tokio::test]
async fn i01_the_token_is_required() {
    let world = World::on_sqlite().await;
    for form in [&[][..], &[("token", "")], &[("token_type_hint", "access_token")]] {
        world
            .oauth("/oauth/introspect", &world.gateway, form)
            .await
            .oauth_refusal(400, "invalid_request");
    }
}

#[tokio::test]
async fn i02_nobody_introspects_without_credentials() {
    let world = World::on_sqlite().await;
    let token = world.access_token(&Integration::running(&world).await.client).await;
    let anonymous = world
        .request(Method::POST, "/oauth/introspect")
        .form(&[("token", &token)]);
    ask(anonymous).await.oauth_refusal(401, "invalid_client");
}

#[tokio::test]
async fn i03_an_integration_may_not_introspect_not_even_its_own_token() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let answer = world
        .oauth("/oauth/introspect", &app.client, &[("token", &token)])
        .await;
    answer.oauth_refusal(401, "invalid_client");
}

#[tokio::test]
async fn i03_a_deleted_resource_server_may_no_longer_introspect() {
    let world = World::on_sqlite().await;
    let made = world
        .operator
        .post("/operator/api/v1/resource-servers", json!({"name": "Second gateway"}))
        .await;
    let made = made.done().json();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let second = (text("client_id"), text("client_secret"));
    is_inactive(world.oauth("/oauth/introspect", &second, &[("token", "x")]).await);
    world
        .operator
        .delete(&format!("/operator/api/v1/resource-servers/{}", second.0))
        .await
        .done();
    let answer = world.oauth("/oauth/introspect", &second, &[("token", "x")]).await;
    answer.oauth_refusal(401, "invalid_client");
}

#[tokio::test]
async fn i04_the_hint_may_be_wrong() {
    let world = World::on_sqlite().await;
    let token = world.access_token(&Integration::running(&world).await.client).await;
    for hint in ["access_token", "refresh_token", "garbage", ""] {
        let form = [("token", token.as_str()), ("token_type_hint", hint)];
        let answer = world
            .oauth("/oauth/introspect", &world.gateway, &form)
            .await
            .expect(200);
        assert_eq!(answer.json()["active"], true, "{hint}");
    }
}

async fn i05_i11_our_choice_an_active_token_is_told_with_its_application_and_entities(world: World) {
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let answer = introspect(&world, &token).await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    let message = answer.json();
    let beginning = chrono::DateTime::parse_from_rfc3339(BEGINNING).unwrap().timestamp();
    assert_eq!(message["active"], json!(true));
    assert_eq!(message["client_id"], app.client.0.as_str());
    assert_eq!(message["sub"], app.client.0.as_str());
    assert_eq!(message["scope"], "read write");
    assert!(message["token_type"].as_str().unwrap().eq_ignore_ascii_case("bearer"));
    assert_eq!(message["iat"], beginning);
    assert_eq!(message["nbf"], beginning);
    assert_eq!(message["exp"], beginning + 3_600);
    assert_eq!(message["iss"], world.base_url.as_str());
    assert_eq!(message["aud"], world.base_url.as_str());
    assert_eq!(message["app_name"], "Payroll");
    assert_eq!(message["group_id"], "acme");
    assert_eq!(message["entities"], json!(["e1", "e2"]));
    let again = introspect(&world, &token).await.json();
    assert_eq!(message["jti"], again["jti"]);
    let other = introspect(&world, &world.access_token(&app.client).await).await.json();
    assert_ne!(message["jti"], other["jti"], "each token has an id of its own");
}

/// In the middle of a second, which no whole number of seconds can tell.
#[tokio::test]
async fn i05_a_token_is_told_to_end_when_its_client_expects_and_opens_until_then() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    for milliseconds in [0, 1, 700, 298] {
        world.pass(TimeDelta::milliseconds(milliseconds));
        let answer = world.token(&app.client).await.expect(200).json();
        let (token, expires_in) = (
            answer["access_token"].as_str().unwrap(),
            answer["expires_in"].as_i64().unwrap(),
        );
        let message = introspect(&world, token).await.json();
        assert_eq!(
            message["exp"].as_i64().unwrap() - message["iat"].as_i64().unwrap(),
            expires_in
        );
        world.pass(TimeDelta::seconds(expires_in) - TimeDelta::milliseconds(1));
        assert_eq!(
            introspect(&world, token).await.json()["active"],
            true,
            "no sooner than its client expects"
        );
        assert_eq!(world.gate(token, "e1", "read").await, "ok");
        world.pass(TimeDelta::seconds(1));
        is_inactive(introspect(&world, token).await);
    }
}

on_both_databases! { i05_i11_our_choice_an_active_token_is_told_with_its_application_and_entities }

#[tokio::test]
async fn i06_what_is_no_access_token_of_ours_is_inactive_and_nothing_else() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let (user, session) = (app.ada.token.clone().unwrap(), app.developer.token.clone().unwrap());
    let operator = world.operator.token.clone().unwrap();
    for other in [user, session, operator, app.client.1.clone(), app.client.0.clone()] {
        is_inactive(introspect(&world, &other).await);
    }
    for garbage in [
        "x",
        "gbt_",
        "€",
        "\u{0}",
        "a b",
        "Bearer x",
        &token.to_lowercase(),
        &format!(" {token}"),
    ] {
        is_inactive(introspect(&world, garbage).await);
    }
    is_inactive(introspect(&world, &"x".repeat(60_000)).await);
    let foreign = World::on_sqlite().await;
    is_inactive(introspect(&foreign, &token).await);
}

#[tokio::test]
async fn i07_bad_credentials_are_401_as_the_token_endpoint_has_it() {
    let world = World::on_sqlite().await;
    let token = world.access_token(&Integration::running(&world).await.client).await;
    let (id, secret) = world.gateway.clone();
    for client in [(id, "wrong".to_owned()), ("unknown".to_owned(), secret)] {
        let answer = world.oauth("/oauth/introspect", &client, &[("token", &token)]).await;
        answer.oauth_refusal(401, "invalid_client");
    }
    for bearer in [token.as_str(), world.operator.token.as_ref().unwrap()] {
        let request = world
            .request(Method::POST, "/oauth/introspect")
            .bearer_auth(bearer)
            .form(&[("token", &token)]);
        ask(request).await.oauth_refusal(401, "invalid_client");
    }
}

#[tokio::test]
async fn i08_an_expired_token_is_inactive_from_its_last_instant_on() {
    let world = World::on_sqlite().await;
    let token = world.access_token(&Integration::running(&world).await.client).await;
    world.pass(TimeDelta::hours(1) - TimeDelta::milliseconds(1));
    assert_eq!(introspect(&world, &token).await.json()["active"], true);
    world.pass(TimeDelta::milliseconds(1));
    is_inactive(introspect(&world, &token).await);
}

#[tokio::test]
async fn i08_a_revoked_token_is_inactive() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    revoke(&world, &app.client, &token).await.expect(200);
    is_inactive(introspect(&world, &token).await);
}

#[tokio::test]
async fn i08_a_token_whose_secret_was_retired_is_inactive() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    app.retires_its_secrets().await;
    is_inactive(introspect(&world, &token).await);
}

#[tokio::test]
async fn i08_the_tokens_of_a_suspended_application_sleep_and_those_of_a_revoked_one_are_dead() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    app.is("suspend").await;
    is_inactive(introspect(&world, &token).await);
    app.is("resume").await;
    assert_eq!(introspect(&world, &token).await.json()["active"], true);
    app.is("revoke").await;
    is_inactive(introspect(&world, &token).await);
}

#[tokio::test]
async fn i08_the_tokens_of_a_group_off_the_plan_are_inactive_until_it_is_back() {
    let world = World::on_sqlite().await;
    let token = world.access_token(&Integration::running(&world).await.client).await;
    world.plan("acme", "Acme Group", "AIQ2").await;
    is_inactive(introspect(&world, &token).await);
    world.plan("acme", "Acme Group", "AIQ3").await;
    assert_eq!(introspect(&world, &token).await.json()["active"], true);
}

#[tokio::test]
async fn i10_our_choice_no_answer_may_be_kept_by_a_cache() {
    let world = World::on_sqlite().await;
    let token = world.access_token(&Integration::running(&world).await.client).await;
    for token in [token.as_str(), "x"] {
        let answer = introspect(&world, token).await.expect(200);
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn i12_nothing_is_told_about_people() {
    let world = World::on_sqlite().await;
    let token = world.access_token(&Integration::running(&world).await.client).await;
    let answer = introspect(&world, &token).await;
    for private in ["dev@example.com", "Dev Eloper", "ada", "Ada Admin", "gbs_", "digest"] {
        assert!(!answer.text().contains(private), "{}", answer.text());
    }
    let documented = [
        "active",
        "client_id",
        "sub",
        "scope",
        "token_type",
        "iat",
        "nbf",
        "exp",
        "aud",
        "jti",
        "iss",
        "app_name",
        "group_id",
        "entities",
        "permission",
    ];
    for member in answer.json().as_object().unwrap().keys() {
        assert!(documented.contains(&member.as_str()), "{member}");
    }
}

#[tokio::test]
async fn i12_entities_that_the_group_lost_are_not_told() {
    let world = World::on_sqlite().await;
    let token = world.access_token(&Integration::running(&world).await.client).await;
    world
        .operator
        .delete("/operator/api/v1/groups/acme/entities/e2")
        .await
        .done();
    assert_eq!(introspect(&world, &token).await.json()["entities"], json!(["e1"]));
}
