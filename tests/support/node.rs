//! One Gatebook that listens, on a database that others may share.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gatebook::application::{Gatebook, GatebookParts, GatewaySettings, Limits, Settings};
use gatebook::clock::{Clock, ManualClock};
use gatebook::log::Writer;
use gatebook::mail::MailTransport;
use gatebook::metrics::Metrics;
use gatebook::outbox::Outbox;
use gatebook::secrets::{MasterKey, Randomness, Sealer};
use gatebook::store::{self, Database};
use gatebook::throttle::ThrottleMode;
use gatebook::web;
use gatebook::web::request_context::ClientAddressHeader;
use gatebook_aggregates::email_address::EmailAddress;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// How a node differs from the usual one.
pub struct Options {
    pub throttle: ThrottleMode,
    pub randomness: Randomness,
    /// Where people are told to go, if that is not where the world listens.
    pub public_url: Option<String>,
    pub gateway: GatewaySettings,
    pub limits: Limits,
    pub gate_memory_mib: u32,
    pub silence: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            throttle: ThrottleMode::On,
            randomness: Randomness::secure(),
            public_url: None,
            gateway: GatewaySettings::default(),
            // Stories about something else send as many e-mails as they like.
            limits: Limits::NONE,
            gate_memory_mib: 64,
            silence: Duration::from_secs(75),
        }
    }
}

/// Starts a Gatebook on a database; several may share one.
pub async fn start(
    folder: &TempDir,
    database_url: &str,
    clock: &ManualClock,
    options: Options,
) -> (String, Arc<Gatebook>, Arc<Outbox>) {
    let database = store::open(database_url).await.unwrap();
    store::migrate(&database).await.unwrap();
    start_on(folder, database, clock, options).await
}

pub(super) async fn start_on(
    folder: &TempDir,
    database: Arc<dyn Database>,
    clock: &ManualClock,
    options: Options,
) -> (String, Arc<Gatebook>, Arc<Outbox>) {
    let metrics = Arc::new(Metrics::default());
    let clock = Clock::Manual(clock.clone());
    let (writer, _) = Writer::start(database.clone(), clock.clone(), metrics.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let gatebook = Gatebook::new(GatebookParts {
        database: database.clone(),
        writer,
        clock: clock.clone(),
        randomness: options.randomness,
        key: key(),
        metrics: metrics.clone(),
        throttle: options.throttle,
        settings: Settings {
            public_url: options.public_url.unwrap_or_else(|| base_url.clone()),
            wsdl_url: "https://soap.example.com/api?wsdl".to_owned(),
            documentation_url: "https://wiki.example.com/api".to_owned(),
            integration_team: EmailAddress::parse("team", "team@provider.example").unwrap(),
            gateway: options.gateway,
            gate_memory_mib: options.gate_memory_mib,
            silence: options.silence,
            limits: options.limits,
        },
    });
    let transport =
        MailTransport::from_url("file:", folder.path(), "Gatebook <gatebook@provider.example>", None).unwrap();
    let outbox = Arc::new(Outbox::new(database, transport, Sealer::new(&key()), clock, metrics));
    let router = web::router(gatebook.clone(), ClientAddressHeader::default());
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    (base_url, gatebook, outbox)
}

pub(super) fn key() -> MasterKey {
    MasterKey::from_bytes([7; 32])
}
