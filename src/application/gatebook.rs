//! All parts of the program, wired together.

use std::sync::{Arc, Weak};
use std::time::Duration;

use gatebook_aggregates::email_address::EmailAddress;
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::application::caller::Caller;
use crate::application::failure::Failure;
use crate::application::gateway_settings::GatewaySettings;
use crate::application::limits::Limits;
use crate::application::node::background_tasks::BackgroundTasks;
use crate::application::node::gate_memory::GateReads;
use crate::application::node::last_used::LastUses;
use crate::application::node::locks::{KeyGuard, KeyedLocks};
use crate::application::node::read_slots::ReadSlots;
use crate::application::node::readiness::Readiness;
use crate::application::node::refusal_counter::Refusals;
use crate::application::node::revocations::Revocations;
use crate::application::node::search_slots::SearchSlots;
use crate::application::node::state::{Draining, LatestReplay, Measurements, UnreadableWatch};
use crate::clock::Clock;
use crate::log::append::EncryptedEmail;
use crate::log::{CommandError, Log, Snapshots, Writer};
use crate::mail::Email;
use crate::metrics::Metrics;
use crate::outbox::encrypt_email;
use crate::secrets::{AccessTokens, Digests, FeedSigner, MasterKey, PasswordHasher, Randomness, Sealer};
use crate::store::{Database, StoreError};
use crate::throttle::{Budgets, Throttle, ThrottleMode};
use crate::usage::UsageCounter;

/// What an installation decides. None of this is a rule.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where people and programs reach Gatebook; without a slash at the end. Also the OAuth issuer.
    pub public_url: String,
    /// The WSDL address of the SOAP API that the gate protects.
    pub wsdl_url: String,
    /// The API's documentation.
    pub documentation_url: String,
    /// R12: the mailbox of the provider's integration team.
    pub integration_team: EmailAddress,
    /// Who may ask the gate, and how it says that it cannot decide.
    pub gateway: GatewaySettings,
    /// How much of what the gate decides by is held in memory, in MiB. With 0 it is read for each answer.
    pub gate_memory_mib: u32,
    /// How long nothing of a request may come before it is given up.
    pub silence: Duration,
    /// How many e-mails people have sent, and how many applications their groups have.
    pub limits: Limits,
}

/// What [`Gatebook::new`] is made of.
pub struct GatebookParts {
    /// The database.
    pub database: Arc<dyn Database>,
    /// The writer that appends to its log.
    pub writer: Writer,
    /// The one clock.
    pub clock: Clock,
    /// Randomness.
    pub randomness: Randomness,
    /// The key that is not in the database.
    pub key: MasterKey,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Whether failed credentials are throttled.
    pub throttle: ThrottleMode,
    /// What the installation decides.
    pub settings: Settings,
}

/// How many requests with the same credentials are in work at once; others wait. As many as a program needs to be quick, and
/// few beside those of all others.
const REQUESTS_IN_WORK_MAX: usize = 16;

/// The program: one of these serves all requests of a process.
pub struct Gatebook {
    /// The log.
    pub log: Log,
    /// The one clock.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What the installation decides.
    pub settings: Settings,
    /// Rung when there are e-mails to send.
    pub emails_waiting: Arc<Notify>,
    /// When client secrets, tokens and sessions were used.
    pub last_uses: LastUses,
    /// What applications are used for.
    pub usage: UsageCounter,
    pub(super) gate_reads: GateReads,
    readiness: Readiness,
    /// What is still being done for requests that were answered.
    pub background_tasks: BackgroundTasks,
    pub(super) randomness: Randomness,
    pub(super) digests: Digests,
    pub(super) sealer: Sealer,
    pub(super) access_tokens: AccessTokens,
    pub(super) feed_signer: FeedSigner,
    pub(super) passwords: PasswordHasher,
    pub(super) throttle: Arc<Throttle>,
    /// How often something may still be changed.
    pub budgets: Budgets,
    /// Revocations of tokens in work, before and after it is known whose they are.
    pub(super) revocations: Revocations,
    pub(super) locks: KeyedLocks,
    /// Requests in work, by the credentials that they came with.
    requests: KeyedLocks,
    /// For what goes on when whoever asked for it has hung up.
    itself: Weak<Self>,
    pub(super) parts_of_downloads: KeyedLocks,
    /// What was refused, and is counted before it is written to the log.
    pub refusals: Refusals,
    pub(super) replays: LatestReplay,
    pub(super) read_slots: ReadSlots,
    pub(super) search_slots: Arc<SearchSlots>,
    pub(super) draining: Draining,
    pub(super) measurements: Measurements,
    pub(super) unreadable_watch: UnreadableWatch,
}

