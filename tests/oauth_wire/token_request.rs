//! What the token endpoint takes: RFC 6749 §3.2 and §4.4.2.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;

use super::asking::{FORM, FORM_ENDPOINTS, GRANT, Integration, ask, post_as, post_form, token_with};
use crate::support::World;

#[tokio::test]
async fn t01_i09_r01_nothing_is_ever_redirected_so_that_no_credential_is_sent_on() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    for path in FORM_ENDPOINTS {
        for path in [
            path.to_owned(),
            format!("{path}/"),
            format!("/{path}"),
            format!("{path}?next=x"),
            path.to_uppercase(),
        ] {
            let answer = world.oauth(&path, &app.client, &[GRANT]).await;
            assert!(!answer.status.is_redirection(), "{path}: {}", answer.status);
            assert_eq!(answer.header("location"), "", "{path}");
        }
    }
}

#[tokio::test]
async fn t02_i01_r01_our_choice_other_methods_than_post_are_405_and_allow_says_post() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    for path in FORM_ENDPOINTS {
        for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
            let (id, secret) = &app.client;
            let request = world.request(method, path).basic_auth(id, Some(secret)).form(&[GRANT]);
            let answer = ask(request).await.oauth_refusal(405, "invalid_request");
            assert_eq!(answer.header("allow"), "POST");
        }
        let answer = ask(world.request(Method::HEAD, path)).await.expect(405);
        assert_eq!(answer.header("allow"), "POST");
        assert_eq!(answer.text(), "");
    }
}

#[tokio::test]
async fn t03_a_form_in_utf8_is_taken_also_with_a_charset_beside_its_type() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    for content_type in [
        FORM,
        "Application/X-WWW-Form-URLencoded",
        "application/x-www-form-urlencoded; charset=UTF-8",
    ] {
        let request = post_as(&world, "/oauth/token", &app.client).header(CONTENT_TYPE, content_type);
        ask(request.body("grant_type=client_credentials")).await.expect(200);
    }
}

#[tokio::test]
async fn t03_our_choice_a_body_of_another_type_is_an_invalid_request() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    for path in FORM_ENDPOINTS {
        for content_type in [
            "application/json",
            "text/plain",
            "multipart/form-data; boundary=x",
            "",
            "garbage",
        ] {
            let request = post_as(&world, path, &app.client).header(CONTENT_TYPE, content_type);
            let request = request.body("grant_type=client_credentials&token=x");
            ask(request).await.oauth_refusal(400, "invalid_request");
        }
        let untyped = post_as(&world, path, &app.client).body("grant_type=client_credentials&token=x");
        ask(untyped).await.oauth_refusal(400, "invalid_request");
        ask(post_as(&world, path, &app.client))
            .await
            .oauth_refusal(400, "invalid_request");
    }
}

#[tokio::test]
async fn t03_bytes_that_are_not_utf8_are_an_invalid_request() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    for body in [
        &b"grant_type=client_credentials&x=%FF"[..],
        b"grant_type=client_credentials&\xff=x",
    ] {
        let request = post_as(&world, "/oauth/token", &app.client)
            .header(CONTENT_TYPE, FORM)
            .body(body.to_vec());
        ask(request).await.oauth_refusal(400, "invalid_request");
    }
}

#[tokio::test]
async fn t03_our_choice_a_body_over_64_kib_is_refused_with_413() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    for path in FORM_ENDPOINTS {
        let body = format!(
            "grant_type=client_credentials&token=x&padding={}",
            "x".repeat(64 * 1024)
        );
        let request = post_as(&world, path, &app.client).header(CONTENT_TYPE, FORM).body(body);
        ask(request).await.oauth_refusal(413, "invalid_request");
    }
}

#[tokio::test]
async fn t04_without_a_grant_type_it_is_an_invalid_request() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    world
        .oauth("/oauth/token", &app.client, &[])
        .await
        .oauth_refusal(400, "invalid_request");
    world
        .oauth("/oauth/token", &app.client, &[("scope", "read")])
        .await
        .oauth_refusal(400, "invalid_request");
}

#[tokio::test]
async fn t05_any_other_grant_type_is_unsupported() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let device_code = "urn:ietf:params:oauth:grant-type:device_code";
    let jwt_bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    let others = [
        "password",
        "authorization_code",
        "refresh_token",
        "implicit",
        "garbage",
        "Client_Credentials",
    ];
    for grant in others
        .into_iter()
        .chain([device_code, jwt_bearer, "client_credentials ", "\u{0}", "é\""])
    {
        let answer = world.oauth("/oauth/token", &app.client, &[("grant_type", grant)]).await;
        answer.oauth_refusal(400, "unsupported_grant_type");
    }
}

