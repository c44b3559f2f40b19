//! What operators see and do, and what the service tells about itself.

use gatebook_projections::registry;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::world::PASSWORD;
use crate::support::{APPS, World, app_at, id, on_both_databases, portal_at};

on_both_databases! {
    operators_see_the_applications_of_all_groups,
    operators_see_how_the_projections_are,
    operators_see_the_emails_but_not_what_they_say,
    an_email_that_could_not_be_sent_is_sent_when_retried,
    a_resource_server_is_made_listed_and_ended,
    the_service_tells_how_it_is,
    the_metrics_count_requests_and_verdicts,
    the_metrics_do_not_grow_with_methods_that_somebody_made_up,
    t27_what_shows_a_secret_is_kept_by_no_cache,
    openapi_lists_every_route_and_every_route_answers,
    the_document_says_where_the_service_is,
    the_readable_documentation_needs_nothing_from_outside,
}

/// Every route of the contract.
const ROUTES: &str = "
    PUT    /operator/api/v1/groups/{}
    GET    /operator/api/v1/groups
    GET    /operator/api/v1/groups/{}
    PUT    /operator/api/v1/groups/{}/entities/{}
    DELETE /operator/api/v1/groups/{}/entities/{}
    PUT    /operator/api/v1/groups/{}/users/{}
    DELETE /operator/api/v1/groups/{}/users/{}
    POST   /operator/api/v1/groups/{}/users/{}/tokens
    DELETE /operator/api/v1/groups/{}/users/{}/tokens/{}
    POST   /operator/api/v1/resource-servers
    GET    /operator/api/v1/resource-servers
    DELETE /operator/api/v1/resource-servers/{}
    GET    /operator/api/v1/integration-apps
    GET    /operator/api/v1/integration-apps/{}/client-secrets
    POST   /operator/api/v1/integration-apps/{}/client-secrets
    DELETE /operator/api/v1/integration-apps/{}/client-secrets/{}
    GET    /operator/api/v1/projections
    GET    /operator/api/v1/outbox
    POST   /operator/api/v1/outbox/{}/retry
    POST   /operator/api/v1/outbox/retry
    GET    /api/v1/me
    GET    /api/v1/catalog
    GET    /api/v1/entities
    GET    /api/v1/users
    PUT    /api/v1/users/{}/permissions/{}
    DELETE /api/v1/users/{}/permissions/{}
    POST   /api/v1/integration-apps
    GET    /api/v1/integration-apps
    GET    /api/v1/integration-apps/{}
    PATCH  /api/v1/integration-apps/{}
    GET    /api/v1/integration-apps/{}/developer
    POST   /api/v1/integration-apps/{}/developer
    POST   /api/v1/integration-apps/{}/developer/resend-invite
    POST   /api/v1/integration-apps/{}/developer/revoke
    POST   /api/v1/integration-apps/{}/developer/reset-otp
    POST   /api/v1/integration-apps/{}/developer/invite-anew
    POST   /api/v1/integration-apps/{}/suspend
    POST   /api/v1/integration-apps/{}/resume
    POST   /api/v1/integration-apps/{}/revoke
    GET    /api/v1/integration-apps/{}/activity-log
    GET    /api/v1/activity-log
    GET    /api/v1/integration-apps/{}/events
    POST   /portal/api/v1/sign-up/invitation
    POST   /portal/api/v1/sign-up/code
    POST   /portal/api/v1/sign-up
    POST   /portal/api/v1/session
    DELETE /portal/api/v1/session
    GET    /portal/api/v1/apps
    POST   /portal/api/v1/apps/{}/verify
    GET    /portal/api/v1/apps/{}
    GET    /portal/api/v1/apps/{}/entities
    POST   /portal/api/v1/apps/{}/client-secrets
    DELETE /portal/api/v1/apps/{}/client-secrets/{}
    POST   /oauth/token
    POST   /oauth/introspect
    POST   /oauth/revoke
    GET    /.well-known/oauth-authorization-server
    GET    /gateway/authorize
    POST   /gateway/verify
    GET    /healthz
    GET    /readyz
    GET    /metrics
    GET    /openapi.json
    GET    /docs
