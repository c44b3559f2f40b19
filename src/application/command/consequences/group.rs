//! What goes with the events of a group.

use gatebook_aggregates::group::{Group, GroupEvent as Event};
use gatebook_aggregates::identifiers::GroupId;

use crate::application::command::consequences::Consequences;

use super::remove;

use super::remove_owned;

use super::store;

use crate::application::command::consequences::account::password_link_subject;
use crate::application::command::request::Drawn;
use crate::application::gatebook::Gatebook;
use crate::application::member::owner;
use crate::log::{CommandError, SideEffects};
use crate::secrets::CredentialKind;

/// What the consequences of a group's events depend on.
pub(in crate::application) struct GroupContext<'a> {
    pub(in crate::application) group_id: &'a GroupId,
    pub(in crate::application) drawn: Drawn<'a>,
}

impl Consequences for Group {
    type Context<'a> = GroupContext<'a>;

    fn consequences(
        _: &Gatebook,
        event: &Event,
        context: &GroupContext<'_>,
        effects: &mut SideEffects,
    ) -> Result<(), CommandError> {
        let GroupContext { group_id, drawn } = context;
        match event {
            Event::UserTokenIssued { .. } => store(*drawn, effects),
            Event::UserTokenRevoked { token_id, .. } => remove(CredentialKind::UserToken, token_id, effects),
            // Somebody who is added later under the same id must find nothing that opens anything.
            Event::UserRemoved { user_id, .. } => {
                let owner = owner(group_id, user_id);
                effects.withdrawn_emails.push(password_link_subject(&owner));
                remove_owned(CredentialKind::OF_A_USER, &owner, effects);
            }
            // A link waits in a mailbox that is no longer theirs.
            Event::UserEmailChanged { user_id, before, after } if before != after => {
                let owner = owner(group_id, user_id);
                effects.withdrawn_emails.push(password_link_subject(&owner));
                remove_owned(&[CredentialKind::UserPasswordLink], &owner, effects);
            }
            Event::UserEmailChanged { .. }
            | Event::GroupRegistered { .. }
            | Event::GroupRenamed { .. }
            | Event::ProductPlanChanged { .. }
            | Event::EntityAdded { .. }
            | Event::EntityRenamed { .. }
            | Event::EntityRemoved { .. }
            | Event::UserAdded { .. }
            | Event::UserRenamed { .. }
            | Event::UserRoleChanged { .. }
            | Event::PermissionGranted { .. }
            | Event::PermissionWithdrawn { .. }
            | Event::AttentionMailsChosen { .. }
            | Event::GroupActivityLogDownloaded { .. } => {}
        }
        Ok(())
    }
}
