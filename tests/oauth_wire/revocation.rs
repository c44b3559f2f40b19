//! Revocation: RFC 7009.

use chrono::TimeDelta;

use futures::future::join_all;
use gatebook::throttle::budgets::REVOCATIONS_BURST;
use gatebook::throttle::{Budget, ThrottleMode};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::asking::{Call, Integration, introspect, post_form, reason, revoke};
use crate::support::eventually::eventually;
use crate::support::node::Options;
use crate::support::{World, id, on_both_databases};

#[tokio::test]
async fn r01_the_token_is_required() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    for form in [&[][..], &[("token", "")], &[("token_type_hint", "access_token")]] {
        world
            .oauth("/oauth/revoke", &app.client, form)
            .await
            .oauth_refusal(400, "invalid_request");
    }
}

#[tokio::test]
async fn r02_the_client_is_validated_before_anything_is_revoked() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let wrong = (app.client.0.clone(), "wrong".to_owned());
    revoke(&world, &wrong, &token)
        .await
        .oauth_refusal(401, "invalid_client");
    post_form(&world, "/oauth/revoke", &[("token", &token)])
        .await
        .oauth_refusal(401, "invalid_client");
    revoke(&world, &world.gateway, &token)
        .await
        .oauth_refusal(401, "invalid_client");
    assert_eq!(reason(&world, Call::reading(&token)).await, "ok");
}

#[tokio::test]
async fn r02_our_choice_the_token_of_another_client_is_200_and_stays_alive() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let other = app.sibling(&world, "Billing", "read").await;
    let token = world.access_token(&app.client).await;
    revoke(&world, &other.client, &token).await.expect(200);
    assert_eq!(reason(&world, Call::reading(&token)).await, "ok");
}

#[tokio::test]
async fn r03_what_cannot_be_revoked_is_200_too() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let session = app.developer.token.clone().unwrap();
    for garbage in [
        "x",
        "gbt_",
        "€",
        "\u{0}",
        &token.to_lowercase(),
        &session,
        &app.client.1,
    ] {
        revoke(&world, &app.client, garbage).await.expect(200);
    }
    app.developer.get("/portal/api/v1/apps").await.expect(200);
    for _ in 0..2 {
        revoke(&world, &app.client, &token).await.expect(200);
    }
    let expired = world.access_token(&app.client).await;
    world.pass(TimeDelta::hours(1));
    revoke(&world, &app.client, &expired).await.expect(200);
    assert_eq!(reason(&world, Call::reading(&expired)).await, "token_expired");
}

#[tokio::test]
async fn r04_the_hint_may_be_wrong() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    for hint in ["access_token", "refresh_token", "garbage", ""] {
        let token = world.access_token(&app.client).await;
        let form = [("token", token.as_str()), ("token_type_hint", hint)];
        world.oauth("/oauth/revoke", &app.client, &form).await.expect(200);
        assert_eq!(reason(&world, Call::reading(&token)).await, "token_revoked", "{hint}");
    }
}

#[tokio::test]
async fn r05_refusals_look_like_those_of_the_token_endpoint() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let unknown = ("gbc_unknown".to_owned(), app.client.1.clone());
    revoke(&world, &unknown, "x").await.oauth_refusal(401, "invalid_client");
    app.is("suspend").await;
    revoke(&world, &app.client, "x")
        .await
        .oauth_refusal(401, "invalid_client");
}

async fn r06_r08_a_revoked_access_token_is_dead_at_once_and_no_other_is(world: World) {
    let app = Integration::running(&world).await;
    let (token, other) = (
        world.access_token(&app.client).await,
        world.access_token(&app.client).await,
    );
    assert_eq!(reason(&world, Call::reading(&token)).await, "ok");
    let answer = revoke(&world, &app.client, &token).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(reason(&world, Call::reading(&token)).await, "token_revoked");
    assert_eq!(introspect(&world, &token).await.text(), r#"{"active":false}"#);
    assert_eq!(reason(&world, Call::reading(&other)).await, "ok");
    let after = world.access_token(&app.client).await;
    assert_eq!(reason(&world, Call::reading(&after)).await, "ok");
}

on_both_databases! { r06_r08_a_revoked_access_token_is_dead_at_once_and_no_other_is }

#[tokio::test]
async fn r06_a_token_may_be_revoked_with_any_living_secret_of_its_application() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let next = app.next_secret(3_600).await;
    revoke(&world, &next, &token).await.expect(200);
    assert_eq!(reason(&world, Call::reading(&token)).await, "token_revoked");
}