";

fn routes() -> impl Iterator<Item = (&'static str, &'static str)> {
    let words = |line: &'static str| line.trim().split_once(' ').map(|(method, path)| (method, path.trim()));
    ROUTES.lines().filter_map(words)
}

async fn operators_see_the_applications_of_all_groups(world: World) {
    let (ada, pam) = (world.ada().await, world.user("globex", "pam").await);
    world.created(&ada, "Acme's").await;
    let form = World::with(World::new_integration("Globex's"), json!({"entities": ["g1"]}));
    pam.post(APPS, form).await.expect(201);
    let list = async |query: &str| {
        let path = format!("/operator/api/v1/integration-apps?{query}");
        world.operator.get(&path).await.expect(200)
    };
    assert_eq!(list("sort=name").await.all("name"), ["Acme's", "Globex's"]);
    assert_eq!(
        list("name=GLOBEX").await.json()["items"][0]["group"],
        json!({"id": "globex", "name": "Globex Group"})
    );
    let first = list("sort=name&limit=1").await.json();
    let next = list(&format!(
        "sort=name&limit=1&cursor={}",
        first["next_cursor"].as_str().unwrap()
    ))
    .await;
    assert_eq!(next.all("name"), ["Globex's"]);
    assert!(!list("").await.text().contains("otp"));
}

async fn operators_see_how_the_projections_are(world: World) {
    world.created(&world.ada().await, "Payroll").await;
    let status = world.operator.get("/operator/api/v1/projections").await.expect(200);
    for projection in registry::all() {
        assert!(
            status.all("name").contains(&projection.name.to_owned()),
            "{}",
            projection.name
        );
    }
    for projection in status.json()["items"].as_array().unwrap() {
        assert!(
            projection["position"].is_i64() && projection["last_error"].is_null(),
            "{projection}"
        );
    }
}

async fn operators_see_the_emails_but_not_what_they_say(world: World) {
    world.created(&world.ada().await, "Payroll").await;
    let list = async |query: &str| {
        world
            .operator
            .get(&format!("/operator/api/v1/outbox{query}"))
            .await
            .expect(200)
    };
    let waiting = list("?state=pending").await.json();
    assert_eq!(waiting["items"][0]["recipient"], "dev@example.com");
    assert_eq!(
        (&waiting["items"][0]["kind"], &waiting["items"][0]["attempts"]),
        (&json!("invitation"), &json!(0))
    );
    let token = world.last_mail_to("dev@example.com").await.invite_token();
    assert!(list("?state=pending").await.all("id").is_empty());
    let sent = list("?state=sent").await;
    assert_eq!(sent.all("state"), ["sent"]);
    assert!(!sent.text().contains(&token) && !sent.text().contains("sealed"));
    assert_eq!(list("").await.all("id").len(), 1);
    world
        .operator
        .get("/operator/api/v1/outbox?state=lost")
        .await
        .refused(422, "invalid_state");
    world
        .ada()
        .await
        .get("/operator/api/v1/outbox")
        .await
        .refused(401, "unauthenticated");
}

