//! How a client proves who it is: RFC 6749 §2.3 and §5.2.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatebook::throttle::ThrottleMode;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderValue};

use super::asking::{FORM_ENDPOINTS, GRANT, Integration, ask, post_as, post_form, token_with};
use crate::support::node::Options;
use crate::support::{Answer, World, on_both_databases};

async fn with_header(world: &World, header: &[u8]) -> Answer {
    let value = HeaderValue::from_bytes(header).unwrap();
    ask(world
        .request(Method::POST, "/oauth/token")
        .header(AUTHORIZATION, value)
        .form(&[GRANT]))
    .await
}

async fn with_basic(world: &World, credentials: &[u8]) -> Answer {
    with_header(world, format!("Basic {}", STANDARD.encode(credentials)).as_bytes()).await
}

/// Every byte as `%XX`, which is more than any client encodes.
fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

#[tokio::test]
async fn t09_a_client_may_use_http_basic_in_any_spelling_of_the_scheme() {
    let world = World::on_sqlite().await;
    let (id, secret) = Integration::running(&world).await.client;
    let encoded = STANDARD.encode(format!("{id}:{secret}"));
    for scheme in ["Basic", "basic", "BASIC"] {
        with_header(&world, format!("{scheme} {encoded}").as_bytes())
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn t10_the_two_parts_of_basic_are_decoded_after_parting_at_the_first_colon() {
    let world = World::on_sqlite().await;
    let (id, secret) = Integration::running(&world).await.client;
    with_basic(
        &world,
        format!("{}:{}", percent_encoded(&id), percent_encoded(&secret)).as_bytes(),
    )
    .await
    .expect(200);
    let oauth4webapi = |text: &str| text.replace('_', "%5F").replace('-', "%2D");
    with_basic(
        &world,
        format!("{}:{}", oauth4webapi(&id), oauth4webapi(&secret)).as_bytes(),
    )
    .await
    .expect(200);
    let colon_encoded = with_basic(&world, format!("{id}%3A{secret}").as_bytes()).await;
    colon_encoded.oauth_refusal(401, "invalid_client");
}

/// No client of ours is called like that, so the id of the body tells whether the header was decoded alike: another id
/// than the header's is an `invalid_request` (T16).
#[tokio::test]
async fn t11_the_vector_of_appendix_b_is_decoded() {
    let world = World::on_sqlite().await;
    let header = format!(
        "Basic {}",
        STANDARD.encode("a+b%25%26%2B%C2%A3%E2%82%AC:a+b%25%26%2B%C2%A3%E2%82%AC")
    );
    let with_id = async |id: &str| {
        let request = world
            .request(Method::POST, "/oauth/token")
            .header(AUTHORIZATION, &header);
        ask(request.form(&[GRANT, ("client_id", id)])).await
    };
    with_id("a b%&+£€").await.oauth_refusal(401, "invalid_client");
    with_id("a+b%25%26%2B%C2%A3%E2%82%AC")
        .await
        .oauth_refusal(400, "invalid_request");
    with_id("a b%&+").await.oauth_refusal(400, "invalid_request");
}

#[tokio::test]
async fn t12_our_choice_ids_and_secrets_survive_clients_that_encode_nothing() {
    let world = World::on_sqlite().await;
    let (id, secret) = Integration::running(&world).await.client;
    let plain = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    assert!(plain(&id) && plain(&secret));
    assert!(plain(&world.gateway.0) && plain(&world.gateway.1));
    with_basic(&world, format!("{id}:{secret}").as_bytes())
        .await
        .expect(200);
}

#[tokio::test]
async fn t13_our_choice_a_client_may_put_its_credentials_into_the_body() {
    let world = World::on_sqlite().await;
    let (id, secret) = Integration::running(&world).await.client;
    let client = [("client_id", id.as_str()), ("client_secret", secret.as_str())];
    let answer = post_form(&world, "/oauth/token", &[&[GRANT], &client[..]].concat())
        .await
        .expect(200)
        .json();
    let token = ("token", answer["access_token"].as_str().unwrap());
    let gateway = [
        ("client_id", world.gateway.0.as_str()),
        ("client_secret", world.gateway.1.as_str()),
        token,
    ];
    assert_eq!(
        post_form(&world, "/oauth/introspect", &gateway)
            .await
            .expect(200)
            .json()["active"],
        true
    );
    post_form(&world, "/oauth/revoke", &[&client[..], &[token]].concat())
        .await
        .expect(200);
    assert_eq!(
        post_form(&world, "/oauth/introspect", &gateway)
            .await
            .expect(200)
            .json()["active"],
        false
    );
}

#[tokio::test]
async fn t13_credentials_in_the_body_are_documented_as_not_recommended() {
    let world = World::on_sqlite().await;
    let docs = world.anybody().get("/openapi.json").await.expect(200).json();
    let described = docs["paths"]["/oauth/token"]["post"]["description"].as_str().unwrap();
    assert!(described.contains("not recommended"), "{described}");
}

#[tokio::test]
async fn t15_more_than_one_way_of_authenticating_is_an_invalid_request() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let (id, secret) = (app.client.0.as_str(), app.client.1.as_str());
    let jwt_bearer = (
        "client_assertion_type",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    );
    let assertion = [jwt_bearer, ("client_assertion", "a.b.c")];
    let basic_beside: [&[(&str, &str)]; 3] = [
        &[("client_secret", secret)],
        &[("client_id", id), ("client_secret", secret)],
        &assertion,
    ];
    for path in FORM_ENDPOINTS {
        for second in basic_beside {
            let form = [&[GRANT, ("token", "x")], second].concat();
            world
                .oauth(path, &app.client, &form)
                .await
                .oauth_refusal(400, "invalid_request");
        }
        let form = [
            &[GRANT, ("token", "x"), ("client_id", id), ("client_secret", secret)],
            &assertion[..],
        ]
        .concat();
        post_form(&world, path, &form)
            .await
            .oauth_refusal(400, "invalid_request");
        let two_headers = post_as(&world, path, &app.client)
            .basic_auth(id, Some(secret))
            .form(&[GRANT, ("token", "x")]);
        ask(two_headers).await.oauth_refusal(400, "invalid_request");
    }
}

#[tokio::test]
async fn t16_our_choice_the_body_may_repeat_the_client_id_of_the_header_and_no_other() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let other = app.sibling(&world, "Billing", "read").await;
    token_with(&world, &app.client, &[("client_id", &app.client.0)])
        .await
        .expect(200);
    let answer = token_with(&world, &app.client, &[("client_id", &other.client.0)]).await;
    answer.oauth_refusal(400, "invalid_request");
}

