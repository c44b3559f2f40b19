//! OAuth 2.0 as integrations meet it: RFC 6749 §4.4, RFC 6750, RFC 7009 and RFC 7662.

pub mod wire;
