//! Databases for tests: a file in a temporary folder, or a database of its own in the run's private PostgreSQL.

use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

/// The run's private PostgreSQL. `make test` starts it; without it nothing is skipped.
pub fn postgres_server() -> String {
    std::env::var("GATEBOOK_TEST_POSTGRES")
        .unwrap_or_else(|_| panic!("no PostgreSQL: run “make test”, or “tests/with-postgres cargo nextest run”"))
}

/// The URL of a new, empty PostgreSQL database.
pub async fn new_postgres() -> String {
    let server = postgres_server();
    let name = format!("test_{}", Uuid::now_v7().simple());
    let mut connection = PgConnection::connect(&server).await.unwrap();
    connection
        .execute(format!("create database {name}").as_str())
        .await
        .unwrap();
    connection.close().await.unwrap();
    let (server, _) = server.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}
