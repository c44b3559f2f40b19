//! Compares a projection's rows, in the order of their keys, with the rows that its streams fold to.

use std::cmp::Ordering;
use std::collections::VecDeque;

use gatebook_projections::projection::AnyProjection;
use gatebook_projections::sql::{Query, Value, select_list};

use super::ReplayError;
use super::difference::{Difference, VerifyReport};
use crate::store::{StoreError, Transaction};

/// Walks through the rows of one projection, in step with its streams.
pub(super) struct LiveRows {
    projection: AnyProjection,
    page: i64,
    rows: VecDeque<(String, Vec<Value>)>,
    after: Option<String>,
    ended: bool,
}

impl LiveRows {
    pub(super) fn new(projection: AnyProjection, page: i64) -> Self {
        Self {
            projection,
            page,
            rows: VecDeque::new(),
            after: None,
            ended: false,
        }
    }

    pub(super) fn projection(&self) -> &AnyProjection {
        &self.projection
    }

    /// Compares the row of the next stream, whose last event has this position, with the expected row. For an unreadable stream (`None`) there is nothing to
    /// compare.
    pub(super) async fn compare(
        &mut self,
        transaction: &mut dyn Transaction,
        (key, last): (&str, i64),
        expected: Option<Option<Vec<Value>>>,
        report: &mut VerifyReport,
    ) -> Result<(), ReplayError> {
        let found = self.row_of(transaction, key, report).await?;
        let Some(expected) = expected else {
            return Ok(());
        };
        match (expected, found) {
            (None, None) => {}
            (Some(_), None) => {
                report.add(self.whole_row(key, key.into(), Value::Null, Some(last)));
            }
            (None, Some(_)) => {
                report.add(self.whole_row(key, Value::Null, key.into(), Some(last)));
            }
            (Some(expected), Some(found)) => {
                let columns = self.projection.columns.iter().zip(expected).zip(found);
                for ((column, expected), found) in columns {
                    if expected != found {
                        report.add(Difference {
                            table: self.projection.name.to_owned(),
                            key: key.to_owned(),
                            column: column.name.to_owned(),
                            expected,
                            found,
                            position: Some(last),
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// After the last stream, all remaining rows belong to no stream.
    pub(super) async fn finish(
        mut self,
        transaction: &mut dyn Transaction,
        report: &mut VerifyReport,
    ) -> Result<(), ReplayError> {
        while let Some((key, row)) = self.next(transaction, report).await? {
            self.add_side_effect(&key, &row, report);
        }
        Ok(())
    }

    /// Finds the row with this key. Rows with smaller keys belong to no stream.
    async fn row_of(
        &mut self,
        transaction: &mut dyn Transaction,
        key: &str,
        report: &mut VerifyReport,
    ) -> Result<Option<Vec<Value>>, ReplayError> {
        while let Some((found, row)) = self.next(transaction, report).await? {
            match found.as_str().cmp(key) {
                Ordering::Less => self.add_side_effect(&found, &row, report),
                Ordering::Equal => return Ok(Some(row)),
                Ordering::Greater => {
                    report.rows -= 1;
                    self.rows.push_front((found, row));
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
    ) -> Result<Option<(String, Vec<Value>)>, StoreError> {
        if self.rows.is_empty() && !self.ended {
            self.read_page(transaction).await?;
        }
        let next = self.rows.pop_front();
        report.rows += i64::from(next.is_some());
        Ok(next)
    }

    async fn read_page(&mut self, transaction: &mut dyn Transaction) -> Result<(), StoreError> {
        let rows = transaction.rows(self.query()).await?;
        self.ended = (rows.len() as i64) < self.page;
        for row in rows {
            let Some(Value::Text(key)) = row.first() else {
                let problem = format!("a row of {} has no key", self.projection.name);
                return Err(StoreError::internal(problem));
            };
            self.after = Some(key.clone());
            self.rows.push_back((key.clone(), row));
        }
        Ok(())
    }

    fn query(&self) -> Query {
        let columns = select_list(self.projection.columns, "");
        let mut query = Query::new(format!("select {columns} from {}", self.projection.name), []);
        let key = self.key_column();
        if let Some(after) = &self.after {
            let after = query.arg(after.as_str());
            query.push(&format!(" where {key} > {after}"));
        }
        let page = query.arg(self.page);
        query.push(&format!(" order by {key} limit {page}"));
        query
    }

    fn key_column(&self) -> &'static str {
        self.projection.columns.first().map_or("", |column| column.name)
    }

    /// Reports a row that belongs to no stream, with the position from the row itself.
    fn add_side_effect(&self, key: &str, row: &[Value], report: &mut VerifyReport) {
        let columns = self.projection.columns.iter().zip(row);
        let position = columns.into_iter().find_map(|(column, value)| match value {
            Value::Int(position) if column.name == "position" => Some(*position),
            _ => None,
        });
        report.add(self.whole_row(key, Value::Null, key.into(), position));
    }

    fn whole_row(&self, key: &str, expected: Value, found: Value, position: Option<i64>) -> Difference {
        Difference {
            table: self.projection.name.to_owned(),
            key: key.to_owned(),
            column: self.key_column().to_owned(),
            expected,
            found,
            position,
        }
    }
}
