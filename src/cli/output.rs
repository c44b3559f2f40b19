//! Standard output: the results of a command. Its reader may stop early (`| head`). That is not an error: further
//! output is dropped silently, and the command finishes its work.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use super::CliError;

/// The exit code that shells show after SIGPIPE. Scripts that need the whole output (`set -o pipefail`) notice that it
/// was cut short.
const CUT_SHORT: u8 = 141;

static READER_IS_GONE: AtomicBool = AtomicBool::new(false);

/// Prints a line.
///
/// # Errors
/// It cannot be written, for example to a full disk. A missing reader is not an error.
pub fn line(text: impl Display) -> Result<(), CliError> {
    bytes(format!("{text}\n").as_bytes())
}

/// Prints bytes unchanged. Drops them once [`reader_is_gone`].
///
/// # Errors
/// See [`line()`].
pub fn bytes(bytes: &[u8]) -> Result<(), CliError> {
    written(bytes).map_err(CliError::io("writing to standard output"))
}

/// Standard output as a writer. Drops its input once [`reader_is_gone`].
pub struct Output;

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        written(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn written(bytes: &[u8]) -> io::Result<()> {
    if reader_is_gone() {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {
            READER_IS_GONE.store(true, Ordering::Relaxed);
            Ok(())
        }
        written => written,
    }
}

/// Prints a hint for people. A failure does not matter to the command.
pub fn hint(text: impl Display) {
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_all(format!("{text}\n").as_bytes()).and_then(|()| out.flush()) {
        tracing::debug!(%error, "cannot write to standard output");
    }
}

/// Whether the reader of standard output has closed it.
pub fn reader_is_gone() -> bool {
    READER_IS_GONE.load(Ordering::Relaxed)
}

/// The exit code of a successful command, changed if its output was cut short.
pub fn exit_code(code: ExitCode) -> ExitCode {
    if reader_is_gone() && code == ExitCode::SUCCESS {
        return ExitCode::from(CUT_SHORT);
    }
    code
}
