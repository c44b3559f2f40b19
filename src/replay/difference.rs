//! The findings of a verification.

use std::fmt;

use gatebook_projections::recorded::UnreadableEvent;
use gatebook_projections::sql::Value;
use serde::{Serialize, Serializer};

/// How many findings are kept; further ones are only counted. The first ones show what is wrong, and memory stays
/// bounded.
pub const REPORTED_MAX: usize = 100;

/// How many characters of a value a finding shows.
const SHOWN: usize = 60;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The table. For the log, `events` or `log_head`.
    pub table: String,
    /// The row's key. For an event: kind, id and sequence.
    pub key: String,
    /// The column. For a missing or surplus row, the key's column.
    pub column: String,
    pub expected: Value,
    pub found: Value,
    /// The position of the event, or of the last event of the row's stream.
    pub position: Option<i64>,
}

/// One line for people.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            table,
            key,
            column,
            expected,
            found,
            ..
        } = self;
        write!(f, "{table} {}", key.escape_debug())?;
        if let Some(position) = self.position {
            write!(f, " (position {position})")?;
        }
        match (expected, found) {
            (Value::Text(expected), Value::Null) if expected == key => f.write_str(": is missing"),
            (Value::Null, Value::Text(found)) if found == key => f.write_str(": should not exist"),
            _ => {
                let (expected, found) = shown(expected, found);
                write!(f, ": {column} is {found} and should be {expected}")
            }
        }
    }
}

/// Both values, starting shortly before their first difference.
fn shown(expected: &Value, found: &Value) -> (String, String) {
    let (Value::Text(a), Value::Text(b)) = (expected, found) else {
        return (excerpt(expected, 0), excerpt(found, 0));
    };
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let from = if same < SHOWN / 2 { 0 } else { same - SHOWN / 4 };
    (excerpt(expected, from), excerpt(found, from))
}

fn excerpt(value: &Value, from: usize) -> String {
    let text = match value {
        Value::Null => return "nothing".to_owned(),
        Value::Int(number) => return number.to_string(),
        Value::Text(text) => text,
    };
    let shown: String = text.chars().skip(from).take(SHOWN).collect();
    let before = if from > 0 { "…" } else { "" };
    let after = if text.chars().nth(from + SHOWN).is_some() {
        "…"
    } else {
        ""
    };
    format!("“{before}{}{after}”", shown.escape_debug())
}

/// What a verification checked and found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    pub events: i64,
    pub rows: i64,
    /// At most [`REPORTED_MAX`].
    pub differences: Vec<Difference>,
    /// How many more differences there are.
    pub more: i64,
    /// Unreadable events that are quarantined, at most [`REPORTED_MAX`]. They do not count as differences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quarantined: Vec<Quarantined>,
    /// Sentences about problems that are not differences: missing guards of the log.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// An unreadable event that an operator has quarantined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quarantined {
    /// The event, and why it cannot be read.
    #[serde(serialize_with = "as_text")]
    pub event: UnreadableEvent,
    /// The reason that the operator gave.
    pub reason: String,
}

/// One line for people.
impl fmt::Display for Quarantined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "quarantined: {} (“{}”)", self.event, self.reason.escape_debug())
    }
}

fn as_text<S: Serializer>(event: &UnreadableEvent, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(event)
}

impl VerifyReport {
    /// Whether there are no differences.
    pub fn all_equal(&self) -> bool {
        self.differences.is_empty()
    }

    /// Adds the findings of another verification.
    pub fn merge(&mut self, other: Self) {
        self.events += other.events;
        self.rows += other.rows;
        self.more += other.more;
        for warning in other.warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        other.quarantined.into_iter().for_each(|event| self.pass_over(event));
        other
            .differences
            .into_iter()
            .for_each(|difference| self.add(difference));
    }

    pub(super) fn add(&mut self, difference: Difference) {
        keep(&mut self.differences, &mut self.more, difference);
    }

    pub(super) fn pass_over(&mut self, event: Quarantined) {
        if self.quarantined.len() < REPORTED_MAX {
            self.quarantined.push(event);
        }
    }
}

/// Keeps a finding, or only counts it when enough are kept.
pub(super) fn keep<T>(stored: &mut Vec<T>, more: &mut i64, finding: T) {
    if stored.len() < REPORTED_MAX {
        stored.push(finding);
    } else {
        *more += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(expected: Value, found: Value) -> Difference {
        Difference {
            table: "app_list".to_owned(),
            key: "a1".to_owned(),
            column: "name".to_owned(),
            expected,
            found,
            position: Some(12),
        }
    }

    #[test]
    fn a_difference_is_one_line_that_names_table_key_position_and_column() {
        let line = difference("Payroll\nBridge".into(), Value::Null).to_string();
        assert_eq!(
            line,
            r"app_list a1 (position 12): name is nothing and should be “Payroll\nBridge”"
        );
    }

    #[test]
    fn rows_that_are_missing_or_too_many_are_called_so() {
        let missing = difference("a1".into(), Value::Null).to_string();
        assert_eq!(missing, "app_list a1 (position 12): is missing");
        let extra = difference(Value::Null, "a1".into()).to_string();
        assert_eq!(extra, "app_list a1 (position 12): should not exist");
    }

    #[test]
    fn of_long_values_the_part_that_differs_is_shown() {
        let (long, end) = ("x".repeat(500), "y".repeat(500));
        let line = difference(format!("{long}A{end}").into(), format!("{long}B{end}").into()).to_string();
        assert!(line.contains("xA") && line.contains("xB"), "{line}");
        assert!(line.len() < 300, "{line}");
    }

    #[test]
    fn of_very_many_findings_most_are_only_counted() {
        let mut report = VerifyReport::default();
        assert!(report.all_equal());
        for _ in 0..REPORTED_MAX + 7 {
            report.add(difference(1.into(), 2.into()));
        }
        assert_eq!((report.differences.len(), report.more), (REPORTED_MAX, 7));
    }
}
