//! Bearer tokens at the gate: RFC 6750.

use chrono::TimeDelta;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderValue};

use super::asking::{Call, Integration, ask, authorize, introspect, revoke, token_with};
use crate::support::{Answer, World};

async fn reading_with(world: &World, authorization: &[&[u8]]) -> Answer {
    let request = world
        .request(Method::GET, "/gateway/authorize")
        .header("X-Entity-Id", "e1")
        .header("X-Api-Access", "read");
    let request = authorization.iter().fold(request, |request, value| {
        request.header(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap())
    });
    ask(request).await
}

#[tokio::test]
async fn b01_b11_the_authorization_header_is_read_in_any_spelling_of_the_scheme() {
    let world = World::on_sqlite().await;
    let token = world.access_token(&Integration::running(&world).await.client).await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        reading_with(&world, &[format!("{scheme} {token}").as_bytes()])
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn b02_two_tokens_are_one_too_many() {
    let world = World::on_sqlite().await;
    let token = world.access_token(&Integration::running(&world).await.client).await;
    let header = format!("Bearer {token}");
    let answer = reading_with(&world, &[header.as_bytes(), header.as_bytes()])
        .await
        .expect(401);
    assert_eq!(answer.bearer_error().as_deref(), Some("invalid_request"));
    reading_with(&world, &[format!("Bearer {token}, Bearer {token}").as_bytes()])
        .await
        .expect(401);
}

#[tokio::test]
async fn b03_a_token_in_the_url_or_in_a_body_is_not_looked_at() {
    let world = World::on_sqlite().await;
    let token = world.access_token(&Integration::running(&world).await.client).await;
    let in_url = world.request(Method::GET, &format!("/gateway/authorize?access_token={token}"));
    let in_body = world
        .request(Method::POST, "/gateway/authorize")
        .form(&[("access_token", &token)]);
    for request in [in_url, in_body] {
        let answer = ask(request.header("X-Entity-Id", "e1").header("X-Api-Access", "read")).await;
        assert!(!answer.status.is_success());
        assert_eq!(answer.header("x-reason"), "token_missing");
    }
}

#[tokio::test]
async fn b04_b09_every_refusal_carries_one_challenge_with_a_realm() {
    let world = World::on_sqlite().await;
    let token = world.access_token(&Integration::running(&world).await.client).await;
    let call = Call::reading(&token);
    let calls = [
        Call { token: None, ..call },
        Call {
            token: Some("garbage"),
            ..call
        },
        Call { entity: None, ..call },
        Call {
            entity: Some("e5"),
            ..call
        },
        Call { access: None, ..call },
        Call {
            access: Some("\"everything\\"),
            ..call
        },
    ];
    for call in calls {
        let answer = authorize(&world, call).await;
        assert!([401, 403].contains(&answer.status.as_u16()));
        answer.bearer_challenge();
    }
}

#[tokio::test]
async fn b05_who_sends_no_credentials_is_challenged_without_an_error() {
    let world = World::on_sqlite().await;
    let nothings: [&[&[u8]]; 5] = [&[], &[b"Basic YTpi"], &[b"Digest x"], &[b"garbage"], &[b""]];
    for nothing in nothings {
        let answer = reading_with(&world, nothing).await.expect(401);
        assert_eq!(answer.bearer_error(), None);
        assert_eq!(answer.header("x-reason"), "token_missing");
    }
}

#[tokio::test]
async fn b06_a_token_that_is_malformed_revoked_or_expired_is_invalid() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let (revoked, expired) = (
        world.access_token(&app.client).await,
        world.access_token(&app.client).await,
    );
    revoke(&world, &app.client, &revoked).await.expect(200);
    let is_invalid = |answer: Answer, reason: &str| {
        let answer = answer.expect(401);
        assert_eq!(answer.bearer_error().as_deref(), Some("invalid_token"));
        assert_eq!(answer.header("x-reason"), reason);
    };
    for malformed in [
        &b"Bearer"[..],
        b"Bearer ",
        b"Bearer a b",
        b"Bearer \xff",
        b"Bearer \"a\"",
        b"Bearer gbt_",
    ] {
        is_invalid(reading_with(&world, &[malformed]).await, "token_malformed");
    }
    is_invalid(authorize(&world, Call::reading(&revoked)).await, "token_revoked");
    world.pass(TimeDelta::hours(1));
    is_invalid(authorize(&world, Call::reading(&expired)).await, "token_expired");
}

#[tokio::test]
async fn b07_who_may_not_write_learns_that_the_scope_does_not_suffice() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let answer = token_with(&world, &app.client, &[("scope", "read")]).await.json();
    let call = Call::reading(answer["access_token"].as_str().unwrap());
    let answer = authorize(
        &world,
        Call {
            access: Some("write"),
            ..call
        },
    )
    .await
    .expect(403);
    assert_eq!(answer.bearer_error().as_deref(), Some("insufficient_scope"));
}

#[tokio::test]
async fn b08_our_choice_a_malformed_request_is_401_or_403_because_nginx_understands_nothing_else() {
    let world = World::on_sqlite().await;
    let token = world.access_token(&Integration::running(&world).await.client).await;
    let header = format!("Bearer {token}");
    let requests = [
        [
            ("X-Entity-Id", &b"e1"[..]),
            ("X-Entity-Id", b"e2"),
            ("X-Api-Access", b"read"),
        ],
        [
            ("X-Entity-Id", b"e1"),
            ("X-Api-Access", b"read"),
            ("X-Api-Access", b"read"),
        ],
        [("X-Entity-Id", b"\xff"), ("X-Api-Access", b"read"), ("X-Other", b"")],
        [("X-Entity-Id", b"e1"), ("X-Api-Access", b"\xff"), ("X-Other", b"")],
        [("X-Entity-Id", b"../e1"), ("X-Api-Access", b"read"), ("X-Other", b"")],
        [("X-Entity-Id", b"e1,e2"), ("X-Api-Access", b"read"), ("X-Other", b"")],
    ];
    for headers in requests {
        let request = world
            .request(Method::GET, "/gateway/authorize")
            .header(AUTHORIZATION, &header);
        let request = headers.into_iter().fold(request, |request, (name, value)| {
            request.header(name, HeaderValue::from_bytes(value).unwrap())
        });
        let answer = ask(request).await;
        assert!(
            [401, 403].contains(&answer.status.as_u16()),
            "{headers:?}: {}",
            answer.status
        );
        assert_ne!(answer.header("x-reason"), "");
    }
}

#[tokio::test]
async fn b10_our_choice_a_token_lives_an_hour_at_most_and_is_for_every_resource_server_of_its_issuer() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let message = introspect(&world, &token).await.json();
    assert!(message["exp"].as_i64().unwrap() - message["iat"].as_i64().unwrap() <= 3_600);
    assert_eq!(message["aud"], world.base_url.as_str());
    assert_eq!(message["aud"], message["iss"]);
    let sibling = app.sibling(&world, "Billing", "read").await;
    let other = introspect(&world, &world.access_token(&sibling.client).await)
        .await
        .json();
    assert_ne!(message["client_id"], other["client_id"]);
    assert_eq!(message["aud"], other["aud"]);
}

#[tokio::test]
async fn b12_our_choice_a_403_carries_its_challenge_for_nginx_to_pass_on() {
    let world = World::on_sqlite().await;
    let token = world.access_token(&Integration::running(&world).await.client).await;
    let answer = authorize(
        &world,
        Call {
            entity: Some("e5"),
            ..Call::reading(&token)
        },
    )
    .await
    .expect(403);
    assert_eq!(answer.bearer_error().as_deref(), Some("insufficient_scope"));
}