#[tokio::test]
async fn r06_many_tokens_given_back_at_once_are_all_dead() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let mut tokens = Vec::new();
    for _ in 0..20 {
        tokens.push(world.access_token(&app.client).await);
    }
    let answers = join_all(tokens.iter().map(|token| revoke(&world, &app.client, token))).await;
    for answer in answers {
        answer.expect(200);
    }
    for token in &tokens {
        assert_eq!(reason(&world, Call::reading(token)).await, "token_revoked");
    }
}

#[tokio::test]
async fn our_choice_an_application_revokes_a_thousand_tokens_at_once_and_then_ten_a_second() {
    let options = Options {
        throttle: ThrottleMode::Off,
        ..Options::default()
    };
    let world = World::on_sqlite_with(options).await;
    let app = Integration::running(&world).await;
    let other = app.sibling(&world, "Billing", "read").await;
    let first = world.access_token(&app.client).await;
    for _ in 0..REVOCATIONS_BURST - 1 {
        let spent = world.gatebook.budgets.spend(Budget::Revocations, id(&app.app), "");
        spent.unwrap().keep();
    }
    revoke(&world, &app.client, &first).await.expect(200);
    let token = world.access_token(&app.client).await;
    let refused = revoke(&world, &app.client, &token)
        .await
        .oauth_refusal(429, "temporarily_unavailable");
    assert_eq!(refused.retry_after(), 1);
    assert_eq!(reason(&world, Call::reading(&token)).await, "ok");
    // What is nothing to revoke, and another application, are answered as ever.
    revoke(&world, &app.client, "nonsense").await.expect(200);
    let others = world.access_token(&other.client).await;
    revoke(&world, &other.client, &others).await.expect(200);
    world.pass(TimeDelta::seconds(1));
    revoke(&world, &app.client, &token).await.expect(200);
    assert_eq!(reason(&world, Call::reading(&token)).await, "token_revoked");
}

#[tokio::test]
async fn our_choice_of_one_client_32_revocations_are_in_work_and_others_are_refused_before_anything_is_read() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let other = app.sibling(&world, "Billing", "read").await;
    let address = world.base_url.trim_start_matches("http://");
    let begun = async |client: &(String, String)| {
        let credentials = reqwest::Client::new()
            .get("http://x")
            .basic_auth(&client.0, Some(&client.1));
        let credentials = credentials.build().unwrap().headers()["authorization"].clone();
        let mut connection = TcpStream::connect(address).await.unwrap();
        // The body never comes.
        let head = format!(
            "POST /oauth/revoke HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\n",
            credentials.to_str().unwrap()
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        connection
    };
    // Somebody without the secret takes no place of those who have it.
    let wrong = (app.client.0.clone(), "wrong".to_owned());
    let strangers = join_all((0..40).map(|_| begun(&wrong))).await;
    let token = world.access_token(&app.client).await;
    revoke(&world, &app.client, &token).await.expect(200);
    let connections = join_all((0..32).map(|_| begun(&app.client))).await;
    // Long before the budget of 1,000 is spent: for want of a place.
    let mut refused = None;
    for _ in 0..200 {
        let answer = revoke(&world, &app.client, &token).await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("no refusal of a thirty-third");
    assert_eq!(refused.oauth_refusal(429, "temporarily_unavailable").retry_after(), 1);
    let others = world.access_token(&other.client).await;
    revoke(&world, &other.client, &others).await.expect(200);
    // Whoever hangs up gives the place back.
    drop((connections, strangers));
    eventually("place", async || {
        let answer = revoke(&world, &app.client, &token).await;
        (answer.status == 200).then_some(())
    })
    .await;
}
