//! How people, programs and gateways are recognised: passwords, sessions, tokens and links.

pub(super) mod browser_sessions;
pub(super) mod console_login;
pub(super) mod credentials;
pub(super) mod guessing;
pub(super) mod open_sessions;
pub(super) mod operator_tokens;
pub(super) mod password_check;
pub(super) mod password_links;
pub(super) mod portal_login;
pub(super) mod user_by_token;
pub(super) mod user_tokens;

pub use browser_sessions::BrowserSession;
pub use console_login::{SignInForm, SignInOutcome};
pub use credentials::{IssuedToken, ResourceServer, ResourceServerIssued, ResourceServerMade};
pub use open_sessions::ListedSession;
pub use password_links::ApiTokens;
pub use portal_login::{PortalClient, Session};
pub use user_tokens::{ListedToken, OwnTokenForm, TokenMade};