impl Gatebook {
    /// Wires the parts together. Call it inside of a Tokio runtime, which its readers run in.
    pub fn new(parts: GatebookParts) -> Arc<Self> {
        let passwords = PasswordHasher::counting(parts.metrics.password_hashings.clone());
        let throttle = Arc::new(Throttle::new(parts.throttle, parts.clock.clone()));
        let budgets = Budgets::new(parts.throttle, parts.clock.clone());
        Arc::new_cyclic(|itself| Self {
            gate_reads: GateReads::start(&parts.database, parts.settings.gate_memory_mib, &parts.metrics),
            log: Log {
                database: parts.database,
                writer: parts.writer,
                snapshots: Snapshots::default(),
            },
            clock: parts.clock,
            metrics: parts.metrics,
            settings: parts.settings,
            emails_waiting: Arc::new(Notify::new()),
            readiness: Readiness::default(),
            last_uses: LastUses::default(),
            usage: UsageCounter::default(),
            background_tasks: BackgroundTasks::default(),
            randomness: parts.randomness,
            digests: Digests::new(&parts.key),
            sealer: Sealer::new(&parts.key),
            access_tokens: AccessTokens::new(&parts.key),
            feed_signer: FeedSigner::new(&parts.key),
            passwords,
            throttle,
            budgets,
            revocations: Revocations::default(),
            locks: KeyedLocks::default(),
            requests: KeyedLocks::with_places(REQUESTS_IN_WORK_MAX),
            itself: itself.clone(),
            parts_of_downloads: KeyedLocks::default(),
            refusals: Refusals::default(),
            replays: LatestReplay::default(),
            read_slots: ReadSlots::default(),
            search_slots: Arc::default(),
            draining: Draining::default(),
            measurements: Measurements::default(),
            unreadable_watch: UnreadableWatch::default(),
        })
    }

    /// The database.
    pub fn database(&self) -> &dyn Database {
        &*self.log.database
    }

    /// Nothing when a command could be committed now; said within a second.
    ///
    /// # Errors
    /// `Unavailable` with the reason, otherwise.
    pub async fn is_ready(&self) -> Result<(), StoreError> {
        self.readiness.check(&self.log).await
    }

    /// Waits for a place among the requests with these credentials, which nobody has looked at yet.
    pub async fn request_place(&self, credentials: &[u8]) -> KeyGuard<'_> {
        // What is kept in memory for the length of a request is no secret.
        self.requests.lock(&hex::encode(Sha256::digest(credentials))).await
    }

    /// The same for whoever outlives the request.
    pub(super) fn itself(&self) -> Result<Arc<Self>, Failure> {
        let ended = || Failure::internal("the program is ending");
        self.itself.upgrade().ok_or_else(ended)
    }

    /// A new id: a UUID v7.
    pub(super) fn new_id<I: From<Uuid>>(&self) -> I {
        self.randomness.uuid_v7(self.clock.now().to_utc()).into()
    }

    /// An e-mail that this caller sends, ready to be written with the events that call for it.
    pub(super) fn sealed(&self, caller: &Caller, email: &Email) -> Result<EncryptedEmail, CommandError> {
        Ok(EncryptedEmail {
            quotas: self.settings.limits.email_quotas(caller, email),
            ..encrypt_email(email, self.new_id(), &self.sealer, &self.randomness)?
        })
    }

    /// The address of a page.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.settings.public_url)
    }
}