async fn an_email_that_could_not_be_sent_is_sent_when_retried(world: World) {
    world.created(&world.ada().await, "Payroll").await;
    let _ = std::fs::remove_dir_all(world.mail_dir());
    std::fs::write(world.mail_dir(), "no folder").unwrap();
    world.outbox.deliver_due().await.unwrap();
    let stuck = world.operator.get("/operator/api/v1/outbox").await.expect(200).json()["items"][0].clone();
    assert!(
        stuck["state"] != "sent" && stuck["attempts"] == 1 && stuck["last_error"].is_string(),
        "{stuck}"
    );
    std::fs::remove_file(world.mail_dir()).unwrap();
    std::fs::create_dir(world.mail_dir()).unwrap();
    world.outbox.deliver_due().await.unwrap();
    assert!(world.mails().await.is_empty(), "it waits for its time");
    let retry = |id: &str| format!("/operator/api/v1/outbox/{id}/retry");
    world.operator.post(&retry(id(&stuck)), json!({})).await.expect(200);
    assert_eq!(world.mails().await.len(), 1);
    world.operator.post(&retry(id(&stuck)), json!({})).await.done();
    assert_eq!(world.mails().await.len(), 1, "an e-mail that was sent stays sent");
    for not_found_page in ["00000000-0000-7000-8000-000000000000", "nonsense"] {
        world
            .operator
            .post(&retry(not_found_page), json!({}))
            .await
            .refused(404, "not_found");
    }
}

async fn a_resource_server_is_made_listed_and_ended(world: World) {
    let servers = "/operator/api/v1/resource-servers";
    let made = world
        .operator
        .post(servers, json!({"name": "Second gateway"}))
        .await
        .expect(201)
        .json();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let server = (text("client_id"), text("client_secret"));
    world
        .oauth("/oauth/introspect", &server, &[("token", "nonsense")])
        .await
        .expect(200);
    assert_eq!(world.operator.get(servers).await.expect(200).all("name").len(), 2);
    world.operator.delete(&format!("{servers}/{}", server.0)).await.done();
    world
        .oauth("/oauth/introspect", &server, &[("token", "nonsense")])
        .await
        .expect(401);
    world
        .operator
        .delete(&format!("{servers}/{}", server.0))
        .await
        .refused(404, "not_found");
    for (bad, code) in [
        (json!({}), "required"),
        (json!({"name": ""}), "required"),
        (json!({"name": "a\u{0}b"}), "invalid_name"),
    ] {
        world.operator.post(servers, bad).await.refused(422, code);
    }
}

async fn the_service_tells_how_it_is(world: World) {
    for path in ["/healthz", "/readyz"] {
        let answer = world.anybody().get(path).await.expect(200);
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(!answer.header("x-request-id").is_empty());
    }
}

