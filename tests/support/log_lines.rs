//! What this process logs at the level of errors. A subscriber for one test would miss what other threads do, and tests on
//! other threads would decide what it hears; so there is one for all tests, and a test looks for its own request's lines.

use std::io::Write;
use std::sync::{LazyLock, Mutex};

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

static CAPTURED: LazyLock<()> = LazyLock::new(|| {
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::ERROR)
        .with_writer(|| Lines)
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    // What was about to be logged for the first time in this very moment may have found nobody who listens.
    tracing::callsite::rebuild_interest_cache();
});

struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// From now on errors are captured.
pub fn capture() {
    LazyLock::force(&CAPTURED);
}

/// The captured lines that hold a text, such as a request's id.
pub fn with(text: &str) -> Vec<String> {
    let lines = LINES.lock().unwrap();
    let lines = String::from_utf8_lossy(&lines);
    lines
        .lines()
        .filter(|line| line.contains(text))
        .map(str::to_owned)
        .collect()
}
