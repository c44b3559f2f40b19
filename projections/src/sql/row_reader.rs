//! Reading the values of a row.

use gatebook_aggregates::timestamp::Timestamp;
use thiserror::Error;
use uuid::Uuid;

use super::column_value::ColumnValue;
use super::value::Value;

/// A row whose values are not what the code expects of its table.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("column {column} of a row of {table} holds something unexpected: {problem}")]
pub struct RowError {
    /// Which table.
    pub table: &'static str,
    /// Which column, counted from 0.
    pub column: usize,
    /// What is wrong.
    pub problem: String,
}

/// Reads the values of a row from left to right.
pub struct RowReader {
    table: &'static str,
    values: std::vec::IntoIter<Value>,
    column: usize,
}

impl RowReader {
    /// A reader of one row of `table`.
    pub fn new(table: &'static str, values: Vec<Value>) -> Self {
        Self {
            table,
            values: values.into_iter(),
            column: 0,
        }
    }

    /// The next value.
    pub fn value<T: ColumnValue>(&mut self) -> Result<T, RowError> {
        let column = self.column;
        self.column += 1;
        let value = self.values.next().ok_or_else(|| "the row ends too early".to_owned());
        value.and_then(T::from_value).map_err(|problem| RowError {
            table: self.table,
            column,
            problem,
        })
    }

    /// The next value, text.
    pub fn text(&mut self) -> Result<String, RowError> {
        self.value()
    }

    /// The next value, which may be null.
    pub fn optional_text(&mut self) -> Result<Option<String>, RowError> {
        self.value()
    }

    /// The next value, a number.
    pub fn int(&mut self) -> Result<i64, RowError> {
        self.value()
    }

    /// The next value, a number that may be null.
    pub fn optional_int(&mut self) -> Result<Option<i64>, RowError> {
        self.value()
    }

    /// The next value, a time.
    pub fn time(&mut self) -> Result<Timestamp, RowError> {
        self.value()
    }

    /// The next value, a time that may be null.
    pub fn optional_time(&mut self) -> Result<Option<Timestamp>, RowError> {
        self.value()
    }

    /// The next value, a UUID.
    pub fn uuid(&mut self) -> Result<Uuid, RowError> {
        self.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_the_wrong_shape_is_named_with_its_table_and_column() {
        let mut row = RowReader::new("groups", vec![Value::from("acme"), Value::Null]);
        assert_eq!(row.text().unwrap(), "acme");
        let error = row.int().unwrap_err();
        assert_eq!((error.table, error.column), ("groups", 1));
        assert!(row.text().unwrap_err().problem.contains("too early"));
    }
}
