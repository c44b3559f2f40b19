//! What a service manager learns of the program: when it is ready, when it ends, and that it lives (`Type=notify` and
//! `WatchdogSec=` of systemd). Without one, which `$NOTIFY_SOCKET` says, nothing happens.

use std::time::Duration;

use sd_notify::NotifyState;

/// The program serves.
pub fn ready() {
    tell(&[NotifyState::Ready, NotifyState::Status("serving")]);
}

/// The program is about to end: nobody needs to send it requests any more.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("ending")]);
}

/// Says for ever that the program lives, if the service manager wants to hear it. As this is a task among the others, it
/// falls silent when they get no turn.
pub async fn keep_alive() {
    let Some(limit) = sd_notify::watchdog_enabled() else {
        return;
    };
    // Twice within the limit, as systemd's manual recommends.
    let mut pulse = tokio::time::interval((limit / 2).max(Duration::from_millis(1)));
    loop {
        pulse.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "cannot notify the service manager");
    }
}
