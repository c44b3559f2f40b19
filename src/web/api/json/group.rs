//! A group, its entities and its users.

use gatebook_aggregates::group::{GroupUser, UserToken};
use gatebook_aggregates::identifiers::{ApiTokenId, EntityId, UserId};
use gatebook_aggregates::text::Label;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::groups::GroupRow;
use serde::Serialize;
use utoipa::ToSchema;

/// An id and a name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Named {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
}

/// A group.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Group)]
pub struct GroupJson {
    /// The id.
    id: String,
    /// The name.
    name: String,
    /// The product plan. Integration Applications are only available on `AIQ3`.
    product_plan: String,
    /// The version, which grows with every change.
    version: i64,
}

/// A group with its entities and users.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GroupDetails {
    #[serde(flatten)]
    group: GroupJson,
    /// The group's entities.
    entities: Vec<Named>,
    /// The group's users.
    users: Vec<UserDetails>,
}

/// A user of a group.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct User {
    /// The user's id.
    id: String,
    /// The user's e-mail address.
    email: String,
    /// The user's name.
    name: String,
    /// `practice_admin` or `user`.
    role: &'static str,
    /// The permissions that were granted: `manage_integration_applications`, `view_activity_logs`.
    permissions: Vec<&'static str>,
}

/// A user of a group with their tokens.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UserDetails {
    #[serde(flatten)]
    user: User,
    /// The user's tokens, without the secrets.
    tokens: Vec<NamedToken>,
}

/// A token, without the token itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NamedToken {
    /// The id.
    id: String,
    /// The name.
    name: String,
    /// When it expires or has expired.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl Named {
    /// From plain texts.
    pub fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
        }
    }

    /// From an entity.
    pub fn entity((id, name): (&EntityId, &Label)) -> Self {
        Self {
            id: id.to_string(),
            name: name.as_str().to_owned(),
        }
    }

    /// From all entities of a group.
    pub fn entities(group: &GroupRow) -> Vec<Self> {
        group.customer.entities.iter().map(Self::entity).collect()
    }

    /// From a group.
    pub fn group(group: &GroupRow) -> Self {
        Self {
            id: group.group_id.to_string(),
            name: group.customer.name.as_str().to_owned(),
        }
    }
}

impl From<&GroupRow> for GroupJson {
    fn from(group: &GroupRow) -> Self {
        Self {
            id: group.group_id.to_string(),
            name: group.customer.name.as_str().to_owned(),
            product_plan: group.customer.product_plan.as_str().to_owned(),
            version: group.version,
        }
    }
}

impl From<&GroupRow> for GroupDetails {
    fn from(group: &GroupRow) -> Self {
        Self {
            group: GroupJson::from(group),
            entities: Named::entities(group),
            users: group.customer.users.iter().map(UserDetails::from).collect(),
        }
    }
}

impl From<(&UserId, &GroupUser)> for User {
    fn from((id, user): (&UserId, &GroupUser)) -> Self {
        Self {
            id: id.to_string(),
            email: user.email.to_string(),
            name: user.name.as_str().to_owned(),
            role: user.role.into(),
            permissions: user.permissions.iter().map(|permission| (*permission).into()).collect(),
        }
    }
}

impl From<(&UserId, &GroupUser)> for UserDetails {
    fn from((id, user): (&UserId, &GroupUser)) -> Self {
        let token = |(id, token): (&ApiTokenId, &UserToken)| NamedToken {
            id: id.to_string(),
            name: token.name.as_str().to_owned(),
            expires_at: token.expires_at,
        };
        Self {
            user: User::from((id, user)),
            tokens: user.tokens.iter().map(token).collect(),
        }
    }
}
