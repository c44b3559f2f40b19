//! Whom an e-mail is for that leaves on a later day: whoever answers for an application by then, not whoever did when it was
//! written.

use std::fmt;
use std::str::FromStr;

use gatebook_aggregates::identifiers::{AppId, GroupId};

/// Whom an e-mail is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// R2: those who may change the applications of a group.
    Admins(GroupId),
    /// R20: the developer who is linked to an application.
    Developer(AppId),
}

const ADMINS: &str = "admins of ";
const DEVELOPER: &str = "developer of ";

/// As the outbox stores it, and operators read it until it has addresses.
impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admins(group_id) => write!(f, "{ADMINS}{group_id}"),
            Self::Developer(app_id) => write!(f, "{DEVELOPER}{app_id}"),
        }
    }
}

impl FromStr for Audience {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || format!("nobody knows who is meant by “{text}”");
        if let Some(group_id) = text.strip_prefix(ADMINS) {
            return GroupId::parse(group_id).map(Self::Admins).map_err(|_| unknown());
        }
        let app_id = text.strip_prefix(DEVELOPER).and_then(|id| id.parse().ok());
        app_id.map(Self::Developer).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_audience_is_read_back_as_it_was_written() {
        for audience in [
            Audience::Admins(GroupId::parse("Acme.Group_1-2").unwrap()),
            Audience::Developer(Uuid::from_u128(7).into()),
        ] {
            assert_eq!(audience.to_string().parse(), Ok(audience));
        }
        assert!("everybody".parse::<Audience>().is_err());
    }
}
