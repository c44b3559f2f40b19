//! Which generation of each projection's tables serves. A rebuild makes another one.

use std::collections::BTreeMap;

/// The generations, as they are under the log's lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Generations(BTreeMap<String, i64>);

impl Generations {
    /// That of a projection.
    pub fn of(&self, projection: &str) -> Option<i64> {
        self.0.get(projection).copied()
    }
}

impl FromIterator<(String, i64)> for Generations {
    fn from_iter<I: IntoIterator<Item = (String, i64)>>(generations: I) -> Self {
        Self(generations.into_iter().collect())
    }
}
