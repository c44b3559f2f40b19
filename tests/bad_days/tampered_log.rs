//! Hands in the log, as only the database's superuser has them: `log verify` says where.

use gatebook::store::Dialect;

use super::installation::Finished;
use super::tampered_rows::{by_hand, row, tools};
use crate::support::{World, on_both_databases};

on_both_databases!(
    r29_an_event_that_was_changed_by_hand_is_found_with_its_position,
    an_event_that_was_deleted_by_hand_leaves_a_gap_that_is_found,
    the_last_events_cannot_be_cut_off_without_being_missed,
    an_event_that_was_added_by_hand_is_found,
    events_that_were_exchanged_by_hand_are_found,
    an_event_of_an_unknown_type_stops_a_rebuild_at_its_position,
    r29_a_line_of_an_exported_log_that_was_changed_is_found,
);

/// What a hand changes in an event.
const CHANGES: [(&str, &str); 9] = [
    (
        "payload",
        "replace(cast(payload as text), 'payroll journals', 'salary journals')",
    ),
    (
        "payload",
        "replace(cast(payload as text), '\"read_write\"', '\"read\"')",
    ),
    ("metadata", "replace(cast(metadata as text), 'ada', 'eve')"),
    ("recorded_at", "'2026-11-23T09:00:00.001Z'"),
    ("group_id", "'globex'"),
    ("event_version", "'2'"),
    (
        "hash",
        "replace(hash, substr(hash, 1, 1), case substr(hash, 1, 1) when 'a' then 'b' else 'a' end)",
    ),
    ("previous_hash", "replace(previous_hash, '0', '1')"),
    ("event_type", "'AiqIntegrateCreated'"),
];

/// Changes the log as the superuser can: without the triggers that forbid it.
pub async fn as_superuser(world: &World, sql: &str) {
    let script = match world.database().dialect() {
        Dialect::Postgres => {
            format!("alter table events disable trigger user; {sql}; alter table events enable trigger user")
        }
        Dialect::Sqlite => {
            let triggers = "select group_concat(sql, ';'), group_concat('drop trigger ' || name, ';') \
                            from sqlite_master where type = 'trigger'";
            let [create, drop] = &row(world, triggers).await[..] else {
                panic!("no triggers")
            };
            format!("{drop}; {sql}; {create}")
        }
    };
    by_hand(world, &script).await;
}

/// The column's value, as the database wants it.
pub fn set(world: &World, column: &str, value: &str) -> String {
    match (world.database().dialect(), column) {
        (Dialect::Postgres, "payload" | "metadata") => format!("{column} = cast({value} as json)"),
        _ => format!("{column} = {value}"),
    }
}

/// Exit code 2, and a line with all these parts.
#[track_caller]
pub fn found(finished: Finished, parts: &[&str]) {
    assert_eq!(finished.code, Some(2), "{finished:#?}");
    let holds = |line: &&str| parts.iter().all(|part| line.contains(part));
    assert!(
        finished.out.lines().any(|line| holds(&line)),
        "{parts:?}: {finished:#?}"
    );
}

async fn position(world: &World, event_type: &str) -> String {
    row(
        world,
        &format!("select min(position) from events where event_type = '{event_type}'"),
    )
    .await
    .remove(0)
}

async fn r29_an_event_that_was_changed_by_hand_is_found_with_its_position(world: World) {
    world.running("Payroll Bridge").await;
    let (tools, at) = (tools(&world), position(&world, "NewIntegrationCreated").await);
    tools.holds_together();
    let columns = "recorded_at, group_id, event_type, event_version, cast(payload as text), cast(metadata as text), \
                   previous_hash, hash";
    let names = [
        "recorded_at",
        "group_id",
        "event_type",
        "event_version",
        "payload",
        "metadata",
        "previous_hash",
        "hash",
    ];
    let original = row(&world, &format!("select {columns} from events where position = {at}")).await;
    for (column, value) in CHANGES {
        let change = set(&world, column, value);
        as_superuser(&world, &format!("update events set {change} where position = {at}")).await;
        let changed = row(&world, &format!("select {columns} from events where position = {at}")).await;
        assert_ne!(changed, original, "{column} was to be changed");
        found(tools.run(&["log", "verify"]), &["events", &format!("position {at}")]);
        assert_eq!(tools.run(&["projections", "verify"]).code, Some(2));
        let restored = names.iter().zip(&original);
        let restored = restored.map(|(name, value)| set(&world, name, &format!("'{}'", value.replace('\'', "''"))));
        let restored = restored.collect::<Vec<_>>().join(", ");
        as_superuser(&world, &format!("update events set {restored} where position = {at}")).await;
        tools.holds_together();
    }
}

async fn an_event_that_was_deleted_by_hand_leaves_a_gap_that_is_found(world: World) {
    world.running("Payroll Bridge").await;
    let at = position(&world, "DeveloperVerified").await;
    as_superuser(&world, &format!("delete from events where position = {at}")).await;
    let after = format!("position {}", at.parse::<i64>().unwrap() + 1);
    found(tools(&world).run(&["log", "verify"]), &["events", &after, &at]);
}

