//! Whatever is sent, the answer is a refusal with a code; never a bug.

use reqwest::{Body, Method};
use serde_json::{Value, json};

use crate::support::{APPS, Answer, PORTAL, Person, World, app_at, id, on_both_databases, portal_at};

on_both_databases! {
    a_body_that_is_no_json_object_is_refused_everywhere,
    a_body_of_another_type_is_refused_everywhere,
    a_body_over_64_kib_is_refused_everywhere_and_over_4_mib_where_lists_are_taken,
    a_field_of_the_wrong_type_is_refused_everywhere,
    an_unknown_field_is_refused_everywhere,
    a_nul_is_refused_in_every_text,
}

/// Somewhere JSON can be sent, by somebody who may, with a body that is well-formed.
struct Endpoint {
    who: Person,
    method: Method,
    path: String,
    body: Value,
}

/// All of them, with an application that has run.
async fn endpoints(world: &World) -> Vec<Endpoint> {
    let (ada, app, dev, _) = world.running("Payroll").await;
    let gateway = Person {
        token: None,
        ..ada.clone()
    };
    let text = "some text";
    let at = |who: &Person, method: Method, path: String, body: Value| Endpoint {
        who: who.clone(),
        method,
        path,
        body,
    };
    let operator =
        |method: Method, rest: &str, body: Value| at(&world.operator, method, format!("/operator/api/v1{rest}"), body);
    let admin = |rest: &str, body: Value| at(&ada, Method::POST, app_at(&app, rest), body);
    let portal = |rest: &str, body: Value| at(&gateway, Method::POST, format!("{PORTAL}{rest}"), body);
    let developer = |rest: &str, body: Value| at(&dev, Method::POST, portal_at(&app, rest), body);
    vec![
        at(&ada, Method::POST, APPS.to_owned(), World::new_integration("Another")),
        at(&ada, Method::POST, APPS.to_owned(), World::aiq_integrate("Feeds")),
        at(
            &ada,
            Method::PATCH,
            app_at(&app, ""),
            json!({"description": text, "category": "crm", "entities": ["e1"]}),
        ),
        admin("/developer", json!({"email": "other@example.com"})),
        admin("/developer/resend-invite", json!({})),
        admin("/developer/reset-otp", json!({})),
        admin("/developer/revoke", json!({"retire_client_secrets": false})),
        admin("/suspend", json!({"reason": text})),
        admin("/resume", json!({"reason": text})),
        admin("/revoke", json!({"reason": text})),
        portal("/sign-up/invitation", json!({"invite_token": text})),
        portal("/sign-up/code", json!({"invite_token": text})),
        portal(
            "/sign-up",
            json!({"invite_token": text, "code": text, "full_name": text, "password": text}),
        ),
        portal("/session", json!({"email": text, "password": text})),
        developer("/verify", json!({"otp": text})),
        developer("/client-secrets", json!({"overlap_seconds": 1})),
        operator(
            Method::PUT,
            "/groups/hooli",
            json!({"name": text, "product_plan": "AIQ3"}),
        ),
        operator(Method::PUT, "/groups/acme/entities/e9", json!({"name": text})),
        operator(
            Method::PUT,
            "/groups/acme/users/u9",
            json!({"email": "u9@acme.example", "name": text, "role": "user"}),
        ),
        operator(Method::POST, "/groups/acme/users/ada/tokens", json!({"name": text})),
        operator(Method::POST, "/resource-servers", json!({"name": text})),
        operator(
            Method::POST,
            &format!("/integration-apps/{}/client-secrets", id(&app)),
            json!({"overlap_seconds": 1}),
        ),
        operator(
            Method::POST,
            "/outbox/00000000-0000-7000-8000-000000000000/retry",
            json!({}),
        ),
        at(
            &gateway,
            Method::POST,
            "/gateway/verify".to_owned(),
            json!({"token": text, "entity": text, "access": text}),
        ),
    ]
}

