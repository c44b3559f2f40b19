//! What operators ask of the installation.

use uuid::Uuid;

use crate::integration_app::LogFormat;
use crate::timestamp::Timestamp;
use crate::words::Label;

/// What an operator asks for. Who that is travels beside the event, as with every event.
#[derive(Clone, Debug)]
#[expect(
    missing_docs,
    reason = "the fields of a command say what they are; the commands are documented"
)]
pub enum SystemCommand {
    /// End every access token that was issued before a moment, which must not be in the future.
    EndTokens { issued_before: Timestamp, now: Timestamp },
    /// Take note that a token for the operators' API is made.
    CreateOperatorToken {
        token_id: Uuid,
        name: Label,
        expires_at: Timestamp,
    },
    /// Take note that a token for the operators' API is ended.
    EndOperatorToken { token_id: Uuid, name: Label },
    /// Take note that a gateway's credentials are made.
    CreateResourceServer { client_id: String, name: Label },
    /// Take note that a gateway's credentials are ended.
    EndResourceServer { client_id: String, name: Label },
    /// R28: take note that the installation's log is downloaded.
    RecordLogDownload {
        format: LogFormat,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    },
}
