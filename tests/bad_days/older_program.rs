//! An older program beside tables that a newer one has made: it works with them when they say that it can, and otherwise
//! says what to do. A row in `_sqlx_migrations` stands for the newer program's migration.

use gatebook::store::{ConnectionPurpose, Dialect};

use super::installation::{Customer, Installation};
use crate::support::{APPS, World};

async fn by_hand(installation: &Installation, sql: &str) {
    let database = installation.database().await;
    let mut transaction = database.begin(ConnectionPurpose::Write).await.unwrap();
    transaction.script(sql).await.unwrap();
    transaction.commit().await.unwrap();
    database.close().await;
}

/// What a newer program's migration leaves behind.
async fn migrated_by_a_newer_program(installation: &Installation) {
    let none = match installation.database().await.dialect() {
        Dialect::Sqlite => "x''",
        Dialect::Postgres => "''",
    };
    let migration = format!(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
         values (9999, 'newer', true, {none}, 1)"
    );
    by_hand(installation, &migration).await;
}

async fn an_older_program_works_with_newer_tables_that_say_so(installation: Installation) {
    let process = installation.serve().await;
    let customer = Customer::settle(&installation, &process).await;
    process.stop().await;
    migrated_by_a_newer_program(&installation).await;

    let process = installation.serve().await;
    let log = process.log();
    assert!(
        log.contains("a newer version of gatebook has made the database's tables"),
        "{log}"
    );
    let pam = process.person(&customer.pam);
    pam.post(APPS, World::new_integration("Payroll Bridge"))
        .await
        .expect(201);
    installation.succeed(&["projections", "rebuild"]);
    installation.succeed(&["migrate"]);
    installation.holds_together();
    process.stop().await;
    assert_eq!(
        installation.number("select max(version) from _sqlx_migrations").await,
        9999
    );
}

async fn an_older_program_refuses_newer_tables_that_do_not_say_so(installation: Installation) {
    let marks = [
        "update facts set value = '9999' where name = 'schema_compatible_from'",
        "update facts set value = 'soon' where name = 'schema_compatible_from'",
        "delete from facts where name = 'schema_compatible_from'",
    ];
    installation.succeed(&["migrate"]);
    migrated_by_a_newer_program(&installation).await;
    for mark in marks {
        by_hand(&installation, mark).await;
        for command in [
            &["serve", "--listen", "127.0.0.1:0"][..],
            &["migrate"],
            &["log", "verify"],
        ] {
            let finished = installation.run(command);
            assert_eq!(finished.code, Some(1), "{mark}, {command:?}: {finished:#?}");
            let sentence = "the database's tables are newer than this program; use the version of gatebook";
            assert!(finished.err.contains(sentence), "{mark}, {command:?}: {finished:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_program_works_with_newer_tables_that_say_so_on_sqlite() {
    an_older_program_works_with_newer_tables_that_say_so(Installation::on_sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_program_works_with_newer_tables_that_say_so_on_postgres() {
    an_older_program_works_with_newer_tables_that_say_so(Installation::on_postgres().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_program_refuses_newer_tables_that_do_not_say_so_on_sqlite() {
    an_older_program_refuses_newer_tables_that_do_not_say_so(Installation::on_sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_program_refuses_newer_tables_that_do_not_say_so_on_postgres() {
    an_older_program_refuses_newer_tables_that_do_not_say_so(Installation::on_postgres().await).await;
}
