//! A map that is copied in no time, however large it is: a copy shares everything with its original until one of the two is
//! changed, and then all but the few nodes on the way to the change. A customer has thousands of entities, and each command
//! looks at it as it was, as it is and as it will be.
//!
//! It can also tell which of its keys were changed, so that whoever stores it need not look at the others.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Index;

use rpds::RedBlackTreeMapSync;
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

/// A map in the order of its keys.
pub struct PersistentMap<K: Ord, V> {
    entries: RedBlackTreeMapSync<K, V>,
    /// The keys that were changed since somebody asked to be told; none if nobody has.
    changed: Option<BTreeSet<K>>,
}

impl<K: Ord, V> PersistentMap<K, V> {
    /// A map without entries.
    pub fn new() -> Self {
        Self {
            entries: RedBlackTreeMapSync::new_sync(),
            changed: None,
        }
    }

    /// What is under this key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    /// The same, with the map's own key.
    pub fn get_key_value(&self, key: &K) -> Option<(&K, &V)> {
        self.entries.get_key_value(key)
    }

    /// Whether something is under this key.
    pub fn contains_key(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.size()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries, by key.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.entries.iter()
    }

    /// The keys, in their order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// The values, by key.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// The keys that were put, changed or removed since [`track`](Self::track), whatever is under them now; none if nobody
    /// asked.
    pub fn changed(&self) -> Option<&BTreeSet<K>> {
        self.changed.as_ref()
    }

    /// Takes note of changed keys from now on.
    pub fn track(&mut self) {
        self.changed = Some(BTreeSet::new());
    }

    /// Takes note of them no longer.
    pub fn settle(&mut self) {
        self.changed = None;
    }
}

impl<K: Ord + Clone, V: Clone> PersistentMap<K, V> {
    /// Puts a value in the place of what is under its key.
    pub fn insert(&mut self, key: K, value: V) {
        self.note(&key);
        self.entries.insert_mut(key, value);
    }

    /// Takes out what is under a key.
    pub fn remove(&mut self, key: &K) {
        self.note(key);
        self.entries.remove_mut(key);
    }

    /// Changes what is under a key, if something is.
    pub fn change(&mut self, key: &K, change: impl FnOnce(&mut V)) {
        if let Some(mut value) = self.get(key).cloned() {
            change(&mut value);
            self.insert(key.clone(), value);
        }
    }

    fn note(&mut self, key: &K) {
        if let Some(changed) = &mut self.changed {
            changed.insert(key.clone());
        }
    }
}

impl<K: Ord + Clone, V> Clone for PersistentMap<K, V> {
    fn clone(&self) -> Self {
        Self {
            entries: self.entries.clone(),
            changed: self.changed.clone(),
        }
    }
}

impl<K: Ord, V> Default for PersistentMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

/// Two maps with the same entries are equal, however they came to have them.
impl<K: Ord, V: PartialEq> PartialEq for PersistentMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<K: Ord, V: Eq> Eq for PersistentMap<K, V> {}

impl<K: Ord + fmt::Debug, V: fmt::Debug> fmt::Debug for PersistentMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for PersistentMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self {
            entries: entries.into_iter().collect(),
            changed: None,
        }
    }
}

impl<'a, K: Ord, V> IntoIterator for &'a PersistentMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = <&'a RedBlackTreeMapSync<K, V> as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}

impl<K: Ord, V> Index<&K> for PersistentMap<K, V> {
    type Output = V;

    /// As of the maps of the standard library: for whoever knows that something is there.
    fn index(&self, key: &K) -> &V {
        &self.entries[key]
    }
}

/// As a map of the standard library is written.
impl<K: Ord + Serialize, V: Serialize> Serialize for PersistentMap<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de, K: Ord + Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for PersistentMap<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self {
            entries: RedBlackTreeMapSync::deserialize(deserializer)?,
            changed: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn entries() -> [(String, u32); 3] {
        [("b", 2), ("a", 1), ("ä \" \\ \u{1}", 3)].map(|(key, value)| (key.to_owned(), value))
    }

    #[test]
    fn a_copy_does_not_see_what_happens_to_its_original() {
        let mut original: PersistentMap<String, u32> = entries().into_iter().collect();
        let copy = original.clone();
        original.insert("a".to_owned(), 7);
        original.remove(&"b".to_owned());
        original.change(&"nobody".to_owned(), |value| *value += 1);
        assert_eq!(copy, entries().into_iter().collect());
        assert_eq!((original.len(), original[&"a".to_owned()]), (2, 7));
    }

    #[test]
    fn its_json_is_that_of_a_map_of_the_standard_library() {
        let (persistent, standard): (PersistentMap<_, _>, BTreeMap<_, _>) =
            (entries().into_iter().collect(), entries().into_iter().collect());
        let json = serde_json::to_string(&persistent).unwrap();
        assert_eq!(json, serde_json::to_string(&standard).unwrap());
        assert_eq!(
            serde_json::from_str::<PersistentMap<String, u32>>(&json).unwrap(),
            persistent
        );
    }

    #[test]
    fn it_tells_which_keys_were_changed_since_somebody_asked() {
        let mut map: PersistentMap<String, u32> = entries().into_iter().collect();
        map.insert("before".to_owned(), 1);
        assert_eq!(map.changed(), None);
        map.track();
        map.insert("new".to_owned(), 1);
        map.change(&"a".to_owned(), |value| *value += 1);
        map.remove(&"b".to_owned());
        map.change(&"nobody".to_owned(), |value| *value += 1);
        let changed: Vec<_> = map.changed().unwrap().iter().map(String::as_str).collect();
        assert_eq!(changed, ["a", "b", "new"]);
        map.settle();
        assert_eq!(map.changed(), None);
    }
}
