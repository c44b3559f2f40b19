//! What the answer to the feed's question means for whoever holds verdicts that were true at a place in the log.

use std::collections::BTreeSet;
use std::str::FromStr;

use cqrs_es::Aggregate;
use gatebook_aggregates::identifiers::{AccessTokenId, AppId, GroupId};
use gatebook_aggregates::system::{System, SystemEventType};
use gatebook_projections::sql::{RowError, RowReader, Value};

use super::super::names::{EventName, Name, Touched};
use super::super::question::{EVENTS_MAX, Mark};
use super::place::LogPlace;
use crate::store::StoreError;

/// What changed behind a place in the log, for those who hold what the gate decided there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The end of the log: what is still held after this is true there.
    pub to: Mark,
    /// Nothing may be held any more, whatever it is about.
    pub all: bool,
    /// What is about these applications may not be held any more.
    pub applications: BTreeSet<AppId>,
    /// What is about applications of these groups may not be held any more.
    pub groups: BTreeSet<GroupId>,
    /// What is about these tokens may not be held any more.
    pub tokens: BTreeSet<AccessTokenId>,
}

impl Changes {
    /// Nothing happened: the log still ends there.
    pub fn nothing_since(to: Mark) -> Self {
        Self {
            to,
            all: false,
            applications: BTreeSet::new(),
            groups: BTreeSet::new(),
            tokens: BTreeSet::new(),
        }
    }

    /// Whether anything may not be held any more.
    pub fn evict_something(&self) -> bool {
        self.all || !(self.applications.is_empty() && self.groups.is_empty() && self.tokens.is_empty())
    }

    fn everything(to: Mark) -> Self {
        Self {
            all: true,
            ..Self::nothing_since(to)
        }
    }

    fn add(&mut self, event: &EventName) {
        match touches_verdicts(event) {
            Touched::Nothing => {}
            Touched::One(Name::App(id)) => drop(self.applications.insert(id)),
            Touched::One(Name::Group(id)) => drop(self.groups.insert(id)),
            Touched::One(Name::Token(id)) => drop(self.tokens.insert(id)),
            // A gateway knows nothing by these names.
            Touched::One(Name::Client(_) | Name::ResourceServer(_)) | Touched::Everything => self.all = true,
        }
    }
}

/// What an event changes of all verdicts. A node holds facts, and compares the moment before which tokens have ended at each
/// check; who holds verdicts cannot.
fn touches_verdicts(event: &EventName) -> Touched {
    let is_of_installation = event.aggregate_type == System::TYPE;
    match SystemEventType::from_str(&event.event_type) {
        Ok(SystemEventType::TokensEnded) if is_of_installation => Touched::Everything,
        _ => event.touches(),
    }
}

/// The answer: the end of the log, and its last events.
pub(super) struct Answer {
    head: Mark,
    /// Whether everything in the log can be read.
    is_readable: bool,
    /// In their order, beginning with the one at the earliest place that was asked about.
    events: Vec<Placed>,
}

struct Placed {
    position: i64,
    event_id: String,
    name: EventName,
}

impl Answer {
    /// Reads the rows of an answer.
    ///
    /// # Errors
    /// When one is not what was asked for.
    pub(super) fn read(rows: Vec<Vec<Value>>) -> Result<Self, StoreError> {
        let (mut head, mut events) = (None, Vec::new());
        for row in rows {
            let [Value::Text(kind), Value::Text(fields)] = row.as_slice() else {
                return Err(unexpected("other columns"));
            };
            let values = serde_json::from_str(fields).map_err(unexpected)?;
            let mut row = RowReader::new("feed", values);
            match kind.as_str() {
                "head" => head = Some(read_head(&mut row)?),
                "event" => events.push(read_event(&mut row)?),
                other => return Err(unexpected(other)),
            }
        }
        let (head, is_readable) = head.ok_or_else(|| StoreError::internal("log_head has no row"))?;
        Ok(Self {
            head,
            is_readable,
            events,
        })
    }

    /// What changed behind this place. Everything, if that cannot be told: the place is unknown, too far back or of another
    /// history, or something cannot be read.
    pub(super) fn changes_after(&self, place: Option<&LogPlace>) -> Changes {
        let head = || self.head.clone();
        let Some(place) = place.filter(|place| self.is_readable && self.continues(place)) else {
            return Changes::everything(head());
        };
        let mut changes = Changes::nothing_since(head());
        let appended = self.events.iter().filter(|event| event.position > place.position);
        appended.for_each(|event| changes.add(&event.name));
        changes
    }

    /// Whether this log continues the one that ended at the place, and not too far behind it.
    fn continues(&self, place: &LogPlace) -> bool {
        if place.position == 0 || !(0..=EVENTS_MAX).contains(&(self.head.position - place.position)) {
            return false;
        }
        let mut there = self.events.iter().filter(|event| event.position == place.position);
        there.any(|event| event.event_id == place.event_id)
    }
}

