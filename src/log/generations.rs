//! Which tables of each projection serve, and whether somebody has written to them who could not know all.

use std::collections::BTreeMap;

/// What tells the tables of each projection from others, as it is under the log's lock: their generation, as a rebuild makes
/// others; and how often a program that could not read all of a stream has written to them. Whoever finds the same again has
/// written, or could have written, all that they hold of a stream whose last event is the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Generations(BTreeMap<String, String>);

impl Generations {
    /// That of a projection.
    pub fn of(&self, projection: &str) -> Option<String> {
        self.0.get(projection).cloned()
    }
}

impl FromIterator<(String, String)> for Generations {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(generations: I) -> Self {
        Self(generations.into_iter().collect())
    }
}
