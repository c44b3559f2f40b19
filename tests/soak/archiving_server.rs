//! A PostgreSQL server of a test's own that archives its WAL, as `docs/operating/backup.md` sets it up, and that can be
//! restored to a point in time. It is stopped, and its folders removed, when the test is over.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sqlx::{Connection, Executor, PgConnection, Row};
use tempfile::TempDir;

use crate::bad_days::installation::free_port;
use crate::support::eventually::eventually;

/// The server.
pub struct ArchivingServer {
    home: TempDir,
    programs: PathBuf,
    port: u16,
    /// The folder that it runs on.
    data: PathBuf,
}

impl ArchivingServer {
    pub fn start() -> Self {
        // Short enough for the path of a socket, and within reach of the user that PostgreSQL runs as.
        let home = tempfile::Builder::new()
            .prefix("gatebook-archive.")
            .tempdir_in("/tmp")
            .unwrap();
        let programs = std::env::var("PG_BINDIR").unwrap_or_else(|_| panic!("no PostgreSQL: run “make test”"));
        if is_root() {
            done(Command::new("chown").arg("postgres").arg(home.path()).output().unwrap());
        }
        let server = Self {
            data: home.path().join("data"),
            programs: programs.into(),
            port: free_port(),
            home,
        };
        server.as_owner("mkdir", &["-p", &server.path("archive")]);
        let trust = [
            "--username=gatebook",
            "--auth=trust",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ];
        let data = server.path("data");
        server.program("initdb", &[&["-D", data.as_str()][..], &trust].concat());
        let archive = server.path("archive");
        server.configure(&format!(
            "listen_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = '{}'\nfsync = off\n\
             archive_mode = on\n\
             archive_command = 'test ! -f {archive}/%f && cp %p {archive}/%f.part && mv {archive}/%f.part {archive}/%f'\n\
             restore_command = 'cp {archive}/%f %p'\n",
            server.port,
            server.home.path().display()
        ));
        server.run();
        server
    }

    /// The URL of a database on it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://gatebook@127.0.0.1:{}/{database}", self.port)
    }

    /// The text that a query answers with.
    pub async fn ask(&self, sql: &str) -> String {
        let mut connection = PgConnection::connect(&self.url("postgres")).await.unwrap();
        let row = connection.fetch_one(sql).await.unwrap();
        connection.close().await.unwrap();
        row.get(0)
    }

    /// Carries out an order.
    pub async fn order(&self, sql: &str) {
        let mut connection = PgConnection::connect(&self.url("postgres")).await.unwrap();
        connection.execute(sql).await.unwrap();
        connection.close().await.unwrap();
    }

    /// A base backup, while it serves.
    pub fn back_up(&self) {
        let (base, port) = (self.path("base"), self.port.to_string());
        let from = ["-h", "127.0.0.1", "-p", &port, "-U", "gatebook"];
        let how = ["-D", &base, "-X", "stream", "-c", "fast", "--no-sync"];
        self.program("pg_basebackup", &[&from[..], &how].concat());
    }

    /// Waits until everything up to now is in the archive.
    pub async fn archived(&self) {
        let segment = self.ask("select pg_walfile_name(pg_switch_wal())").await;
        let file = self.home.path().join("archive").join(segment);
        eventually("the segment in the archive", async || file.exists().then_some(())).await;
    }

    /// The machine loses its disk: the server ends without a word, and its folder is no longer whole.
    pub fn damage(&self) {
        self.control(&["-m", "immediate", "-w", "stop"]);
        std::fs::remove_dir_all(self.data.join("global")).unwrap();
        let mut start = self.command(&self.programs.join("pg_ctl").display().to_string());
        start
            .arg("-D")
            .arg(&self.data)
            .args(["-l", &self.path("server.log"), "-w", "start"]);
        let failed = start.output().unwrap();
        assert!(!failed.status.success(), "it was not damaged");
    }

    /// The base backup, and from the archive all that was committed before a time.
    pub async fn restore_to(&mut self, time: &str) {
        self.data = self.home.path().join("base");
        self.configure(&format!(
            "recovery_target_time = '{time}'\nrecovery_target_action = 'promote'\n"
        ));
        self.as_owner("touch", &[&self.path("base/recovery.signal")]);
        self.run();
        eventually("the end of the recovery", async || {
            let recovering = self.ask("select pg_is_in_recovery()::text").await;
            (recovering == "false").then_some(())
        })
        .await;
    }

    fn run(&self) {
        let log = self.path("server.log");
        let mut start = self.command(&self.programs.join("pg_ctl").display().to_string());
        start.arg("-D").arg(&self.data);
        let started = start.args(["-l", &log, "-w", "-t", "60", "start"]).output().unwrap();
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        assert!(started.status.success(), "{started:?}\n{}", said());
    }

    fn control(&self, arguments: &[&str]) {
        let data = self.data.display().to_string();
        self.program("pg_ctl", &[&["-D", data.as_str()][..], arguments].concat());
    }

    fn configure(&self, settings: &str) {
        let file = self.data.join("postgresql.conf");
        let text = std::fs::read_to_string(&file).unwrap() + settings;
        std::fs::write(&file, text).unwrap();
    }

    fn path(&self, name: &str) -> String {
        self.home.path().join(name).display().to_string()
    }

    fn program(&self, name: &str, arguments: &[&str]) {
        self.as_owner(&self.programs.join(name).display().to_string(), arguments);
    }

    fn as_owner(&self, program: &str, arguments: &[&str]) {
        done(self.command(program).args(arguments).output().unwrap());
    }

    /// A program as the user that PostgreSQL runs as, which is not root.
    fn command(&self, program: &str) -> Command {
        let mut command = match is_root() {
            false => Command::new(program),
            true => Command::new("setpriv"),
        };
        if is_root() {
            command.args(["--reuid", "postgres", "--regid", "postgres", "--init-groups", program]);
        }
        command.current_dir(self.home.path());
        command
    }
}

impl Drop for ArchivingServer {
    fn drop(&mut self) {
        if self.data.join("postmaster.pid").exists() {
            let mut stop = self.command(&self.programs.join("pg_ctl").display().to_string());
            let stop = stop.arg("-D").arg(&self.data).args(["-m", "immediate", "-w", "stop"]);
            // Whatever comes of it, the test is over.
            let _ = stop.output();
        }
    }
}

fn is_root() -> bool {
    std::fs::metadata(Path::new("/proc/self")).is_ok_and(|process| process.uid() == 0)
}

#[track_caller]
fn done(output: Output) {
    let message = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{}{}",
        message(&output.stdout),
        message(&output.stderr)
    );
}
