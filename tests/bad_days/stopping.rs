//! R27: whatever stops something happens at once, also when somebody else is faster every time.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::FutureExt;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::interrupted::Interrupted;
use crate::support::{Person, World, app_at, on_both_databases, portal_at};

on_both_databases! {
    r27_an_application_is_stopped_although_another_node_is_always_faster,
    r27_a_developer_and_an_operator_retire_secrets_although_another_node_is_always_faster,
    r27_a_group_is_stopped_although_another_node_is_always_faster,
    r27_an_operator_ends_what_opens_the_installation_although_another_node_is_always_faster,
    r27_a_stop_that_names_a_version_is_held_to_it,
    r27_a_stop_with_a_key_happens_once_and_is_answered_as_at_first,
}

/// Before everything that is written on this database, the person makes a change at the other node, never the same.
fn always_faster(database: &Interrupted, person: &Person, method: Method, path: String, body: fn(usize) -> Value) {
    let (person, count) = (person.clone(), std::sync::Arc::new(AtomicUsize::new(0)));
    database.before_every_write(move || {
        let (person, path, method) = (person.clone(), path.clone(), method.clone());
        let body = body(count.fetch_add(1, Ordering::SeqCst));
        async move {
            let answer = person.send(method, &path, Some(body), &[]).await;
            assert!(answer.status.is_success(), "{}", answer.text());
        }
        .boxed()
    });
}

fn described(number: usize) -> Value {
    json!({"description": format!("Words {number}.")})
}

fn at_node(person: &Person, node: &str) -> Person {
    Person {
        base_url: node.to_owned(),
        ..person.clone()
    }
}

