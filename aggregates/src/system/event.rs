//! The events of the installation. Their JSON is kept for ever: never rename, only add.

use crate::identifiers::ApiTokenId;
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumString, IntoStaticStr, VariantNames};

use crate::log_format::LogFormat;
use crate::text::{Label, Reason};
use crate::timestamp::Timestamp;

/// One event, one business reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames, EnumDiscriminants)]
#[strum_discriminants(name(SystemEventType), derive(EnumString), doc = "The names of the events.")]
#[serde(deny_unknown_fields)]
pub enum SystemEvent {
    /// Every access token that was issued before this moment ended, of whichever application.
    TokensEnded { issued_before: Timestamp },
    /// A token for the operators' API was made and shown once.
    OperatorTokenCreated {
        token_id: ApiTokenId,
        name: Label,
        expires_at: Timestamp,
    },
    /// A token for the operators' API was ended, with every session that was begun with it.
    OperatorTokenEnded { token_id: ApiTokenId, name: Label },
    /// A gateway's credentials were made and shown once.
    ResourceServerCreated { client_id: String, name: Label },
    /// A gateway's credentials were ended.
    ResourceServerEnded { client_id: String, name: Label },
    /// An event that could not be read was named by an operator, and is passed over from then on. It stays in the log.
    EventQuarantined {
        position: i64,
        aggregate_type: String,
        aggregate_id: String,
        sequence: i64,
        event_type: String,
        event_version: String,
        hash: String,
        reason: Reason,
    },
    /// R28: an operator downloaded this log.
    SystemLogDownloaded {
        format: LogFormat,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    },
}

/// What an event is about. Readers ask this first, and pass over what does not concern them.
#[derive(Clone, Copy, Debug)]
pub enum SystemSubject {
    /// Access tokens that were issued before this moment have ended.
    Tokens { ended_before: Timestamp },
    /// The event at this position is passed over.
    Quarantine { position: i64 },
    /// Credentials of operators and gateways; they are kept beside the log.
    Credentials,
    /// R28: the log was downloaded.
    Download,
}

impl SystemEvent {
    /// What it is about.
    pub fn subject(&self) -> SystemSubject {
        match self {
            Self::TokensEnded { issued_before } => SystemSubject::Tokens {
                ended_before: *issued_before,
            },
            Self::EventQuarantined { position, .. } => SystemSubject::Quarantine { position: *position },
            Self::OperatorTokenCreated { .. }
            | Self::OperatorTokenEnded { .. }
            | Self::ResourceServerCreated { .. }
            | Self::ResourceServerEnded { .. } => SystemSubject::Credentials,
            Self::SystemLogDownloaded { .. } => SystemSubject::Download,
        }
    }
}

impl DomainEvent for SystemEvent {
    fn event_type(&self) -> String {
        <&str>::from(self).to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
