//! A PostgreSQL whose disk is full, tables and log: nothing acknowledged is lost, `/readyz` says that no command can be
//! carried out, and the service comes back by itself when there is room again.

use std::io::{ErrorKind, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;

use super::installation::{Customer, Installation, free_port, word};
use super::integration::{Integration, gate};
use crate::support::eventually::eventually;
use crate::support::{APPS, World, app_at};

/// Makes a disk of its own at `$1`, and runs PostgreSQL there: again whenever it ends, as a supervisor does. Its programs
/// are in `$2`, its port is `$3`. To run as root it refuses, and whoever makes a disk is root; so it becomes another user,
/// inside.
const SUPERVISED: &str = r#"
mount -t tmpfs -o size=150m,mode=777 none "$1"
exec unshare --user --map-user=1000 --map-group=1000 sh -c '
    "$2/initdb" -D "$1/data" --username=gatebook --auth=trust --no-sync --wal-segsize=1 --encoding=UTF8 --locale=C.UTF-8
    printf "%s\n" "listen_addresses = '\''127.0.0.1'\''" "port = $3" "unix_socket_directories = '\'''\''" \
        "max_wal_size = 8MB" "min_wal_size = 2MB" "fsync = off" >>"$1/data/postgresql.conf"
    while :; do "$2/postgres" -D "$1/data"; sleep 0.2; done
' postgres "$1" "$2" "$3"
"#;

struct SmallServer {
    supervisor: Child,
    port: u16,
    disk: TempDir,
}

impl SmallServer {
    async fn start() -> Self {
        let (disk, port) = (tempfile::tempdir().unwrap(), free_port());
        let programs = std::env::var("PG_BINDIR").unwrap_or_else(|_| panic!("no PostgreSQL: run “make test”"));
        let log = std::fs::File::create(disk.path().with_extension("log")).unwrap();
        let mut command = Command::new("unshare");
        // Who is not root becomes it inside, for nothing but the mount.
        if std::path::Path::new("/root").read_dir().is_err() {
            command.arg("--map-root-user");
        }
        command
            .args([
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "sh",
                "-c",
                SUPERVISED,
                "sh",
            ])
            .arg(disk.path())
            .args([programs, port.to_string()])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0);
        let server = Self {
            supervisor: command.spawn().unwrap(),
            port,
            disk,
        };
        eventually("PostgreSQL on a small disk", async || {
            let mut connection = PgConnection::connect(&server.url("postgres")).await.ok()?;
            connection.execute("create database gatebook").await.ok()
        })
        .await;
        server
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://gatebook@127.0.0.1:{}/{database}", self.port)
    }

    /// Takes all that is left of the disk.
    fn fill(&self) {
        let mut ballast = std::fs::File::create(self.ballast()).unwrap();
        for size in [1 << 16, 1 << 9, 1] {
            loop {
                match ballast.write_all(&vec![0; size]) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    fn make_room(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }

    /// A file on its disk, which only its own processes see; so it is reached by way of one of them.
    fn ballast(&self) -> PathBuf {
        let seen_by_it = format!("/proc/{}/root{}", self.supervisor.id(), self.disk.path().display());
        PathBuf::from(seen_by_it).join("ballast")
    }
}

impl Drop for SmallServer {
    fn drop(&mut self) {
        // Its processes have a world of their own, which ends with it.
        let _ = self.supervisor.kill();
        let _ = self.supervisor.wait();
        let _ = std::fs::remove_file(self.disk.path().with_extension("log"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_whose_disk_is_full_loses_nothing_and_serves_again_when_there_is_room() {
    let server = SmallServer::start().await;
    let installation = Installation::on(server.url("gatebook"));
    let process = installation.serve().await;
    let customer = Customer::settle(&installation, &process).await;
    let integration = Integration::running(&process, &customer, "Bank Feeds").await;
    let token = integration.token(&process).await;
    let pam = process.person(&customer.pam);

    server.fill();
    let mut created: Vec<Value> = Vec::new();
    loop {
        let form = World::with(
            World::aiq_integrate(&format!("Bridge {}", created.len())),
            serde_json::json!({"description": "d".repeat(1_900)}),
        );
        let answer = pam.post(APPS, form).await;
        if answer.status != 201 {
            answer.refused(503, "unavailable");
            break;
        }
        created.push(answer.json());
        assert!(created.len() < 5_000, "the disk was never full");
    }
    eventually("no readiness", async || {
        (pam.get("/readyz").await.status == 503).then_some(())
    })
    .await;
    pam.post(APPS, World::aiq_integrate("One more"))
        .await
        .refused(503, "unavailable");

    server.make_room();
    eventually("readiness", async || {
        (pam.get("/readyz").await.status == 200).then_some(())
    })
    .await;
    assert_eq!(gate(&process, &customer, &token).await, "ok");
    for app in &created {
        let there = pam.get(&app_at(app, "")).await.expect(200).json();
        assert_eq!(word(&there, "name"), word(app, "name"));
    }
    pam.post(APPS, World::aiq_integrate("In time")).await.expect(201);
    installation.holds_together();
    process.stop().await;
}
