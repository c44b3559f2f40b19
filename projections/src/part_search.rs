//! Searching for a part of a text, so that the database finds it by an index as far as it has one.

use std::collections::BTreeSet;

use crate::sql::{Query, contains_pattern};

/// What a database has for finding the rows whose text contains a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartSearch {
    /// Nothing: it looks at the rows of a list one after the other.
    RowByRow,
    /// An index of the trigrams of letters and digits, and one of `search_parts(column)`: all single characters and all
    /// pairs of neighbours. The first knows nothing of shorter parts, nor of `%` and its like.
    ByIndex,
}

/// How many pairs of characters a search looks up, at most; more would hardly narrow it down further.
const PAIRS_MAX: usize = 8;

impl PartSearch {
    /// The condition that a column contains the part as it stands: what is special to `like` is not special to people.
    pub fn contains(self, query: &mut Query, column: &str, part: &str) -> String {
        let like = format!(r"{column} like {} escape '\'", query.arg(contains_pattern(part)));
        let parts = match self {
            Self::RowByRow => return like,
            Self::ByIndex => index_parts(part),
        };
        if parts.is_empty() {
            return like;
        }
        let parts: Vec<_> = parts.into_iter().map(|part| query.arg(part)).collect();
        format!("{like} and search_parts({column}) @> array[{}]", parts.join(", "))
    }
}

/// What to look up in the index of `search_parts`; nothing if the trigrams of the part say more.
fn index_parts(part: &str) -> BTreeSet<String> {
    let letters: Vec<char> = part.chars().collect();
    // Which other letters have trigrams depends on the locale of the database.
    let has_trigram = letters
        .windows(3)
        .any(|three| three.iter().all(char::is_ascii_alphanumeric));
    if has_trigram {
        return BTreeSet::new();
    }
    match letters.len() {
        1 => BTreeSet::from([part.to_owned()]),
        _ => letters.windows(2).map(String::from_iter).take(PAIRS_MAX).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(search: PartSearch, part: &str) -> (String, Query) {
        let mut query = Query::new("", []);
        let condition = search.contains(&mut query, "name_key", part);
        (condition, query)
    }

    #[test]
    fn what_has_no_trigrams_is_looked_up_by_characters_and_pairs() {
        for (part, parts) in [
            ("%", vec!["%"]),
            ("_", vec!["_"]),
            ("ab", vec!["ab"]),
            ("50%", vec!["0%", "50"]),
            ("ä b", vec![" b", "ä "]),
            ("---", vec!["--"]),
            ("語", vec!["語"]),
        ] {
            let (condition, query) = condition(PartSearch::ByIndex, part);
            assert!(
                condition.starts_with(r"name_key like $1 escape '\' and search_parts(name_key) @> array[$2"),
                "{condition}"
            );
            let looked_up: Vec<_> = query.args.into_iter().skip(1).collect();
            let parts: Vec<_> = parts.into_iter().map(Into::into).collect();
            assert_eq!(looked_up, parts, "{part}");
        }
    }

    #[test]
    fn what_has_trigrams_is_found_by_them_alone() {
        for part in ["pay", "100%", "a pay"] {
            assert_eq!(
                condition(PartSearch::ByIndex, part).0,
                r"name_key like $1 escape '\'",
                "{part}"
            );
        }
    }

    #[test]
    fn without_an_index_there_is_nothing_to_look_up() {
        assert_eq!(condition(PartSearch::RowByRow, "%").0, r"name_key like $1 escape '\'");
    }
}
