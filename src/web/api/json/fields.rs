//! Reading the fields of a request and keeping all that is wrong with them, so that the client learns it at once.

use std::collections::BTreeSet;

use gatebook_aggregates::identifiers::EntityId;
use gatebook_aggregates::refusal::FieldProblem;
use gatebook_aggregates::timestamp::{TimeError, Timestamp};
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::web::error::{FieldError, Problem};

/// The longest text that is searched for, in bytes: the longest description (R7) has no more.
const PART_MAX_BYTES: usize = 8_000;

/// What is wrong with the fields that were read so far.
#[derive(Debug, Default)]
pub struct Fields(Vec<FieldError>);

impl Fields {
    /// The value, or its problem kept for later.
    pub fn read<T>(&mut self, value: Result<T, FieldProblem>) -> Option<T> {
        value.map_err(|problem| self.0.push(problem.into())).ok()
    }

    /// Keeps a problem of a field.
    pub fn refuse(&mut self, field: &str, code: &str, message: impl Into<String>) {
        let (field, code, message) = (field.to_owned(), code.to_owned(), message.into());
        self.0.push(FieldError { field, code, message });
    }

    /// A word of a known list; refused with `invalid_{field}`. Nothing when it was left out.
    pub fn word<T: DeserializeOwned>(&mut self, field: &str, word: Option<&str>) -> Option<T> {
        let read = T::deserialize(StrDeserializer::<ValueError>::new(word?));
        read.map_err(|_| self.invalid(field)).ok()
    }

    /// Keeps that a field has a value that it cannot have.
    pub fn invalid(&mut self, field: &str) {
        self.refuse(
            field,
            &format!("invalid_{field}"),
            format!("“{field}” has an invalid value."),
        );
    }

    /// A time; refused with `invalid_{field}` and what is wrong with it.
    pub fn time(&mut self, field: &str, text: &str) -> Option<Timestamp> {
        let refuse = |problem: TimeError| {
            // A query that holds an offset's plus sign as it is says a blank instead.
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

    /// A part of a text that is searched for; refused with `invalid_{field}` when it cannot be one. Nothing when it was left
    /// out.
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

    /// R11: a list of entities. What is no id at all cannot be the id of one of the group's entities.
    pub fn entities(&mut self, ids: Option<Vec<String>>) -> Option<BTreeSet<EntityId>> {
        let Some(ids) = ids else {
            self.refuse("entities", "required", "Select at least one entity.");
            return None;
        };
        match ids.iter().find(|id| EntityId::parse(id).is_err()) {
            Some(unknown) => {
                let message = format!("Your group has no entity “{unknown}”.");
                self.refuse("entities", "unknown_entity", message);
                None
            }
            None => Some(ids.iter().filter_map(|id| EntityId::parse(id).ok()).collect()),
        }
    }

    /// What the fields make together, or all that is wrong with them. `build` gives nothing when a field it needs could
    /// not be read, which is then among the problems.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Problem> {
        match build() {
            Some(built) if self.0.is_empty() => Ok(built),
            _ => Err(Problem::fields(self.0)),
        }
    }
}

/// PostgreSQL has no text with a NUL in it.
pub(super) fn is_text(text: &str) -> bool {
    !text.contains('\0')
}

/// The text of a field; empty when it was left out, which `parse` functions refuse as `required`.
pub fn text(field: &Option<String>) -> &str {
    field.as_deref().unwrap_or_default()
}

/// A field that may be left out, but not be null.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// It was left out.
    #[default]
    Not,
    /// It is null.
    Null,
    /// It has a value.
    As(T),
}

impl<T> Patch<T> {
    /// The value, null refused as `required`. Nothing when it was left out.
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

/// A flag that may be left out, but not be null: whoever sends null has meant something, and nobody knows what.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    bool::deserialize(deserializer).map(Some)
}

/// Whether a field was sent, whatever it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IsPresent(pub bool);

impl<'de> Deserialize<'de> for IsPresent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self(true))
    }
}

/// A body that says nothing. It may be left out.
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
