//! What the log has to know of each kind of aggregate.

use gatebook_aggregates::access_token::{AccessToken, AccessTokenEvent};
use gatebook_aggregates::developer::Developer;
use gatebook_aggregates::group::{Group, GroupEvent};
use gatebook_aggregates::integration_app::{IntegrationApp, IntegrationAppEvent};
use gatebook_aggregates::refused_attempts::{AttemptsOf, RefusedAttempts};
use gatebook_aggregates::system::System;
use gatebook_aggregates::timeline_views::{TimelineViews, TimelineViewsEvent};
use gatebook_aggregates::usage::Usage;
use gatebook_aggregates::user_account::UserAccount;
use gatebook_projections::registry::Projected;

use super::snapshot::{self, SnapshotOf};

/// The application that an event speaks of; both are empty when it speaks of none. An application's log shows the events
/// of all streams that speak of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Its id.
    pub app_id: String,
    /// R6: its name.
    pub app_name: String,
}

/// An aggregate whose events are logged, and folded into the rows that the registry of projections names.
pub trait StoredAggregate: Projected + Clone {
    /// The names of events by which somebody only looked. They move no version, no row changes with them, and commands are
    /// decided without them.
    const AUDITED_READS: &'static [&'static str];
    /// Whether the last event of a stream tells all that its commands are decided on, so that they cost the same however
    /// long it is. Only for streams that no row is folded from.
    const LAST_EVENT_TELLS_ALL: bool = false;
    /// How it is known without its whole stream, for streams that grow long. Only for an aggregate with one projection, whose
    /// row tells all.
    const SNAPSHOT: Option<SnapshotOf<Self>> = None;

    /// The group whose log the events belong to (R4); empty when there is none.
    fn group_id(&self, aggregate_id: &str) -> String;

    /// The application that an event of the stream speaks of. The aggregate is as it is after the event.
    fn about(&self, aggregate_id: &str, event: &Self::Event) -> About;
}

impl StoredAggregate for IntegrationApp {
    const AUDITED_READS: &'static [&'static str] = IntegrationAppEvent::AUDITED_READS;

    fn group_id(&self, _: &str) -> String {
        self.created().map(|app| app.group_id.to_string()).unwrap_or_default()
    }

    fn about(&self, aggregate_id: &str, _: &Self::Event) -> About {
        let name = self.created().map(|app| app.name.as_str().to_owned());
        About {
            app_id: aggregate_id.to_owned(),
            app_name: name.unwrap_or_default(),
        }
    }
}

impl StoredAggregate for Group {
    const AUDITED_READS: &'static [&'static str] = GroupEvent::AUDITED_READS;
    const SNAPSHOT: Option<SnapshotOf<Self>> = Some(snapshot::OF_GROUPS);

    fn group_id(&self, aggregate_id: &str) -> String {
        aggregate_id.to_owned()
    }

    fn about(&self, _: &str, _: &Self::Event) -> About {
        About::default()
    }
}

impl StoredAggregate for AccessToken {
    const AUDITED_READS: &'static [&'static str] = &[];

    fn group_id(&self, _: &str) -> String {
        self.revoked
            .as_ref()
            .map(|token| token.group_id.to_string())
            .unwrap_or_default()
    }

    fn about(&self, _: &str, event: &Self::Event) -> About {
        let AccessTokenEvent::AccessTokenRevoked { app_id, app_name, .. } = event;
        About {
            app_id: app_id.to_string(),
            app_name: app_name.as_str().to_owned(),
        }
    }
}

impl StoredAggregate for Developer {
    const AUDITED_READS: &'static [&'static str] = &[];

    fn group_id(&self, _: &str) -> String {
        String::new()
    }

    fn about(&self, _: &str, _: &Self::Event) -> About {
        About::default()
    }
}

impl StoredAggregate for UserAccount {
    const AUDITED_READS: &'static [&'static str] = &[];

    fn group_id(&self, aggregate_id: &str) -> String {
        let group_id = aggregate_id.split_once('/').map(|(group_id, _)| group_id);
        group_id.unwrap_or_default().to_owned()
    }

    fn about(&self, _: &str, _: &Self::Event) -> About {
        About::default()
    }
}

impl StoredAggregate for RefusedAttempts {
    const AUDITED_READS: &'static [&'static str] = &[];
    const LAST_EVENT_TELLS_ALL: bool = true;

    fn group_id(&self, aggregate_id: &str) -> String {
        AttemptsOf::group_id(aggregate_id).to_owned()
    }

    fn about(&self, _: &str, event: &Self::Event) -> About {
        let app = event.app().map(|(id, name)| About {
            app_id: id.to_string(),
            app_name: name.as_str().to_owned(),
        });
        app.unwrap_or_default()
    }
}

impl StoredAggregate for TimelineViews {
    const AUDITED_READS: &'static [&'static str] = &[];
    const LAST_EVENT_TELLS_ALL: bool = true;

    fn group_id(&self, _: &str) -> String {
        self.last
            .as_ref()
            .map(|view| view.group_id.to_string())
            .unwrap_or_default()
    }

    fn about(&self, _: &str, event: &Self::Event) -> About {
        let TimelineViewsEvent::TimelineViewed { app_id, app_name, .. } = event;
        About {
            app_id: app_id.to_string(),
            app_name: app_name.as_str().to_owned(),
        }
    }
}

impl StoredAggregate for Usage {
    const AUDITED_READS: &'static [&'static str] = &[];
    const LAST_EVENT_TELLS_ALL: bool = true;

    fn group_id(&self, aggregate_id: &str) -> String {
        Usage::group_id(aggregate_id).to_owned()
    }

    /// One event speaks of many applications: their logs find it by what it holds.
    fn about(&self, _: &str, _: &Self::Event) -> About {
        About::default()
    }
}

impl StoredAggregate for System {
    const AUDITED_READS: &'static [&'static str] = &[];

    fn group_id(&self, _: &str) -> String {
        String::new()
    }

    fn about(&self, _: &str, _: &Self::Event) -> About {
        About::default()
    }
}
