//! May this token pass, for this entity, for this access? (R24-R26)

use std::collections::{BTreeMap, BTreeSet};

use gatebook_aggregates::api_permission::ApiPermission;
use gatebook_aggregates::gate::Gate;
use gatebook_aggregates::group::ProductPlan;
use gatebook_aggregates::identifiers::{AccessTokenId, AppId, ClientId, EntityId, GroupId};
use gatebook_aggregates::integration_app::{
    AppSubject, ClientSecret, CreationEvent, DetailsEvent, IntegrationApp, IntegrationAppEvent as Event, Status,
    record_client_secret,
};
use gatebook_aggregates::text::{AppName, Label};
use gatebook_aggregates::timestamp::Timestamp;

use crate::projection::{Indexes, Projection};
use crate::recorded::Recorded;
use crate::row::Row;
use crate::sql::{Query, RowError, RowReader, Value, select_list};
use crate::system::TOKENS_ENDED_BEFORE;

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
        api_permission: ApiPermission,
        entities: BTreeSet<EntityId>,
        client_secrets: Vec<ClientSecret>,
        version: i64,
        position: i64,
    }
}

impl Projection for TokenGate {
    const NAME: &'static str = "token_gate";
    const FOLD_VERSION: i64 = 2;
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

fn created(creation: CreationEvent<'_>, recorded: &Recorded<Event>) -> Option<TokenGateRow> {
    Some(TokenGateRow {
        app_id: recorded.aggregate_id.parse().ok()?,
        client_id: creation.client_id.clone(),
        group_id: creation.group_id.clone(),
        name: creation.name.clone(),
        status: Status::Active,
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
            AppSubject::ClientSecrets(event) => record_client_secret(&mut self.client_secrets, event),
            AppSubject::Status(event) => self.status = event.status(),
            AppSubject::Creation(_)
            | AppSubject::Details(DetailsEvent::Description(_) | DetailsEvent::Category(_))
            | AppSubject::DeveloperLink(_)
            | AppSubject::AuditedRead(_) => {}
        }
    }
}

/// An application and its group, read in one breath: all that R25 asks for.
#[derive(Clone, Debug)]
pub struct GateFacts {
    /// The application.
    pub app: TokenGateRow,
    /// R1: the group's plan.
    pub product_plan: ProductPlan,
    /// R25: the group's entities.
    pub group_entities: BTreeMap<EntityId, Label>,
    /// The moment before which all tokens that were issued have ended, if there is one.
    pub tokens_ended_before: Option<Timestamp>,
    /// Whether the log holds something of the application, its group or the installation that cannot be read.
    pub is_unreadable: bool,
    /// RFC 7009: those of the tokens asked about that the application revoked.
    pub revoked_tokens: BTreeSet<AccessTokenId>,
}

impl GateFacts {
    /// Reads a row of [`by_apps`].
    pub fn read(values: Vec<Value>) -> Result<Self, RowError> {
        let mut row = RowReader::new(TokenGate::NAME, values);
        Ok(Self {
            app: TokenGateRow::read(&mut row)?,
            product_plan: row.value()?,
            group_entities: row.value()?,
            tokens_ended_before: row.optional_time()?,
            is_unreadable: row.int()? > 0,
            revoked_tokens: row.value()?,
        })
    }

    /// R25: the application's entities that are still the group's.
    pub fn entities(&self) -> impl Iterator<Item = &EntityId> {
        self.app
            .entities
            .iter()
            .filter(|entity| self.group_entities.contains_key(entity))
    }
}

impl Gate for GateFacts {
    fn status(&self) -> Status {
        self.app.status
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
        &self.product_plan
    }

    fn is_unreadable(&self) -> bool {
        self.is_unreadable
    }

    fn opens_entity(&self, entity: &EntityId) -> bool {
        self.app.entities.contains(entity) && self.group_entities.contains_key(entity)
    }
}

/// An application that asks for a token, and its group's plan. Entities come into it when the token is shown.
#[derive(Clone, Debug)]
pub struct ClientFacts {
    /// The application.
    pub app: TokenGateRow,
    /// R1: the group's plan.
    pub product_plan: ProductPlan,
    /// The moment before which all tokens that were issued have ended, if there is one.
    pub tokens_ended_before: Option<Timestamp>,
    /// Whether the log holds something of the application, its group or the installation that cannot be read.
    pub is_unreadable: bool,
}

impl ClientFacts {
    /// Reads a row of [`by_clients`].
    pub fn read(values: Vec<Value>) -> Result<Self, RowError> {
        let mut row = RowReader::new(TokenGate::NAME, values);
        Ok(Self {
            app: TokenGateRow::read(&mut row)?,
            product_plan: row.value()?,
            tokens_ended_before: row.optional_time()?,
            is_unreadable: row.int()? > 0,
        })
    }
}

const FROM: &str = "from token_gate t join groups g on g.group_id = t.group_id";
/// How many events that cannot be read speak of the application or a token of it, its group or the installation. What was
/// appended and has not been read back counts as such; usually there is nothing of that, and the log is not asked.
const UNREADABLE: &str = "((select count(*) from unreadable_events n where \
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

fn select_app() -> String {
    format!("select {}", select_list(TokenGateRow::COLUMNS, "t."))
}

/// [`GateFacts`] about applications and tokens of theirs. `apps` and `tokens` select the ids that the first and the second
/// argument name, JSON lists; `as_json` makes one of the rows of a column.
pub fn by_apps(apps: &str, tokens: &str, as_json: &str, app_ids: &[String], token_ids: &[String]) -> Query {
    let app = select_app();
    // The tokens are looked up once, however many applications are asked about.
    let sql = format!(
        "with revoked as materialized (select r.token_id, r.app_id from revoked_tokens r where r.token_id in ({tokens})) \
         {app}, g.product_plan, g.entities, {TOKENS_ENDED_BEFORE}, {UNREADABLE}, \
         (select {as_json} from revoked r where r.app_id = t.app_id) {FROM} where t.app_id in ({apps})"
    );
    Query::new(sql, [Value::json(&app_ids), Value::json(&token_ids)])
}

/// [`ClientFacts`] about the applications with these client ids. `listed` as above.
pub fn by_clients(listed: &str, client_ids: &[String]) -> Query {
    let app = select_app();
    let sql =
        format!("{app}, g.product_plan, {TOKENS_ENDED_BEFORE}, {UNREADABLE} {FROM} where t.client_id in ({listed})");
    Query::new(sql, [Value::json(&client_ids)])
}
