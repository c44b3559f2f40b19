//! Signals: which ones end the program gracefully, and which ones do not.
//!
//! | signal | what it does |
//! |---|---|
//! | SIGTERM | ends after draining |
//! | SIGINT (Ctrl-C) | ends |
//! | SIGHUP (the terminal was closed) | ends `demo`; `serve` continues |
//! | SIGUSR1, SIGUSR2 | nothing |
//!
//! A second signal to end ends the program at once.

use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::CliError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndSignal {
    /// SIGINT: from a person at the terminal.
    Interrupt,
    /// SIGTERM: from the program's supervisor.
    Terminate,
    /// SIGHUP: the terminal was closed.
    HangUp,
}

impl EndSignal {
    /// The exit code that shells show for a program ended by this signal.
    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::HangUp => 129,
            Self::Interrupt => 130,
            Self::Terminate => 143,
        })
    }
}

/// A signal that abandons the work in progress.
pub struct AtOnce(pub EndSignal);

/// What to do when the terminal is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedTerminal {
    /// End: the person who tried the program has left.
    Ends,
    /// Continue: the program does not depend on the terminal that started it.
    IsIgnored,
}

/// The signals of a serving program. After `listen` none of them kills it, however early it comes.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
    user_1: Signal,
    user_2: Signal,
    closed_terminal: ClosedTerminal,
}

impl Signals {
    /// Handles the signals, so that the operating system does not kill the program.
    pub fn listen(closed_terminal: ClosedTerminal) -> Result<Self, CliError> {
        let listen = |kind| signal(kind).map_err(CliError::io("listening for signals"));
        let nohup = is_ignored(SIGHUP);
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
            user_1: listen(SignalKind::user_defined1())?,
            user_2: listen(SignalKind::user_defined2())?,
            closed_terminal: if nohup {
                ClosedTerminal::IsIgnored
            } else {
                closed_terminal
            },
        })
    }

    /// Runs work that may be abandoned at any moment.
    ///
    /// # Errors
    /// A signal to end came first, and the work was abandoned.
    pub async fn unless_ended<T>(&mut self, work: impl Future<Output = T>) -> Result<T, AtOnce> {
        tokio::select! {
            done = work => Ok(done),
            signal = self.end() => Err(AtOnce(signal)),
        }
    }

    /// Ignores a closed terminal from now on, because the program is ending already.
    pub fn ignore_closed_terminal(&mut self) {
        self.closed_terminal = ClosedTerminal::IsIgnored;
    }

    /// Waits for a signal to end, which may have come already.
    pub async fn end(&mut self) -> EndSignal {
        loop {
            let ignored = tokio::select! {
                _ = self.interrupt.recv() => return EndSignal::Interrupt,
                _ = self.terminate.recv() => return EndSignal::Terminate,
                _ = self.hang_up.recv() => match self.closed_terminal {
                    ClosedTerminal::Ends => return EndSignal::HangUp,
                    ClosedTerminal::IsIgnored => "SIGHUP",
                },
                _ = self.user_1.recv() => "SIGUSR1",
                _ = self.user_2.recv() => "SIGUSR2",
            };
            tracing::info!(
                signal = ignored,
                "ignored: there are no files to reopen and no settings to reload"
            );
        }
    }
}

const SIGHUP: u32 = 1;

/// Whether the program was started with this signal ignored, as `nohup` does. False if that cannot be determined.
fn is_ignored(signal: u32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    mask_contains(&status, "SigIgn:", signal)
}

/// Whether a signal mask in `/proc/PID/status` contains this signal.
fn mask_contains(status: &str, mask: &str, signal: u32) -> bool {
    let line = status.lines().find_map(|line| line.strip_prefix(mask));
    let mask = line.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
    mask.is_some_and(|mask| (mask >> (signal - 1)) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nohup_ignored_is_read_from_the_status_of_the_process() {
        let status = "Name:\tgatebook\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\nSigCgt:\t0\n";
        assert!(mask_contains(status, "SigIgn:", SIGHUP));
        assert!(mask_contains(status, "SigIgn:", 13));
        assert!(!mask_contains(status, "SigIgn:", 2));
        assert!(!mask_contains("", "SigIgn:", SIGHUP));
    }
}
