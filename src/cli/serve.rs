//! `gatebook serve`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::private_files::warn_of_open_folder;
use super::signals::{AtOnce, ClosedTerminal, EndSignal, Signals};
use super::start::{self, Opened};
use super::supervisor::Parts;
use super::{CliError, connections, service_manager};
use crate::application::Gatebook;
use crate::config::{DataOptions, ServerOptions};
use crate::mail::MailTransport;
use crate::outbox::Outbox;
use crate::usage::WRITTEN_WITHIN;
use crate::web;
use crate::web::Listener;
use crate::web::request_context::ClientAddressHeader;

/// The interval of housekeeping.
const HOUSEKEEPING: Duration = Duration::from_secs(5);
/// How often to check for refusals that were repeated within a minute.
const REFUSALS: Duration = Duration::from_secs(5);
/// How often to write what was counted, so that it stays in memory for [`WRITTEN_WITHIN`] at most.
const USAGE: Duration = Duration::from_secs(4);
const _: () = assert!(USAGE.as_secs() < WRITTEN_WITHIN.as_secs());
/// How often to delete ended credentials.
const FORGETTING: Duration = Duration::from_secs(60 * 60);
/// How long requests in progress, and the e-mail being sent, may take to finish after a signal to end.
const GRACE: Duration = Duration::from_secs(20);

/// Serves until a signal arrives.
pub async fn run(data: &DataOptions, options: &ServerOptions) -> Result<ExitCode, CliError> {
    let mut signals = Signals::listen(ClosedTerminal::IsIgnored)?;
    let (listeners, options) = bind(options).await?;
    match signals.unless_ended(start::gatebook(data, Some(&options))).await {
        Ok(opened) => serve(opened?, listeners, signals, data, &options).await,
        // Nothing has been started that would have to be finished.
        Err(AtOnce(_)) => Ok(ExitCode::SUCCESS),
    }
}

/// The sockets for incoming requests.
pub struct Listeners {
    main: TcpListener,
    admin: Option<TcpListener>,
}

/// Binds the addresses before anything else starts. Returns the options with the actual port.
pub async fn bind(options: &ServerOptions) -> Result<(Listeners, ServerOptions), CliError> {
    let address = &options.listen;
    let failed = || CliError::io(format!("listening on {address} (choose another with --listen)"));
    let main = address.listen().await.map_err(failed())?;
    let listen = main.local_addr().map_err(failed())?.into();
    let admin = match &options.admin_listen {
        Some(address) => Some(address.listen().await.map_err(CliError::io(format!(
            "listening on {address} (choose another with --admin-listen)"
        )))?),
        None => None,
    };
    Ok((
        Listeners { main, admin },
        ServerOptions {
            listen,
            ..options.clone()
        },
    ))
}

