//! An error in words, with what led to it.

use std::error::Error;
use std::fmt;

/// Shows an error and its sources, each after a colon. What an error says that its predecessor has quoted is not said
/// twice. Only `Display` is used: no source of ours shows a secret there.
pub struct Causes<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        f.write_str(&said)?;
        let mut next = self.0.source();
        while let Some(error) = next {
            let words = error.to_string();
            if !said.contains(&words) {
                write!(f, ": {words}")?;
                said = words;
            }
            next = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Causes;
    use crate::application::Failure;
    use crate::store::{Cause, StoreError};

    #[test]
    fn every_cause_is_shown_once() {
        let reset = std::io::Error::other("connection reset");
        let explained = Cause::explained("the server takes no writes", sqlx::Error::Io(reset));
        assert_eq!(
            Causes(&Failure::from(StoreError::lost(explained))).to_string(),
            "the connection to the database was lost: the server takes no writes: error communicating with database: \
             connection reset"
        );
        assert_eq!(Causes(&StoreError::internal("no row")).to_string(), "no row");
    }
}
