//! What operators ask of the installation.

use crate::integration_app::LogFormat;
use crate::timestamp::Timestamp;

/// What an operator asks for. Who that is travels beside the event, as with every event.
#[derive(Clone, Debug)]
#[expect(
    missing_docs,
    reason = "the fields of a command say what they are; the commands are documented"
)]
pub enum SystemCommand {
    /// End every access token that was issued before a moment, which must not be in the future.
    EndTokens { issued_before: Timestamp, now: Timestamp },
    /// R28: take note that the installation's log is downloaded.
    RecordLogDownload {
        format: LogFormat,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    },
}
