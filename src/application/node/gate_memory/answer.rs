//! The answer to a question: all of it committed at one moment.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::error::Error;
use std::sync::Arc;

use gatebook_aggregates::identifiers::{AppId, GroupId};
use gatebook_aggregates::text::Label;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::row::Row;
use gatebook_projections::sql::{RowError, RowReader, Value};
use gatebook_projections::token_gate::{GateGroup, TokenGateRow};
use strum::{EnumString, IntoStaticStr};

use super::facts::{Fact, Facts};
use super::names::{EventName, Name};
use super::question::{Asked, Mark};
use crate::application::stored_credential;
use crate::store::StoreError;

/// What a row of an answer is about.
#[derive(Clone, Copy, Debug, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum RowKind {
    Head,
    Event,
    App,
    Group,
    RevokedToken,
    ResourceServer,
}

/// What was true of the log when the question was answered.
pub(super) struct Head {
    pub(super) mark: Mark,
    /// The id of the event that has the position of the mark that the question was asked with.
    pub(super) event_id_at_mark: Option<String>,
    /// Whether everything in the log can be read.
    pub(super) is_readable: bool,
    pub(super) tokens_ended_before: Option<Timestamp>,
}

/// An answer.
pub(super) struct Answer {
    pub(super) head: Head,
    /// What was appended since the mark.
    pub(super) events: Vec<EventName>,
    /// What was asked for and exists. What is kept under a name and cannot be read is the trouble of that name alone.
    pub(super) facts: HashMap<Name, Result<Fact, StoreError>>,
    unreadable: HashSet<AppId>,
}

impl Answer {
    /// Reads the rows of an answer.
    ///
    /// # Errors
    /// When something of the log itself cannot be read.
    pub(super) fn read(rows: Vec<Vec<Value>>, asked: &Asked) -> Result<Self, StoreError> {
        let (mut head, mut events, mut facts, mut unreadable) = (None, Vec::new(), HashMap::new(), HashSet::new());
        // A token is not revoked unless a row says so.
        let tokens = asked.tokens.iter();
        facts.extend(tokens.map(|token| (Name::Token(*token), Ok(Fact::Token { revoked_by: None }))));
        for row in rows {
            let (kind, values) = parted(row)?;
            let keys = keys(&values);
            let table: &'static str = kind.into();
            let mut row = RowReader::new(table, values);
            let read = match kind {
                RowKind::Head => {
                    head = Some(read_head(&mut row)?);
                    continue;
                }
                RowKind::Event => {
                    events.push(read_event(&mut row)?);
                    continue;
                }
                RowKind::App => read_app(&mut row, &mut unreadable),
                RowKind::Group => read_group(&mut row),
                RowKind::RevokedToken => read_revoked_token(&mut row),
                RowKind::ResourceServer => read_resource_server(&mut row),
            };
            match read {
                Ok(read) => facts.extend(read.into_iter().map(|(name, fact)| (name, Ok(fact)))),
                Err(error) => facts.extend(names_of(kind, &keys).map(|name| (name, Err(error.clone())))),
            }
        }
        Ok(Self {
            head: head.ok_or_else(|| StoreError::internal("log_head has no row"))?,
            events,
            facts,
            unreadable,
        })
    }

    /// The end of the log that all of it is true at. None while the log cannot be read to its end.
    pub(super) fn as_of(&self) -> Option<Mark> {
        self.head.is_readable.then(|| self.head.mark.clone())
    }
}

impl Facts for Answer {
    fn get(&self, name: &Name) -> Result<Option<Fact>, StoreError> {
        self.facts.get(name).cloned().transpose()
    }

    fn has(&self, name: &Name) -> bool {
        self.facts.contains_key(name)
    }

    fn tokens_ended_before(&self) -> Option<Timestamp> {
        self.head.tokens_ended_before
    }

    fn is_unreadable(&self, app_id: &AppId) -> bool {
        self.unreadable.contains(app_id)
    }
}

