//! Decodes `application/x-www-form-urlencoded` text: the parts of a form, and the two parts of Basic credentials.
//!
//! The `form_urlencoded` crate replaces what is not UTF-8; here it has to be refused.

use percent_encoding::percent_decode;

/// Decodes one name or value: `+` is a space, `%XX` a byte, and a `%` that does not begin an escape stands for itself,
/// as in the WHATWG URL standard. None if the result is not UTF-8 (RFC 6749 App. B; T10).
pub(super) fn decode(encoded: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = encoded
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    String::from_utf8(percent_decode(&spaced).collect()).ok()
}

/// The names and values of a form or query, not yet decoded. A name without `=` has an empty value.
pub(super) fn pairs(form: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    form.split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let (name, rest) = pair.split_at(end);
            (name, rest.get(1..).unwrap_or_default())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t11_the_vector_of_appendix_b_decodes() {
        assert_eq!(decode(b"+%25%26%2B%C2%A3%E2%82%AC").as_deref(), Some(" %&+£€"));
        assert_eq!(decode(b"+%25%26%2b%c2%a3%e2%82%ac").as_deref(), Some(" %&+£€"));
    }

    #[test]
    fn t10_decoding_undoes_what_the_library_encodes() {
        for text in [
            "",
            "a b%&+£€",
            "%",
            "%%41",
            "=&=",
            "\u{10FFFF}\u{0}",
            "\u{FFFD}",
            "100%",
        ] {
            let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
            assert_eq!(decode(encoded.as_bytes()).as_deref(), Some(text));
        }
    }

    #[test]
    fn t12_a_percent_sign_that_begins_no_escape_stands_for_itself() {
        for text in ["%", "%4", "%zz", "a%", "%%", "%4%", "50%off"] {
            assert_eq!(decode(text.as_bytes()).as_deref(), Some(text));
        }
        assert_eq!(decode(b"%%41").as_deref(), Some("%A"));
        assert_eq!(decode(b"%+1").as_deref(), Some("% 1"));
    }

    #[test]
    fn t10_what_is_not_utf_8_is_not_decoded() {
        assert_eq!(decode(b"%FF"), None);
        assert_eq!(decode(b"\xC2"), None);
        assert_eq!(decode(b"%C2"), None);
    }

    #[test]
    fn t06_names_and_values_part_at_the_first_equals_sign() {
        let pairs: Vec<_> = pairs(b"&a=1&&b==2&c&=d&").collect();
        assert_eq!(pairs, [(&b"a"[..], &b"1"[..]), (b"b", b"=2"), (b"c", b""), (b"", b"d")]);
    }
}
