//! Whatever an event can hold is stored as what it means; and what is not, is not stored.

use std::sync::Arc;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use gatebook_aggregates::access_token::AccessToken;
use gatebook_aggregates::developer::Developer;
use gatebook_aggregates::group::Group;
use gatebook_aggregates::integration_app::IntegrationApp;
use gatebook_aggregates::metadata::{Actor, ActorType};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::refused_attempts::RefusedAttempts;
use gatebook_aggregates::system::System;
use gatebook_aggregates::timeline_views::TimelineViews;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_aggregates::usage::Usage;
use gatebook_aggregates::user_account::UserAccount;
use gatebook_projections::recorded::Recorded;
use gatebook_projections::registry::{FoldOf, Projected};
use gatebook_projections::row_write::RowWrite;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

use super::*;
use crate::clock::{Clock, ManualClock};
use crate::log::Origin;
use crate::log::append::{Append, AppendError};
use crate::log::generations::Generations;
use crate::log::hash_chain::NO_PREDECESSOR;
use crate::log::stored_aggregate::{About, StoredAggregate};
use crate::log::{Loaded, Writer, batch};
use crate::metrics::Metrics;
use crate::store;

const GOLDEN: &str = include_str!("../../../aggregates/golden/v1.ndjson");
const ID: &str = "0198a8a4-7c00-7000-8000-000000000001";

/// What people, programs and attackers put into fields.
fn hostile_values() -> Vec<Json> {
    let texts = [
        "",
        " ",
        "\0",
        "a\0b",
        "\u{1}\u{1f}\u{7f}\u{85}",
        "\u{feff}mark",
        "\u{202e}drawkcab",
        "\u{2028}\u{2029}",
        "\u{fffd}\u{fffe}\u{ffff}\u{10ffff}",
        "e\u{301} and \u{e9}",
        "👩‍💻🇮🇪",
        "ﬁ Ⅷ ſ K",
        "\"quoted\" \\ back / slash",
        "'; drop table events; --",
        "=cmd|' /C calc'!A0",
        "{\"a\":1}",
        "null",
        "true",
        "-0",
        "1e999",
        "9999-12-31T23:59:60Z",
        "9999-12-31T23:59:59.999999999Z",
        "9998-12-31T23:59:60Z",
        "9998-12-31T23:59:59.999999999Z",
        "9998-12-31T23:59:59-23:59",
        "+10000-01-01T00:00:00.000Z",
        "10000-01-01T00:00:00Z",
        "1970-01-01T00:00:00+00:01",
        "1969-12-31T23:59:59.9999Z",
        "0000-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "2016-12-31T23:59:60.999Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T10:15:00.1239+01:00",
        "2026-11-23t09:15:00z",
        "2026-11-23 09:15:00Z",
        "0198A8A4-7C00-7000-8000-000000000001",
        "{0198a8a4-7c00-7000-8000-000000000001}",
        "urn:uuid:0198a8a4-7c00-7000-8000-000000000001",
        "0198a8a47c0070008000000000000001",
        "A@EXAMPLE.COM",
        "a+b@xn--mnchen-3ya.example",
        "ü@münchen.example",
    ];
    let numbers = [
        json!(0),
        json!(-1),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1.5),
        json!(-0.0),
    ];
    let others = [
        json!(null),
        json!(true),
        json!([]),
        json!({}),
        json!([null]),
        json!({"": {}}),
        json!("x".repeat(70_000)),
    ];
    texts
        .iter()
        .map(|text| json!(text))
        .chain(numbers)
        .chain(others)
        .collect()
}

/// The event with another value in each of its fields, one after the other; also without each, and with another key in
/// each map.
fn variants(of: &Json) -> Vec<Json> {
    let hostile = hostile_values();
    let mut variants = Vec::new();
    vary(of, &hostile, &mut |variant| variants.push(variant));
    variants
}

