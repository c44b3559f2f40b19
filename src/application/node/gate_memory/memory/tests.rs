//! Memory is moved from answer to answer, and asked what it still holds.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use gatebook_aggregates::api_permission::ApiPermission;
use gatebook_aggregates::group::PLAN_WITH_INTEGRATION_APPS;
use gatebook_aggregates::identifiers::{ClientId, EntityId, GroupId};
use gatebook_aggregates::integration_app::Status;
use gatebook_aggregates::text::AppName;
use gatebook_projections::row::Row;
use gatebook_projections::sql::Value;
use gatebook_projections::token_gate::TokenGateRow;
use uuid::Uuid;

use super::super::facts::OfClient;
use super::super::question::Asked;
use super::*;

/// No id is used twice.
static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// A log, and the answers that it gives.
struct History {
    events: Vec<(String, Value)>,
    generations: i64,
    is_readable: bool,
}

impl History {
    fn new() -> Self {
        Self {
            events: Vec::new(),
            generations: 4,
            is_readable: true,
        }
    }

    fn with(mut self, events: &[(&str, &str, &str)]) -> Self {
        for event in events {
            self.append(*event);
        }
        self
    }

    fn append(&mut self, (aggregate_type, aggregate_id, event_type): (&str, &str, &str)) {
        let fields = Value::json(&[aggregate_type, aggregate_id, event_type]);
        let id = NEXT_ID.fetch_add(1, Ordering::SeqCst);
        self.events.push((format!("event {id}"), fields));
    }

    /// The answer to a question that is sent now.
    fn answer(&self, memory: &Memory, apps: &[u128]) -> Answer {
        let since = memory.mark().map_or(i64::MAX, |mark| mark.position);
        let at = |position: i64| {
            let index = usize::try_from(position - 1).ok();
            Value::from(
                index
                    .and_then(|index| self.events.get(index))
                    .map(|event| event.0.clone()),
            )
        };
        let position = self.events.len() as i64;
        let is_readable = i64::from(self.is_readable);
        let head = [
            Value::from(position),
            at(position),
            self.generations.into(),
            is_readable.into(),
            at(since),
            Value::Null,
        ];
        let mut rows = vec![vec!["head".into(), Value::json(&head)]];
        let appended = self
            .events
            .iter()
            .skip(since.try_into().unwrap())
            .take(EVENTS_MAX as usize + 1);
        rows.extend(appended.map(|(_, fields)| vec!["event".into(), fields.clone()]));
        for app in apps {
            let mut values = row(*app).values();
            values.push(0.into());
            rows.push(vec!["app".into(), Value::json(&values)]);
        }
        if !apps.is_empty() {
            let group = [
                Value::from("acme"),
                PLAN_WITH_INTEGRATION_APPS.into(),
                r#"{"e1":"One"}"#.into(),
            ];
            rows.push(vec!["group".into(), Value::json(&group)]);
        }
        Answer::read(rows, &Asked::default()).unwrap()
    }
}

fn row(app: u128) -> TokenGateRow {
    TokenGateRow {
        app_id: Uuid::from_u128(app).into(),
        client_id: ClientId(format!("gbc_{app}")),
        group_id: GroupId::parse("acme").unwrap(),
        name: AppName::parse("Payroll").unwrap(),
        status: Status::Active,
        ends_at: None,
        api_permission: ApiPermission::Read,
        entities: BTreeSet::from([EntityId::parse("e1").unwrap()]),
        client_secrets: Vec::new(),
        version: 1,
        position: 1,
    }
}

fn id(app: u128) -> String {
    Uuid::from_u128(app).to_string()
}

fn holds(memory: &Memory, app: u128) -> bool {
    memory.find(&OfClient(format!("gbc_{app}"))).is_some()
}

/// A memory that has read applications 1 and 2.
fn filled(history: &History) -> Memory {
    let mut memory = Memory::new(1_024 * 1_024);
    memory.apply(&history.answer(&memory, &[1, 2]), 1, None);
    assert!(holds(&memory, 1) && holds(&memory, 2));
    memory
}

fn begun() -> History {
    History::new().with(&[("Group", "acme", "GroupRegistered")])
}

#[test]
fn r26_an_event_takes_what_it_changes_from_memory_and_nothing_else() {
    let mut history = begun();
    let mut memory = filled(&history);
    history.append(("IntegrationApp", &id(1), "CredentialsRevealed"));
    history.append(("Group", "acme", "UserAdded"));
    history.append(("IntegrationApp", &id(9), "NewIntegrationCreated"));
    memory.apply(&history.answer(&memory, &[]), 2, None);
    assert!(holds(&memory, 1) && holds(&memory, 2));
    history.append(("IntegrationApp", &id(1), "ApplicationSuspended"));
    memory.apply(&history.answer(&memory, &[]), 3, None);
    assert!(!holds(&memory, 1) && holds(&memory, 2));
    history.append(("Group", "acme", "EntityRemoved"));
    memory.apply(&history.answer(&memory, &[]), 4, None);
    assert!(!holds(&memory, 2));
    // What was read at the same moment as the event is true already.
    memory.apply(&history.answer(&memory, &[1]), 5, None);
    history.append(("IntegrationApp", &id(1), "ApplicationResumed"));
    memory.apply(&history.answer(&memory, &[1]), 6, None);
    assert!(holds(&memory, 1));
    assert_eq!(memory.applied, 6);
}

