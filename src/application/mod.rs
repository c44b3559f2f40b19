//! What people and programs can do with Gatebook, once: the JSON API, the command line and the pages call this.
//! It identifies the caller, draws time, ids and secrets, builds the command, runs it, and returns what to show.
//! It never judges a business rule; the aggregates do.

mod accounts;
mod apps;
mod attention_mails;
mod authorization;
mod caller;
mod command;
mod failure;
mod gate;
mod gatebook;
mod gateway_settings;
mod group_lists;
mod groups;
mod home;
mod idempotency_key;
mod limits;
mod member;
mod node;
mod operations;
mod portal;
mod queries;
mod realm;
mod rehearsal;
mod stored_credential;
mod usage;

pub use accounts::{
    ApiTokens, BrowserSession, IssuedToken, ListedSession, ListedToken, OwnTokenForm, PortalClient, ResourceServer,
    ResourceServerIssued, ResourceServerMade, Session, SignInForm, SignInOutcome, TokenMade,
};
pub use apps::{
    AiqIntegrateForm, AppView, ClientSecretMade, ClientSecretOrder, Creation, IssuedClientSecret, KnownSecret,
    MailProblem, NewIntegrationForm, SecretEnd, SecretHistory, SecretTerms, StatusChange, StatusChanged, live_secrets,
};
pub use attention_mails::DIGEST_AT;
pub use authorization::{LinkedDeveloper, Manager, Operator, PracticeAdmin, Reader, VerifiedDeveloper};
pub use caller::{Caller, Conditions, Wanted, Who};
pub use command::{ExpectedVersion, Section, SectionVersions, Verification};
pub use failure::{Failure, or_gone};
pub use gate::{
    AskedBy, AuthenticatedClient, Basis, FeedAnswer, FeedQuestion, GateAnswer, GateQuestion, Introspection,
    IssuedAccessToken, ReportedChecks,
};
pub use gatebook::{Gatebook, GatebookParts, Settings};
pub use gateway_settings::{GatewayAuth, GatewaySettings, GatewayUnavailable};
pub use group_lists::ListChanges;
pub use groups::{GroupPrecondition, PutOutcome};
pub use home::{ATTENTION_SHOWN, GroupHome};
pub use idempotency_key::IdempotencyKey;
pub use limits::{EmailLimits, Limits};
pub use member::Member;
pub use node::background_tasks::BackgroundTasks;
pub use node::gate_memory::{Changes, LogPlace, Mark};
pub use node::last_used::LastUses;
pub use node::read_slots::ReadSlot;
pub use node::replay_job::{Replay, ReplayJob};
pub use operations::{QuarantineError, RecordedDownload, TokensEnded};
pub use portal::{AppDetails, OpenInvitation, PortalEntity, PortalHome, SignUpForm};
pub use queries::{EventsPage, ListPage};
pub use realm::Realm;
pub use rehearsal::{
    AppChange, AppRehearsal, GroupChange, REHEARSED_DAYS, Rehearsal, UnusedEntity, UnusedGrants, UsageWindow,
};
pub use usage::{AppUsage, DAYS_SHOWN, UsageSoFar};
