//! The body of an OAuth request: a form without repeated parameters.

use std::collections::HashMap;

use crate::oauth::error::OAuthError;
use crate::oauth::{description, urlencoded};

/// Parameters that must not be in a URL, because logs and histories record it (RFC 6749 §2.3.1; T14).
const NEVER_IN_QUERY: [&str; 4] = ["client_id", "client_secret", "client_assertion", "token"];

const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// The decoded parameters of a request. They may include secrets, so this has no `Debug`.
pub struct FormBody {
    parameters: HashMap<String, String>,
}

impl FormBody {
    /// Reads a form. `content_type` and `query` are as sent. A `charset` has no effect, because the body is always
    /// UTF-8.
    ///
    /// # Errors
    /// `invalid_request` when the body is of another type or none (T03), when the URL carries credentials (T14), when
    /// a name or value is not UTF-8 (RFC 6749 App. B), and when any parameter comes twice, be it unknown or without a
    /// value (RFC 6749 §3.2; T08).
    pub fn parse(content_type: Option<&str>, query: Option<&str>, body: &[u8]) -> Result<Self, OAuthError> {
        if !content_type.is_some_and(is_form) {
            return Err(OAuthError::invalid_request(description::NOT_A_FORM));
        }
        if query.is_some_and(carries_credentials) {
            return Err(OAuthError::invalid_request(description::CREDENTIALS_IN_QUERY));
        }
        let mut parameters = HashMap::new();
        for (name, value) in urlencoded::pairs(body) {
            let (Some(name), Some(value)) = (urlencoded::decode(name), urlencoded::decode(value)) else {
                return Err(OAuthError::invalid_request(description::NOT_UTF8));
            };
            if parameters.insert(name, value).is_some() {
                return Err(OAuthError::invalid_request(description::REPEATED_PARAMETER));
            }
        }
        Ok(Self { parameters })
    }

    /// The value of a parameter. An empty one counts as left out (RFC 6749 §3.2; T06). Unknown parameters are never
    /// read, and so are ignored (T07).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}

fn is_form(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case(MEDIA_TYPE)
}

/// A name that cannot be decoded is not one of these.
fn carries_credentials(query: &str) -> bool {
    urlencoded::pairs(query.as_bytes())
        .filter_map(|(name, _)| urlencoded::decode(name))
        .any(|name| NEVER_IN_QUERY.contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Option<&str> = Some(MEDIA_TYPE);

    fn parsed(body: &str) -> FormBody {
        FormBody::parse(FORM, None, body.as_bytes()).ok().unwrap()
    }

    fn refusal(content_type: Option<&str>, query: Option<&str>, body: &[u8]) -> OAuthError {
        FormBody::parse(content_type, query, body).err().unwrap()
    }

    #[test]
    fn t03_a_form_is_read_in_any_spelling_of_its_type_and_with_a_charset() {
        for content_type in [
            "application/x-www-form-urlencoded",
            "APPLICATION/X-WWW-Form-UrlEncoded",
            "application/x-www-form-urlencoded;charset=UTF-8",
            "application/x-www-form-urlencoded ; charset=utf-8",
        ] {
            let form = FormBody::parse(Some(content_type), None, b"scope=read").ok().unwrap();
            assert_eq!(form.get("scope"), Some("read"));
        }
    }

    #[test]
    fn t03_a_body_of_another_type_is_an_invalid_request() {
        for content_type in [
            None,
            Some(""),
            Some("application/json"),
            Some("text/plain"),
            Some("multipart/form-data"),
        ] {
            let refusal = refusal(content_type, None, b"scope=read");
            assert_eq!(refusal, OAuthError::invalid_request(description::NOT_A_FORM));
        }
    }

    #[test]
    fn t06_a_parameter_without_a_value_counts_as_left_out() {
        let form = parsed("scope=&grant_type&token=x");
        assert_eq!(form.get("scope"), None);
        assert_eq!(form.get("grant_type"), None);
        assert_eq!(form.get("token"), Some("x"));
    }

    #[test]
    fn t07_an_unknown_parameter_disturbs_nobody() {
        assert_eq!(parsed("colour=blue&scope=read").get("scope"), Some("read"));
    }

    #[test]
    fn t08_a_repeated_parameter_is_an_invalid_request() {
        for body in [
            "scope=a&scope=b",
            "scope=a&scope=a",
            "scope=&scope=a",
            "x=1&x=2",
            "sco%70e=a&scope=b",
            "scope&scope",
        ] {
            let refusal = refusal(FORM, None, body.as_bytes());
            assert_eq!(refusal, OAuthError::invalid_request(description::REPEATED_PARAMETER));
        }
    }

    #[test]
    fn t14_credentials_in_the_url_are_an_invalid_request() {
        for query in [
            "client_secret=s",
            "a=b&client_id=c",
            "token=t",
            "client_assertion=j",
            "client%5Fsecret=s",
            "token",
        ] {
            let refusal = refusal(FORM, Some(query), b"grant_type=client_credentials");
            assert_eq!(refusal, OAuthError::invalid_request(description::CREDENTIALS_IN_QUERY));
        }
    }

    #[test]
    fn t14_other_things_in_the_url_are_not_parameters() {
        let form = FormBody::parse(FORM, Some("scope=write&trace=%FF"), b"").ok().unwrap();
        assert_eq!(form.get("scope"), None);
    }

    #[test]
    fn t03_what_is_not_utf_8_is_an_invalid_request() {
        for body in [&b"scope=%FF"[..], b"%C2=x", b"scope=\xFF"] {
            assert_eq!(
                refusal(FORM, None, body),
                OAuthError::invalid_request(description::NOT_UTF8)
            );
        }
    }

    #[test]
    fn t03_values_are_decoded() {
        assert_eq!(parsed("scope=read+write%21&empty").get("scope"), Some("read write!"));
    }
}
