//! The requirements for passwords that people choose.

pub use gatebook_aggregates::developer::MIN_PASSWORD_CHARS;
use gatebook_aggregates::typed::opaque_string;
use thiserror::Error;

use super::guessable::{is_guessable, words_of_address};
use super::secret_string::SecretString;

/// The maximum length in bytes: enough for any phrase, too little to overload the hasher.
pub const MAX_PASSWORD_BYTES: usize = 1_000;

/// An acceptable password, in the form used for comparison (RFC 8265, OpaqueString).
pub struct Password(SecretString);

impl Password {
    /// Accepts 15 characters to 1,000 bytes, without control characters, and not easy to guess. Spaces are allowed. A
    /// character is a Unicode scalar value.
    ///
    /// # Errors
    /// The text is too short, too long, has control characters, or is easy to guess.
    pub fn parse(text: &str) -> Result<Self, PasswordProblem> {
        if text.len() > MAX_PASSWORD_BYTES {
            return Err(PasswordProblem::TooLong);
        }
        let text = opaque_string(text);
        if text.chars().count() < MIN_PASSWORD_CHARS {
            return Err(PasswordProblem::TooShort);
        }
        if text.len() > MAX_PASSWORD_BYTES {
            return Err(PasswordProblem::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(PasswordProblem::ControlCharacter);
        }
        if is_guessable(&text, &[]) {
            return Err(PasswordProblem::TooCommon);
        }
        Ok(Self(SecretString::new(text)))
    }

    /// Also requires that the password is not made of its owner's address.
    ///
    /// # Errors
    /// It is easy to guess for somebody who knows the address.
    pub fn of(self, address: &str) -> Result<Self, PasswordProblem> {
        match is_guessable(self.reveal(), &words_of_address(address)) {
            true => Err(PasswordProblem::TooCommon),
            false => Ok(self),
        }
    }

    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

/// What is wrong with a password, as a sentence for the person who chose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PasswordProblem {
    /// Fewer than 15 characters.
    #[error("Use at least {MIN_PASSWORD_CHARS} characters.")]
    TooShort,
    /// More than 1,000 bytes.
    #[error("Use at most {MAX_PASSWORD_BYTES} bytes.")]
    TooLong,
    /// A character that not every keyboard has.
    #[error("Tabs, line breaks and other control characters are not allowed.")]
    ControlCharacter,
    #[error(
        "This password is easy to guess: it consists of common passwords, repetitions, sequences or your own address. \
         Choose a few words that only you would put together."
    )]
    TooCommon,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Option<PasswordProblem> {
        Password::parse(text).err()
    }

    /// A phrase of `count` letters in an order that is hard to guess.
    fn phrase(letters: &[char], count: usize) -> String {
        (0..count).map(|n| letters[(n * n / 3) % letters.len()]).collect()
    }

    #[test]
    fn fifteen_characters_are_enough_and_fourteen_are_not() {
        assert_eq!(problem("xk vq mz bw jr "), None);
        assert_eq!(problem("xk vq mz bw jr"), Some(PasswordProblem::TooShort));
        assert_eq!(problem(""), Some(PasswordProblem::TooShort));
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        let letters: Vec<char> = "ßüæøðþñçłđ".chars().collect();
        assert_eq!(problem(&phrase(&letters, 15)), None);
        assert_eq!(problem(&phrase(&letters, 14)), Some(PasswordProblem::TooShort));
    }

    #[test]
    fn a_thousand_bytes_are_the_most() {
        let ascii: Vec<char> = "kvqzxjwbmf".chars().collect();
        assert_eq!(problem(&phrase(&ascii, 1_000)), None);
        assert_eq!(problem(&phrase(&ascii, 1_001)), Some(PasswordProblem::TooLong));
        let two_bytes: Vec<char> = "ßüæøðþñçłđ".chars().collect();
        assert_eq!(problem(&phrase(&two_bytes, 500)), None);
        assert_eq!(problem(&phrase(&two_bytes, 501)), Some(PasswordProblem::TooLong));
    }

    #[test]
    fn a_password_is_kept_as_typed() {
        let typed = "  spaces Before and after ";
        assert_eq!(Password::parse(typed).ok().unwrap().reveal(), typed);
    }

    #[test]
    fn what_every_machine_writes_differently_is_kept_the_same() {
        let (composed, decomposed) = ("Z\u{fc}rich ist eine Stadt", "Zu\u{308}rich ist eine Stadt");
        assert_eq!(Password::parse(decomposed).ok().unwrap().reveal(), composed);
    }

    #[test]
    fn control_characters_are_refused() {
        for text in [
            "correct\thorse battery",
            "correct\nhorse battery",
            "correct\0horse battery",
        ] {
            assert_eq!(problem(text), Some(PasswordProblem::ControlCharacter), "{text:?}");
        }
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        assert_eq!(problem(&"a".repeat(15)), Some(PasswordProblem::TooCommon));
        assert_eq!(problem("passwordpassword"), Some(PasswordProblem::TooCommon));
        let own = Password::parse("lovelace engines 17").ok().unwrap();
        let refused = own.of("lovelace@engines.example").err();
        assert_eq!(refused, Some(PasswordProblem::TooCommon));
        let own = Password::parse("lovelace engines 17").ok().unwrap();
        assert!(own.of("ada@example.com").is_ok());
    }
}
