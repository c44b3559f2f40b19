//! Reads the fields of a request and collects all errors, so that the client gets them together.

use std::collections::BTreeSet;

use gatebook_aggregates::identifiers::EntityId;
use gatebook_aggregates::refusal::FieldProblem;
use gatebook_aggregates::timestamp::{TimeError, Timestamp};
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::web::error::{FieldError, Problem};

/// The longest search text in bytes, which is the size of the longest description (R7).
const PART_MAX_BYTES: usize = 8_000;

/// The errors of the fields that have been read so far.
#[derive(Debug, Default)]
pub struct Fields(Vec<FieldError>);

impl Fields {
    /// The value, or none after recording its error.
    pub fn read<T>(&mut self, value: Result<T, FieldProblem>) -> Option<T> {
        value.map_err(|problem| self.0.push(problem.into())).ok()
    }

    /// The id of an entry, whose field is called so whatever it is the id of; or none after recording its error.
    pub fn id<T>(&mut self, id: Result<T, FieldProblem>) -> Option<T> {
        let named = |problem: FieldProblem| FieldProblem {
            field: "id".to_owned(),
            ..problem
        };
        self.read(id.map_err(named))
    }

    /// Records an error of a field.
    pub fn refuse(&mut self, field: &str, code: &str, message: impl Into<String>) {
        let (field, code, message) = (field.to_owned(), code.to_owned(), message.into());
        self.0.push(FieldError { field, code, message });
    }

    /// One of a fixed set of words, or else the error `invalid_{field}`. None if it was left out.
    pub fn word<T: DeserializeOwned>(&mut self, field: &str, word: Option<&str>) -> Option<T> {
        let read = T::deserialize(StrDeserializer::<ValueError>::new(word?));
        read.map_err(|_| self.invalid(field)).ok()
    }

    /// Records that a field has an invalid value.
    pub fn invalid(&mut self, field: &str) {
        self.refuse(
            field,
            &format!("invalid_{field}"),
            format!("“{field}” has an invalid value."),
        );
    }

    /// A time, or else the error `invalid_{field}` with the reason.
    pub fn time(&mut self, field: &str, text: &str) -> Option<Timestamp> {
        let refuse = |problem: TimeError| {
            // An unescaped plus sign in a query means a space, which breaks the offset of a time.
            let sign = match text.contains(' ') {
                true => " In a query, write + as %2B.",
                false => "",
            };
            self.refuse(
                field,
                &format!("invalid_{field}"),
                format!("“{field}”: {problem}.{sign}"),
            );
        };
        text.parse().map_err(refuse).ok()
    }

    /// A search text, or else the error `invalid_{field}`. None if it was left out.
    pub fn part(&mut self, field: &str, part: Option<&str>) -> Option<String> {
        let part = part?;
        if !is_text(part) {
            self.invalid(field);
        }
        if part.len() > PART_MAX_BYTES {
            let message = format!("Search “{field}” for at most {PART_MAX_BYTES} bytes.");
            self.refuse(field, &format!("invalid_{field}"), message);
        }
        Some(part.to_owned())
    }

    /// R11: a list of entities. A malformed id is reported as an unknown entity.
    pub fn entities(&mut self, ids: Option<Vec<String>>) -> Option<BTreeSet<EntityId>> {
        match ids {
            Some(ids) => self.entities_of("entities", &ids),
            None => {
                self.refuse("entities", "required", "Select at least one entity.");
                None
            }
        }
    }

    /// The same for a list in another field.
    pub fn entities_of(&mut self, field: &str, ids: &[String]) -> Option<BTreeSet<EntityId>> {
        match ids.iter().find(|id| EntityId::parse(id).is_err()) {
            Some(unknown) => {
                let message = format!("Your group has no entity “{unknown}”.");
                self.refuse(field, "unknown_entity", message);
                None
            }
            None => Some(ids.iter().filter_map(|id| EntityId::parse(id).ok()).collect()),
        }
    }

    /// Records the errors of an entry of a list: `place` for programs, and `words` for people, say which entry.
    pub fn add_of(&mut self, place: &str, words: &str, entry: Self) {
        self.0.extend(located(entry.0, place, words));
    }

    /// How many errors there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no error.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value that `build` makes of the fields, or all errors. `build` returns none if a field that it needs could
    /// not be read, whose error has then been recorded.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Problem> {
        match build() {
            Some(built) if self.0.is_empty() => Ok(built),
            _ => Err(Problem::fields(self.0)),
        }
    }
}

/// The errors of an entry of a list, with where the entry is.
pub(super) fn located(errors: Vec<FieldError>, place: &str, words: &str) -> Vec<FieldError> {
    let with_place = |error: FieldError| FieldError {
        field: format!("{place}.{}", error.field),
        message: format!("{words}: {}", error.message),
        ..error
    };
    errors.into_iter().map(with_place).collect()
}

/// PostgreSQL cannot store NUL in a text.
pub(super) fn is_text(text: &str) -> bool {
    !text.contains('\0')
}

/// The text of a field; empty if it was left out, which the `parse` functions refuse as `required`.
pub fn text(field: &Option<String>) -> &str {
    field.as_deref().unwrap_or_default()
}

/// A field that may be left out, but must not be null.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The field was left out.
    #[default]
    Not,
    /// The field is null.
    Null,
    /// The field has a value.
    As(T),
}

impl<T> Patch<T> {
    /// The value; null is refused as `required`. None if it was left out.
    pub fn or_required(self, field: &str, fields: &mut Fields) -> Option<T> {
        match self {
            Self::Not => None,
            Self::As(value) => Some(value),
            Self::Null => {
                fields.refuse(
                    field,
                    "required",
                    format!("“{field}” cannot be null. Leave it out instead."),
                );
                None
            }
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::As))
    }
}

/// A flag that may be left out, but must not be null, because it is unclear what null would mean.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    bool::deserialize(deserializer).map(Some)
}

/// Whether a field was sent, whatever its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IsPresent(pub bool);

impl<'de> Deserialize<'de> for IsPresent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self(true))
    }
}

/// An empty body. It may be left out.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoFields {}

#[cfg(test)]
mod tests {
    use super::*;
    use gatebook_aggregates::text::{AppName, Description};

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let mut fields = Fields::default();
        let name = fields.read(AppName::parse(""));
        let description = fields.read(Description::parse("what it does"));
        let entities = fields.entities(Some(vec!["e1".to_owned(), "no id".to_owned()]));
        let problem = fields.finish(|| Some((name?, description?, entities?))).unwrap_err();
        let reported: Vec<_> = problem
            .errors
            .iter()
            .map(|e| (e.field.as_str(), e.code.as_str()))
            .collect();
        assert_eq!(reported, [("name", "required"), ("entities", "unknown_entity")]);
        assert_eq!((problem.status, problem.code.as_str()), (422, "required"));
    }

    #[test]
    fn a_field_left_out_is_told_from_null() {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            given: Patch<String>,
            #[serde(default)]
            sent: IsPresent,
        }
        let read = |json: &str| serde_json::from_str::<Body>(json).unwrap();
        assert_eq!(read("{}").given, Patch::Not);
        assert_eq!(read(r#"{"given": null}"#).given, Patch::Null);
        assert_eq!(read(r#"{"given": "a"}"#).given, Patch::As("a".to_owned()));
        assert!(!read("{}").sent.0 && read(r#"{"sent": null}"#).sent.0);
    }
}
