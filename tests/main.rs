//! Gatebook from the outside. `stories` follows the help article over HTTP, on both databases; the other folders hold
//! the promises that the article does not speak of.
#![expect(
    clippy::disallowed_methods,
    reason = "what a test names or draws need not be the same in each run"
)]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bad_days;
mod browser;
mod gateways;
mod house;
mod oauth_wire;
mod pages;
mod soak;
mod store;
mod stories;
mod support;
