//! R10, R24: what an application may do with the API, and the OAuth scopes that say so.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::refusal::FieldProblem;

/// R10: chosen at creation, never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ApiPermission {
    /// Read.
    Read,
    /// Read & Write.
    ReadWrite,
}

impl ApiPermission {
    /// Reads `read` or `read_write`; refused with `required` or `invalid_api_permission`.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        FieldProblem::parse_word("api_permission", "invalid_api_permission", text)
    }

    /// R10: what it is called on the screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Read => "Read",
            Self::ReadWrite => "Read & Write",
        }
    }

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// R10, R25: whether `access` is within this permission.
    pub fn allows(self, access: Access) -> bool {
        match access {
            Access::Read => true,
            Access::Write => match self {
                Self::Read => false,
                Self::ReadWrite => true,
            },
        }
    }
}

/// What a call does with an entity; also the two OAuth scopes (R24).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Access {
    /// Looks at data.
    Read,
    /// Changes data.
    Write,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r10_read_never_writes() {
        assert!(ApiPermission::Read.allows(Access::Read));
        assert!(!ApiPermission::Read.allows(Access::Write));
        assert!(ApiPermission::ReadWrite.allows(Access::Write));
        assert_eq!(
            ApiPermission::parse("write").unwrap_err().code,
            "invalid_api_permission"
        );
    }
}
