//! The checksum at the end of random secrets. It needs no key, so typing errors are refused without a look-up, and a
//! scanner that finds a leaked secret can be sure that it is one.
//!
//! It is the first 5 bytes of the SHA-256 of everything before it, prefix included, as a big-endian number modulo 62^6,
//! written as 6 base62 digits (`0-9A-Za-z`), most significant first. A wrong secret passes by chance once in 57 billion
//! (10^9) times.

use sha2::{Digest, Sha256};

use super::randomness::{BASE62, Randomness};
use super::secret_string::SecretString;

/// The number of random characters in a secret: 43 base62 characters are 256 bits.
const RANDOM_CHARS: usize = 43;
const CHECKSUM_CHARS: usize = 6;

/// `<start><43 random characters><6 characters of checksum>`.
pub(super) fn random_with_checksum(start: &str, randomness: &Randomness) -> SecretString {
    let mut text = format!("{start}{}", randomness.base62(RANDOM_CHARS));
    let checksum = checksum(&text);
    text.extend(checksum.map(char::from));
    SecretString::new(text)
}

/// Whether a text is `<start><43 base62 characters><6 characters of checksum>` with the right checksum.
pub(super) fn is_random_with_checksum(text: &str, start: &str) -> bool {
    let Some(rest) = text.strip_prefix(start) else {
        return false;
    };
    if rest.len() != RANDOM_CHARS + CHECKSUM_CHARS {
        return false;
    }
    // Ensures that every byte is one character.
    if !rest.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return false;
    }
    let (covered, found) = text.split_at(text.len() - CHECKSUM_CHARS);
    checksum(covered) == found.as_bytes()
}

fn checksum(text: &str) -> [u8; CHECKSUM_CHARS] {
    let hash = Sha256::digest(text);
    let mut number = hash[..5]
        .iter()
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let mut characters = [0; CHECKSUM_CHARS];
    for character in characters.iter_mut().rev() {
        *character = BASE62[(number % 62) as usize];
        number /= 62;
    }
    characters
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed once with Python's `hashlib`. If this fails, no existing secret is recognised any more.
    #[test]
    fn a_checksum_stays_the_same_for_ever() {
        assert_eq!(&checksum("gbs_abc"), b"JO3nWq");
    }

    #[test]
    fn every_single_wrong_character_is_noticed() {
        let secret = random_with_checksum("gbs_", &Randomness::seeded(1));
        let text = secret.reveal();
        assert!(is_random_with_checksum(text, "gbs_"));
        for position in 0..text.len() {
            for wrong in ["0", "z", "_", "é", " "] {
                let typed = format!("{}{wrong}{}", &text[..position], &text[position + 1..]);
                assert_eq!(typed == text, is_random_with_checksum(&typed, "gbs_"));
            }
        }
    }

    #[test]
    fn one_character_too_many_or_too_few_is_noticed() {
        let secret = random_with_checksum("gbs_", &Randomness::seeded(1));
        let text = secret.reveal();
        for typed in [
            &text[1..],
            &text[..text.len() - 1],
            &format!("{text}0"),
            &format!(" {text}"),
            &format!("{text}\n"),
            "gbs_",
            "",
        ] {
            assert!(!is_random_with_checksum(typed, "gbs_"), "{typed:?}");
        }
    }
}
