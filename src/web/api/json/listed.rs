//! Whole lists as bodies: a JSON object with the list, or one entry on each line (`application/x-ndjson`). Nothing of a list
//! is taken if something in it is wrong, and the errors say where.

use std::collections::BTreeMap;

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::application::ListChanges;
use crate::web::api::json::fields::{Fields, located};
use crate::web::error::Problem;
use crate::web::json_body::{JsonBody, body_bytes, has_media_type, read_object};
use crate::web::service::Service;

/// After so many errors, the others are not looked for: nobody corrects thousands by hand.
const ERRORS_MAX: usize = 100;

/// The media types of one entry on each line.
const LINES: [&str; 3] = ["application/x-ndjson", "application/ndjson", "application/jsonl"];

/// An entry of a list.
pub trait Listed: DeserializeOwned + Send {
    /// The JSON object that holds the list.
    type Whole: DeserializeOwned + Send;
    /// What an entry is known by.
    type Id: Ord + Clone + ToString;
    /// What it is like.
    type Value;
    /// The field that holds the list.
    const LIST: &'static str;

    /// The list in its object; none if it is missing.
    fn of(whole: Self::Whole) -> Option<Vec<Self>>;

    /// The entry, or none after recording what is wrong with it.
    fn read(&self, fields: &mut Fields) -> Option<(Self::Id, Self::Value)>;
}

/// A list as it was sent: each entry with its line, if lines were sent.
pub struct ListOf<T>(Vec<(Option<usize>, T)>);

impl<T: Listed> FromRequest<Service> for ListOf<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, service: &Service) -> Result<Self, Problem> {
        if has_media_type(request.headers(), &LINES) {
            return Self::of_lines(&body_bytes(request, service).await?);
        }
        let whole = JsonBody::<T::Whole>::from_request(request, service).await?.value;
        let missing = || {
            let message = format!("Send “{}”; the list may be empty.", T::LIST);
            Problem::field(T::LIST, "required", &message)
        };
        let entries = T::of(whole).ok_or_else(missing)?;
        Ok(Self(entries.into_iter().map(|entry| (None, entry)).collect()))
    }
}

impl<T: Listed> ListOf<T> {
    fn of_lines(bytes: &[u8]) -> Result<Self, Problem> {
        let mut entries = Vec::new();
        for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            if !text.trim_ascii().is_empty() {
                let entry = read_object(text).map_err(|problem| in_line::<T>(entries.len(), line, problem))?;
                entries.push((Some(line), entry));
            }
        }
        Ok(Self(entries))
    }

    /// The entries by id.
    ///
    /// # Errors
    /// What is wrong, with the place of each entry; also `duplicate_id`.
    pub fn read(&self) -> Result<BTreeMap<T::Id, T::Value>, Problem> {
        let (mut fields, mut list, mut places) = (Fields::default(), BTreeMap::new(), BTreeMap::new());
        for (index, (line, entry)) in self.0.iter().enumerate() {
            let mut of_entry = Fields::default();
            if let Some((id, value)) = entry.read(&mut of_entry) {
                if let Some(first) = places.insert(id.clone(), index) {
                    let first = in_words::<T>(first, self.0.get(first).and_then(|(line, _)| *line));
                    let message = format!("“{}” is in the list twice, first in {first}.", id.to_string());
                    of_entry.refuse("id", "duplicate_id", message);
                }
                list.insert(id, value);
            }
            fields.add_of(&format!("{}[{index}]", T::LIST), &in_words::<T>(index, *line), of_entry);
            if fields.len() >= ERRORS_MAX {
                break;
            }
        }
        fields.finish(|| Some(list))
    }
}

/// Where an entry is, for people.
fn in_words<T: Listed>(index: usize, line: Option<usize>) -> String {
    match line {
        Some(line) => format!("line {line}"),
        None => format!("{}[{index}]", T::LIST),
    }
}

