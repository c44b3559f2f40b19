//! Nobody fills another's log: what somebody may change of one thing is generous, and has an end. What stops something has
//! none.

use chrono::TimeDelta;
use gatebook::throttle::Budget;
use gatebook::throttle::budgets::{MILLIS_PER_OPERATOR_WRITE, MILLIS_PER_WRITE, WRITES_BURST};
use reqwest::Method;
use serde_json::json;

use crate::bad_days::tampered_rows::row;
use crate::support::world::PASSWORD;
use crate::support::{Answer, World, app_at, id, on_both_databases, portal_at};

on_both_databases! {
    whoever_changes_one_thing_very_often_is_slowed_down_and_can_still_stop_it,
    only_what_takes_something_away_is_free,
    whoever_signs_in_very_often_is_slowed_down,
}

async fn whoever_changes_one_thing_very_often_is_slowed_down_and_can_still_stop_it(world: World) {
    let (ada, app, dev, _) = world.running("Payroll").await;
    let other = world.created(&ada, "Other").await;
    // Creating it was a change, too, and one is left.
    for _ in 0..WRITES_BURST - 2 {
        let spent = world.gatebook.budgets.spend(Budget::Writes, "user acme/ada", id(&app));
        spent.unwrap().keep();
    }
    let edit = async |app| ada.patch(&app_at(app, ""), json!({"description": "Words."})).await;
    let log = app_at(&app, "/activity-log");
    ada.get(&log).await.expect(200);
    let message = edit(&app).await.refused(429, "too_many_requests");
    assert_eq!(message.header("retry-after"), "10");
    ada.get(&log).await.refused(429, "too_many_requests");
    // Another application, and another person, have budgets of their own.
    edit(&other).await.expect(200);
    dev.post(&portal_at(&app, "/client-secrets"), json!({}))
        .await
        .expect(201);
    // What stops something gets through.
    ada.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    ada.post(&app_at(&app, "/resume"), json!({}))
        .await
        .refused(429, "too_many_requests");
    ada.post(&app_at(&app, "/developer/revoke"), json!({}))
        .await
        .expect(200);
    ada.post(&app_at(&app, "/revoke"), json!({})).await.expect(200);
    // What is refused, and what is so already, costs nothing.
    world.pass(TimeDelta::milliseconds(i64::from(MILLIS_PER_WRITE)));
    for _ in 0..3 {
        edit(&app).await.refused(409, "app_revoked");
    }
}

/// Uses up all changes of this thing but so many.
fn spend_all_but(world: &World, left: u32, budget: Budget, whose: &str, stream: &str) {
    let one_more = || world.gatebook.budgets.spend(budget, whose, stream);
    while let Ok(spent) = one_more() {
        spent.keep();
    }
    let millis = match budget {
        Budget::OperatorWrites => MILLIS_PER_OPERATOR_WRITE,
        _ => MILLIS_PER_WRITE,
    };
    world.pass(TimeDelta::milliseconds(i64::from(left * millis)));
}

async fn only_what_takes_something_away_is_free(world: World) {
    let (ada, pam) = (world.ada().await, world.user("acme", "pam").await);
    let app = world.created(&ada, "Payroll").await;
    ada.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    let refused = |answer: Answer| drop(answer.refused(429, "too_many_requests"));

    // A key is written down, though there is nothing left to stop or to change.
    spend_all_but(&world, 1, Budget::Writes, "user acme/ada", id(&app));
    let with_key = async |method, path: &str, key: &str| {
        let path = app_at(&app, path);
        let body = Some(json!({}));
        ada.send(method, &path, body, &[("Idempotency-Key", key)]).await
    };
    with_key(Method::POST, "/suspend", "k-1").await.expect(200);
    refused(with_key(Method::POST, "/suspend", "k-2").await);
    refused(with_key(Method::PATCH, "", "k-3").await);
    with_key(Method::POST, "/suspend", "k-1").await.expect(200);
    ada.post(&app_at(&app, "/suspend"), json!({})).await.expect(200);
    ada.post(&app_at(&app, "/revoke"), json!({})).await.expect(200);

    // Withdrawing a permission is free, granting one is not.
    spend_all_but(&world, 1, Budget::Writes, "user acme/pam", "acme");
    let permission = "/api/v1/users/ulf/permissions/view_activity_logs";
    pam.put(permission, json!({})).await.expect(200);
    pam.delete(permission).await.expect(200);
    refused(pam.put(permission, json!({})).await);

    // What an operator renames, adds or makes is counted; what they take away is not.
    let token = &row(&world, "select id from credentials where kind = 'operator_token'").await[0];
    let operator = format!("operator {token}");
    spend_all_but(&world, 1, Budget::OperatorWrites, &operator, "acme");
    let put = async |path: &str, body| {
        let path = format!("/operator/api/v1/groups/acme{path}");
        world.operator.put(&path, body).await
    };
    put("", json!({"name": "Acme & Sons", "product_plan": "AIQ3"}))
        .await
        .expect(200);
    refused(put("", json!({"name": "Acme & Daughters", "product_plan": "AIQ3"})).await);
    refused(
        put(
            "/users/ulf",
            json!({"email": "ulf@acme.example", "name": "Ulf", "role": "user"}),
        )
        .await,
    );
    put("", json!({"name": "Acme & Sons", "product_plan": "AIQ2"}))
        .await
        .expect(200);
    world
        .operator
        .delete("/operator/api/v1/groups/acme/users/ulf")
        .await
        .done();
    let servers = "/operator/api/v1/resource-servers";
    spend_all_but(&world, 1, Budget::OperatorWrites, &operator, "system");
    let made = world
        .operator
        .post(servers, json!({"name": "Gateway"}))
        .await
        .expect(201)
        .json();
    refused(world.operator.post(servers, json!({"name": "Another"})).await);
    let made = format!("{servers}/{}", made["client_id"].as_str().unwrap());
    world.operator.delete(&made).await.done();
}

async fn whoever_signs_in_very_often_is_slowed_down(world: World) {
    let (_, _, dev, _) = world.running("Payroll").await;
    let developer = &row(&world, "select developer_id from developers").await[0];
    spend_all_but(&world, 1, Budget::Writes, &format!("developer {developer}"), developer);
    let log_in = async || {
        let form = json!({"email": "dev@example.com", "password": PASSWORD});
        dev.post("/portal/api/v1/session", form).await
    };
    log_in().await.expect(200);
    log_in().await.refused(429, "too_many_requests");
    world.pass(TimeDelta::milliseconds(i64::from(MILLIS_PER_WRITE)));
    log_in().await.expect(200);
}
