//! What people and programs can do with Gatebook, once: the JSON API, the command line and the pages call this.
//! It asks who somebody is, draws time, ids and secrets, builds the command, runs it, and returns what to show.
//! It never judges a business rule; the aggregates do.

mod account_commands;
mod admin_apps;
mod admin_change;
mod admin_letters;
mod app_view;
mod browser_sessions;
mod caller;
mod commands;
mod console_sign_in;
mod credentials;
mod failure;
mod gatebook;
mod gatekeeper;
mod groups;
mod idempotency;
mod invite;
mod last_uses;
mod operators;
mod own_tokens;
mod password_links;
mod portal;
mod reading;
mod replay_job;
mod secret_letters;
mod seen;
mod sign_in;
mod sign_up;
mod turns;
mod verification;

pub use admin_apps::{AiqIntegrateForm, Creation, NewIntegrationForm};
pub use app_view::AppView;
pub use browser_sessions::{BrowserSession, ListedSession, Realm};
pub use caller::{Caller, Who};
pub use commands::ChangeOptions;
pub use console_sign_in::{SignInForm, SignedIn};
pub use credentials::{IssuedToken, ResourceServer, ResourceServerIssued};
pub use failure::Failure;
pub use gatebook::{Gatebook, GatebookParts, Settings};
pub use gatekeeper::{GateAnswer, GateQuestion, Introspection, IssuedAccessToken};
pub use groups::PutOutcome;
pub use idempotency::IdempotencyKey;
pub use last_uses::LastUses;
pub use operators::RecordedDownload;
pub use own_tokens::OwnToken;
pub use portal::{AppDetails, IssuedClientSecret, PortalEntity, PortalHome, live_secrets};
pub use reading::{EventsPage, Page};
pub use replay_job::{Replay, ReplayJob};
pub use seen::{Pin, Side, Sides};
pub use sign_in::Session;
pub use sign_up::{OpenInvitation, SignUpForm};
pub use verification::Verification;
