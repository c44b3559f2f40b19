//! What operators do with groups, and what Practice Admins do with permissions.

use std::collections::BTreeSet;

use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::group::{Group, GroupCommand, GroupEvent, Permission, ProductPlan, Role};
use gatebook_aggregates::identifiers::{ApiTokenId, EntityId, GroupId, UserId};
use gatebook_aggregates::refusal::{FieldProblem, Refusal};
use gatebook_aggregates::text::Label;
use gatebook_projections::groups::{GroupRow, Groups};

use crate::application::authorization::{Operator, PracticeAdmin};
use crate::application::caller::Caller;
use crate::application::command::request::CommandRequest;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::member::owner;
use crate::log::append::{Credential, CredentialChange};
use crate::log::{CommandError, Committed, VersionCondition};
use crate::secrets::{CredentialKind, Password};

/// Whether a PUT made something new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutOutcome {
    /// It did.
    Created,
    /// It was there.
    Updated,
}

/// What somebody who describes a group has seen of it before.
#[derive(Clone, Debug)]
pub enum GroupPrecondition {
    /// They do not say; it may be there or not.
    Unsaid,
    /// It is not there yet.
    Nothing,
    /// This name, and this plan.
    As {
        /// The name.
        name: String,
        /// The plan.
        product_plan: String,
    },
}

impl Gatebook {
    /// Registers a group, or brings its name and plan up to date.
    pub async fn put_group(
        &self,
        operator: Operator<'_>,
        group_id: &GroupId,
        name: Label,
        product_plan: ProductPlan,
    ) -> Result<(GroupRow, PutOutcome), Failure> {
        self.put_group_if(operator, group_id, &GroupPrecondition::Unsaid, name, product_plan)
            .await
    }

    /// The same, if the group is still what the caller has seen. If it is already what they want, that is as well.
    ///
    /// # Errors
    /// `VersionMismatch` when it is another by now; `taken` when it was not to be there.
    pub async fn put_group_if(
        &self,
        operator: Operator<'_>,
        group_id: &GroupId,
        seen: &GroupPrecondition,
        name: Label,
        product_plan: ProductPlan,
    ) -> Result<(GroupRow, PutOutcome), Failure> {
        let (seen, if_match) = (seen.clone(), operator.caller.conditions.if_match.clone());
        let describe = GroupCommand::Describe {
            name: name.clone(),
            product_plan: product_plan.clone(),
        };
        let command = move |group: Option<&GroupRow>| {
            if group.is_none() && if_match != VersionCondition::Any {
                return Err(CommandError::VersionMismatch { current: 0 }.into());
            }
            described(group, &seen, &name, &product_plan)
        };
        let request = CommandRequest::new(operator.caller, describe);
        let done = self.stop_in_group(group_id, request, command).await?;
        let created = matches!(done.events.first(), Some(GroupEvent::GroupRegistered { .. }));
        Ok((row(&done)?, outcome(created)))
    }

    /// Adds or renames an entity.
    pub async fn put_entity(
        &self,
        operator: Operator<'_>,
        group_id: &GroupId,
        entity_id: EntityId,
        name: Label,
    ) -> Result<(GroupRow, PutOutcome), Failure> {
        let done = self
            .run_group(
                group_id,
                CommandRequest::new(operator.caller, GroupCommand::PutEntity { entity_id, name }),
            )
            .await?;
        let created = matches!(done.events.first(), Some(GroupEvent::EntityAdded { .. }));
        Ok((row(&done)?, outcome(created)))
    }

    /// R25: takes an entity out of the group, with immediate effect.
    pub async fn remove_entity(
        &self,
        operator: Operator<'_>,
        group_id: &GroupId,
        entity_id: EntityId,
    ) -> Result<(), Failure> {
        let command = GroupCommand::RemoveEntity { entity_id };
        self.run_group(group_id, CommandRequest::new(operator.caller, command))
            .await
            .map(|_| ())
    }

    /// Adds a user, or brings their data up to date.
    pub async fn put_user(
        &self,
        operator: Operator<'_>,
        group_id: &GroupId,
        user_id: UserId,
        email: EmailAddress,
        name: Label,
        role: Role,
    ) -> Result<(GroupRow, PutOutcome), Failure> {
        // As the command will read it: the row in the tables is as long as the group is large.
        let stream = self.log.load_latest::<Group>(group_id.as_str()).await?;
        let group = stream.row::<Groups>();
        let is_there = group.is_some_and(|group| group.user(&user_id).is_some());
        let command = GroupCommand::PutUser {
            user_id,
            email,
            name,
            role,
        };
        let request = CommandRequest::new(operator.caller, command.clone());
        let done = match is_there {
            // R27: it may take a role away, or an address that a link to a password was sent to.
            true => {
                self.stop_in_group(group_id, request, move |_| Ok(command.clone()))
                    .await?
            }
            false => self.run_group(group_id, request).await?,
        };
        let created = matches!(done.events.first(), Some(GroupEvent::UserAdded { .. }));
        Ok((row(&done)?, outcome(created)))
    }

