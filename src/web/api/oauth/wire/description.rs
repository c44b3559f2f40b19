//! Every `error_description` there is. They are fixed sentences: what the client sent is never echoed (T28).

macro_rules! descriptions {
    ($($(#[$doc:meta])+ $name:ident = $text:literal;)+) => {
        $($(#[$doc])+ pub const $name: &str = $text;)+

        /// All of them, so that a test can look at each.
        pub const ALL: &[&str] = &[$($name),+];
    };
}

descriptions! {
    /// T02: the method is not POST.
    USE_POST = "This endpoint takes POST requests only.";
    /// T03: the body is of another type, or says nothing about it.
    NOT_A_FORM = "The body has to be of the type application/x-www-form-urlencoded.";
    /// T03: the body holds bytes or escapes that are not UTF-8.
    NOT_UTF8 = "The parameters have to be encoded in UTF-8.";
    /// T04: there is no `grant_type`.
    GRANT_TYPE_MISSING = "The parameter grant_type is missing.";
    /// T05: `grant_type` is another than `client_credentials`.
    GRANT_TYPE_UNSUPPORTED = "The only grant_type here is client_credentials.";
    /// T08: a parameter comes more than once.
    REPEATED_PARAMETER = "A parameter may be included only once.";
    /// T14: a credential came in the URL, where logs keep it.
    CREDENTIALS_IN_QUERY = "Credentials and tokens belong into the body or the Authorization header, never into the URL.";
    /// T15: more than one way of authenticating at a time, or more than one header.
    SEVERAL_AUTHENTICATIONS = "A request may authenticate the client in one way only.";
    /// T15: `private_key_jwt` and its kin are not offered.
    ASSERTION_UNSUPPORTED = "Client assertions are not supported; use the client secret.";
    /// T16: `client_id` of the body is another than that of the header.
    OTHER_CLIENT_ID = "The client_id of the body differs from that of the Authorization header.";
    /// T17, T18, T19: whatever is wrong with the client's credentials.
    CLIENT_UNKNOWN = "Client authentication failed.";
    /// T20: the client may not do this.
    CLIENT_NOT_ALLOWED = "This client may not use this grant.";
    /// T21: a scope that is not written as RFC 6749 §3.3 has it, or that does not exist.
    SCOPE_UNKNOWN = "The scope has to be read, write, or both with one space in between.";
    /// T21: more than the application may have.
    SCOPE_EXCEEDED = "The scope goes beyond what this client may have.";
    /// I01, R01: there is no `token`.
    TOKEN_MISSING = "The parameter token is missing.";
    /// T33: too many failed attempts.
    SLOW_DOWN = "Too many requests or failed attempts; try again later.";
    /// T34: the database cannot be reached.
    UNAVAILABLE = "The service is temporarily unavailable; try again later.";
    /// Something in this service failed.
    FAILED = "The request failed because of an error in this service.";
    /// The body is larger than this service reads.
    BODY_TOO_LARGE = "The body is too large.";
    /// The body has a `Content-Encoding`.
    BODY_ENCODED = "The body has to be sent as it is, without Content-Encoding.";
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
