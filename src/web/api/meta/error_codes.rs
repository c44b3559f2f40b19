//! What each code means and what to do about it, as `docs/errors.md` says; shown in `/docs` and in `/openapi.json`.

use serde_json::{Map, Value, json};

/// The page that operators and developers read, too.
const PAGE: &str = include_str!("../../../../docs/errors.md");

/// Codes of one kind.
#[derive(Debug, PartialEq, Eq)]
pub struct Codes {
    /// Where they are found.
    pub title: &'static str,
    /// Each of them.
    pub codes: Vec<Code>,
}

/// A row of the page.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// The code, or `invalid_<field>` for those that name their field.
    pub code: &'static str,
    /// The HTTP status it comes with.
    pub status: &'static str,
    /// What happened.
    pub meaning: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

/// All codes, by kind, in the order of the page.
pub fn error_codes() -> Vec<Codes> {
    let sections = PAGE.split("\n## ").skip(1);
    let kinds = sections.map(|section| {
        let (title, rows) = section.split_once('\n').unwrap_or((section, ""));
        Codes {
            title,
            codes: rows.lines().filter_map(Code::read).collect(),
        }
    });
    kinds.filter(|kind| !kind.codes.is_empty()).collect()
}

/// The codes for programs: by kind, then by code.
pub fn as_json() -> Value {
    let kinds = error_codes().into_iter().map(|kind| {
        let codes: Map<_, _> = kind
            .codes
            .into_iter()
            .map(|code| (code.code.to_owned(), code.as_json()))
            .collect();
        (kind.title.to_owned(), codes.into())
    });
    Value::Object(kinds.collect())
}

impl Code {
    /// A row of a table whose first cell is a code and whose second is a status.
    fn read(line: &'static str) -> Option<Self> {
        let cells: Vec<_> = line
            .strip_prefix('|')?
            .strip_suffix('|')?
            .split('|')
            .map(str::trim)
            .collect();
        let [code, status, meaning, remedy] = cells[..] else {
            return None;
        };
        status.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
        Some(Self {
            code: code.trim_matches('`'),
            status,
            meaning,
            remedy,
        })
    }

    fn as_json(&self) -> Value {
        json!({"status": self.status, "meaning": self.meaning, "remedy": self.remedy})
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use gatebook_aggregates::gate::Verdict;
    use strum::IntoEnumIterator;

    use super::*;

    /// The calls whose second argument is a code.
    const MAKERS: [&str; 8] = [
        "Problem::new(",
        "Problem::field(",
        "FieldProblem::new(",
        "Refusal::field(",
        "Self::new(StatusCode",
        "Self::field(",
        "(StatusCode::",
        "response(StatusCode::",
    ];

    fn listed(title: &str) -> BTreeSet<&'static str> {
        let kinds = error_codes();
        let kind = kinds.iter().find(|kind| kind.title.contains(title)).unwrap();
        kind.codes.iter().map(|code| code.code).collect()
    }

    /// The second argument of what begins here, if it is a text.
    fn second_argument(call: &str) -> Option<&str> {
        let mut depth = 0;
        let (mut from, mut commas) = (0, 0);
        for (at, c) in call.char_indices() {
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' if depth == 1 => return text(&call[from..at]).filter(|_| commas == 1),
                ')' | ']' | '}' => depth -= 1,
                ',' if depth == 1 && commas == 1 => return text(&call[from..at]),
                ',' if depth == 1 => (commas, from) = (commas + 1, at + 1),
                _ => {}
            }
        }
        None
    }

    fn text(argument: &str) -> Option<&str> {
        argument.trim().strip_prefix('"')?.strip_suffix('"')
    }

    fn codes_in(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                codes_in(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = fs::read_to_string(&path).unwrap();
                let code = source.split("#[cfg(test)]").next().unwrap();
                for maker in MAKERS {
                    for (at, _) in code.match_indices(maker) {
                        let opens = at + maker.find('(').unwrap();
                        let text = second_argument(&code[opens..]);
                        found.extend(text.filter(|text| is_code(text)).map(str::to_owned));
                    }
                }
            }
        }
    }

    fn is_code(text: &str) -> bool {
        text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    }

    #[test]
    fn every_code_in_the_source_is_listed_with_what_to_do() {
        let mut found = BTreeSet::new();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        codes_in(&root.join("src"), &mut found);
        codes_in(&root.join("aggregates/src"), &mut found);
        for known in [
            "name_taken",
            "no_outside_developer",
            "too_many_checks",
            "unavailable",
            "invalid_client",
        ] {
            assert!(found.contains(known), "{known} was not found: {found:?}");
        }
        let all: BTreeSet<_> = error_codes()
            .iter()
            .flat_map(|kind| &kind.codes)
            .map(|code| code.code)
            .collect();
        let missing: Vec<_> = found
            .iter()
            .filter(|code| !all.contains(code.as_str()) && !code.starts_with("invalid_"))
            .collect();
        assert!(
            missing.is_empty(),
            "docs/errors.md does not say what to do about {missing:?}"
        );
    }

    #[test]
    fn every_reason_of_the_gate_is_listed() {
        let listed = listed("gate");
        for verdict in Verdict::iter() {
            assert!(listed.contains(verdict.code()), "{}", verdict.code());
        }
        assert!(listed.contains("unavailable") && listed.contains("gateway_not_authorized"));
    }

    #[test]
    fn a_row_says_everything() {
        for code in error_codes().iter().flat_map(|kind| &kind.codes) {
            assert!(!code.code.is_empty() && code.status.len() == 3, "{code:?}");
            assert!(code.meaning.ends_with('.') && code.remedy.ends_with('.'), "{code:?}");
        }
        assert_eq!(error_codes().len(), 3);
    }
}
