//! Text that people type: names, descriptions, reasons. Each type checks once, on reading.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::look_alikes::look_alike_keys;
use crate::refusal::FieldProblem;
use crate::text_comparison::{collapse_white_space, comparable};

/// R6: the longest application name, in characters.
pub const APP_NAME_MAX_CHARS: usize = 100;
/// R7: the longest description, in characters.
pub const DESCRIPTION_MAX_CHARS: usize = 2_000;
/// The longest name of a person, group, entity or token, in characters.
pub const LABEL_MAX_CHARS: usize = 200;
/// The longest reason for suspending, resuming or revoking, in characters.
pub const REASON_MAX_CHARS: usize = 500;

/// R6: an application's name, as typed but trimmed, with white space collapsed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppName(String);

impl AppName {
    /// R6: 1 to 100 characters, no control, invisible or bidirectional-override characters.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        one_line(text, "name", "invalid_name", APP_NAME_MAX_CHARS).map(Self)
    }

    /// The name to show.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// R6: what makes two names the same; see [`comparable`].
    pub fn uniqueness_key(&self) -> String {
        comparable(&self.0)
    }

    /// R6: what makes two names look the same, if they have one in common; see [`look_alike_keys`].
    pub fn look_alike_keys(&self) -> BTreeSet<String> {
        look_alike_keys(&self.0)
    }
}

/// R7: what an application is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Description(String);

impl Description {
    /// R7: 1 to 2,000 characters; line breaks are welcome, other control characters are not.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        paragraph(text, "description", "invalid_description", DESCRIPTION_MAX_CHARS).map(Self)
    }

    /// The description to show.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A short name of a person, group, entity or token: one line of 1 to 200 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(String);

impl Label {
    /// Reads the label of `field`; refused with `invalid_name`.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldProblem> {
        let code = if field == "full_name" {
            "invalid_full_name"
        } else {
            "invalid_name"
        };
        one_line(text, field, code, LABEL_MAX_CHARS).map(Self)
    }

    /// The label to show.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why somebody suspended, resumed or revoked: up to 500 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reason(String);

impl Reason {
    /// Reads a reason; an empty one is none.
    pub fn parse(text: &str) -> Result<Option<Self>, FieldProblem> {
        if is_invisible(text) {
            return Ok(None);
        }
        paragraph(text, "reason", "invalid_reason", REASON_MAX_CHARS).map(|text| Some(Self(text)))
    }

