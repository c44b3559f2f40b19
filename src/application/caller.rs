//! Who asks, and from where.

use gatebook_aggregates::group::Membership;
use gatebook_aggregates::integration_app::{App, Principal};
use gatebook_aggregates::metadata::{Actor, ActorType};
use gatebook_projections::developers::DeveloperRow;
use gatebook_projections::groups::GroupRow;

use crate::application::failure::Failure;
use crate::application::idempotency_key::IdempotencyKey;
use crate::application::member::Member;
use crate::log::{Origin, VersionCondition};
use crate::request_log::note_caller;

/// Who asks, and from where (R28).
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub who: Who,
    /// The address the request came from; empty for the command line.
    pub ip_address: String,
    /// The request's id.
    pub request_id: String,
    /// How much of the answer they want.
    pub wants: Wanted,
    /// What the request makes its effect depend on. Whoever honours none of it says so in `docs/errors.md`.
    pub conditions: Conditions,
}

/// What a request makes its effect depend on.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// The versions that it insists on (`If-Match`).
    pub if_match: VersionCondition,
    /// The key under which a repeat is answered like the first (`Idempotency-Key`).
    pub key: Option<IdempotencyKey>,
}

/// How much of an answer a request asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    #[default]
    Whole,
    /// A part of something, as programs ask that go on with a download (RFC 9110 §14).
    Part,
    /// Everything but the content: `HEAD`. It is decided like the whole, and nothing is written (RFC 9110 §9.3.2).
    HeadersOnly,
}

/// Who asks.
#[derive(Clone, Debug)]
pub enum Who {
    /// Somebody who has not said who they are.
    Nobody,
    /// A user of a group.
    GroupUser(Member),
    /// A developer with an account.
    Developer(Box<DeveloperRow>),
    /// The holder of an invitation link; the name is the invited address until there is a better one.
    Invitee {
        /// The account to be, if it is known already.
        id: String,
        /// Their name.
        name: String,
    },
    /// The team that runs Gatebook.
    Operator {
        /// The token's id; empty for the command line.
        id: String,
        /// The token's name.
        name: String,
    },
    /// The integration itself.
    Integration {
        /// Its client id.
        client_id: String,
        /// The application's name.
        name: String,
    },
}

impl Caller {
    /// The operator at the command line.
    pub fn command_line(request_id: String) -> Self {
        let who = Who::Operator {
            id: String::new(),
            name: "command line".to_owned(),
        };
        Self {
            who,
            ip_address: String::new(),
            request_id,
            wants: Wanted::Whole,
            conditions: Conditions::default(),
        }
    }

    /// The operator at the command line, by the name that the machine knows them by.
    pub fn command_line_of(request_id: String, operator: &str) -> Self {
        let who = Who::Operator {
            id: String::new(),
            name: format!("command line ({operator})"),
        };
        Self {
            who,
            ip_address: String::new(),
            request_id,
            wants: Wanted::Whole,
            conditions: Conditions::default(),
        }
    }

    /// The same place, somebody else, who makes nothing depend on anything yet.
    pub fn with(&self, who: Who) -> Self {
        Self {
            who,
            ip_address: self.ip_address.clone(),
            request_id: self.request_id.clone(),
            wants: self.wants,
            conditions: Conditions::default(),
        }
    }

    /// The same, insisting on these versions.
    pub fn insisting_on(mut self, if_match: VersionCondition) -> Self {
        self.conditions.if_match = if_match;
        self
    }

    /// The same, to be answered like the first time if the key is known.
    pub fn once(mut self, key: Option<IdempotencyKey>) -> Self {
        self.conditions.key = key;
        self
    }

    /// The key of this caller for a request with this method, path and body. Other callers' keys are other keys.
    pub fn idempotency_key(&self, key: &str, method: &str, path: &str, body: &[u8]) -> IdempotencyKey {
        let who = match &self.who {
            Who::GroupUser(member) => member.account(),
            // No group has a colon in its id.
            Who::Developer(developer) => format!("developer:{}", developer.developer_id),
            Who::Operator { id, .. } => format!("operator:{id}"),
            Who::Invitee { id, .. } => format!("invitee:{id}"),
            Who::Nobody | Who::Integration { .. } => String::new(),
        };
        IdempotencyKey::new(&who, key, method, path, body)
    }

    /// The same place, by somebody who proved who they are. The log says so of the request.
    pub(super) fn recognised(&self, who: Who) -> Self {
        let caller = self.with(who);
        let (kind, id) = match &caller.who {
            Who::GroupUser(member) => (ActorType::GroupUser, member.account()),
            _ => {
                let actor = caller.origin(None).actor;
                (actor.actor_type, actor.actor_id)
            }
        };
        note_caller(kind.into(), &id);
        caller
    }

