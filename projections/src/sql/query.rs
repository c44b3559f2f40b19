//! Questions as text with arguments.

use super::value::Value;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_into_a_search_is_no_pattern() {
        assert_eq!(contains_pattern(r"50%_\"), r"%50\%\_\\%");
    }
}
