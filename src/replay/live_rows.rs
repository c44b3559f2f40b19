//! Compares the tables of a projection, each in the order of its keys, with the rows that its streams fold to.

use std::cmp::Ordering;
use std::collections::VecDeque;

use gatebook_projections::projection::AnyProjection;
use gatebook_projections::recorded::StoredEvent;
use gatebook_projections::row::StoredRow;
use gatebook_projections::sql::{Column, MAP_KEYS, Query, Value, select_list};

use super::ReplayError;
use super::difference::{Difference, VerifyReport};
use crate::store::{StoreError, Transaction};

/// The tables of one projection: its own, and those of its maps.
pub(super) struct LiveTables {
    projection: AnyProjection,
    tables: Vec<LiveRows>,
}

impl LiveTables {
    pub(super) fn new(projection: AnyProjection, page: i64) -> Self {
        let own = LiveRows::new(projection.name, projection.columns, 1, page);
        let maps = projection.maps.iter();
        let maps = maps.map(|map| LiveRows::new(map.name, map.columns, MAP_KEYS, page));
        Self {
            projection,
            tables: std::iter::once(own).chain(maps).collect(),
        }
    }

    pub(super) fn projection(&self) -> &AnyProjection {
        &self.projection
    }

    /// Compares what the tables have of the next stream, which ends with this event, with what it folds to. For an unreadable stream (`None`) there is
    /// nothing to compare.
    pub(super) async fn compare(
        &mut self,
        transaction: &mut dyn Transaction,
        last: &StoredEvent,
        expected: Option<Option<StoredRow>>,
        report: &mut VerifyReport,
    ) -> Result<(), ReplayError> {
        let is_readable = expected.is_some();
        let (own, maps) = expected.flatten().map(|row| (row.values, row.maps)).unzip();
        let maps = maps.into_iter().flatten().map(Some).chain(std::iter::repeat(None));
        let expected = std::iter::once(own.map(|values| vec![values])).chain(maps);
        for (table, expected) in self.tables.iter_mut().zip(expected) {
            let expected = is_readable.then(|| expected.unwrap_or_default());
            table.compare(transaction, last, expected, report).await?;
        }
        Ok(())
    }

    /// After the last stream, all remaining rows belong to no stream.
    pub(super) async fn finish(
        self,
        transaction: &mut dyn Transaction,
        report: &mut VerifyReport,
    ) -> Result<(), ReplayError> {
        for mut table in self.tables {
            while let Some((key, row)) = table.next(transaction, report).await? {
                table.add_surplus(&key, &row, None, report);
            }
        }
        Ok(())
    }
}

/// The key of a row: the stream's id, and in the table of a map the key there.
type Key = Vec<String>;

/// Walks through the rows of one table, in step with the streams.
struct LiveRows {
    table: &'static str,
    columns: &'static [Column],
    /// How many columns are the key. The first is the stream's id.
    keys: usize,
    page: i64,
    rows: VecDeque<(Key, Vec<Value>)>,
    after: Option<Key>,
    ended: bool,
}

impl LiveRows {
    fn new(table: &'static str, columns: &'static [Column], keys: usize, page: i64) -> Self {
        Self {
            table,
            columns,
            keys,
            page,
            rows: VecDeque::new(),
            after: None,
            ended: false,
        }
    }

    /// Compares the rows of the stream that ends with this event with the rows that it is to have, by key.
    async fn compare(
        &mut self,
        transaction: &mut dyn Transaction,
        last: &StoredEvent,
        expected: Option<Vec<Vec<Value>>>,
        report: &mut VerifyReport,
    ) -> Result<(), ReplayError> {
        let (is_readable, position) = (expected.is_some(), Some(last.position));
        for expected in expected.into_iter().flatten() {
            let key = self.key_of(&expected)?;
            match self.row_of(transaction, &key, last, report).await? {
                Some(found) => self.compare_row(&key, expected, found, position, report),
                None => {
                    let shown = shown(&key);
                    report.add(self.whole_row(&key, shown.into(), Value::Null, position));
                }
            }
        }
        // What else there is of the stream.
        while let Some((key, row)) = self.next(transaction, report).await? {
            match key[0].as_str().cmp(&last.aggregate_id) {
                Ordering::Greater => {
                    self.put_back(key, row, report);
                    break;
                }
                Ordering::Equal if !is_readable => {}
                Ordering::Equal | Ordering::Less => self.add_surplus(&key, &row, Some(last), report),
            }
        }
        Ok(())
    }