    /// The reason to show.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether there is nothing in a text that anybody can see.
fn is_invisible(text: &str) -> bool {
    comparable(text).is_empty()
}

fn one_line(text: &str, field: &str, code: &'static str, max: usize) -> Result<String, FieldProblem> {
    if text.chars().any(|c| c.is_control() || is_deceptive(c)) {
        let message = "Control, invisible and text-direction characters are not allowed.";
        return Err(FieldProblem::new(field, code, message));
    }
    within(collapse_white_space(text), field, code, max)
}

fn paragraph(text: &str, field: &str, code: &'static str, max: usize) -> Result<String, FieldProblem> {
    let allowed = |c: char| matches!(c, '\n' | '\r' | '\t') || !c.is_control();
    if !text.chars().all(|c| allowed(c) && !is_bidirectional_override(c)) {
        let message = "Control and text-direction characters are not allowed.";
        return Err(FieldProblem::new(field, code, message));
    }
    within(text.trim().to_owned(), field, code, max)
}

fn within(text: String, field: &str, code: &'static str, max: usize) -> Result<String, FieldProblem> {
    match text.chars().count() {
        _ if is_invisible(&text) => Err(FieldProblem::new(field, "required", format!("Fill in “{field}”."))),
        n if n > max => {
            let message = format!("“{field}” can have at most {max} characters; this has {n}.");
            Err(FieldProblem::new(field, code, message))
        }
        _ => Ok(text),
    }
}

fn is_bidirectional_override(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn is_deceptive(c: char) -> bool {
    is_bidirectional_override(c)
        || matches!(c, '\u{00AD}' | '\u{180E}' | '\u{200B}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> String {
        AppName::parse(text).unwrap().uniqueness_key()
    }

    #[test]
    fn r6_names_that_look_alike_are_the_same_name() {
        assert_eq!(key("  Payroll   Bridge "), key("payroll bridge"));
        assert_eq!(key("STRASSE"), key("straße"));
        assert_eq!(key("Ｐａｙｒｏｌｌ"), key("payroll"));
        assert_eq!(key("ﬁscal"), key("FISCAL"));
        assert_eq!(key("Cafe\u{301}"), key("CAFÉ"));
        assert_eq!(key("a\u{200D}b"), key("ab"));
        assert_ne!(key("Payroll 1"), key("Payroll 2"));
    }

    #[test]
    fn r6_a_name_has_1_to_100_characters() {
        assert_eq!(AppName::parse(" ").unwrap_err().code, "required");
        assert!(AppName::parse("ß").is_ok());
        assert!(AppName::parse(&"ü".repeat(100)).is_ok());
        assert_eq!(AppName::parse(&"ü".repeat(101)).unwrap_err().code, "invalid_name");
    }

    #[test]
    fn r6_a_name_that_nobody_can_see_is_none() {
        for invisible in [
            "\u{200D}",
            " \u{200D} \u{200C} ",
            "\u{3164}",
            "\u{FFA0}",
            "\u{115F}\u{1160}",
            "\u{FE0F}",
            "\u{E0100}",
            "\u{034F}",
            "\u{206A}",
            "\u{2800} \u{2800}",
        ] {
            assert_eq!(AppName::parse(invisible).unwrap_err().code, "required", "{invisible:?}");
            assert_eq!(
                Description::parse(invisible).unwrap_err().code,
                "required",
                "{invisible:?}"
            );
            assert_eq!(Reason::parse(invisible).unwrap(), None, "{invisible:?}");
        }
    }

    #[test]
    fn r6_what_nobody_sees_does_not_tell_two_names_apart() {
        for c in [
            "\u{200D}",
            "\u{FE0F}",
            "\u{E0100}",
            "\u{034F}",
            "\u{206A}",
            "\u{3164}",
            "\u{115F}",
        ] {
            assert_eq!(key(&format!("Payroll{c}")), key("payroll"), "{c:?}");
            assert_eq!(key(&format!("Cafe{c}\u{301}")), key("CAFÉ"), "{c:?}");
        }
        assert_eq!(key("Payroll\u{2800}Bridge\u{2800}"), key("payroll bridge"));
    }

    #[test]
    fn r6_emoji_are_shown_as_typed() {
        for emoji in ["👩\u{200D}💻", "Payroll \u{2764}\u{FE0F}"] {
            assert_eq!(AppName::parse(emoji).unwrap().as_str(), emoji);
        }
    }

    #[test]
    fn r6_white_space_is_trimmed_and_collapsed_and_the_rest_is_shown_as_typed() {
        let name = AppName::parse("  Payroll \u{A0}  Bridge ").unwrap();
        assert_eq!(name.as_str(), "Payroll Bridge");
        let padded = format!("  {}  ", "ü".repeat(100));
        assert!(AppName::parse(&padded).is_ok());
    }

    #[test]
    fn r6_a_name_holds_no_control_or_direction_characters() {
        for bad in [
            "a\u{0}b",
            "a\nb",
            "a\u{202E}b",
            "a\u{2066}b",
            "a\u{200B}b",
            "\u{FEFF}ab",
        ] {
            assert_eq!(AppName::parse(bad).unwrap_err().code, "invalid_name", "{bad:?}");
        }
    }

    #[test]
    fn r7_a_description_has_1_to_2000_characters_and_may_have_lines() {
        assert_eq!(Description::parse("\n ").unwrap_err().code, "required");
        assert!(Description::parse("one\ntwo").is_ok());
        assert!(Description::parse(&"x".repeat(2_000)).is_ok());
        assert_eq!(
            Description::parse(&"x".repeat(2_001)).unwrap_err().code,
            "invalid_description"
        );
        assert_eq!(Description::parse("a\u{0}").unwrap_err().code, "invalid_description");
    }

    #[test]
    fn an_empty_reason_is_none() {
        assert_eq!(Reason::parse("  ").unwrap(), None);
        assert_eq!(Reason::parse(&"x".repeat(501)).unwrap_err().code, "invalid_reason");
    }
}