fn vary(value: &Json, hostile: &[Json], found: &mut dyn FnMut(Json)) {
    hostile.iter().for_each(|other| found(other.clone()));
    match value {
        Json::Object(fields) => {
            for (name, field) in fields {
                let with = |other: Option<(String, Json)>| {
                    let changed = fields.iter().filter_map(|(key, saved)| match key == name {
                        true => other.clone(),
                        false => Some((key.clone(), saved.clone())),
                    });
                    Json::Object(changed.collect::<Map<_, _>>())
                };
                found(with(None));
                for key in hostile.iter().filter_map(Json::as_str) {
                    found(with(Some((key.to_owned(), field.clone()))));
                }
                vary(field, hostile, &mut |other| found(with(Some((name.clone(), other)))));
            }
        }
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                vary(item, hostile, &mut |other| {
                    let mut changed = items.clone();
                    changed[index] = other;
                    found(Json::Array(changed));
                });
            }
        }
        _ => {}
    }
}

fn origin(text: &str) -> Origin {
    Origin {
        actor: Actor {
            actor_type: ActorType::GroupUser,
            actor_id: text.to_owned(),
            actor_name: text.to_owned(),
        },
        ip_address: text.to_owned(),
        request_id: text.to_owned(),
        read_only: false,
    }
}

fn head() -> crate::log::head::Head {
    crate::log::head::Head {
        position: 41,
        recorded_at: Timestamp::parse("2026-11-23T09:15:00.000Z").unwrap(),
    }
}

/// What the writer does with an event after `before`.
fn written<A: StoredAggregate>(
    before: &[A::Event],
    event: A::Event,
    origin: &Origin,
) -> Result<Vec<RowWrite>, UnreadableEvent> {
    let mut begun = Loaded::<A>::unbegun(ID);
    for (event, sequence) in before.iter().zip(1..) {
        begun.aggregate.apply(event.clone());
        begun.history.push(Recorded {
            position: sequence,
            sequence,
            recorded_at: head().recorded_at,
            aggregate_id: ID.to_owned(),
            metadata: Metadata {
                actor_type: ActorType::Operator,
                actor_id: String::new(),
                actor_name: String::new().into(),
                ip_address: String::new().into(),
                request_id: String::new(),
                app_name: String::new(),
            },
            event: event.clone(),
        });
    }
    let stream = begun.append(&[event], origin).unwrap();
    let stored = batch::events_after(&mut head(), &stream, stream.expected.version, &stream.previous_hash)?;
    (stream.fold)(&stored, &Generations::default())
}

/// How many hostile events the aggregate takes; each of them is read back.
fn every_variant_is_read_back<A: StoredAggregate>(first: &str) -> usize {
    let lines = GOLDEN.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let lines: Vec<_> = lines.filter(|line| line["aggregate_type"] == A::TYPE).collect();
    let begun = lines.iter().find(|line| line["event_type"] == first).unwrap();
    let begun: A::Event = serde_json::from_value(begun["payload"].clone()).unwrap();
    let mut taken = 0;
    for line in &lines {
        let begins = line["event_type"]
            .as_str()
            .is_some_and(|kind| kind.ends_with("Created") || kind == first);
        let before = if begins { &[][..] } else { std::slice::from_ref(&begun) };
        for variant in variants(&line["payload"]) {
            // As it would come from a request: what the types do not take never gets to the writer.
            let Ok(event) = serde_json::from_str::<A::Event>(&variant.to_string()) else {
                continue;
            };
            taken += 1;
            if let Err(problem) = written::<A>(before, event, &origin("somebody")) {
                panic!("{variant}: {problem}");
            }
        }
    }
    taken
}

#[test]
fn whatever_a_field_of_an_event_takes_is_read_back_as_what_it_means() {
    for (kind, taken) in [
        (
            "applications",
            every_variant_is_read_back::<IntegrationApp>("NewIntegrationCreated"),
        ),
        ("groups", every_variant_is_read_back::<Group>("GroupRegistered")),
        (
            "developers",
            every_variant_is_read_back::<Developer>("DeveloperSignedUp"),
        ),
        (
            "users",
            every_variant_is_read_back::<UserAccount>("UserPasswordLinkSent"),
        ),
        (
            "tokens",
            every_variant_is_read_back::<AccessToken>("AccessTokenRevoked"),
        ),
        ("the installation", every_variant_is_read_back::<System>("TokensEnded")),
        (
            "refusals",
            every_variant_is_read_back::<RefusedAttempts>("LogInsRefused"),
        ),
        ("views", every_variant_is_read_back::<TimelineViews>("TimelineViewed")),
        ("usage", every_variant_is_read_back::<Usage>("UsageRecorded")),
    ] {
        assert!(taken > 10, "{kind}: {taken}");
    }
}

