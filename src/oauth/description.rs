//! All values of `error_description`. They are fixed sentences, so nothing that the client sent is echoed (T28).

macro_rules! descriptions {
    ($($(#[$doc:meta])+ $name:ident = $text:literal;)+) => {
        $($(#[$doc])+ pub const $name: &str = $text;)+

        /// All descriptions, for tests.
        pub const ALL: &[&str] = &[$($name),+];
    };
}

descriptions! {
    /// T02: the method is not POST.
    USE_POST = "This endpoint only accepts POST requests.";
    /// T03: the body has another content type, or none.
    NOT_A_FORM = "Send the body as application/x-www-form-urlencoded.";
    /// T03: the body holds bytes or escapes that are not UTF-8.
    NOT_UTF8 = "The parameters must be encoded in UTF-8.";
    /// T04: there is no `grant_type`.
    GRANT_TYPE_MISSING = "The parameter grant_type is missing.";
    /// T05: `grant_type` is not `client_credentials`.
    GRANT_TYPE_UNSUPPORTED = "The only supported grant_type is client_credentials.";
    /// T08: a parameter is repeated.
    REPEATED_PARAMETER = "A parameter may be included only once.";
    /// T14: a credential is in the URL, where logs would record it.
    CREDENTIALS_IN_QUERY = "Send credentials and tokens in the body or the Authorization header, never in the URL.";
    /// T15: more than one authentication method, or more than one header.
    SEVERAL_AUTHENTICATIONS = "Use only one method to authenticate the client.";
    /// T15: `private_key_jwt` and similar methods are not supported.
    ASSERTION_UNSUPPORTED = "Client assertions are not supported; use the client secret.";
    /// T16: the `client_id` in the body differs from the one in the header.
    OTHER_CLIENT_ID = "The client_id in the body differs from the one in the Authorization header.";
    /// T17, T18, T19: anything is wrong with the client's credentials.
    CLIENT_UNKNOWN = "Client authentication failed.";
    /// T20: the client may not do this.
    CLIENT_NOT_ALLOWED = "This client may not use this grant.";
    /// T21: the scope is malformed (RFC 6749 §3.3) or does not exist.
    SCOPE_UNKNOWN = "The scope must be read, write, or both with one space in between.";
    /// T21: the scope exceeds what the application is allowed.
    SCOPE_EXCEEDED = "The scope exceeds what this client is allowed.";
    /// I01, R01: there is no `token`.
    TOKEN_MISSING = "The parameter token is missing.";
    /// T33: too many failed attempts.
    SLOW_DOWN = "Too many requests or failed attempts; try again later.";
    /// T34: the database cannot be reached.
    UNAVAILABLE = "The service is temporarily unavailable; try again later.";
    /// The service itself failed.
    FAILED = "The request failed because of an error in this service.";
    /// The body is larger than this service reads.
    BODY_TOO_LARGE = "The body is too large.";
    /// The body has a `Content-Encoding`.
    BODY_ENCODED = "Send the body uncompressed, without Content-Encoding.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t28_every_description_is_made_of_the_characters_that_rfc_6749_allows() {
        for text in ALL {
            assert!(!text.is_empty());
            assert!(
                text.bytes()
                    .all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)),
                "{text} has a character outside %x20-21/23-5B/5D-7E"
            );
        }
    }
}