enum End {
    Signal,
    /// The part with this name ended by itself.
    Died(&'static str),
}

/// Serves on the listeners until a signal to end, then drains and finishes requests in progress. A second signal ends
/// the program at once.
///
/// # Errors
/// Also if a part of the program died: the program then ends in the same order, so that it is restarted.
pub async fn serve(
    opened: Opened,
    listeners: Listeners,
    mut signals: Signals,
    data: &DataOptions,
    options: &ServerOptions,
) -> Result<ExitCode, CliError> {
    let (shut_down, shutting_down) = watch::channel(false);
    let mut parts = start_parts(&opened, listeners, data, options, &shutting_down)?;
    tokio::spawn(service_manager::keep_alive());
    service_manager::ready();
    let ending = async {
        let end = drained(&mut signals, &mut parts, &opened.gatebook, options).await?;
        let finished = signals.unless_ended(finish(opened, parts, shut_down)).await?;
        Ok(match end {
            End::Signal => finished,
            End::Died(name) => Err(CliError::Other(format!(
                "the {name} has died, so the program has stopped; start it again"
            ))),
        })
    };
    match ending.await {
        Ok(finished) => finished.map(|()| ExitCode::SUCCESS),
        Err(AtOnce(signal)) => {
            tracing::warn!(?signal, "received a second signal, stopping at once");
            Ok(signal.exit_code())
        }
    }
}

fn start_parts(
    opened: &Opened,
    listeners: Listeners,
    data: &DataOptions,
    options: &ServerOptions,
    shutting_down: &watch::Receiver<bool>,
) -> Result<Parts, CliError> {
    let gatebook = opened.gatebook.clone();
    let client_address = ClientAddressHeader::new(options.client_ip_header.clone(), options.trusted_proxies());
    let router = |listener| web::router_of(listener, gatebook.clone(), client_address.clone());
    let silence = Duration::from_secs(options.idle_seconds);
    let (stop, emails_waiting) = (|| shutting_down.clone(), gatebook.emails_waiting.clone());
    let outbox = Arc::new(outbox(opened, data, options)?);
    let mut parts = Parts::default();
    parts.start("outbox", outbox.run(stop(), emails_waiting));
    parts.start("housekeeping", keep_house(gatebook.clone(), stop()));
    parts.start("log of refusals", write_refusals(gatebook.clone(), stop()));
    parts.start("counts of usage", write_usage(gatebook.clone(), stop()));
    let public_url = &gatebook.settings.public_url;
    let Listeners { main, admin } = listeners;
    match admin {
        None => {
            let serving = connections::serve(main, router(Listener::Only), silence, stop());
            parts.start("server", serving);
            tracing::info!(address = %options.listen, public_url, "listening");
        }
        Some(admin) => {
            let admin_address = admin.local_addr().map_err(CliError::io("listening for operators"))?;
            let serving = connections::serve(main, router(Listener::Public), silence, stop());
            parts.start("server", serving);
            let serving = connections::serve(admin, router(Listener::Admin), silence, stop());
            parts.start("server for operators", serving);
            tracing::info!(address = %options.listen, public_url, %admin_address, "listening");
        }
    }
    Ok(parts)
}

/// Waits for a signal to end and then for the time to drain, unless a part dies.
async fn drained(
    signals: &mut Signals,
    parts: &mut Parts,
    gatebook: &Gatebook,
    options: &ServerOptions,
) -> Result<End, AtOnce> {
    let signal = tokio::select! {
        signal = signals.end() => signal,
        name = one_dies(parts, gatebook) => return Ok(End::Died(name)),
    };
    // Closing a terminal often sends two SIGHUPs.
    signals.ignore_closed_terminal();
    gatebook.begin_draining();
    service_manager::stopping();
    // Only SIGTERM drains: a person at the terminal does not want to wait.
    if signal != EndSignal::Terminate || options.drain_seconds == 0 {
        return Ok(End::Signal);
    }
    tracing::info!(
        seconds = options.drain_seconds,
        "draining: no longer ready, but still serving"
    );
    tokio::select! {
        () = tokio::time::sleep(Duration::from_secs(options.drain_seconds)) => Ok(End::Signal),
        signal = signals.end() => Err(AtOnce(signal)),
        name = one_dies(parts, gatebook) => Ok(End::Died(name)),
    }
}

/// Waits until a part has died, and returns its name.
async fn one_dies(parts: &mut Parts, gatebook: &Gatebook) -> &'static str {
    tokio::select! {
        name = parts.one_ends() => name,
        () = gatebook.log.writer.gone() => "writer",
    }
}

/// Finishes the work in progress, and closes everything.
async fn finish(opened: Opened, mut parts: Parts, shut_down: watch::Sender<bool>) -> Result<(), CliError> {
    tracing::info!("stopping: finishing requests in flight");
    let _ = shut_down.send(true);
    if tokio::time::timeout(GRACE, parts.all_end()).await.is_err() {
        tracing::warn!("some connections or an e-mail did not finish in time");
    }
    if tokio::time::timeout(GRACE, opened.gatebook.background_tasks.done())
        .await
        .is_err()
    {
        tracing::warn!("some background tasks did not finish in time");
    }
    drop(parts);
    let refusals = opened.gatebook.write_refusals(true);
    if tokio::time::timeout(GRACE, refusals).await.is_err() {
        tracing::warn!("the refusals of the last minute were not written in time");
    }
    opened.close().await?;
    tracing::info!("ended");
    Ok(())
}

