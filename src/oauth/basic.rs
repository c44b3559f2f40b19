//! HTTP Basic as OAuth clients send it: form-urlencoded first, base64 afterwards.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::oauth::authorization::after_scheme;
use crate::oauth::urlencoded;

/// A user name and a password. It holds a secret, so it has no `Debug`.
pub struct BasicCredentials {
    /// The part before the first colon, decoded: an OAuth client's `client_id`.
    pub username: String,
    /// The part after the first colon, decoded: an OAuth client's secret. It may be empty.
    pub password: String,
}

/// Reads the value of an `Authorization` header: a scheme in any case, then base64, split at the first colon, each part
/// form-urldecoded (RFC 6749 §2.3.1 and App. B; T10, T11). A `%` that does not begin an escape stands for itself, so
/// that clients which do not encode anything work, too (T12).
///
/// None if the header is anything else: another scheme, invalid base64, without a colon, or not UTF-8 (T35).
pub fn basic_credentials(header: &[u8]) -> Option<BasicCredentials> {
    let decoded = STANDARD.decode(after_scheme(header, "Basic")?).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let (username, password) = (decoded.get(..colon)?, decoded.get(colon + 1..)?);
    Some(BasicCredentials {
        username: urlencoded::decode(username)?,
        password: urlencoded::decode(password)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(scheme: &str, credentials: &[u8]) -> Option<(String, String)> {
        let header = format!("{scheme} {}", STANDARD.encode(credentials));
        basic_credentials(header.as_bytes()).map(|read| (read.username, read.password))
    }

    fn pair(username: &str, password: &str) -> Option<(String, String)> {
        Some((username.to_owned(), password.to_owned()))
    }

    #[test]
    fn t10_each_part_is_decoded_after_parting_at_the_first_colon() {
        assert_eq!(read("Basic", b"a%3Ab:c%3Ad:e"), pair("a:b", "c:d:e"));
        assert_eq!(read("Basic", b"a:"), pair("a", ""));
    }

    #[test]
    fn t10_the_example_of_rfc_6749_is_read() {
        let read = basic_credentials(b"Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3").unwrap();
        assert_eq!(
            (read.username.as_str(), read.password.as_str()),
            ("s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw")
        );
    }

    #[test]
    fn t11_the_vector_of_appendix_b_round_trips() {
        let encoded: String = form_urlencoded::byte_serialize("a b%&+£€".as_bytes()).collect();
        assert_eq!(encoded, "a+b%25%26%2B%C2%A3%E2%82%AC");
        assert_eq!(
            read("Basic", format!("{encoded}:{encoded}").as_bytes()),
            pair("a b%&+£€", "a b%&+£€")
        );
    }

    #[test]
    fn t12_clients_that_encode_nothing_or_too_much_are_both_understood() {
        assert_eq!(read("Basic", b"app_1-x:gb_s-1"), pair("app_1-x", "gb_s-1"));
        assert_eq!(read("Basic", b"app%5F1%2dx:gb%5Fs%2D1"), pair("app_1-x", "gb_s-1"));
        assert_eq!(read("Basic", b"app:100%&x=y"), pair("app", "100%&x=y"));
    }

    #[test]
    fn t09_the_scheme_is_read_in_any_case() {
        for scheme in ["Basic", "basic", "BASIC", "Basic "] {
            assert_eq!(read(scheme, b"a:b"), pair("a", "b"));
        }
    }

    #[test]
    fn t35_anything_else_is_no_credentials() {
        for header in [
            &b""[..],
            b"Basic",
            b"Basic ",
            b"Basic !!!",
            b"Bearer YTpi",
            b"Digest x",
            b"\xFF\xFE",
            b"YTpi",
        ] {
            assert!(basic_credentials(header).is_none());
        }
        assert_eq!(read("Basic", b"no colon"), None);
        assert_eq!(read("Basic", b"a\xFF:b"), None);
        assert_eq!(read("Basic", b"a:%FF"), None);
    }
}
