//! May this token pass, for this entity, for this access? (R24-R26)

mod facts;
mod hypothetical;

#[cfg(test)]
mod rehearsal_tests;

use std::collections::BTreeSet;

use gatebook_aggregates::api_permission::ApiPermission;
use gatebook_aggregates::identifiers::{AppId, ClientId, EntityId, GroupId};
use gatebook_aggregates::integration_app::{
    AppSubject, ClientSecret, CreationEvent, DetailsEvent, IntegrationApp, IntegrationAppEvent as Event, Status,
    record_client_secret,
};
use gatebook_aggregates::text::AppName;
use gatebook_aggregates::timestamp::Timestamp;

pub use facts::{GateFacts, GateGroup, UNREADABLE};

use crate::projection::{Indexes, Projection};
use crate::recorded::Recorded;
use crate::row::Row;
use crate::sql::{Query, Value, select_list};

/// The projection `token_gate`.
pub struct TokenGate;

row! {
    /// What is true of an application when one of its tokens is shown.
    pub struct TokenGateRow {
        app_id: AppId,
        client_id: ClientId,
        group_id: GroupId,
        name: AppName,
        /// R27: whether it runs.
        status: Status,
        /// When it ends by itself, if it does.
        ends_at: Option<Timestamp>,
        api_permission: ApiPermission,
        entities: BTreeSet<EntityId>,
        client_secrets: Vec<ClientSecret>,
        version: i64,
        position: i64,
    }
}

impl Projection for TokenGate {
    const NAME: &'static str = "token_gate";
    const FOLD_VERSION: i64 = 3;
    const INDEXES: Indexes =
        Indexes::on_both("create unique index if not exists token_gate_by_client_{generation} on {table} (client_id);");
    type Aggregate = IntegrationApp;
    type Row = TokenGateRow;

    fn fold(row: Option<TokenGateRow>, recorded: &Recorded<Event>) -> Option<TokenGateRow> {
        let row = match (row, recorded.event.subject()) {
            // R28: whoever only looks changes nothing.
            (row, AppSubject::AuditedRead(_)) => return row,
            (None, AppSubject::Creation(creation)) => created(creation, recorded)?,
            (None, _) => return None,
            (Some(mut row), subject) => {
                row.record(subject);
                row
            }
        };
        Some(TokenGateRow {
            version: recorded.sequence,
            position: recorded.position,
            ..row
        })
    }
}

/// These applications. `list` is how the database takes their ids from the first argument.
pub fn by_ids(list: &str, apps: &[AppId]) -> Query {
    let columns = select_list(TokenGateRow::COLUMNS, "");
    let sql = format!("select {columns} from token_gate where app_id in ({list})");
    Query::new(sql, [Value::json(&apps)])
}

fn created(creation: CreationEvent<'_>, recorded: &Recorded<Event>) -> Option<TokenGateRow> {
    Some(TokenGateRow {
        app_id: recorded.aggregate_id.parse().ok()?,
        client_id: creation.client_id.clone(),
        group_id: creation.group_id.clone(),
        name: creation.name.clone(),
        status: Status::Active,
        ends_at: creation.ends_at,
        api_permission: creation.api_permission,
        entities: creation.entities.clone(),
        client_secrets: Vec::new(),
        version: recorded.sequence,
        position: recorded.position,
    })
}

impl TokenGateRow {
    fn record(&mut self, event: AppSubject<'_>) {
        match event {
            AppSubject::Details(DetailsEvent::Entities(difference)) => difference.apply_to(&mut self.entities),
            AppSubject::Details(DetailsEvent::EndDate(after)) => self.ends_at = after,
            AppSubject::ClientSecrets(event) => record_client_secret(&mut self.client_secrets, event),
            AppSubject::Status(event) => self.status = event.status(),
            AppSubject::Creation(_)
            | AppSubject::Details(DetailsEvent::Description(_) | DetailsEvent::Category(_))
            | AppSubject::DeveloperLink(_)
            | AppSubject::AuditedRead(_) => {}
        }
    }
}