    fn compare_row(
        &self,
        key: &Key,
        expected: Vec<Value>,
        found: Vec<Value>,
        position: Option<i64>,
        report: &mut VerifyReport,
    ) {
        for ((column, expected), found) in self.columns.iter().zip(expected).zip(found) {
            if expected != found {
                report.add(Difference {
                    table: self.table.to_owned(),
                    key: shown(key),
                    column: column.name.to_owned(),
                    expected,
                    found,
                    position,
                });
            }
        }
    }

    /// Finds the row with this key. No stream has rows with smaller keys.
    async fn row_of(
        &mut self,
        transaction: &mut dyn Transaction,
        key: &Key,
        last: &StoredEvent,
        report: &mut VerifyReport,
    ) -> Result<Option<Vec<Value>>, ReplayError> {
        while let Some((found, row)) = self.next(transaction, report).await? {
            match found.cmp(key) {
                Ordering::Less => self.add_surplus(&found, &row, Some(last), report),
                Ordering::Equal => return Ok(Some(row)),
                Ordering::Greater => {
                    self.put_back(found, row, report);
                    break;
                }
            }
        }
        Ok(None)
    }

    async fn next(
        &mut self,
        transaction: &mut dyn Transaction,
        report: &mut VerifyReport,
    ) -> Result<Option<(Key, Vec<Value>)>, StoreError> {
        if self.rows.is_empty() && !self.ended {
            self.read_page(transaction).await?;
        }
        let next = self.rows.pop_front();
        report.rows += i64::from(next.is_some());
        Ok(next)
    }

    fn put_back(&mut self, key: Key, row: Vec<Value>, report: &mut VerifyReport) {
        report.rows -= 1;
        self.rows.push_front((key, row));
    }

    async fn read_page(&mut self, transaction: &mut dyn Transaction) -> Result<(), StoreError> {
        let rows = transaction.rows(self.query()).await?;
        self.ended = (rows.len() as i64) < self.page;
        for row in rows {
            let key = self.key_of(&row)?;
            self.after = Some(key.clone());
            self.rows.push_back((key, row));
        }
        Ok(())
    }

    fn query(&self) -> Query {
        let columns = select_list(self.columns, "");
        let mut query = Query::new(format!("select {columns} from {}", self.table), []);
        let keys: Vec<_> = self.columns.iter().take(self.keys).map(|column| column.name).collect();
        let keys = keys.join(", ");
        if let Some(after) = &self.after {
            let after: Vec<_> = after.iter().map(|key| query.arg(key.as_str())).collect();
            query.push(&format!(" where ({keys}) > ({})", after.join(", ")));
        }
        let page = query.arg(self.page);
        query.push(&format!(" order by {keys} limit {page}"));
        query
    }

    fn key_of(&self, row: &[Value]) -> Result<Key, StoreError> {
        let keys = row.iter().take(self.keys).map(|value| match value {
            Value::Text(key) => Ok(key.clone()),
            Value::Int(_) | Value::Null => {
                let problem = format!("a row of {} has no key", self.table);
                Err(StoreError::internal(problem))
            }
        });
        keys.collect()
    }

    /// Reports a row that should not be there. If it belongs to no stream, with the position from the row itself, if it has
    /// one.
    fn add_surplus(&self, key: &Key, row: &[Value], last: Option<&StoredEvent>, report: &mut VerifyReport) {
        let of_stream = last
            .filter(|last| last.aggregate_id == key[0])
            .map(|last| last.position);
        let columns = self.columns.iter().zip(row);
        let own = columns.into_iter().find_map(|(column, value)| match value {
            Value::Int(position) if column.name == "position" => Some(*position),
            _ => None,
        });
        report.add(self.whole_row(key, Value::Null, shown(key).into(), of_stream.or(own)));
    }

    fn whole_row(&self, key: &Key, expected: Value, found: Value, position: Option<i64>) -> Difference {
        let column = self.columns.get(self.keys - 1).map_or("", |column| column.name);
        Difference {
            table: self.table.to_owned(),
            key: shown(key),
            column: column.to_owned(),
            expected,
            found,
            position,
        }
    }
}

/// A key as people read it.
fn shown(key: &Key) -> String {
    key.join("/")
}
