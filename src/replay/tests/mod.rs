//! A small log on either database, made by real commands, and ways to change its tables by hand.

mod compare;
mod exported;
mod map_rows;
mod meeting;
mod new_projection;
mod rebuild;
mod status;
mod verify;

use std::sync::{Arc, Mutex};

use gatebook_aggregates::access_token::{AccessToken, RevokeAccessToken};
use gatebook_aggregates::api_permission::ApiPermission;
use gatebook_aggregates::catalog::CategoryCode;
use gatebook_aggregates::developer::{Developer, DeveloperCommand};
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::group::{
    Group, GroupCommand, GroupCommandEnvelope, GroupPrincipal, Membership, ProductPlan, Role,
};
use gatebook_aggregates::identifiers::{ClientId, EntityId, GroupId, KeyedDigest, UserId};
use gatebook_aggregates::integration_app::{
    AppCommand, AppCommandEnvelope, DeveloperInvite, GroupFacts, IntegrationApp, NewIntegration, Principal, Status,
};
use gatebook_aggregates::metadata::{Actor, ActorType};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::system::{SYSTEM_ID, System, SystemCommand};
use gatebook_aggregates::text::{AppName, Description, Label};
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::projection::AnyProjection;
use gatebook_projections::recorded::StoredEvent;
use gatebook_projections::registry;
use gatebook_projections::sql::{Query, Value};
use tempfile::TempDir;
use uuid::Uuid;

use crate::clock::{Clock, ManualClock};
use crate::log::hash_chain::{EventParts, hash_of};
use crate::log::{CommandContext, Log, Origin, SideEffects, Snapshots, StoredAggregate, Writer, read};
use crate::metrics::Metrics;
use crate::store::on_both_databases::{On, on_both_databases};
use crate::store::{self, ConnectionPurpose, Database, Dialect};

pub(super) struct World {
    pub(super) database: Arc<dyn Database>,
    pub(super) log: Log,
    _folder: TempDir,
}