async fn the_metrics_count_requests_and_verdicts(world: World) {
    let (_, _, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    world.gate(&token, "e1", "read").await;
    world.gate(&token, "e3", "read").await;
    let metrics = world.anybody().get("/metrics").await.expect(200).text();
    for line in [
        "gatebook_gate_verdicts_total{reason=\"ok\"} 1",
        "gatebook_gate_verdicts_total{reason=\"entity_not_assigned\"} 1",
        "gatebook_emails_total{outcome=\"Sent\"} 2",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    assert!(metrics.contains("route=\"/api/v1/integration-apps\""));
    assert!(!metrics.contains(&token) && !metrics.contains(&client.0) && !metrics.contains("Payroll"));
    assert!(metrics.ends_with("# EOF\n"));
}

async fn the_metrics_do_not_grow_with_methods_that_somebody_made_up(world: World) {
    for name in ["BREW", "brew", "GETGETGET", "X1"] {
        let method = Method::from_bytes(name.as_bytes()).unwrap();
        world.anybody().send(method, "/healthz", None, &[]).await.expect(405);
    }
    let metrics = world.anybody().get("/metrics").await.expect(200).text();
    assert!(
        metrics.contains("{method=\"other\",route=\"/healthz\",status=\"405\"} 4"),
        "{metrics}"
    );
    assert!(
        !metrics.to_uppercase().contains("BREW") && !metrics.contains("GETGET"),
        "{metrics}"
    );
}

async fn t27_what_shows_a_secret_is_kept_by_no_cache(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    let operator = &world.operator;
    let session = json!({"email": "dev@example.com", "password": PASSWORD});
    let user_tokens = "/operator/api/v1/groups/acme/users/ada/tokens";
    for answer in [
        ada.post(APPS, World::new_integration("Other")).await.expect(201),
        ada.post(&app_at(&app, "/suspend"), json!({})).await.expect(200),
        ada.post(&app_at(&app, "/resume"), json!({})).await.expect(200),
        world
            .anybody()
            .post("/portal/api/v1/session", session)
            .await
            .expect(200),
        dev.post(&portal_at(&app, "/client-secrets"), json!({}))
            .await
            .expect(201),
        dev.get(&portal_at(&app, "")).await.expect(200),
        operator.post(user_tokens, json!({"name": "CI"})).await.expect(201),
        operator
            .post("/operator/api/v1/resource-servers", json!({"name": "G"}))
            .await
            .expect(201),
        world.anybody().get("/api/v1/me").await.expect(401),
    ] {
        assert_eq!(answer.header("cache-control"), "no-store", "{}", answer.text());
        assert_eq!(answer.header("pragma"), "no-cache", "{}", answer.text());
    }
    let style = world.anybody().get("/docs").await.expect(200);
    assert_eq!(
        style.header("pragma").is_empty(),
        !style.header("cache-control").contains("no-store")
    );
}

async fn openapi_lists_every_route_and_every_route_answers(world: World) {
    let document = world.anybody().get("/openapi.json").await.expect(200).json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut listed = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path
            .split('/')
            .map(|part| if part.starts_with('{') { "{}" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let methods = item
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| !["parameters", "summary", "description"].contains(&key.as_str()));
        listed.extend(methods.map(|method| (method.to_uppercase(), path.clone())));
    }
    for (method, path) in routes() {
        assert!(
            listed.contains(&(method.to_owned(), path.to_owned())),
            "{method} {path} is not in openapi.json"
        );
        let somewhere = path.replace("{}", "00000000-0000-7000-8000-000000000000");
        let method: Method = method.parse().unwrap();
        let body = (method == Method::POST && !path.starts_with("/oauth")).then(|| json!({}));
        let answer = world.anybody().send(method.clone(), &somewhere, body, &[]).await;
        assert!(
            ![404, 405].contains(&answer.status.as_u16()) && answer.status.as_u16() < 500,
            "{method} {path}: {}",
            answer.status
        );
    }
    let operations: Vec<&Value> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .collect();
    let mut ids: Vec<&str> = operations
        .iter()
        .filter_map(|operation| operation["operationId"].as_str())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), operations.len(), "operationIds are unique");
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "no schema {name}");
    }
}

async fn the_readable_documentation_needs_nothing_from_outside(world: World) {
    let page = world.anybody().get("/docs").await.expect(200);
    assert!(page.header("content-type").starts_with("text/html"));
    let policy = page.header("content-security-policy");
    for rule in [
        "default-src 'none'",
        "script-src 'self';",
        "style-src 'self';",
        "sandbox allow-scripts",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    let html = page.text();
    let targets = ["src=\"", "href=\""].map(|attribute| html.split(attribute).skip(1));
    let mut start = String::new();
    for target in targets.into_iter().flatten() {
        let target = target.split('"').next().unwrap();
        assert!(target.starts_with('/') && !target.starts_with("//"), "{target}");
        let asset = world.anybody().get(target).await.expect(200);
        let kind = asset.header("content-type");
        let expected = match target.rsplit('.').next().unwrap() {
            "js" => "text/javascript",
            "css" => "text/css",
            _ => "application/json",
        };
        assert!(kind.starts_with(expected), "{target}: {kind}");
        if target.starts_with("/docs/start-") {
            start = asset.text();
        }
    }
    for (method, path) in routes().filter(|(_, path)| !path.contains("{}")) {
        assert!(start.contains(path), "{method} {path} is not in the documentation");
    }
}

async fn the_document_says_where_the_service_is(world: World) {
    let document = world.anybody().get("/openapi.json").await.expect(200).json();
    assert_eq!(document["servers"], json!([{"url": world.base_url}]));
}
