//! The columns of a table.

use super::column_value::ColumnValue;
use super::value::ColumnKind;

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: ColumnKind,
    /// Whether it may be null. Only the tables of projections are created from their columns, so that nobody asks this of
    /// the others.
    pub is_nullable: bool,
}

impl Column {
    /// The column that values of a type fill.
    pub const fn of<T: ColumnValue>(name: &'static str) -> Self {
        Self {
            name,
            kind: T::KIND,
            is_nullable: T::IS_NULLABLE,
        }
    }
}

/// A text column.
pub const fn text(name: &'static str) -> Column {
    Column::of::<String>(name)
}

/// A number column.
pub const fn int(name: &'static str) -> Column {
    Column::of::<i64>(name)
}

/// A JSON column.
pub const fn json(name: &'static str) -> Column {
    Column {
        name,
        kind: ColumnKind::Json,
        is_nullable: false,
    }
}

/// The columns as a `select` lists them. `prefix` is the table's other name with a dot, or nothing.
pub fn select_list(columns: &[Column], prefix: &str) -> String {
    let selected = columns.iter().map(|column| match column.kind {
        ColumnKind::Json => format!("cast({prefix}{} as text)", column.name),
        ColumnKind::Text | ColumnKind::Int => format!("{prefix}{}", column.name),
    });
    selected.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_selected_as_text() {
        let columns = [text("id"), json("payload")];
        assert_eq!(select_list(&columns, "e."), "e.id, cast(e.payload as text)");
        assert_eq!(select_list(&columns, ""), "id, cast(payload as text)");
    }
}
