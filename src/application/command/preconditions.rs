//! R26: what a decision took from its group, as a precondition of the commit.

use std::sync::Arc;

use cqrs_es::Aggregate;
use gatebook_aggregates::group::{DecisionInputs, Group};
use gatebook_aggregates::identifiers::{GroupId, UserId};
use gatebook_projections::groups::GroupRow;
use gatebook_projections::recorded::StoredEvent;

use crate::log::append::{Guard, Precondition};

/// The group has not changed at all.
pub(in crate::application) fn on_all_of(group: &GroupRow) -> Precondition {
    group_at(&group.group_id, group.version).into()
}

/// There is no such group yet.
pub(super) fn on_no_group(group_id: &GroupId) -> Precondition {
    group_at(group_id, 0).into()
}

/// Nothing has changed of what the decision took from the group.
pub(in crate::application) fn depending_on(group: &GroupRow, inputs: DecisionInputs) -> Precondition {
    let is_lost = move |event: &StoredEvent| match event.read::<Group>() {
        Ok(recorded) => inputs.is_invalidated_by(&recorded.event),
        // An event that cannot be read may be any.
        Err(_) => true,
    };
    Precondition {
        guard: group_at(&group.group_id, group.version),
        holds_after: Arc::new(move |event| !is_lost(event)),
    }
}

/// What users do with their own account depends on their being in the group, and on nothing else there.
pub(in crate::application) fn on_the_user(group: &GroupRow, user_id: &UserId) -> Precondition {
    depending_on(group, DecisionInputs::of_user(user_id.clone()))
}

/// What depends on who asks, and on the user's address, too.
pub(in crate::application) fn on_the_group(group: &GroupRow, _: &UserId) -> Precondition {
    on_all_of(group)
}

fn group_at(group_id: &GroupId, version: i64) -> Guard {
    Guard {
        aggregate_type: Group::TYPE,
        aggregate_id: group_id.to_string(),
        version,
    }
}
