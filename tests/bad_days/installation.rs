//! Gatebook as it is installed: the program itself, run as processes of their own on a folder and a database.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use gatebook::store::{self, Database};
use gatebook_projections::sql::{Query, Value};
use reqwest::Method;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::support::eventually::eventually;
use crate::support::mailbox::{Mail, Mailbox};
use crate::support::{Answer, Person, database, processes};

/// A folder and a database that processes work on.
pub struct Installation {
    pub database_url: String,
    folder: TempDir,
    mailbox: Mailbox,
}

/// A command that has run to its end.
#[derive(Debug)]
pub struct Finished {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Installation {
    /// One that keeps everything in its folder.
    pub fn on_sqlite() -> Self {
        let mut installation = Self::on(String::new());
        installation.database_url = format!("sqlite://{}", installation.folder().join("gatebook.db").display());
        installation
    }

    /// One with a PostgreSQL database of its own.
    pub async fn on_postgres() -> Self {
        Self::on(database::new_postgres().await)
    }

    /// One on a database that is there already.
    pub fn on(database_url: String) -> Self {
        Self {
            database_url,
            folder: tempfile::tempdir().unwrap(),
            mailbox: Mailbox::default(),
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// All mails so far, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.mailbox.open(&self.folder().join("mail"))
    }

    /// The newest of the mails to an address, as soon as there are so many of them.
    pub async fn mail(&self, number: usize, address: &str) -> Mail {
        eventually(&format!("mail number {number} to {address}"), async || {
            let mails: Vec<_> = self.mails().into_iter().filter(|mail| mail.to == address).collect();
            mails.get(number - 1).cloned()
        })
        .await
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        let mut command = self.command(arguments);
        let output = tokio::task::block_in_place(|| command.output().unwrap());
        Finished {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs a command that must succeed; what it printed.
    #[track_caller]
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let finished = self.run(arguments);
        assert_eq!(finished.code, Some(0), "{arguments:?}: {finished:#?}");
        finished.out
    }

    /// Log and projections hold together, as the tools say that people would use.
    #[track_caller]
    pub fn holds_together(&self) {
        self.succeed(&["projections", "verify"]);
        self.succeed(&["log", "verify"]);
    }

    /// Serves.
    pub async fn serve(&self) -> Process {
        self.start("serve", &[], &[]).await
    }

    /// Starts a command that serves, and waits until it does.
    pub async fn start(&self, command: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Process {
        self.start_until("/readyz", command, arguments, environment).await
    }

    /// Starts a command that serves, and waits until it answers, ready or not.
    pub async fn start_alive(&self, command: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Process {
        self.start_until("/healthz", command, arguments, environment).await
    }

    async fn start_until(
        &self,
        answered: &str,
        command: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Process {
        for _ in 0..5 {
            let address = format!("127.0.0.1:{}", free_port());
            let mut command = self.command(&[command, "--listen", &address]);
            command.args(arguments).envs(environment.iter().copied());
            let process = self.spawn(command, &address);
            if process.answers(answered).await {
                return process;
            }
            // Somebody was faster with the port, which is nobody's mistake; anything else is one.
            assert!(process.log().contains("in use"), "{}", process.log());
        }
        panic!("no port was free five times");
    }

    /// Starts a command that serves at an address, as a test has prepared it. Its log goes to a file.
    pub fn spawn(&self, mut command: Command, address: &str) -> Process {
        let log = self.log_file(address);
        command
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).unwrap());
        self.spawn_as_it_is(command, address)
    }

    /// Starts a command that serves at an address, with standard output and error as they are.
    pub fn spawn_as_it_is(&self, mut command: Command, address: &str) -> Process {
        Process {
            child: Mutex::new(command.spawn().unwrap()),
            base_url: format!("http://{address}"),
            log: self.log_file(address),
            http: client(),
        }
    }

    fn log_file(&self, address: &str) -> PathBuf {
        self.folder().join(format!("{}.log", address.replace(':', "-")))
    }

    /// The program, with this installation's folder and database, and nothing of the tester's own settings.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatebook"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GATEBOOK_") {
                command.env_remove(name);
            }
        }
        // Tests have more e-mails sent in a minute than people in an hour.
        for limit in [
            "EMAILS_PER_RECIPIENT",
            "EMAILS_PER_ADMIN",
            "EMAILS_PER_GROUP",
            "APPLICATIONS_PER_GROUP",
        ] {
            command.env(format!("GATEBOOK_{limit}"), "1000000");
        }
        command.args(arguments).current_dir(self.folder()).stdin(Stdio::null());
        command
            .arg("--data")
            .arg(self.folder())
            .args(["--database-url", &self.database_url]);
        command
    }

    /// The database, for looking behind the scenes.
    pub async fn database(&self) -> Arc<dyn Database> {
        store::open(&self.database_url).await.unwrap()
    }