fn in_line<T: Listed>(index: usize, line: usize, problem: Problem) -> Problem {
    if problem.errors.is_empty() {
        let detail = format!("Line {line} is not a JSON object.");
        return Problem::new(StatusCode::BAD_REQUEST, "invalid_json", detail);
    }
    let (place, words) = (format!("{}[{index}]", T::LIST), format!("line {line}"));
    Problem::fields(located(problem.errors, &place, &words))
}

/// What a list has changed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ListResult {
    /// How many were added.
    added: usize,
    /// How many have another name, or for users another address or role.
    changed: usize,
    /// How many were removed.
    removed: usize,
    /// How many were as the list has them.
    unchanged: usize,
}

impl From<ListChanges> for ListResult {
    fn from(changes: ListChanges) -> Self {
        let ListChanges {
            added,
            changed,
            removed,
            unchanged,
            version: _,
        } = changes;
        Self {
            added,
            changed,
            removed,
            unchanged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::api::json::text;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Letter {
        id: Option<String>,
        name: Option<String>,
    }

    #[derive(Deserialize)]
    struct Letters {
        letters: Option<Vec<Letter>>,
    }

    impl Listed for Letter {
        type Whole = Letters;
        type Id = String;
        type Value = String;
        const LIST: &'static str = "letters";

        fn of(whole: Letters) -> Option<Vec<Self>> {
            whole.letters
        }

        fn read(&self, fields: &mut Fields) -> Option<(String, String)> {
            if text(&self.name).is_empty() {
                fields.refuse("name", "required", "Enter a name.");
            }
            Some((text(&self.id).to_owned(), text(&self.name).to_owned()))
        }
    }

    fn read(lines: &str) -> Result<BTreeMap<String, String>, Problem> {
        ListOf::<Letter>::of_lines(lines.as_bytes())?.read()
    }

    fn errors(lines: &str) -> Vec<(String, String, String)> {
        let errors = read(lines).unwrap_err().errors.into_iter();
        errors.map(|error| (error.field, error.code, error.message)).collect()
    }

    #[test]
    fn lines_may_end_as_on_windows_and_blank_ones_are_passed_over() {
        let list = read("{\"id\":\"a\",\"name\":\"A\"}\r\n\n  \n{\"id\":\"b\",\"name\":\"B\"}").unwrap();
        assert_eq!(list.into_keys().collect::<Vec<_>>(), ["a", "b"]);
        assert!(read("").unwrap().is_empty());
    }

    #[test]
    fn an_error_says_in_which_line_it_is() {
        let twice = "{\"id\":\"a\",\"name\":\"A\"}\n\n{\"id\":\"a\",\"name\":\"\"}\n";
        let of_second = |field: &str, code: &str, message: &str| {
            (
                format!("letters[1].{field}"),
                code.to_owned(),
                format!("line 3: {message}"),
            )
        };
        let expected = [
            of_second("name", "required", "Enter a name."),
            of_second("id", "duplicate_id", "“a” is in the list twice, first in line 1."),
        ];
        assert_eq!(errors(twice), expected);
        let unknown = errors("{\"id\":\"a\",\"name\":\"A\"}\n{\"id\":\"b\",\"colour\":\"red\"}");
        assert_eq!(
            (unknown[0].0.as_str(), unknown[0].1.as_str()),
            ("letters[1].colour", "unknown_field")
        );
        let typed = errors("{\"id\":7}");
        assert_eq!(
            (typed[0].0.as_str(), typed[0].1.as_str()),
            ("letters[0].id", "invalid_id")
        );
    }

    #[test]
    fn a_file_that_was_cut_is_no_list() {
        for cut in [
            "{\"id\":\"a\",\"name\":\"A\"}\n{\"id\":\"b\",\"na",
            "{\"id\":\"a\",\"name\":\"A\"}\n[\"b\"]",
        ] {
            let problem = read(cut).unwrap_err();
            assert_eq!((problem.status, problem.code.as_str()), (400, "invalid_json"));
            assert!(problem.detail.starts_with("Line 2 "), "{}", problem.detail);
        }
    }

    #[test]
    fn of_thousands_of_errors_the_first_hundred_are_told() {
        assert_eq!(errors(&"{\"id\":\"a\"}\n".repeat(5_000)).len(), 101);
    }
}
