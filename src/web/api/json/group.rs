//! A group, its entities and its users.

use gatebook_aggregates::group::{GroupUser, UserToken};
use gatebook_aggregates::identifiers::{EntityId, UserId};
use gatebook_aggregates::text::Label;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::groups::GroupRow;
use serde::Serialize;
use utoipa::ToSchema;

/// Something with an id and a name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Named {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A group.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Group)]
pub struct GroupJson {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// Its product plan. Integration Applications exist on `AIQ3` only.
    product_plan: String,
    /// How often it has changed.
    version: i64,
}

/// A group with all that belongs to it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GroupDetails {
    #[serde(flatten)]
    group: GroupJson,
    /// Its entities.
    entities: Vec<Named>,
    /// Its users.
    users: Vec<UserDetails>,
}

/// A user of a group.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct User {
    /// Their id.
    id: String,
    /// Their address.
    email: String,
    /// Their name.
    name: String,
    /// `practice_admin` or `user`.
    role: &'static str,
    /// What was granted to them: `manage_integration_applications`, `view_activity_logs`.
    permissions: Vec<&'static str>,
}

/// A user of a group with their tokens.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UserDetails {
    #[serde(flatten)]
    user: User,
    /// Their tokens, without the secrets.
    tokens: Vec<NamedToken>,
}

/// A token without the token.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NamedToken {
    /// Its id.
    id: String,
    /// The name it was given.
    name: String,
    /// When it ends by itself, or has ended.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    expires_at: Option<Timestamp>,
}

impl Named {
    /// A thing with an id and a name.
    pub fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
        }
    }

    /// An entity.
    pub fn entity((id, name): (&EntityId, &Label)) -> Self {
        Self {
            id: id.to_string(),
            name: name.as_str().to_owned(),
        }
    }

    /// The entities of a group.
    pub fn entities(group: &GroupRow) -> Vec<Self> {
        group.customer.entities.iter().map(Self::entity).collect()
    }

    /// A group.
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
        let token = |(id, token): (&uuid::Uuid, &UserToken)| NamedToken {
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