    /// The number that a query answers with.
    pub async fn number(&self, sql: &str) -> i64 {
        let database = self.database().await;
        let rows = database.rows(Query::new(sql, [])).await.unwrap();
        database.close().await;
        match rows.first().map(Vec::as_slice) {
            Some([Value::Int(number)]) => *number,
            other => panic!("{sql}: {other:?}"),
        }
    }
}

/// A port that nobody listens on. Below those that the system gives to outgoing connections, one of which could take it
/// before whoever it is for.
pub fn free_port() -> u16 {
    let tried = std::iter::repeat_with(|| 20_000 + (uuid::Uuid::now_v7().as_u128() % 12_000) as u16);
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    tried.take(1_000).find(is_free).unwrap()
}

/// Different ports that nobody listens on.
pub fn free_ports(count: usize) -> Vec<u16> {
    let mut ports = Vec::new();
    while ports.len() < count {
        let port = free_port();
        if !ports.contains(&port) {
            ports.push(port);
        }
    }
    ports
}

/// A client whose connections are its own.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// A process that serves. It is killed when the test is over.
pub struct Process {
    pub base_url: String,
    child: Mutex<Child>,
    log: PathBuf,
    http: reqwest::Client,
}

impl Process {
    /// What it has written to standard error, if that is a file.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The reading end of standard error, if that is a pipe.
    pub fn standard_error(&self) -> Option<ChildStderr> {
        self.child.lock().unwrap().stderr.take()
    }

    /// Whoever has this token.
    pub fn person(&self, token: &str) -> Person {
        Person {
            base_url: self.base_url.clone(),
            token: Some(token.to_owned()),
            http: self.http.clone(),
        }
    }

    /// Somebody who has not said who they are.
    pub fn anybody(&self) -> Person {
        Person {
            base_url: self.base_url.clone(),
            token: None,
            http: self.http.clone(),
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.lock().unwrap().id()
    }

    /// Sends it a signal, such as TERM.
    pub fn signal(&self, name: &str) {
        processes::signal(&[self.id()], name);
    }

    /// Waits until it has ended.
    pub async fn ended(&self) -> ExitStatus {
        eventually("end of the process", async || {
            self.child.lock().unwrap().try_wait().unwrap()
        })
        .await
    }

    /// Ends it as an operator does.
    pub async fn stop(self) {
        self.signal("TERM");
        assert_eq!(self.ended().await.code(), Some(0), "{}", self.log());
    }

    /// Ends it as a power cut does.
    pub async fn kill(self) {
        self.signal("KILL");
        self.ended().await;
    }

    /// Whether it gets to serve; not when it ends before that.
    pub async fn becomes_ready(&self) -> bool {
        self.answers("/readyz").await
    }

    /// Whether it gets to answer at a path; not when it ends before that.
    async fn answers(&self, path: &str) -> bool {
        eventually("readiness", async || {
            if self.child.lock().unwrap().try_wait().unwrap().is_some() {
                return Some(false);
            }
            let answer = self.http.get(format!("{}{path}", self.base_url)).send().await;
            answer.is_ok_and(|answer| answer.status().is_success()).then_some(true)
        })
        .await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap();
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// A customer, settled by an operator over HTTP: the group `acme` with its Practice Admin Pam.
#[derive(Clone)]
pub struct Customer {
    pub operator: String,
    pub pam: String,
    pub gateway: (String, String),
}

impl Customer {
    /// Settles the customer.
    pub async fn settle(installation: &Installation, process: &Process) -> Self {
        let created = installation.succeed(&["operator-token", "create", "--name", "Olga Operator"]);
        let operator = process.person(created.trim());
        let at = |path: &str| format!("/operator/api/v1{path}");
        let acme = json!({"name": "Acme Group", "product_plan": "AIQ3"});
        operator.put(&at("/groups/acme"), acme).await.expect(201);
        for entity in ["e1", "e2", "e3"] {
            let path = at(&format!("/groups/acme/entities/{entity}"));
            operator
                .put(&path, json!({"name": format!("Entity {entity}")}))
                .await
                .expect(201);
        }
        let pam = json!({"email": "pam@acme.example", "name": "Pam Practice", "role": "practice_admin"});
        operator.put(&at("/groups/acme/users/pam"), pam).await.expect(201);
        let token = operator
            .post(&at("/groups/acme/users/pam/tokens"), json!({"name": "test"}))
            .await;
        let gateway = operator
            .post(&at("/resource-servers"), json!({"name": "SOAP gateway"}))
            .await;
        let (token, gateway) = (token.expect(201).json(), gateway.expect(201).json());
        Self {
            operator: created.trim().to_owned(),
            pam: word(&token, "token"),
            gateway: (word(&gateway, "client_id"), word(&gateway, "client_secret")),
        }
    }
}

/// A text of an answer.
#[track_caller]
pub fn word(answer: &Json, name: &str) -> String {
    answer[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {answer}"))
        .to_owned()
}

/// Sends a request that may remain without an answer.
pub async fn sent(
    person: &Person,
    method: Method,
    path: &str,
    body: &Json,
    headers: &[(&str, &str)],
) -> Option<Answer> {
    let mut request = person
        .http
        .request(method, format!("{}{path}", person.base_url))
        .json(body);
    if let Some(token) = &person.token {
        request = request.bearer_auth(token);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.ok()?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.bytes().await.ok()?.to_vec();
    Some(Answer { status, headers, body })
}
