//! Tokens that contain the id of a row and a secret that proves it: those of users, operators, sessions and
//! invitations. The proof is checked elsewhere, by the digest of the whole token.

use uuid::Uuid;

use super::checksum::{is_random_with_checksum, random_with_checksum};
use super::credential_kind::CredentialKind;
use super::randomness::Randomness;
use super::secret_string::SecretString;

/// The length of an id without dashes.
const ID_CHARS: usize = 32;

/// Creates a token: `<prefix><32 hexadecimal digits of the id>_<43 random characters><6 characters of checksum>`.
pub fn mint(kind: CredentialKind, id: impl Into<Uuid>, randomness: &Randomness) -> SecretString {
    let prefix = kind.token_prefix().unwrap_or_default();
    random_with_checksum(&format!("{prefix}{}_", id.into().simple()), randomness)
}

/// The id in a token of this kind, if its form and checksum are right. It is not proved: look up the id, then compare
/// the digest of the whole token.
pub fn lookup_id<I: From<Uuid>>(kind: CredentialKind, token: &str) -> Option<I> {
    let prefix = kind.token_prefix()?;
    let digits = token.strip_prefix(prefix)?.get(..ID_CHARS)?;
    let id = Uuid::try_parse(digits).ok()?;
    // Formatted again, so that each token has exactly one spelling.
    let start = format!("{prefix}{}_", id.simple());
    is_random_with_checksum(token, &start).then(|| id.into())
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    const ID: Uuid = Uuid::from_u128(0x0192_abcd_ef00_7000_8000_0123_4567_89ab);

    #[test]
    fn a_token_names_its_id_to_its_own_kind_only() {
        for kind in CredentialKind::VARIANTS {
            let token = mint(*kind, ID, &Randomness::seeded(1));
            for other in CredentialKind::VARIANTS {
                let prefix = kind.token_prefix();
                let is_its_own = prefix.is_some() && prefix == other.token_prefix();
                let expected = is_its_own.then_some(ID);
                assert_eq!(
                    lookup_id::<Uuid>(*other, token.reveal()),
                    expected,
                    "{kind:?} {other:?}"
                );
            }
        }
    }

    #[test]
    fn a_token_is_safe_in_a_url_and_has_the_length_promised() {
        let token = mint(CredentialKind::Invitation, ID, &Randomness::seeded(1));
        let text = token.reveal();
        assert!(text.starts_with("gbi_0192abcdef00700080000123456789ab_"));
        assert_eq!(text.len(), 4 + 32 + 1 + 43 + 6);
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    }

    #[test]
    fn a_token_with_any_wrong_character_names_nothing() {
        let token = mint(CredentialKind::UserToken, ID, &Randomness::seeded(1));
        let text = token.reveal();
        for position in 0..text.len() {
            for wrong in ["0", "B", "_", "é"] {
                let typed = format!("{}{wrong}{}", &text[..position], &text[position + 1..]);
                let expected = (typed == text).then_some(ID);
                assert_eq!(
                    lookup_id::<Uuid>(CredentialKind::UserToken, &typed),
                    expected,
                    "{typed}"
                );
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
            assert_eq!(lookup_id::<Uuid>(CredentialKind::UserToken, token.reveal()), None);
        }
    }

    #[test]
    fn what_is_no_token_names_nothing() {
        for text in ["", "gbu_", "gbu_é", "gbu_0192abcdef00700080000123456789ab"] {
            assert_eq!(lookup_id::<Uuid>(CredentialKind::UserToken, text), None);
        }
    }
}