#[tokio::test]
async fn t17_failing_with_the_header_is_401_with_a_basic_challenge() {
    let world = World::on_sqlite().await;
    let (id, _) = Integration::running(&world).await.client;
    for path in FORM_ENDPOINTS {
        let answer = world
            .oauth(path, &(id.clone(), "wrong".into()), &[GRANT, ("token", "x")])
            .await;
        answer.oauth_refusal(401, "invalid_client");
    }
}

#[tokio::test]
async fn t18_our_choice_failing_otherwise_is_401_with_a_basic_challenge_too() {
    let world = World::on_sqlite().await;
    let (id, _) = Integration::running(&world).await.client;
    for path in FORM_ENDPOINTS {
        let nothing: &[(&str, &str)] = &[];
        let in_body = [("client_id", id.as_str()), ("client_secret", "wrong")];
        for credentials in [nothing, &in_body, &in_body[..1], &in_body[1..]] {
            let form = [&[GRANT, ("token", "x")], credentials].concat();
            post_form(&world, path, &form)
                .await
                .oauth_refusal(401, "invalid_client");
        }
    }
}

/// With the throttle, this many failures in a row would be slowed down (T30), which is not what is compared here.
async fn without_throttle() -> World {
    World::on_sqlite_with(Options {
        throttle: ThrottleMode::Off,
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn t19_our_choice_unknown_wrong_expired_suspended_and_revoked_look_alike_to_the_byte() {
    let world = without_throttle().await;
    let app = Integration::running(&world).await;
    let (suspended, revoked) = (
        app.sibling(&world, "S", "read").await,
        app.sibling(&world, "R", "read").await,
    );
    suspended.is("suspend").await;
    revoked.is("revoke").await;
    let expired = app.client.clone();
    let live = app.next_secret(0).await;
    world.token(&live).await.expect(200);
    let unknown = (format!("gbc_{}", "a".repeat(20)), live.1.clone());
    let wrong = (live.0.clone(), suspended.client.1.clone());
    let garbage = (live.0.clone(), "garbage".to_owned());
    for path in FORM_ENDPOINTS {
        let form = [GRANT, ("token", "x")];
        let expected = world
            .oauth(path, &unknown, &form)
            .await
            .oauth_refusal(401, "invalid_client")
            .as_sent();
        for client in [&wrong, &garbage, &expired, &suspended.client, &revoked.client] {
            assert_eq!(world.oauth(path, client, &form).await.as_sent(), expected);
            let in_body = [("client_id", client.0.as_str()), ("client_secret", client.1.as_str())];
            let in_body = post_form(&world, path, &[&form, &in_body[..]].concat()).await;
            assert_eq!(in_body.as_sent(), expected);
        }
    }
}

#[tokio::test]
async fn t19_our_choice_a_client_whose_group_left_the_plan_looks_no_different() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let unknown = (format!("gbc_{}", "a".repeat(20)), app.client.1.clone());
    world.plan("acme", "Acme Group", "AIQ2").await;
    assert_eq!(
        world.token(&app.client).await.as_sent(),
        world.token(&unknown).await.as_sent()
    );
    world.plan("acme", "Acme Group", "AIQ3").await;
    world.token(&app.client).await.expect(200);
}

#[tokio::test]
async fn t20_our_choice_with_a_single_grant_every_client_that_authenticates_may_use_it() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    world.token(&app.client).await.expect(200);
    let form = World::aiq_integrate("Bank feeds");
    let feeds = app.ada.post("/api/v1/integration-apps", form).await.expect(201).json();
    let path = format!(
        "/operator/api/v1/integration-apps/{}/client-secrets",
        feeds["id"].as_str().unwrap()
    );
    let issued = world.operator.post(&path, serde_json::json!({})).await.done().json();
    let text = |name: &str| issued[name].as_str().unwrap().to_owned();
    world
        .token(&(text("client_id"), text("client_secret")))
        .await
        .expect(200);
}

#[tokio::test]
async fn t32_an_application_without_a_secret_gets_no_token() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let bare = world.created(&app.ada, "Bare").await;
    let id = bare["client_id"].as_str().unwrap().to_owned();
    for secret in ["", "null", &app.client.1, &id] {
        let client = (id.clone(), secret.to_owned());
        world.token(&client).await.oauth_refusal(401, "invalid_client");
    }
    post_form(&world, "/oauth/token", &[GRANT, ("client_id", &id)])
        .await
        .oauth_refusal(401, "invalid_client");
    app.retires_its_secrets().await;
    world.token(&app.client).await.oauth_refusal(401, "invalid_client");
}

