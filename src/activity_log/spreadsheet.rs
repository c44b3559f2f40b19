//! R29: what makes a cell safe, whatever a spreadsheet takes for the separator of cells.
//!
//! A program whose list separator is a semicolon or a tab does not see the quotes of RFC 4180 where we put them: it
//! begins a new cell at each separator, blank, quote or line break *inside* a cell of ours. So a sign that begins a
//! formula is guarded wherever a cell could begin, and not only at the beginning of ours. Not here: the CSV itself.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;

/// R29: no cell is longer, in UTF-16 units, as spreadsheets count; Excel's limit. What it lacks, the ndjson has.
pub(super) const CELL_MAX: usize = 32_767;

/// How many items of a list, and characters of a text, `details` that are too long show; the first that fit.
const FOLDS: [(usize, usize); 7] = [
    (1_000, 2_000),
    (500, 1_000),
    (200, 500),
    (100, 200),
    (50, 100),
    (10, 50),
    (1, 20),
];

/// The cell, which cannot act as a formula: before each sign that could begin one stands an apostrophe.
pub(super) fn cell(text: &str) -> Cow<'_, str> {
    let guarded = guarded(text, |sign, out| {
        out.push('\'');
        out.push(sign);
    });
    folded(guarded)
}

/// The JSON, which cannot act as a formula and is JSON with the same meaning: each sign that could begin one is
/// escaped. Lists and texts of JSON that is too long are cut, and end with the number of what is left out.
pub(super) fn json_cell(json: &str) -> Cow<'_, str> {
    let whole = escaped(json);
    if units(&whole) <= CELL_MAX {
        return whole;
    }
    let value: Value = serde_json::from_str(json).unwrap_or(Value::Null);
    let shorter = FOLDS.into_iter().map(|(items, chars)| {
        let mut value = value.clone();
        shorten(&mut value, items, chars);
        escaped(&value.to_string()).into_owned()
    });
    let fitting = shorter.into_iter().find(|json| units(json) <= CELL_MAX);
    let of_last_resort = || format!(r#"{{"folded":"{}"}}"#, left_out(json.chars().count(), "characters"));
    fitting.unwrap_or_else(of_last_resort).into()
}

/// In JSON a tab or a line break is an escape already, and a sign outside of a text belongs to a number.
fn escaped(json: &str) -> Cow<'_, str> {
    guarded(json, |sign, out| {
        // All of them lie in the basic plane.
        let _ = write!(out, "\\u{:04x}", u32::from(sign));
    })
}

/// The text, with each sign written by `guard` that could begin a formula where it stands.
fn guarded(text: &str, guard: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if !text.contains(begins_formula) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut place = CellPosition::Begins;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let could_act = match place {
            CellPosition::Begins => true,
            // A dash between two words; where a blank separates, it is a cell of its own and no formula.
            CellPosition::AfterBlank => chars.peek().is_some_and(|next| !next.is_whitespace()),
            CellPosition::Inside => false,
        };
        if could_act && begins_formula(c) {
            guard(c, &mut out);
        } else {
            out.push(c);
        }
        place = place.after(c);
    }
    out.into()
}

/// Where in a cell a character stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CellPosition {
    /// At the beginning of a cell, for one separator or another; blanks may have come before.
    Begins,
    /// After a blank in the middle, which separates only where somebody has chosen blanks as separators.
    AfterBlank,
    Inside,
}

impl CellPosition {
    fn after(self, c: char) -> Self {
        if separates(c) {
            Self::Begins
        } else if c.is_whitespace() && self != Self::Begins {
            Self::AfterBlank
        } else if c.is_whitespace() {
            Self::Begins
        } else {
            Self::Inside
        }
    }
}

/// ASCII's signs, the forms of them that spreadsheets in Asia read in the same way, and what Excel skips before them.
fn begins_formula(c: char) -> bool {
    matches!(
        c,
        '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠' | '﹦' | '﹢' | '﹣' | '﹫' | '−'
    )
}

/// Whether some spreadsheet may begin a cell after it: the separators that their dialogs offer, quotes, tabs and line
/// breaks.
fn separates(c: char) -> bool {
    matches!(c, ';' | ',' | '|' | '"') || c.is_control()
}

