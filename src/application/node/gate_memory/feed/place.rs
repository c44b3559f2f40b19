//! A place in the log as gateways write it: `<position>.<event id>`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::super::question::Mark;

/// No id of an event is longer, by far.
const EVENT_ID_MAX: usize = 64;

/// A place in the log: a position, and the id of the event that has it. Together they name one history up to there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPlace {
    /// The position.
    pub position: i64,
    /// The event's id. Empty before the first event.
    pub event_id: String,
}

/// A text is no place in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a place in the log is a position and the id of the event there: `<position>.<event id>`")]
pub struct NoPlace;

impl From<&Mark> for LogPlace {
    fn from(mark: &Mark) -> Self {
        Self {
            position: mark.position,
            event_id: mark.event_id.to_string(),
        }
    }
}

impl fmt::Display for LogPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.position, self.event_id)
    }
}

impl FromStr for LogPlace {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let (position, event_id) = text.split_once('.').ok_or(NoPlace)?;
        let is_number = !position.is_empty() && position.bytes().all(|digit| digit.is_ascii_digit());
        let position = position.parse().ok().filter(|_| is_number).ok_or(NoPlace)?;
        let of_ids = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_id = event_id.len() <= EVENT_ID_MAX && event_id.bytes().all(of_ids);
        // Before the first event there is no id, and only there.
        match is_id && (event_id.is_empty() == (position == 0)) {
            true => Ok(Self {
                position,
                event_id: event_id.to_owned(),
            }),
            false => Err(NoPlace),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written_and_nothing_else_is_one() {
        for text in ["0.", "1.6dbe1b0e", "42.0199b2ca-2b3c-7d4e-8f50-6b7c8d9e0f1a"] {
            assert_eq!(text.parse::<LogPlace>().unwrap().to_string(), text);
        }
        let long = format!("1.{}", "a".repeat(EVENT_ID_MAX + 1));
        for text in [
            "",
            ".",
            "1",
            "1.",
            "0.a",
            "-1.a",
            "+1.a",
            " 1.a",
            "1.a b",
            "1.a.b",
            "1.ä",
            "x.a",
            "99999999999999999999.a",
            &long,
        ] {
            assert_eq!(text.parse::<LogPlace>(), Err(NoPlace), "{text}");
        }
    }
}
