//! What concerns the installation as a whole, and no single customer or developer. There is one stream of it,
//! [`SYSTEM_ID`]; only operators act on it.
//!
//! To add something: an event in `event.rs`, its command in `command.rs`, the decision here, and a column of the
//! projection `system` if a request is decided by it.

mod command;
mod event;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

pub use command::{NamedEvent, SystemCommand};
pub use event::{SystemEvent, SystemEventType, SystemSubject};

use crate::refusal::Refusal;
use crate::text::Reason;
use crate::timestamp::Timestamp;

/// The id of the one stream.
pub const SYSTEM_ID: &str = "system";

/// What holds for the whole installation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct System {
    /// Access tokens that were issued before this moment have ended.
    pub tokens_ended_before: Option<Timestamp>,
    /// The positions of events that are passed over because nobody could read them.
    pub quarantined: BTreeSet<i64>,
}

impl System {
    /// What follows from a command: events, or a refusal. Pure.
    pub fn decide(&self, command: SystemCommand) -> Result<Vec<SystemEvent>, Refusal> {
        match command {
            SystemCommand::EndTokens { issued_before, now } => self.end_tokens(issued_before, now),
            SystemCommand::CreateOperatorToken {
                token_id,
                name,
                expires_at,
            } => Ok(vec![SystemEvent::OperatorTokenCreated {
                token_id,
                name,
                expires_at,
            }]),
            SystemCommand::EndOperatorToken { token_id, name } => {
                Ok(vec![SystemEvent::OperatorTokenEnded { token_id, name }])
            }
            SystemCommand::CreateResourceServer { client_id, name } => {
                Ok(vec![SystemEvent::ResourceServerCreated { client_id, name }])
            }
            SystemCommand::EndResourceServer { client_id, name } => {
                Ok(vec![SystemEvent::ResourceServerEnded { client_id, name }])
            }
            SystemCommand::QuarantineEvent { event, reason } => self.quarantine(event, reason),
            SystemCommand::RecordLogDownload { format, from, to } => {
                Ok(vec![SystemEvent::SystemLogDownloaded { format, from, to }])
            }
        }
    }

    fn quarantine(&self, event: NamedEvent, reason: Reason) -> Result<Vec<SystemEvent>, Refusal> {
        let NamedEvent {
            position,
            aggregate_type,
            aggregate_id,
            sequence,
            event_type,
            event_version,
            hash,
        } = event;
        if self.quarantined.contains(&position) {
            let message = format!("The event at position {position} has already been quarantined.");
            return Err(Refusal::field("position", "already_quarantined", message));
        }
        Ok(vec![SystemEvent::EventQuarantined {
            position,
            aggregate_type,
            aggregate_id,
            sequence,
            event_type,
            event_version,
            hash,
            reason,
        }])
    }

    /// Ended tokens stay ended, so an earlier moment than the one that holds changes nothing.
    ///
    /// A token names the whole second in which it was issued, and one that was issued after others ended the next whole
    /// second after that moment, so that it is not taken for one of them (see [`issued_at`]). To end such a token within
    /// that second, the moment has to lie behind it.
    fn end_tokens(&self, issued_before: Timestamp, now: Timestamp) -> Result<Vec<SystemEvent>, Refusal> {
        if issued_before > now {
            let message = format!("The time must not be in the future; it is now {now}.");
            return Err(Refusal::field("issued_before", "invalid_issued_before", message));
        }
        let issued_since = self.tokens_ended_before.map(Timestamp::whole_second_up);
        // Whoever asks for all until now, in the second in which others ended, means those that were issued since, too.
        let is_past = issued_before < now.whole_second_down();
        let is_over = is_past || issued_since.is_some_and(|earliest| now >= earliest);
        if is_over && self.tokens_ended_before.is_some_and(|ended| issued_before <= ended) {
            return Ok(Vec::new());
        }
        let issued_before = match issued_since {
            Some(earliest) if issued_before <= earliest => earliest.plus(TimeDelta::milliseconds(1)),
            _ => issued_before,
        };
        Ok(vec![SystemEvent::TokensEnded { issued_before }])
    }
}

/// The time of issue that a token carries which is issued now. Tokens carry whole seconds: within the second in which
/// all earlier ones ended, and on a node whose clock is behind, that is the first second after their end.
pub fn issued_at(now: Timestamp, tokens_ended_before: Option<Timestamp>) -> Timestamp {
    let second = now.whole_second_down();
    match tokens_ended_before {
        Some(ended) if second < ended => ended.whole_second_up(),
        _ => second,
    }
}

impl Aggregate for System {
    const TYPE: &'static str = "System";
    type Command = SystemCommand;
    type Event = SystemEvent;
    type Error = Refusal;
    type Services = ();

    async fn handle(&mut self, command: Self::Command, (): &(), sink: &EventSink<Self>) -> Result<(), Refusal> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: SystemEvent) {
        match event.subject() {
            SystemSubject::Tokens { ended_before } => self.tokens_ended_before = Some(ended_before),
            SystemSubject::Quarantine { position } => drop(self.quarantined.insert(position)),
            SystemSubject::Credentials | SystemSubject::Download => {}
        }
    }
}
