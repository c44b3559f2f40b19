//! The drill of `docs/operating/restore.md`: a backup while the program serves, changes after it, damage, the restore to
//! a point in time, and what an operator does then, so that nothing stays open that had been closed.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value as Json, json};

use super::archiving_server::ArchivingServer;
use super::times;
use crate::bad_days::installation::{Customer, Installation, Process, word};
use crate::bad_days::integration::{Integration, gate};
use crate::support::{APPS, World, app_at, id};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_sqlite_file_opens_nothing_that_had_been_closed_since_the_backup() {
    for _ in 0..times() {
        let installation = Installation::on_sqlite();
        Drill::of(installation, Engine::Sqlite).await.play().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_restored_to_a_point_in_time_opens_nothing_that_had_been_closed_since() {
    for _ in 0..times() {
        let server = ArchivingServer::start();
        server.order("create database gatebook").await;
        let installation = Installation::on(server.url("gatebook"));
        Drill::of(installation, Engine::Postgres(server)).await.play().await;
    }
}

/// What the database is, and how it is backed up and restored.
enum Engine {
    Sqlite,
    Postgres(ArchivingServer),
}

/// What is revoked, retired and lost in the course of it.
struct Drill {
    installation: Installation,
    engine: Engine,
    process: Option<Process>,
    customer: Customer,
    /// To be revoked after the point in time that is restored.
    doomed: Integration,
    /// To go on, with another secret.
    lasting: Integration,
    /// The name of what was created after the backup, and before the point in time.
    between: &'static str,
}

impl Drill {
    async fn of(installation: Installation, engine: Engine) -> Self {
        let process = installation.serve().await;
        let customer = Customer::settle(&installation, &process).await;
        Self {
            doomed: Integration::running(&process, &customer, "Doomed").await,
            lasting: Integration::running(&process, &customer, "Lasting").await,
            installation,
            engine,
            process: Some(process),
            customer,
            between: "Between backup and damage",
        }
    }

    async fn play(mut self) {
        let doomed = self.doomed.token(self.process()).await;
        let time = self.backed_up().await;
        let lasting = self.lasting.token(self.process()).await;
        self.closes().await;
        assert_eq!(self.gate(&doomed).await, "app_revoked");
        assert_eq!(self.gate(&lasting).await, "secret_retired");
        let exported = self.exported();

        self.is_damaged().await;
        self.is_restored(&time).await;
        self.installation.holds_together();

        // What the restore has silently undone, which is why nobody else is let in yet.
        self.process = Some(self.installation.serve().await);
        assert_eq!(self.gate(&doomed).await, "ok");
        assert_eq!(self.gate(&lasting).await, "ok");
        self.the_comparison_names_what_was_undone(&exported);
        self.installation.succeed(&["tokens", "end", "--issued-before", "now"]);
        assert_eq!(self.gate(&doomed).await, "token_revoked");
        assert_eq!(self.gate(&lasting).await, "token_revoked");

        self.closes().await;
        let made = self.new_secret().await;
        self.lasting.client = (word(&made, "client_id"), word(&made, "client_secret"));
        let fresh = self.lasting.token(self.process()).await;
        assert_eq!(self.gate(&fresh).await, "ok");
        assert_eq!(self.gate(&doomed).await, "token_revoked");
        self.the_comparison_names_what_stands_in_its_place(&exported);
        self.installation.holds_together();
        self.process.take().unwrap().stop().await;
    }

    fn process(&self) -> &Process {
        self.process.as_ref().unwrap()
    }

    async fn gate(&self, token: &str) -> String {
        gate(self.process(), &self.customer, token).await
    }

    /// Takes the backup while people change things; the point in time to restore to. On SQLite it is the backup's, on
    /// PostgreSQL a later one, before which something more was created.
    async fn backed_up(&self) -> String {
        let (pam, path) = (self.process().person(&self.customer.pam), app_at(&self.lasting.app, ""));
        let (enough, mut stop) = tokio::sync::oneshot::channel::<()>();
        let changing = tokio::spawn(async move {
            let mut changes = 0;
            while stop.try_recv().is_err() {
                changes += 1;
                let change = json!({"description": format!("Changed {changes} times.")});
                pam.patch(&path, change).await.expect(200);
            }
            changes
        });
        match &self.engine {
            Engine::Sqlite => {
                let into = format!("vacuum into '{}'", self.backup().display());
                let backed_up = sqlite3(&self.database(), &into);
                assert!(backed_up.status.success(), "{backed_up:?}");
            }
            Engine::Postgres(server) => tokio::task::block_in_place(|| server.back_up()),
        }
        enough.send(()).unwrap();
        assert!(changing.await.unwrap() > 0, "nobody changed anything meanwhile");
        match &self.engine {
            Engine::Sqlite => String::new(),
            Engine::Postgres(server) => {
                let form = World::aiq_integrate(self.between);
                self.process()
                    .person(&self.customer.pam)
                    .post(APPS, form)
                    .await
                    .expect(201);
                server.ask("select clock_timestamp()::text").await
            }
        }
    }

    /// Revokes one application, and retires the secret of the other.
    async fn closes(&self) {
        let pam = self.process().person(&self.customer.pam);
        let operator = self.process().person(&self.customer.operator);
        let leaked = json!({"reason": "It leaked."});
        pam.post(&app_at(&self.doomed.app, "/revoke"), leaked).await.expect(200);
        let secret = format!("{}/{}", self.secrets(), self.lasting.client_secret_id);
        operator.delete(&secret).await.expect(204);
    }

    fn secrets(&self) -> String {
        format!(
            "/operator/api/v1/integration-apps/{}/client-secrets",
            id(&self.lasting.app)
        )
    }

    async fn new_secret(&self) -> Json {
        let operator = self.process().person(&self.customer.operator);
        operator.post(&self.secrets(), json!({})).await.expect(201).json()
    }

    /// The files that an operator has from before the damage.
    fn exported(&self) -> [String; 2] {
        let ndjson = ["--format", "ndjson"];
        let scopes: [(&str, &[&str]); 2] = [("acme.ndjson", &["--group", "acme"]), ("system.ndjson", &["--system"])];
        scopes.map(|(name, scope)| {
            let exported = self
                .installation
                .succeed(&[&["log", "export"][..], scope, &ndjson].concat());
            let file = self.installation.folder().join(name);
            std::fs::write(&file, exported).unwrap();
            file.display().to_string()
        })
    }

    async fn is_damaged(&mut self) {
        let process = self.process.take().unwrap();
        match &self.engine {
            Engine::Sqlite => {
                process.kill().await;
                // Both, because what was written last is in the write-ahead log alone.
                for part in ["", "-wal"] {
                    let part = format!("{}{part}", self.database().display());
                    let file = std::fs::File::options().write(true).open(part).unwrap();
                    std::os::unix::fs::FileExt::write_all_at(&file, &[0xa5; 16 * 4_096], 0).unwrap();
                }
                let failed = self.installation.run(&["log", "verify"]);
                assert_ne!(failed.code, Some(0), "it was not damaged");
            }
            Engine::Postgres(server) => {
                server.archived().await;
                process.kill().await;
                tokio::task::block_in_place(|| server.damage());
            }
        }
    }

    async fn is_restored(&mut self, time: &str) {
        let (database, backup) = (self.database(), self.backup());
        match &mut self.engine {
            Engine::Sqlite => {
                for part in ["", "-wal", "-shm"] {
                    let part = format!("{}{part}", database.display());
                    let damaged = format!("{part}.damaged");
                    if std::path::Path::new(&part).exists() {
                        std::fs::rename(part, damaged).unwrap();
                    }
                }
                std::fs::copy(backup, database).unwrap();
            }
            Engine::Postgres(server) => server.restore_to(time).await,
        }
    }

    #[track_caller]
    fn the_comparison_names_what_was_undone(&self, exported: &[String; 2]) {
        let lines = self.compared(exported);
        let urgent = lines
            .iter()
            .position(|line| line.starts_with("LOST, AND TOOK ACCESS AWAY"));
        let rest = lines
            .iter()
            .position(|line| line.starts_with("Lost, but took no access away"));
        let (urgent, rest) = (urgent.unwrap(), rest.unwrap());
        let named = |parts: &[&str]| {
            lines
                .iter()
                .position(|line| parts.iter().all(|part| line.contains(part)))
        };
        let revoked = named(&[
            "“Doomed”",
            "revoked the application",
            "UNDONE: the application is no longer revoked",
        ]);
        let retired = named(&[
            "“Lasting”",
            "retired the client secret",
            "UNDONE: the client secret works again",
        ]);
        for line in [revoked, retired] {
            assert!(line.is_some_and(|line| urgent < line && line < rest), "{lines:#?}");
        }
        // What was committed before the point in time is there.
        if let Engine::Postgres(_) = self.engine {
            assert_eq!(named(&[self.between]), None, "{lines:#?}");
        }
    }

    #[track_caller]
    fn the_comparison_names_what_stands_in_its_place(&self, exported: &[String; 2]) {
        let lines = self.compared(exported);
        let instead = lines
            .iter()
            .filter(|line| line.contains("replaced since the restore by"));
        assert!(
            instead.clone().any(|line| line.contains("revoked the application")),
            "{lines:#?}"
        );
    }

    #[track_caller]
    fn compared(&self, exported: &[String; 2]) -> Vec<String> {
        let files = exported.each_ref().map(String::as_str);
        let compared = self.installation.run(&[&["log", "compare"][..], &files].concat());
        assert_eq!(compared.code, Some(2), "{compared:#?}");
        compared.out.lines().map(str::to_owned).collect()
    }

    fn database(&self) -> PathBuf {
        self.installation.folder().join("gatebook.db")
    }

    fn backup(&self) -> PathBuf {
        self.installation.folder().join("backup.db")
    }
}

/// Runs SQLite's own shell, as an operator does.
fn sqlite3(database: &std::path::Path, order: &str) -> std::process::Output {
    let mut shell = Command::new("sqlite3");
    let shell = shell.arg(database).arg(order);
    tokio::task::block_in_place(|| shell.output().unwrap())
}
