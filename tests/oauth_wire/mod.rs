//! The checklist of the RFCs, line by line: each test begins with the id of its line (T token endpoint, I introspection,
//! R revocation, D metadata, B bearer tokens at the gate). Where the RFCs leave us a choice, the name says so.

mod answers;
mod asking;
mod bearer;
mod client_authentication;
mod database_away;
mod gate_authorize;
mod gate_credentials;
mod gate_heads;
mod gate_reasons;
mod gate_verify;
mod introspection;
mod metadata;
mod revocation;
mod scopes;
mod serving;
mod throttling;
mod token_answer;
mod token_request;
