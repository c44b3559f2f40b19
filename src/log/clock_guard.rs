//! A node whose clock is wrong must not write: one command would date everything that comes after it, as time in the log
//! never runs backwards. It goes on answering checks.
//!
//! What is compared is the machine's clock, not the one that tests move.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use chrono::{TimeDelta, Utc};
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Query, RowReader, Value, text};

use crate::clock::Clock;
use crate::store::{ConnectionPurpose, Database, Dialect, OnConflict, StoreError};

/// How far a node's clock may be from its PostgreSQL server's.
const APART_MAX: TimeDelta = TimeDelta::seconds(60);
/// How far a clock may be behind the last event of an SQLite file, which has no clock of its own.
const BEHIND_MAX: TimeDelta = TimeDelta::seconds(60);
/// How long an SQLite file may have been left alone before a clock that is so far ahead has to be vouched for.
const AHEAD_MAX: TimeDelta = TimeDelta::days(400);
/// The row of `facts` with the time of the last event when an operator vouched for the machine's clock.
const ACCEPTED: &str = "clock_accepted_at";

/// Compares clocks before a batch is written.
pub struct ClockGuard {
    /// Whether events are dated by the machine's clock, so that an SQLite file's last event says something about it.
    dates_by_the_machine: bool,
    difference_millis: AtomicI64,
    is_wrong: AtomicBool,
}

/// What the log says about time, read under its lock.
#[derive(Clone, Copy)]
pub struct LogTime<'a> {
    /// The last event's position.
    pub position: i64,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// What [`clock_column`] holds.
    pub witness: &'a Value,
}

/// A column for the row of `log_head`: PostgreSQL's own clock in milliseconds; of SQLite, which has none, the time up to
/// which an operator has vouched for the machine's clock.
pub fn clock_column(dialect: Dialect) -> String {
    match dialect {
        Dialect::Postgres => "cast(extract(epoch from clock_timestamp()) * 1000 as bigint)".to_owned(),
        Dialect::Sqlite => format!("(select value from facts where name = '{ACCEPTED}')"),
    }
}

impl ClockGuard {
    /// For a node that dates its events by `clock`.
    pub fn new(clock: &Clock) -> Self {
        Self {
            dates_by_the_machine: matches!(clock, Clock::System),
            difference_millis: AtomicI64::new(0),
            is_wrong: AtomicBool::new(false),
        }
    }

    /// How far this machine's clock was ahead of the database's when they were compared last, in milliseconds. Always 0 on
    /// SQLite.
    pub fn difference_millis(&self) -> i64 {
        self.difference_millis.load(Ordering::Relaxed)
    }

    /// Whether it was wrong when it was compared last.
    pub fn is_wrong(&self) -> bool {
        self.is_wrong.load(Ordering::Relaxed)
    }

    /// Whether this machine's clock may date events.
    ///
    /// # Errors
    /// `Unavailable`, with what to do.
    #[expect(clippy::disallowed_methods, reason = "it is the machine's clock that is judged")]
    pub fn check(&self, log: LogTime<'_>) -> Result<(), StoreError> {
        let checked = self.check_at(log, Timestamp::new(Utc::now()));
        self.is_wrong.store(checked.is_err(), Ordering::Relaxed);
        checked
    }

    /// The same for whatever else goes by the clock, such as what is forgotten because it is old.
    ///
    /// # Errors
    /// Also, a database that cannot be read.
    pub async fn look(&self, database: &dyn Database) -> Result<(), StoreError> {
        let clock = clock_column(database.dialect());
        let sql = format!("select position, recorded_at, {clock} from log_head where id = 1");
        for row in database.rows(Query::new(sql, [])).await? {
            let witness = row.get(2).cloned().unwrap_or(Value::Null);
            let mut row = RowReader::new("log_head", row);
            let (position, recorded_at) = (row.int()?, row.time()?);
            self.check(LogTime {
                position,
                recorded_at,
                witness: &witness,
            })?;
        }
        Ok(())
    }

    fn check_at(&self, log: LogTime<'_>, machine: Timestamp) -> Result<(), StoreError> {
        match log.witness {
            Value::Int(database) => self.check_against(*database, machine),
            Value::Null => self.check_last_event(log, machine),
            Value::Text(accepted) => {
                let accepted = Timestamp::parse(accepted);
                match accepted.is_some_and(|accepted| log.recorded_at <= accepted) {
                    true => Ok(()),
                    false => self.check_last_event(log, machine),
                }
            }
        }
    }

