//! R29: a log whose triggers are gone is whole, and yet not as it should be. `log verify` warns, and its exit status stays.

use std::process::Command;

use super::installation::Installation;
use super::tampered_rows::{by_hand, tools};
use crate::support::database::new_postgres;
use crate::support::{World, on_both_databases};

on_both_databases!(a_log_without_its_triggers_is_warned_about);

async fn a_log_without_its_triggers_is_warned_about(world: World) {
    world.running("Payroll Bridge").await;
    let tools = tools(&world);
    assert!(!tools.succeed(&["log", "verify"]).contains("warning"));
    for order in orders(&world) {
        by_hand(&world, order).await;
        for command in [["log", "verify"], ["projections", "verify"]] {
            let out = tools.succeed(&command);
            assert!(out.contains("warning: the trigger events_are_"), "{order}: {out}");
        }
        assert!(tools.succeed(&["log", "verify"]).contains("the log is intact"));
    }
}

/// Each leaves the log less guarded than before.
fn orders(world: &World) -> &'static [&'static str] {
    use gatebook::store::Dialect;

    match world.database().dialect() {
        Dialect::Sqlite => &[
            "drop trigger events_are_never_replaced",
            "drop trigger events_are_never_deleted",
        ],
        Dialect::Postgres => &[
            "create or replace function refuse_to_change_events() returns trigger language plpgsql as 'begin return null; end'",
            "alter table events disable trigger user",
            "drop trigger events_are_append_only on events",
        ],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_of_the_table_alone_is_warned_about() {
    let original = Installation::on_postgres().await;
    original.succeed(&["migrate"]);
    original.succeed(&["operator-token", "create", "--name", "Olga Operator"]);
    let copy = Installation::on(new_postgres().await);
    let program = |name: &str| {
        let folder = std::env::var("PG_BINDIR").unwrap_or_else(|_| panic!("no PostgreSQL: run “make test”"));
        Command::new(std::path::Path::new(&folder).join(name))
    };
    let tables = ["events", "log_head", "projections", "_sqlx_migrations", "facts"].map(|table| ["-t", table]);
    let dump = program("pg_dump")
        .args(tables.concat())
        .arg(&original.database_url)
        .output()
        .unwrap();
    assert!(dump.status.success(), "{dump:?}");
    let file = copy.folder().join("events.sql");
    std::fs::write(&file, dump.stdout).unwrap();
    let restored = program("psql")
        .args(["-q", "-d", &copy.database_url, "-f"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(
        String::from_utf8_lossy(&restored.stderr).contains("refuse_to_change_events"),
        "{restored:?}"
    );
    let out = copy.succeed(&["log", "verify"]);
    assert!(
        out.contains("warning: the trigger events_are_append_only of the table events is missing"),
        "{out}"
    );
    assert!(out.contains("the log is intact"), "{out}");
}
