//! Tokens that contain the id of a row and a secret that proves it: those of users, operators, sessions and
//! invitations. The proof is checked elsewhere, by the digest of the whole token.

use uuid::Uuid;

use super::checksum::{is_random_with_checksum, random_with_checksum};
use super::randomness::Randomness;
use super::secret_string::SecretString;

/// The length of an id without dashes.
const ID_CHARS: usize = 32;

/// Creates a token: `<prefix><32 hexadecimal digits of the id>_<43 random characters><6 characters of checksum>`.
pub fn mint(kind: TokenKind, id: Uuid, randomness: &Randomness) -> SecretString {
    random_with_checksum(&format!("{}{}_", kind.prefix(), id.simple()), randomness)
}

/// The id in a token of this kind, if its form and checksum are right. It is not proved: look up the id, then compare
/// the digest of the whole token.
pub fn lookup_id(kind: TokenKind, token: &str) -> Option<Uuid> {
    let digits = token.strip_prefix(kind.prefix())?.get(..ID_CHARS)?;
    let id = Uuid::try_parse(digits).ok()?;
    // Formatted again, so that each token has exactly one spelling.
    let start = format!("{}{}_", kind.prefix(), id.simple());
    is_random_with_checksum(token, &start).then_some(id)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// `gbu_`: a group user.
    User,
    /// `gbo_`: an operator.
    Operator,
    /// `gbd_`: a developer's session in the portal's JSON API.
    Session,
    /// `gbp_`: a developer's session on the portal's pages.
    PortalSession,
    /// `gbi_`: R18, the link in an invitation.
    Invitation,
    /// `gbw_`: a group user's session in the console.
    UserSession,
    /// `gbq_`: an operator's session on the operator pages.
    OperatorSession,
    /// `gbl_`: the link for choosing a password.
    PasswordLink,
}

impl TokenKind {
    pub fn prefix(self) -> &'static str {
        match self {
            Self::User => "gbu_",
            Self::Operator => "gbo_",
            Self::Session => "gbd_",
            Self::PortalSession => "gbp_",
            Self::Invitation => "gbi_",
            Self::UserSession => "gbw_",
            Self::OperatorSession => "gbq_",
            Self::PasswordLink => "gbl_",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [TokenKind; 8] = [
        TokenKind::User,
        TokenKind::Operator,
        TokenKind::Session,
        TokenKind::PortalSession,
        TokenKind::Invitation,
        TokenKind::UserSession,
        TokenKind::OperatorSession,
        TokenKind::PasswordLink,
    ];
    const ID: Uuid = Uuid::from_u128(0x0192_abcd_ef00_7000_8000_0123_4567_89ab);

    #[test]
    fn a_token_names_its_id_to_its_own_kind_only() {
        for kind in ALL {
            let token = mint(kind, ID, &Randomness::seeded(1));
            for other in ALL {
                let expected = (kind == other).then_some(ID);
                assert_eq!(lookup_id(other, token.reveal()), expected);
            }
        }
    }

    #[test]
    fn a_token_is_safe_in_a_url_and_has_the_length_promised() {
        let token = mint(TokenKind::Invitation, ID, &Randomness::seeded(1));
        let text = token.reveal();
        assert!(text.starts_with("gbi_0192abcdef00700080000123456789ab_"));
        assert_eq!(text.len(), 4 + 32 + 1 + 43 + 6);
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    }

    #[test]
    fn a_token_with_any_wrong_character_names_nothing() {
        let token = mint(TokenKind::User, ID, &Randomness::seeded(1));
        let text = token.reveal();
        for position in 0..text.len() {
            for wrong in ["0", "B", "_", "é"] {
                let typed = format!("{}{wrong}{}", &text[..position], &text[position + 1..]);
                let expected = (typed == text).then_some(ID);
                assert_eq!(lookup_id(TokenKind::User, &typed), expected, "{typed}");
            }
        }
    }

    #[test]
    fn another_spelling_of_the_id_is_refused_even_with_the_right_checksum() {
        let randomness = Randomness::seeded(1);
        let upper = format!("gbu_{}_", ID.simple().to_string().to_uppercase());
        let dashed = format!("gbu_{ID}_");
        for start in [upper, dashed] {
            let token = random_with_checksum(&start, &randomness);
            assert_eq!(lookup_id(TokenKind::User, token.reveal()), None);
        }
    }

    #[test]
    fn what_is_no_token_names_nothing() {
        for text in ["", "gbu_", "gbu_é", "gbu_0192abcdef00700080000123456789ab"] {
            assert_eq!(lookup_id(TokenKind::User, text), None);
        }
    }
}
