//! Opens everything that a command needs: the folder, the key, the database, the writer.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Uri;
use gatebook_aggregates::email_address::EmailAddress;

use super::progress::Lines;
use super::{CliError, key, new_database};
use crate::application::{EmailLimits, Gatebook, GatebookParts, GatewaySettings, Limits, Settings};
use crate::clock::Clock;
use crate::config::{DataOptions, ListenAddress, ServerOptions};
use crate::log::{Writer, WriterTask, accept_clock, unreadable};
use crate::metrics::Metrics;
use crate::replay::{self, ReplayError};
use crate::secrets::{MasterKey, Randomness, Sealer};
use crate::store::{self, Database, Server};
use crate::throttle::ThrottleMode;
use crate::web::loopback::is_loopback;

/// How long closing the database connections may take.
const CLOSING: Duration = Duration::from_secs(5);
/// How long another process's rebuild must stand still before it is taken over.
const STILL: Duration = Duration::from_secs(5);
/// The pause before an interrupted rebuild is tried again.
const REBUILD_PAUSE: Duration = Duration::from_secs(2);
/// How long the last writes may take when the program ends.
const LAST_WRITES: Duration = Duration::from_secs(10);

/// The opened program and the task of its writer.
pub struct Opened {
    pub gatebook: Arc<Gatebook>,
    /// Opens sealed e-mails.
    pub sealer: Sealer,
    writer_task: WriterTask,
}

impl Opened {
    /// Stops the writer after its last batch, and closes the database.
    pub async fn close(self) -> Result<(), CliError> {
        let Self {
            gatebook, writer_task, ..
        } = self;
        let last_uses = async {
            // With a wrong clock they would be uses of another time.
            gatebook.log.writer.clocks().look(gatebook.database()).await?;
            gatebook.last_uses.write(gatebook.database()).await
        };
        match tokio::time::timeout(LAST_WRITES, last_uses).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last uses were not written"),
            Err(_) => tracing::warn!("the last uses could not be written in time"),
        }
        match tokio::time::timeout(LAST_WRITES, gatebook.write_usage()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the usage of the last seconds was not written"),
            Err(_) => tracing::warn!("the usage of the last seconds could not be written in time"),
        }
        // A connection that has not ended may still hold the program; its further requests are refused.
        match tokio::time::timeout(LAST_WRITES, writer_task.end()).await {
            Ok(ended) => ended.map_err(|error| CliError::Other(format!("the writer died: {error}")))?,
            // Nobody was told that the unfinished appends succeeded.
            Err(_) => tracing::warn!("the last appends could not be written in time"),
        }
        let closed = tokio::time::timeout(CLOSING, gatebook.log.database.close()).await;
        if closed.is_err() {
            tracing::warn!("some database connections did not close in time");
        }
        Ok(())
    }
}

/// The database, with its tables up to date.
pub async fn database(data: &DataOptions) -> Result<Arc<dyn Database>, CliError> {
    let database = unmigrated_database(data).await?;
    store::migrate(&database).await?;
    Ok(database)
}

/// The database, created if necessary, with its tables as they are.
pub async fn unmigrated_database(data: &DataOptions) -> Result<Arc<dyn Database>, CliError> {
    make_folder(data)?;
    new_database::open(data).await
}

/// The existing database, for commands that only read. A wrong folder or address creates nothing, and a read-only role
/// is enough.
pub async fn existing_database(data: &DataOptions) -> Result<Arc<dyn Database>, CliError> {
    Ok(store::open_existing(&data.database_url(), Server::Any).await?)
}

/// The whole program, for commands that append.
pub async fn gatebook(data: &DataOptions, server: Option<&ServerOptions>) -> Result<Opened, CliError> {
    let database = database(data).await?;
    rebuild_stale(&database).await?;
    if server.is_some() {
        warn_of_ways_around_the_log(&*database).await;
    }
    let key = key::of(data, &*database).await?;
    opened(database, key, server).await
}

/// The whole program on an existing database, for commands that append but create nothing.
pub async fn existing_gatebook(data: &DataOptions) -> Result<Opened, CliError> {
    let database = store::open_existing(&data.database_url(), Server::Primary).await?;
    if let Some(projection) = replay::stale(&database).await?.first() {
        let message = "was filled by another version of this program; run `gatebook migrate`";
        return Err(CliError::Other(format!("the table {} {message}", projection.name)));
    }
    let key = key::existing(data, &*database).await?;
    opened(database, key, None).await
}

async fn opened(
    database: Arc<dyn Database>,
    key: MasterKey,
    server: Option<&ServerOptions>,
) -> Result<Opened, CliError> {
    if server.is_some_and(|server| server.accept_clock) {
        tracing::warn!("--accept-clock: trusting this machine's clock; do not set this permanently");
        accept_clock(&*database).await?;
    }
    if server.is_some() {
        // Events appended by other processes meanwhile, or known to another version but not to this one.
        unreadable::read_on(&*database).await?;
        unreadable::look_at_kinds(&*database).await?;
        unreadable::forget_settled(&*database).await?;
    }
    let metrics = Arc::new(Metrics::default());
    let (writer, writer_task) = Writer::start(database.clone(), Clock::System, metrics.clone());
    let (fingerprint, sealer) = (key.fingerprint(), Sealer::new(&key));
    let gatebook = Gatebook::new(GatebookParts {
        database,
        writer,
        clock: Clock::System,
        randomness: Randomness::secure(),
        key,
        metrics,
        throttle: server.map_or(ThrottleMode::On, |server| server.throttle),
        settings: settings(server)?,
    });
    gatebook.check_key_fingerprint(&fingerprint).await?;
    if let Err(error) = gatebook.log.writer.clocks().look(gatebook.database()).await {
        tracing::error!(%error, "refusing commands");
    }
    Ok(Opened {
        gatebook,
        sealer,
        writer_task,
    })
}

