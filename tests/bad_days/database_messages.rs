//! What an operator reads when the database cannot be reached: the real cause, where, and what to look at.

use std::net::TcpListener;

use super::installation::{Finished, Installation, free_port};
use crate::support::database::{new_postgres, postgres_server};
use crate::support::postgres_cluster::Cluster;
use crate::support::roles::{Role, superuser};

fn migrate(url: &str) -> Finished {
    Installation::on(url.to_owned()).run(&["migrate"])
}

#[track_caller]
fn message(url: &str, parts: &[&str]) {
    let finished = migrate(url);
    assert_eq!(finished.code, Some(1), "{url}: {finished:#?}");
    for part in parts {
        assert!(finished.err.contains(part), "{url}: {part}: {finished:#?}");
    }
    for misleading in ["pool timed out", "invalid port", "empty host", "s3cret"] {
        assert!(!finished.err.contains(misleading), "{url}: {finished:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_does_not_answer_is_named() {
    let port = free_port();
    let nobody = format!("nothing listens at 127.0.0.1:{port} (connection refused)");
    message(&format!("postgres://gb:s3cret@127.0.0.1:{port}/gb"), &[&nobody]);
    message(&format!("postgres://gb:s3/cret@127.0.0.1:{port}/gb"), &[&nobody]);
    message(
        "postgres://gb@no-such-host.invalid/gb",
        &["the host name no-such-host.invalid is not known"],
    );
    message(
        "postgres://gb@/gb?host=/no/such/folder",
        &["there is no socket /no/such/folder/.s.PGSQL.5432"],
    );
    message(
        &format!("postgres://gb:s3cret@127.0.0.1:{port},no-such-host.invalid/gb"),
        &[&nobody, "no-such-host.invalid is not known"],
    );
    // The kernel takes the connection; nobody ever answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    message(
        &format!("postgres://gb:s3cret@{address}/gb"),
        &[&address, "does not answer in time"],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_refuses_is_told_with_what_to_look_at() {
    let url = new_postgres().await;
    let (server, _) = url.rsplit_once('/').unwrap();
    message(
        &format!("{server}/no_such_database"),
        &["there is no database no_such_database at 127.0.0.1:"],
    );
    let (_, place) = url.rsplit_once('@').unwrap();
    message(
        &format!("postgres://nobody_here@{place}"),
        &["does not let nobody_here in: there is no such role"],
    );
    message(
        &format!("{url}?sslmode=require"),
        &["takes no TLS, which the database URL's sslmode demands"],
    );
    let crowded = Role::new("crowded", "connection limit 0").await;
    message(&crowded.at(&url), &["has no connection left", "max_connections"]);
    let outsider = Role::new("outsider", "").await;
    let (_, name) = url.rsplit_once('/').unwrap();
    superuser(
        &postgres_server(),
        &format!("revoke connect on database {name} from public"),
    )
    .await;
    message(
        &outsider.at(&url),
        &[&format!("{} may not connect to the database {name}", outsider.0)],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_and_a_demand_for_tls_are_called_so() {
    let cluster = Cluster::new();
    let server = cluster.primary();
    server
        .carry_out("postgres", "create role guarded login password 's3cret-of-the-role'")
        .await;
    server.admit("host all guarded 127.0.0.1/32 scram-sha-256\nhostssl all all 127.0.0.1/32 trust\n");
    let at = |user: &str| format!("postgres://{user}@127.0.0.1:{}/postgres", server.port);
    let wrong = "does not let guarded in: the password is wrong, or missing";
    message(&at("guarded:s3cret"), &[wrong]);
    message(&at("guarded"), &[wrong]);
    message(
        &format!("{}?sslmode=disable", at("gatebook")),
        &["takes gatebook over TLS only", "sslmode=require"],
    );
    let right = migrate(&at("guarded:s3cret-of-the-role"));
    assert!(!right.err.contains("password"), "{right:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_serves_as_well() {
    let folder = std::env::var("GATEBOOK_TEST_POSTGRES_SOCKET").unwrap();
    let url = new_postgres().await;
    let (_, place) = url.rsplit_once('@').unwrap();
    let (address, name) = place.split_once('/').unwrap();
    let (_, port) = address.split_once(':').unwrap();
    let encoded = folder.replace('/', "%2F");
    for url in [
        format!("postgres://gatebook@/{name}?host={folder}&port={port}"),
        format!("postgres://gatebook@{encoded}:{port}/{name}"),
        format!("postgres:///{name}?host={folder},127.0.0.1&port={port}&user=gatebook&target_session_attrs=read-write"),
    ] {
        let finished = migrate(&url);
        assert_eq!(finished.code, Some(0), "{url}: {finished:#?}");
    }
}
