//! What the gate decides by: an application, its group, and what holds for the whole installation.

use std::collections::BTreeSet;
use std::sync::Arc;

use gatebook_aggregates::api_permission::ApiPermission;
use gatebook_aggregates::gate::Gate;
use gatebook_aggregates::group::ProductPlan;
use gatebook_aggregates::identifiers::EntityId;
use gatebook_aggregates::integration_app::{ClientSecret, Status};
use gatebook_aggregates::timestamp::Timestamp;

use super::TokenGateRow;

/// All that R25 asks for, as it was committed at one moment. The parts are shared, so that cloning costs little.
#[derive(Clone, Debug)]
pub struct GateFacts {
    /// The application.
    pub app: Arc<TokenGateRow>,
    /// Its group.
    pub group: Arc<GateGroup>,
    /// The moment before which all tokens that were issued have ended, if there is one.
    pub tokens_ended_before: Option<Timestamp>,
    /// Whether the log holds something of the application, its group or the installation that cannot be read.
    pub is_unreadable: bool,
    /// RFC 7009: whether the application revoked the token that was asked about.
    pub is_token_revoked: bool,
}

/// What the gate asks of a group.
#[derive(Clone, Debug)]
pub struct GateGroup {
    /// R1: its plan.
    pub product_plan: ProductPlan,
    /// R25: its entities.
    pub entities: BTreeSet<EntityId>,
}

impl GateFacts {
    /// R25: the application's entities that are still the group's.
    pub fn entities(&self) -> impl Iterator<Item = &EntityId> {
        self.app
            .entities
            .iter()
            .filter(|entity| self.group.entities.contains(entity))
    }
}

impl Gate for GateFacts {
    fn status(&self) -> Status {
        self.app.status
    }

    fn ends_at(&self) -> Option<Timestamp> {
        self.app.ends_at
    }

    fn api_permission(&self) -> ApiPermission {
        self.app.api_permission
    }

    fn client_secrets(&self) -> &[ClientSecret] {
        &self.app.client_secrets
    }

    fn tokens_ended_before(&self) -> Option<Timestamp> {
        self.tokens_ended_before
    }

    fn product_plan(&self) -> &ProductPlan {
        &self.group.product_plan
    }

    fn is_unreadable(&self) -> bool {
        self.is_unreadable
    }

    fn opens_entity(&self, entity: &EntityId) -> bool {
        self.app.entities.contains(entity) && self.group.entities.contains(entity)
    }
}

/// As a column of a query of `token_gate t`: how many events that cannot be read speak of the application or a token of it, its
/// group or the installation. What was appended and has not been read back counts as such; usually there is nothing of that, and
/// the log is not asked.
pub const UNREADABLE: &str = "((select count(*) from unreadable_events n where \
         (n.aggregate_type = 'IntegrationApp' and n.aggregate_id = t.app_id) \
         or (n.aggregate_type = 'Group' and n.aggregate_id = t.group_id) or n.aggregate_type = 'System' \
         or (n.aggregate_type = 'AccessToken' and exists (\
             select 1 from events e where e.position = n.position and e.app_id = t.app_id))) \
     + (select case when h.read_to >= h.position then 0 else \
         (select count(*) from events n where n.position > h.read_to and (\
             (n.aggregate_type = 'IntegrationApp' and n.aggregate_id = t.app_id) \
             or (n.aggregate_type = 'Group' and n.aggregate_id = t.group_id) or n.aggregate_type = 'System' \
             or (n.aggregate_type = 'AccessToken' and n.app_id = t.app_id))) \
         end from log_head h where h.id = 1))";