fn read_head(row: &mut RowReader) -> Result<(Mark, bool), RowError> {
    let (position, event_id) = (row.int()?, row.optional_text()?);
    let mark = Mark {
        position,
        event_id: event_id.unwrap_or_default().into(),
        generations: row.optional_int()?.unwrap_or_default(),
    };
    Ok((mark, row.int()? == 1))
}

fn read_event(row: &mut RowReader) -> Result<Placed, RowError> {
    let (position, event_id) = (row.int()?, row.text()?);
    let name = EventName {
        aggregate_type: row.text()?,
        aggregate_id: row.text()?,
        event_type: row.text()?,
    };
    Ok(Placed {
        position,
        event_id,
        name,
    })
}

fn unexpected(problem: impl std::fmt::Display) -> StoreError {
    StoreError::internal(format!(
        "the answer to the feed's question is something unexpected: {problem}"
    ))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const APP: u128 = 1;

    fn mark(position: i64) -> Mark {
        Mark {
            position,
            event_id: format!("e{position}").into(),
            generations: 4,
        }
    }

    fn place(position: i64) -> LogPlace {
        LogPlace::from(&mark(position))
    }

    /// A log with these events behind one that changes nothing, asked about from its beginning or its last thousand.
    fn answer(events: &[(&str, &str, &str)], is_readable: bool) -> Answer {
        let beginning = ("Group", "acme", "UserAdded");
        let all: Vec<_> = [beginning].iter().chain(events).copied().enumerate().collect();
        let head = all.len() as i64;
        let mut rows = vec![vec![
            Value::from("head"),
            Value::json(&(head, format!("e{head}"), 4, i64::from(is_readable))),
        ]];
        for (index, (aggregate_type, aggregate_id, event_type)) in all {
            let position = index as i64 + 1;
            let fields = (
                position,
                format!("e{position}"),
                aggregate_type,
                aggregate_id,
                event_type,
            );
            rows.push(vec![Value::from("event"), Value::json(&fields)]);
        }
        Answer::read(rows).unwrap()
    }

    #[test]
    fn each_event_evicts_what_it_changes_and_only_from_those_who_are_before_it() {
        let app = Uuid::from_u128(APP).to_string();
        let answer = answer(
            &[
                ("IntegrationApp", &app, "ApplicationSuspended"),
                ("Group", "acme", "EntityRemoved"),
                ("AccessToken", &app, "AccessTokenRevoked"),
                ("IntegrationApp", &app, "CredentialsRevealed"),
            ],
            true,
        );
        let changes = answer.changes_after(Some(&place(1)));
        assert!(!changes.all && changes.evict_something());
        assert_eq!(changes.applications, BTreeSet::from([Uuid::from_u128(APP).into()]));
        assert_eq!(changes.groups, BTreeSet::from([GroupId::parse("acme").unwrap()]));
        assert_eq!(changes.tokens, BTreeSet::from([Uuid::from_u128(APP).into()]));
        assert_eq!(changes.to, mark(5));
        let changes = answer.changes_after(Some(&place(3)));
        assert!(changes.applications.is_empty() && changes.groups.is_empty() && changes.tokens.len() == 1);
        for later in [4, 5] {
            assert_eq!(
                answer.changes_after(Some(&place(later))),
                Changes::nothing_since(mark(5))
            );
        }
    }

    #[test]
    fn whoever_cannot_be_told_what_changed_drops_everything() {
        let answer = answer(&[], true);
        let other = LogPlace {
            event_id: "of another history".to_owned(),
            ..place(1)
        };
        let none = LogPlace {
            position: 0,
            event_id: String::new(),
        };
        for unknown in [None, Some(&other), Some(&none), Some(&place(2))] {
            assert!(answer.changes_after(unknown).all, "{unknown:?}");
        }
        assert!(!answer.changes_after(Some(&place(1))).all);
    }

    #[test]
    fn a_thousand_events_are_told_and_more_are_not() {
        let quiet = ("Group", "acme", "UserAdded");
        let answer = answer(&vec![quiet; EVENTS_MAX as usize + 1], true);
        assert!(answer.changes_after(Some(&place(1))).all);
        assert!(!answer.changes_after(Some(&place(2))).evict_something());
    }

    #[test]
    fn what_changes_everything_or_cannot_be_read_drops_everything() {
        for event in [
            ("System", "system", "TokensEnded"),
            ("System", "system", "ResourceServerEnded"),
            ("System", "system", "EventQuarantined"),
            ("Partner", "p", "PartnerAdded"),
            ("IntegrationApp", "no id", "ApplicationSuspended"),
        ] {
            assert!(answer(&[event], true).changes_after(Some(&place(1))).all, "{event:?}");
        }
        for event in [
            ("System", "system", "OperatorTokenCreated"),
            ("Group", "acme", "UserAdded"),
        ] {
            assert!(!answer(&[event], true).changes_after(Some(&place(1))).all, "{event:?}");
        }
        assert!(answer(&[], false).changes_after(Some(&place(1))).all);
    }
}