fn parted(row: Vec<Value>) -> Result<(RowKind, Vec<Value>), StoreError> {
    match row.as_slice() {
        [Value::Text(kind), Value::Text(fields)] => {
            let unexpected = |problem: &dyn Error| {
                let answer = "the answer to the gate's question";
                StoreError::internal(format!("{answer} is something unexpected: {problem}"))
            };
            let kind = kind.parse().map_err(|error: strum::ParseError| unexpected(&error))?;
            let values = serde_json::from_str(fields).map_err(|error| unexpected(&error))?;
            Ok((kind, values))
        }
        _ => Err(StoreError::internal(
            "the answer to the gate's question has other columns",
        )),
    }
}

fn read_head(row: &mut RowReader) -> Result<Head, RowError> {
    let (position, event_id) = (row.int()?, row.optional_text()?);
    let (generations, is_readable) = (row.optional_int()?, row.int()? == 1);
    Ok(Head {
        mark: Mark {
            position,
            event_id: event_id.unwrap_or_default().into(),
            generations: generations.unwrap_or_default(),
        },
        is_readable,
        event_id_at_mark: row.optional_text()?,
        tokens_ended_before: row.optional_time()?,
    })
}

fn read_event(row: &mut RowReader) -> Result<EventName, RowError> {
    Ok(EventName {
        aggregate_type: row.text()?,
        aggregate_id: row.text()?,
        event_type: row.text()?,
    })
}

type ReadFacts = Result<Vec<(Name, Fact)>, StoreError>;

fn read_app(row: &mut RowReader, unreadable: &mut HashSet<AppId>) -> ReadFacts {
    let app = TokenGateRow::read(row)?;
    if row.int()? > 0 {
        unreadable.insert(app.app_id);
    }
    let client = (Name::Client(app.client_id.0.clone()), Fact::Client(app.app_id));
    let group = Arc::new(Name::Group(app.group_id.clone()));
    Ok(vec![client, (Name::App(app.app_id), Fact::App(Arc::new(app), group))])
}

fn read_group(row: &mut RowReader) -> ReadFacts {
    let (group_id, product_plan) = (row.value::<GroupId>()?, row.value()?);
    let entities: BTreeMap<_, Label> = row.value()?;
    let entities = entities.into_keys().collect();
    let group = GateGroup { product_plan, entities };
    Ok(vec![(Name::Group(group_id), Fact::Group(Arc::new(group)))])
}

fn read_revoked_token(row: &mut RowReader) -> ReadFacts {
    let (token_id, app_id) = (row.value()?, row.value()?);
    let revoked_by = Some(app_id);
    Ok(vec![(Name::Token(token_id), Fact::Token { revoked_by })])
}

fn read_resource_server(row: &mut RowReader) -> ReadFacts {
    let credential = stored_credential::read_next(row)?;
    let name = Name::ResourceServer(credential.id.clone());
    Ok(vec![(name, Fact::ResourceServer(Arc::new(credential)))])
}

/// The names of what begins with these keys.
fn names_of(kind: RowKind, keys: &[String]) -> impl Iterator<Item = Name> {
    let key = |column: usize| keys.get(column);
    let names = match kind {
        RowKind::App => [
            key(0).and_then(|id| id.parse().ok().map(Name::App)),
            key(1).cloned().map(Name::Client),
        ],
        RowKind::Group => [key(0).and_then(|id| GroupId::parse(id).ok().map(Name::Group)), None],
        RowKind::RevokedToken => [key(0).and_then(|id| id.parse().ok().map(Name::Token)), None],
        RowKind::ResourceServer => [key(0).cloned().map(Name::ResourceServer), None],
        RowKind::Head | RowKind::Event => [None, None],
    };
    names.into_iter().flatten()
}

/// The texts that a row begins with.
fn keys(values: &[Value]) -> Vec<String> {
    let texts = values.iter().take(2).filter_map(|value| match value {
        Value::Text(text) => Some(text.clone()),
        Value::Null | Value::Int(_) => None,
    });
    texts.collect()
}