#[tokio::test]
async fn t06_a_parameter_without_a_value_counts_as_left_out() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    world
        .oauth("/oauth/token", &app.client, &[("grant_type", "")])
        .await
        .oauth_refusal(400, "invalid_request");
    let empty = [
        ("scope", ""),
        ("client_id", ""),
        ("client_secret", ""),
        ("client_assertion", ""),
    ];
    let answer = token_with(&world, &app.client, &empty).await.expect(200).json();
    assert_eq!(answer["scope"], "read write");
    world
        .oauth("/oauth/introspect", &world.gateway, &[("token", "")])
        .await
        .oauth_refusal(400, "invalid_request");
    world
        .oauth("/oauth/revoke", &app.client, &[("token", "")])
        .await
        .oauth_refusal(400, "invalid_request");
}

#[tokio::test]
async fn t07_parameters_that_nobody_knows_are_ignored() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let unknown = [
        ("audience", "https://api.example.com"),
        ("resource", "x"),
        ("error", "y"),
        ("é", "€"),
        ("", "z"),
    ];
    token_with(&world, &app.client, &unknown).await.expect(200);
}

#[tokio::test]
async fn t08_a_repeated_parameter_is_an_invalid_request() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    for name in ["scope", "client_id", "unknown", ""] {
        let value = if name == "client_id" {
            app.client.0.as_str()
        } else {
            "read"
        };
        let answer = token_with(&world, &app.client, &[(name, value), (name, value)]).await;
        answer.oauth_refusal(400, "invalid_request");
    }
    world
        .oauth("/oauth/token", &app.client, &[GRANT, GRANT])
        .await
        .oauth_refusal(400, "invalid_request");
    let one_empty = token_with(&world, &app.client, &[("scope", ""), ("scope", "read")]).await;
    one_empty.oauth_refusal(400, "invalid_request");
    let (id, secret) = (app.client.0.as_str(), app.client.1.as_str());
    let twice = [
        GRANT,
        ("client_id", id),
        ("client_secret", secret),
        ("client_secret", secret),
    ];
    post_form(&world, "/oauth/token", &twice)
        .await
        .oauth_refusal(400, "invalid_request");
    let encoded_otherwise = post_as(&world, "/oauth/token", &app.client).header(CONTENT_TYPE, FORM);
    let encoded_otherwise = encoded_otherwise.body("grant_type=client_credentials&scope=read&%73cope=read");
    ask(encoded_otherwise).await.oauth_refusal(400, "invalid_request");
}

#[tokio::test]
async fn t08_a_repeated_token_is_an_invalid_request_too() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let twice = [("token", token.as_str()), ("token", token.as_str())];
    world
        .oauth("/oauth/introspect", &world.gateway, &twice)
        .await
        .oauth_refusal(400, "invalid_request");
    world
        .oauth("/oauth/revoke", &app.client, &twice)
        .await
        .oauth_refusal(400, "invalid_request");
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
}

#[tokio::test]
async fn t14_credentials_in_the_url_are_an_invalid_request_on_every_endpoint() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let (id, secret) = &app.client;
    for path in FORM_ENDPOINTS {
        for query in [
            format!("client_id={id}&client_secret={secret}"),
            format!("client_secret={secret}"),
            "token=x".into(),
        ] {
            let with_query = format!("{path}?{query}");
            let alone = post_form(&world, &with_query, &[GRANT, ("token", "x")]).await;
            alone.oauth_refusal(400, "invalid_request");
            let beside_basic = world.oauth(&with_query, &app.client, &[GRANT, ("token", "x")]).await;
            beside_basic.oauth_refusal(400, "invalid_request");
        }
    }
}

#[tokio::test]
async fn t14_the_url_is_never_read_for_parameters() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let answer = world
        .oauth("/oauth/token?grant_type=client_credentials", &app.client, &[])
        .await;
    answer.oauth_refusal(400, "invalid_request");
    let answer = world
        .oauth("/oauth/token?scope=read", &app.client, &[GRANT])
        .await
        .expect(200)
        .json();
    assert_eq!(answer["scope"], "read write");
}
