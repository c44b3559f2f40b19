//! What a [`StoreError`](super::StoreError) says about its cause, with the error behind it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// A reason in words and, if there is one, the error that it comes from. `Debug` shows only the words: the driver's own
/// `Debug` quotes whole rows.
#[derive(Clone)]
pub struct Cause {
    reason: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Cause {
    /// An error that needs other words than its own.
    pub fn explained(reason: impl Into<String>, source: impl Error + Send + Sync + 'static) -> Self {
        Self {
            reason: reason.into(),
            source: Some(Arc::new(source)),
        }
    }

    /// An error in its own words.
    pub fn of(source: impl Error + Send + Sync + 'static) -> Self {
        Self::explained(source.to_string(), source)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn Error + 'static))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.reason, f)
    }
}

impl From<String> for Cause {
    fn from(reason: String) -> Self {
        Self { reason, source: None }
    }
}

impl From<&str> for Cause {
    fn from(reason: &str) -> Self {
        reason.to_owned().into()
    }
}

impl From<sqlx::Error> for Cause {
    fn from(error: sqlx::Error) -> Self {
        Self::of(error)
    }
}

impl From<sqlx::migrate::MigrateError> for Cause {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::of(error)
    }
}

impl From<std::io::Error> for Cause {
    fn from(error: std::io::Error) -> Self {
        Self::of(error)
    }
}