    /// Who owns the sessions of this caller.
    ///
    /// # Errors
    /// `Unauthenticated` when they are nobody who has sessions.
    pub fn session_owner(&self) -> Result<String, Failure> {
        match &self.who {
            Who::GroupUser(member) => Ok(member.account()),
            Who::Developer(developer) => Ok(developer.developer_id.to_string()),
            Who::Operator { id, .. } if !id.is_empty() => Ok(id.clone()),
            _ => Err(Failure::Unauthenticated),
        }
    }

    /// Whom what they take is counted for: one person or program, or everybody who has not said who they are.
    pub(super) fn principal_key(&self) -> String {
        match &self.who {
            Who::Nobody => String::new(),
            Who::GroupUser(member) => member.account(),
            Who::Developer(developer) => developer.developer_id.to_string(),
            Who::Operator { id, .. } | Who::Invitee { id, .. } => id.clone(),
            Who::Integration { client_id, .. } => client_id.clone(),
        }
    }

    /// # Errors
    /// `Unauthenticated` for everybody who is not a group user.
    pub fn member(&self) -> Result<&Member, Failure> {
        match &self.who {
            Who::GroupUser(member) => Ok(member),
            _ => Err(Failure::Unauthenticated),
        }
    }

    /// What the user may do in their group as it was read now.
    ///
    /// # Errors
    /// `Unauthenticated` if they are not a user of this group, or are so no longer.
    pub(super) fn membership_in(&self, group: &GroupRow) -> Result<Membership, Failure> {
        let member = self.member()?;
        let user = group
            .user(member.user_id())
            .filter(|_| group.group_id == *member.group_id());
        let user = user.ok_or(Failure::Unauthenticated)?;
        Ok(user.membership(member.group_id().clone(), member.user_id().clone()))
    }

    /// The principal of a command about an application of this group.
    pub(super) fn principal_in(&self, group: &GroupRow) -> Result<Principal, Failure> {
        Ok(match &self.who {
            Who::Nobody => return Err(Failure::Unauthenticated),
            Who::GroupUser(_) => Principal::GroupUser(self.membership_in(group)?),
            Who::Developer(developer) => Principal::Developer {
                id: developer.developer_id,
                email: developer.email.clone(),
            },
            Who::Invitee { .. } => Principal::Invitee,
            Who::Operator { .. } => Principal::Operator,
            Who::Integration { .. } => Principal::Integration,
        })
    }

    /// What the log of an application calls a developer who has not verified for it: by the address as the admin typed
    /// it, since their name is not the admins' to read yet. None for everybody else, who is called by name.
    pub(super) fn name_for_admins(&self, app: &App) -> Option<String> {
        match &self.who {
            Who::Developer(developer) if app.developer.verified_by() == Some(developer.developer_id) => None,
            Who::Developer(_) | Who::Invitee { .. } => {
                let typed = app.developer.email().map(|email| email.as_str().to_owned());
                Some(typed.unwrap_or_default())
            }
            Who::Nobody | Who::GroupUser(_) | Who::Operator { .. } | Who::Integration { .. } => None,
        }
    }

    /// R28: who and from where, for the log. The group, as it was read last, names its users.
    pub(super) fn origin(&self, group: Option<&GroupRow>) -> Origin {
        let (actor_type, actor_id, actor_name) = match &self.who {
            Who::Nobody => (ActorType::System, String::new(), String::new()),
            Who::GroupUser(member) => {
                let user = group.and_then(|group| group.user(member.user_id()));
                let name = user.unwrap_or(member.user()).name.as_str().to_owned();
                (ActorType::GroupUser, member.user_id().to_string(), name)
            }
            Who::Developer(developer) => {
                let name = developer.full_name.as_str().to_owned();
                (ActorType::Developer, developer.developer_id.to_string(), name)
            }
            Who::Invitee { id, name } => (ActorType::Developer, id.clone(), name.clone()),
            Who::Operator { id, name } => (ActorType::Operator, id.clone(), name.clone()),
            Who::Integration { client_id, name } => (ActorType::Integration, client_id.clone(), name.clone()),
        };
        Origin {
            actor: Actor {
                actor_type,
                actor_id,
                actor_name,
            },
            ip_address: self.ip_address.clone(),
            request_id: self.request_id.clone(),
            read_only: self.wants == Wanted::HeadersOnly,
        }
    }
}
