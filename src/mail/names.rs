//! Names in e-mails. They come from users, so they must not be able to add a line, a header or a link.

/// A safety limit: every name is validated to be shorter than this when it is entered.
const NAME_MAX_CHARS: usize = 200;

/// A name on one line that no mail program turns into a link: a space separates what looks like a web address.
pub(super) fn named(name: &str) -> String {
    let mut parted = String::new();
    let mut rest = one_line(name).replace("://", ": //");
    while let Some(dot) = rest.find('.') {
        let tail = rest.split_off(dot + 1);
        let joins = rest.chars().rev().nth(1).is_some_and(char::is_alphanumeric)
            && tail.chars().next().is_some_and(char::is_alphabetic);
        parted.push_str(&rest);
        if joins {
            parted.push(' ');
        }
        rest = tail;
    }
    parted.push_str(&rest);
    parted
}

/// Puts text on one line. Characters that break lines, are invisible or change the direction become spaces.
pub(super) fn one_line(text: &str) -> String {
    let visible: String = text
        .chars()
        .take(NAME_MAX_CHARS)
        .map(|c| if is_odd(c) { ' ' } else { c })
        .collect();
    let words: Vec<_> = visible.split_whitespace().collect();
    words.join(" ")
}

fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
            | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_looks_like_no_address_stays_as_it_is() {
        for harmless in ["Acme Ltd.", "Payroll 2.0", "Smith & Co. (Dublin)", "…", ".", "a.", ".a"] {
            assert_eq!(named(harmless), harmless);
        }
    }

    #[test]
    fn a_name_that_should_never_have_been_that_long_is_cut() {
        assert_eq!(one_line(&"é".repeat(5_000)).chars().count(), NAME_MAX_CHARS);
    }
}
