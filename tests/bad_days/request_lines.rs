//! The line that the log has for every request, and the address that operators may have for themselves.

use serde_json::{Value, json};

use super::installation::{Customer, Installation, Process, client, free_port, word};
use crate::support::eventually::eventually;
use crate::support::{APPS, World, app_at};

/// What gateways and integrations ask all the time has a line only at `debug`.
const EVERY_LINE: [(&str, &str); 1] = [("GATEBOOK_LOG", "info,sqlx=warn,gatebook::web::hot_routes=debug")];

/// The lines of requests to a route, once there are so many.
async fn lines(process: &Process, route: &str, count: usize) -> Vec<Value> {
    eventually(&format!("{count} lines of {route}"), async || {
        let log = process.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let lines = lines.map(|line| line["fields"].clone());
        let lines: Vec<_> = lines.filter(|fields| fields["route"] == route).collect();
        (lines.len() == count).then_some(lines)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_tells_who_called_about_what_and_how_it_was_decided_and_no_secret() {
    let installation = Installation::on_sqlite();
    let arguments = ["--log-format", "json", "--client-ip-header", "X-Forwarded-For"];
    let process = installation.start("serve", &arguments, &EVERY_LINE).await;
    let customer = Customer::settle(&installation, &process).await;
    let pam = process.person(&customer.pam);
    let created = pam
        .post(APPS, World::new_integration("Payroll Bridge"))
        .await
        .expect(201);
    let created = created.json();
    let app = word(&created, "id");
    pam.get(&app_at(&created, "")).await.expect(200);
    let line = &lines(&process, APPS, 1).await[0];
    assert_eq!(line["method"], "POST");
    assert_eq!(line["status"], 201);
    assert_eq!(line["client"], "127.0.0.1");
    assert_eq!(line["caller_kind"], "group_user");
    assert_eq!(line["caller_id"], "acme/pam");
    assert_eq!(line["app_id"], app);
    assert_eq!(line.get("verdict"), None);
    assert!(line["duration_ms"].as_f64().unwrap() > 0.0, "{line}");
    let line = &lines(&process, &format!("{APPS}/{{id}}"), 1).await[0];
    assert_eq!(line["app_id"], app);

    let through_proxy = [
        ("X-Forwarded-For", "203.0.113.7"),
        ("Authorization", "Bearer gbt_secret"),
    ];
    let gate = process.anybody();
    gate.send(reqwest::Method::GET, "/gateway/authorize", None, &through_proxy)
        .await
        .expect(401);
    let line = &lines(&process, "/gateway/authorize", 1).await[0];
    assert_eq!(line["client"], "203.0.113.7");
    assert_eq!(line["verdict"], "token_malformed");
    assert_eq!(line.get("caller_kind"), None);

    let checks = json!({"checks": [{"entity": "e1"}, {"token": "gbt_secret"}, {"token": "gbt_secret"}]});
    let (id, secret) = &customer.gateway;
    let verified = reqwest::Client::new()
        .post(format!("{}/gateway/verify", process.base_url))
        .basic_auth(id, Some(secret))
        .json(&checks);
    assert_eq!(verified.send().await.unwrap().status(), 200);
    let line = &lines(&process, "/gateway/verify", 1).await[0];
    assert_eq!(line["caller_kind"], "resource_server");
    assert_eq!(line["caller_id"], *id);
    assert_eq!(line["verdict"], "token_missing,token_malformed");

    let log = process.log();
    for secret in [secret.as_str(), &customer.pam, &customer.operator, "gbt_secret"] {
        assert!(!log.contains(secret), "{secret}");
    }
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_gateways_ask_all_the_time_leaves_no_line_unless_it_is_wanted() {
    let installation = Installation::on_sqlite();
    let process = installation.start("serve", &["--log-format", "json"], &[]).await;
    let gate = process.anybody();
    gate.send(reqwest::Method::GET, "/gateway/authorize", None, &[])
        .await
        .expect(401);
    gate.get("/healthz").await.expect(200);
    gate.get("/openapi.json").await.expect(200);
    lines(&process, "/openapi.json", 1).await;
    for route in ["/gateway/authorize", "/healthz"] {
        assert!(!process.log().contains(route), "{route}");
    }
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_can_have_an_address_that_nobody_else_is_answered_on() {
    let installation = Installation::on_sqlite();
    let admin_address = format!("127.0.0.1:{}", free_port());
    let process = installation
        .start("serve", &["--admin-listen", &admin_address], &[])
        .await;
    let token = installation.succeed(&["operator-token", "create", "--name", "Olga Operator"]);
    let client = client();
    let status = async |base_url: &str, path: &str| {
        let request = client.get(format!("{base_url}{path}")).bearer_auth(token.trim());
        request.send().await.unwrap().status().as_u16()
    };
    let everybody = async |path| status(&process.base_url, path).await;
    let operators = async |path| status(&format!("http://{admin_address}"), path).await;
    for path in ["/metrics", "/operator/api/v1/groups", "/operator/sign-in"] {
        assert_eq!((everybody(path).await, operators(path).await), (404, 200), "{path}");
    }
    for path in [
        "/gateway/authorize",
        "/api/v1/me",
        "/portal/log-in",
        "/sign-in",
        "/oauth/token",
    ] {
        assert_ne!(everybody(path).await, 404, "{path}");
        assert_eq!(operators(path).await, 404, "{path}");
    }
    for path in ["/healthz", "/readyz", "/openapi.json", "/docs"] {
        assert_eq!((everybody(path).await, operators(path).await), (200, 200), "{path}");
    }
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clients_address_is_believed_from_listed_proxies_only() {
    for (proxies, client) in [
        (&["--trusted-proxies", "203.0.113.0/24"][..], "127.0.0.1"),
        (&["--trusted-proxies", "127.0.0.1,10.0.0.0/8"], "198.51.100.7"),
    ] {
        let installation = Installation::on_sqlite();
        let arguments = ["--log-format", "json", "--client-ip-header", "X-Forwarded-For"];
        let process = installation
            .start("serve", &[&arguments[..], proxies].concat(), &EVERY_LINE)
            .await;
        let through = [("X-Forwarded-For", "192.0.2.1, 198.51.100.7, 10.0.0.9")];
        let gate = process.anybody();
        gate.send(reqwest::Method::GET, "/gateway/authorize", None, &through)
            .await
            .expect(401);
        assert_eq!(lines(&process, "/gateway/authorize", 1).await[0]["client"], client);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxys_words_that_cannot_be_read_are_warned_about_once_and_without_them() {
    let installation = Installation::on_sqlite();
    let arguments = ["--log-format", "json", "--client-ip-header", "Forwarded"];
    let process = installation.start("serve", &arguments, &EVERY_LINE).await;
    let gate = process.anybody();
    let message = async |forwarded: &str| {
        let headers = [("Forwarded", forwarded)];
        let asked = gate.send(reqwest::Method::GET, "/gateway/authorize", None, &headers);
        asked.await.expect(401);
    };
    message("for=198.51.100.7;;proto=https, ,").await;
    message("for=unknown").await;
    assert_eq!(process.log().matches("sent an unreadable client address").count(), 0);
    for _ in 0..3 {
        message("for=\"my own words").await;
    }
    let clients = lines(&process, "/gateway/authorize", 5).await;
    let clients: Vec<_> = clients.iter().map(|line| line["client"].as_str().unwrap()).collect();
    assert_eq!(
        clients,
        ["198.51.100.7", "127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1"]
    );
    let log = process.log();
    assert_eq!(log.matches("sent an unreadable client address").count(), 1, "{log}");
    assert!(!log.contains("my own words"), "{log}");
}