async fn r27_an_application_is_stopped_although_another_node_is_always_faster(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let (node, database) = world.interrupted_node().await;
    always_faster(&database, &ada, Method::PATCH, app_at(&app, ""), described);
    let here = at_node(&ada, &node);
    here.patch(&app_at(&app, ""), json!({"category": "crm"}))
        .await
        .refused(409, "conflict");
    here.post(&app_at(&app, "/suspend"), json!({"reason": "Leaked."}))
        .await
        .expect(200);
    assert_eq!(world.gate(&token, "e1", "read").await, "app_suspended");
    let revoked = here
        .post(&app_at(&app, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    assert_eq!(revoked.json()["status"], "none");
    let mail = world.last_mail_to("dev@example.com").await;
    assert!(mail.subject.contains("Access revoked"), "{}", mail.subject);
    // Whoever was faster meanwhile has changed the description only.
    always_faster(
        &database,
        &world.operator,
        Method::PUT,
        "/operator/api/v1/groups/acme/entities/e1".to_owned(),
        |n| json!({"name": format!("Entity {n}")}),
    );
    let revoked = here.post(&app_at(&app, "/revoke"), json!({})).await.expect(200).json();
    assert_eq!(revoked["status"], "revoked");
    assert_eq!(world.gate(&token, "e1", "read").await, "app_revoked");
}

async fn r27_a_developer_and_an_operator_retire_secrets_although_another_node_is_always_faster(world: World) {
    let (ada, app, dev, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let shown = dev.get(&portal_at(&app, "")).await.expect(200).json();
    let secret = shown["client_secrets"][0]["id"].as_str().unwrap().to_owned();
    let form = World::aiq_integrate("Bank Feeds");
    let aiq = ada.post(crate::support::APPS, form).await.expect(201).json();
    let operators = |path: &str| {
        format!(
            "/operator/api/v1/integration-apps/{}{path}",
            aiq["id"].as_str().unwrap()
        )
    };
    let made = world
        .operator
        .post(&operators("/client-secrets"), json!({}))
        .await
        .expect(201)
        .json();
    let (node, database) = world.interrupted_node().await;

    always_faster(&database, &ada, Method::PATCH, app_at(&app, ""), described);
    let path = portal_at(&app, &format!("/client-secrets/{secret}"));
    at_node(&dev, &node).delete(&path).await.done();
    assert_eq!(world.gate(&token, "e1", "read").await, "secret_retired");

    always_faster(&database, &ada, Method::PATCH, app_at(&aiq, ""), described);
    let path = operators(&format!(
        "/client-secrets/{}",
        made["client_secret_id"].as_str().unwrap()
    ));
    at_node(&world.operator, &node).delete(&path).await.done();
}

async fn r27_a_group_is_stopped_although_another_node_is_always_faster(world: World) {
    let (_, _, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let uma = world.user("acme", "ulf").await;
    let (node, database) = world.interrupted_node().await;
    let (operator, group) = (at_node(&world.operator, &node), "/operator/api/v1/groups/acme");
    always_faster(
        &database,
        &world.operator,
        Method::PUT,
        format!("{group}/entities/e1"),
        |n| json!({"name": format!("Entity {n}")}),
    );
    let rename = json!({"name": "Another"});
    operator
        .put(&format!("{group}/entities/e2"), rename)
        .await
        .refused(409, "conflict");
    operator.delete(&format!("{group}/entities/e3")).await.done();
    let plain = json!({"email": "pam@acme.example", "name": "Pam Practice", "role": "user"});
    operator.put(&format!("{group}/users/pam"), plain).await.expect(200);
    operator.delete(&format!("{group}/users/ulf")).await.done();
    uma.get("/api/v1/me").await.refused(401, "unauthenticated");
    let plan = json!({"name": "Acme Group", "product_plan": "AIQ2"});
    operator.put(group, plan).await.expect(200);
    assert_eq!(world.gate(&token, "e1", "read").await, "group_not_on_plan");
}

async fn r27_an_operator_ends_what_opens_the_installation_although_another_node_is_always_faster(world: World) {
    let servers = "/operator/api/v1/resource-servers";
    let made = world
        .operator
        .post(servers, json!({"name": "Old gateway"}))
        .await
        .expect(201)
        .json();
    let (node, database) = world.interrupted_node().await;
    let operator = at_node(&world.operator, &node);
    always_faster(
        &database,
        &world.operator,
        Method::POST,
        servers.to_owned(),
        |n| json!({"name": format!("Gateway {n}")}),
    );
    operator
        .post(servers, json!({"name": "New gateway"}))
        .await
        .refused(409, "conflict");
    let old = made["client_id"].as_str().unwrap();
    operator.delete(&format!("{servers}/{old}")).await.done();
    let left = world.operator.get(servers).await.expect(200).text();
    assert!(!left.contains(old), "{left}");
}

async fn r27_a_stop_that_names_a_version_is_held_to_it(world: World) {
    let (ada, app, _, client) = world.running("Payroll").await;
    let token = world.access_token(&client).await;
    let etag = ada.get(&app_at(&app, "")).await.header("etag");
    let (node, database) = world.interrupted_node().await;
    let moved_on = {
        let (ada, path) = (ada.clone(), app_at(&app, ""));
        async move { drop(ada.patch(&path, described(1)).await.expect(200)) }
    };
    database.before_the_next_write(moved_on);
    let named = [("if-match", etag.as_str())];
    let path = app_at(&app, "/suspend");
    let refused = at_node(&ada, &node)
        .send(Method::POST, &path, Some(json!({})), &named)
        .await;
    refused.refused(412, "version_mismatch");
    assert!(database.has_happened());
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
}

async fn r27_a_stop_with_a_key_happens_once_and_is_answered_as_at_first(world: World) {
    let (ada, app, ..) = world.running("Payroll").await;
    let key = [("idempotency-key", "stop-1")];
    let stop = async |body: Value| {
        ada.send(Method::POST, &app_at(&app, "/suspend"), Some(body), &key)
            .await
    };
    let first = stop(json!({})).await.expect(200).json();
    ada.post(&app_at(&app, "/resume"), json!({})).await.expect(200);
    assert_eq!(stop(json!({})).await.expect(200).json(), first);
    assert_eq!(ada.get(&app_at(&app, "")).await.json()["status"], "active");
    stop(json!({"reason": "Another."}))
        .await
        .refused(422, "idempotency_key_reused");
    // One that is granted already uses its key, too.
    let second = [("idempotency-key", "stop-2")];
    let path = app_at(&app, "/suspend");
    ada.post(&path, json!({})).await.expect(200);
    ada.send(Method::POST, &path, Some(json!({})), &second)
        .await
        .expect(200);
    ada.post(&app_at(&app, "/resume"), json!({})).await.expect(200);
    ada.send(Method::POST, &path, Some(json!({})), &second)
        .await
        .expect(200);
    assert_eq!(ada.get(&app_at(&app, "")).await.json()["status"], "active");
}
