//! What `If-Match` becomes.

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
