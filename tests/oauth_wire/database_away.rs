//! When PostgreSQL is away, nothing passes, nobody is told that their credentials are wrong, and all of it mends itself
//! (T34, R07, R26).

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatebook::application::{GatewayAuth, GatewaySettings, GatewayUnavailable};
use reqwest::StatusCode;
use serde_json::json;

use super::asking::{Call, Integration, ask, authorize, introspect, reason, revoke, verify};
use crate::support::node::Options;
use crate::support::proxy::Proxy;
use crate::support::{Answer, World, database};

/// How long a mended world may take to notice.
const PATIENCE: Duration = Duration::from_secs(20);

/// A world whose road to its database can be cut.
async fn world_behind_a_proxy() -> (World, Proxy) {
    world_behind_a_proxy_with(Options::default()).await
}

async fn world_behind_a_proxy_with(options: Options) -> (World, Proxy) {
    let proxy = Proxy::start().await;
    let url = proxy.through(&database::new_postgres().await);
    (World::on_database_with(url, options).await, proxy)
}

/// Asks until it is no longer 503; the last answer.
async fn once_it_is_back(mut ask: impl AsyncFnMut() -> Answer) -> Answer {
    let started = Instant::now();
    loop {
        let answer = ask().await;
        if answer.status != StatusCode::SERVICE_UNAVAILABLE {
            return answer;
        }
        assert!(answer.retry_after() >= 1);
        assert!(started.elapsed() < PATIENCE, "still away: {}", answer.as_sent());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t34_our_choice_there_is_no_token_and_no_word_against_the_client_and_then_it_is_back() {
    let (world, proxy) = world_behind_a_proxy().await;
    let app = Integration::running(&world).await;
    proxy.cut().await;
    let wrong = (app.client.0.clone(), "wrong".to_owned());
    for client in [&app.client, &wrong] {
        let answer = world.token(client).await.oauth_refusal(503, "temporarily_unavailable");
        assert!(answer.retry_after() >= 1);
        assert!(answer.json().get("access_token").is_none());
    }
    proxy.mend();
    let answer = once_it_is_back(async || world.token(&app.client).await)
        .await
        .expect(200)
        .json();
    assert_eq!(
        reason(&world, Call::reading(answer["access_token"].as_str().unwrap())).await,
        "ok"
    );
    world.token(&wrong).await.oauth_refusal(401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r07_a_token_that_could_not_be_revoked_still_exists_and_the_answer_says_503() {
    let (world, proxy) = world_behind_a_proxy().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    proxy.cut().await;
    let answer = revoke(&world, &app.client, &token)
        .await
        .oauth_refusal(503, "temporarily_unavailable");
    assert!(answer.retry_after() >= 1);
    proxy.mend();
    once_it_is_back(async || introspect(&world, &token).await)
        .await
        .expect(200);
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    once_it_is_back(async || revoke(&world, &app.client, &token).await)
        .await
        .expect(200);
    assert_eq!(world.gate(&token, "e1", "read").await, "token_revoked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r26_introspection_and_the_gate_refuse_what_they_cannot_decide() {
    let (world, proxy) = world_behind_a_proxy().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let call = Call::reading(&token);
    assert_eq!(reason(&world, call).await, "ok");
    proxy.cut().await;
    let introspected = introspect(&world, &token)
        .await
        .oauth_refusal(503, "temporarily_unavailable");
    assert!(introspected.retry_after() >= 1);
    let refused = authorize(&world, call).await.expect(403);
    assert_eq!(refused.header("x-reason"), "unavailable");
    assert_eq!(refused.header("x-app-id"), "");
    assert_eq!(refused.bearer_error(), None);
    for body in [call.json(), json!({"checks": [call.json(), call.json()]})] {
        let refused = verify(&world, &body).await.refused(503, "unavailable");
        assert!(refused.retry_after() >= 1);
        assert!(!refused.text().contains("allowed"));
    }
    proxy.mend();
    once_it_is_back(async || verify(&world, &call.json()).await)
        .await
        .expect(200);
    assert_eq!(reason(&world, call).await, "ok");
    assert_eq!(introspect(&world, &token).await.expect(200).json()["active"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r26_what_changed_just_before_the_cut_holds_after_it() {
    let (world, proxy) = world_behind_a_proxy().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    app.is("suspend").await;
    proxy.cut().await;
    assert_eq!(
        authorize(&world, Call::reading(&token))
            .await
            .expect(403)
            .header("x-reason"),
        "unavailable"
    );
    proxy.mend();
    let answer = once_it_is_back(async || verify(&world, &Call::reading(&token).json()).await).await;
    assert_eq!(answer.expect(200).json()["reason"], "app_suspended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_told_that_it_is_unavailable_and_nothing_of_what_they_sent_is_half_done() {
    let (world, proxy) = world_behind_a_proxy().await;
    let app = Integration::running(&world).await;
    let apps = "/api/v1/integration-apps";
    proxy.cut().await;
    let answers = [
        app.ada.get("/api/v1/me").await,
        app.ada.get(apps).await,
        app.ada.post(apps, World::new_integration("Second")).await,
        app.ada.post(&format!("{}/suspend", app.path()), json!({})).await,
        app.developer.get("/portal/api/v1/apps").await,
        world.operator.get("/operator/api/v1/groups").await,
        world.anybody().get("/readyz").await,
        world
            .anybody()
            .post(
                "/portal/api/v1/session",
                json!({"email": "dev@example.com", "password": "x"}),
            )
            .await,
    ];
    for answer in answers {
        assert!(answer.refused(503, "unavailable").retry_after() >= 1);
    }
    world.anybody().get("/healthz").await.expect(200);
    world
        .anybody()
        .get("/.well-known/oauth-authorization-server")
        .await
        .expect(200);
    proxy.mend();
    let listed = once_it_is_back(async || app.ada.get(apps).await).await.expect(200);
    assert_eq!(listed.json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed.json()["items"][0]["status"], "active");
    let created = once_it_is_back(async || app.ada.post(apps, World::new_integration("Second")).await).await;
    created.expect(201);
    once_it_is_back(async || world.anybody().get("/readyz").await)
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn being_away_several_times_in_a_row_does_no_harm() {
    let (world, proxy) = world_behind_a_proxy().await;
    let app = Integration::running(&world).await;
    for _ in 0..3 {
        proxy.cut().await;
        world
            .token(&app.client)
            .await
            .oauth_refusal(503, "temporarily_unavailable");
        proxy.mend();
        let token = once_it_is_back(async || world.token(&app.client).await)
            .await
            .expect(200)
            .json();
        let token = token["access_token"].as_str().unwrap();
        once_it_is_back(async || revoke(&world, &app.client, token).await)
            .await
            .expect(200);
        assert_eq!(reason(&world, Call::reading(token)).await, "token_revoked");
    }
}

/// With `--gateway-unavailable 503`, for gateways that pass it on; and whether the gateway is known cannot be read either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r26_our_choice_the_gate_says_503_where_that_was_asked_for_and_lets_nothing_pass() {
    for auth in [GatewayAuth::Off, GatewayAuth::Required] {
        let gateway = GatewaySettings {
            auth,
            unavailable: GatewayUnavailable::ServiceUnavailable,
        };
        let options = Options {
            gateway,
            ..Options::default()
        };
        let (world, proxy) = world_behind_a_proxy_with(options).await;
        let app = Integration::running(&world).await;
        let token = world.access_token(&app.client).await;
        let (id, secret) = &world.gateway;
        let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        let call = || {
            Call::reading(&token)
                .request(&world)
                .header("X-Gateway-Authorization", &basic)
        };
        ask(call()).await.expect(200);
        proxy.cut().await;
        let answer = ask(call()).await.expect(503);
        assert_eq!(answer.header("x-reason"), "unavailable");
        assert!(answer.retry_after() >= 1);
        assert_eq!(answer.header("www-authenticate"), "");
        proxy.mend();
        once_it_is_back(async || ask(call()).await).await.expect(200);
    }
}
