//! The credentials that a client presents. They are verified elsewhere.

use crate::oauth::basic::basic_credentials;
use crate::oauth::description;
use crate::oauth::error::OAuthError;
use crate::oauth::form::FormBody;

/// A client's id and secret, as presented and not yet verified. It holds a secret, so it has no `Debug`.
pub struct PresentedClient {
    /// The claimed client id; never empty, and without control characters.
    pub client_id: String,
    /// The client secret; never empty.
    pub client_secret: String,
    /// Where the credentials were.
    pub via: Via,
}

/// Where a client put its credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// In the `Authorization` header: `client_secret_basic` (RFC 6749 §2.3.1; T09).
    Basic,
    /// In the body: `client_secret_post`, which RFC 6749 §2.3.1 does not recommend (T13).
    Post,
}

impl PresentedClient {
    /// Finds the client's credentials in the values of all `Authorization` headers, or else in the form.
    ///
    /// # Errors
    /// `invalid_request` for more than one `Authorization` header, for a header together with a `client_secret` in the
    /// body, for any client assertion (RFC 6749 §2.3; T15), and when the body names another `client_id` than the
    /// header (T16). `invalid_client` when the header cannot be read or is not Basic (T35), and when id or secret is
    /// missing (T32).
    pub fn from_request(authorization: &[&[u8]], form: &FormBody) -> Result<Self, OAuthError> {
        if form
            .get("client_assertion")
            .or(form.get("client_assertion_type"))
            .is_some()
        {
            return Err(OAuthError::invalid_request(description::ASSERTION_UNSUPPORTED));
        }
        match authorization {
            [] => Self::from_body(form),
            [header] => Self::from_header(header, form),
            _ => Err(OAuthError::invalid_request(description::SEVERAL_AUTHENTICATIONS)),
        }
    }

    fn from_header(header: &[u8], form: &FormBody) -> Result<Self, OAuthError> {
        if form.get("client_secret").is_some() {
            return Err(OAuthError::invalid_request(description::SEVERAL_AUTHENTICATIONS));
        }
        let basic = basic_credentials(header).ok_or(OAuthError::invalid_client())?;
        if form
            .get("client_id")
            .is_some_and(|client_id| client_id != basic.username)
        {
            return Err(OAuthError::invalid_request(description::OTHER_CLIENT_ID));
        }
        Self::complete(&basic.username, &basic.password, Via::Basic)
    }

    fn from_body(form: &FormBody) -> Result<Self, OAuthError> {
        let client_id = form.get("client_id").unwrap_or_default();
        let client_secret = form.get("client_secret").unwrap_or_default();
        Self::complete(client_id, client_secret, Via::Post)
    }

    /// Ids have no control characters, and PostgreSQL refuses NUL in a text.
    fn complete(client_id: &str, client_secret: &str, via: Via) -> Result<Self, OAuthError> {
        if client_id.is_empty() || client_secret.is_empty() || client_id.contains(char::is_control) {
            return Err(OAuthError::invalid_client());
        }
        Ok(Self {
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            via,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    fn presented(authorization: &[&[u8]], body: &str) -> Result<(String, String, Via), OAuthError> {
        let form = FormBody::parse(Some("application/x-www-form-urlencoded"), None, body.as_bytes())?;
        let client = PresentedClient::from_request(authorization, &form)?;
        Ok((client.client_id, client.client_secret, client.via))
    }

    fn basic(credentials: &str) -> Vec<u8> {
        format!("Basic {}", STANDARD.encode(credentials)).into_bytes()
    }

    fn client(via: Via) -> Result<(String, String, Via), OAuthError> {
        Ok(("app".to_owned(), "secret".to_owned(), via))
    }

    fn several() -> OAuthError {
        OAuthError::invalid_request(description::SEVERAL_AUTHENTICATIONS)
    }

    #[test]
    fn t09_a_client_may_use_basic() {
        assert_eq!(presented(&[&basic("app:secret")], "scope=read"), client(Via::Basic));
    }

    #[test]
    fn t13_a_client_may_use_the_body() {
        assert_eq!(presented(&[], "client_id=app&client_secret=secret"), client(Via::Post));
    }

    #[test]
    fn t15_a_header_together_with_a_secret_in_the_body_is_an_invalid_request() {
        for header in [basic("app:secret"), b"Bearer x".to_vec()] {
            assert_eq!(presented(&[&header], "client_secret=secret"), Err(several()));
            assert_eq!(
                presented(&[&header], "client_id=app&client_secret=secret"),
                Err(several())
            );
        }
    }

    #[test]
    fn t15_two_authorization_headers_are_an_invalid_request() {
        let header = basic("app:secret");
        assert_eq!(presented(&[&header, &header], ""), Err(several()));
    }

    #[test]
    fn t15_a_client_assertion_is_an_invalid_request() {
        let refusal = Err(OAuthError::invalid_request(description::ASSERTION_UNSUPPORTED));
        assert_eq!(presented(&[], "client_assertion=x"), refusal);
        assert_eq!(presented(&[], "client_assertion_type=x"), refusal);
        assert_eq!(presented(&[&basic("app:secret")], "client_assertion=x"), refusal);
        assert_eq!(
            presented(&[], "client_id=app&client_secret=secret&client_assertion=x"),
            refusal
        );
    }

    #[test]
    fn t06_t15_a_secret_without_a_value_counts_as_left_out() {
        assert_eq!(
            presented(&[&basic("app:secret")], "client_secret=&client_assertion="),
            client(Via::Basic)
        );
    }

    #[test]
    fn t16_the_body_may_repeat_the_client_id_of_the_header() {
        assert_eq!(presented(&[&basic("app:secret")], "client_id=app"), client(Via::Basic));
        assert_eq!(
            presented(&[&basic("a%70p:secret")], "client_id=ap%70"),
            client(Via::Basic)
        );
    }

    #[test]
    fn t16_another_client_id_in_the_body_is_an_invalid_request() {
        let refusal = Err(OAuthError::invalid_request(description::OTHER_CLIENT_ID));
        assert_eq!(presented(&[&basic("app:secret")], "client_id=other"), refusal);
    }

    #[test]
    fn t17_t18_t32_a_client_without_id_or_secret_is_not_authenticated() {
        for body in [
            "",
            "client_id=app",
            "client_id=app&client_secret=",
            "client_secret=secret",
        ] {
            assert_eq!(presented(&[], body), Err(OAuthError::invalid_client()));
        }
        for credentials in ["app:", ":secret", ":"] {
            assert_eq!(presented(&[&basic(credentials)], ""), Err(OAuthError::invalid_client()));
        }
    }

    #[test]
    fn t35_a_header_that_cannot_be_read_is_not_authenticated() {
        for header in [
            &b""[..],
            b"Bearer x",
            b"Digest x",
            b"garbage",
            b"Basic !",
            b"Basic YQ==",
            b"Basic /zpi",
            b"\xFF",
        ] {
            assert_eq!(presented(&[header], ""), Err(OAuthError::invalid_client()));
            assert_eq!(presented(&[header], "client_id=app"), Err(OAuthError::invalid_client()));
        }
    }

    #[test]
    fn t35_a_control_character_in_the_id_is_not_authenticated() {
        assert_eq!(
            presented(&[&basic("a%00:secret")], ""),
            Err(OAuthError::invalid_client())
        );
        assert_eq!(
            presented(&[], "client_id=a%00&client_secret=s"),
            Err(OAuthError::invalid_client())
        );
    }
}
