//! What `If-Match` becomes.

use super::error::CommandError;

/// The versions of a stream that a caller insists on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum VersionCondition {
    /// None: whatever it is, is right.
    #[default]
    Any,
    /// One of these, as the caller saw it; without any, none is right.
    OneOf(Vec<i64>),
}

impl VersionCondition {
    /// Nothing, if the stream's version is one of these. A stream that has not begun has no version that anybody saw.
    ///
    /// # Errors
    /// `VersionMismatch`.
    pub fn require(&self, current: i64) -> Result<(), CommandError> {
        match current == 0 || self.allows(current) {
            true => Ok(()),
            false => Err(CommandError::VersionMismatch { current }),
        }
    }

    /// Whether the caller is content with this version.
    pub fn allows(&self, version: i64) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(seen) => seen.contains(&version),
        }
    }
}

impl From<Option<i64>> for VersionCondition {
    fn from(version: Option<i64>) -> Self {
        version.map_or(Self::Any, |version| Self::OneOf(vec![version]))
    }
}