#[test]
fn r26_an_event_that_this_program_does_not_know_empties_memory() {
    let mut history = begun();
    let mut memory = filled(&history);
    history.append(("Partner", "p", "PartnerAdded"));
    memory.apply(&history.answer(&memory, &[]), 2, None);
    assert!(!holds(&memory, 1) && !holds(&memory, 2));
}

#[test]
fn r26_another_history_with_the_same_positions_empties_memory() {
    let mut history = begun().with(&[("IntegrationApp", &id(9), "NewIntegrationCreated")]);
    let mut memory = filled(&history);
    // The end of the log was lost, and something else took its place.
    history.events.pop();
    history.append(("IntegrationApp", &id(1), "ApplicationSuspended"));
    memory.apply(&history.answer(&memory, &[]), 2, None);
    assert!(!holds(&memory, 1) && !holds(&memory, 2));
}

#[test]
fn r26_a_log_that_became_shorter_empties_memory() {
    let mut history = begun().with(&[("IntegrationApp", &id(1), "ApplicationResumed")]);
    let mut memory = filled(&history);
    history.events.pop();
    memory.apply(&history.answer(&memory, &[]), 2, None);
    assert!(!holds(&memory, 1));
}

#[test]
fn r26_too_many_events_at_once_and_a_rebuild_empty_memory() {
    let mut history = begun();
    let mut memory = filled(&history);
    for _ in 0..EVENTS_MAX {
        history.append(("Group", "acme", "UserAdded"));
    }
    memory.apply(&history.answer(&memory, &[]), 2, None);
    assert!(holds(&memory, 1));
    for _ in 0..=EVENTS_MAX {
        history.append(("Group", "acme", "UserAdded"));
    }
    memory.apply(&history.answer(&memory, &[]), 3, None);
    assert!(!holds(&memory, 1));
    memory.apply(&history.answer(&memory, &[1]), 4, None);
    history.generations += 1;
    memory.apply(&history.answer(&memory, &[2]), 5, None);
    assert!(!holds(&memory, 1) && holds(&memory, 2));
}

#[test]
fn nothing_is_held_while_something_cannot_be_read() {
    let mut history = begun();
    let mut memory = filled(&history);
    history.is_readable = false;
    memory.apply(&history.answer(&memory, &[1]), 2, None);
    assert!(!holds(&memory, 1) && !holds(&memory, 2));
    history.is_readable = true;
    memory.apply(&history.answer(&memory, &[1]), 3, None);
    assert!(holds(&memory, 1) && !holds(&memory, 2));
}

#[test]
fn a_memory_of_no_size_holds_nothing_and_a_small_one_forgets() {
    let history = begun();
    let mut memory = Memory::new(0);
    memory.apply(&history.answer(&memory, &[1]), 1, None);
    assert!(!holds(&memory, 1));
    assert_eq!(memory.applied, 1);
    let mut memory = Memory::new(64 * 1_024);
    for app in 1..=1_000 {
        memory.apply(&history.answer(&memory, &[app]), 1, None);
    }
    let held = (1..=1_000).filter(|app| holds(&memory, *app)).count();
    assert!((1..=64 * 1_024 / WEIGHT as usize).contains(&held), "{held}");
}

#[test]
fn a_fact_that_cannot_be_read_is_the_trouble_of_its_names_alone() {
    let head = Value::json(&(1, Some("event"), 1, 1, None::<&str>, None::<&str>));
    let mut rows = vec![vec![Value::from("head"), head]];
    for app in [1, 2] {
        let mut values = row(app).values();
        values.push(0.into());
        if app == 1 {
            values[4] = "a status that nobody knows".into();
        }
        rows.push(vec!["app".into(), Value::json(&values)]);
    }
    let answer = Answer::read(rows, &Asked::default()).unwrap();
    for name in [Name::App(Uuid::from_u128(1).into()), Name::Client("gbc_1".to_owned())] {
        assert!(answer.get(&name).is_err());
    }
    assert!(matches!(answer.get(&Name::Client("gbc_2".to_owned())), Ok(Some(_))));
    let mut memory = Memory::new(1_024 * 1_024);
    memory.apply(&answer, 1, None);
    assert!(memory.get(&Name::App(Uuid::from_u128(1).into())).unwrap().is_none());
    assert!(memory.get(&Name::App(Uuid::from_u128(2).into())).unwrap().is_some());
}
