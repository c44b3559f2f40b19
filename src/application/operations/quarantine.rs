//! `gatebook log quarantine`: an operator has an event passed over that cannot be read, so that its stream goes on.

use gatebook_aggregates::system::{NamedEvent, SystemCommand};
use gatebook_aggregates::text::Reason;
use gatebook_projections::recorded::StoredEvent;
use gatebook_projections::sql::Query;
use thiserror::Error;

use crate::application::authorization::Operator;
use crate::application::command::request::CommandRequest;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::log::hash_chain::hash_as_stored;
use crate::log::read::{SELECT_EVENTS, events};
use crate::log::readable;
use crate::store::StoreError;

/// Why an event is not quarantined.
#[derive(Debug, Error)]
pub enum QuarantineError {
    /// There is no such event.
    #[error("the log has no event at position {0}")]
    NoSuchEvent(i64),
    /// There is nothing to settle.
    #[error("the event at position {0} is readable; only unreadable events can be quarantined")]
    CanBeRead(i64),
    /// It was not carried out.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl From<StoreError> for QuarantineError {
    fn from(error: StoreError) -> Self {
        Self::Failure(error.into())
    }
}

impl Gatebook {
    /// Has an event passed over that cannot be read. It stays in the log; its stream goes on without it, on every node, as
    /// soon as this is acknowledged. Gives the event.
    ///
    /// # Errors
    /// An event that can be read, that is not there, or that has been quarantined already.
    pub async fn quarantine_event(
        &self,
        operator: Operator<'_>,
        position: i64,
        reason: Reason,
    ) -> Result<StoredEvent, QuarantineError> {
        let sql = format!("{SELECT_EVENTS} where position = $1");
        let found = events(self.database().rows(Query::new(sql, [position.into()])).await?)?;
        let event = found.into_iter().next().ok_or(QuarantineError::NoSuchEvent(position))?;
        if readable::check(&event).is_ok() {
            return Err(QuarantineError::CanBeRead(position));
        }
        let command = SystemCommand::QuarantineEvent {
            event: named(&event),
            reason,
        };
        self.run_system(CommandRequest::new(operator.caller, command)).await?;
        Ok(event)
    }
}

fn named(event: &StoredEvent) -> NamedEvent {
    NamedEvent {
        position: event.position,
        aggregate_type: event.aggregate_type.clone(),
        aggregate_id: event.aggregate_id.clone(),
        sequence: event.sequence,
        event_type: event.event_type.clone(),
        event_version: event.event_version.clone(),
        hash: hash_as_stored(event),
    }
}
