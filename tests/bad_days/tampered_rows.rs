//! Hands in the tables: `projections verify` says where, `projections rebuild` repairs it.

use gatebook::store::ConnectionPurpose;
use gatebook_projections::registry;
use gatebook_projections::sql::{Query, Value};

use super::installation::{Finished, Installation};
use crate::support::{Person, World, on_both_databases};

on_both_databases!(
    a_row_that_was_changed_by_hand_is_found_and_repaired,
    a_row_that_was_deleted_by_hand_is_found_and_repaired,
    a_row_that_was_added_by_hand_is_found_and_repaired,
    one_projection_can_be_verified_and_rebuilt_alone,
    r6_a_reservation_that_is_gone_or_not_true_is_found_and_what_is_missing_is_restored,
    a_projection_that_does_not_exist_is_told_apart_from_one_that_differs,
);

/// A table, its key, a column, and what a hand writes there.
const CHANGES: [(&str, &str, &str, &str); 12] = [
    ("app_list", "app_id", "description", "'Something else.'"),
    ("app_list", "app_id", "developer_email", "null"),
    ("app_list", "app_id", "version", "version + 1"),
    ("portal_apps", "app_id", "link", "'assigned'"),
    ("portal_apps", "app_id", "client_secrets", "'[]'"),
    ("token_gate", "app_id", "status", "'suspended'"),
    ("token_gate", "app_id", "entities", "'[\"e1\",\"e2\",\"e5\"]'"),
    ("revoked_tokens", "token_id", "app_id", "'another'"),
    ("groups", "group_id", "product_plan", "'AIQ2'"),
    ("developers", "developer_id", "full_name", "'Eve Dropper'"),
    ("developers", "developer_id", "position", "position - 1"),
    ("system", "system_id", "tokens_ended_before", "null"),
];

/// A word about a world that is run by hand.
pub async fn by_hand(world: &World, sql: &str) {
    let mut transaction = world.database().begin(ConnectionPurpose::Write).await.unwrap();
    transaction.script(sql).await.unwrap();
    transaction.commit().await.unwrap();
}

/// The values of the one row that a query answers with.
pub async fn row(world: &World, sql: &str) -> Vec<String> {
    let rows = world.database().rows(Query::new(sql, [])).await.unwrap();
    let texts = rows.into_iter().next().unwrap().into_iter().map(|value| match value {
        Value::Null => String::new(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) => text,
    });
    texts.collect()
}

/// The world's database, as the command line sees it.
pub fn tools(world: &World) -> Installation {
    Installation::on(world.database_url.clone())
}

#[track_caller]
fn found(finished: Finished, parts: &[&str]) {
    assert_eq!(finished.code, Some(2), "{finished:#?}");
    let holds = |line: &&str| parts.iter().all(|part| line.contains(part));
    assert!(
        finished.out.lines().any(|line| holds(&line)),
        "{parts:?}: {finished:#?}"
    );
}

async fn a_row_that_was_changed_by_hand_is_found_and_repaired(world: World) {
    for projection in registry::all() {
        let is_changed = CHANGES.iter().any(|(table, ..)| *table == projection.name);
        assert!(is_changed, "{}", projection.name);
    }
    with_a_row_in_every_table(&world).await;
    let tools = tools(&world);
    tools.holds_together();
    for (table, key, column, value) in CHANGES {
        let which = format!("(select min({key}) from {table})");
        let [id, position] = &row(
            &world,
            &format!("select {key}, position from {table} where {key} = {which}"),
        )
        .await[..] else {
            panic!("{table} is empty")
        };
        by_hand(
            &world,
            &format!("update {table} set {column} = {value} where {key} = {which}"),
        )
        .await;
        let position = format!("(position {position})");
        found(tools.run(&["projections", "verify"]), &[table, id, &position, column]);
        let json = tools.run(&["projections", "verify", "--json"]);
        assert_eq!(json.code, Some(2), "{json:#?}");
        let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
        let difference = &report["differences"][0];
        assert_eq!(report["differences"].as_array().unwrap().len(), 1, "{report:#}");
        assert_eq!(
            (&difference["table"], &difference["key"]),
            (&table.into(), &id.as_str().into())
        );
        assert_eq!(difference["column"], column);
        tools.succeed(&["log", "verify"]);
        tools.succeed(&["projections", "rebuild", table]);
        tools.holds_together();
    }
}

