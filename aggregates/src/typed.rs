//! What people type that has to be the same however their keyboard, their mail program or their machine wrote it: codes and
//! passwords.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{Dash, DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

/// A code as it was meant: after NFKC, so that full-width digits and letters are ordinary ones, and without what only parts
/// it: every space and every dash of Unicode, and what nobody sees (zero-width and no-break characters, soft hyphens) but is
/// copied along.
pub fn typed_characters(text: &str) -> String {
    let (dashes, unseen) = (
        CodePointSetData::new::<Dash>(),
        CodePointSetData::new::<DefaultIgnorableCodePoint>(),
    );
    // The hyphen bullet looks like a dash and is none; U+FEFF is the no-break space of old.
    let parts =
        |c: char| c.is_whitespace() || dashes.contains(c) || unseen.contains(c) || matches!(c, '\u{2043}' | '\u{feff}');
    let meant = ComposingNormalizerBorrowed::new_nfkc().normalize(text).into_owned();
    meant.chars().filter(|c| !parts(*c)).collect()
}

/// A password as it is compared (RFC 8265 §4.2.2, OpaqueString): every space of Unicode is the ordinary one, and letters with
/// accents are composed (NFC), because some machines write them in one and some in two characters. Case, width and all else
/// stay as they are.
pub fn opaque_string(text: &str) -> String {
    let categories = CodePointMapData::<GeneralCategory>::new();
    let spaced: String = text
        .chars()
        .map(|c| match categories.get(c) {
            GeneralCategory::SpaceSeparator => ' ',
            _ => c,
        })
        .collect();
    ComposingNormalizerBorrowed::new_nfc().normalize(&spaced).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_in_every_form_in_which_people_enter_them() {
        for typed in [
            "123456",
            " 123 456\r\n",
            "123-456",
            "123\u{2010}456",
            "123\u{2011}456",
            "123\u{2013}456",
            "123\u{2014}456",
            "123\u{2212}456",
            "123\u{fe63}456",
            "123\u{ff0d}456",
            "123\u{2043}456",
            "123\u{301c}456",
            "123\u{ad}456",
            "\u{200b}123456",
            "123\u{200d}456\u{2060}",
            "\u{feff}123456",
            "123\u{a0}456",
            "123\u{202f}456",
            "123\u{3000}456",
            "１２３４５６",
            "１２３－４５６",
        ] {
            assert_eq!(typed_characters(typed), "123456", "{typed:?}");
        }
        assert_eq!(typed_characters("Ｋ７ｑｍ-２Ｆ９Ｄ"), "K7qm2F9D");
    }

    #[test]
    fn nothing_else_is_dropped() {
        for typed in ["123456.", "12345_6", "1234567", "abc", "１２３，４５６"] {
            assert!(typed_characters(typed) != "123456", "{typed:?}");
        }
    }

    #[test]
    fn a_password_is_the_same_on_every_machine() {
        let composed = "Z\u{fc}rich ist eine sch\u{f6}ne Stadt";
        let decomposed = "Zu\u{308}rich ist eine scho\u{308}ne Stadt";
        assert_eq!(opaque_string(decomposed), composed);
        assert_eq!(
            opaque_string("correct\u{a0}horse\u{3000}battery"),
            "correct horse battery"
        );
    }

    #[test]
    fn in_a_password_all_else_counts() {
        for password in [
            "Ｗｉｄｅ and Upper",
            "tab\tand\u{200d}joiner",
            "ﬁ ligature",
            "  spaces Before and after ",
        ] {
            assert_eq!(opaque_string(password), password);
        }
    }
}
