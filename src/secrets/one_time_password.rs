//! Creates, shows and reads one-time passwords. Their alphabet, lifetime and number of tries are rules of the
//! aggregates (R14, R15).

use gatebook_aggregates::integration_app::{OTP_ALPHABET, OTP_CHARS, otp_character};
use gatebook_aggregates::typed::typed_characters;

use super::randomness::Randomness;

/// R14: 8 characters of Crockford base32, 40 bits.
pub struct OneTimePassword {
    canonical: String,
    shown: String,
}

impl OneTimePassword {
    /// A random one. All values are equally likely.
    pub fn random(randomness: &Randomness) -> Self {
        // 256 is a multiple of 32, so all characters are equally likely.
        let bytes = randomness.bytes::<OTP_CHARS>();
        Self::new(
            bytes
                .map(|b| char::from(OTP_ALPHABET[usize::from(b) % OTP_ALPHABET.len()]))
                .iter()
                .collect(),
        )
    }

    /// R14: reads typed input. Ignores case, width, dashes, spaces and invisible characters, and accepts the
    /// look-alikes I and L (for 1) and O (for 0). `None` unless exactly 8 valid characters remain.
    pub fn read(input: &str) -> Option<Self> {
        let mut canonical = String::with_capacity(OTP_CHARS);
        for typed in typed_characters(input).chars() {
            if canonical.len() == OTP_CHARS {
                return None;
            }
            canonical.push(otp_character(typed)?);
        }
        (canonical.len() == OTP_CHARS).then(|| Self::new(canonical))
    }

    /// The password as people see it: `K7QM-2F9D`.
    pub fn reveal(&self) -> &str {
        &self.shown
    }

    /// The 8 characters alone, independent of how they were typed. The digest covers this form.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    fn new(canonical: String) -> Self {
        let mut shown = canonical.clone();
        shown.insert(OTP_CHARS / 2, '-');
        Self { canonical, shown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(input: &str) -> Option<String> {
        OneTimePassword::read(input).map(|password| password.canonical().to_owned())
    }

    #[test]
    fn a_fresh_one_is_shown_in_two_groups_and_can_be_read_again() {
        let randomness = Randomness::seeded(1);
        for _ in 0..200 {
            let password = OneTimePassword::random(&randomness);
            let (left, right) = password.reveal().split_once('-').unwrap();
            assert_eq!((left.len(), right.len()), (4, 4));
            assert_eq!(format!("{left}{right}"), password.canonical());
            assert_eq!(canonical(password.reveal()).unwrap(), password.canonical());
        }
    }

    #[test]
    fn all_32_characters_come_up() {
        let randomness = Randomness::seeded(2);
        let made: String = (0..200)
            .map(|_| OneTimePassword::random(&randomness).canonical().to_owned())
            .collect();
        for character in OTP_ALPHABET {
            assert!(made.contains(char::from(*character)));
        }
    }

    #[test]
    fn case_dashes_and_white_space_do_not_matter() {
        for input in [
            "K7QM-2F9D",
            "K7QM2F9D",
            "k7qm-2f9d",
            "  k7Qm 2f9D\r\n",
            "K-7-Q-M-2-F-9-D-",
            "K7QM–2F9D",
            "K7QM—2F9D",
            "K7QM\u{2011}2F9D",
            "K7QM−2F9D",
            "K7QM\u{ff0d}2F9D",
            "K7QM\u{ad}2F9D",
            "K7QM\u{a0}2F9D",
            "K7QM\u{3000}2F9D\t",
            "K7QM2F9D\u{200b}",
            "Ｋ７ＱＭ－２Ｆ９Ｄ",
            "ｋ７ｑｍ２ｆ９ｄ",
            "\u{212a}7QM-2F9D", // The Kelvin sign is a K (NFKC).
        ] {
            assert_eq!(canonical(input).as_deref(), Some("K7QM2F9D"), "{input:?}");
        }
    }

    #[test]
    fn look_alikes_are_read_as_the_digits_they_look_like() {
        assert_eq!(canonical("ILOO-iloo").as_deref(), Some("11001100"));
    }

    #[test]
    fn seven_or_nine_characters_are_not_a_password() {
        assert_eq!(canonical("K7QM-2F9"), None);
        assert_eq!(canonical("K7QM-2F9DX"), None);
        assert_eq!(canonical(""), None);
        assert_eq!(canonical("----"), None);
        assert_eq!(canonical(&"K".repeat(100_000)), None);
    }

    #[test]
    fn a_character_outside_the_alphabet_is_not_guessed() {
        for input in [
            "K7QM-2F9U",
            "K7QM-2F9u",
            "K7QM.2F9D",
            "K7QM_2F9D",
            "K7QM-2F9\u{0}",
            "K7QM-2F9ı",
        ] {
            assert_eq!(canonical(input), None, "{input:?}");
        }
    }
}