/// Warns about ways to change events in spite of the triggers. The server starts anyway.
async fn warn_of_ways_around_the_log(database: &dyn Database) {
    match store::log_warnings(database).await {
        Ok(warnings) => warnings.iter().for_each(|warning| tracing::warn!("{warning}")),
        Err(error) => tracing::warn!(%error, "cannot determine who may change the log"),
    }
}

/// Rebuilds projections that an older fold version filled. If another node is already rebuilding, waits for it.
pub async fn rebuild_stale(database: &Arc<dyn Database>) -> Result<(), CliError> {
    while let Some(projection) = replay::stale(database).await?.into_iter().next() {
        replay::wait_while_it_moves(database, &projection, async || tokio::time::sleep(STILL).await).await?;
        // The other node may have done it meanwhile.
        if !replay::stale(database)
            .await?
            .iter()
            .any(|one| one.name == projection.name)
        {
            continue;
        }
        tracing::info!(projection = projection.name, "its meaning has changed; rebuilding");
        match replay::rebuild(database, &projection, Clock::System.now(), &Lines::default()).await {
            Err(ReplayError::Overtaken { .. }) => {}
            // A long verification or a backup can delay the switch to the new table.
            Err(error) if error.is_unavailable() => {
                tracing::warn!(%error, projection = projection.name, "resuming the rebuild");
                tokio::time::sleep(REBUILD_PAUSE).await;
            }
            Ok(report) => report.unreadable.iter().for_each(|event| {
                tracing::error!(%event, "locked because of an unreadable event; see `gatebook log quarantine --help`");
            }),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn settings(server: Option<&ServerOptions>) -> Result<Settings, CliError> {
    let team = server.map_or("integrations@example.com", |server| &server.integration_team);
    Ok(Settings {
        public_url: server.map(public_url).transpose()?.unwrap_or_default(),
        wsdl_url: server.map(|server| server.wsdl_url.clone()).unwrap_or_default(),
        documentation_url: server
            .map(|server| server.documentation_url.clone())
            .unwrap_or_default(),
        integration_team: EmailAddress::parse("--integration-team", team)
            .map_err(|problem| CliError::Other(format!("--integration-team: {}", problem.message)))?,
        gateway: server.map(gateway_settings).unwrap_or_default(),
        gate_memory_mib: server.map_or(0, |server| server.gate_memory_mib),
        silence: Duration::from_secs(server.map_or(0, |server| server.idle_seconds)),
        limits: server.map(limits).unwrap_or_default(),
    })
}

fn limits(server: &ServerOptions) -> Limits {
    if server.throttle == ThrottleMode::Off {
        return Limits::NONE;
    }
    Limits {
        emails: Some(EmailLimits {
            per_recipient: server.emails_per_recipient,
            per_admin: server.emails_per_admin,
            per_group: server.emails_per_group,
        }),
        applications_per_group: Some(server.applications_per_group),
    }
}

fn gateway_settings(server: &ServerOptions) -> GatewaySettings {
    GatewaySettings {
        auth: server.gateway_auth,
        unavailable: server.gateway_unavailable,
    }
}

/// OAuth D01, D02, T01: https, or http on loopback; no path, query or fragment, and no slash at the end.
pub(super) fn public_url(server: &ServerOptions) -> Result<String, CliError> {
    let Some(url) = &server.public_url else {
        return own_url(&server.listen);
    };
    let parsed: Uri = url
        .parse()
        .map_err(|error| CliError::Other(format!("--public-url {url}: {error}")))?;
    let secure = parsed.scheme_str() == Some("https")
        || (parsed.scheme_str() == Some("http") && is_loopback(parsed.host().unwrap_or_default()));
    let bare = matches!(parsed.path(), "" | "/") && !url.contains(['?', '#', '@']);
    if !secure || !bare {
        let message = "--public-url must begin with https:// (http:// on loopback only) and contain only the host, \
                       without a path";
        return Err(CliError::Other(message.to_owned()));
    }
    Ok(url.trim_end_matches('/').to_owned())
}

/// Without `--public-url`: the address listened on, if other machines cannot reach it.
fn own_url(listen: &ListenAddress) -> Result<String, CliError> {
    if listen.is_loopback() {
        return Ok(format!("http://{listen}"));
    }
    let message = format!(
        "{listen} can be reached from other machines; set its public address with --public-url \
                           https://…"
    );
    Err(CliError::Other(message))
}

fn make_folder(data: &DataOptions) -> Result<(), CliError> {
    use std::os::unix::fs::DirBuilderExt;

    let mut folder = std::fs::DirBuilder::new();
    let made = folder.recursive(true).mode(0o700).create(&data.data);
    made.map_err(CliError::io(format!("creating the folder {}", data.data.display())))
}
