//! Issue 9: the way out for an event that cannot be read: an operator has it passed over, and everything goes on.

use gatebook::store::{self, ConnectionPurpose};
use serde_json::{Value, json};

use super::installation::{Customer, Installation};
use super::integration::{Integration, gate};
use super::tampered_rows::{row, tools};
use super::unreadable_events::{RENAMED, quarantine};
use crate::support::foreign_event::append_foreign;
use crate::support::{World, app_at, id, on_both_databases};

on_both_databases!(
    once_it_is_quarantined_everything_goes_on_and_every_verification_names_it,
    only_an_event_that_cannot_be_read_is_quarantined_and_only_once,
    the_first_event_of_a_stream_can_be_quarantined_whoever_wrote_it,
    an_application_whose_first_event_is_quarantined_is_gone_with_all_its_rows,
);

async fn once_it_is_quarantined_everything_goes_on_and_every_verification_names_it(world: World) {
    let (ada, app, _, client) = world.running("Payroll Bridge").await;
    let token = world.access_token(&client).await;
    let position = append_foreign(world.database(), "IntegrationApp", id(&app), RENAMED).await;
    let tools = tools(&world);
    let at = format!("position {position}");
    let named = [at.as_str(), "IntegrationApp", id(&app), "ApplicationRenamed"];
    for command in [["log", "verify"], ["projections", "verify"]] {
        let finished = tools.run(&command);
        assert_eq!(finished.code, Some(2), "{finished:#?}");
        let names = |line: &str| named.iter().all(|part| line.contains(part));
        assert!(finished.out.lines().any(names), "{finished:#?}");
    }
    quarantine(&world, position).await.unwrap();
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    for command in [["log", "verify"], ["projections", "verify"]] {
        let message = tools.succeed(&command);
        let line = message.lines().find(|line| line.starts_with("quarantined: ")).unwrap();
        assert!(named.iter().all(|part| line.contains(part)), "{message}");
        assert!(line.contains("A newer version wrote it"), "{message}");
    }
    // The stream goes on, at the version that its readers see.
    let shown = ada.get(&app_at(&app, "")).await.expect(200);
    let edit = json!({"description": "Goes on."});
    let changed = ada
        .send(
            reqwest::Method::PATCH,
            &app_at(&app, ""),
            Some(edit),
            &[("If-Match", shown.header("etag").as_str())],
        )
        .await
        .expect(200)
        .json();
    assert_eq!(changed["description"], "Goes on.");
    assert_eq!(changed["name"], "Payroll Bridge");
    tools.succeed(&["projections", "rebuild"]);
    tools.holds_together();
    assert_eq!(world.gate(&token, "e1", "read").await, "ok");
    // Whoever exports gets it, and its hash.
    let audrey = world.user("acme", "audrey").await;
    let rows = audrey.csv(&app_at(&app, "/activity-log")).await;
    let line = rows.iter().find(|row| row["position"] == position.to_string()).unwrap();
    assert_eq!(
        line["summary"],
        "An event that cannot be read: ApplicationRenamed version 1."
    );
    assert_eq!(line["details"], r#"{"before":"Payroll Bridge","after":"Bridge"}"#);
    let exported = audrey
        .get_as("application/x-ndjson", &app_at(&app, "/activity-log"))
        .await
        .expect(200)
        .text();
    let file = tools.folder().join("log.ndjson");
    std::fs::write(&file, &exported).unwrap();
    tools.succeed(&["log", "verify", file.to_str().unwrap()]);
    std::fs::write(&file, exported.replace(r#""after":"Bridge""#, r#""after":"Br1dge""#)).unwrap();
    assert_eq!(tools.run(&["log", "verify", file.to_str().unwrap()]).code, Some(2));
    // The decision is an event of the installation.
    let said = row(
        &world,
        "select cast(payload as text) from events where event_type = 'EventQuarantined'",
    )
    .await;
    let said: Value = serde_json::from_str(&said[0]).unwrap();
    assert_eq!(said["EventQuarantined"]["position"], position);
    assert_eq!(said["EventQuarantined"]["event_type"], "ApplicationRenamed");
}

async fn only_an_event_that_cannot_be_read_is_quarantined_and_only_once(world: World) {
    let (_, app, ..) = world.running("Payroll Bridge").await;
    let readable = quarantine(&world, 1).await.unwrap_err();
    assert!(readable.contains("position 1 is readable"), "{readable}");
    let unknown = quarantine(&world, 1_000_000).await.unwrap_err();
    assert!(unknown.contains("no event at position 1000000"), "{unknown}");
    let first = append_foreign(world.database(), "IntegrationApp", id(&app), RENAMED).await;
    let second = append_foreign(world.database(), "IntegrationApp", id(&app), RENAMED).await;
    quarantine(&world, first).await.unwrap();
    let twice = quarantine(&world, first).await.unwrap_err();
    assert!(twice.contains("has already been quarantined"), "{twice}");
    // The other one still closes.
    assert_eq!(
        row(&world, "select position from unreadable_events").await,
        [second.to_string()]
    );
    quarantine(&world, second).await.unwrap();
    assert_eq!(row(&world, "select count(*) from unreadable_events").await, ["0"]);
    tools(&world).holds_together();
    // An event of the installation itself, which the next decision has to step over, too.
    let third = append_foreign(
        world.database(),
        "System",
        "system",
        r#"{"MoonPhaseChanged":{"to":"full"}}"#,
    )
    .await;
    quarantine(&world, third).await.unwrap();
    tools(&world).holds_together();
}

async fn the_first_event_of_a_stream_can_be_quarantined_whoever_wrote_it(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll Bridge").await;
    append_foreign(world.database(), "IntegrationApp", id(&app), RENAMED).await;
    // Another application's, by a program whose people have no names.
    let stranger = "0198a8a4-7c00-7000-8000-00000000000f";
    let position = append_foreign(
        world.database(),
        "IntegrationApp",
        stranger,
        r#"{"Arrived":{"by_digest":"ab"}}"#,
    )
    .await;
    quarantine(&world, position).await.unwrap();
    let finished = tools(&world).run(&["log", "verify"]);
    assert_eq!(finished.out.matches("quarantined: ").count(), 1, "{finished:#?}");
    assert_eq!(finished.code, Some(2), "the first one is not: {finished:#?}");
}

async fn an_application_whose_first_event_is_quarantined_is_gone_with_all_its_rows(world: World) {
    let (ada, app, ..) = world.running("Payroll Bridge").await;
    // As a newer version creates it, with its row, before it is taken back.
    let stranger = "0198a8a4-7c00-7000-8000-00000000000f";
    let created = r#"{"NewIntegrationCreated":{"written_by":"a newer version"}}"#;
    let position = append_foreign(world.database(), "IntegrationApp", stranger, created).await;
    let mut transaction = world.database().begin(ConnectionPurpose::Write).await.unwrap();
    let rows = format!(
        "insert into token_gate (app_id, client_id, group_id, name, status, api_permission, entities, client_secrets, version, \
         position) select '{stranger}', 'gbc_of_a_newer_version', group_id, name, status, api_permission, entities, \
         client_secrets, 1, {position} from token_gate where app_id = '{}'",
        id(&app)
    );
    transaction.script(&rows).await.unwrap();
    transaction.commit().await.unwrap();
    let suspend = format!("/api/v1/integration-apps/{stranger}/suspend");
    // That there is something is known, and not what.
    ada.post(&suspend, json!({})).await.refused(409, "unreadable_event");
    quarantine(&world, position).await.unwrap();
    let left = format!("select count(*) from token_gate where app_id = '{stranger}'");
    assert_eq!(row(&world, &left).await, ["0"]);
    ada.post(&suspend, json!({})).await.refused(404, "not_found");
    tools(&world).holds_together();
}

/// The command line, and two processes on one database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_quarantines_by_command_line_while_two_nodes_serve() {
    let installation = Installation::on_postgres().await;
    let one_name = ["--public-url", "https://gatebook.example"];
    let a = installation.start("serve", &one_name, &[]).await;
    let b = installation.start("serve", &one_name, &[]).await;
    let customer = Customer::settle(&installation, &a).await;
    let integration = Integration::running(&a, &customer, "Bank Feeds").await;
    let token = integration.token(&a).await;
    let database = store::open(&installation.database_url).await.unwrap();
    let app = id(&integration.app);
    let position = append_foreign(&*database, "IntegrationApp", app, RENAMED)
        .await
        .to_string();
    for node in [&a, &b] {
        assert_eq!(gate(node, &customer, &token).await, "unavailable");
    }
    let quarantine = ["log", "quarantine", "--position", &position, "--reason"];
    let no_reason = installation.run(&[&quarantine[..], &["  "]].concat());
    assert_eq!(no_reason.code, Some(64), "{no_reason:#?}");
    for not_found_page in ["0", "-1", "x"] {
        let refused = installation.run(&["log", "quarantine", "--position", not_found_page, "--reason", "r"]);
        assert_eq!(refused.code, Some(64), "{refused:#?}");
    }
    assert_eq!(installation.run(&["log", "verify"]).code, Some(2));
    let message = installation.succeed(&[&quarantine[..], &["It was taken back."]].concat());
    assert!(message.contains("is now skipped by every node"), "{message}");
    for node in [&b, &a] {
        assert_eq!(gate(node, &customer, &token).await, "ok");
    }
    let again = installation.run(&[&quarantine[..], &["Once more."]].concat());
    assert_eq!(again.code, Some(1), "{again:#?}");
    assert!(again.err.contains("already"), "{again:#?}");
    installation.holds_together();
    let system = installation.succeed(&["log", "export", "--system"]);
    assert!(
        system.contains(&format!("quarantined the event at position {position}")),
        "{system}"
    );
    for node in [a, b] {
        node.stop().await;
    }
}
