//! What people and programs can do with Gatebook, once: the JSON API, the command line and the pages call this.
//! It identifies the caller, draws time, ids and secrets, builds the command, runs it, and returns what to show.
//! It never judges a business rule; the aggregates do.

mod accounts;
mod apps;
mod background_tasks;
mod caller;
mod command;
mod failure;
mod gate;
mod gatebook;
mod groups;
mod operations;
mod portal;
mod queries;

pub use accounts::{
    ApiTokens, BrowserSession, IssuedToken, ListedSession, ListedToken, OwnTokenForm, PortalClient, Realm,
    ResourceServer, ResourceServerIssued, ResourceServerMade, Session, SignInForm, SignInOutcome, TokenMade,
};
pub use apps::{
    AiqIntegrateForm, AppView, ClientSecretMade, ClientSecretOrder, Creation, EmailLimits, Limits, MailProblem,
    NewIntegrationForm, ReadSlot, Verification,
};
pub use background_tasks::BackgroundTasks;
pub use caller::{Caller, Conditions, Wanted, Who};
pub use command::{ExpectedVersion, IdempotencyKey, Section, SectionVersions};
pub use failure::{Failure, or_gone};
pub use gate::{
    GateAnswer, GateQuestion, GatewayAuth, GatewaySettings, GatewayUnavailable, Introspection, IssuedAccessToken,
};
pub use gatebook::{Gatebook, GatebookParts, Settings};
pub use groups::{GroupPrecondition, PutOutcome};
pub use operations::{LastUses, QuarantineError, RecordedDownload, Replay, ReplayJob, TokensEnded};
pub use portal::{AppDetails, IssuedClientSecret, OpenInvitation, PortalEntity, PortalHome, SignUpForm, live_secrets};
pub use queries::{EventsPage, ListPage};
