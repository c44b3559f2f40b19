//! The lines of an exported file. A byte order mark, carriage returns and empty lines at the end are ignored, because
//! editors add them. An empty line between others counts as a line.

use std::io::{self, BufRead};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a file line by line, keeping one line in memory.
pub(super) struct ExportedLines<R> {
    reader: R,
    number: u64,
    /// Empty lines read so far. They count only if another line follows.
    empty: u64,
    /// The line that follows them.
    ahead: Option<Vec<u8>>,
    begun: bool,
}

pub(super) struct ExportedLine {
    /// Counted from 1.
    pub(super) number: u64,
    /// Without the line ending.
    pub(super) bytes: Vec<u8>,
}

impl<R: BufRead> ExportedLines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            number: 0,
            empty: 0,
            ahead: None,
            begun: false,
        }
    }

    /// The next line. `None` at the end.
    pub(super) fn next_line(&mut self) -> io::Result<Option<ExportedLine>> {
        while self.ahead.is_none() {
            match self.read()? {
                None => return Ok(None),
                Some(line) if line.is_empty() => self.empty += 1,
                Some(line) => self.ahead = Some(line),
            }
        }
        self.number += 1;
        let bytes = if self.empty > 0 {
            self.empty -= 1;
            Vec::new()
        } else {
            self.ahead.take().unwrap_or_default()
        };
        let number = self.number;
        Ok(Some(ExportedLine { number, bytes }))
    }

    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        if self.reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        if !self.begun && line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
        self.begun = true;
        let length = line.trim_ascii_end().len();
        line.truncate(length);
        Ok(Some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(file: &str) -> Vec<(u64, String)> {
        let mut lines = ExportedLines::new(file.as_bytes());
        let mut read = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            read.push((line.number, String::from_utf8(line.bytes).unwrap()));
        }
        read
    }

    fn numbered(texts: &[&str]) -> Vec<(u64, String)> {
        (1..).zip(texts.iter().map(|text| (*text).to_owned())).collect()
    }

    #[test]
    fn a_byte_order_mark_carriage_returns_and_empty_last_lines_are_no_lines() {
        for file in ["a\nb\n", "a\nb", "\u{feff}a\r\nb\r\n\r\n", "a\nb\n\n \n\n"] {
            assert_eq!(lines(file), numbered(&["a", "b"]), "{file:?}");
        }
        for nothing in ["", "\u{feff}", "\n\n"] {
            assert_eq!(lines(nothing), [], "{nothing:?}");
        }
    }

    #[test]
    fn an_empty_line_between_others_is_a_line_and_numbers_count_on() {
        assert_eq!(lines("a\n\n\nb\n\n"), numbered(&["a", "", "", "b"]));
        assert_eq!(lines("\na\n\u{feff}b"), numbered(&["", "a", "\u{feff}b"]));
    }
}
