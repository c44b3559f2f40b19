//! R28: who did it and from where. Travels beside every event and is covered by its hash.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::personal::Personal;

/// What kind of somebody acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ActorType {
    /// A user of a customer's group.
    GroupUser,
    /// A developer, or the holder of an invitation link who is about to become one.
    Developer,
    /// The team that runs Gatebook.
    Operator,
    /// The integration itself, with its client credentials.
    Integration,
    /// Gatebook.
    System,
}

/// Who acted, as known at that moment; names are kept because the log outlives them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// What kind of somebody.
    pub actor_type: ActorType,
    /// Their id among their kind.
    pub actor_id: String,
    /// Their name at the time.
    pub actor_name: String,
}

/// Everything known about an event apart from the event. Only text, as the stock repository demands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// What kind of somebody acted.
    pub actor_type: ActorType,
    /// Their id among their kind.
    pub actor_id: String,
    /// Their name at the time.
    pub actor_name: Personal<String>,
    /// The address the request came from; empty for the command line.
    pub ip_address: Personal<String>,
    /// The request, as in the answer's `X-Request-Id`.
    pub request_id: String,
    /// The application's name (it never changes, R6); empty for events of groups and developers.
    pub app_name: String,
}
