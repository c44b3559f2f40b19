//! Commands that only look: they make nothing, change nothing, and say what is wrong. And the command line as scripts
//! call it: exit codes, and variables instead of flags.

use std::path::Path;

use gatebook_projections::registry;
use gatebook_projections::sql::Query;
use serde_json::Value;
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use super::installation::{Customer, Finished, Installation, word};
use crate::support::database::new_postgres;

/// Every command that looks at a database which is there.
const LOOKING: [&[&str]; 5] = [
    &["log", "verify"],
    &["log", "export", "--group", "acme"],
    &["log", "compare", "exported.ndjson"],
    &["projections", "status"],
    &["projections", "verify"],
];

#[track_caller]
fn message(finished: &Finished, parts: &[&str]) {
    assert_eq!(finished.code, Some(1), "{finished:#?}");
    assert_eq!(finished.out, "", "{finished:#?}");
    for part in parts {
        assert!(finished.err.contains(part), "{part}: {finished:#?}");
    }
}

/// Runs an order on the database of an installation, behind the program's back.
async fn by_hand(installation: &Installation, order: &str) {
    let database = installation.database().await;
    let mut transaction = database.begin(gatebook::store::ConnectionPurpose::Write).await.unwrap();
    transaction.execute(Query::new(order, [])).await.unwrap();
    transaction.commit().await.unwrap();
    database.close().await;
}

