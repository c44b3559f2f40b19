//! What events say about people, marked as such.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

/// A name, an e-mail address or an IP address of a person in an event. Stored as the value itself.
///
/// The type marks every place in the log where a person can be recognised, so that one day such values can be kept apart from
/// the events that are hashed, and be erased.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Personal<T>(T);

impl<T> Personal<T> {
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> From<T> for Personal<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for Personal<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: fmt::Display> fmt::Display for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
