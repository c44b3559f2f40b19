//! What operators ask of the installation.

use crate::identifiers::ApiTokenId;
use strum::AsRefStr;

use crate::log_format::LogFormat;
use crate::text::{Label, Reason};
use crate::timestamp::Timestamp;

/// What an operator asks for. Who that is travels beside the event, as with every event.
#[derive(Clone, Debug, AsRefStr)]
pub enum SystemCommand {
    /// End every access token that was issued before a moment, which must not be in the future.
    EndTokens { issued_before: Timestamp, now: Timestamp },
    /// Take note that a token for the operators' API is made.
    CreateOperatorToken {
        token_id: ApiTokenId,
        name: Label,
        expires_at: Timestamp,
    },
    /// Take note that a token for the operators' API is ended.
    EndOperatorToken { token_id: ApiTokenId, name: Label },
    /// Take note that a gateway's credentials are made.
    CreateResourceServer { client_id: String, name: Label },
    /// Take note that a gateway's credentials are ended.
    EndResourceServer { client_id: String, name: Label },
    /// Pass over an event that cannot be read.
    QuarantineEvent { event: NamedEvent, reason: Reason },
    /// R28: take note that the installation's log is downloaded.
    RecordLogDownload {
        format: LogFormat,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    },
}

impl SystemCommand {
    /// R27: whether it stops something. Nobody can be in the way of that.
    pub fn stops(&self) -> bool {
        match self {
            Self::EndTokens { .. } | Self::EndOperatorToken { .. } | Self::EndResourceServer { .. } => true,
            Self::CreateOperatorToken { .. }
            | Self::CreateResourceServer { .. }
            | Self::QuarantineEvent { .. }
            | Self::RecordLogDownload { .. } => false,
        }
    }
}

/// An event of the log, named in such a way that no other can be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedEvent {
    /// Its place in the whole log.
    pub position: i64,
    /// The kind of its stream.
    pub aggregate_type: String,
    /// Its stream.
    pub aggregate_id: String,
    /// Its place in its stream.
    pub sequence: i64,
    /// Its name.
    pub event_type: String,
    /// The version of its JSON.
    pub event_version: String,
    /// Its hash, as it is stored.
    pub hash: String,
}