#[tokio::test]
async fn t32_a_gateway_and_people_are_no_clients() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    world.token(&world.gateway).await.oauth_refusal(401, "invalid_client");
    world
        .token(&(app.client.0.clone(), world.gateway.1.clone()))
        .await
        .oauth_refusal(401, "invalid_client");
    let ada = format!("Bearer {}", app.ada.token.as_ref().unwrap());
    with_header(&world, ada.as_bytes())
        .await
        .oauth_refusal(401, "invalid_client");
}

async fn t35_our_choice_whatever_stands_in_the_header_is_at_worst_an_invalid_client(world: World) {
    let headers: [&[u8]; 12] = [
        b"",
        b"Basic",
        b"Basic ",
        b"Basic !!!",
        b"Basic YTpi=",
        b"bearer abc",
        b"Bearer",
        b"Digest username=\"a\"",
        b"garbage",
        b"\xff\xfe",
        b"Basic \xff",
        b"Basicx YTpi",
    ];
    for header in headers {
        with_header(&world, header).await.oauth_refusal(401, "invalid_client");
    }
    let long = format!("{}:x", "a".repeat(4_000));
    let contents: [&[u8]; 10] = [
        b"",
        b":",
        b"no colon",
        b"a:",
        b":b",
        b"\xff:b",
        b"a:%FF",
        b"%00:x",
        b"a\n:b",
        long.as_bytes(),
    ];
    for credentials in contents {
        with_basic(&world, credentials)
            .await
            .oauth_refusal(401, "invalid_client");
    }
    for (id, secret) in [
        ("\u{0}", "x"),
        ("a\u{0}b", "x"),
        ("gbc_", "\u{0}"),
        ("'; drop table events; --", "x"),
    ] {
        let form = [GRANT, ("client_id", id), ("client_secret", secret)];
        post_form(&world, "/oauth/token", &form)
            .await
            .oauth_refusal(401, "invalid_client");
        world
            .oauth("/oauth/introspect", &(id.into(), secret.into()), &[("token", "x")])
            .await
            .oauth_refusal(401, "invalid_client");
    }
}

on_both_databases! { t35_our_choice_whatever_stands_in_the_header_is_at_worst_an_invalid_client }
