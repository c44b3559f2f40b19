//! What the gate would decide by after events that did not happen: folded by the same functions as those that did.

use std::sync::Arc;

use gatebook_aggregates::api_permission::ApiPermission;
use gatebook_aggregates::group::Customer;
use gatebook_aggregates::integration_app::IntegrationAppEvent;

use super::{GateFacts, GateGroup, TokenGateRow};

impl GateGroup {
    /// What the gate asks of this group.
    pub fn of(customer: &Customer) -> Self {
        Self {
            product_plan: customer.product_plan.clone(),
            entities: customer.entities.keys().cloned().collect(),
        }
    }
}

impl GateFacts {
    /// The facts about a call that comes with a token that was just issued, while everything can be read.
    pub fn of_new_token(app: Arc<TokenGateRow>, group: &Customer) -> Self {
        Self {
            app,
            group: Arc::new(GateGroup::of(group)),
            tokens_ended_before: None,
            is_unreadable: false,
            is_token_revoked: false,
        }
    }

    /// The facts after these events of the application.
    #[must_use]
    pub fn after(&self, events: &[IntegrationAppEvent]) -> Self {
        let mut app = TokenGateRow::clone(&self.app);
        events.iter().for_each(|event| app.record(event.subject()));
        self.with_app(app)
    }

    /// The facts in this group, as it is after events of its own.
    #[must_use]
    pub fn in_group(&self, group: &Customer) -> Self {
        Self {
            group: Arc::new(GateGroup::of(group)),
            ..self.clone()
        }
    }

    /// R10: the facts if the application might only read.
    #[must_use]
    pub fn reading_only(&self) -> Self {
        self.with_app(TokenGateRow {
            api_permission: ApiPermission::Read,
            ..TokenGateRow::clone(&self.app)
        })
    }

    fn with_app(&self, app: TokenGateRow) -> Self {
        Self {
            app: Arc::new(app),
            ..self.clone()
        }
    }
}
