//! The rows of a map that has a table of its own, as they follow from the map.

use gatebook_aggregates::persistent_map::PersistentMap;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::sql::Value;

/// What the table of a map has under one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapEntry {
    /// The key, as it is stored.
    pub key: String,
    /// The row under it; none when nothing is there.
    pub row: Option<Vec<Value>>,
}

/// Which entries of a map are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichEntries {
    /// All that it has.
    All,
    /// All that it has, each read back.
    AllReadBack,
    /// Those that were changed since somebody asked, with those that are gone; each read back.
    Changed,
}

/// A map in a row, without the types of what is in it.
pub trait KeptMap {
    /// See [`PersistentMap::track`].
    fn track(&mut self);
    /// See [`PersistentMap::settle`].
    fn settle(&mut self);
    /// Takes everything out.
    fn empty(&mut self);
}

impl<K: Ord + Clone, V: Clone> KeptMap for PersistentMap<K, V> {
    fn track(&mut self) {
        PersistentMap::track(self);
    }

    fn settle(&mut self) {
        PersistentMap::settle(self);
    }

    fn empty(&mut self) {
        *self = Self::new();
    }
}

/// The types of what is in a map, for whoever only knows the map's.
pub trait MapTypes {
    /// Of its keys.
    type Key;
    /// Of its values.
    type Value;
}

impl<K: Ord, V> MapTypes for PersistentMap<K, V> {
    type Key = K;
    type Value = V;
}

/// A key as it is stored: as it stands between the quotes in JSON. So the database can put a map together, see
/// [`MapTable::json`](crate::sql::MapTable::json), and nothing that a key may be is too odd for a column.
///
/// # Errors
/// A key whose JSON is no text.
pub fn stored_key<K: Serialize>(key: &K) -> Result<String, String> {
    let json = serde_json::to_string(key).map_err(|problem| problem.to_string())?;
    let text = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
    text.map(str::to_owned)
        .ok_or_else(|| format!("the key {json} is no text"))
}

/// The entries with the rows that `row` makes of them. None if nobody has asked for changes, so that all of them may be.
///
/// # Errors
/// An entry that is to be read back, and is read as something else than it is; in words.
pub fn entries<K, V>(
    map: &PersistentMap<K, V>,
    which: WhichEntries,
    row: impl Fn(&str, &V) -> Vec<Value>,
) -> Result<Option<Vec<MapEntry>>, String>
where
    K: Ord + Serialize + DeserializeOwned,
    V: PartialEq + Serialize + DeserializeOwned,
{
    let entry = |(key, value): (&K, Option<&V>)| {
        let key = stored_key(key)?;
        let row = value.map(|value| row(&key, value));
        Ok(MapEntry { key, row })
    };
    let found: Vec<_> = match (which, map.changed()) {
        (WhichEntries::All | WhichEntries::AllReadBack, _) => {
            map.iter().map(|(key, value)| (key, Some(value))).collect()
        }
        (WhichEntries::Changed, Some(changed)) => changed.iter().map(|key| (key, map.get(key))).collect(),
        (WhichEntries::Changed, None) => return Ok(None),
    };
    if which != WhichEntries::All {
        for (key, value) in &found {
            value.map_or(Ok(()), |value| read_back(*key, value))?;
        }
    }
    let mut entries = found.into_iter().map(entry).collect::<Result<Vec<_>, String>>()?;
    entries.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(Some(entries))
}

/// Nothing is stored that cannot be read again.
fn read_back<K, V>(key: &K, value: &V) -> Result<(), String>
where
    K: Ord + Serialize + DeserializeOwned,
    V: PartialEq + Serialize + DeserializeOwned,
{
    let read_key: K = read(&format!("\"{}\"", stored_key(key)?))?;
    let Value::Text(json) = Value::json(value) else {
        return Err("a value without JSON".to_owned());
    };
    match read_key == *key && read::<V>(&json)? == *value {
        true => Ok(()),
        false => Err(format!("an entry that would be {json}")),
    }
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|problem| problem.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: &[(&str, &str)]) -> PersistentMap<String, String> {
        let entries = entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        entries.collect()
    }

    fn row(key: &str, value: &str) -> Vec<Value> {
        vec!["acme".into(), key.into(), Value::json(&value)]
    }

    fn of(map: &PersistentMap<String, String>, which: WhichEntries) -> Result<Option<Vec<MapEntry>>, String> {
        entries(map, which, |key, value| row(key, value))
    }

    #[test]
    fn of_a_changed_map_only_what_was_changed_is_written() {
        let mut map = map(&[("a", "1"), ("b", "2"), ("c", "3")]);
        assert_eq!(of(&map, WhichEntries::Changed), Ok(None));
        map.track();
        map.insert("b".to_owned(), "\"two\"".to_owned());
        map.remove(&"c".to_owned());
        let entry = |key: &str, row| MapEntry {
            key: key.to_owned(),
            row,
        };
        let changed = vec![entry("b", Some(row("b", "\"two\""))), entry("c", None)];
        assert_eq!(of(&map, WhichEntries::Changed), Ok(Some(changed)));
        let all = vec![entry("a", Some(row("a", "1"))), entry("b", Some(row("b", "\"two\"")))];
        assert_eq!(of(&map, WhichEntries::All), Ok(Some(all)));
    }

    #[test]
    fn a_key_is_stored_as_it_stands_in_json() {
        for (key, stored) in [
            ("berlin", "berlin"),
            ("\"", "\\\""),
            ("\\", "\\\\"),
            ("a\0b", "a\\u0000b"),
            ("ä", "ä"),
        ] {
            assert_eq!(stored_key(&key).as_deref(), Ok(stored));
        }
        assert!(stored_key(&7).is_err());
    }

    #[test]
    fn entries_come_in_the_order_of_their_keys_as_they_are_stored() {
        // A quote comes before a digit, and the backslash before it comes after.
        let map = map(&[("\"", "1"), ("2", "2")]);
        let keys = of(&map, WhichEntries::All)
            .unwrap()
            .unwrap()
            .into_iter()
            .map(|entry| entry.key);
        assert_eq!(keys.collect::<Vec<_>>(), ["2", "\\\""]);
    }
}
