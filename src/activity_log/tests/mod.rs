//! Tests with events that the real writer stores in each test's own database.

mod csv;
mod export;
mod ndjson;
mod summaries;
mod timeline;

use std::sync::Arc;

use chrono::TimeDelta;
use futures::TryStreamExt;
use gatebook_aggregates::group::{Group, GroupEvent};
use gatebook_aggregates::identifiers::{AppId, GroupId};
use gatebook_aggregates::integration_app::{IntegrationApp, IntegrationAppEvent};
use gatebook_aggregates::log_format::LogFormat;
use gatebook_aggregates::metadata::{Actor, ActorType};
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::recorded::StoredEvent;
use gatebook_projections::sql::Query;
use tempfile::TempDir;
use uuid::Uuid;

use super::export::{LogPeriod, Scope, export};
use crate::clock::{Clock, ManualClock};
use crate::log::append::{Append, StreamAppend};
use crate::log::hash_chain::NO_PREDECESSOR;
use crate::log::read::{SELECT_EVENTS, events};
use crate::log::{Log, Origin, Snapshots, StoredAggregate, Writer};
use crate::metrics::Metrics;
use crate::store::{self, Database};

const APP: AppId = AppId::from_uuid(Uuid::from_u128(0x019a_b000_0000_7000_8000_0000_0000_0010));
const OTHER_APP: AppId = AppId::from_uuid(Uuid::from_u128(0x019a_b000_0000_7000_8000_0000_0000_0020));

/// The whole log.
const ALL: LogPeriod = LogPeriod {
    from: None,
    to: None,
    up_to_position: i64::MAX,
};

/// A log of its own, and a clock that starts at 2026-11-23 09:15 and moves only when told.
struct World {
    database: Arc<dyn Database>,
    log: Log,
    clock: ManualClock,
    _folder: TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("gatebook.db").display());
        let database = store::open(&url).await.unwrap();
        store::migrate(&database).await.unwrap();
        let clock = ManualClock::starting_at(moment("2026-11-23T09:15:00Z"));
        let (writer, _) = Writer::start(
            database.clone(),
            Clock::Manual(clock.clone()),
            Arc::new(Metrics::default()),
        );
        let log = Log {
            database: database.clone(),
            writer,
            snapshots: Snapshots::default(),
        };
        Self {
            database,
            log,
            clock,
            _folder: folder,
        }
    }

    /// Moves the clock by a second.
    fn tick(&self) {
        self.clock.advance(TimeDelta::seconds(1));
    }

    async fn app(&self, id: AppId, by: &Origin, facts: Vec<IntegrationAppEvent>) {
        let id = id.to_string();
        let stream = self.begun::<IntegrationApp>(&id, by, facts).await;
        self.write(stream).await;
    }

    async fn group(&self, id: &str, by: &Origin, facts: Vec<GroupEvent>) {
        let stream = self.begun::<Group>(id, by, facts).await;
        self.write(stream).await;
    }

    async fn begun<A: StoredAggregate>(&self, id: &str, by: &Origin, facts: Vec<A::Event>) -> StreamAppend {
        let mut loaded = self.log.load::<A>(id).await.unwrap();
        for fact in &facts {
            loaded.aggregate.apply(fact.clone());
        }
        loaded.append(&facts, by).unwrap()
    }

    async fn write(&self, stream: StreamAppend) {
        let append = Append {
            streams: vec![stream],
            ..Append::default()
        };
        self.log.writer.append(append).await.unwrap();
    }

    /// The whole log.
    async fn stored(&self) -> Vec<StoredEvent> {
        let sql = format!("{SELECT_EVENTS} order by position");
        events(self.database.rows(Query::new(sql, [])).await.unwrap()).unwrap()
    }

    async fn pieces(&self, scope: Scope, range: LogPeriod, format: LogFormat) -> Vec<Vec<u8>> {
        let pieces = export(self.database.clone(), scope, range, format);
        pieces.try_collect().await.unwrap()
    }

    async fn text(&self, scope: Scope, range: LogPeriod, format: LogFormat) -> String {
        String::from_utf8(self.pieces(scope, range, format).await.concat()).unwrap()
    }

    /// The positions in a scope and range, as the ndjson shows them.
    async fn positions(&self, scope: Scope, range: LogPeriod) -> Vec<i64> {
        let text = self.text(scope, range, LogFormat::Ndjson).await;
        let lines = text.lines().map(super::ndjson::read_line);
        lines.map(|entry| entry.unwrap().position).collect()
    }
}

fn group(id: &str) -> Scope {
    Scope::Group(GroupId::parse(id).unwrap())
}

fn moment(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn ada() -> Origin {
    user("Ada Admin")
}

fn user(name: &str) -> Origin {
    Origin {
        actor: Actor {
            actor_type: ActorType::GroupUser,
            actor_id: "ada".to_owned(),
            actor_name: name.to_owned(),
        },
        ip_address: "192.0.2.7".to_owned(),
        request_id: "req-1".to_owned(),
        read_only: false,
    }
}

/// An application event from its JSON.
fn fact(json: &str) -> IntegrationAppEvent {
    serde_json::from_str(json).unwrap()
}

fn created(group: &str, name: &str) -> IntegrationAppEvent {
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let name = serde_json::to_string(name).unwrap();
    fact(&format!(
        r#"{{"NewIntegrationCreated":{{"group_id":"{group}","client_id":"gbc_{letters:0<20.20}","name":{name},"description":"Moves payroll journals.","category":"payroll_and_hr","api_permission":"read","entities":["berlin","dublin"]}}}}"#
    ))
}

fn described(before: &str, after: &str) -> IntegrationAppEvent {
    fact(&format!(
        r#"{{"DescriptionChanged":{{"before":"{before}","after":"{after}"}}}}"#
    ))
}

/// An event with a digest that is easy to find.
fn invited() -> IntegrationAppEvent {
    fact(&format!(
        r#"{{"DeveloperInvited":{{"email":"dev@example.com","invitation_digest":"{DIGEST}","invitation_expires_at":"2026-11-26T09:15:00.000Z","otp_digest":"{DIGEST}","otp_expires_at":"2026-11-26T09:15:00.000Z"}}}}"#
    ))
}

const DIGEST: &str = "d16e57d16e57d16e57";

fn registered() -> GroupEvent {
    serde_json::from_str(r#"{"GroupRegistered":{"name":"Acme Holding","product_plan":"AIQ3"}}"#).unwrap()
}

/// An event outside any log, with this payload and actor.
fn loose(aggregate_type: &str, payload: &str, actor_type: &str, actor_name: &str) -> StoredEvent {
    let json: serde_json::Value = serde_json::from_str(payload).unwrap();
    let event_type = json.as_object().unwrap().keys().next().unwrap().clone();
    StoredEvent {
        position: 7,
        recorded_at: "2026-11-23T09:15:00.000Z".to_owned(),
        aggregate_type: aggregate_type.to_owned(),
        aggregate_id: APP.to_string(),
        group_id: "acme".to_owned(),
        app_id: APP.to_string(),
        sequence: 3,
        event_type,
        event_version: "1".to_owned(),
        payload: payload.to_owned(),
        metadata: format!(
            r#"{{"actor_type":"{actor_type}","actor_id":"ada","actor_name":"{actor_name}","ip_address":"192.0.2.7","request_id":"req-1","app_name":"Payroll Bridge"}}"#
        ),
        previous_hash: NO_PREDECESSOR.to_owned(),
        hash: String::new(),
    }
}
