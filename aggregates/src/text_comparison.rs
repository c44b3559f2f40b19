//! How texts are compared: names with each other (R6), and what people look for with what there is.

use std::borrow::Cow;

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;

/// R6: text made comparable: NFKC, Unicode case folding, without what nobody sees, white space trimmed and collapsed.
///
/// Searching compares a little more loosely; see [`searchable`].
pub fn comparable(text: &str) -> String {
    let nfkc = ComposingNormalizerBorrowed::new_nfkc();
    visible(&uncased(&nfkc.normalize(text)))
}

/// R6: what of a text can be seen: NFKC, without what nobody sees, white space trimmed and collapsed; the case is kept.
pub(crate) fn visible(text: &str) -> String {
    let nfkc = ComposingNormalizerBorrowed::new_nfkc();
    let invisible = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    // Joiners, variation selectors and fillers are part of some scripts and of emoji, but must not tell two names apart.
    let visible = nfkc
        .normalize(text)
        .chars()
        .filter(|c| !invisible.contains(*c))
        .collect::<String>();
    collapse_white_space(&nfkc.normalize(&visible))
}

/// Unicode case folding.
pub(crate) fn uncased(text: &str) -> String {
    CaseMapper::new().fold_string(text).into_owned()
}

/// Text as searches compare it: like [`comparable`], and without accents, which many keyboards lack and many people leave out.
/// `istanbul` finds `İstanbul`, and `lodz` finds `Łódź`.
pub fn searchable(text: &str) -> String {
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd()
        .normalize(&comparable(text))
        .into_owned();
    let mut plain = String::with_capacity(decomposed.len());
    for c in decomposed.chars().filter(|c| !is_accent(*c)) {
        match unaccented(c) {
            "" => plain.push(c),
            letters => plain.push_str(letters),
        }
    }
    ComposingNormalizerBorrowed::new_nfc().normalize(&plain).into_owned()
}

/// The accents of Latin, Greek and Cyrillic letters. The marks of other scripts make other letters, and stay.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}')
}

/// The letters without the stroke that Unicode takes for a part of them; nothing for all others.
fn unaccented(c: char) -> &'static str {
    match c {
        'ı' => "i",
        'ł' => "l",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        _ => "",
    }
}

/// White space trimmed, and collapsed to one blank each.
pub(crate) fn collapse_white_space(text: &str) -> String {
    let mut words = text.split(is_blank).filter(|word| !word.is_empty()).map(Cow::Borrowed);
    let first = words.next().unwrap_or_default().into_owned();
    words.fold(first, |line, word| line + " " + &word)
}

/// White space, and the Braille pattern that is a sheet without a dot.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_find_what_is_typed_without_accents() {
        for (typed, found) in [
            ("istanbul", "İstanbul"),
            ("ISTANBUL", "istanbul"),
            ("igdir", "Iğdır"),
            ("zurich", "Zu\u{308}rich"),
            ("ZÜRICH", "Zürich"),
            ("strasse", "Straße"),
            ("lodz", "Łódź"),
            ("malmo", "Malmø"),
            ("aerø", "Ærö"),
            ("Αθηνα", "Αθήνα"),
            ("елка", "Ёлка"),
            ("cafe", "ＣＡＦÉ"),
        ] {
            assert_eq!(searchable(typed), searchable(found), "{typed}");
        }
        // What is another letter in its script stays one, and syllables stay whole.
        assert_ne!(searchable("か"), searchable("が"));
        assert_eq!(searchable("한국"), "한국");
        assert_ne!(searchable("Payroll 1"), searchable("Payroll 2"));
    }
}
