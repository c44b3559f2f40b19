//! R29: makes a cell safe, whatever separator the spreadsheet expects.
//!
//! A program that expects semicolons or tabs does not see RFC 4180's quotes where we put them: it starts a new cell at
//! each separator, blank, quote or line break *inside* our cell. So a character that starts a formula is guarded
//! wherever a cell could start. The CSV itself is made elsewhere.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;

/// R29: the maximum length of a cell in UTF-16 units, which is Excel's limit. The ndjson contains what was cut.
pub(super) const CELL_MAX: usize = 32_767;

/// How many list items, and characters of a text, oversized `details` keep. The first pair that fits is used.
const FOLDS: [(usize, usize); 7] = [
    (1_000, 2_000),
    (500, 1_000),
    (200, 500),
    (100, 200),
    (50, 100),
    (10, 50),
    (1, 20),
];

/// Makes a cell that cannot act as a formula: puts an apostrophe before each character that could start one.
pub(super) fn cell(text: &str) -> Cow<'_, str> {
    let guarded = guarded(text, |sign, out| {
        out.push('\'');
        out.push(sign);
    });
    folded(guarded)
}

/// Makes JSON that cannot act as a formula and keeps its meaning: escapes each character that could start one. If it is
/// too long, lists and texts are cut and end with the number of omitted items.
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

/// Escapes in JSON. Tabs and line breaks are escaped already, and a sign outside a text belongs to a number.
fn escaped(json: &str) -> Cow<'_, str> {
    guarded(json, |sign, out| {
        // All of them are in the basic plane, so four digits are enough.
        let _ = write!(out, "\\u{:04x}", u32::from(sign));
    })
}

/// The text, with `guard` applied to each character that could start a formula at its place.
fn guarded(text: &str, guard: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if is_one_plain_word(text) || !text.contains(begins_formula) {
        return text.into();
    }
    let (mut out, mut copied) = (String::new(), 0);
    let mut place = CellPosition::Begins;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let rest = chars.as_str();
        let could_act = match place {
            CellPosition::Begins => true,
            // A dash between two blanks: even if blanks separate cells, it is a cell of its own and not a formula.
            CellPosition::AfterBlank => rest.chars().next().is_some_and(|next| !next.is_whitespace()),
            CellPosition::Inside => false,
        };
        if could_act && begins_formula(c) {
            let end = text.len() - rest.len();
            out.push_str(text.get(copied..end - c.len_utf8()).unwrap_or_default());
            guard(c, &mut out);
            copied = end;
        }
        place = place.after(c);
    }
    // Most dashes are inside of ids and times.
    if copied == 0 {
        return text.into();
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out.into()
}

/// Whether it is such as an id, a time or a hash: no cell can begin inside of it, and it begins no formula.
fn is_one_plain_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !separates(byte.into());
    text.bytes().all(plain) && !text.starts_with(begins_formula)
}

/// The position of a character in its cell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CellPosition {
    /// At the start of a cell for some separator, possibly after blanks.
    Begins,
    /// After a blank inside a cell. It separates only if somebody chose blanks as separators.
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

/// ASCII signs, their variants that Asian spreadsheets read alike, and characters that Excel skips before them.
fn begins_formula(c: char) -> bool {
    matches!(
        c,
        '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠' | '﹦' | '﹢' | '﹣' | '﹫' | '−'
    )
}

/// Whether some spreadsheet may start a cell after this character: the separators that import dialogs offer, quotes,
/// tabs and line breaks.
fn separates(c: char) -> bool {
    matches!(c, ';' | ',' | '|' | '"') || c.is_control()
}

/// Cuts a text that is too long for a cell, and appends the number of omitted characters.
fn folded(text: Cow<'_, str>) -> Cow<'_, str> {
    /// Longer than any note about omitted characters.
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

/// Cuts lists and texts at every depth.
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
    // A text never has more UTF-16 units than bytes.
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
