//! Scopes: RFC 6749 §3.3, and R24.

use reqwest::header::CONTENT_TYPE;

use super::asking::{Call, FORM, Integration, ask, post_as, reason, token_with};
use crate::support::World;

#[tokio::test]
async fn t21_an_unknown_or_malformed_scope_is_an_invalid_scope() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let bad = [
        "admin",
        "READ",
        "read admin",
        "read,write",
        " ",
        " read",
        "read ",
        "read  write",
        "read\twrite",
        "é",
    ];
    for scope in bad.into_iter().chain([
        "\"read\"",
        "read\\",
        "read\n",
        "\u{7f}",
        "\u{0}",
        "read\u{a0}write",
        "*",
    ]) {
        token_with(&world, &app.client, &[("scope", scope)])
            .await
            .oauth_refusal(400, "invalid_scope");
    }
    let plus_encoded_twice = post_as(&world, "/oauth/token", &app.client).header(CONTENT_TYPE, FORM);
    let plus_encoded_twice = plus_encoded_twice.body("grant_type=client_credentials&scope=read%2Bwrite");
    ask(plus_encoded_twice).await.oauth_refusal(400, "invalid_scope");
}

#[tokio::test]
async fn t21_more_than_the_application_may_have_is_an_invalid_scope() {
    let world = World::on_sqlite().await;
    let reader = Integration::running(&world)
        .await
        .sibling(&world, "Reader", "read")
        .await;
    for scope in ["write", "read write", "write read"] {
        token_with(&world, &reader.client, &[("scope", scope)])
            .await
            .oauth_refusal(400, "invalid_scope");
    }
    token_with(&world, &reader.client, &[("scope", "read")])
        .await
        .expect(200);
}

#[tokio::test]
async fn t22_without_a_scope_the_token_gets_all_that_the_application_may_do() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let reader = app.sibling(&world, "Reader", "read").await;
    assert_eq!(world.token(&app.client).await.expect(200).json()["scope"], "read write");
    assert_eq!(world.token(&reader.client).await.expect(200).json()["scope"], "read");
}

#[tokio::test]
async fn t23_our_choice_the_answer_always_names_the_scope_that_was_issued() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let asked_and_issued = [
        ("read", "read"),
        ("write", "write"),
        ("read write", "read write"),
        ("write read read", "read write"),
    ];
    for (asked, issued) in asked_and_issued {
        let answer = token_with(&world, &app.client, &[("scope", asked)])
            .await
            .expect(200)
            .json();
        assert_eq!(answer["scope"], issued);
    }
}

#[tokio::test]
async fn r24_a_token_opens_no_more_than_its_scope() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    for (scope, other) in [("read", "write"), ("write", "read")] {
        let answer = token_with(&world, &app.client, &[("scope", scope)])
            .await
            .expect(200)
            .json();
        let call = Call::reading(answer["access_token"].as_str().unwrap());
        assert_eq!(
            reason(
                &world,
                Call {
                    access: Some(scope),
                    ..call
                }
            )
            .await,
            "ok"
        );
        assert_eq!(
            reason(
                &world,
                Call {
                    access: Some(other),
                    ..call
                }
            )
            .await,
            "access_not_permitted"
        );
    }
}
