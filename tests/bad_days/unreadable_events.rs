//! Issue 9: an event that this program cannot read, as a newer one or a hand may have appended it. What it may be about is
//! closed, everything else goes on; and there is a way out.

use gatebook::application::Caller;
use gatebook::store::{self, ConnectionPurpose};
use gatebook_aggregates::text::Reason;
use serde_json::json;

use super::installation::{Customer, Installation};
use super::integration::{Integration, gate};
use super::tampered_rows::{by_hand, row, tools};
use crate::support::foreign_event::append_foreign;
use crate::support::{Answer, World, app_at, id, on_both_databases};

on_both_databases!(
    an_event_that_cannot_be_read_closes_its_application_on_every_node_and_no_other,
    an_event_of_a_group_that_cannot_be_read_closes_its_applications,
    an_event_of_a_token_that_cannot_be_read_closes_its_application,
    what_cannot_be_read_shows_in_readiness_and_metrics_and_takes_no_node_out,
    however_many_cannot_be_read_all_are_counted,
    what_cannot_be_read_can_still_be_stopped_and_nothing_else,
    a_suspension_that_is_repeated_by_its_key_is_answered_as_the_first_time,
    a_group_with_an_event_that_cannot_be_read_can_still_be_stopped_and_nothing_else,
    a_readable_event_by_another_hand_closes_nothing_for_longer_than_it_takes_to_read_it,
);

pub const RENAMED: &str = r#"{"ApplicationRenamed":{"before":"Payroll Bridge","after":"Bridge"}}"#;

/// What a node says at the gate.
async fn authorize(world: &World, base_url: &str, token: &str) -> (u16, String) {
    let request = world
        .http()
        .get(format!("{base_url}/gateway/authorize"))
        .bearer_auth(token)
        .header("X-Entity-Id", "e1")
        .header("X-Api-Access", "read");
    let answer = Answer::read(request.send().await.unwrap()).await;
    match answer.status.as_u16() {
        200 => (200, "ok".to_owned()),
        refused => (refused, answer.header("x-reason")),
    }
}

pub async fn quarantine(world: &World, position: i64) -> Result<(), String> {
    let caller = Caller::command_line_of("r-1".to_owned(), "olga@node");
    let reason = Reason::parse("A newer version wrote it, and was taken back.")
        .unwrap()
        .unwrap();
    let done = world
        .gatebook
        .quarantine_event(caller.operator().unwrap(), position, reason)
        .await;
    done.map(drop).map_err(|error| error.to_string())
}

async fn an_event_that_cannot_be_read_closes_its_application_on_every_node_and_no_other(world: World) {
    let (ada, app, developer, client) = world.running("Payroll Bridge").await;
    let other = world.created(&ada, "Bank Feeds").await;
    world.verified(&developer, &other).await;
    let others = world.client_secret(&developer, &other).await;
    let (token, others_token) = (world.access_token(&client).await, world.access_token(&others).await);
    let nodes = [world.base_url.clone(), world.another_node().await];
    for node in &nodes {
        assert_eq!(authorize(&world, node, &token).await, (200, "ok".to_owned()));
    }
    append_foreign(world.database(), "IntegrationApp", id(&app), RENAMED).await;
    // Before anybody has looked, and after the writer has read it.
    for _ in 0..2 {
        for node in &nodes {
            assert_eq!(authorize(&world, node, &token).await, (403, "unavailable".to_owned()));
            assert_eq!(authorize(&world, node, &others_token).await, (200, "ok".to_owned()));
        }
        assert_eq!(world.gate(&token, "e1", "read").await, "unavailable");
        assert_eq!(world.gate(&others_token, "e1", "read").await, "ok");
        world.token(&client).await.expect(503);
        world.token(&others).await.expect(200);
        let form = [("token", token.as_str())];
        let introspected = world
            .oauth("/oauth/introspect", &world.gateway, &form)
            .await
            .expect(200)
            .json();
        assert_eq!(introspected["active"], false);
        ada.patch(&app_at(&other, ""), json!({"description": world.base_url}))
            .await
            .expect(200);
    }
    assert_eq!(row(&world, "select count(*) from unreadable_events").await, ["1"]);
    // What would decide on it is refused by name; it can be looked at.
    for (path, body) in [
        ("", json!({"description": "New."})),
        ("/developer/reset-otp", json!({})),
    ] {
        let refused = match path {
            "" => ada.patch(&app_at(&app, path), body).await,
            _ => ada.post(&app_at(&app, path), body).await,
        };
        refused.refused(409, "unreadable_event");
    }
    ada.get(&app_at(&app, "")).await.expect(200);
    let events = ada.get(&app_at(&app, "/events")).await.expect(200).json();
    assert_eq!(events["items"][0]["event"], "ApplicationRenamed");
    assert_eq!(events["items"][0]["details"]["after"], "Bridge");
}

