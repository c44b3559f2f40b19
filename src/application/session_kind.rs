//! The kinds of sessions. Each has tokens of its own, so that a browser's cookie opens pages and nothing else, and the
//! token of a program no page.

use gatebook_aggregates::session::is_idle;
use gatebook_aggregates::timestamp::Timestamp;

use crate::log::append::CredentialKind;
use crate::secrets::{SecretKind, TokenKind};

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
    pub(in crate::application) fn in_browser(self) -> SessionKind {
        match self {
            Self::Console => SessionKind::Console,
            Self::Portal => SessionKind::Portal,
            Self::Operator => SessionKind::Operator,
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
    pub(in crate::application) fn session_kinds(self) -> &'static [SessionKind] {
        match self {
            Self::Console => &[SessionKind::Console],
            Self::Portal => &[SessionKind::Portal, SessionKind::PortalApi],
            Self::Operator => &[SessionKind::Operator],
        }
    }
}

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// The console's pages.
    Console,
    /// The portal's pages.
    Portal,
    /// The portal's JSON API.
    PortalApi,
    /// The operator pages.
    Operator,
}

impl SessionKind {
    /// What its tokens begin with.
    pub(in crate::application) fn token(self) -> TokenKind {
        match self {
            Self::Console => TokenKind::UserSession,
            Self::Portal => TokenKind::PortalSession,
            Self::PortalApi => TokenKind::Session,
            Self::Operator => TokenKind::OperatorSession,
        }
    }

    /// What it is kept as.
    pub(in crate::application) fn credential(self) -> CredentialKind {
        match self {
            Self::Console => CredentialKind::UserSession,
            Self::Portal => CredentialKind::PortalSession,
            Self::PortalApi => CredentialKind::DeveloperSession,
            Self::Operator => CredentialKind::OperatorSession,
        }
    }

    /// What its digest is made for.
    pub(in crate::application) fn secret(self) -> SecretKind {
        match self {
            Self::Console => SecretKind::UserSession,
            Self::Portal => SecretKind::PortalSession,
            Self::PortalApi => SecretKind::Session,
            Self::Operator => SecretKind::OperatorSession,
        }
    }

    /// Whether a session of this kind has ended because nothing was done in it. A browser may be left open on a desk; a
    /// program was promised its time when it logged in.
    pub(in crate::application) fn has_idled(self, last_used_at: Timestamp, now: Timestamp) -> bool {
        match self {
            Self::Console | Self::Portal | Self::Operator => is_idle(last_used_at, now),
            Self::PortalApi => false,
        }
    }
}
