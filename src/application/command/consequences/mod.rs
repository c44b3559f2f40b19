//! What is committed together with an event: every e-mail that it calls for or makes obsolete, every reservation, every
//! credential. One exhaustive function for each kind of event answers "who sends mail" and "what ends with it"; a new
//! event does not compile until it has an answer here.

pub(in crate::application) mod account;
pub(in crate::application) mod app;
pub(in crate::application) mod emails;
pub(in crate::application) mod end_notices;
pub(in crate::application) mod group;
pub(in crate::application) mod lock_emails;
pub(in crate::application) mod system;

use cqrs_es::Aggregate;
use gatebook_aggregates::timeline_views::TimelineViews;

use crate::application::command::request::Drawn;
use crate::application::gatebook::Gatebook;
use crate::log::append::CredentialChange;
use crate::log::{CommandError, SideEffects};
use crate::secrets::CredentialKind;

/// An aggregate whose events have consequences.
pub(in crate::application) trait Consequences: Aggregate {
    /// What the consequences depend on besides the event: who acts, and on what.
    type Context<'a>: Send + Sync;

    /// Adds what goes with one event.
    ///
    /// # Errors
    /// What could not be encrypted; `Conflict` when an event was decided for which something was not prepared.
    fn consequences(
        gatebook: &Gatebook,
        event: &Self::Event,
        context: &Self::Context<'_>,
        effects: &mut SideEffects,
    ) -> Result<(), CommandError>;
}

/// Nothing goes with a view: it is an event so that it is in the log.
impl Consequences for TimelineViews {
    type Context<'a> = ();

    fn consequences(_: &Gatebook, _: &Self::Event, (): &(), _: &mut SideEffects) -> Result<(), CommandError> {
        Ok(())
    }
}

impl Gatebook {
    /// What goes with these events.
    pub(super) fn consequences_of<A: Consequences>(
        &self,
        events: &[A::Event],
        context: &A::Context<'_>,
    ) -> Result<SideEffects, CommandError> {
        let mut effects = SideEffects::default();
        for event in events {
            A::consequences(self, event, context, &mut effects)?;
        }
        Ok(effects)
    }
}

/// Stores the credential that was drawn for an event.
fn store(drawn: Drawn<'_>, effects: &mut SideEffects) {
    if let Drawn::Credential(credential) | Drawn::Link { credential, .. } = drawn {
        effects.credentials.push(CredentialChange::Put(credential.clone()));
    }
}

/// Removes a credential.
fn remove(kind: CredentialKind, id: impl ToString, effects: &mut SideEffects) {
    let id = id.to_string();
    effects.credentials.push(CredentialChange::Delete { kind, id });
}

/// Removes all credentials of these kinds that somebody has.
fn remove_owned(kinds: &[CredentialKind], owner: &str, effects: &mut SideEffects) {
    let gone = kinds.iter().map(|kind| CredentialChange::DeleteOwned {
        kind: *kind,
        owner: owner.to_owned(),
    });
    effects.credentials.extend(gone);
}