async fn r6_a_reservation_that_is_gone_or_not_true_is_found_and_what_is_missing_is_restored(world: World) {
    let (ada, app, ..) = world.running("Payroll Bridge").await;
    world.created(&ada, "Other").await;
    let (tools, id) = (tools(&world), app["id"].as_str().unwrap());
    tools.holds_together();
    let of_first_event = format!("select position from events where aggregate_id = '{id}' and sequence = 1");
    let position = format!("(position {})", row(&world, &of_first_event).await[0]);

    by_hand(&world, "delete from reservations where key = 'app_name:payroll bridge'").await;
    by_hand(
        &world,
        "delete from reservations where key = 'developer_email:dev@example.com'",
    )
    .await;
    by_hand(
        &world,
        "delete from reservations where key = 'app_name_look:payroll bridge'",
    )
    .await;
    let verified = || tools.run(&["projections", "verify"]);
    found(verified(), &["app_name_look:payroll bridge", &position, "missing"]);
    found(
        verified(),
        &["reservations", "app_name:payroll bridge", &position, "missing"],
    );
    found(
        verified(),
        &["reservations", "developer_email:dev@example.com", "missing"],
    );
    let rebuilt = tools.succeed(&["projections", "rebuild"]);
    assert!(rebuilt.contains("reservations: 3 restored"), "{rebuilt}");
    tools.holds_together();
    ada.post(crate::support::APPS, World::new_integration("PAYROLL bridge"))
        .await
        .refused(409, "name_taken");
    ada.post(crate::support::APPS, World::new_integration("Раyroll Bridge"))
        .await
        .refused(409, "name_taken");

    by_hand(
        &world,
        "update reservations set owner = 'nobody' where key = 'app_name:other'",
    )
    .await;
    let wrong = verified();
    assert_eq!(wrong.out.matches("reservations").count(), 1, "{wrong:#?}");
    found(wrong, &["app_name:other", "owner", "nobody"]);
    let right =
        "update reservations set owner = (select app_id from app_list where name = 'Other') where owner = 'nobody'";
    by_hand(&world, right).await;
    by_hand(
        &world,
        &format!("insert into reservations values ('app_name:never', '{id}')"),
    )
    .await;
    found(verified(), &["reservations", "app_name:never", "should not exist"]);
}

async fn with_a_row_in_every_table(world: &World) -> Person {
    let (ada, _, _, client) = world.running("Payroll Bridge").await;
    let token = world.access_token(&client).await;
    world
        .oauth("/oauth/revoke", &client, &[("token", &token)])
        .await
        .expect(200);
    world.tokens_are_ended().await;
    ada
}

async fn a_row_that_was_deleted_by_hand_is_found_and_repaired(world: World) {
    with_a_row_in_every_table(&world).await;
    let tools = tools(&world);
    for projection in registry::all() {
        let (table, key) = (projection.name, projection.columns[0].name);
        let id = row(&world, &format!("select min({key}) from {table}")).await.remove(0);
        by_hand(&world, &format!("delete from {table} where {key} = '{id}'")).await;
        found(tools.run(&["projections", "verify"]), &[table, &id, "missing"]);
    }
    tools.succeed(&["projections", "rebuild"]);
    tools.holds_together();
}

async fn a_row_that_was_added_by_hand_is_found_and_repaired(world: World) {
    let ada = with_a_row_in_every_table(&world).await;
    let tools = tools(&world);
    for projection in registry::all() {
        let columns: Vec<_> = projection.columns.iter().map(|column| column.name).collect();
        // Unique indexes want their columns to differ as well.
        let unique = ["client_id", "email_key"];
        let values = columns.iter().enumerate().map(|(index, name)| match index {
            0 => "'zzz'".to_owned(),
            _ if unique.contains(name) => format!("'other-' || {name}"),
            _ => (*name).to_owned(),
        });
        let (table, values) = (projection.name, values.collect::<Vec<_>>().join(", "));
        let columns = columns.join(", ");
        by_hand(
            &world,
            &format!("insert into {table} ({columns}) select {values} from {table} limit 1"),
        )
        .await;
        found(
            tools.run(&["projections", "verify"]),
            &[table, "zzz", "should not exist"],
        );
    }
    tools.succeed(&["projections", "rebuild"]);
    tools.holds_together();
    assert_eq!(
        ada.get(crate::support::APPS).await.expect(200).all("name"),
        ["Payroll Bridge"]
    );
}

async fn one_projection_can_be_verified_and_rebuilt_alone(world: World) {
    world.running("Payroll Bridge").await;
    let tools = tools(&world);
    by_hand(&world, "update groups set name = 'Somebody else'").await;
    tools.succeed(&["projections", "verify", "app_list", "developers"]);
    assert_eq!(tools.run(&["projections", "verify", "groups"]).code, Some(2));
    tools.succeed(&["projections", "rebuild", "app_list"]);
    assert_eq!(tools.run(&["projections", "verify"]).code, Some(2));
    tools.succeed(&["projections", "rebuild", "groups"]);
    tools.holds_together();
    let status = tools.succeed(&["projections", "status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status.as_array().unwrap().len(), registry::all().len(), "{status:#}");
}

async fn a_projection_that_does_not_exist_is_told_apart_from_one_that_differs(world: World) {
    for command in ["verify", "rebuild"] {
        let finished = tools(&world).run(&["projections", command, "no_such_thing"]);
        assert_eq!(finished.code, Some(1), "{finished:#?}");
        assert!(
            finished.err.contains("no_such_thing") && finished.err.contains("app_list"),
            "{finished:#?}"
        );
    }
}
