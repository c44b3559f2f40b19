//! Splits an `Authorization` header into its scheme and the rest.

/// The part after the scheme, or none if the header has another scheme. Schemes are compared ignoring case (RFC 9110
/// §11.1).
pub(super) fn after_scheme<'a>(header: &'a [u8], scheme: &str) -> Option<&'a [u8]> {
    let end = header.iter().position(|byte| *byte == b' ').unwrap_or(header.len());
    let (found, rest) = header.split_at(end);
    if !found.eq_ignore_ascii_case(scheme.as_bytes()) {
        return None;
    }
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    rest.get(spaces..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b11_a_scheme_is_found_in_any_case_and_before_any_number_of_spaces() {
        assert_eq!(after_scheme(b"bEARER  x y", "Bearer"), Some(&b"x y"[..]));
        assert_eq!(after_scheme(b"Bearer", "Bearer"), Some(&b""[..]));
    }

    #[test]
    fn t35_a_scheme_that_only_begins_alike_is_another_scheme() {
        assert_eq!(after_scheme(b"BearerX y", "Bearer"), None);
        assert_eq!(after_scheme(b"Bearer\ty", "Bearer"), None);
        assert_eq!(after_scheme(b" Bearer y", "Bearer"), None);
        assert_eq!(after_scheme(b"", "Bearer"), None);
    }
}
