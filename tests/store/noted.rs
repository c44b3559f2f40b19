//! Appends that nobody but these tests makes: notes, in streams of their own kind, with or without what can go with them.

use std::sync::Arc;

use gatebook::log::append::{
    Append, AppendError, Credential, CredentialChange, EncryptedEmail, Guard, IdempotencyRecord, NewEvent, Priority,
    Receipt, Reservation, ReservationKey, StreamAppend,
};
use gatebook::log::hash_chain::NO_PREDECESSOR;
use gatebook::secrets::CredentialKind;
use gatebook::store::Database;
use gatebook_projections::recorded::StoredEvent;
use gatebook_projections::sql::{Query, Value};

/// The kind of the streams.
pub const KIND: &str = "Notebook";

/// Notes at the end of a stream.
pub fn notes(stream: &str, version: i64, previous_hash: &str, count: i64) -> Append {
    let events = (1..=count).map(|number| NewEvent {
        app_id: String::new(),
        event_type: "Noted".to_owned(),
        event_version: "1".to_owned(),
        payload: format!(r#"{{"Noted":{{"note":"{stream} {}"}}}}"#, version + number),
        metadata: "{}".to_owned(),
    });
    let stream = StreamAppend {
        expected: at(stream, version),
        previous_hash: previous_hash.to_owned(),
        holds_after: None,
        group_id: String::new(),
        events: events.collect(),
        fold: Arc::new(|_, _| Ok(Vec::new())),
    };
    Append {
        streams: vec![stream],
        ..Append::default()
    }
}

/// A note in a stream that has not begun.
pub fn note(stream: &str) -> Append {
    notes(stream, 0, NO_PREDECESSOR, 1)
}

/// A stream at a version.
pub fn at(stream: &str, version: i64) -> Guard {
    Guard {
        aggregate_type: KIND,
        aggregate_id: stream.to_owned(),
        version,
    }
}

/// The append, with all that can go with it. Everything of it is called by its stream.
pub fn with_everything(append: Append) -> Append {
    let called = append.streams[0].expected.aggregate_id.clone();
    Append {
        reservations: vec![name(&called, &called)],
        emails: vec![email(&called)],
        credentials: vec![CredentialChange::Put(credential(&called))],
        idempotency: Some(key(&called, &called)),
        ..append
    }
}

pub fn name(name: &str, owner: &str) -> Reservation {
    Reservation {
        key: ReservationKey::AppName(name.to_owned()),
        owner: owner.to_owned(),
    }
}

pub fn email(id: &str) -> EncryptedEmail {
    EncryptedEmail {
        id: id.to_owned(),
        kind: "invitation",
        recipient: String::new(),
        priority: Priority::Normal,
        sealed: String::new(),
        not_before: None,
        about: None,
        audience: None,
        quotas: Vec::new(),
    }
}

pub fn credential(id: &str) -> Credential {
    let (owner, name, digest) = (id.to_owned(), String::new(), "digest".to_owned());
    Credential {
        kind: CredentialKind::DeveloperSession,
        id: id.to_owned(),
        owner,
        name,
        digest,
        expires_at: None,
    }
}

pub fn key(key: &str, app_id: &str) -> IdempotencyRecord {
    IdempotencyRecord {
        key: key.to_owned(),
        request_hash: String::new(),
        app_id: app_id.to_owned(),
        sealed: None,
    }
}

/// The events of a receipt.
#[track_caller]
pub fn events(receipt: Result<Receipt, AppendError>) -> Vec<StoredEvent> {
    receipt.unwrap().events
}

/// What there is of an append that [`with_everything`] made: events, name, e-mail, credential, key.
pub async fn there_is_of(database: &dyn Database, called: &str) -> [i64; 5] {
    let sql = format!(
        "select (select count(*) from events where aggregate_type = '{KIND}' and aggregate_id = $1), \
         (select count(*) from reservations where owner = $1), (select count(*) from outbox where id = $1), \
         (select count(*) from credentials where id = $1), (select count(*) from idempotency_keys where app_id = $1)",
    );
    let rows = database.rows(Query::new(sql, [called.into()])).await.unwrap();
    let numbers = rows.into_iter().flatten().map(|value| match value {
        Value::Int(number) => number,
        other => panic!("{other:?}"),
    });
    numbers.collect::<Vec<_>>().try_into().unwrap()
}