    fn check_against(&self, database_millis: i64, machine: Timestamp) -> Result<(), StoreError> {
        let difference = machine.millis() - database_millis;
        self.difference_millis.store(difference, Ordering::Relaxed);
        let difference = TimeDelta::milliseconds(difference);
        if difference.abs() <= APART_MAX {
            return Ok(());
        }
        let direction = if difference > TimeDelta::zero() {
            "ahead of"
        } else {
            "behind"
        };
        Err(StoreError::unavailable(format!(
            "this machine's clock is {} {direction} the database's; set both by NTP",
            rounded(difference)
        )))
    }

    fn check_last_event(&self, log: LogTime<'_>, machine: Timestamp) -> Result<(), StoreError> {
        if !self.dates_by_the_machine || log.position == 0 {
            return Ok(());
        }
        let ahead = TimeDelta::milliseconds(machine.millis() - log.recorded_at.millis());
        let direction = match ahead {
            ahead if -ahead > BEHIND_MAX => "behind",
            ahead if ahead > AHEAD_MAX => "ahead of",
            _ => return Ok(()),
        };
        Err(StoreError::unavailable(format!(
            "this machine's clock is {} {direction} the last event in the log; set it right, or, if it is right, start once \
             with --accept-clock",
            rounded(ahead)
        )))
    }
}

/// Remembers that an operator has vouched for the machine's clock, whatever the last event of an SQLite file says.
///
/// # Errors
/// The database failed.
pub async fn accept_clock(database: &dyn Database) -> Result<(), StoreError> {
    let mut transaction = database.begin(ConnectionPurpose::Write).await?;
    let last = Query::new("select recorded_at from log_head where id = 1", []);
    for row in transaction.rows(last).await? {
        let row = [vec![Value::from(ACCEPTED)], row].concat();
        let columns = [text("name"), text("value")];
        transaction
            .insert("facts", &columns, &[row], OnConflict::Replace)
            .await?;
    }
    transaction.commit().await
}

/// For people: days, hours, or seconds.
fn rounded(difference: TimeDelta) -> String {
    let difference = difference.abs();
    match (difference.num_days(), difference.num_hours()) {
        (2.., _) => format!("{} days", difference.num_days()),
        (_, 2..) => format!("{} hours", difference.num_hours()),
        _ => format!("{} seconds", difference.num_seconds()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn refusal(witness: &Value, machine: &str) -> Option<String> {
        let log = LogTime {
            position: 7,
            recorded_at: at("2026-11-23T09:00:00.000Z"),
            witness,
        };
        let refused = ClockGuard::new(&Clock::System).check_at(log, at(machine));
        refused.err().map(|error| error.to_string())
    }

    #[test]
    fn a_clock_may_be_a_minute_from_the_databases_and_no_more() {
        let database = Value::Int(at("2026-11-23T09:00:00.000Z").millis());
        for fine in [
            "2026-11-23T08:59:00.000Z",
            "2026-11-23T09:00:00.000Z",
            "2026-11-23T09:01:00.000Z",
        ] {
            assert_eq!(refusal(&database, fine), None, "{fine}");
        }
        let behind = refusal(&database, "2026-11-23T08:58:59.999Z").unwrap();
        assert!(behind.contains("60 seconds behind the database's"), "{behind}");
        let ahead = refusal(&database, "2036-11-23T09:00:00.000Z").unwrap();
        assert!(ahead.contains("3653 days ahead of the database's"), "{ahead}");
    }

    #[test]
    fn without_a_databases_clock_the_last_event_tells_a_clock_that_is_behind_or_far_ahead() {
        for fine in [
            "2026-11-23T08:59:00.000Z",
            "2026-11-23T09:00:00.000Z",
            "2027-12-28T09:00:00.000Z",
        ] {
            assert_eq!(refusal(&Value::Null, fine), None, "{fine}");
        }
        let behind = refusal(&Value::Null, "2026-11-23T08:58:59.999Z").unwrap();
        assert!(
            behind.contains("behind the last event") && behind.contains("--accept-clock"),
            "{behind}"
        );
        let ahead = refusal(&Value::Null, "2027-12-28T09:00:00.001Z").unwrap();
        assert!(ahead.contains("400 days ahead of the last event"), "{ahead}");
    }

    #[test]
    fn an_operator_vouches_for_the_clock_up_to_the_last_event_of_that_moment() {
        let far_ahead = "2036-11-23T09:00:00.000Z";
        assert_eq!(refusal(&Value::from("2026-11-23T09:00:00.000Z"), far_ahead), None);
        assert!(refusal(&Value::from("2026-11-23T08:59:59.999Z"), far_ahead).is_some());
    }

    #[test]
    fn an_empty_log_says_nothing_about_clocks() {
        let log = LogTime {
            position: 0,
            recorded_at: at("1970-01-01T00:00:00.000Z"),
            witness: &Value::Null,
        };
        assert!(ClockGuard::new(&Clock::System).check(log).is_ok());
    }
}
