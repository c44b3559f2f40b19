//! The summary of a viewed timeline.

use gatebook_aggregates::timeline_views::TimelineViewsEvent as Event;

/// The sentence about an event, without the name at its beginning.
pub(super) fn described(event: &Event) -> String {
    let Event::TimelineViewed { .. } = event;
    "viewed the application’s activity.".to_owned()
}
