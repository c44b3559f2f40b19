//! Odd queries, cursors, paths, methods, headers and forms: always a refusal with a code, never a bug.

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::bad_input::refused;
use crate::support::{APPS, Answer, PORTAL, World, app_at, on_both_databases, portal_at};

on_both_databases! {
    bad_queries_are_refused,
    a_query_where_none_belongs_is_refused,
    forged_cursors_are_refused,
    paths_that_lead_nowhere_are_not_found,
    the_wrong_method_is_told,
    garbage_in_headers_does_no_harm,
    bad_forms_are_refused_by_the_oauth_endpoints,
}

async fn bad_queries_are_refused(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    let lists = [
        (&ada, APPS.to_owned()),
        (&ada, app_at(&app, "/events")),
        (&dev, portal_at(&app, "/entities")),
        (&world.operator, "/operator/api/v1/integration-apps".to_owned()),
    ];
    let queries = [
        ("colour=red", "unknown_field"),
        ("limit=0", "invalid_limit"),
        ("limit=201", "invalid_limit"),
        ("limit=-1", "invalid_limit"),
        ("limit=99999999999999999999", "invalid_limit"),
        ("limit=ten", "invalid_limit"),
        ("limit=%00", "invalid_limit"),
        ("cursor=nonsense", "invalid_cursor"),
        ("cursor=%00", "invalid_cursor"),
        ("cursor=eyJhIjoxfQ", "invalid_cursor"),
    ];
    for (who, path) in &lists {
        for (query, code) in queries {
            let answer = who.get(&format!("{path}?{query}")).await;
            assert_eq!(
                (answer.status.as_u16(), answer.json()["code"].clone()),
                (422, json!(code)),
                "{path}?{query}"
            );
        }
        for odd in [
            "limit=1&limit=2",
            "%FF=%FF",
            "limit=%FF",
            "a[]=1",
            "&&&=&",
            "=",
            "?",
            &format!("limit={}", "9".repeat(5_000)),
        ] {
            let answer = who.get(&format!("{path}?{odd}")).await;
            assert!(answer.status.as_u16() < 500, "{path}?{odd}: {}", answer.status);
        }
    }
    for (text, status) in [
        ("name=%00", 422),
        ("description=%00", 422),
        ("developer_email=%00", 422),
        ("name=%F0%9F%92%A9", 200),
    ] {
        ada.get(&format!("{APPS}?{text}")).await.expect(status);
    }
    let named = dev.get(&portal_at(&app, "/entities?name=%00")).await;
    assert!(named.status.as_u16() < 500, "{}", named.text());
}

async fn a_query_where_none_belongs_is_refused(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    let operator = &world.operator;
    let before = world.traces().await;
    for (who, method, path) in [
        (&ada, Method::POST, app_at(&app, "/suspend?reason=audit")),
        (&ada, Method::PATCH, app_at(&app, "?reason=audit")),
        (&ada, Method::POST, format!("{APPS}?reason=a")),
        (&ada, Method::GET, app_at(&app, "?reason=")),
        (&ada, Method::GET, "/api/v1/me?a=1&reason=b".to_owned()),
        (
            &ada,
            Method::DELETE,
            "/api/v1/users/ulf/permissions/view_activity_logs?reason".to_owned(),
        ),
        (&dev, Method::GET, "/portal/api/v1/apps?reason=a".to_owned()),
        (&dev, Method::POST, portal_at(&app, "/client-secrets?overlap_seconds=0")),
        (operator, Method::GET, "/operator/api/v1/groups?reason=a".to_owned()),
        (
            operator,
            Method::DELETE,
            "/operator/api/v1/groups/acme/entities/e1?reason=a".to_owned(),
        ),
    ] {
        let answer = who.send(method.clone(), &path, None, &[]).await;
        let message = answer.refused(422, "unknown_field").problems();
        let field = path.split_once('?').unwrap().1.split(['=', '&']).next().unwrap();
        assert_eq!(
            message,
            [(field.to_owned(), "unknown_field".to_owned())],
            "{method} {path}"
        );
    }
    assert_eq!(world.traces().await, before);
    ada.get(&app_at(&app, "?")).await.expect(200);
    ada.get(&format!("{APPS}?limit=1")).await.expect(200);
    for open in [
        "/healthz?a=1",
        "/docs?a=1",
        "/.well-known/oauth-authorization-server?a=1",
    ] {
        world.anybody().get(open).await.expect(200);
    }
}

