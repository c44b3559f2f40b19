//! Whether a text is exactly the compact JSON that this program writes, told without a tree of its values: each is written
//! again as it is read.

use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What serde_json takes for no name. Texts with it are read as something else than what they say.
const RAW_VALUE: &[u8] = br#""$serde_json::private::RawValue""#;

/// How many entries the object has that this text is the compact JSON of; none when it is anything else. An object that
/// names something twice is none, at any depth.
pub(super) fn entries_of_compact_object(text: &str) -> Option<usize> {
    let mut written = Vec::with_capacity(text.len());
    let mut json = serde_json::Deserializer::from_str(text);
    let read = Rewrite(&mut written).deserialize(&mut json).ok()?;
    json.end().ok()?;
    match read {
        Read::Object { entries } if written == text.as_bytes() => Some(entries),
        _ => None,
    }
}

/// The entries of an object, in the order of the text, with the text of their values.
pub(super) struct Entries<'a>(pub(super) Vec<(String, &'a RawValue)>);

/// What was read.
enum Read {
    Object { entries: usize },
    Other,
}

/// Reads one value and writes it to the end of this.
struct Rewrite<'a>(&'a mut Vec<u8>);

impl Rewrite<'_> {
    fn write<E: Error>(self, value: &(impl Serialize + ?Sized)) -> Result<Read, E> {
        serde_json::to_writer(&mut *self.0, value).map_err(E::custom)?;
        Ok(Read::Other)
    }
}

impl<'de> DeserializeSeed<'de> for Rewrite<'_> {
    type Value = Read;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Read, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Rewrite<'_> {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Read, E> {
        self.write(&())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Read, E> {
        self.write(&value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Read, E> {
        self.write(&value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Read, E> {
        self.write(&value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Read, E> {
        self.write(&value)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Read, E> {
        self.write(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Read, A::Error> {
        let Self(written) = self;
        let mut before = b'[';
        loop {
            let begin = written.len();
            written.push(before);
            if values.next_element_seed(Rewrite(written))?.is_none() {
                written.truncate(begin);
                break;
            }
            before = b',';
        }
        if before == b'[' {
            written.push(b'[');
        }
        written.push(b']');
        Ok(Read::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Read, A::Error> {
        let Self(written) = self;
        let mut names: Vec<Range<usize>> = Vec::new();
        written.push(b'{');
        loop {
            let begin = written.len();
            if !names.is_empty() {
                written.push(b',');
            }
            let name = written.len();
            if entries.next_key_seed(Rewrite(written))?.is_none() {
                written.truncate(begin);
                break;
            }
            if written.get(name..) == Some(RAW_VALUE) {
                return Err(A::Error::custom("a name that serde_json gives a meaning of its own"));
            }
            names.push(name..written.len());
            written.push(b':');
            entries.next_value_seed(Rewrite(written))?;
        }
        written.push(b'}');
        let number = names.len();
        match is_any_twice(written, names) {
            true => Err(A::Error::custom("an object names something twice")),
            false => Ok(Read::Object { entries: number }),
        }
    }
}

fn is_any_twice(text: &[u8], mut places: Vec<Range<usize>>) -> bool {
    let at = |place: &Range<usize>| text.get(place.clone());
    places.sort_unstable_by(|a, b| at(a).cmp(&at(b)));
    let mut neighbours = places.windows(2);
    neighbours.any(|pair| matches!(pair, [a, b] if at(a) == at(b)))
}

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;

        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut read = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    read.push(entry);
                }
                Ok(read)
            }
        }

        deserializer.deserialize_map(EntriesVisitor).map(Entries)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_str};

    use super::*;

    /// What the same question is answered by a tree of values.
    fn by_tree(text: &str) -> Option<usize> {
        let value: Value = from_str(text).ok()?;
        let object = value.as_object()?;
        let written = value.to_string();
        (written == text).then_some(object.len())
    }

    #[test]
    fn it_answers_as_a_tree_of_values_that_is_written_again() {
        for text in [
            r#"{}"#,
            r#"{"a":{}}"#,
            r#"{"a":[]}"#,
            r#"{"a":[1,[2],{"b":null}],"c":{"d":"e","f":true}}"#,
            r#"{"a":-1,"b":18446744073709551615,"c":1.5,"d":1e3,"e":1000.0,"f":0.1,"g":1e400,"h":-0,"i":-0.0}"#,
            r#"{"a":1e3}"#,
            r#"{"a":1000.0}"#,
            r#"{"a":"\n\"\\\/"}"#,
            r#"{"a":"\n\"\\/\u0001"}"#,
            r#"{"a":"ö😀"}"#,
            r#"{"a":"\u00f6"}"#,
            r#"{"\n":1}"#,
            r#"{"a": 1}"#,
            r#" {"a":1}"#,
            r#"{"a":1} "#,
            r#"{"a":1}{}"#,
            r#"{"a":1,}"#,
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"b":{"c":1,"d":2,"c":3}}"#,
            r#"{"b":1,"a":2}"#,
            r#"[{"a":1}]"#,
            r#"{"a":{"$serde_json::private::RawValue":"1"}}"#,
            r#"{"$serde_json::private::RawValue":"{}"}"#,
            r#""a""#,
            "1",
            "{",
            "",
        ] {
            assert_eq!(entries_of_compact_object(text), by_tree(text), "{text}");
        }
    }
}
