//! Finds passwords that others guess first, whatever their length (NIST SP 800-63B §3.1.1.2): common choices,
//! repetitions and sequences, the product's name, and the owner's address.

use std::collections::HashSet;
use std::sync::LazyLock;

use gatebook_aggregates::developer::MIN_PASSWORD_CHARS;

/// How many characters must remain after removing everything guessable.
const UNGUESSABLE_MIN: usize = 8;
/// The shortest word that counts as guessable anywhere in a password.
const WORD_MIN: usize = 4;
/// The shortest sequence, such as `4567`, and (`RUN_MIN`) the shortest run of one character, that count as guessable.
const SEQUENCE_MIN: usize = 4;
const RUN_MIN: usize = 3;
/// Words that people choose because the password is for this product.
const OF_THE_PRODUCT: [&str; 4] = ["gatebook", "integration", "developer", "portal"];
/// Neighbouring keys on keyboards, read in both directions.
const KEYBOARD: [&str; 8] = [
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.",
    "1q2w3e4r5t6y7u8i9o0p",
];

static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let lines = include_str!("common_passwords.txt").lines();
    lines
        .filter(|line| !line.starts_with('#'))
        .chain(OF_THE_PRODUCT)
        .collect()
});
static COMMON_MAX: LazyLock<usize> = LazyLock::new(|| COMMON.iter().map(|word| word.len()).max().unwrap_or_default());

/// Whether too little remains of the password for an attacker who knows these words about its owner.
pub(super) fn is_guessable(password: &str, own: &[&str]) -> bool {
    let typed: Vec<char> = password.chars().flat_map(char::to_lowercase).collect();
    // A repetition is worth no more than its repeated part.
    if period(&typed) < MIN_PASSWORD_CHARS.min(typed.len()) {
        return true;
    }
    let own: Vec<Vec<char>> = own.iter().map(|word| word.to_lowercase().chars().collect()).collect();
    let disguised: Vec<char> = typed.iter().map(|c| undisguised(*c)).collect();
    let (mut at, mut left) = (0, 0);
    while at < typed.len() {
        let known = word_at(&typed[at..], &own).max(word_at(&disguised[at..], &own));
        let known = known.max(sequence_at(&typed[at..]));
        left += usize::from(known == 0 && !parts_words(typed[at]));
        at += known.max(1);
    }
    left < UNGUESSABLE_MIN
}

/// The words of an address that its owner might use: the local part, its parts, and the names in the domain.
pub(super) fn words_of_address(address: &str) -> Vec<&str> {
    let (name, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let domain = domain.rsplit_once('.').map_or("", |(names, _)| names);
    let parts = name.split(['.', '_', '-', '+']).chain(domain.split('.'));
    let words = [address, name].into_iter().chain(parts);
    words.filter(|word| word.chars().count() >= WORD_MIN).collect()
}

/// The length of the part whose repetition forms the whole text, or the text's length.
fn period(text: &[char]) -> usize {
    let repeats = |period: &usize| text.iter().zip(&text[*period..]).all(|(one, other)| one == other);
    (1..=text.len() / 2).find(repeats).unwrap_or(text.len())
}

/// The letter that a digit or sign replaces.
fn undisguised(c: char) -> char {
    match c {
        '@' | '4' => 'a',
        '3' => 'e',
        '1' | '!' => 'i',
        '0' => 'o',
        '$' | '5' => 's',
        '7' => 't',
        other => other,
    }
}

fn parts_words(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '_' | '.' | ',')
}

/// The length of the longest known word at the beginning.
fn word_at(text: &[char], own: &[Vec<char>]) -> usize {
    let own = own.iter().filter(|word| text.starts_with(word)).map(Vec::len).max();
    let longest = text.len().min(*COMMON_MAX);
    let common = (WORD_MIN..=longest).rev().find(|length| {
        let word: String = text[..*length].iter().collect();
        COMMON.contains(word.as_str())
    });
    own.max(common).unwrap_or_default()
}

/// The length of the run of one character, or of the alphabetical, numeric or keyboard sequence, at the beginning.
fn sequence_at(text: &[char]) -> usize {
    let run = text.iter().take_while(|c| **c == text[0]).count();
    let step = |forward: bool| {
        let follows = |pair: &[char]| match forward {
            true => is_next(pair[0], pair[1]),
            false => is_next(pair[1], pair[0]),
        };
        1 + text.windows(2).take_while(|pair| follows(pair)).count()
    };
    let sequence = step(true).max(step(false));
    let run = if run >= RUN_MIN { run } else { 0 };
    let sequence = if sequence >= SEQUENCE_MIN { sequence } else { 0 };
    run.max(sequence)
}

fn is_next(one: char, other: char) -> bool {
    let in_order = one.is_alphanumeric() && u32::from(one) + 1 == u32::from(other);
    let around = one == '9' && other == '0';
    in_order
        || around
        || KEYBOARD
            .iter()
            .any(|row| row.contains(&String::from_iter([one, other])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_guessed_first_is_no_password() {
        for password in [
            "aaaaaaaaaaaaaaa",
            "aaaaaaaaaaaaaab",
            "abcabcabcabcabc",
            "Summer2026Summer2026",
            "123456789012345",
            "987654321987654321",
            "abcdefghijklmnop",
            "qwertyuiopasdfgh",
            "1q2w3e4r5t6y7u8i",
            "1qaz2wsx3edc4rfv",
            "passwordpassword",
            "password12345678",
            "Passw0rd Passw0rd!",
            "P@$$w0rd12345678",
            "iloveyouiloveyou2",
            "monkey dragon master",
            "Gatebook Gatebook 1",
            "gatebook-password-2026",
            "polniypizdec110211",
            "manchesterunited",
            "correct horsecorrect horse",
        ] {
            assert!(is_guessable(password, &[]), "{password}");
        }
    }

    #[test]
    fn what_nobody_guesses_is_a_password() {
        for password in [
            "correct horse battery staple",
            "correct horse battery",
            "Zürich ist eine schöne Stadt",
            "kD8#vq!2Lm$9xZ?",
            "demo-8fK2mQz7Lr5TnB1x",
            "purple monkey dishwasher keys",
            "мой дядя самых честных правил",
            "我喜歡在山上看日出和日落的顏色",
            "the 7 quiet librarians of Ghent",
        ] {
            assert!(!is_guessable(password, &[]), "{password}");
        }
    }

    #[test]
    fn ones_own_address_is_no_password() {
        let address = "ada.lovelace@analytical-engines.example";
        let own = words_of_address(address);
        assert_eq!(own, [address, "ada.lovelace", "lovelace", "analytical-engines"]);
        for password in [
            address,
            "ada.lovelace2026!",
            "Ada.Lovelace Ada.Lovelace1",
            "analytical-engines1",
            "lovelace password 1",
        ] {
            assert!(is_guessable(password, &own), "{password}");
        }
        assert!(!is_guessable("lovelace wrote the first program", &own));
    }
}