impl Endpoint {
    /// Sends these bytes as this type.
    async fn send(&self, world: &World, content_type: Option<&str>, body: impl Into<Body>) -> Answer {
        let mut request = world.request(self.method.clone(), &self.path).body(body);
        if let Some(token) = &self.who.token {
            request = request.bearer_auth(token);
        } else if self.path.starts_with("/gateway") {
            request = request.basic_auth(&world.gateway.0, Some(&world.gateway.1));
        }
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        Answer::read(request.send().await.unwrap()).await
    }

    async fn send_json(&self, world: &World, body: &Value) -> Answer {
        self.send(world, Some("application/json"), body.to_string()).await
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// A refusal with a code, of the caller's making.
#[track_caller]
pub fn refused(answer: &Answer, what: &str) {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let coded = body["code"].is_string() || body["error"].is_string();
    assert!(
        answer.status.is_client_error() && coded,
        "{what}: {} {}",
        answer.status,
        answer.text()
    );
}

async fn a_body_that_is_no_json_object_is_refused_everywhere(world: World) {
    let endpoints = endpoints(&world).await;
    let before = world.traces().await;
    let deep = "[".repeat(20_000);
    let deep_object = "{\"a\":".repeat(5_000);
    let bodies: [&[u8]; 15] = [
        b"{",
        b"}",
        b"[]",
        b"[{}]",
        b"\"text\"",
        b"123",
        b"true",
        b"{} {}",
        b"{\"a\":}",
        b"{'a': 1}",
        b"{\"name\": \"\xff\xfe\"}",
        b"\xef\xbb\xbf\xef\xbb\xbf{}",
        b"\0",
        deep.as_bytes(),
        deep_object.as_bytes(),
    ];
    for endpoint in &endpoints {
        for body in bodies {
            let answer = endpoint.send(&world, Some("application/json"), body.to_vec()).await;
            let what = format!(
                "{}: {}",
                endpoint.name(),
                String::from_utf8_lossy(&body[..body.len().min(30)])
            );
            refused(&answer, &what);
            assert!(
                [400, 422].contains(&answer.status.as_u16()),
                "{what}: {}",
                answer.status
            );
        }
    }
    let gate = endpoints
        .iter()
        .find(|endpoint| endpoint.path == "/gateway/verify")
        .unwrap();
    for nested in [
        json!([[]]),
        json!([["a", "b", "c"]]),
        json!([null]),
        json!(["a"]),
        json!({}),
    ] {
        refused(
            &gate.send_json(&world, &json!({"checks": nested})).await,
            &nested.to_string(),
        );
    }
    assert_eq!(world.traces().await, before);
}

async fn a_body_of_another_type_is_refused_everywhere(world: World) {
    let endpoints = endpoints(&world).await;
    let before = world.traces().await;
    let types = [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data"),
        Some("nonsense"),
        Some(""),
    ];
    for endpoint in &endpoints {
        for content_type in types {
            let answer = endpoint.send(&world, content_type, endpoint.body.to_string()).await;
            answer.refused(415, "unsupported_media_type");
        }
    }
    assert_eq!(world.traces().await, before);
    for fine in ["application/json; charset=utf-8", "APPLICATION/JSON"] {
        let form = World::new_integration(fine).to_string();
        endpoints[0].send(&world, Some(fine), form).await.expect(201);
    }
}

async fn a_body_over_64_kib_is_refused_everywhere_and_over_4_mib_where_lists_are_taken(world: World) {
    let endpoints = endpoints(&world).await;
    let before = world.traces().await;
    let (small, large) = (64 * 1024, 4 * 1024 * 1024);
    let takes_lists = [
        (Method::POST, APPS.to_owned()),
        (Method::PATCH, endpoints[2].path.clone()),
    ];
    let one_too_many = |max: usize| format!("{{}}{}", " ".repeat(max - 1));
    for endpoint in &endpoints {
        let max = match takes_lists.contains(&(endpoint.method.clone(), endpoint.path.clone())) {
            true => large,
            false => small,
        };
        endpoint
            .send(&world, Some("application/json"), one_too_many(max))
            .await
            .refused(413, "body_too_large");
    }
    // Whoever is not known sends nothing large.
    let anybody = Endpoint {
        who: world.anybody(),
        method: Method::POST,
        path: APPS.to_owned(),
        body: Value::Null,
    };
    anybody
        .send(&world, Some("application/json"), one_too_many(small))
        .await
        .refused(401, "unauthenticated");
    let suspend = app_at(&json!({"id": endpoints[2].path.rsplit('/').next()}), "/suspend");
    let head = format!("POST {suspend} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n");
    let token = format!("authorization: Bearer {}\r\n", endpoints[0].who.token.clone().unwrap());
    let chunks = format!("400\r\n{}\r\n", "x".repeat(1024)).repeat(80);
    let answer = world
        .raw(&format!(
            "{head}{token}transfer-encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"
        ))
        .await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_eq!(world.traces().await, before);
    let padded = format!("{}{}", World::new_integration("Padded"), " ".repeat(60 * 1024));
    endpoints[0]
        .send(&world, Some("application/json"), padded)
        .await
        .expect(201);
}

async fn a_field_of_the_wrong_type_is_refused_everywhere(world: World) {
    let endpoints = endpoints(&world).await;
    let before = world.traces().await;
    for endpoint in &endpoints {
        for (field, fine) in endpoint.body.as_object().unwrap() {
            for wrong in [
                json!(7),
                json!(7.5),
                json!(-1e300),
                json!(true),
                json!("7"),
                json!([7]),
                json!([[]]),
                json!({"a": 7}),
            ] {
                if std::mem::discriminant(fine) == std::mem::discriminant(&wrong) && !wrong.is_array() {
                    continue;
                }
                let body = World::with(endpoint.body.clone(), json!({field: wrong}));
                let answer = endpoint.send_json(&world, &body).await;
                refused(&answer, &format!("{} {field}: {wrong}", endpoint.name()));
                let message = answer.problems();
                assert!(
                    message[0].0.starts_with(field.as_str()),
                    "{} {field}: {message:?}",
                    endpoint.name()
                );
            }
        }
    }
    assert_eq!(world.traces().await, before);
}

async fn an_unknown_field_is_refused_everywhere(world: World) {
    let endpoints = endpoints(&world).await;
    let before = world.traces().await;
    for endpoint in &endpoints {
        for unknown in ["colour", "", "__proto__", "Name", "a`b\"c\u{0}"] {
            let body = World::with(endpoint.body.clone(), json!({unknown: 1}));
            let answer = endpoint.send_json(&world, &body).await;
            assert_eq!(
                (answer.status.as_u16(), answer.json()["code"].clone()),
                (422, json!("unknown_field")),
                "{}",
                endpoint.name()
            );
        }
    }
    assert_eq!(world.traces().await, before);
}

async fn a_nul_is_refused_in_every_text(world: World) {
    let endpoints = endpoints(&world).await;
    let before = world.traces().await;
    for endpoint in endpoints.iter().filter(|endpoint| !endpoint.path.ends_with("/verify")) {
        for (field, fine) in endpoint.body.as_object().unwrap() {
            let with_nul = match fine {
                Value::String(text) => json!(format!("{text}\u{0}")),
                Value::Array(_) => json!(["e1", "e\u{0}2"]),
                _ => continue,
            };
            let answer = endpoint
                .send_json(&world, &World::with(endpoint.body.clone(), json!({field: with_nul})))
                .await;
            refused(&answer, &format!("{} {field}", endpoint.name()));
        }
    }
    assert_eq!(world.traces().await, before);
    let gate = endpoints
        .iter()
        .find(|endpoint| endpoint.path == "/gateway/verify")
        .unwrap();
    for question in [
        json!({"token": "a\u{0}"}),
        json!({"token": "gbt_a", "entity": "\u{0}", "access": "\u{0}"}),
    ] {
        assert_eq!(
            gate.send_json(&world, &question).await.expect(200).json()["allowed"],
            false
        );
    }
}
