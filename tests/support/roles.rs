//! Roles of PostgreSQL, which are the cluster's, with names of their own for each test.

use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use super::database::{new_postgres, postgres_server};

/// A role that may log in.
pub struct Role(pub String);

impl Role {
    /// A new one, with these attributes.
    pub async fn new(name: &str, attributes: &str) -> Self {
        let name = format!("{name}_{}", Uuid::now_v7().simple());
        superuser(&postgres_server(), &format!("create role {name} login {attributes}")).await;
        Self(name)
    }

    /// The URL of a database, as this role.
    pub fn at(&self, url: &str) -> String {
        let (_, place) = url.rsplit_once('@').unwrap();
        format!("postgres://{}@{place}", self.0)
    }

    /// What PostgreSQL says to an order of this role: nothing, or the code of its refusal.
    pub async fn refusal(&self, url: &str, sql: &str) -> Option<String> {
        let mut connection = PgConnection::connect(&self.at(url)).await.unwrap();
        let answer = connection.execute(sqlx::raw_sql(sql)).await;
        connection.close().await.unwrap();
        let error = answer.err()?;
        let code = error.as_database_error().and_then(|error| error.code());
        Some(code.map_or_else(|| error.to_string(), |code| code.into_owned()))
    }
}

/// The URL, with the rights of a superuser, of a new database that belongs to this role.
pub async fn database_of(owner: &Role) -> String {
    let url = new_postgres().await;
    let (_, name) = url.rsplit_once('/').unwrap();
    superuser(&url, &format!("alter database {name} owner to {}", owner.0)).await;
    url
}

/// Carries out SQL with the rights of a superuser.
pub async fn superuser(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    connection.execute(sqlx::raw_sql(sql)).await.unwrap();
    connection.close().await.unwrap();
}
