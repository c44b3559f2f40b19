//! Guessing is slowed down, and nobody is locked out: RFC 6749 §10.10, RFC 6585 §4.

use chrono::TimeDelta;
use gatebook::throttle::{ACCOUNT_BURST, ADDRESS_BURST, ThrottleMode};
use serde_json::json;

use super::asking::{Call, GRANT, Integration, ask, authorize, introspect, post_as, post_form};
use crate::support::node::Options;
use crate::support::{Answer, World};

/// More failures than any throttle lets through.
const MANY: usize = 400;

/// Fails until it is told to wait; every failure before that is a 401.
async fn until_told_to_wait(mut fail: impl AsyncFnMut() -> Answer) -> Answer {
    for _ in 0..MANY {
        let answer = fail().await;
        if answer.status != 429 {
            answer.expect(401);
            continue;
        }
        return answer;
    }
    panic!("{MANY} failures, and nobody was told to wait");
}

#[tokio::test]
async fn t30_t33_our_choice_wrong_secrets_are_answered_429_and_a_right_one_still_passes() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let wrong = (app.client.0.clone(), "wrong".to_owned());
    let message = until_told_to_wait(async || world.token(&wrong).await).await;
    let message = message.oauth_refusal(429, "temporarily_unavailable");
    world.token(&app.client).await.expect(200);
    world.token(&wrong).await.expect(429);
    world.pass(TimeDelta::seconds(message.retry_after()));
    world.token(&wrong).await.oauth_refusal(401, "invalid_client");
    world.token(&wrong).await.expect(429);
}

#[tokio::test]
async fn t30_it_makes_no_difference_where_the_secret_is_and_whether_the_client_exists() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let id = app.client.0.as_str();
    let mut tries = Vec::new();
    for (id, in_body) in [(id, false), ("gbc_unknown", false), (id, true), ("gbc_unknown", true)] {
        let wrong = (id.to_owned(), "wrong".to_owned());
        let form = [GRANT, ("client_id", id), ("client_secret", "wrong")];
        let mut failed = 0;
        let message = until_told_to_wait(async || {
            failed += 1;
            match in_body {
                true => post_form(&world, "/oauth/token", &form).await,
                false => world.token(&wrong).await,
            }
        });
        tries.push((message.await.as_sent(), failed));
        world.pass(TimeDelta::hours(1));
    }
    assert!(tries.iter().all(|message| *message == tries[0]), "{tries:#?}");
}

#[tokio::test]
async fn t30_the_endpoints_share_one_count_of_failures() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let wrong = (app.client.0.clone(), "wrong".to_owned());
    until_told_to_wait(async || world.token(&wrong).await).await;
    let revoking = world.oauth("/oauth/revoke", &wrong, &[("token", "x")]).await;
    revoking.oauth_refusal(429, "temporarily_unavailable");
}

#[tokio::test]
async fn t30_time_passing_gives_all_tries_back() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let wrong = (app.client.0.clone(), "wrong".to_owned());
    until_told_to_wait(async || world.token(&wrong).await).await;
    world.pass(TimeDelta::hours(1));
    for _ in 0..ACCOUNT_BURST {
        world.token(&wrong).await.oauth_refusal(401, "invalid_client");
    }
    world.token(&wrong).await.expect(429);
}

#[tokio::test]
async fn t30_an_address_that_tries_many_clients_is_slowed_down_too() {
    let world = World::on_sqlite().await;
    for number in 0..ADDRESS_BURST {
        let client = (format!("gbc_{number}"), "wrong".to_owned());
        world.token(&client).await.oauth_refusal(401, "invalid_client");
    }
    let another = ("gbc_another".to_owned(), "wrong".to_owned());
    world
        .token(&another)
        .await
        .oauth_refusal(429, "temporarily_unavailable");
}

#[tokio::test]
async fn t30_requests_that_fail_for_another_reason_do_not_count() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    for _ in 0..MANY {
        world
            .oauth("/oauth/token", &app.client, &[("grant_type", "x")])
            .await
            .expect(400);
    }
    let wrong = (app.client.0.clone(), "wrong".to_owned());
    world.token(&wrong).await.oauth_refusal(401, "invalid_client");
}

#[tokio::test]
async fn t30_successful_calls_are_not_throttled() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    for _ in 0..MANY {
        world.token(&app.client).await.expect(200);
    }
}

#[tokio::test]
async fn t30_switched_off_nobody_is_ever_told_to_wait() {
    let world = World::on_sqlite_with(Options {
        throttle: ThrottleMode::Off,
        ..Options::default()
    })
    .await;
    let app = Integration::running(&world).await;
    let wrong = (app.client.0.clone(), "wrong".to_owned());
    for _ in 0..MANY {
        world.token(&wrong).await.expect(401);
    }
    let nobody = (world.gateway.0.clone(), "wrong".to_owned());
    for _ in 0..MANY {
        world
            .oauth("/oauth/introspect", &nobody, &[("token", "x")])
            .await
            .expect(401);
    }
}

#[tokio::test]
async fn i13_our_choice_wrong_credentials_of_a_gateway_are_slowed_down_and_right_ones_pass() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let wrong = (world.gateway.0.clone(), "wrong".to_owned());
    let message =
        until_told_to_wait(async || world.oauth("/oauth/introspect", &wrong, &[("token", &token)]).await).await;
    let message = message.oauth_refusal(429, "temporarily_unavailable");
    assert_eq!(introspect(&world, &token).await.expect(200).json()["active"], true);
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    world.pass(TimeDelta::seconds(message.retry_after()));
    let again = world.oauth("/oauth/introspect", &wrong, &[("token", &token)]).await;
    again.oauth_refusal(401, "invalid_client");
}

#[tokio::test]
async fn i13_wrong_credentials_at_verify_are_slowed_down_as_a_problem() {
    let world = World::on_sqlite().await;
    let wrong = (world.gateway.0.clone(), "wrong".to_owned());
    let body = json!({"token": "x", "entity": "e1", "access": "read"});
    let message = until_told_to_wait(async || ask(post_as(&world, "/gateway/verify", &wrong).json(&body)).await).await;
    let message = message.refused(429, "too_many_requests");
    assert!(message.retry_after() >= 1);
    ask(post_as(&world, "/gateway/verify", &world.gateway).json(&body))
        .await
        .expect(200);
}

/// nginx understands 2xx, 401 and 403 only.
#[tokio::test]
async fn i13_the_gate_itself_never_answers_429() {
    let world = World::on_sqlite().await;
    let wrong = (world.gateway.0.clone(), "wrong".to_owned());
    until_told_to_wait(async || world.oauth("/oauth/introspect", &wrong, &[("token", "x")]).await).await;
    for _ in 0..MANY {
        authorize(&world, Call::reading("garbage")).await.expect(401);
    }
}
