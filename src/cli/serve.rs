//! `gatebook serve`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::parts::Parts;
use super::start::{self, Opened};
use super::{CliError, connections};
use crate::application::Gatebook;
use crate::config::{DataOptions, ServerOptions};
use crate::http;
use crate::http::request_context::ClientAddressHeader;
use crate::mail::MailTransport;
use crate::outbox::Outbox;

/// How often housekeeping is done.
const HOUSEKEEPING: Duration = Duration::from_secs(5);
/// How often ended credentials are looked for.
const FORGETTING: Duration = Duration::from_secs(60 * 60);
/// How long requests in flight, and the letter at hand, may take to finish after a signal to end.
const GRACE: Duration = Duration::from_secs(20);

/// Serves until a signal ends it.
pub async fn run(data: &DataOptions, options: &ServerOptions) -> Result<ExitCode, CliError> {
    let mut signals = EndSignals::listen()?;
    let (listener, options) = bind(options).await?;
    if let Some(opened) = signals.unless_sent(start::gatebook(data, Some(&options))).await {
        serve(opened?, listener, signals, data, &options).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// SIGINT and SIGTERM. From `listen` on they end the program in good order, however early they come.
pub struct EndSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl EndSignals {
    /// Takes the signals over from the operating system, which would kill the program.
    pub fn listen() -> Result<Self, CliError> {
        let listen = |kind| signal(kind).map_err(CliError::io("listening for signals"));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// What work that may be given up at any moment comes to; none, and it is given up, when a signal comes first.
    pub async fn unless_sent<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.wait() => None,
        }
    }

    /// Waits for the first of them, which may have come before.
    pub async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Takes the address, before anything is promised to anybody; the options with the port that it became.
pub async fn bind(options: &ServerOptions) -> Result<(TcpListener, ServerOptions), CliError> {
    let address = &options.listen;
    let failed = || CliError::io(format!("listening on {address} (choose another with --listen)"));
    let listener = address.listen().await.map_err(failed())?;
    let listen = listener.local_addr().map_err(failed())?.into();
    Ok((
        listener,
        ServerOptions {
            listen,
            ..options.clone()
        },
    ))
}

/// Serves on a listener until SIGINT or SIGTERM; then finishes what is in flight.
///
/// # Errors
/// Also when a part of the program has died: then it ends in the same good order, so that it is started again.
pub async fn serve(
    opened: Opened,
    listener: TcpListener,
    mut signals: EndSignals,
    data: &DataOptions,
    options: &ServerOptions,
) -> Result<(), CliError> {
    let (shut_down, shutting_down) = watch::channel(false);
    let gatebook = opened.gatebook.clone();
    let writer = gatebook.log.writer.clone();
    let client_address = ClientAddressHeader(options.client_ip_header.clone());
    let router = http::router(gatebook.clone(), client_address);
    let silence = Duration::from_secs(options.idle_seconds);
    let (stop, letters_waiting) = (|| shutting_down.clone(), gatebook.letters_waiting.clone());
    let outbox = Arc::new(outbox(&opened, data, options)?);
    let mut parts = Parts::default();
    parts.start("outbox", outbox.run(stop(), letters_waiting));
    parts.start("housekeeping", keep_house(gatebook.clone(), stop()));
    parts.start("server", connections::serve(listener, router, silence, stop()));
    tracing::info!(address = %options.listen, public_url = gatebook.settings.public_url, "listening");
    let dead = tokio::select! {
        () = signals.wait() => None,
        name = parts.one_ends() => Some(name),
        () = writer.gone() => Some("writer"),
    };
    tracing::info!("ending: finishing what is in flight");
    let _ = shut_down.send(true);
    if tokio::time::timeout(GRACE, parts.all_end()).await.is_err() {
        tracing::warn!("some connections, or a letter, did not end in time");
    }
    if tokio::time::timeout(GRACE, gatebook.errands.done()).await.is_err() {
        tracing::warn!("something that was promised could not be done in time");
    }
    drop((parts, gatebook));
    let closed = opened.close().await;
    if let Some(name) = dead {
        let message = format!("the {name} has died, so the program ended; it has to be started again");
        return Err(CliError::Other(message));
    }
    closed?;
    tracing::info!("ended");
    Ok(())
}

fn outbox(opened: &Opened, data: &DataOptions, options: &ServerOptions) -> Result<Outbox, CliError> {
    let gatebook = &opened.gatebook;
    Ok(Outbox::new(
        gatebook.log.database.clone(),
        mail_transport(data, options)?,
        opened.sealer.clone(),
        gatebook.clock.clone(),
        gatebook.metrics.clone(),
    ))
}

/// The way that mails go.
pub fn mail_transport(data: &DataOptions, options: &ServerOptions) -> Result<MailTransport, CliError> {
    let (ca, helo) = (options.mail_ca.as_deref(), mail_helo(options)?);
    let transport = MailTransport::from_url(&options.mail, &data.data, &options.mail_from, ca);
    let transport = transport.and_then(|transport| transport.greeting_as(&helo));
    transport.map_err(CliError::other)
}

/// The name that mail servers are greeted with: the one that people know this machine by, unless told otherwise.
fn mail_helo(options: &ServerOptions) -> Result<String, CliError> {
    if let Some(name) = &options.mail_helo {
        return Ok(name.clone());
    }
    let url = url::Url::parse(&start::public_url(options)?).map_err(CliError::other)?;
    Ok(url.host_str().unwrap_or_default().to_owned())
}

/// Writes what may be written now and then, and forgets what may be forgotten.
async fn keep_house(gatebook: Arc<Gatebook>, mut shutting_down: watch::Receiver<bool>) {
    let mut forgotten: Option<Instant> = None;
    loop {
        tokio::select! {
            _ = shutting_down.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(HOUSEKEEPING) => {}
        }
        let written = gatebook.last_uses.write(gatebook.database()).await;
        if let Err(error) = written.and(gatebook.forget_old_keys().await) {
            tracing::warn!(%error, "housekeeping has to wait");
        }
        if forgotten.is_none_or(|last| last.elapsed() >= FORGETTING) {
            match gatebook.forget_ended_credentials().await {
                Ok(()) => forgotten = Some(Instant::now()),
                Err(error) => tracing::warn!(%error, "forgetting ended credentials has to wait"),
            }
        }
    }
}