#[test]
fn whoever_acts_is_read_back_as_who_they_are() {
    let line: Json = serde_json::from_str(GOLDEN.lines().next().unwrap()).unwrap();
    for text in hostile_values().iter().filter_map(Json::as_str) {
        let event = serde_json::from_value(line["payload"].clone()).unwrap();
        let written = written::<IntegrationApp>(&[], event, &origin(text));
        assert_eq!(written.unwrap().len(), 3, "{text}");
    }
}

/// A kind of aggregate with a fault: years of five digits are written and not read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Diary;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum DiaryEvent {
    Dated {
        #[serde(serialize_with = "with_any_year")]
        year: i32,
    },
    Lost(#[serde(skip_serializing_if = "String::is_empty", default)] String),
}

fn with_any_year<S: Serializer>(year: &i32, serializer: S) -> Result<S::Ok, S::Error> {
    match *year > 9_999 {
        true => serializer.collect_str(&format_args!("+{year}")),
        false => serializer.serialize_i32(*year),
    }
}

impl DomainEvent for DiaryEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Dated { .. } => "Dated".to_owned(),
            Self::Lost(_) => "Lost".to_owned(),
        }
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Diary {
    const TYPE: &'static str = "Diary";
    type Command = ();
    type Event = DiaryEvent;
    type Error = Refusal;
    type Services = ();

    async fn handle(&mut self, (): (), (): &(), _: &EventSink<Self>) -> Result<(), Refusal> {
        Ok(())
    }

    fn apply(&mut self, _: DiaryEvent) {}
}

impl Projected for Diary {
    const FOLDS: &'static [FoldOf<Self>] = &[];
}

impl StoredAggregate for Diary {
    const AUDITED_READS: &'static [&'static str] = &[];

    fn group_id(&self, _: &str) -> String {
        String::new()
    }

    fn about(&self, _: &str, _: &DiaryEvent) -> About {
        About::default()
    }
}

#[tokio::test]
async fn what_is_not_read_back_is_refused_alone_and_loudly() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("log.db").display());
    let database = store::open(&url).await.unwrap();
    store::migrate(&database).await.unwrap();
    let (metrics, clock) = (
        Arc::new(Metrics::default()),
        ManualClock::starting_at(head().recorded_at),
    );
    let (writer, _task) = Writer::start(database.clone(), Clock::Manual(clock), metrics.clone());
    let dated = |id: &str, year: i32| Append {
        streams: vec![
            Loaded::<Diary>::unbegun(id)
                .append(&[DiaryEvent::Dated { year }], &origin("somebody"))
                .unwrap(),
        ],
        ..Append::default()
    };
    let appends = [("good", 2026), ("bad", 10_000), ("better", 9_999)];
    let appends = appends.map(|(id, year)| writer.append(dated(id, year)));
    let [good, bad, better] = <[_; 3]>::try_from(futures::future::join_all(appends).await).unwrap();
    let Err(AppendError::NotReadBack(problem)) = bad else {
        panic!("{bad:?}")
    };
    assert!(
        problem.to_string().contains("Dated version 1, number 1 of Diary bad"),
        "{problem}"
    );
    // The one after it has the place that it would have had.
    let (good, better) = (good.unwrap().events, better.unwrap().events);
    assert_eq!((good[0].position, better[0].position), (1, 2));
    assert_eq!((good[0].previous_hash.as_str(), good.len()), (NO_PREDECESSOR, 1));
    assert_eq!(crate::log::read::head(&*database).await.unwrap(), 2);
    assert!(
        crate::log::read::stream(&*database, "Diary", "bad")
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        metrics.text().contains("gatebook_appends_not_read_back_total 1"),
        "{}",
        metrics.text()
    );
    // What is read, but as something else, is refused, too.
    let event = DiaryEvent::Lost("a line".to_owned());
    let stored = StoredEvent {
        payload: r#"{"Lost":"another line"}"#.to_owned(),
        event_type: "Lost".to_owned(),
        ..good[0].clone()
    };
    let metadata = serde_json::from_str(&stored.metadata).unwrap();
    assert!(super::event::<Diary>(&stored, &event, &metadata).is_err());
}
