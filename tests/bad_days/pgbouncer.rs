//! pgbouncer between Gatebook and PostgreSQL: with sessions everything works and holds; without them it is refused at once,
//! with the reason.

use std::process::{Child, Command, Stdio};

use gatebook::store::{self, ConnectionPurpose};
use gatebook_projections::sql::{Query, Value};
use tempfile::TempDir;

use super::installation::{Customer, Installation, free_port};
use crate::support::database::{new_postgres, postgres_server};
use crate::support::eventually::eventually;
use crate::support::roles::{Role, database_of, superuser};
use crate::support::{APPS, World};

/// A pgbouncer of the test's own in front of the run's PostgreSQL.
struct Pooler {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Pooler {
    /// With a mode, and Debian's settings otherwise: it refuses start-up parameters that it does not know.
    async fn with_mode(mode: &str, settings: &str, user: &str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("gatebook-pgbouncer.")
            .tempdir_in("/tmp")
            .unwrap();
        let server = postgres_server();
        let (_, place) = server.rsplit_once('@').unwrap();
        let (host, port_of_server) = place.split_once('/').unwrap().0.split_once(':').unwrap();
        let port = free_port();
        let users = folder.path().join("users");
        std::fs::write(&users, format!("\"{user}\" \"\"\n")).unwrap();
        let configuration = folder.path().join("pgbouncer.ini");
        std::fs::write(
            &configuration,
            format!(
                "[databases]\n* = host={host} port={port_of_server}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
                 unix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = {mode}\nmax_client_conn = 200\n\
                 default_pool_size = 120\n{settings}\n",
                users.display()
            ),
        )
        .unwrap();
        // Debian keeps it where only root looks.
        let debians = std::path::Path::new("/usr/sbin/pgbouncer");
        let mut command = Command::new(if debians.exists() {
            debians
        } else {
            "pgbouncer".as_ref()
        });
        if std::fs::metadata("/proc/self").is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0) {
            // It does not run as root.
            command.args(["-u", "nobody"]);
            Command::new("chmod")
                .arg("-R")
                .arg("a+rX")
                .arg(folder.path())
                .status()
                .unwrap();
        }
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = command
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("pgbouncer, which tests/prerequisites installs: {error}"));
        eventually("pgbouncer", async || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        })
        .await;
        Self {
            child,
            port,
            _folder: folder,
        }
    }

    /// The same database through it.
    fn before(&self, url: &str) -> String {
        let (user, place) = url.rsplit_once('@').unwrap();
        let (_, name) = place.split_once('/').unwrap();
        format!("{user}@127.0.0.1:{}/{name}", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_sessions_everything_works_through_pgbouncer() {
    let pooler = Pooler::with_mode("session", "", "gatebook").await;
    let installation = Installation::on(pooler.before(&new_postgres().await));
    for _ in 0..2 {
        installation.succeed(&["migrate"]);
    }
    let (one, other) = (installation.serve().await, installation.serve().await);
    let customer = Customer::settle(&installation, &one).await;
    for (name, process) in [("Payroll Bridge", &one), ("Leave Planner", &other)] {
        let pam = process.person(&customer.pam);
        pam.post(APPS, World::new_integration(name)).await.expect(201);
    }
    installation.succeed(&["projections", "rebuild"]);
    installation.holds_together();
    one.stop().await;
    other.stop().await;
}

/// What Gatebook promises is set by its own word, whatever the role's settings say, and also on a server connection that
/// somebody else has used before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_sessions_nothing_that_was_promised_is_dropped_by_pgbouncer() {
    let role = Role::new("serving", "").await;
    let pooler = Pooler::with_mode("session", "", &role.0).await;
    let url = database_of(&role).await;
    superuser(&url, &format!("alter role {} set synchronous_commit = off", role.0)).await;
    superuser(&url, &format!("alter role {} set timezone = 'Asia/Tokyo'", role.0)).await;
    let through = pooler.before(&role.at(&url));
    for _ in 0..2 {
        let database = store::open(&through).await.unwrap();
        let expected = [
            ("synchronous_commit", "on"),
            ("lock_timeout", "10s"),
            ("TimeZone", "UTC"),
            ("idle_in_transaction_session_timeout", "1min"),
        ];
        let mut transaction = database.begin(ConnectionPurpose::Write).await.unwrap();
        for (name, value) in expected {
            let sql = format!("select current_setting('{name}')");
            let rows = transaction.rows(Query::new(sql.as_str(), [])).await.unwrap();
            assert_eq!(rows, [[Value::from(value)]], "{name} for a writer");
            let rows = database.rows(Query::new(sql.as_str(), [])).await.unwrap();
            assert_eq!(rows, [[Value::from(value)]], "{name} for a reader");
        }
        let limit = database
            .rows(Query::new("select current_setting('statement_timeout')", []))
            .await
            .unwrap();
        assert_eq!(limit, [[Value::from("10s")]]);
        drop(transaction);
        database.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_sessions_pgbouncer_is_refused_with_the_reason() {
    for (mode, settings) in [
        ("transaction", ""),
        ("statement", ""),
        ("transaction", "server_round_robin = 1"),
    ] {
        let pooler = Pooler::with_mode(mode, settings, "gatebook").await;
        let url = new_postgres().await;
        let installation = Installation::on(pooler.before(&url));
        // Each leaves server connections behind for the next.
        for _ in 0..3 {
            for command in [&["migrate"][..], &["serve", "--listen", "127.0.0.1:0"]] {
                let finished = installation.run(command);
                assert_eq!(finished.code, Some(1), "{mode}: {finished:#?}");
                assert!(finished.err.contains("pool_mode = session"), "{mode}: {finished:#?}");
                assert!(!finished.err.contains("already exists"), "{mode}: {finished:#?}");
            }
        }
        Installation::on(url).succeed(&["migrate"]);
    }
}
