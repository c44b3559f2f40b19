//! A user of a group, as a request was authenticated with them.

use std::sync::Arc;

use gatebook_aggregates::group::{GroupUser, Membership};
use gatebook_aggregates::identifiers::{GroupId, UserId};
use gatebook_projections::groups::GroupRow;

/// A user of a group, with the group as it was when the request was authenticated.
#[derive(Clone, Debug)]
pub struct Member {
    group: Arc<GroupRow>,
    user_id: UserId,
    user: GroupUser,
}

impl Member {
    /// The user with this id; none if the group has no such user.
    pub(super) fn of(group: impl Into<Arc<GroupRow>>, user_id: UserId) -> Option<Self> {
        let group = group.into();
        let user = group.user(&user_id)?.clone();
        Some(Self { group, user_id, user })
    }

    pub fn group(&self) -> &Arc<GroupRow> {
        &self.group
    }

    pub fn group_id(&self) -> &GroupId {
        &self.group.group_id
    }

    pub fn user_id(&self) -> &UserId {
        &self.user_id
    }

    pub fn user(&self) -> &GroupUser {
        &self.user
    }

    /// What their credentials are stored under.
    pub(super) fn account(&self) -> String {
        owner(self.group_id(), &self.user_id)
    }

    /// R2, R3: role and permissions.
    pub fn membership(&self) -> Membership {
        self.user.membership(self.group_id().clone(), self.user_id.clone())
    }
}

/// Who owns the credentials of a group user.
pub(super) fn owner(group_id: &GroupId, user_id: &UserId) -> String {
    format!("{group_id}/{user_id}")
}

/// The group user who owns credentials; none when somebody else does.
pub(super) fn read_owner(owner: &str) -> Option<(GroupId, UserId)> {
    let (group_id, user_id) = owner.split_once('/')?;
    Some((GroupId::parse(group_id).ok()?, UserId::parse(user_id).ok()?))
}
