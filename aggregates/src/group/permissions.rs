//! R2: what Practice Admins grant to the users of their group, and withdraw.

use std::collections::BTreeSet;

use super::{Customer, GroupEvent as Event, GroupPrincipal, Membership, Permission};
use crate::identifiers::UserId;
use crate::refusal::Refusal;

impl Customer {
    /// R1, R2: by a Practice Admin, on the plan; granting twice is once.
    pub(super) fn grant(
        &self,
        by: &GroupPrincipal,
        user_id: UserId,
        permission: Permission,
    ) -> Result<Vec<Event>, Refusal> {
        let admin = require_practice_admin(by)?;
        let user = self.user(&user_id)?;
        self.product_plan.require_integration_apps()?;
        if user.permissions.contains(&permission) || has_it_by_right(admin, &user_id) {
            return Ok(Vec::new());
        }
        Ok(vec![Event::PermissionGranted { user_id, permission }])
    }

    /// R2: by a Practice Admin, on and off the plan: what somebody may do can always be ended. Withdrawing twice is once.
    pub(super) fn withdraw(
        &self,
        by: &GroupPrincipal,
        user_id: UserId,
        permission: Permission,
    ) -> Result<Vec<Event>, Refusal> {
        require_practice_admin(by)?;
        if !self.user(&user_id)?.permissions.contains(&permission) {
            return Ok(Vec::new());
        }
        Ok(vec![Event::PermissionWithdrawn { user_id, permission }])
    }

    /// R1, R2: by a Practice Admin; all of it or nothing. What is granted needs the plan, what is withdrawn does not.
    pub(super) fn set_permissions(
        &self,
        by: &GroupPrincipal,
        user_id: &UserId,
        wanted: &BTreeSet<Permission>,
    ) -> Result<Vec<Event>, Refusal> {
        let admin = require_practice_admin(by)?;
        let held = &self.user(user_id)?.permissions;
        let mut events = Vec::new();
        if !has_it_by_right(admin, user_id) {
            let granted = wanted.difference(held).map(|permission| Event::PermissionGranted {
                user_id: user_id.clone(),
                permission: *permission,
            });
            events.extend(granted);
        }
        if !events.is_empty() {
            self.product_plan.require_integration_apps()?;
        }
        let withdrawn = held.difference(wanted).map(|permission| Event::PermissionWithdrawn {
            user_id: user_id.clone(),
            permission: *permission,
        });
        events.extend(withdrawn);
        Ok(events)
    }
}

fn require_practice_admin(by: &GroupPrincipal) -> Result<&Membership, Refusal> {
    match by {
        GroupPrincipal::Operator => Err(Refusal::PracticeAdminRequired),
        GroupPrincipal::GroupUser(membership) => membership.require_practice_admin().map(|()| membership),
    }
}

/// R2: whether this Practice Admin asks for something for themselves, which their role gives them already. It is not
/// stored as a grant, so that it ends with the role: who is made a plain user keeps what somebody else granted.
fn has_it_by_right(admin: &Membership, user_id: &UserId) -> bool {
    admin.user_id == *user_id
}
