//! Tells a service manager when the program is ready, when it ends, and that it is alive (`Type=notify` and
//! `WatchdogSec=` of systemd). Does nothing unless `$NOTIFY_SOCKET` is set.

use std::time::Duration;

use sd_notify::NotifyState;

pub fn ready() {
    tell(&[NotifyState::Ready, NotifyState::Status("serving")]);
}

/// Says that the program is about to end and should get no more requests.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("ending")]);
}

/// Reports regularly that the program is alive, if the service manager asks for it. It is an ordinary task, so it falls
/// silent when tasks get no time to run. Never returns.
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