impl World {
    pub(super) async fn new(on: On) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = on.new_database(&folder).await;
        let database = store::open(&url).await.unwrap();
        store::migrate(&database).await.unwrap();
        let clock = Clock::Manual(ManualClock::starting_at(now()));
        let (writer, _) = Writer::start(database.clone(), clock, Arc::new(Metrics::default()));
        let log = Log {
            database: database.clone(),
            writer,
            snapshots: Snapshots::default(),
        };
        Self {
            database,
            log,
            _folder: folder,
        }
    }

    /// Two groups, three applications and a developer. One application is suspended, and tokens have been ended.
    pub(super) async fn with_history(on: On) -> Self {
        let world = Self::new(on).await;
        world.group("acme", &["berlin", "dublin", "lisbon"]).await;
        world.group("globex", &["oslo"]).await;
        for number in 1..=3 {
            world.app(number).await;
        }
        let sign_up = DeveloperCommand::SignUp {
            email: email("dev@example.com"),
            full_name: label("Dev Eloper"),
            invited_by: Uuid::from_u128(1).into(),
        };
        let id = Uuid::from_u128(100).to_string();
        execute::<Developer>(&world.log, &id, sign_up).await;
        suspend(&world.log, 2).await;
        let (issued_before, now) = (now(), now());
        execute::<System>(&world.log, SYSTEM_ID, SystemCommand::EndTokens { issued_before, now }).await;
        world
    }

    pub(super) async fn group(&self, id: &str, entities: &[&str]) {
        group(&self.log, id).await;
        for entity in entities {
            put_entity(&self.log, id, entity).await;
        }
    }

    /// Creates an application of Acme.
    pub(super) async fn app(&self, number: u128) {
        let create = NewIntegration {
            client_id: ClientId(format!("gbc_{number}")),
            name: AppName::parse(&format!("App {number}")).unwrap(),
            description: Description::parse("Moves journals.").unwrap(),
            category: CategoryCode::parse("payroll_and_hr").unwrap(),
            api_permission: ApiPermission::Read,
            entities: [EntityId::parse("berlin").unwrap()].into(),
            ends_at: None,
            developer: DeveloperInvite {
                email: email("dev@example.com"),
                account: None,
                invitation_digest: KeyedDigest("ab".repeat(32)),
                otp_digest: KeyedDigest("cd".repeat(32)),
            },
        };
        command(&self.log, number, AppCommand::CreateNewIntegration(create)).await;
    }

    /// Revokes an access token of one of Acme's applications.
    pub(super) async fn revoke_a_token(&self, app: u128) {
        let token_id = Uuid::from_u128(500);
        let command = RevokeAccessToken {
            at: now(),
            token_id: token_id.into(),
            expires_at: later(),
            app_id: Uuid::from_u128(app).into(),
            app_name: AppName::parse(&format!("App {app}")).unwrap(),
            group_id: GroupId::parse("acme").unwrap(),
            app_status: Status::Active,
        };
        execute::<AccessToken>(&self.log, &token_id.to_string(), command).await;
    }

    /// Runs SQL directly, without the log.
    pub(super) async fn by_hand(&self, orders: &str) {
        let mut transaction = self.database.begin(ConnectionPurpose::Write).await.unwrap();
        transaction.script(orders).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// Makes events changeable, as the owner of the database can.
    pub(super) async fn without_triggers(&self) {
        self.by_hand(match self.database.dialect() {
            Dialect::Sqlite => "drop trigger events_are_never_updated; drop trigger events_are_never_deleted",
            Dialect::Postgres => "drop trigger events_are_append_only on events",
        })
        .await;
    }

    /// Changes the JSON of the first event.
    pub(super) async fn replace_in_first_event(&self, from: &str, to: &str) {
        let replaced = format!("replace(cast(payload as text), '{from}', '{to}')");
        let cast = match self.database.dialect() {
            Dialect::Sqlite => replaced,
            Dialect::Postgres => format!("cast({replaced} as json)"),
        };
        self.by_hand(&format!("update events set payload = {cast} where position = 1"))
            .await;
    }

    pub(super) async fn has_table(&self, table: &str) -> bool {
        let sql = self.database.dialect().table_exists("$1");
        let query = Query::new(sql, [table.into()]);
        !self.database.rows(query).await.unwrap().is_empty()
    }

    /// Appends an event that no program knows, with an invalid hash.
    pub(super) async fn append_unknown_event(&self, kind: &str, id: &str, sequence: i64) -> i64 {
        let position = self.head().await + 1;
        self.by_hand(&format!(
            "insert into events select {position}, recorded_at, '{kind}', '{id}', '', '', {sequence}, 'Dreamt', '1', \
             '{{\"Dreamt\":{{}}}}', metadata, hash, hash, 'id ' || {position} from events where position = 1; \
             update log_head set position = {position}"
        ))
        .await;
        position
    }

    /// Appends an event as an unknown program would: its hash is valid, but this program cannot read it.
    pub(super) async fn append_foreign_event(&self, kind: &str, id: &str) -> i64 {
        self.append_by_hand(kind, id, "Dreamt", r#"{"Dreamt":{}}"#).await
    }

    /// Appends an event with a valid hash, without the writer. The payload stands in SQL as it is given.
    pub(super) async fn append_by_hand(&self, kind: &str, id: &str, event_type: &str, payload: &str) -> i64 {
        let stream = read::stream(&*self.database, kind, id).await.unwrap();
        let last = stream.last().unwrap();
        let mut event = StoredEvent {
            position: self.head().await + 1,
            sequence: last.sequence + 1,
            event_type: event_type.to_owned(),
            payload: payload.replace("''", "'"),
            previous_hash: last.hash.clone(),
            ..last.clone()
        };
        event.hash = hash_of(&event, &EventParts::of(&event).unwrap());
        let (position, sequence) = (event.position, event.sequence);
        self.by_hand(&format!(
            "insert into events select {position}, recorded_at, aggregate_type, aggregate_id, group_id, app_id, {sequence}, \
             '{event_type}', \
             event_version, '{payload}', metadata, hash, '{}', 'id ' || {position} from events where position = {}; \
             update log_head set position = {position}",
            event.hash, last.position
        ))
        .await;
        position
    }

    pub(super) async fn head(&self) -> i64 {
        read::head(&*self.database).await.unwrap()
    }

    pub(super) async fn rows(&self, sql: &str) -> Vec<Vec<Value>> {
        self.database.rows(Query::new(sql, [])).await.unwrap()
    }

    /// One value, as text.
    pub(super) async fn value(&self, sql: &str) -> String {
        match self.rows(sql).await.swap_remove(0).swap_remove(0) {
            Value::Text(text) => text,
            Value::Int(number) => number.to_string(),
            Value::Null => "null".to_owned(),
        }
    }

    /// All rows of a projection, by key.
    pub(super) async fn table(&self, projection: &AnyProjection) -> Vec<Vec<Value>> {
        self.rows(&format!("select * from {} order by 1", projection.name))
            .await
    }

    /// All rows in the tables of its maps, by key.
    pub(super) async fn map_tables(&self, projection: &AnyProjection) -> Vec<Vec<Vec<Value>>> {
        let mut tables = Vec::new();
        for map in projection.maps {
            tables.push(self.rows(&format!("select * from {} order by 1, 2", map.name)).await);
        }
        tables
    }
}

/// Registers a group.
pub(super) async fn group(log: &Log, id: &str) {
    let describe = GroupCommand::Describe {
        name: label(id),
        product_plan: ProductPlan::parse("AIQ3").unwrap(),
    };
    execute::<Group>(log, id, by_operator(describe)).await;
}

/// Adds an entity to a group, or renames it.
pub(super) async fn put_entity(log: &Log, group: &str, entity: &str) {
    let put = GroupCommand::PutEntity {
        entity_id: EntityId::parse(entity).unwrap(),
        name: label(&format!("{entity} Ltd")),
    };
    execute::<Group>(log, group, by_operator(put)).await;
}

pub(super) async fn suspend(log: &Log, app: u128) {
    command(log, app, AppCommand::Suspend { reason: None }).await;
}

pub(super) fn app_id(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}

pub(super) fn named(name: &str) -> AnyProjection {
    registry::named(name).unwrap()
}

pub(super) fn now() -> Timestamp {
    Timestamp::parse("2026-11-23T09:15:00.000Z").unwrap()
}

pub(super) fn later() -> Timestamp {
    now().plus(chrono::TimeDelta::hours(1))
}

fn by_operator(command: GroupCommand) -> GroupCommandEnvelope {
    GroupCommandEnvelope {
        by: GroupPrincipal::Operator,
        command,
    }
}

async fn command(log: &Log, app: u128, command: AppCommand) {
    let group_id = GroupId::parse("acme").unwrap();
    let command = AppCommandEnvelope {
        at: now(),
        by: Principal::GroupUser(Membership {
            group_id: group_id.clone(),
            user_id: UserId::parse("ada").unwrap(),
            role: Role::PracticeAdmin,
            permissions: [].into(),
        }),
        group: GroupFacts {
            id: group_id,
            product_plan: ProductPlan::parse("AIQ3").unwrap(),
            entities: [EntityId::parse("berlin").unwrap()].into(),
        },
        command,
    };
    execute::<IntegrationApp>(log, &app_id(app), command).await;
}

async fn execute<A: StoredAggregate<Error = Refusal, Services = ()>>(log: &Log, id: &str, command: A::Command) {
    let request = CommandContext {
        origin: origin(),
        require: &|_| Ok(()),
        preconditions: Vec::new(),
        idempotency: None,
        despite_unreadable: false,
        stream: Mutex::default(),
        audited_read: None,
        side_effects: &|_: &A, _: &[A::Event]| Ok(SideEffects::default()),
    };
    log.execute::<A>(id, command, request).await.unwrap();
}

fn origin() -> Origin {
    Origin {
        actor: Actor {
            actor_type: ActorType::Operator,
            actor_id: "op".to_owned(),
            actor_name: "Olga “Ops” O'Hara".to_owned(),
        },
        ip_address: "192.0.2.1".to_owned(),
        request_id: "r-1".to_owned(),
        read_only: false,
    }
}

fn label(text: &str) -> Label {
    Label::parse("name", text).unwrap()
}

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse("email", text).unwrap()
}
