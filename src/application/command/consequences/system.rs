//! What goes with the events of the installation.

use gatebook_aggregates::system::{System, SystemEvent as Event};

use crate::application::command::consequences::Consequences;

use super::remove;

use super::remove_owned;

use super::store;
use crate::application::command::request::Drawn;
use crate::application::gatebook::Gatebook;
use crate::log::{CommandError, SideEffects};
use crate::secrets::CredentialKind;

/// What the consequences of the installation's events depend on.
pub(in crate::application) struct SystemContext<'a> {
    pub(in crate::application) drawn: Drawn<'a>,
}

impl Consequences for System {
    type Context<'a> = SystemContext<'a>;

    fn consequences(
        _: &Gatebook,
        event: &Event,
        context: &SystemContext<'_>,
        effects: &mut SideEffects,
    ) -> Result<(), CommandError> {
        match event {
            Event::OperatorTokenCreated { .. } | Event::ResourceServerCreated { .. } => store(context.drawn, effects),
            // The sessions that were begun with the token end with it.
            Event::OperatorTokenEnded { token_id, .. } => {
                remove(CredentialKind::OperatorToken, token_id, effects);
                remove_owned(&[CredentialKind::OperatorSession], &token_id.to_string(), effects);
            }
            Event::ResourceServerEnded { client_id, .. } => remove(CredentialKind::ResourceServer, client_id, effects),
            Event::EventQuarantined { position, .. } => {
                effects.settled_events.insert(*position);
            }
            Event::TokensEnded { .. } | Event::SystemLogDownloaded { .. } => {}
        }
        Ok(())
    }
}