    /// Takes a user out of the group, with everything that they could come in with.
    pub async fn remove_user(
        &self,
        operator: Operator<'_>,
        group_id: &GroupId,
        user_id: UserId,
    ) -> Result<(), Failure> {
        let command = GroupCommand::RemoveUser { user_id };
        self.run_group(group_id, CommandRequest::new(operator.caller, command))
            .await
            .map(|_| ())
    }

    /// Ends a token for the admins' API; by an operator, or by the user whose token it is.
    pub async fn revoke_user_token(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        user_id: UserId,
        token_id: ApiTokenId,
    ) -> Result<(), Failure> {
        let command = GroupCommand::RevokeUserToken { user_id, token_id };
        self.run_group(group_id, CommandRequest::new(caller, command))
            .await
            .map(|_| ())
    }

    /// Gives a user of sample data a password: in the demo and in tests, where nobody opens a mail. Writes no event and
    /// ends no session; people choose their passwords with a link, by [`Gatebook::choose_password`].
    pub async fn set_sample_password(
        &self,
        group_id: &GroupId,
        user_id: &UserId,
        password: &Password,
    ) -> Result<(), Failure> {
        let owner = owner(group_id, user_id);
        let credential = Credential {
            kind: CredentialKind::UserPassword,
            id: owner.clone(),
            owner,
            name: String::new(),
            digest: self.passwords.hash(password, &self.randomness).await?,
            expires_at: None,
        };
        self.save_credentials(vec![CredentialChange::Put(credential)]).await
    }

    /// R2: grants or withdraws a permission.
    pub async fn set_permission(
        &self,
        admin: PracticeAdmin<'_>,
        user_id: UserId,
        permission: Permission,
        granted: bool,
    ) -> Result<GroupRow, Failure> {
        let command = match granted {
            true => GroupCommand::Grant { user_id, permission },
            false => GroupCommand::Withdraw { user_id, permission },
        };
        let request = CommandRequest::new(admin.caller, command);
        row(&self.run_group(admin.member.group_id(), request).await?)
    }

    /// R2: gives a user these permissions and no others, if they still have those that were seen. All of
    /// it happens, or nothing.
    ///
    /// # Errors
    /// `VersionMismatch` when the permissions are others by now.
    pub async fn set_permissions(
        &self,
        admin: PracticeAdmin<'_>,
        user_id: &UserId,
        seen: &BTreeSet<Permission>,
        permissions: &BTreeSet<Permission>,
    ) -> Result<GroupRow, Failure> {
        let command = GroupCommand::SetPermissions {
            user_id: user_id.clone(),
            permissions: permissions.clone(),
        };
        let request = CommandRequest::new(admin.caller, command.clone());
        let (user_id, seen) = (user_id.clone(), seen.clone());
        let command = move |group: Option<&GroupRow>| {
            let group = group.ok_or(Failure::Unauthenticated)?;
            let user = group.user(&user_id).ok_or(Refusal::NotFound)?;
            match user.permissions == seen {
                true => Ok(command.clone()),
                false => Err(CommandError::VersionMismatch { current: group.version }.into()),
            }
        };
        // It may withdraw some.
        row(&self.stop_in_group(admin.member.group_id(), request, command).await?)
    }
}

/// How a group is to be described by somebody who has seen it so.
///
/// A plan that is taken away is taken away whatever has happened since (R27): a name that somebody else has changed
/// meanwhile stays as they left it.
fn described(
    group: Option<&GroupRow>,
    seen: &GroupPrecondition,
    name: &Label,
    product_plan: &ProductPlan,
) -> Result<GroupCommand, Failure> {
    let describe = |name: &Label| GroupCommand::Describe {
        name: name.clone(),
        product_plan: product_plan.clone(),
    };
    if let (Some(group), GroupPrecondition::As { name: shown, .. }) = (group, seen) {
        let customer = &group.customer;
        if customer.product_plan.has_integration_apps() && !product_plan.has_integration_apps() {
            return Ok(describe(if name.as_str() == shown { &customer.name } else { name }));
        }
    }
    still_seen(group, seen, name, product_plan)?;
    Ok(describe(name))
}

/// Whether a group may be described so by somebody who has seen it so.
fn still_seen(
    group: Option<&GroupRow>,
    seen: &GroupPrecondition,
    name: &Label,
    product_plan: &ProductPlan,
) -> Result<(), Failure> {
    let Some(group) = group else { return Ok(()) };
    let is_already = group.customer.name == *name && group.customer.product_plan == *product_plan;
    match seen {
        GroupPrecondition::Unsaid => Ok(()),
        _ if is_already => Ok(()),
        GroupPrecondition::Nothing => {
            Err(FieldProblem::new("group_id", "taken", "A group with this id already exists.").into())
        }
        GroupPrecondition::As { name, product_plan } => {
            let customer = &group.customer;
            if customer.name.as_str() == name && customer.product_plan.as_str() == product_plan {
                return Ok(());
            }
            let current = group.version;
            Err(CommandError::VersionMismatch { current }.into())
        }
    }
}

fn row(done: &Committed<Group>) -> Result<GroupRow, Failure> {
    done.row::<Groups>().ok_or_else(|| Refusal::NotFound.into())
}

fn outcome(created: bool) -> PutOutcome {
    if created {
        PutOutcome::Created
    } else {
        PutOutcome::Updated
    }
}
