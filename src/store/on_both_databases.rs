//! For tests: creates databases of both kinds, and runs each test on both.

use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;

use crate::unique_id::unique_id;

#[derive(Clone, Copy)]
pub(crate) enum On {
    Sqlite,
    Postgres,
}

impl On {
    /// The URL of a new, empty database: a file in the folder, or one in the test run's private PostgreSQL.
    pub(crate) async fn new_database(self, folder: &TempDir) -> String {
        match self {
            Self::Sqlite => format!("sqlite://{}", folder.path().join("gatebook.db").display()),
            Self::Postgres => new_postgres().await,
        }
    }
}

/// `make test` starts the server. Without it the test fails, so that nothing is skipped silently.
async fn new_postgres() -> String {
    let server = std::env::var("GATEBOOK_TEST_POSTGRES")
        .unwrap_or_else(|_| panic!("no PostgreSQL: run “make test”, or “tests/with-postgres cargo nextest run”"));
    let name = format!("test_{}", unique_id().simple());
    let mut connection = PgConnection::connect(&server).await.unwrap();
    connection
        .execute(format!("create database {name}").as_str())
        .await
        .unwrap();
    connection.close().await.unwrap();
    format!("{}/{name}", server.rsplit_once('/').unwrap().0)
}

/// Runs each test once on SQLite and once on PostgreSQL.
macro_rules! on_both_databases {
    ($($test:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test($crate::store::on_both_databases::On::Sqlite).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test($crate::store::on_both_databases::On::Postgres).await;
            })*
        }
    };
}

pub(crate) use on_both_databases;
