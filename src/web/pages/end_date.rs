//! The field for an end date, of an application or of a client secret. It is in UTC, like all times on the pages.

use gatebook_aggregates::timestamp::Timestamp;
use maud::{Markup, html};

use crate::web::api::json::Fields;
use crate::web::error::Problem;
use crate::web::pages::form::Form;
use crate::web::pages::form_errors::Errors;
use crate::web::pages::inputs::Field;
use crate::web::pages::times::moment;

/// The field's name.
pub const ENDS_AT: &str = "ends_at";
/// What errors call it, for the labels of the form.
pub const LABEL: &str = "Ends (UTC)";

/// The field. What it ends is said in the hint.
pub fn field(form: &Form, hint: &str, errors: &Errors) -> Markup {
    let field = Field {
        name: ENDS_AT,
        label: LABEL,
        hint,
        value: form.text(ENDS_AT),
        kind: "datetime-local",
        required: false,
        ..Field::default()
    };
    field.input(errors)
}

/// What was entered, as the API takes it: browsers leave out the offset, and seconds that are zero. None without an end date.
pub fn entered(form: &Form) -> Option<String> {
    let text = form.filled(ENDS_AT)?;
    Some(match text.len() {
        10 => format!("{text}T00:00:00Z"),
        16 => format!("{text}:00Z"),
        19 | 23 => format!("{text}Z"),
        _ => text.to_owned(),
    })
}

/// What was entered, if it is a time.
pub fn read(form: &Form) -> Result<Option<Timestamp>, Problem> {
    let mut fields = Fields::default();
    let ends_at = entered(form).map(|text| fields.time(ENDS_AT, &text));
    fields.finish(|| Some(ends_at.flatten()))
}

/// An end date as the field shows it.
pub fn shown(ends_at: Option<Timestamp>) -> String {
    let Some(ends_at) = ends_at else {
        return String::new();
    };
    let text = ends_at.to_string();
    let text = text.trim_end_matches('Z');
    let text = text.strip_suffix(".000").unwrap_or(text);
    text.strip_suffix(":00").unwrap_or(text).to_owned()
}

/// An end date in words.
pub fn in_words(ends_at: Option<Timestamp>) -> Markup {
    html! { @match ends_at { Some(at) => (moment(at)), None => "No end date" } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Form {
        Form::of([(ENDS_AT, text.to_owned())])
    }

    #[test]
    fn what_is_shown_is_read_back_as_it_was() {
        for (stored, text) in [
            ("2027-03-01T00:00:00.000Z", "2027-03-01T00:00"),
            ("2027-03-01T10:20:30.000Z", "2027-03-01T10:20:30"),
            ("2027-03-01T10:20:30.004Z", "2027-03-01T10:20:30.004"),
            ("2027-03-01T10:00:00.500Z", "2027-03-01T10:00:00.500"),
        ] {
            let stored = Timestamp::parse(stored);
            assert_eq!(shown(stored), text);
            assert_eq!(read(&form(text)).unwrap(), stored);
        }
        assert_eq!(shown(None), "");
        assert_eq!(read(&form("")).unwrap(), None);
    }

    #[test]
    fn a_day_begins_at_midnight_and_an_offset_is_taken_as_it_is_meant() {
        for (text, stored) in [
            ("2027-03-01", "2027-03-01T00:00:00.000Z"),
            ("2027-03-01T02:00:00+02:00", "2027-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(read(&form(text)).unwrap(), Timestamp::parse(stored));
        }
        assert!(read(&form("1 March")).is_err());
    }
}
