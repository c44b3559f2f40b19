//! `COPY` of rows into a table: the quickest way to write many.

use gatebook_projections::sql::{Column, Value};
use sqlx::postgres::PgConnection;

use super::error::StoreError;

/// How many bytes are sent at a time.
const CHUNK: usize = 256 * 1024;

/// Copies these rows into a table, and returns how many they are.
pub async fn copy(
    connection: &mut PgConnection,
    table: &str,
    columns: &[Column],
    rows: &[Vec<Value>],
) -> Result<u64, StoreError> {
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    let sql = format!("copy {table} ({}) from stdin", names.join(", "));
    let mut copying = connection.copy_in_raw(&sql).await?;
    let mut lines = String::with_capacity(CHUNK);
    for row in rows {
        write_line(&mut lines, row);
        if lines.len() >= CHUNK {
            copying.send(lines.as_bytes()).await?;
            lines.clear();
        }
    }
    copying.send(lines.as_bytes()).await?;
    Ok(copying.finish().await?)
}

/// A row in the text format of `COPY`.
fn write_line(lines: &mut String, row: &[Value]) {
    for (index, value) in row.iter().enumerate() {
        if index > 0 {
            lines.push('\t');
        }
        match value {
            Value::Null => lines.push_str("\\N"),
            Value::Int(number) => lines.push_str(&number.to_string()),
            Value::Text(text) => write_text(lines, text),
        }
    }
    lines.push('\n');
}

fn write_text(lines: &mut String, text: &str) {
    for part in text.split_inclusive(['\\', '\t', '\n', '\r']) {
        let escaped = match part.as_bytes().last() {
            Some(b'\\') => "\\\\",
            Some(b'\t') => "\\t",
            Some(b'\n') => "\\n",
            Some(b'\r') => "\\r",
            _ => {
                lines.push_str(part);
                continue;
            }
        };
        // All of them are one byte.
        lines.push_str(part.get(..part.len() - 1).unwrap_or_default());
        lines.push_str(escaped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_separates_rows_and_columns_is_escaped_in_texts() {
        let mut lines = String::new();
        let texts = ["", "a\tb", "\\N", "\\.", "a\r\nb\\", "ö😀"];
        let row: Vec<Value> = texts
            .map(Value::from)
            .into_iter()
            .chain([Value::Null, (-7).into()])
            .collect();
        write_line(&mut lines, &row);
        assert_eq!(lines, "\ta\\tb\t\\\\N\t\\\\.\ta\\r\\nb\\\\\tö😀\t\\N\t-7\n");
    }
}
