//! Authorization server metadata: RFC 8414.

use reqwest::Method;
use serde_json::Value;

use super::asking::{Integration, ask, introspect, post_form, token_with};
use crate::support::World;

const METADATA: &str = "/.well-known/oauth-authorization-server";

async fn metadata(world: &World) -> Value {
    world.anybody().get(METADATA).await.expect(200).json()
}

fn words(metadata: &Value, member: &str) -> Vec<String> {
    let words = metadata[member]
        .as_array()
        .unwrap_or_else(|| panic!("{member} is missing: {metadata}"));
    words.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn d01_the_metadata_are_json_at_the_well_known_address() {
    let world = World::on_sqlite().await;
    let answer = world.anybody().get(METADATA).await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(answer.json().is_object());
    ask(world.request(Method::POST, METADATA)).await.expect(405);
}

#[tokio::test]
async fn d02_the_issuer_is_the_public_url_to_the_byte() {
    let world = World::on_sqlite().await;
    let metadata = metadata(&world).await;
    assert_eq!(metadata["issuer"], world.base_url.as_str());
    let token = world.access_token(&Integration::running(&world).await.client).await;
    assert_eq!(introspect(&world, &token).await.json()["iss"], metadata["issuer"]);
}

#[tokio::test]
async fn d03_there_is_a_token_endpoint_and_no_authorization_endpoint() {
    let world = World::on_sqlite().await;
    let metadata = metadata(&world).await;
    assert_eq!(metadata["token_endpoint"], format!("{}/oauth/token", world.base_url));
    for absent in [
        "authorization_endpoint",
        "registration_endpoint",
        "device_authorization_endpoint",
    ] {
        assert!(metadata.get(absent).is_none(), "{absent}");
    }
}

#[tokio::test]
async fn d04_the_only_grant_is_named() {
    let world = World::on_sqlite().await;
    assert_eq!(
        words(&metadata(&world).await, "grant_types_supported"),
        ["client_credentials"]
    );
}

#[tokio::test]
async fn d05_our_choice_the_response_types_are_none_because_some_validators_want_the_member() {
    let world = World::on_sqlite().await;
    assert_eq!(words(&metadata(&world).await, "response_types_supported"), ["none"]);
}

#[tokio::test]
async fn d06_there_are_no_empty_arrays_and_no_nulls() {
    let world = World::on_sqlite().await;
    for (name, value) in metadata(&world).await.as_object().unwrap() {
        assert!(!value.is_null(), "{name}");
        assert!(value.as_array().is_none_or(|array| !array.is_empty()), "{name}");
    }
}

/// Sections 5 and 7 of the checklist: neither is offered.
#[tokio::test]
async fn d07_our_choice_neither_jwt_access_tokens_nor_private_key_jwt_are_advertised() {
    let world = World::on_sqlite().await;
    let metadata = metadata(&world).await;
    for member in metadata.as_object().unwrap().keys() {
        assert!(!member.contains("signing_alg") && member != "jwks_uri", "{member}");
    }
    for endpoint in ["token", "introspection", "revocation"] {
        let methods = words(&metadata, &format!("{endpoint}_endpoint_auth_methods_supported"));
        assert_eq!(methods, ["client_secret_basic", "client_secret_post"], "{endpoint}");
    }
    world.anybody().get("/jwks.json").await.expect(404);
    world.anybody().get("/.well-known/jwks.json").await.expect(404);
}

#[tokio::test]
async fn d08_every_endpoint_is_under_the_issuer() {
    let world = World::on_sqlite().await;
    let metadata = metadata(&world).await;
    assert_eq!(
        metadata["introspection_endpoint"],
        format!("{}/oauth/introspect", world.base_url)
    );
    assert_eq!(
        metadata["revocation_endpoint"],
        format!("{}/oauth/revoke", world.base_url)
    );
    for (name, value) in metadata
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| name.ends_with("_endpoint"))
    {
        assert!(value.as_str().unwrap().starts_with(&world.base_url), "{name}");
        let known = ["token_endpoint", "introspection_endpoint", "revocation_endpoint"];
        assert!(known.contains(&name.as_str()), "{name} is advertised and not tested");
    }
}

#[tokio::test]
async fn d09_our_choice_every_advertised_method_works_at_every_endpoint() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let metadata = metadata(&world).await;
    let path = |member: &str| {
        metadata[member]
            .as_str()
            .unwrap()
            .strip_prefix(&world.base_url)
            .unwrap()
            .to_owned()
    };
    let grant = ("grant_type", "client_credentials");
    let token = world.access_token(&app.client).await;
    let asked = [
        (path("token_endpoint"), &app.client, grant),
        (
            path("introspection_endpoint"),
            &world.gateway,
            ("token", token.as_str()),
        ),
        (path("revocation_endpoint"), &app.client, ("token", token.as_str())),
    ];
    for (path, client, parameter) in asked {
        world.oauth(&path, client, &[parameter]).await.expect(200);
        let form = [
            parameter,
            ("client_id", client.0.as_str()),
            ("client_secret", client.1.as_str()),
        ];
        post_form(&world, &path, &form).await.expect(200);
    }
}

#[tokio::test]
async fn d09_our_choice_every_advertised_scope_is_issued_and_no_other_is() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let scopes = words(&metadata(&world).await, "scopes_supported");
    assert_eq!(scopes, ["read", "write"]);
    for scope in &scopes {
        let answer = token_with(&world, &app.client, &[("scope", scope)])
            .await
            .expect(200)
            .json();
        assert_eq!(answer["scope"], scope.as_str());
    }
    for grant in words(&metadata(&world).await, "grant_types_supported") {
        world
            .oauth("/oauth/token", &app.client, &[("grant_type", &grant)])
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn d10_our_choice_the_documentation_says_how_to_register() {
    let world = World::on_sqlite().await;
    let documentation = metadata(&world).await["service_documentation"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = documentation.strip_prefix(&world.base_url).unwrap();
    world.anybody().get(path).await.expect(200);
    // What the page shows.
    let page = world.anybody().get("/openapi.json").await.expect(200).text();
    for step in [
        "How to register",
        "/api/v1/integration-apps",
        "one-time password",
        "client secret",
        "Developer Portal",
    ] {
        assert!(page.contains(step), "{step} is not in {documentation}");
    }
}
