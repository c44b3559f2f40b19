//! E-mail addresses: checked once, kept as typed, compared without regard to case (R9).

use std::fmt;

use email_address::{EmailAddress as Rfc5321, Options};
use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Serialize};

use crate::refusal::FieldProblem;

/// A mailbox somebody can be written to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// R9: reads the address of `field`; refused with `required` or `invalid_email`.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldProblem> {
        let text = text.trim();
        if text.is_empty() {
            return Err(FieldProblem::new(field, "required", format!("Fill in “{field}”.")));
        }
        let options = Options::default()
            .with_required_tld()
            .without_display_text()
            .without_domain_literal();
        if let Some(stand_in) = text.chars().find(|c| stands_for_another(*c)) {
            let message = format!(
                "“{stand_in}” (U+{:04X}) is a look-alike of another character. Use that one instead.",
                u32::from(stand_in)
            );
            return Err(FieldProblem::new(field, "invalid_email", message));
        }
        let text = &*ComposingNormalizerBorrowed::new_nfc().normalize(text);
        let well_formed =
            text.len() <= 254 && !text.contains(['"', '\r', '\n']) && text.chars().all(|c| !c.is_control());
        match Rfc5321::parse_with_options(text, options) {
            Ok(_) if well_formed => Ok(Self(text.to_owned())),
            _ => Err(FieldProblem::new(
                field,
                "invalid_email",
                "Write an e-mail address like name@example.com.",
            )),
        }
    }

    /// The address as typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// R9: what makes two addresses the same; see [`comparable_address`].
    pub fn key(&self) -> String {
        comparable_address(&self.0)
    }
}

/// Whether a character is another way to write others, such as the Kelvin sign for a `K`, the long s, full-width letters
/// and ligatures. Folding or normalising makes those others of it: two mailboxes would become one person, and whoever
/// owns the one would take what the other was invited to. Letters that only have an accent, and `ß`, stand for themselves.
fn stands_for_another(c: char) -> bool {
    let mut buffer = [0; 4];
    let alone: &str = c.encode_utf8(&mut buffer);
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(alone);
    let folded = CaseMapper::new().simple_fold(c);
    composed != ComposingNormalizerBorrowed::new_nfkc().normalize(alone)
        || composed != alone
        || (folded.is_ascii() && !c.is_ascii())
}

/// R9: an address, or a part of one, made comparable: case, letter by letter, and nothing else.
///
/// Folding more, as names do (R6), would make one person of two: `straße.de` and `strasse.de` have two owners.
pub fn comparable_address(text: &str) -> String {
    let case = CaseMapper::new();
    text.chars().map(|c| case.simple_fold(c)).collect()
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for EmailAddress {}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::EmailAddress;

    fn read(text: &str) -> Result<EmailAddress, &'static str> {
        EmailAddress::parse("developer_email", text).map_err(|problem| problem.code)
    }

    #[test]
    fn r9_addresses_compare_without_regard_to_case() {
        assert_eq!(read("Dev@Example.COM").unwrap(), read("dev@example.com").unwrap());
        assert_ne!(read("dev@example.com").unwrap(), read("dev2@example.com").unwrap());
    }

    #[test]
    fn r9_addresses_compare_without_regard_to_case_in_every_alphabet() {
        assert_eq!(read("ÜWE@example.com"), read("üwe@example.com"));
        assert_eq!(read("ДЕВ@example.com"), read("дев@example.com"));
        // Σ is written in two ways when it is small.
        for small in ["δεσ@example.com", "δες@example.com"] {
            assert_eq!(read("ΔΕΣ@example.com"), read(small), "{small}");
        }
    }

    #[test]
    fn r9_addresses_of_two_mailboxes_are_two_addresses_however_alike_they_look() {
        for (one, other) in [
            // Two domains that two people can own.
            ("dev@straße.example.com", "dev@strasse.example.com"),
            ("dev@bücher.example.com", "dev@bucher.example.com"),
        ] {
            assert_ne!(read(one).unwrap(), read(other).unwrap());
        }
    }

    #[test]
    fn r9_characters_that_stand_for_others_are_in_no_address() {
        for stand_in in [
            "\u{212A}im@example.com",
            "ki\u{217F}@example.com",
            "mi\u{17F}a@example.com",
            "ｋim@example.com",
            "kim＠example.com",
            "ﬁona@example.com",
            "kim@exa\u{2460}.example.com",
            "k\u{2071}m@example.com",
            "\u{212B}ke@example.com",
            "\u{2126}@example.com",
        ] {
            let problem = EmailAddress::parse("email", stand_in).unwrap_err();
            assert_eq!(problem.code, "invalid_email", "{stand_in}");
            assert!(problem.message.contains("(U+"), "{}", problem.message);
        }
        for letter in [
            "straße@example.com",
            "ıce@example.com",
            "Åke@example.com",
            "ΩΜ@example.com",
        ] {
            assert!(read(letter).is_ok(), "{letter}");
        }
    }

    #[test]
    fn r9_an_accent_that_is_typed_apart_belongs_to_its_letter() {
        let apart = read("ju\u{308}rgen@example.com").unwrap();
        assert_eq!(apart.as_str(), "jürgen@example.com");
        assert_eq!(apart, read("jürgen@example.com").unwrap());
    }

    #[test]
    fn r9_an_address_is_kept_as_typed_but_trimmed_and_has_at_most_254_bytes() {
        assert_eq!(read(" Dev@Example.com ").unwrap().as_str(), "Dev@Example.com");
        let domain = format!("{0}.{0}.{0}.com", "d".repeat(60));
        let of_length = |length: usize| format!("{}@{domain}", "l".repeat(length - domain.len() - 1));
        assert!(read(&of_length(250)).is_ok());
        assert_eq!(read(&of_length(255)).unwrap_err(), "invalid_email");
    }

    #[test]
    fn r9_only_addresses_that_mail_can_reach_are_taken() {
        for good in ["dev@example.com", " a.b+c@sub.example.co.uk ", "ü@example.com"] {
            assert!(read(good).is_ok(), "{good}");
        }
        assert_eq!(read("").unwrap_err(), "required");
        for bad in [
            "dev",
            "dev@",
            "@example.com",
            "dev@localhost",
            "Dev <dev@example.com>",
            "dev@[127.0.0.1]",
            "a b@example.com",
            "a@b.com\r\nBcc: c@d.com",
        ] {
            assert_eq!(read(bad).unwrap_err(), "invalid_email", "{bad}");
        }
    }
}
