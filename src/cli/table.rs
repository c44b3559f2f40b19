//! Lists and facts as text for people: columns that stand under each other, two blanks apart.

use serde::Serialize;

use super::{CliError, output};

/// Rows below a head. The last column may be as long as it likes.
pub struct Table<const N: usize> {
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// A table with these names of columns.
    pub fn new(head: [&str; N]) -> Self {
        Self {
            rows: vec![head.map(str::to_uppercase)],
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| one_line(&cell)));
    }

    /// Prints it. An empty list is its head alone.
    pub fn print(&self) -> Result<(), CliError> {
        self.lines().into_iter().try_for_each(output::line)
    }

    fn lines(&self) -> Vec<String> {
        let width = |column: usize| {
            self.rows
                .iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: [usize; N] = std::array::from_fn(width);
        let line = |row: &[String; N]| {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        self.rows.iter().map(line).collect()
    }
}

/// Prints facts about one thing, each on a line of its own.
pub fn print_facts(facts: &[(&str, String)]) -> Result<(), CliError> {
    let width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    facts
        .iter()
        .map(|(name, fact)| format!("{name:width$}  {}", one_line(fact)).trim_end().to_owned())
        .try_for_each(output::line)
}

/// Prints JSON that people can read, too.
pub fn print_json(value: &impl Serialize) -> Result<(), CliError> {
    output::line(serde_json::to_string_pretty(value).map_err(CliError::other)?)
}

/// The time, or a word if there is none.
pub fn or_word(time: Option<impl ToString>, word: &str) -> String {
    time.map_or_else(|| word.to_owned(), |time| time.to_string())
}

/// Nothing that could move the cursor of a terminal.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_and_lines_end_without_blanks() {
        let mut table = Table::new(["id", "name", "status"]);
        table.row(["1".to_owned(), "Überweisung".to_owned(), String::new()]);
        table.row(["1000".to_owned(), "A".to_owned(), "active".to_owned()]);
        assert_eq!(
            table.lines(),
            [
                "ID    NAME         STATUS",
                "1     Überweisung",
                "1000  A            active"
            ]
        );
        assert_eq!(Table::new(["id", "name"]).lines(), ["ID  NAME"]);
    }

    #[test]
    fn no_text_moves_the_cursor() {
        assert_eq!(one_line("a\n b\u{1b}[2Jc\r\td"), "a b [2Jc d");
    }
}
