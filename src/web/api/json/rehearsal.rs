//! Rehearsals: how a change is asked for, and what it would have stopped.

use std::collections::BTreeMap;

use gatebook_aggregates::identifiers::EntityId;
use gatebook_aggregates::rehearsal::CallSum;
use gatebook_aggregates::text::Label;
use gatebook_aggregates::timestamp::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::application::{AppRehearsal, Rehearsal, UnusedEntity, UnusedGrants, UsageWindow};
use crate::web::api::json::fields::Fields;

/// What a change would have stopped.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Rehearsal)]
pub struct RehearsalJson {
    /// The first day (UTC) that the figures cover: as many days as are recorded, 90 at most.
    from: String,
    /// How many days they cover, today included.
    days: u64,
    /// Until when calls were counted. Nodes write what they count within 5 seconds.
    #[schema(value_type = String, format = DateTime)]
    counted_until: Timestamp,
    /// Calls that passed in these days and would be refused if they came after the change.
    calls_refused: u64,
    /// The same, a day.
    calls_refused_a_day: u64,
    /// Calls of which the counts do not tell it: they named no entity and the application would lose some, or it is not known
    /// with which client secret they came.
    not_known: u64,
    /// Calls that passed in these days and would be refused today, whatever is changed.
    refused_already: u64,
    /// Calls that would pass.
    unaffected: u64,
    /// The applications: one, or those of the group that the change is about, by name.
    applications: Vec<AppRehearsalJson>,
    /// Whether there are more applications than these.
    has_more: bool,
}

/// What a change would have stopped of one application.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ApplicationRehearsal)]
pub struct AppRehearsalJson {
    /// The application's id.
    #[schema(value_type = String, format = "uuid")]
    app_id: String,
    /// Its name.
    name: String,
    /// Its calls that would be refused.
    calls_refused: u64,
    /// Its calls of which it is not known.
    not_known: u64,
    /// Its calls that would be refused today, whatever is changed.
    refused_already: u64,
    /// Calls that would be refused by entity and access, most frequent first.
    items: Vec<RefusedCallsJson>,
    /// Entities that it would lose and has not used in these days.
    unused: Vec<UnusedEntityJson>,
}

/// Calls that would be refused.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CallsToBeRefused)]
pub struct RefusedCallsJson {
    /// The entity's id; null of introspections, which name none.
    #[schema(required)]
    entity: Option<String>,
    /// Its name.
    #[schema(required)]
    entity_name: Option<String>,
    /// `read` or `write`; null of introspections.
    #[schema(required)]
    access: Option<String>,
    /// Why: a `reason` of `/gateway/verify`.
    reason: String,
    /// How many.
    calls: u64,
    /// How many a day, rounded.
    calls_a_day: u64,
    /// The last.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    last_used_at: Option<Timestamp>,
}

/// An entity that was not used.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = UnusedEntity)]
pub struct UnusedEntityJson {
    /// The entity's id.
    id: String,
    /// Its name.
    name: String,
    /// When it was used last, before these days; null if never.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    last_used_at: Option<Timestamp>,
}

/// What an application may do and has not done.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = UnusedGrants)]
pub struct UnusedGrantsJson {
    /// The first day (UTC) that was looked at: as many days as are recorded, 90 at most.
    from: String,
    /// How many days were looked at, today included.
    days: u64,
    /// How many entities the application has.
    granted: usize,
    /// Those that no call has named.
    entities: Vec<UnusedEntityJson>,
    /// Whether it may write and no call has written.
    write_unused: bool,
    /// Whether calls passed that named no entity, as introspections do: any entity may have been used by them.
    calls_without_entity: bool,
}

/// The names of entities, by id.
fn name_of(rehearsal: &Rehearsal, id: &EntityId) -> Option<String> {
    let name: Option<&Label> = rehearsal.group.customer.entities.get(id);
    name.map(|name| name.as_str().to_owned())
}

fn first_day(window: UsageWindow) -> String {
    window.first.text()
}

impl From<&Rehearsal> for RehearsalJson {
    fn from(rehearsal: &Rehearsal) -> Self {
        let CallSum { calls, .. } = rehearsal.stopped();
        let window = rehearsal.window;
        Self {
            from: first_day(window),
            days: window.days,
            counted_until: window.until,
            calls_refused: calls,
            calls_refused_a_day: window.a_day(calls),
            not_known: rehearsal.not_known().calls,
            refused_already: rehearsal.stopped_already().calls,
            unaffected: rehearsal.unaffected().calls,
            applications: rehearsal.apps.iter().map(|app| of_app(rehearsal, app)).collect(),
            has_more: rehearsal.has_more,
        }
    }
}

fn of_app(rehearsal: &Rehearsal, app: &AppRehearsal) -> AppRehearsalJson {
    let mut items: Vec<_> = app.rehearsed.stopped.iter().collect();
    items.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.calls));
    let items = items.into_iter().map(|(kind, sum)| RefusedCallsJson {
        entity: kind.entity.as_ref().map(ToString::to_string),
        entity_name: kind.entity.as_ref().and_then(|id| name_of(rehearsal, id)),
        access: kind.access.map(|access| <&str>::from(access).to_owned()),
        reason: kind.verdict.code().to_owned(),
        calls: sum.calls,
        calls_a_day: rehearsal.window.a_day(sum.calls),
        last_used_at: sum.last_at,
    });
    AppRehearsalJson {
        app_id: app.app_id.to_string(),
        name: app.name.as_str().to_owned(),
        calls_refused: app.rehearsed.stopped_in_all().calls,
        not_known: app.rehearsed.not_known().calls,
        refused_already: app.rehearsed.stopped_already.calls,
        items: items.collect(),
        unused: app
            .unused
            .iter()
            .map(|one| unused(one, name_of(rehearsal, &one.entity_id)))
            .collect(),
    }
}

fn unused(entity: &UnusedEntity, name: Option<String>) -> UnusedEntityJson {
    UnusedEntityJson {
        id: entity.entity_id.to_string(),
        name: name.unwrap_or_default(),
        last_used_at: entity.last_used_at,
    }
}

impl UnusedGrantsJson {
    /// The answer, with the names of the group's entities.
    pub fn new(grants: UnusedGrants, names: &BTreeMap<EntityId, String>) -> Self {
        let named = |one: &UnusedEntity| unused(one, names.get(&one.entity_id).cloned());
        Self {
            from: first_day(grants.window),
            days: grants.window.days,
            granted: grants.granted,
            entities: grants.entities.iter().map(named).collect(),
            write_unused: grants.is_write_unused,
            calls_without_entity: grants.has_calls_without_entity,
        }
    }
}

/// Which fields a change takes, so that none is passed over in silence.
pub trait ChangeFields {
    /// Refuses fields that were sent and that the change does not take.
    fn only(&mut self, change: &str, taken: &[&str], sent: &[(&str, bool)]);
}

impl ChangeFields for Fields {
    fn only(&mut self, change: &str, taken: &[&str], sent: &[(&str, bool)]) {
        for (field, is_sent) in sent {
            if *is_sent && !taken.contains(field) {
                let message = format!("The field “{field}” does not apply to the change “{change}”.");
                self.refuse(field, "unknown_field", message);
            }
        }
    }
}
