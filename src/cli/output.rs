//! Standard output: what a command was asked for. Its reader may have had enough before the command has said everything
//! (`| head`). That is nobody's fault: the rest goes nowhere, quietly, and the work is done to its end.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use super::CliError;

/// What shells show for a program that SIGPIPE ended: whoever insists on the whole output (`set -o pipefail`) learns that
/// it was cut short.
const CUT_SHORT: u8 = 141;

static READER_IS_GONE: AtomicBool = AtomicBool::new(false);

/// Prints a line.
///
/// # Errors
/// When it cannot be written, for example to a full disk; not when its reader is gone.
pub fn line(text: impl Display) -> Result<(), CliError> {
    bytes(format!("{text}\n").as_bytes())
}

/// Prints bytes as they are. Once [`reader_is_gone`], they go nowhere.
///
/// # Errors
/// See [`line()`].
pub fn bytes(bytes: &[u8]) -> Result<(), CliError> {
    written(bytes).map_err(CliError::io("writing to standard output"))
}

/// Standard output as a writer that goes on quietly once [`reader_is_gone`].
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

/// Prints what is of use to people, and of no importance to the command.
pub fn hint(text: impl Display) {
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_all(format!("{text}\n").as_bytes()).and_then(|()| out.flush()) {
        tracing::debug!(%error, "cannot write to standard output");
    }
}

/// Whether nobody reads standard output any more.
pub fn reader_is_gone() -> bool {
    READER_IS_GONE.load(Ordering::Relaxed)
}

/// The exit code of a command that did its work: another one when its output was cut short.
pub fn exit_code(code: ExitCode) -> ExitCode {
    if reader_is_gone() && code == ExitCode::SUCCESS {
        return ExitCode::from(CUT_SHORT);
    }
    code
}
