//! R28: who read an application's log as a timeline. Reading is no change of the application: the views have streams of
//! their own, so that they move no ETag and no command has to read them.

use chrono::TimeDelta;
use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

use crate::group::Membership;
use crate::identifiers::{AppId, GroupId, UserId};
use crate::refusal::Refusal;
use crate::text::AppName;
use crate::timestamp::Timestamp;

/// R28: whoever reads on within this time is not recorded once more.
pub const SAME_VIEW: TimeDelta = TimeDelta::minutes(5);

/// What one person has read of one application in one day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineViews {
    /// The last view, if there was one.
    pub last: Option<TimelineView>,
}

/// A view that was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineView {
    /// The application's group.
    pub group_id: GroupId,
    /// When it began.
    pub viewed_at: Timestamp,
}

/// Their JSON is kept for ever: never rename, only add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(deny_unknown_fields)]
pub enum TimelineViewsEvent {
    /// R28: somebody read the log of an application as a timeline.
    TimelineViewed {
        group_id: GroupId,
        app_id: AppId,
        app_name: AppName,
        viewed_at: Timestamp,
    },
}

impl DomainEvent for TimelineViewsEvent {
    fn event_type(&self) -> String {
        <&str>::from(self).to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

/// Take note that somebody reads.
#[derive(Clone, Debug)]
pub struct ViewTimeline {
    /// Who.
    pub by: Membership,
    /// When.
    pub at: Timestamp,
    /// Of which group the application is.
    pub group_id: GroupId,
    /// Which application.
    pub app_id: AppId,
    /// R6: its name.
    pub app_name: AppName,
}

impl ViewTimeline {
    /// The stream of one person, one application and one day.
    pub fn stream_id(app_id: AppId, user_id: &UserId, at: Timestamp) -> String {
        let at = at.to_string();
        let day = at.split('T').next().unwrap_or_default();
        format!("{app_id}/{user_id}/{day}")
    }
}

impl TimelineViews {
    /// What follows from a command: an event, nothing if there was one a moment ago, or a refusal. Pure.
    pub fn decide(&self, command: ViewTimeline) -> Result<Vec<TimelineViewsEvent>, Refusal> {
        command.by.require_group(&command.group_id)?;
        command.by.require_reader()?;
        let last = self.last.as_ref().map(|last| last.viewed_at);
        if last.is_some_and(|last| command.at < last.plus(SAME_VIEW)) {
            return Ok(Vec::new());
        }
        Ok(vec![TimelineViewsEvent::TimelineViewed {
            group_id: command.group_id,
            app_id: command.app_id,
            app_name: command.app_name,
            viewed_at: command.at,
        }])
    }
}

impl Aggregate for TimelineViews {
    const TYPE: &'static str = "TimelineViews";
    type Command = ViewTimeline;
    type Event = TimelineViewsEvent;
    type Error = Refusal;
    type Services = ();

    async fn handle(&mut self, command: ViewTimeline, (): &(), sink: &EventSink<Self>) -> Result<(), Refusal> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: TimelineViewsEvent) {
        let TimelineViewsEvent::TimelineViewed {
            group_id, viewed_at, ..
        } = event;
        self.last = Some(TimelineView { group_id, viewed_at });
    }
}

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;
    use uuid::Uuid;

    use super::*;
    use crate::group::{Permission, Role};

    fn at(time: &str) -> Timestamp {
        Timestamp::parse(&format!("2026-11-23T{time}Z")).unwrap()
    }

    fn group(id: &str) -> GroupId {
        GroupId::parse(id).unwrap()
    }

    fn view(by_group: &str, permissions: &[Permission], time: &str) -> ViewTimeline {
        ViewTimeline {
            by: Membership {
                group_id: group(by_group),
                user_id: UserId::parse("audrey").unwrap(),
                role: Role::User,
                permissions: permissions.iter().copied().collect(),
            },
            at: at(time),
            group_id: group("acme"),
            app_id: Uuid::nil().into(),
            app_name: AppName::parse("Payroll").unwrap(),
        }
    }

    fn viewed(time: &str) -> TimelineViewsEvent {
        TimelineViewsEvent::TimelineViewed {
            group_id: group("acme"),
            app_id: Uuid::nil().into(),
            app_name: AppName::parse("Payroll").unwrap(),
            viewed_at: at(time),
        }
    }

    #[test]
    fn r28_reading_on_within_five_minutes_is_one_view() {
        let auditor = |time| view("acme", &[Permission::ViewActivityLogs], time);
        TestFramework::<TimelineViews>::with(())
            .given_no_previous_events()
            .when(auditor("09:00:00"))
            .then_expect_events(vec![viewed("09:00:00")]);
        for (time, events) in [("09:04:59.999", vec![]), ("09:05:00", vec![viewed("09:05:00")])] {
            TestFramework::<TimelineViews>::with(())
                .given(vec![viewed("09:00:00")])
                .when(auditor(time))
                .then_expect_events(events);
        }
    }

    #[test]
    fn r3_r4_who_may_not_read_leaves_no_view() {
        for (by, refusal) in [
            (view("acme", &[], "09:00:00"), Refusal::Forbidden("View Activity Logs")),
            (
                view("globex", &[Permission::ViewActivityLogs], "09:00:00"),
                Refusal::NotFound,
            ),
        ] {
            TestFramework::<TimelineViews>::with(())
                .given_no_previous_events()
                .when(by)
                .then_expect_error(refusal);
        }
    }
}
