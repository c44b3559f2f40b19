//! How many applications of a group are in each status.

use std::collections::BTreeMap;
use std::fmt;

use gatebook_aggregates::identifiers::GroupId;
use gatebook_aggregates::integration_app::Status;
use strum::VariantArray;

use super::AppList;
use crate::projection::Projection;
use crate::sql::{Query, RowError, RowReader, Value};

/// So many applications of a status are counted. Counting all of a million would take longer than showing them.
pub const COUNTED: i64 = 1_000;

/// A number of applications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppCount {
    /// How many there are; at least so many, if there are more.
    pub number: i64,
    /// Whether there may be more.
    pub more: bool,
    /// R20: of these, those whose developer has not verified yet.
    pub waiting: i64,
}

impl fmt::Display for AppCount {
    /// As people read it: `46`, or `1,000+`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            small @ ..1_000 => write!(f, "{small}")?,
            large => write!(f, "{},{:03}", large / 1_000, large % 1_000)?,
        }
        if self.more { write!(f, "+") } else { Ok(()) }
    }
}

/// R27: the applications of a group by status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppCounts(BTreeMap<String, AppCount>);

impl AppCounts {
    /// Reads the rows of [`counts`].
    pub fn read(rows: Vec<Vec<Value>>) -> Result<Self, RowError> {
        let row = |values| {
            let mut row = RowReader::new(AppList::NAME, values);
            let (status, number, waiting) = (row.text()?, row.value::<i64>()?, row.int()?);
            let more = number > COUNTED;
            let number = number.min(COUNTED);
            Ok((status, AppCount { number, more, waiting }))
        };
        rows.into_iter().map(row).collect::<Result<_, _>>().map(Self)
    }

    /// Those with this status.
    pub fn of(&self, status: Status) -> AppCount {
        self.0.get(<&str>::from(status)).copied().unwrap_or_default()
    }

    /// All of them.
    pub fn all(&self) -> AppCount {
        let add = |sum: AppCount, one: &AppCount| AppCount {
            number: sum.number + one.number,
            more: sum.more || one.more,
            waiting: sum.waiting + one.waiting,
        };
        self.0.values().fold(AppCount::default(), add)
    }
}

/// The counts of a group, each as far as it is counted.
pub fn counts(group_id: &GroupId) -> Query {
    let mut query = Query::new("", []);
    let group = query.arg(group_id.as_str());
    let of_status = |status: &Status| {
        let status: &str = status.into();
        format!(
            "select '{status}', count(*), count(case when link in ('invited', 'assigned') then 1 end) from (\
             select link from app_list where group_id = {group} and status = '{status}' limit {}) as counted",
            COUNTED + 1
        )
    };
    let each: Vec<_> = Status::VARIANTS.iter().map(of_status).collect();
    query.push(&each.join(" union all "));
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts_of(numbers: &[(&str, i64)]) -> AppCounts {
        let rows = numbers
            .iter()
            .map(|(status, number)| vec![Value::from(*status), Value::from(*number), Value::from(0)]);
        AppCounts::read(rows.collect()).unwrap()
    }

    #[test]
    fn the_states_add_up_to_all() {
        let counts = counts_of(&[("active", 29), ("suspended", 2)]);
        assert_eq!(counts.of(Status::Suspended).to_string(), "2");
        assert_eq!(counts.of(Status::Revoked).to_string(), "0");
        assert_eq!(counts.all().to_string(), "31");
    }

    #[test]
    fn what_is_counted_in_part_is_said_to_be_more() {
        let counts = counts_of(&[("active", COUNTED + 1), ("suspended", COUNTED)]);
        assert_eq!(counts.of(Status::Active).to_string(), "1,000+");
        assert_eq!(counts.of(Status::Suspended).to_string(), "1,000");
        assert_eq!(counts.all().to_string(), "2,000+");
    }
}
