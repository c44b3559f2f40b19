//! The rules of Gatebook. They read like the help article: no clock, no randomness, no network, no tables.
//!
//! # Where each rule lives
//!
//! | rule | item |
//! |---|---|
//! | R1 plan | [`group::ProductPlan::require_integration_apps`] |
//! | R2 Practice Admin, Integration Admin | [`group::Membership::require_manager`], [`group::Membership::require_practice_admin`] |
//! | R3 auditor | [`group::Membership::require_reader`] |
//! | R4 own group only | [`group::Membership::require_group`] |
//! | R5 integration types | [`integration_app::IntegrationKind`], [`integration_app::IntegrationType`], [`catalog::INTEGRATE_TYPES`] |
//! | R6 name, names that look alike | [`text::AppName`], [`look_alikes::look_alike_keys`] |
//! | R7 description | [`text::Description`] |
//! | R8 category | [`catalog::CATEGORIES`], `integration_app::creating`, `integration_app::editing` |
//! | R9 e-mail | [`email_address::EmailAddress`] |
//! | R10 API permission | [`api_permission::ApiPermission`] |
//! | R11 entities | `integration_app::creating::require_entities` |
//! | R12 disclaimers | `integration_app::creating::require_disclaimers` |
//! | R13 invitation or notification | `integration_app::developer_link::invited_or_registered` |
//! | R14 OTP of 8 characters, and its look-alikes | [`integration_app::OTP_CHARS`], [`integration_app::OTP_ALPHABET`], [`integration_app::otp_character`] |
//! | R14 OTP valid 3 days | [`integration_app::OTP_VALID_FOR`], [`integration_app::otp_state`] |
//! | R15 five tries | [`integration_app::OTP_MAX_TRIES`] |
//! | R16 Reset OTP, R17 one developer | `integration_app::one_time_password` |
//! | R18 invitation valid 3 days | [`integration_app::INVITATION_VALID_FOR`] |
//! | R19 verification code | [`integration_app::CODE_VALID_FOR`], [`integration_app::CODE_MAX_TRIES`] |
//! | R19 password of 15 characters | [`developer::MIN_PASSWORD_CHARS`] |
//! | R20 at most one developer, R21 Revoke Access | `integration_app::developer_link` |
//! | R22 only the verified developer | [`integration_app::verified_developer`] |
//! | R23 client secrets | [`integration_app::MAX_LIVE_CLIENT_SECRETS`], [`integration_app::SECRET_OVERLAP`] |
//! | R24 scopes | [`api_permission::Access`] |
//! | R25 what a token opens | [`gate::Gate::check`], [`system::System`], [`access_token::AccessToken`] |
//! | R26 takes effect with the commit | [`group::DecisionInputs`], the writer of the root crate; see docs/architecture.md |
//! | R27 suspend, resume, revoke | `integration_app::lifecycle` |
//! | R28 everything is in the log | [`metadata::Metadata`] and every event type; [`timeline_views`], [`refused_attempts`], [`usage`] |
//! | R29 the log's files | `activity_log` of the root crate |

pub mod access_token;
pub mod api_permission;
pub mod attention;
pub mod catalog;
pub mod developer;
pub mod email_address;
pub mod gate;
#[cfg(test)]
mod golden;
pub mod group;
pub mod identifiers;
pub mod integration_app;
pub mod log_format;
pub mod look_alikes;
pub mod metadata;
pub mod password_link;
pub mod persistent_map;
pub mod personal;
pub mod refusal;
pub mod refused_attempts;
pub mod rehearsal;
pub mod session;
pub mod system;
pub mod text;
pub mod text_comparison;
pub mod timeline_views;
pub mod timestamp;
pub mod typed;
pub mod usage;
pub mod user_account;