fn url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_folder_is_told_and_nothing_is_made_there() {
    let installation = Installation::on_sqlite();
    let typo = installation.folder().join("typo");
    for command in LOOKING {
        let mut gatebook = std::process::Command::new(env!("CARGO_BIN_EXE_gatebook"));
        let run = gatebook
            .args(command)
            .arg("--data")
            .arg(&typo)
            .env_remove("GATEBOOK_DATABASE_URL");
        let output = run.output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{command:?}: {err}");
        assert!(output.stdout.is_empty(), "{command:?}");
        for part in ["there is no database", "typo/gatebook.db", "gatebook migrate"] {
            assert!(err.contains(part), "{command:?}: {err}");
        }
        assert!(!typo.exists(), "{command:?} made {}", typo.display());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_without_our_tables_is_told_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.db");
    std::fs::write(&empty, "").unwrap();
    for installation in [Installation::on(url(&empty)), Installation::on(new_postgres().await)] {
        for command in LOOKING {
            message(&installation.run(command), &["no Gatebook tables", "gatebook migrate"]);
        }
        let files = std::fs::read_dir(installation.folder()).unwrap();
        assert_eq!(files.count(), 0, "no key was made");
    }
    assert_eq!(std::fs::read(&empty).unwrap(), b"", "not a byte was written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_another_version_are_told_and_left_alone() {
    for installation in [Installation::on_sqlite(), Installation::on_postgres().await] {
        installation.succeed(&["migrate"]);
        installation.succeed(&["log", "verify"]);
        let all = installation.number("select count(*) from _sqlx_migrations").await;
        by_hand(
            &installation,
            "update _sqlx_migrations set version = 9999 where version = (select max(version) from _sqlx_migrations)",
        )
        .await;
        for command in LOOKING {
            message(&installation.run(command), &["newer than this program"]);
        }
        by_hand(&installation, "delete from _sqlx_migrations where version = 9999").await;
        for command in LOOKING {
            message(
                &installation.run(command),
                &["older than this program", "gatebook migrate"],
            );
        }
        let migrations = installation.number("select count(*) from _sqlx_migrations").await;
        assert_eq!(migrations, all - 1, "nothing was migrated: the last is still away");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_takes_the_key_that_is_there_and_makes_none() {
    let installation = Installation::on_sqlite();
    let process = installation.serve().await;
    Customer::settle(&installation, &process).await;
    process.stop().await;
    let key = installation.folder().join("gatebook.key");
    let away = installation.folder().join("elsewhere.key");
    std::fs::rename(&key, &away).unwrap();
    message(
        &installation.run(&["log", "export", "--group", "acme"]),
        &["gatebook.key"],
    );
    assert!(!key.exists());
    let csv = installation.succeed(&["log", "export", "--group", "acme", "--key-file", away.to_str().unwrap()]);
    assert!(csv.contains("GroupRegistered"), "{csv}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_whose_role_may_only_select_verifies_the_log() {
    let installation = Installation::on_postgres().await;
    let process = installation.serve().await;
    Customer::settle(&installation, &process).await;
    let role = format!("auditor_{}", Uuid::now_v7().simple());
    let mut connection = PgConnection::connect(&installation.database_url).await.unwrap();
    let grant = |tables: &str| format!("grant select on {tables} to {role}");
    connection
        .execute(format!("create role {role} login").as_str())
        .await
        .unwrap();
    let log = grant("events, log_head, projections, _sqlx_migrations");
    connection.execute(log.as_str()).await.unwrap();
    let (_, place) = installation.database_url.rsplit_once('@').unwrap();
    let auditor = Installation::on(format!("postgres://{role}@{place}"));
    assert!(auditor.succeed(&["log", "verify"]).contains("the log is intact"));
    assert_eq!(
        auditor.run(&["projections", "verify"]).code,
        Some(1),
        "its tables were not granted"
    );
    let projections = registry::all();
    let tables = projections.iter().flat_map(|projection| projection.tables());
    let rows = grant(&tables.chain(["reservations"]).collect::<Vec<_>>().join(", "));
    connection.execute(rows.as_str()).await.unwrap();
    connection.close().await.unwrap();
    assert!(auditor.succeed(&["projections", "verify"]).contains("all equal"));
    auditor.succeed(&["projections", "status"]);
    assert_eq!(std::fs::read_dir(auditor.folder()).unwrap().count(), 0);
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_usage_is_not_taken_for_something_that_differs() {
    let installation = Installation::on_sqlite();
    for wrong in [
        &["projections", "verify", "--jsno"][..],
        &["projections", "vrify"],
        &["log", "export"],
        &["log", "export", "--app", "x"],
        &["log", "export", "--group", "acme", "--from", "yesterday"],
        &["serve", "--throttle", "perhaps"],
        &["operator-token", "create"],
        &[],
    ] {
        let finished = installation.run(wrong);
        assert_eq!(finished.code, Some(64), "{wrong:?}: {finished:#?}");
        assert!(
            finished.out.is_empty() && finished.err.contains("--help"),
            "{wrong:?}: {finished:#?}"
        );
    }
    for asked in [&["--help"][..], &["log", "--help"], &["--version"]] {
        let finished = installation.run(asked);
        assert_eq!((finished.code, finished.err.as_str()), (Some(0), ""), "{asked:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flag_can_be_a_variable() {
    let installation = Installation::on_sqlite();
    let process = installation.serve().await;
    Customer::settle(&installation, &process).await;
    let run = |command: &[&str], variables: &[(&str, &str)]| {
        let output = installation
            .command(command)
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{command:?}: {err}");
        String::from_utf8(output.stdout).unwrap()
    };
    let status: Value = serde_json::from_str(&run(&["projections", "status"], &[("GATEBOOK_JSON", "true")])).unwrap();
    assert!(status.is_array());
    assert!(!run(&["projections", "status"], &[("GATEBOOK_JSON", "0")]).starts_with('['));
    let made = run(&["resource-server", "create"], &[("GATEBOOK_NAME", "G2")]);
    assert!(!word(&serde_json::from_str(&made).unwrap(), "client_id").is_empty());
    let variables = [
        ("GATEBOOK_GROUP", "acme"),
        ("GATEBOOK_FORMAT", "ndjson"),
        ("GATEBOOK_FROM", "2020-01-01T00:00:00Z"),
        ("GATEBOOK_TO", "2020-01-02T00:00:00Z"),
    ];
    assert_eq!(run(&["log", "export"], &variables), "", "nothing happened on that day");
    assert!(run(&["log", "export"], &variables[..2]).starts_with('{'));
    process.stop().await;
}