async fn an_event_of_a_group_that_cannot_be_read_closes_its_applications(world: World) {
    let (_, _, _, client) = world.running("Payroll Bridge").await;
    let token = world.access_token(&client).await;
    append_foreign(world.database(), "Group", "globex", r#"{"GroupMoved":{"to":"Mars"}}"#).await;
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    let position = append_foreign(world.database(), "Group", "acme", r#"{"GroupMoved":{"to":"Mars"}}"#).await;
    assert_eq!(world.gate(&token, "e1", "read").await, "unavailable");
    quarantine(&world, position).await.unwrap();
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
}

async fn an_event_of_a_token_that_cannot_be_read_closes_its_application(world: World) {
    let (ada, _, developer, client) = world.running("Payroll Bridge").await;
    let other = world.created(&ada, "Bank Feeds").await;
    world.verified(&developer, &other).await;
    let others = world.client_secret(&developer, &other).await;
    let (token, others_token) = (world.access_token(&client).await, world.access_token(&others).await);
    let given_back = world.access_token(&client).await;
    let form = [("token", given_back.as_str())];
    world.oauth("/oauth/revoke", &client, &form).await.expect(200);
    let stream = row(
        &world,
        "select aggregate_id from events where aggregate_type = 'AccessToken'",
    )
    .await;
    let id = &stream[0];
    let position = append_foreign(
        world.database(),
        "AccessToken",
        id,
        r#"{"AccessTokensRevoked":{"before":"now"}}"#,
    )
    .await;
    let gate = async || {
        (
            world.gate(&token, "e1", "read").await,
            world.gate(&others_token, "e1", "read").await,
        )
    };
    let one_closed = ("unavailable".to_owned(), "ok".to_owned());
    // Before anybody has looked, and when it has been named.
    assert_eq!(gate().await, one_closed);
    ada.patch(&app_at(&other, ""), json!({"description": "New."}))
        .await
        .expect(200);
    assert_eq!(
        row(&world, "select aggregate_type from unreadable_events").await,
        ["AccessToken"]
    );
    assert_eq!(gate().await, one_closed);
    quarantine(&world, position).await.unwrap();
    assert_eq!(gate().await, ("ok".to_owned(), "ok".to_owned()));
    assert_eq!(world.gate(&given_back, "e1", "read").await, "token_revoked");
}

async fn what_cannot_be_read_shows_in_readiness_and_metrics_and_takes_no_node_out(world: World) {
    let (_, app, ..) = world.running("Payroll Bridge").await;
    append_foreign(world.database(), "IntegrationApp", id(&app), RENAMED).await;
    let node = world.another_node().await;
    let get = async |path: &str| {
        let request = world.http().get(format!("{node}{path}"));
        Answer::read(request.send().await.unwrap()).await.expect(200)
    };
    assert_eq!(get("/readyz").await.json()["degraded"], json!(["unreadable_events"]));
    let metrics = get("/metrics").await.text();
    assert!(metrics.contains("gatebook_unreadable_events 1"), "{metrics}");
}

async fn however_many_cannot_be_read_all_are_counted(world: World) {
    let (_, app, ..) = world.running("Payroll Bridge").await;
    append_foreign(world.database(), "IntegrationApp", id(&app), RENAMED).await;
    world.gatebook.unreadable_events().await;
    let more = (1..250).map(|number| {
        format!(
            "insert into unreadable_events select position + {number}, aggregate_type, aggregate_id, sequence + {number}, \
             event_type, event_version, problem from unreadable_events where position = \
             (select min(position) from unreadable_events); "
        )
    });
    by_hand(&world, &more.collect::<String>()).await;
    let node = world.another_node().await;
    let metrics = world.http().get(format!("{node}/metrics")).send().await.unwrap();
    let metrics = Answer::read(metrics).await.expect(200).text();
    assert!(metrics.contains("gatebook_unreadable_events 250"), "{metrics}");
}

async fn what_cannot_be_read_can_still_be_stopped_and_nothing_else(world: World) {
    let (ada, app, developer, client) = world.running("Payroll Bridge").await;
    let token = world.access_token(&client).await;
    let position = append_foreign(world.database(), "IntegrationApp", id(&app), RENAMED).await;
    let group = append_foreign(world.database(), "Group", "acme", r#"{"GroupMoved":{"to":"Mars"}}"#).await;
    let post = async |path: &str| ada.post(&app_at(&app, path), json!({})).await;
    assert_eq!(post("/suspend").await.expect(200).json()["status"], "suspended");
    assert_eq!(world.gate(&token, "e1", "read").await, "app_suspended");
    post("/resume").await.refused(409, "unreadable_event");
    post("/developer/revoke").await.expect(200);
    let gone = format!("/portal/api/v1/apps/{}", id(&app));
    developer.get(&gone).await.expect(404);
    ada.patch(&app_at(&app, ""), json!({"description": "New."}))
        .await
        .refused(409, "unreadable_event");
    // With the application's own event settled, the group's still keeps everything but stopping.
    quarantine(&world, position).await.unwrap();
    post("/resume").await.refused(409, "unreadable_event");
    assert_eq!(world.gate(&token, "e1", "read").await, "app_suspended");
    assert_eq!(post("/revoke").await.expect(200).json()["status"], "revoked");
    assert_eq!(world.gate(&token, "e1", "read").await, "app_revoked");
    quarantine(&world, group).await.unwrap();
    tools(&world).holds_together();
}

async fn a_suspension_that_is_repeated_by_its_key_is_answered_as_the_first_time(world: World) {
    let (ada, app, ..) = world.running("Payroll Bridge").await;
    let by_key = async |path: &str, key: &str| {
        let path = app_at(&app, path);
        let headers = [("Idempotency-Key", key)];
        ada.send(reqwest::Method::POST, &path, Some(json!({})), &headers).await
    };
    let first = by_key("/suspend", "stop").await.expect(200).json();
    let reset = by_key("/developer/reset-otp", "reset").await;
    append_foreign(world.database(), "IntegrationApp", id(&app), RENAMED).await;
    let before = world.traces().await;
    assert_eq!(by_key("/suspend", "stop").await.expect(200).json(), first);
    // What cannot be read may have ended an OTP that was shown.
    assert_eq!(by_key("/developer/reset-otp", "reset").await.status, reset.status);
    by_key("/revoke", "stop").await.refused(422, "idempotency_key_reused");
    assert_eq!(world.traces().await, before);
    assert_eq!(
        by_key("/suspend", "again").await.expect(200).json()["status"],
        "suspended"
    );
}

async fn a_group_with_an_event_that_cannot_be_read_can_still_be_stopped_and_nothing_else(world: World) {
    let (_, _, _, client) = world.running("Payroll Bridge").await;
    let (token, pam) = (world.access_token(&client).await, world.user("acme", "pam").await);
    let ulf = world.user("acme", "ulf").await;
    let permission = "/api/v1/users/ulf/permissions/view_activity_logs";
    pam.put(permission, json!({})).await.expect(200);
    let position = append_foreign(world.database(), "Group", "acme", r#"{"GroupMoved":{"to":"Mars"}}"#).await;
    let operator = |path: &str| format!("/operator/api/v1/groups/acme{path}");
    let put = async |path: &str, body| world.operator.put(&operator(path), body).await;
    put("", json!({"name": "Acme on Mars", "product_plan": "AIQ3"}))
        .await
        .refused(409, "unreadable_event");
    pam.put(
        "/api/v1/users/ulf/permissions/manage_integration_applications",
        json!({}),
    )
    .await
    .refused(409, "unreadable_event");
    pam.delete(permission).await.expect(200);
    world.operator.delete(&operator("/users/ulf")).await.done();
    ulf.get("/api/v1/me").await.refused(401, "unauthenticated");
    put("", json!({"name": "Acme Group", "product_plan": "AIQ2"}))
        .await
        .expect(200);
    quarantine(&world, position).await.unwrap();
    assert_eq!(world.gate(&token, "e1", "read").await, "group_not_on_plan");
    tools(&world).holds_together();
}

async fn a_readable_event_by_another_hand_closes_nothing_for_longer_than_it_takes_to_read_it(world: World) {
    let (ada, app, _, client) = world.running("Payroll Bridge").await;
    let token = world.access_token(&client).await;
    append_foreign(
        world.database(),
        "IntegrationApp",
        id(&app),
        r#"{"DescriptionChanged":{"before":"Posts the payroll journals of every month.","after":"By hand."}}"#,
    )
    .await;
    assert_eq!(world.gate(&token, "e1", "read").await, "unavailable");
    ada.get("/readyz").await.expect(200);
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    let shown = ada.get(&app_at(&app, "")).await.expect(200).json();
    assert_eq!(shown["description"], "By hand.");
    tools(&world).holds_together();
    assert_eq!(row(&world, "select count(*) from unreadable_events").await, ["0"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_has_to_rebuild_starts_in_spite_of_an_event_that_cannot_be_read_and_not_of_a_broken_log() {
    let installation = Installation::on_sqlite();
    let node = installation.serve().await;
    let customer = Customer::settle(&installation, &node).await;
    let integration = Integration::running(&node, &customer, "Bank Feeds").await;
    let token = integration.token(&node).await;
    node.stop().await;
    let database = store::open(&installation.database_url).await.unwrap();
    let app = id(&integration.app);
    let position = append_foreign(&*database, "IntegrationApp", app, RENAMED).await;
    let order = async |sql: &str| {
        let mut transaction = database.begin(ConnectionPurpose::Write).await.unwrap();
        transaction.script(sql).await.unwrap();
        transaction.commit().await.unwrap();
    };
    let older_fold = "update projections set fold_version = 0";
    order(older_fold).await;
    let node = installation.serve().await;
    assert_eq!(gate(&node, &customer, &token).await, "unavailable");
    node.stop().await;
    let rebuilt = installation.run(&["projections", "rebuild"]);
    assert_eq!(rebuilt.code, Some(2), "{rebuilt:#?}");
    assert!(
        rebuilt
            .out
            .contains(&format!("closed: the event at position {position}")),
        "{rebuilt:#?}"
    );
    // Now somebody changes what is there.
    order("drop trigger events_are_never_updated").await;
    order("update events set recorded_at = '2026-11-23T09:00:00.001Z' where position = 1").await;
    order(older_fold).await;
    let refused = installation.run(&["projections", "rebuild"]);
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    for part in ["the log is broken", "position 1", "--accept-broken-log"] {
        assert!(refused.err.contains(part), "{part}: {refused:#?}");
    }
    let migrated = installation.run(&["migrate"]);
    assert_eq!(migrated.code, Some(1), "{migrated:#?}");
    assert!(migrated.err.contains("the log is broken"), "{migrated:#?}");
    let accepted = installation.run(&["projections", "rebuild", "--accept-broken-log"]);
    assert_eq!(accepted.code, Some(2), "{accepted:#?}");
    let node = installation.serve().await;
    node.stop().await;
}
