//! The kinds of secrets that somebody is recognised by. Everything that differs between them is asked of the kind, so that
//! a token, its digest and its row cannot be of different kinds.

use strum::{IntoStaticStr, VariantArray};

/// What a secret is for. Its name in snake case is stored as the kind of a row in `credentials`, and goes into the digest:
/// never change one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum CredentialKind {
    /// An operator's token.
    OperatorToken,
    /// A gateway's client id and secret.
    ResourceServer,
    /// A group user's token for the admins' API; owner `group/user`.
    UserToken,
    /// A group user's password; id and owner `group/user`.
    UserPassword,
    /// A developer's password; id and owner are the account.
    DeveloperPassword,
    /// A developer's session with the JSON API; owner is the account.
    DeveloperSession,
    /// A developer's session in the pages of the portal; owner is the account.
    PortalSession,
    /// A group user's session in the console; owner `group/user`.
    UserSession,
    /// An operator's session in the operator pages; owner is the token's id.
    OperatorSession,
    /// A link with which a group user chooses a password; owner `group/user`.
    UserPasswordLink,
    /// A link with which a developer chooses a password; owner is the account.
    DeveloperPasswordLink,
    /// R23: authenticates an application. Its digest is in the events, as are the next three.
    ClientSecret,
    /// R14: links a developer to an application.
    OneTimePassword,
    /// R18: the link in an invitation.
    Invitation,
    /// R19: proves that somebody reads a mailbox.
    VerificationCode,
    /// Protects a page's form against other sites. Derived from the session's token, and stored nowhere.
    FormToken,
}

impl CredentialKind {
    /// Everything that a group user is recognised by.
    pub const OF_A_USER: &[Self] = &[
        Self::UserToken,
        Self::UserPassword,
        Self::UserSession,
        Self::UserPasswordLink,
    ];

    /// What the kind is stored as.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What keeps a digest of this kind from matching a secret of another.
    pub(super) fn digest_purpose(self) -> &'static [u8] {
        self.name().as_bytes()
    }

    /// What a token of this kind begins with; none if it is no token that names its row.
    pub(super) fn token_prefix(self) -> Option<&'static str> {
        match self {
            Self::UserToken => Some("gbu_"),
            Self::OperatorToken => Some("gbo_"),
            Self::DeveloperSession => Some("gbd_"),
            Self::PortalSession => Some("gbp_"),
            Self::Invitation => Some("gbi_"),
            Self::UserSession => Some("gbw_"),
            Self::OperatorSession => Some("gbq_"),
            // The path before it says whose password it is.
            Self::UserPasswordLink | Self::DeveloperPasswordLink => Some("gbl_"),
            Self::ResourceServer
            | Self::UserPassword
            | Self::DeveloperPassword
            | Self::ClientSecret
            | Self::OneTimePassword
            | Self::VerificationCode
            | Self::FormToken => None,
        }
    }

    /// Whether a browser has it in a cookie. A browser may be left open on a desk; a program was promised its time when it
    /// logged in.
    pub fn is_browser_session(self) -> bool {
        matches!(self, Self::UserSession | Self::PortalSession | Self::OperatorSession)
    }
}