async fn forged_cursors_are_refused(world: World) {
    use base64::Engine;
    let ada = world.ada().await;
    world.created(&ada, "Payroll").await;
    let forge = |cursor: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(cursor.to_string());
    let uuid = "00000000-0000-7000-8000-000000000000";
    for forged in [
        json!({"sort": "name", "key": "a\u{0}", "app_id": uuid}),
        json!({"sort": "name", "key": "a", "app_id": "nonsense"}),
        json!({"sort": "colour", "key": "a", "app_id": uuid}),
        json!({"sort": "-name", "key": "a", "app_id": uuid}),
        json!(null),
        json!(7),
        json!("e1"),
        json!([]),
    ] {
        let answer = ada
            .get(&format!("{APPS}?sort=name&cursor={}", forge(forged.clone())))
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["code"].clone()),
            (422, json!("invalid_cursor")),
            "{forged}"
        );
    }
    for key in ["not a time", "", "9999-99-99T99:99:99.999Z", "'; drop table events; --"] {
        let forged = json!({"sort": "created_at", "key": key, "app_id": uuid});
        let answer = ada
            .get(&format!("{APPS}?sort=created_at&cursor={}", forge(forged)))
            .await;
        assert!(answer.status.as_u16() < 500, "{key}: {}", answer.text());
    }
    assert_eq!(ada.get(APPS).await.expect(200).all("name"), ["Payroll"]);
}

async fn paths_that_lead_nowhere_are_not_found(world: World) {
    let (ada, _, dev, _) = world.running("Payroll").await;
    let bad_ids = [
        "nonsense",
        "1",
        "%00",
        "%FF",
        "..%2F..",
        "00000000-0000-0000-0000-00000000000g",
        "'%20or%201=1",
        "%F0%9F%92%A9",
    ];
    for bad in bad_ids {
        for rest in ["", "/developer", "/events", "/activity-log"] {
            ada.get(&format!("{APPS}/{bad}{rest}")).await.refused(404, "not_found");
        }
        for rest in [
            "/suspend",
            "/resume",
            "/revoke",
            "/developer/resend-invite",
            "/developer/revoke",
            "/developer/reset-otp",
        ] {
            ada.post(&format!("{APPS}/{bad}{rest}"), json!({}))
                .await
                .refused(404, "not_found");
        }
        ada.post(&format!("{APPS}/{bad}/developer"), json!({"email": "a@example.com"}))
            .await
            .refused(404, "not_found");
        ada.patch(&format!("{APPS}/{bad}"), json!({}))
            .await
            .refused(404, "not_found");
        ada.delete(&format!("/api/v1/users/{bad}/permissions/{bad}"))
            .await
            .refused(404, "not_found");
        for rest in ["", "/entities"] {
            dev.get(&format!("{PORTAL}/apps/{bad}{rest}"))
                .await
                .refused(404, "not_found");
        }
        dev.post(&format!("{PORTAL}/apps/{bad}/verify"), json!({"otp": "x"}))
            .await
            .refused(404, "not_found");
        dev.delete(&format!("{PORTAL}/apps/{bad}/client-secrets/{bad}"))
            .await
            .refused(404, "not_found");
        let operator = &world.operator;
        for rest in [
            "groups/{}",
            "groups/{}/entities/{}",
            "groups/{}/users/{}",
            "groups/{}/users/{}/tokens/{}",
            "resource-servers/{}",
        ] {
            let path = format!("/operator/api/v1/{}", rest.replace("{}", bad));
            let (method, found) = if rest == "groups/{}" {
                (Method::GET, "not_found")
            } else {
                (Method::DELETE, "not_found")
            };
            let answer = operator.send(method, &path, None, &[]).await;
            refused(&answer, &path);
            assert!(
                answer.status == 404 && answer.json()["code"] == found || answer.status == 422,
                "{path}: {}",
                answer.text()
            );
        }
    }
    let long = format!("/{}", "x".repeat(5_000));
    for path in [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v1//me",
        "/API/V1/ME",
        "/api/v1/me/",
        "/%00",
        "/..%2f..%2fetc%2fpasswd",
        "/api/v2/me",
        &long,
    ] {
        let answer = ada.get(path).await;
        assert!(
            answer.status.as_u16() < 500 && (path == "/" || answer.status == 404),
            "{path}: {}",
            answer.status
        );
    }
}

async fn the_wrong_method_is_told(world: World) {
    let ada = world.ada().await;
    for (method, path) in [
        (Method::PUT, "/api/v1/me"),
        (Method::DELETE, APPS),
        (Method::POST, "/healthz"),
        (Method::GET, "/portal/api/v1/session"),
    ] {
        let answer = ada.send(method, path, None, &[]).await;
        assert!(!answer.header("allow").is_empty(), "{path} tells no Allow");
        answer.refused(405, "method_not_allowed");
    }
}

