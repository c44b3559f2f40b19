//! The OAuth wire format: turns the bytes of a request into parsed values or an [`OAuthError`]. It uses no database and
//! no clock, and verifies no secrets.

mod authorization;
mod basic;
mod bearer;
mod client_credentials;
pub mod description;
mod error;
mod form;
mod scope;
mod urlencoded;

pub use basic::{BasicCredentials, basic_credentials};
pub use bearer::{BearerProblem, bearer_token};
pub use client_credentials::{PresentedClient, Via};
pub use error::{BASIC_CHALLENGE, OAuthError};
pub use form::FormBody;
pub use scope::Scopes;
