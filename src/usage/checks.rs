//! Checks as they are counted in memory.

use gatebook_aggregates::api_permission::Access;
use gatebook_aggregates::identifiers::ClientSecretId;
use gatebook_aggregates::timestamp::Timestamp;

use super::hour::Day;

/// Checks of one kind, of one entity.
pub(super) struct Checks {
    pub(super) kind: Kind,
    pub(super) allowed: u64,
    pub(super) refused: u64,
    pub(super) last_at: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) day: Day,
    pub(super) access: Option<Access>,
    pub(super) client_secret_id: Option<ClientSecretId>,
}