fn outbox(opened: &Opened, data: &DataOptions, options: &ServerOptions) -> Result<Outbox, CliError> {
    let gatebook = &opened.gatebook;
    let transport = mail_transport(data, options)?;
    let folders = [Some(data.data.as_path()), transport.folder()];
    folders.into_iter().flatten().for_each(warn_of_open_folder);
    Ok(Outbox::new(
        gatebook.log.database.clone(),
        transport,
        opened.sealer.clone(),
        gatebook.clock.clone(),
        gatebook.metrics.clone(),
    ))
}

/// The mail transport from the options.
pub fn mail_transport(data: &DataOptions, options: &ServerOptions) -> Result<MailTransport, CliError> {
    let (ca, helo) = (options.mail_ca.as_deref(), mail_helo(options)?);
    let transport = MailTransport::from_url(&options.mail, &data.data, &options.mail_from, ca);
    let transport = transport.and_then(|transport| transport.greeting_as(&helo));
    transport.map_err(CliError::other)
}

/// The name in greetings to mail servers: `--mail-helo`, or the host of the public URL.
fn mail_helo(options: &ServerOptions) -> Result<String, CliError> {
    if let Some(name) = &options.mail_helo {
        return Ok(name.clone());
    }
    let url = url::Url::parse(&start::public_url(options)?).map_err(CliError::other)?;
    Ok(url.host_str().unwrap_or_default().to_owned())
}

/// Writes what was refused: the first time at once, then once a minute.
async fn write_refusals(gatebook: Arc<Gatebook>, mut shutting_down: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            // `finish` writes the last refusals, after all connections have ended.
            _ = shutting_down.wait_for(|stop| *stop) => return,
            () = gatebook.refusals.waiting() => {}
            () = tokio::time::sleep(REFUSALS) => {}
        }
        gatebook.write_refusals(false).await;
    }
}

/// Writes what was counted.
async fn write_usage(gatebook: Arc<Gatebook>, mut shutting_down: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            // `Opened::close` writes the last counts, after all connections have ended.
            _ = shutting_down.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(USAGE) => {}
        }
        if let Err(error) = gatebook.write_usage().await {
            tracing::warn!(%error, "the usage could not be written yet");
        }
    }
}

/// Writes collected last uses, and deletes what is no longer needed.
async fn keep_house(gatebook: Arc<Gatebook>, mut shutting_down: watch::Receiver<bool>) {
    let mut forgotten: Option<Instant> = None;
    loop {
        tokio::select! {
            _ = shutting_down.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(HOUSEKEEPING) => {}
        }
        gatebook.look_for_unreadable_events().await;
        // With a wrong clock everything would look old.
        if let Err(error) = gatebook.log.writer.clocks().look(gatebook.database()).await {
            tracing::warn!(%error, "housekeeping failed and will be retried");
            continue;
        }
        let written = gatebook.last_uses.write(gatebook.database()).await;
        if let Err(error) = written.and(gatebook.forget_old_keys().await) {
            tracing::warn!(%error, "housekeeping failed and will be retried");
        }
        if let Err(error) = gatebook.record_usage().await {
            tracing::warn!(%error, "the usage of a day could not be recorded yet");
        }
        if forgotten.is_none_or(|last| last.elapsed() >= FORGETTING) {
            let forgetting = gatebook.forget_ended_credentials().await;
            let forgetting = forgetting.and(gatebook.forget_usage_hours().await);
            match forgetting.and(gatebook.forget_email_quota_uses().await) {
                Ok(()) => forgotten = Some(Instant::now()),
                Err(error) => tracing::warn!(%error, "deleting expired credentials failed and will be retried"),
            }
        }
    }
}
