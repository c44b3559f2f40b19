//! The few kinds of values that tables hold, and questions as text with arguments.
//!
//! Text and whole numbers are the same on SQLite and PostgreSQL, sort the same (times are text in UTC, columns are
//! compared bytewise) and hash the same; that is why there is nothing else.

use gatebook_aggregates::timestamp::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use uuid::Uuid;

/// One value of a column or an argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// Text; also ids, times and JSON.
    Text(String),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Uuid> for Value {
    fn from(id: Uuid) -> Self {
        Self::Text(id.to_string())
    }
}

impl From<Timestamp> for Value {
    fn from(moment: Timestamp) -> Self {
        Self::Text(moment.to_string())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Value {
    /// A value as compact JSON text.
    pub fn json<T: Serialize>(value: &T) -> Self {
        // Rows hold maps with text keys, lists and text only, which always have a JSON form.
        Self::Text(serde_json::to_string(value).unwrap_or_default())
    }
}

/// How the database stores a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// `text`.
    Text,
    /// `bigint`.
    Int,
    /// `json`, which keeps its bytes; read it as `cast(column as text)`.
    Json,
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: ColumnKind,
}

/// A text column.
pub const fn text(name: &'static str) -> Column {
    Column {
        name,
        kind: ColumnKind::Text,
    }
}

/// A number column.
pub const fn int(name: &'static str) -> Column {
    Column {
        name,
        kind: ColumnKind::Int,
    }
}

/// A JSON column.
pub const fn json(name: &'static str) -> Column {
    Column {
        name,
        kind: ColumnKind::Json,
    }
}

/// A question or an order: portable SQL with `$1`, `$2`, … and the arguments for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The text.
    pub sql: String,
    /// The arguments, in order.
    pub args: Vec<Value>,
    /// Whether PostgreSQL plans it for these arguments instead of keeping one plan for all. How a search is answered best
    /// depends on how frequent the text is: a plan for any text reads a whole index to find what most rows have.
    pub is_planned_for_its_arguments: bool,
}

impl Query {
    /// A query that needs no building.
    pub fn new(sql: impl Into<String>, args: impl IntoIterator<Item = Value>) -> Self {
        Self {
            sql: sql.into(),
            args: args.into_iter().collect(),
            is_planned_for_its_arguments: false,
        }
    }

    /// Adds an argument and gives its placeholder.
    pub fn arg(&mut self, value: impl Into<Value>) -> String {
        self.args.push(value.into());
        format!("${}", self.args.len())
    }

    /// Adds a piece of text.
    pub fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }
}

/// The pattern of `like … escape '\'` that finds `text` anywhere.
pub fn contains_pattern(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

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

    /// The next value, which may be null.
    pub fn optional_text(&mut self) -> Result<Option<String>, RowError> {
        match self.next_value()? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            Value::Int(_) => Err(self.error("a number instead of text")),
        }
    }

    /// The next value, text.
    pub fn text(&mut self) -> Result<String, RowError> {
        self.optional_text()?.ok_or_else(|| self.error("null instead of text"))
    }

    /// The next value, a number that may be null.
    pub fn optional_int(&mut self) -> Result<Option<i64>, RowError> {
        match self.next_value()? {
            Value::Null => Ok(None),
            Value::Int(number) => Ok(Some(number)),
            Value::Text(_) => Err(self.error("text instead of a number")),
        }
    }

    /// The next value, a number.
    pub fn int(&mut self) -> Result<i64, RowError> {
        self.optional_int()?
            .ok_or_else(|| self.error("null instead of a number"))
    }

    /// The next value, a time that may be null.
    pub fn optional_time(&mut self) -> Result<Option<Timestamp>, RowError> {
        match self.optional_text()? {
            None => Ok(None),
            Some(text) => Timestamp::parse(&text)
                .map(Some)
                .ok_or_else(|| self.error("not a time")),
        }
    }

    /// The next value, a time.
    pub fn time(&mut self) -> Result<Timestamp, RowError> {
        self.optional_time()?
            .ok_or_else(|| self.error("null instead of a time"))
    }

    /// The next value, a UUID.
    pub fn uuid(&mut self) -> Result<Uuid, RowError> {
        let text = self.text()?;
        Uuid::parse_str(&text).map_err(|_| self.error("not a UUID"))
    }

    /// The next value, a UUID that may be null.
    pub fn optional_uuid(&mut self) -> Result<Option<Uuid>, RowError> {
        let text = self.optional_text()?;
        text.map(|text| Uuid::parse_str(&text))
            .transpose()
            .map_err(|_| self.error("not a UUID"))
    }

    /// The next value, read from JSON.
    pub fn json<T: DeserializeOwned>(&mut self) -> Result<T, RowError> {
        let text = self.text()?;
        serde_json::from_str(&text).map_err(|problem| self.error(&problem.to_string()))
    }

    /// The next value, text of a type that is stored as a plain string.
    pub fn word<T: DeserializeOwned>(&mut self) -> Result<T, RowError> {
        let text = self.text()?;
        serde_json::from_value(serde_json::Value::String(text)).map_err(|problem| self.error(&problem.to_string()))
    }

    /// The next value, text of a type that is stored as a plain string, or null.
    pub fn optional_word<T: DeserializeOwned>(&mut self) -> Result<Option<T>, RowError> {
        let text = self.optional_text()?;
        let word = text
            .map(|text| serde_json::from_value(serde_json::Value::String(text)))
            .transpose();
        word.map_err(|problem| self.error(&problem.to_string()))
    }

    fn next_value(&mut self) -> Result<Value, RowError> {
        self.column += 1;
        self.values.next().ok_or_else(|| self.error("the row ends too early"))
    }

    fn error(&self, problem: &str) -> RowError {
        RowError {
            table: self.table,
            column: self.column.saturating_sub(1),
            problem: problem.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_into_a_search_is_no_pattern() {
        assert_eq!(contains_pattern(r"50%_\"), r"%50\%\_\\%");
    }

    #[test]
    fn a_row_of_the_wrong_shape_is_named_with_its_table_and_column() {
        let mut row = RowReader::new("groups", vec![Value::from("acme"), Value::Null]);
        assert_eq!(row.text().unwrap(), "acme");
        let error = row.int().unwrap_err();
        assert_eq!((error.table, error.column), ("groups", 1));
        assert!(row.text().unwrap_err().problem.contains("too early"));
    }
}
