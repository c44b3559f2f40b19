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
use uuid::Uuid;

use crate::projection::Projection;
use crate::recorded::Recorded;
use crate::sql::{Column, Query, RowError, RowReader, Value, int, text};
use crate::system::TOKENS_ENDED_BEFORE;

/// The projection `token_gate`.
pub struct TokenGate;

/// What is true of an application when one of its tokens is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenGateRow {
    /// The application.
    pub app_id: AppId,
    /// Its OAuth client id.
    pub client_id: ClientId,
    /// R4: its group.
    pub group_id: GroupId,
    /// R6: its name.
    pub name: AppName,
    /// R27: whether it runs.
    pub status: Status,
    /// R10: its permission.
    pub api_permission: ApiPermission,
    /// R11: its entities.
    pub entities: BTreeSet<EntityId>,
    /// R23: its client secrets.
    pub client_secrets: Vec<ClientSecret>,
    /// The stream's version.
    pub version: i64,
    /// The position of the event that moved the version.
    pub position: i64,
}

impl Projection for TokenGate {
    const NAME: &'static str = "token_gate";
    const FOLD_VERSION: i64 = 2;
    const COLUMNS: &'static [Column] = &[
        text("app_id"),
        text("client_id"),
        text("group_id"),
        text("name"),
        text("status"),
        text("api_permission"),
        text("entities"),
        text("client_secrets"),
        int("version"),
        int("position"),
    ];
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

    fn values(row: &TokenGateRow) -> Vec<Value> {
        vec![
            row.app_id.into(),
            row.client_id.0.as_str().into(),
            row.group_id.as_str().into(),
            row.name.as_str().into(),
            <&str>::from(row.status).into(),
            row.api_permission.as_str().into(),
            Value::json(&row.entities),
            Value::json(&row.client_secrets),
            row.version.into(),
            row.position.into(),
        ]
    }

    fn row(values: Vec<Value>) -> Result<TokenGateRow, RowError> {
        read(&mut RowReader::new(Self::NAME, values))
    }
}

fn created(creation: CreationEvent<'_>, recorded: &Recorded<Event>) -> Option<TokenGateRow> {
    Some(TokenGateRow {
        app_id: Uuid::parse_str(&recorded.aggregate_id).ok()?,
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
            AppSubject::Details(DetailsEvent::Entities(after)) => self.entities = after.clone(),
            AppSubject::ClientSecrets(event) => record_client_secret(&mut self.client_secrets, event),
            AppSubject::Status(event) => self.status = event.status(),
            AppSubject::Creation(_)
            | AppSubject::Details(DetailsEvent::Description(_) | DetailsEvent::Category(_))
            | AppSubject::DeveloperLink(_)
            | AppSubject::AuditedRead(_) => {}
        }
    }
}

fn read(row: &mut RowReader) -> Result<TokenGateRow, RowError> {
    Ok(TokenGateRow {
        app_id: row.uuid()?,
        client_id: row.word()?,
        group_id: row.word()?,
        name: row.word()?,
        status: row.word()?,
        api_permission: row.word()?,
        entities: row.json()?,
        client_secrets: row.json()?,
        version: row.int()?,
        position: row.int()?,
    })
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
            app: read(&mut row)?,
            product_plan: row.word()?,
            group_entities: row.json()?,
            tokens_ended_before: row.optional_time()?,
            is_unreadable: row.int()? > 0,
            revoked_tokens: row.json()?,
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
            app: read(&mut row)?,
            product_plan: row.word()?,
            tokens_ended_before: row.optional_time()?,
            is_unreadable: row.int()? > 0,
        })
    }
}

const APP: &str = "t.app_id, t.client_id, t.group_id, t.name, t.status, t.api_permission, t.entities, \
     t.client_secrets, t.version, t.position";
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

/// [`GateFacts`] about applications and tokens of theirs. `apps` and `tokens` select the ids that the first and the second
/// argument name, JSON lists; `as_json` makes one of the rows of a column.
pub fn by_apps(apps: &str, tokens: &str, as_json: &str, app_ids: &[String], token_ids: &[String]) -> Query {
    // The tokens are looked up once, however many applications are asked about.
    let sql = format!(
        "with revoked as materialized (select r.token_id, r.app_id from revoked_tokens r where r.token_id in ({tokens})) \
         select {APP}, g.product_plan, g.entities, {TOKENS_ENDED_BEFORE}, {UNREADABLE}, \
         (select {as_json} from revoked r where r.app_id = t.app_id) {FROM} where t.app_id in ({apps})"
    );
    Query::new(sql, [Value::json(&app_ids), Value::json(&token_ids)])
}

/// [`ClientFacts`] about the applications with these client ids. `listed` as above.
pub fn by_clients(listed: &str, client_ids: &[String]) -> Query {
    let sql = format!(
        "select {APP}, g.product_plan, {TOKENS_ENDED_BEFORE}, {UNREADABLE} {FROM} where t.client_id in ({listed})"
    );
    Query::new(sql, [Value::json(&client_ids)])
}
