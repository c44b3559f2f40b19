//! The events of the installation. Their JSON is kept for ever: never rename, only add.

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

use crate::integration_app::LogFormat;
use crate::timestamp::Timestamp;

/// One event, one business reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the fields of an event say what they are; the events are documented"
)]
pub enum SystemEvent {
    /// Every access token that was issued before this moment ended, of whichever application.
    TokensEnded { issued_before: Timestamp },
    /// R28: an operator downloaded this log.
    SystemLogDownloaded {
        format: LogFormat,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    },
}

impl DomainEvent for SystemEvent {
    fn event_type(&self) -> String {
        <&str>::from(self).to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
