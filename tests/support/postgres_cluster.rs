//! PostgreSQL servers of a test's own: a primary, standbys of it, and a fail-over between them. They are stopped, and
//! their folders removed, when the test is over.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;

use super::eventually::eventually;
use super::processes;
use crate::bad_days::installation::free_port;

/// A folder for servers, which the user `postgres` may enter, as PostgreSQL does not run as root.
pub struct Cluster {
    folder: TempDir,
    programs: PathBuf,
}

/// One server of a cluster.
pub struct Server {
    pub port: u16,
    data: PathBuf,
    log: PathBuf,
    programs: PathBuf,
}

impl Cluster {
    pub fn new() -> Self {
        // Short enough for the path of a socket, and within reach of another user.
        let folder = tempfile::Builder::new()
            .prefix("gatebook-cluster.")
            .tempdir_in("/tmp")
            .unwrap();
        let programs = std::env::var("PG_BINDIR").unwrap_or_else(|_| panic!("no PostgreSQL: run “make test”"));
        if is_root() {
            done(
                Command::new("chown")
                    .arg("postgres")
                    .arg(folder.path())
                    .output()
                    .unwrap(),
            );
            done(Command::new("chmod").arg("755").arg(folder.path()).output().unwrap());
        }
        Self {
            folder,
            programs: programs.into(),
        }
    }

    /// A file or a folder in the cluster's.
    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Where PostgreSQL's programs are.
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// A new primary, which takes connections from this machine without a password, for replication, too.
    pub fn primary(&self) -> Server {
        let server = self.server("primary");
        server.program(
            "initdb",
            &[
                "--username=gatebook",
                "--auth=trust",
                "--no-sync",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
            ],
        );
        server.configure(&format!(
            "port = {}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\nfsync = off\n\
             wal_keep_size = '256MB'\nmax_connections = 200\nhot_standby_feedback = on\n",
            server.port,
            self.folder.path().display()
        ));
        server.start();
        server
    }

    /// A standby of a server, under way.
    pub fn standby_of(&self, primary: &Server) -> Server {
        let server = self.server("standby");
        let from = primary.port.to_string();
        let arguments = [
            "-h",
            "127.0.0.1",
            "-p",
            &from,
            "-U",
            "gatebook",
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
            "--no-sync",
        ];
        server.program("pg_basebackup", &arguments);
        server.configure(&format!("port = {}\n", server.port));
        server.start();
        server
    }

    fn server(&self, name: &str) -> Server {
        Server {
            port: free_port(),
            data: self.folder.path().join(name),
            log: self.folder.path().join(format!("{name}.log")),
            programs: self.programs.clone(),
        }
    }
}

impl Server {
    /// The URL of a database on it, with the rights of a superuser.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://gatebook@127.0.0.1:{}/{database}", self.port)
    }

    /// Carries out SQL in a database.
    pub async fn carry_out(&self, database: &str, sql: &str) {
        let mut connection = PgConnection::connect(&self.url(database)).await.unwrap();
        connection.execute(sqlx::raw_sql(sql)).await.unwrap();
        connection.close().await.unwrap();
    }

    pub fn start(&self) {
        self.control(&["-l", &self.log.display().to_string(), "-w", "-t", "60", "start"]);
    }

    /// Ends it as a switch-over does: whoever is connected is sent away, and the standbys have everything.
    pub fn stop(&self) {
        self.control(&["-m", "fast", "-w", "stop"]);
    }

    /// Ends it as the kernel does that runs out of memory: without a word, all of it.
    pub fn kill(&self) {
        processes::signal(&self.processes(), "KILL");
    }

    /// Starts it after it was killed, as a supervisor does: until it succeeds, because somebody whom it had just begun to
    /// serve may still be there.
    pub async fn start_after_a_kill(&self) {
        let log = self.log.display().to_string();
        let data = self.data.display().to_string();
        let program = self.programs.join("pg_ctl").display().to_string();
        eventually("start after a kill", async || {
            let mut start = as_owner(&program);
            start
                .args(["-D", &data, "-l", &log, "-w", "-t", "60", "start"])
                .current_dir("/tmp");
            let started = tokio::task::block_in_place(|| start.output().unwrap());
            started.status.success().then_some(())
        })
        .await;
    }

    /// From now on it says nothing, and its connections stay open.
    pub fn freeze(&self) {
        processes::signal(&self.processes(), "STOP");
        // Nobody has been started meanwhile who was missed.
        processes::signal(&self.processes(), "STOP");
    }

    /// It goes on as if nothing had been.
    pub fn thaw(&self) {
        processes::signal(&self.processes(), "CONT");
    }

    /// Its first process, and those that serve.
    fn processes(&self) -> Vec<u32> {
        processes::family(first_process(&self.data))
    }

    /// Makes a standby the primary.
    pub fn promote(&self) {
        self.control(&["-w", "-t", "60", "promote"]);
    }

    /// Makes a server that is stopped follow another one, when it is started again.
    pub fn follow(&self, primary: &Server) {
        self.configure(&format!(
            "primary_conninfo = 'host=127.0.0.1 port={} user=gatebook'\nrecovery_target_timeline = 'latest'\n",
            primary.port
        ));
        let mark = self.data.join("standby.signal");
        self.as_owner("touch", &[&mark.display().to_string()]);
    }

    /// Restarts it; from now on it lets in whom these lines of pg_hba.conf admit.
    pub fn admit(&self, lines: &str) {
        self.stop();
        std::fs::write(self.data.join("pg_hba.conf"), lines).unwrap();
        self.start();
    }

    fn configure(&self, settings: &str) {
        let file = self.data.join("postgresql.conf");
        let text = std::fs::read_to_string(&file).unwrap() + settings;
        std::fs::write(&file, text).unwrap();
    }

    fn control(&self, arguments: &[&str]) {
        self.program("pg_ctl", arguments);
    }

    /// Runs one of the server's programs on its folder.
    fn program(&self, name: &str, arguments: &[&str]) {
        let program = self.programs.join(name).display().to_string();
        let data = self.data.display().to_string();
        self.as_owner(&program, &[&["-D", data.as_str()], arguments].concat());
    }

    fn as_owner(&self, program: &str, arguments: &[&str]) {
        done(as_owner(program).args(arguments).current_dir("/tmp").output().unwrap());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.data.join("postmaster.pid").exists() {
            // What is frozen would not hear that it is to end.
            self.thaw();
            let stopping = as_owner(&self.programs.join("pg_ctl").display().to_string())
                .arg("-D")
                .arg(&self.data)
                .args(["-m", "immediate", "-w", "stop"])
                .current_dir("/tmp")
                .output();
            drop(stopping);
        }
    }
}

/// The first process of the server that runs on a folder.
pub fn first_process(data: &Path) -> u32 {
    let file = std::fs::read_to_string(data.join("postmaster.pid")).unwrap();
    file.lines().next().unwrap().parse().unwrap()
}

/// A program as the user that PostgreSQL runs as.
pub fn as_owner(program: &str) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "postgres", "--regid", "postgres", "--init-groups", program]);
    command
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;

    std::fs::metadata(Path::new("/proc/self")).is_ok_and(|process| process.uid() == 0)
}

fn done(output: Output) {
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
