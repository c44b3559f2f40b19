//! How many applications a group has, for its home page.

use gatebook_aggregates::identifiers::GroupId;
use gatebook_aggregates::integration_app::Status;
use strum::VariantArray;

use super::AppList;
use crate::projection::Projection;
use crate::sql::{Query, RowError, RowReader, Value};

/// So many applications of a status are counted; a page is shown before a hundred thousand were.
pub const COUNTED_MAX: i64 = 1_000;

/// The applications of a group, by status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupCounts(Vec<(Status, Counted)>);

/// Those of one status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// How many there are; one more than [`COUNTED_MAX`] if there are more.
    pub number: i64,
    /// R20: of these, those whose developer has not verified yet.
    pub waiting: i64,
}

impl GroupCounts {
    /// Reads the rows of [`group_counts`].
    pub fn read(rows: Vec<Vec<Value>>) -> Result<Self, RowError> {
        let counted = rows.into_iter().map(|values| {
            let mut row = RowReader::new(AppList::NAME, values);
            let (status, number, waiting) = (row.value()?, row.int()?, row.int()?);
            Ok((status, Counted { number, waiting }))
        });
        Ok(Self(counted.collect::<Result<_, _>>()?))
    }

    /// R27: those with this status.
    pub fn of(&self, status: Status) -> Counted {
        let found = self.0.iter().find(|(of, _)| *of == status);
        found.map(|(_, counted)| *counted).unwrap_or_default()
    }

    /// All of them.
    pub fn all(&self) -> i64 {
        self.0.iter().map(|(_, counted)| counted.number).sum()
    }
}

/// The counts of a group, see [`GroupCounts`].
pub fn group_counts(group_id: &GroupId) -> Query {
    let mut query = Query::new("", []);
    let group = query.arg(group_id.as_str());
    let of_status = |status: &Status| {
        let (status, limit): (&str, _) = (status.into(), COUNTED_MAX + 1);
        format!(
            "select '{status}' as status, count(*), count(case when link in ('invited', 'assigned') then 1 end) from (\
             select link from app_list where group_id = {group} and status = '{status}' limit {limit}) as counted"
        )
    };
    let each: Vec<_> = Status::VARIANTS.iter().map(of_status).collect();
    query.push(&each.join(" union all "));
    query
}
