//! `GET /gateway/authorize`, as nginx `auth_request` and its kin use it.

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use serde_json::json;

use super::asking::{Call, Integration, ask, authorize};
use crate::support::{Answer, World};

const PASSED_ON: [&str; 4] = ["x-app-id", "x-app-name", "x-group-id", "x-entity-id"];

fn only_value(answer: &Answer, name: &str) -> String {
    let values: Vec<_> = answer.headers.get_all(name).iter().collect();
    let [value] = values.as_slice() else {
        panic!("{name}: {values:?}")
    };
    value.to_str().unwrap().to_owned()
}

/// RFC 3986: unlike in a form, `+` is a plus sign.
fn percent_decoded(value: &str) -> String {
    let form = format!("x={}", value.replace('+', "%2B").replace('&', "%26"));
    let (_, decoded) = form_urlencoded::parse(form.as_bytes()).next().unwrap();
    decoded.into_owned()
}

#[tokio::test]
async fn who_passes_is_told_in_headers() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let answer = authorize(
        &world,
        Call {
            entity: Some("e2"),
            ..Call::reading(&token)
        },
    )
    .await
    .expect(200);
    assert_eq!(only_value(&answer, "x-app-id"), app.app["id"].as_str().unwrap());
    assert_eq!(only_value(&answer, "x-app-name"), "Payroll");
    assert_eq!(only_value(&answer, "x-group-id"), "acme");
    assert_eq!(only_value(&answer, "x-entity-id"), "e2");
    assert_eq!(answer.header("www-authenticate"), "");
    assert_eq!(answer.text(), "");
}

#[tokio::test]
async fn what_the_caller_sent_under_these_names_is_replaced() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let forged = [
        ("X-App-Id", "forged"),
        ("X-App-Name", "forged"),
        ("X-Group-Id", "forged"),
        ("X-Reason", "forged"),
    ];
    for call in [
        Call::reading(&token),
        Call {
            token: None,
            ..Call::reading("")
        },
    ] {
        let request = forged.iter().fold(call.request(&world), |request, (name, value)| {
            request.header(*name, *value)
        });
        let answer = ask(request).await;
        assert!(!answer.as_sent().contains("forged"), "{}", answer.as_sent());
    }
    let answer = ask(forged
        .iter()
        .fold(Call::reading(&token).request(&world), |request, (name, value)| {
            request.header(*name, *value)
        }));
    assert_eq!(only_value(&answer.await.expect(200), "x-group-id"), "acme");
}

#[tokio::test]
async fn who_is_refused_is_told_why_and_nothing_about_the_application() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let answer = authorize(
        &world,
        Call {
            entity: Some("e5"),
            ..Call::reading(&token)
        },
    )
    .await
    .expect(403);
    assert_eq!(only_value(&answer, "x-reason"), "entity_not_assigned");
    for name in PASSED_ON {
        assert_eq!(answer.header(name), "");
    }
    assert!(!answer.as_sent().contains("Payroll"));
    assert!(!answer.as_sent().contains("acme"));
}

#[tokio::test]
async fn our_choice_a_name_in_any_script_is_percent_encoded() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    for name in ["Löhne & Gehälter 50% + €", "100%20", "名前", r#"a"b\c,d;e"#] {
        let other = app.sibling(&world, name, "read").await;
        let token = world.access_token(&other.client).await;
        let answer = authorize(&world, Call::reading(&token)).await.expect(200);
        assert_eq!(percent_decoded(&only_value(&answer, "x-app-name")), name);
    }
}

#[tokio::test]
async fn our_choice_the_answer_does_not_depend_on_the_method() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let methods = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    for method in methods {
        let with = |entity: &str| {
            let request = world.request(method.clone(), "/gateway/authorize").bearer_auth(&token);
            request.header("X-Entity-Id", entity).header("X-Api-Access", "read")
        };
        let passed = ask(with("e1")).await.expect(200);
        assert_eq!(only_value(&passed, "x-entity-id"), "e1", "{method}");
        let refused = ask(with("e5")).await.expect(403);
        assert_eq!(only_value(&refused, "x-reason"), "entity_not_assigned", "{method}");
    }
}

#[tokio::test]
async fn our_choice_a_large_body_that_a_gateway_passes_along_does_no_harm() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let request = world
        .request(Method::POST, "/gateway/authorize")
        .bearer_auth(&token)
        .body("x".repeat(100_000));
    let answer = ask(request.header("X-Entity-Id", "e1").header("X-Api-Access", "read")).await;
    assert!([200, 401, 403].contains(&answer.status.as_u16()), "{}", answer.status);
}

#[tokio::test]
async fn no_answer_may_be_kept_by_a_cache_because_everything_takes_effect_at_once() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    for call in [
        Call::reading(&token),
        Call::reading("garbage"),
        Call {
            entity: None,
            ..Call::reading(&token)
        },
    ] {
        let answer = authorize(&world, call).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{}", answer.as_sent());
    }
}

#[tokio::test]
async fn nothing_but_200_401_and_403_is_ever_answered() {
    let world = World::on_sqlite().await;
    let app = Integration::running(&world).await;
    let token = world.access_token(&app.client).await;
    let good = format!("Bearer {token}");
    let long = format!("Bearer {}", "a".repeat(20_000));
    let tokens: [&[u8]; 8] = [
        good.as_bytes(),
        long.as_bytes(),
        b"",
        b"Bearer",
        b"Basic \xff",
        b"Bearer \xff\xfe",
        b"bearer a,b",
        b"Bearer %00",
    ];
    let entities: [&[u8]; 6] = [b"e1", b"", b"\xff", b"%00", b"'; drop table apps; --", "é".as_bytes()];
    for token in tokens {
        for entity in entities {
            let request = world.request(Method::GET, "/gateway/authorize?x=%FF&y=%zz");
            let request = request.header(AUTHORIZATION, HeaderValue::from_bytes(token).unwrap());
            let request = request.header("X-Entity-Id", HeaderValue::from_bytes(entity).unwrap());
            let answer = ask(request.header("X-Api-Access", "read")).await;
            let status = answer.status.as_u16();
            assert!([200, 401, 403].contains(&status), "{status}: {token:?} {entity:?}");
            assert_eq!(status == 200, token == good.as_bytes() && entity == b"e1");
        }
    }
}

#[tokio::test]
async fn an_application_of_the_provider_passes_like_any_other() {
    let world = World::on_sqlite().await;
    let ada = world.ada().await;
    let feeds = ada
        .post("/api/v1/integration-apps", World::aiq_integrate("Bank feeds"))
        .await
        .expect(201)
        .json();
    let path = format!(
        "/operator/api/v1/integration-apps/{}/client-secrets",
        feeds["id"].as_str().unwrap()
    );
    let issued = world.operator.post(&path, json!({})).await.done().json();
    let text = |name: &str| issued[name].as_str().unwrap().to_owned();
    let token = world.access_token(&(text("client_id"), text("client_secret"))).await;
    let answer = authorize(&world, Call::reading(&token)).await.expect(200);
    assert_eq!(percent_decoded(&only_value(&answer, "x-app-name")), "Bank feeds");
}
