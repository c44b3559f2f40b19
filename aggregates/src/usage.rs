//! R28: what a group's applications were used for, day by day, so that it is answered for as long as there is a log. It is
//! counted elsewhere, and recorded once a day is over. No command is decided by it.

use std::collections::BTreeMap;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

use crate::identifiers::{AppId, GroupId};
use crate::refusal::Refusal;
use crate::text::AppName;

/// The usage of one group on one day: a stream of its own, which has one event or none.
///
/// The unique key of events (kind, stream, sequence) makes it one for all nodes and after every crash: whoever comes second
/// finds the sequence taken, reads the event, and has nothing to add.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    is_recorded: bool,
}

/// What one application was used for on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsedApplication {
    pub app_id: AppId,
    /// R6: its name.
    pub app_name: AppName,
    /// R24: access tokens that were issued.
    pub tokens_issued: u64,
    /// Requests for access tokens that were refused.
    pub tokens_refused: u64,
    /// R25: checks that were allowed.
    pub allowed: u64,
    /// R25: refused checks by the gate's reason.
    pub refused: BTreeMap<String, u64>,
}

impl UsedApplication {
    /// All checks that were refused.
    pub fn refused_in_all(&self) -> u64 {
        self.refused.values().sum()
    }
}

/// Their JSON is kept for ever: never rename, only add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(deny_unknown_fields)]
pub enum UsageEvent {
    /// A group's usage on a day that is over.
    UsageRecorded {
        /// The day (UTC): `2026-11-23`.
        day: String,
        /// Those that were used, in the order of their ids.
        applications: Vec<UsedApplication>,
        /// The SHA-256 of the day's rows by entity, access and client secret; `docs/log-format.md` says of which bytes.
        rows_hash: String,
    },
}

impl UsageEvent {
    /// What it says of an application, if it was used.
    pub fn of_app(&self, app_id: AppId) -> Option<&UsedApplication> {
        let Self::UsageRecorded { applications, .. } = self;
        applications.iter().find(|used| used.app_id == app_id)
    }
}

impl DomainEvent for UsageEvent {
    fn event_type(&self) -> String {
        <&str>::from(self).to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

/// Record what was counted of a day that is over.
#[derive(Clone, Debug)]
pub struct RecordUsage(pub UsageEvent);

impl Usage {
    /// The stream of a group and a day.
    pub fn stream_id(group_id: &GroupId, day: &str) -> String {
        format!("{group_id}/{day}")
    }

    /// R4: the group whose log a stream belongs to.
    pub fn group_id(stream_id: &str) -> &str {
        stream_id.split_once('/').map_or("", |(group_id, _)| group_id)
    }
}

impl Aggregate for Usage {
    const TYPE: &'static str = "Usage";
    type Command = RecordUsage;
    type Event = UsageEvent;
    type Error = Refusal;
    type Services = ();

    async fn handle(
        &mut self,
        RecordUsage(event): RecordUsage,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Refusal> {
        if !self.is_recorded {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, _: UsageEvent) {
        self.is_recorded = true;
    }
}

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;

    use super::*;

    fn recorded() -> UsageEvent {
        UsageEvent::UsageRecorded {
            day: "2026-11-23".to_owned(),
            applications: Vec::new(),
            rows_hash: String::new(),
        }
    }

    #[test]
    fn a_day_of_a_group_is_recorded_once() {
        let usage = TestFramework::<Usage>::with(());
        usage
            .given_no_previous_events()
            .when(RecordUsage(recorded()))
            .then_expect_events(vec![recorded()]);
        let usage = TestFramework::<Usage>::with(());
        usage
            .given(vec![recorded()])
            .when(RecordUsage(recorded()))
            .then_expect_events(Vec::new());
    }

    #[test]
    fn every_group_has_a_stream_a_day_which_is_in_its_log() {
        let id = Usage::stream_id(&GroupId::parse("acme").unwrap(), "2026-11-23");
        assert_eq!((id.as_str(), Usage::group_id(&id)), ("acme/2026-11-23", "acme"));
    }
}
