//! Stored secrets: an HMAC-SHA-256 with a key that is not in the database. Random secrets need no slow hash. Passwords,
//! which people choose, are hashed elsewhere.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::master_key::{KeyPurpose, MasterKey};

#[derive(Clone)]
pub struct Digests(Hmac<Sha256>);

impl Digests {
    /// Uses the master key's sub-key for digests.
    pub fn new(master: &MasterKey) -> Self {
        Self(master.mac(KeyPurpose::Digests))
    }

    /// The digest to store (R14, R23): 64 lower-case hexadecimal digits over the kind's label, a NUL and the secret.
    /// For a one-time password, pass its canonical form.
    pub fn digest(&self, kind: SecretKind, secret: &str) -> String {
        let mac = self.0.clone().chain_update(kind.label());
        let mac = mac.chain_update([0]).chain_update(secret);
        format!("{:x}", mac.finalize().into_bytes())
    }

    /// Whether `stored` is the digest of this secret. Compares in constant time.
    pub fn matches(&self, kind: SecretKind, secret: &str, stored: &str) -> bool {
        let digest = self.digest(kind, secret);
        digest.as_bytes().ct_eq(stored.as_bytes()).into()
    }
}

/// The purpose of a secret. A digest of one kind never matches a secret of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecretKind {
    /// R23: authenticates an application.
    ClientSecret,
    /// R14: links a developer to an application.
    OneTimePassword,
    /// R18: the link in an invitation.
    Invitation,
    /// R19: proves that somebody reads a mailbox.
    VerificationCode,
    /// The token of a group user.
    UserToken,
    /// The token of an operator.
    OperatorToken,
    /// Authenticates a resource server.
    ResourceServer,
    /// A developer's session in the portal's JSON API.
    Session,
    /// A developer's session on the portal's pages.
    PortalSession,
    /// A group user's session in the console.
    UserSession,
    /// An operator's session on the operator pages.
    OperatorSession,
    /// The link for choosing a password.
    PasswordLink,
    /// Protects a page's form against other sites. Derived from the session's token.
    FormToken,
}

impl SecretKind {
    /// Never change a label: no stored digest would match any more.
    fn label(self) -> &'static [u8] {
        match self {
            Self::ClientSecret => b"client-secret",
            Self::OneTimePassword => b"one-time-password",
            Self::Invitation => b"invitation",
            Self::VerificationCode => b"verification-code",
            Self::UserToken => b"user-token",
            Self::OperatorToken => b"operator-token",
            Self::ResourceServer => b"resource-server",
            Self::Session => b"session",
            Self::PortalSession => b"portal-session",
            Self::UserSession => b"user-session",
            Self::OperatorSession => b"operator-session",
            Self::PasswordLink => b"password-link",
            Self::FormToken => b"form-token",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const ALL: [SecretKind; 13] = [
        SecretKind::ClientSecret,
        SecretKind::OneTimePassword,
        SecretKind::Invitation,
        SecretKind::VerificationCode,
        SecretKind::UserToken,
        SecretKind::OperatorToken,
        SecretKind::ResourceServer,
        SecretKind::Session,
        SecretKind::PortalSession,
        SecretKind::UserSession,
        SecretKind::OperatorSession,
        SecretKind::PasswordLink,
        SecretKind::FormToken,
    ];

    fn digests(key: u8) -> Digests {
        Digests::new(&MasterKey::from_bytes([key; 32]))
    }

    #[test]
    fn a_secret_matches_its_own_digest_and_no_other() {
        let digests = digests(1);
        let stored = digests.digest(SecretKind::OneTimePassword, "K7QM2F9D");
        assert!(digests.matches(SecretKind::OneTimePassword, "K7QM2F9D", &stored));
        assert!(!digests.matches(SecretKind::OneTimePassword, "K7QM2F9E", &stored));
        assert!(!digests.matches(SecretKind::OneTimePassword, "", &stored));
    }

    #[test]
    fn a_digest_that_is_cut_short_or_empty_matches_nothing() {
        let digests = digests(1);
        let stored = digests.digest(SecretKind::Session, "secret");
        assert!(!digests.matches(SecretKind::Session, "secret", &stored[..63]));
        assert!(!digests.matches(SecretKind::Session, "secret", &(stored + "0")));
        assert!(!digests.matches(SecretKind::Session, "secret", ""));
    }

    #[test]
    fn a_digest_is_lower_case_hex_and_does_not_contain_the_secret() {
        let digest = digests(1).digest(SecretKind::ClientSecret, "abc");
        assert_eq!(digest.len(), 64);
        assert!(digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
    }

    #[test]
    fn every_kind_and_every_key_has_digests_of_its_own() {
        let made: HashSet<String> = [digests(1), digests(2)]
            .iter()
            .flat_map(|digests| ALL.map(|kind| digests.digest(kind, "secret")))
            .collect();
        assert_eq!(made.len(), 2 * ALL.len());
    }

    /// Computed once with Python's `hmac`. If this fails, no stored digest matches any more.
    #[test]
    fn a_digest_stays_the_same_for_ever() {
        assert_eq!(
            digests(1).digest(SecretKind::OneTimePassword, "K7QM2F9D"),
            "dfde86c894e1656b1edabe86719b5550d43db4d7994846ca9b1b27acc58f01c8"
        );
    }
}
