//! Describes views of an application's timeline.

use gatebook_aggregates::timeline_views::TimelineViewsEvent as Event;

/// The sentence about an event, without the actor at its beginning.
pub(super) fn described(event: &Event) -> String {
    let Event::TimelineViewed { .. } = event;
    "read the application’s activity as a timeline.".to_owned()
}
