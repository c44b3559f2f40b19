//! Who signs in where, and what they are recognised by there. Each kind of session has tokens of its own, so that a
//! browser's cookie opens pages and nothing else, and the token of a program no page.

use gatebook_aggregates::session::is_idle;
use gatebook_aggregates::timestamp::Timestamp;

use crate::secrets::CredentialKind;

/// Who signs in where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Realm {
    /// Group users, in the console.
    Console,
    /// Developers, in the portal.
    Portal,
    /// Operators, in their pages.
    Operator,
}

impl Realm {
    /// The kind of session that a browser has here.
    pub(in crate::application) fn in_browser(self) -> CredentialKind {
        match self {
            Self::Console => CredentialKind::UserSession,
            Self::Portal => CredentialKind::PortalSession,
            Self::Operator => CredentialKind::OperatorSession,
        }
    }

    /// The kind of a link with which somebody of this realm chooses a password. Operators have none, and no link of a
    /// developer is theirs.
    pub(in crate::application) fn password_link(self) -> CredentialKind {
        match self {
            Self::Console => CredentialKind::UserPasswordLink,
            Self::Portal | Self::Operator => CredentialKind::DeveloperPasswordLink,
        }
    }

    /// Every kind of session that somebody of this realm can have.
    pub(in crate::application) fn session_kinds(self) -> &'static [CredentialKind] {
        match self {
            Self::Console => &[CredentialKind::UserSession],
            Self::Portal => &[CredentialKind::PortalSession, CredentialKind::DeveloperSession],
            Self::Operator => &[CredentialKind::OperatorSession],
        }
    }
}

/// Whether a session has ended because nothing was done in it.
pub(in crate::application) fn has_idled(kind: CredentialKind, last_used_at: Timestamp, now: Timestamp) -> bool {
    kind.is_browser_session() && is_idle(last_used_at, now)
}