/// The text, cut if it is too long for a cell, with the number of characters that are left out.
fn folded(text: Cow<'_, str>) -> Cow<'_, str> {
    /// Longer than any note about what is left out.
    const NOTE_MAX: usize = 100;
    if units(&text) <= CELL_MAX {
        return text;
    }
    let mut room = CELL_MAX - NOTE_MAX;
    let fits = |c: &char| {
        let fits = c.len_utf16() <= room;
        room = if fits { room - c.len_utf16() } else { 0 };
        fits
    };
    let stored: String = text.chars().take_while(fits).collect();
    let rest = text.chars().count() - stored.chars().count();
    format!("{stored}{}", left_out(rest, "characters")).into()
}

/// Cuts lists and texts at any depth.
fn shorten(value: &mut Value, items: usize, chars: usize) {
    match value {
        Value::Array(list) => {
            let rest = list.len().saturating_sub(items);
            list.truncate(items);
            list.iter_mut().for_each(|item| shorten(item, items, chars));
            if rest > 0 {
                list.push(left_out(rest, "items").into());
            }
        }
        Value::String(text) => {
            let rest = text.chars().count().saturating_sub(chars);
            if rest > 0 {
                let stored: String = text.chars().take(chars).collect();
                *text = format!("{stored}{}", left_out(rest, "characters"));
            }
        }
        Value::Object(fields) => fields.values_mut().for_each(|field| shorten(field, items, chars)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn left_out(count: usize, what: &str) -> String {
    format!("… and {count} more {what}, see the ndjson")
}

fn units(text: &str) -> usize {
    // A text has no more UTF-16 units than bytes.
    if text.len() <= CELL_MAX {
        return text.len();
    }
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn r29_a_sign_is_guarded_wherever_a_spreadsheet_may_begin_a_cell() {
        for (text, safe) in [
            ("=1+1", "'=1+1"),
            ("-+1", "'-+1"),
            ("\t=1", "'\t'=1"),
            ("＝1 ＋1", "'＝1 '＋1"),
            ("－1", "'－1"),
            ("＠SUM", "'＠SUM"),
            ("x;=cmd|' /C calc'!A0", "x;'=cmd|' /C calc'!A0"),
            ("x;  =1", "x;  '=1"),
            ("x\t@y", "x\t'@y"),
            ("x\r\n=1", "x\r\n'=1"),
            ("say \"=1\"", "say \"'=1\""),
            ("a,-b|+c", "a,'-b|'+c"),
            (" \u{a0}=1", " \u{a0}'=1"),
            ("call +49", "call '+49"),
            ("Payroll - monthly", "Payroll - monthly"),
            ("; - 1", "; '- 1"),
            (
                "dev@example.com is well-known, 1+1=2",
                "dev@example.com is well-known, 1+1=2",
            ),
        ] {
            assert_eq!(cell(text), safe, "{text:?}");
        }
    }

    #[test]
    fn r29_in_json_the_guard_is_an_escape_and_the_meaning_stays() {
        let value = json!({"=a": "-1", "b": ["x;=1", "\"@", "a-b", "＝", "\t+1"], "n": -1.5});
        let text = value.to_string();
        let safe = json_cell(&text);
        assert_eq!(
            safe,
            r#"{"\u003da":"\u002d1","b":["x;\u003d1","\"\u0040","a-b","\uff1d","\t+1"],"n":-1.5}"#
        );
        assert_eq!(serde_json::from_str::<Value>(&safe).unwrap(), value);
    }

    #[test]
    fn r29_no_cell_is_longer_than_a_spreadsheet_takes() {
        let fits = "x".repeat(CELL_MAX);
        assert_eq!(cell(&fits), fits);
        for long in ["x".repeat(CELL_MAX + 1), "👩".repeat(CELL_MAX), ";=".repeat(CELL_MAX)] {
            let cell = cell(&long);
            assert!(cell.encode_utf16().count() <= CELL_MAX);
            assert!(cell.ends_with(" more characters, see the ndjson"), "{cell}");
        }
    }

    #[test]
    fn r29_json_that_is_too_long_is_folded_with_a_count_and_stays_json() {
        let many: Vec<String> = (0..5_000).map(|n| format!("entity-{n}")).collect();
        let folded = json_cell(&json!({"before": many, "after": ["e1"]}).to_string()).into_owned();
        assert!(folded.len() <= CELL_MAX);
        let folded: Value = serde_json::from_str(&folded).unwrap();
        assert_eq!(folded["after"], json!(["e1"]));
        let before = folded["before"].as_array().unwrap();
        assert_eq!((before.len(), &before[0]), (1_001, &json!("entity-0")));
        assert_eq!(before[1_000], "… and 4000 more items, see the ndjson");

        let text = json_cell(&json!({"before": "=;".repeat(20_000)}).to_string()).into_owned();
        assert!(text.len() <= CELL_MAX);
        let text: Value = serde_json::from_str(&text).unwrap();
        assert!(
            text["before"]
                .as_str()
                .unwrap()
                .ends_with("… and 38000 more characters, see the ndjson")
        );

        let fields: serde_json::Map<_, _> = (0..10_000).map(|n| (n.to_string(), json!(n))).collect();
        let last = json_cell(&Value::from(fields).to_string()).into_owned();
        assert!(serde_json::from_str::<Value>(&last).unwrap()["folded"].is_string());
    }
}
