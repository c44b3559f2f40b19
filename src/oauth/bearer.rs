//! Bearer tokens in the `Authorization` header, which is the only place where they are accepted (RFC 6750 §2.1).

use thiserror::Error;

use crate::oauth::authorization::after_scheme;

/// Why the `Authorization` headers of a request contain no bearer token. Their content is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BearerProblem {
    /// There is more than one header (RFC 6750 §2; B02).
    #[error("there is more than one Authorization header")]
    SeveralHeaders,
    /// The header is for another scheme.
    #[error("the Authorization header is not of the scheme Bearer")]
    OtherScheme,
    /// There is no token after the scheme, or it has invalid characters (RFC 6750 §2.1; B06).
    #[error("the bearer token is malformed")]
    Malformed,
}

/// The bearer token in the values of all `Authorization` headers; `None` without a header, which is not an error but
/// calls for a challenge (RFC 6750 §3.1; B01, B05). The scheme may be in any case (B11).
///
/// # Errors
/// The headers contain anything but a single bearer token of `b64token` characters.
pub fn bearer_token<'a>(authorization: &[&'a [u8]]) -> Result<Option<&'a str>, BearerProblem> {
    let header = match *authorization {
        [] => return Ok(None),
        [header] => header,
        _ => return Err(BearerProblem::SeveralHeaders),
    };
    let token = after_scheme(header, "Bearer").ok_or(BearerProblem::OtherScheme)?;
    match std::str::from_utf8(token) {
        Ok(token) if is_b64token(token) => Ok(Some(token)),
        _ => Err(BearerProblem::Malformed),
    }
}

/// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
fn is_b64token(token: &str) -> bool {
    let unpadded = token.trim_end_matches('=');
    !unpadded.is_empty()
        && unpadded
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> Result<Option<&str>, BearerProblem> {
        bearer_token(&[header.as_bytes()])
    }

    #[test]
    fn b01_a_token_in_the_header_is_found() {
        assert_eq!(token("Bearer mF_9.B5f-4.1JqM"), Ok(Some("mF_9.B5f-4.1JqM")));
        assert_eq!(token("Bearer aZ0-._~+/=="), Ok(Some("aZ0-._~+/==")));
    }

    #[test]
    fn b02_two_headers_are_one_too_many() {
        assert_eq!(
            bearer_token(&[b"Bearer a", b"Bearer a"]),
            Err(BearerProblem::SeveralHeaders)
        );
    }

    #[test]
    fn b05_no_header_is_no_problem() {
        assert_eq!(bearer_token(&[]), Ok(None));
    }

    #[test]
    fn b06_what_is_no_b64token_is_malformed() {
        for header in [
            "Bearer",
            "Bearer ",
            "Bearer =",
            "Bearer a b",
            "Bearer a=b",
            "Bearer a,b",
            "Bearer \"a\"",
            "Bearer é",
        ] {
            assert_eq!(token(header), Err(BearerProblem::Malformed), "{header}");
        }
        assert_eq!(bearer_token(&[b"Bearer \xFF"]), Err(BearerProblem::Malformed));
    }

    #[test]
    fn b08_another_scheme_is_a_problem() {
        for header in ["", "Basic YTpi", "Bearers a", "mF_9.B5f-4.1JqM"] {
            assert_eq!(token(header), Err(BearerProblem::OtherScheme), "{header}");
        }
    }

    #[test]
    fn b11_the_scheme_is_taken_in_any_case() {
        for header in ["bearer a", "BEARER a", "Bearer  a"] {
            assert_eq!(token(header), Ok(Some("a")));
        }
    }
}
