//! The two scopes, `read` and `write`, and their syntax (RFC 6749 §3.3).

use std::fmt;

use crate::oauth::description;
use crate::oauth::error::OAuthError;

/// What a token may be used for. `write` does not imply `read`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes {
    /// The scope `read`.
    pub read: bool,
    /// The scope `write`.
    pub write: bool,
}

impl Scopes {
    /// Reads a `scope` parameter: words separated by single spaces, in any order, with repetitions.
    ///
    /// # Errors
    /// `invalid_scope` for anything but `read` and `write`, which includes all bytes outside %x21/23-5B/5D-7E, and for
    /// superfluous spaces (RFC 6749 §3.3; T21).
    pub fn parse(scope: &str) -> Result<Self, OAuthError> {
        let mut scopes = Self {
            read: false,
            write: false,
        };
        for word in scope.split(' ') {
            match word {
                "read" => scopes.read = true,
                "write" => scopes.write = true,
                _ => return Err(OAuthError::invalid_scope(description::SCOPE_UNKNOWN)),
            }
        }
        Ok(scopes)
    }

    /// The scopes of a token: the requested ones, or all allowed ones if none were requested (RFC 6749 §3.3; T22).
    ///
    /// # Errors
    /// `invalid_scope` if more is requested than allowed, or if nothing would be granted (T21, T22).
    pub fn granted(requested: Option<Self>, allowed: Self) -> Result<Self, OAuthError> {
        let granted = requested.unwrap_or(allowed);
        let exceeds = granted.read && !allowed.read || granted.write && !allowed.write;
        let nothing = !granted.read && !granted.write;
        if exceeds || nothing {
            return Err(OAuthError::invalid_scope(description::SCOPE_EXCEEDED));
        }
        Ok(granted)
    }
}

/// The canonical spelling: `read`, `write`, or `read write`.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.read, self.write) {
            (true, true) => "read write",
            (true, false) => "read",
            (false, true) => "write",
            (false, false) => "",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Scopes = Scopes {
        read: false,
        write: false,
    };
    const READ: Scopes = Scopes {
        read: true,
        write: false,
    };
    const WRITE: Scopes = Scopes {
        read: false,
        write: true,
    };
    const BOTH: Scopes = Scopes {
        read: true,
        write: true,
    };

    #[test]
    fn t21_scopes_are_read_in_any_order_and_repeated() {
        assert_eq!(Scopes::parse("read"), Ok(READ));
        assert_eq!(Scopes::parse("write"), Ok(WRITE));
        assert_eq!(Scopes::parse("write read"), Ok(BOTH));
        assert_eq!(Scopes::parse("read read write read"), Ok(BOTH));
    }

    #[test]
    fn t21_anything_else_is_an_invalid_scope() {
        let refusal = Err(OAuthError::invalid_scope(description::SCOPE_UNKNOWN));
        let malformed = [
            "",
            " ",
            "read ",
            " read",
            "read  write",
            "read\twrite",
            "read\nwrite",
            "read,write",
            "read+write",
        ];
        let unknown = [
            "admin",
            "read admin",
            "READ",
            "reads",
            "\"read\"",
            "read\\",
            "réad",
            "read\0",
            "read\u{A0}write",
        ];
        for scope in malformed.into_iter().chain(unknown) {
            assert_eq!(Scopes::parse(scope), refusal, "{scope:?}");
        }
    }

    #[test]
    fn t22_who_asks_for_nothing_gets_all_that_is_allowed() {
        for allowed in [READ, WRITE, BOTH] {
            assert_eq!(Scopes::granted(None, allowed), Ok(allowed));
        }
    }

    #[test]
    fn t22_who_asks_for_less_gets_less_and_write_does_not_imply_read() {
        assert_eq!(Scopes::granted(Some(READ), BOTH), Ok(READ));
        assert_eq!(Scopes::granted(Some(WRITE), BOTH), Ok(WRITE));
        assert_eq!(Scopes::granted(Some(BOTH), BOTH), Ok(BOTH));
    }

    #[test]
    fn t21_who_asks_for_more_than_is_allowed_gets_nothing() {
        let refusal = Err(OAuthError::invalid_scope(description::SCOPE_EXCEEDED));
        assert_eq!(Scopes::granted(Some(WRITE), READ), refusal);
        assert_eq!(Scopes::granted(Some(BOTH), READ), refusal);
        assert_eq!(Scopes::granted(Some(READ), WRITE), refusal);
    }

    #[test]
    fn t22_a_token_for_nothing_is_never_granted() {
        let refusal = Err(OAuthError::invalid_scope(description::SCOPE_EXCEEDED));
        assert_eq!(Scopes::granted(None, NONE), refusal);
        assert_eq!(Scopes::granted(Some(NONE), BOTH), refusal);
    }

    #[test]
    fn t23_scopes_are_written_in_one_canonical_way() {
        for (scopes, text) in [(BOTH, "read write"), (READ, "read"), (WRITE, "write"), (NONE, "")] {
            assert_eq!(scopes.to_string(), text);
        }
    }
}