async fn the_last_events_cannot_be_cut_off_without_being_missed(world: World) {
    let (ada, app, ..) = world.running("Payroll Bridge").await;
    ada.post(&crate::support::app_at(&app, "/suspend"), serde_json::json!({}))
        .await
        .expect(200);
    as_superuser(
        &world,
        "delete from events where position = (select max(position) from events)",
    )
    .await;
    found(tools(&world).run(&["log", "verify"]), &["log_head"]);
    assert_eq!(tools(&world).run(&["projections", "verify"]).code, Some(2));
}

async fn an_event_that_was_added_by_hand_is_found(world: World) {
    world.running("Payroll Bridge").await;
    let add = "insert into events select position + 1, recorded_at, aggregate_type, aggregate_id, group_id, app_id, \
               sequence + 1, event_type, event_version, payload, metadata, hash, hash, 'another id' \
               from events where position = (select max(position) from events)";
    by_hand(&world, add).await;
    let at = row(&world, "select max(position) from events").await.remove(0);
    found(
        tools(&world).run(&["log", "verify"]),
        &["events", &format!("position {at}")],
    );
}

async fn events_that_were_exchanged_by_hand_are_found(world: World) {
    let ada = world.ada().await;
    let app = world.created(&ada, "Payroll Bridge").await;
    for description in ["One.", "Two."] {
        let edit = serde_json::json!({"description": description});
        ada.patch(&crate::support::app_at(&app, ""), edit).await.expect(200);
    }
    let last = row(&world, "select max(position) from events")
        .await
        .remove(0)
        .parse::<i64>()
        .unwrap();
    let exchange = format!(
        "update events set position = -position, sequence = sequence + 100 where position >= {first}; \
         update events set position = {sum} + position, sequence = 107 - sequence where position < 0",
        first = last - 1,
        sum = 2 * last - 1,
    );
    as_superuser(&world, &exchange).await;
    found(
        tools(&world).run(&["log", "verify"]),
        &["events", &format!("position {last}")],
    );
}

async fn an_event_of_an_unknown_type_stops_a_rebuild_at_its_position(world: World) {
    let (ada, ..) = world.running("Payroll Bridge").await;
    let (tools, at) = (tools(&world), position(&world, "DeveloperVerified").await);
    let payload = "replace(cast(payload as text), 'DeveloperVerified', 'DeveloperVanished')";
    let change = format!("{}, event_type = 'DeveloperVanished'", set(&world, "payload", payload));
    as_superuser(&world, &format!("update events set {change} where position = {at}")).await;
    let finished = tools.run(&["projections", "rebuild", "app_list"]);
    assert_eq!(finished.code, Some(1), "{finished:#?}");
    // Whoever changed it could not give it the right hash, so it is not only one that cannot be read.
    for part in [&format!("position {at}"), "hash is", "IntegrationApp"] {
        assert!(finished.err.contains(part), "{part}: {finished:#?}");
    }
    found(tools.run(&["log", "verify"]), &["events", &format!("position {at}")]);
    // What was live before serves on.
    assert_eq!(
        ada.get(crate::support::APPS).await.expect(200).all("name"),
        ["Payroll Bridge"]
    );
    let status = tools.succeed(&["projections", "status"]);
    assert!(status.contains(&format!("position {at}")), "{status}");
}

async fn r29_a_line_of_an_exported_log_that_was_changed_is_found(world: World) {
    let (_, app, ..) = world.running("Payroll Bridge").await;
    // The world's key is no file; this tool only reads, after an export over HTTP.
    let auditor = world.user("acme", "audrey").await;
    let path = crate::support::app_at(&app, "/activity-log");
    let accept = [("accept", "application/x-ndjson")];
    let exported = auditor
        .send(reqwest::Method::GET, &path, None, &accept)
        .await
        .expect(200)
        .text();
    let tools = tools(&world);
    let file = tools.folder().join("log.ndjson");
    let verify = ["log", "verify", file.to_str().unwrap()];
    std::fs::write(&file, &exported).unwrap();
    tools.succeed(&verify);
    let lines: Vec<_> = exported.lines().collect();
    let without = |line: usize| {
        let stored = lines.iter().enumerate().filter(|(index, _)| *index != line);
        stored.map(|(_, text)| format!("{text}\n")).collect::<String>()
    };
    let changed = |from: &str, to: &str| {
        let changed = exported.replacen(from, to, 1);
        assert_ne!(changed, exported, "{from}");
        changed
    };
    let (details, who) = (r#""description":"Posts"#, r#""actor_name":"Ada Admin""#);
    for tampered in [
        changed(details, r#""description":"Steals"#),
        changed(who, r#""actor_name":"Eve Admin""#),
        without(2),
    ] {
        std::fs::write(&file, tampered).unwrap();
        let finished = tools.run(&verify);
        assert_eq!(finished.code, Some(2), "{finished:#?}");
        assert!(finished.out.contains("NOT INTACT"), "{finished:#?}");
    }
}