async fn garbage_in_headers_does_no_harm(world: World) {
    let (ada, app, ..) = world.running("Payroll").await;
    let token = ada.token.clone().unwrap();
    let latin: &[u8] = b"Bearer \xe4\xf6\xfc";
    let long = format!("Bearer {}", "x".repeat(6_000));
    let strangers: [&[u8]; 10] = [
        b"",
        b"Bearer",
        b"Bearer ",
        b"Bearer  ",
        b"Bearer a b",
        b"Basic Og==",
        b"Digest x",
        b"\xff",
        latin,
        long.as_bytes(),
    ];
    for authorization in strangers {
        let value = HeaderValue::from_bytes(authorization).unwrap();
        for path in [
            "/api/v1/me",
            "/operator/api/v1/groups",
            "/portal/api/v1/apps",
            "/gateway/authorize",
        ] {
            let answer = Answer::read(
                world
                    .request(Method::GET, path)
                    .header("authorization", value.clone())
                    .send()
                    .await
                    .unwrap(),
            )
            .await;
            assert!(
                [401, 429].contains(&answer.status.as_u16()),
                "{path} {authorization:?}: {}",
                answer.status
            );
        }
        world.pass(chrono::TimeDelta::minutes(2));
    }
    let mut twice = HeaderMap::new();
    twice.append("authorization", format!("Bearer {token}").parse().unwrap());
    twice.append("authorization", "Bearer x".parse().unwrap());
    let answer = Answer::read(
        world
            .request(Method::GET, "/api/v1/me")
            .headers(twice)
            .send()
            .await
            .unwrap(),
    )
    .await;
    refused(&answer, "two Authorization headers");
    for (name, value) in [
        ("x-request-id", "a b\u{9}c"),
        ("x-request-id", ""),
        ("accept", "///;;q=x"),
        ("if-match", "\"\u{9}\""),
        ("x-forwarded-for", "'; drop table events"),
        ("forwarded", "for=evil"),
        ("host", "evil.example"),
        ("range", "bytes=0-"),
        ("accept-encoding", "nonsense"),
        ("expect", "nonsense"),
        ("if-none-match", "*"),
        ("origin", "https://evil.example"),
    ] {
        let answer = ada.send(Method::GET, &app_at(&app, ""), None, &[(name, value)]).await;
        assert!(answer.status.as_u16() < 500, "{name}: {value}: {}", answer.status);
        assert!(answer.header("access-control-allow-origin").is_empty());
        assert!(!answer.header("x-request-id").contains(' '));
    }
    let bytes = HeaderValue::from_bytes(b"\xff\xfe").unwrap();
    for name in [
        "x-request-id",
        "if-match",
        "idempotency-key",
        "accept",
        "x-entity-id",
        "x-api-access",
        "content-type",
    ] {
        for (method, path) in [
            (Method::GET, "/gateway/authorize".to_owned()),
            (Method::POST, app_at(&app, "/suspend")),
            (Method::GET, app_at(&app, "/activity-log")),
        ] {
            let request = world
                .request(method, &path)
                .bearer_auth(&token)
                .header(name, bytes.clone());
            let answer = Answer::read(request.send().await.unwrap()).await;
            assert!(answer.status.as_u16() < 500, "{path} {name}: {}", answer.status);
        }
    }
}

async fn bad_forms_are_refused_by_the_oauth_endpoints(world: World) {
    let (_, _, _, client) = world.running("Payroll").await;
    let before = world.traces().await;
    let large = format!("grant_type=client_credentials&x={}", "x".repeat(64 * 1024));
    let form = "application/x-www-form-urlencoded";
    for path in ["/oauth/token", "/oauth/introspect", "/oauth/revoke"] {
        for (content_type, body) in [
            (form, b"".to_vec()),
            (form, b"%FF=%FF".to_vec()),
            (form, b"a=1&a=2".to_vec()),
            (form, b"\xff".to_vec()),
            (form, b"grant_type=%00&token=%00".to_vec()),
            ("application/json", b"{}".to_vec()),
            ("", b"a=b".to_vec()),
            (form, large.clone().into_bytes()),
        ] {
            for (id, secret) in [
                (&client.0, &client.1),
                (&world.gateway.0, &world.gateway.1),
                (&"\u{0}".to_owned(), &"\u{0}".to_owned()),
            ] {
                let request = world
                    .request(Method::POST, path)
                    .basic_auth(id, Some(secret))
                    .header("content-type", content_type);
                let answer = Answer::read(request.body(body.clone()).send().await.unwrap()).await;
                let what = format!(
                    "{path} {content_type} {}",
                    String::from_utf8_lossy(&body[..body.len().min(30)])
                );
                let harmless = answer.status == 200 && body.starts_with(b"grant_type=%00");
                if !harmless {
                    refused(&answer, &what);
                    assert!(answer.json()["error"].is_string(), "{what}: {}", answer.text());
                }
            }
        }
    }
    assert_eq!(world.traces().await, before);
}
