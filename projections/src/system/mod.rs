//! What holds for the whole installation?

use gatebook_aggregates::system::{System, SystemEvent as Event, SystemSubject};
use gatebook_aggregates::timestamp::Timestamp;

use crate::projection::Projection;
use crate::recorded::Recorded;

/// The projection `system`. It has one row, or none while nothing has happened.
pub struct SystemState;

row! {
    /// What holds for the whole installation.
    pub struct SystemRow {
        /// The one stream.
        system_id: String,
        /// Access tokens that were issued before this moment have ended.
        tokens_ended_before: Option<Timestamp>,
        version: i64,
        position: i64,
    }
}

/// As a column of another query, so that one question answers both: the moment before which all access tokens that were
/// issued have ended, or null.
pub const TOKENS_ENDED_BEFORE: &str = "(select s.tokens_ended_before from system s where s.system_id = 'system')";

impl Projection for SystemState {
    const NAME: &'static str = "system";
    const FOLD_VERSION: i64 = 1;
    type Aggregate = System;
    type Row = SystemRow;

    fn fold(row: Option<SystemRow>, recorded: &Recorded<Event>) -> Option<SystemRow> {
        let tokens_ended_before = match recorded.event.subject() {
            SystemSubject::Tokens { ended_before } => Some(ended_before),
            SystemSubject::Quarantine { .. } | SystemSubject::Credentials | SystemSubject::Download => {
                row.and_then(|row| row.tokens_ended_before)
            }
        };
        Some(SystemRow {
            system_id: recorded.aggregate_id.clone(),
            tokens_ended_before,
            version: recorded.sequence,
            position: recorded.position,
        })
    }
}

#[cfg(test)]
mod tests {
    use gatebook_aggregates::log_format::LogFormat;
    use gatebook_aggregates::metadata::{ActorType, Metadata};
    use gatebook_aggregates::system::SYSTEM_ID;

    use super::*;
    use crate::row::Row;

    fn folded(events: &[Event]) -> Option<SystemRow> {
        let recorded = events.iter().zip(1..).map(|(event, number)| Recorded {
            position: 10 * number,
            sequence: number,
            recorded_at: moment("10:00:00"),
            aggregate_id: SYSTEM_ID.to_owned(),
            metadata: Metadata {
                actor_type: ActorType::Operator,
                actor_id: String::new(),
                actor_name: "Olga".to_owned().into(),
                ip_address: String::new().into(),
                request_id: String::new(),
                app_name: String::new(),
            },
            event: event.clone(),
        });
        recorded.fold(None, |row, event| SystemState::fold(row, &event))
    }

    fn moment(time: &str) -> Timestamp {
        Timestamp::parse(&format!("2026-11-23T{time}Z")).unwrap()
    }

    fn ended(time: &str) -> Event {
        Event::TokensEnded {
            issued_before: moment(time),
        }
    }

    fn downloaded() -> Event {
        Event::SystemLogDownloaded {
            format: LogFormat::Csv,
            from: None,
            to: None,
        }
    }

    #[test]
    fn the_last_moment_before_which_tokens_ended_holds_through_whatever_else_happens() {
        let row = folded(&[downloaded(), ended("09:00:00"), ended("09:30:00"), downloaded()]).unwrap();
        assert_eq!(row.tokens_ended_before, Some(moment("09:30:00")));
        assert_eq!((row.version, row.position), (4, 40));
        assert_eq!(folded(&[downloaded()]).unwrap().tokens_ended_before, None);
    }

    #[test]
    fn a_row_is_read_as_it_was_written_and_other_queries_find_it_by_the_id_of_the_stream() {
        for events in [&[downloaded()][..], &[ended("09:00:00")]] {
            let row = folded(events).unwrap();
            assert_eq!(SystemState::row(row.values()).unwrap(), row);
        }
        assert!(TOKENS_ENDED_BEFORE.contains(&format!("system_id = '{SYSTEM_ID}'")));
    }
}
