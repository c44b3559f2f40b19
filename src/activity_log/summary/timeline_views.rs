//! That somebody read an application's log, in words.

use gatebook_aggregates::timeline_views::TimelineViewsEvent as Event;

/// The sentence about an event, without its beginning: who did it.
pub(super) fn described(event: &Event) -> String {
    let Event::TimelineViewed { .. } = event;
    "read the application’s activity as a timeline.".to_owned()
}
