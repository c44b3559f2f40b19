//! R28: one English sentence for each event, for auditors, in the help article's words.
//!
//! A sentence depends on the stored event alone (R29): not on the catalogue, whose names may change, nor on later
//! events. It is part of exported bytes, so do not reword it without need. Full texts, ids and lists are in the event's
//! details.

mod access_token;
mod developer;
mod group;
mod integration_app;
mod refused_attempts;
mod system;
mod timeline_views;
pub(super) mod usage;
mod user_account;

use std::collections::BTreeSet;

use cqrs_es::Aggregate;
use gatebook_aggregates::access_token::AccessToken;
use gatebook_aggregates::developer::Developer;
use gatebook_aggregates::group::Group;
use gatebook_aggregates::identifiers::EntityId;
use gatebook_aggregates::integration_app::IntegrationApp;
use gatebook_aggregates::log_format::LogFormat;
use gatebook_aggregates::metadata::{ActorType, Metadata};
use gatebook_aggregates::refused_attempts::RefusedAttempts;
use gatebook_aggregates::system::System;
use gatebook_aggregates::timeline_views::TimelineViews;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_aggregates::usage::Usage;
use gatebook_aggregates::user_account::UserAccount;
use gatebook_projections::recorded::{StoredEvent, UnreadableEvent};

use crate::numbers::grouped;

/// How many entities a sentence names. More than anybody reads, and with the longest ids two such lists still fit into a cell
/// of a spreadsheet several times over; the event's details name all.
const ENTITIES_NAMED: usize = 50;

/// What happened, as an English sentence that begins with the actor.
///
/// # Errors
/// The event cannot be read.
pub fn summary(stored: &StoredEvent) -> Result<String, UnreadableEvent> {
    described(stored).map(|(_, summary)| summary)
}

/// The metadata and the summary of an event.
pub(super) fn described(stored: &StoredEvent) -> Result<(Metadata, String), UnreadableEvent> {
    match stored.aggregate_type.as_str() {
        IntegrationApp::TYPE => sentence::<IntegrationApp>(stored, integration_app::describe_event),
        AccessToken::TYPE => sentence::<AccessToken>(stored, access_token::describe_event),
        Group::TYPE => sentence::<Group>(stored, group::describe_event),
        Developer::TYPE => sentence::<Developer>(stored, developer::describe_event),
        UserAccount::TYPE => sentence::<UserAccount>(stored, user_account::describe_event),
        System::TYPE => sentence::<System>(stored, system::described),
        RefusedAttempts::TYPE => sentence::<RefusedAttempts>(stored, refused_attempts::described),
        TimelineViews::TYPE => sentence::<TimelineViews>(stored, timeline_views::described),
        Usage::TYPE => sentence::<Usage>(stored, usage::described),
        _ => Err(stored.unreadable("the kind of stream is unknown")),
    }
}

fn sentence<A: Aggregate>(
    stored: &StoredEvent,
    describe_event: fn(&A::Event) -> String,
) -> Result<(Metadata, String), UnreadableEvent> {
    let recorded = stored.read::<A>()?;
    let sentence = format!("{} {}", actor(&recorded.metadata), describe_event(&recorded.event));
    Ok((recorded.metadata, sentence))
}

/// The actor: by name, or by type if the name is not known.
fn actor(metadata: &Metadata) -> String {
    let name = one_line(&metadata.actor_name);
    if !name.is_empty() {
        return name;
    }
    let words = match metadata.actor_type {
        ActorType::GroupUser => "A group user",
        ActorType::Developer => "A developer",
        ActorType::Operator => "An operator",
        ActorType::Integration => "The integration",
        ActorType::System => "Gatebook",
    };
    words.to_owned()
}

/// Quotes what somebody typed, on one line.
fn quoted(text: &str) -> String {
    format!("“{}”", one_line(text))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How many tries are left, as the end of a sentence without the full stop.
pub fn tries(left: u32) -> String {
    match left {
        0 => "no tries are left".to_owned(),
        1 => "1 try is left".to_owned(),
        n => format!("{n} tries are left"),
    }
}

fn count(entities: &BTreeSet<EntityId>) -> String {
    match entities.len() {
        1 => "1 entity".to_owned(),
        n => format!("{} entities", grouped(n as u64)),
    }
}

/// The entities by id, and of a long list how many more there are.
fn listed(entities: &BTreeSet<EntityId>) -> String {
    let named: Vec<_> = entities.iter().take(ENTITIES_NAMED).map(EntityId::as_str).collect();
    let named = named.join(", ");
    match entities.len().saturating_sub(ENTITIES_NAMED) {
        0 => named,
        more => format!("{named} and {} more", grouped(more as u64)),
    }
}

/// R28: the download of a log; `whose` names the log.
fn downloaded(whose: &str, format: LogFormat, from: Option<Timestamp>, to: Option<Timestamp>) -> String {
    let format = match format {
        LogFormat::Csv => "CSV",
        LogFormat::Ndjson => "ndjson",
    };
    let range = match (from, to) {
        (None, None) => String::new(),
        (Some(from), None) => format!(" from {from}"),
        (None, Some(to)) => format!(" before {to}"),
        (Some(from), Some(to)) => format!(" from {from} to before {to}"),
    };
    format!("downloaded {whose} as {format}{range}.")
}
