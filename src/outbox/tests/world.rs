//! The world of these tests: a database, a clock that the tests move, and a mailbox that they open.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Query, Value};
use tempfile::TempDir;
use uuid::Uuid;

use crate::clock::{Clock, ManualClock};
use crate::log::Writer;
use crate::log::append::{Append, EncryptedEmail};
use crate::mail::scripted_server::ScriptedServer;
use crate::mail::{Email, MailTransport};
use crate::metrics::Metrics;
use crate::outbox::{EmailRow, Outbox, encrypt_email, list};
use crate::secrets::{MasterKey, Randomness, Sealer};
use crate::store::on_both_databases::On;
use crate::store::{self, ConnectionPurpose, Database, Dialect, StoreError, Transaction};

pub(super) const START: &str = "2026-11-23T09:15:00.000Z";
pub(super) const LINK: &str = "https://gate.example.com/portal/sign-up?invite=gbi_4f9";

pub(super) struct World {
    pub(super) folder: TempDir,
    url: String,
    pub(super) database: Arc<dyn Database>,
    pub(super) clock: ManualClock,
    pub(super) metrics: Arc<Metrics>,
    randomness: Randomness,
    writer: Writer,
}

impl World {
    pub(super) async fn new(on: On) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = on.new_database(&folder).await;
        let database = store::open(&url).await.unwrap();
        store::migrate(&database).await.unwrap();
        let clock = ManualClock::starting_at(at(0));
        let metrics = Arc::new(Metrics::default());
        let (writer, _) = Writer::start(database.clone(), Clock::Manual(clock.clone()), metrics.clone());
        Self {
            folder,
            url,
            database,
            clock,
            metrics,
            randomness: Randomness::seeded(1),
            writer,
        }
    }

    /// The same database, opened like another process would.
    pub(super) async fn other_process(&self) -> Arc<dyn Database> {
        store::open(&self.url).await.unwrap()
    }

    /// An outbox that sends into the folder `mail`.
    pub(super) fn outbox(&self) -> Outbox {
        self.outbox_by("file:", self.database.clone())
    }

    /// An outbox that sends to a mail server.
    pub(super) fn outbox_to(&self, server: &ScriptedServer) -> Outbox {
        self.outbox_by(&server.url(), self.database.clone())
    }

    pub(super) fn outbox_by(&self, url: &str, database: Arc<dyn Database>) -> Outbox {
        let sender = "Gatebook <no-reply@gate.example.com>";
        let transport = MailTransport::from_url(url, self.folder.path(), sender, None).unwrap();
        let clock = Clock::Manual(self.clock.clone());
        Outbox::new(database, transport, sealer(), clock, self.metrics.clone())
    }

    /// Writes an invitation as a command does, and returns its id.
    pub(super) async fn invite(&self, to: &str) -> Uuid {
        let email = Email::invitation(to, "Payroll Bridge", "Acme Ltd", LINK, at(0));
        let id = self.new_id();
        self.write(encrypt_email(&email, id, &sealer(), &self.randomness).unwrap())
            .await;
        id
    }

    /// Writes an invitation with a key by which it can be withdrawn.
    pub(super) async fn invite_about(&self, to: &str, about: &str) -> Uuid {
        let email = Email::invitation(to, "Payroll Bridge", "Acme Ltd", LINK, at(0));
        let id = self.new_id();
        let sealed = encrypt_email(&email, id, &sealer(), &self.randomness).unwrap();
        let about = Some(about.to_owned());
        self.write(EncryptedEmail { about, ..sealed }).await;
        id
    }

    /// Writes a verification code.
    pub(super) async fn write_code(&self, to: &str) {
        let email = Email::verification_code(to, "042137", 10);
        let id = self.new_id();
        self.write(encrypt_email(&email, id, &sealer(), &self.randomness).unwrap())
            .await;
    }

    pub(super) async fn write(&self, email: EncryptedEmail) {
        let append = Append {
            emails: vec![email],
            ..Append::default()
        };
        self.writer.append(append).await.unwrap();
    }

    pub(super) fn new_id(&self) -> Uuid {
        self.randomness
            .uuid_v7(Clock::Manual(self.clock.clone()).now().to_utc())
    }

    /// The only e-mail in the outbox.
    pub(super) async fn email(&self) -> EmailRow {
        let [email] = list(&*self.database, None, 2).await.unwrap().try_into().unwrap();
        email
    }

    /// The sealed content of the only e-mail.
    pub(super) async fn sealed(&self) -> Value {
        let query = Query::new("select sealed from outbox", []);
        self.database.rows(query).await.unwrap().remove(0).remove(0)
    }

    /// The query plan, when a scan of the whole table is forbidden.
    pub(super) async fn plan(&self, select: &str) -> String {
        let mut transaction = self.database.begin(ConnectionPurpose::Write).await.unwrap();
        let explain = match self.database.dialect() {
            Dialect::Sqlite => "explain query plan",
            Dialect::Postgres => {
                let plainly = "set local enable_seqscan = off; set local enable_bitmapscan = off";
                transaction.script(plainly).await.unwrap();
                "explain"
            }
        };
        let rows = transaction
            .rows(Query::new(format!("{explain} {select}"), []))
            .await
            .unwrap();
        rows.iter().map(|row| format!("{row:?}\n")).collect()
    }

    /// The mails in the folder, oldest first.
    pub(super) fn mails(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.folder.path().join("mail")).unwrap();
        let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        paths.sort();
        paths
            .iter()
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect()
    }
}

fn sealer() -> Sealer {
    Sealer::new(&MasterKey::from_bytes([7; 32]))
}

pub(super) async fn eventually(what: &str, is_true: impl Fn() -> bool) {
    let waiting = async {
        while !is_true() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(std::time::Duration::from_secs(60), waiting).await;
    waited.unwrap_or_else(|_| panic!("waited in vain for {what}"));
}

/// The time this many seconds after the start.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::parse(START).unwrap().plus(TimeDelta::seconds(seconds))
}

/// A database that becomes unavailable after the given number of write transactions.
pub(super) struct GoesAway {
    pub(super) database: Arc<dyn Database>,
    pub(super) after_writes: std::sync::atomic::AtomicI64,
}

#[async_trait]
impl Database for GoesAway {
    fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    async fn rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        self.database.rows(query).await
    }

    async fn gate_rows(&self, query: Query) -> Result<Vec<Vec<Value>>, StoreError> {
        self.rows(query).await
    }

    async fn begin(&self, purpose: ConnectionPurpose) -> Result<Box<dyn Transaction>, StoreError> {
        let left = self.after_writes.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
        if left <= 0 {
            return Err(StoreError::unavailable("it went away"));
        }
        self.database.begin(purpose).await
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        self.database.migrate().await
    }

    async fn close(&self) {
        self.database.close().await;
    }
}
