//! Manage Developer Portal Access: what admins see of an application's developer.

use gatebook_aggregates::timestamp::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::application::{self, AppView};

/// An application's outside developer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeveloperAccess {
    /// `none`, `invited`, `otp_pending` or `verified`.
    status: &'static str,
    /// Their address; null when nobody is linked.
    #[schema(required)]
    email: Option<String>,
    /// Their name; null before they have verified for this application.
    #[schema(required)]
    name: Option<String>,
    /// When the last invitation was mailed.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    invited_at: Option<Timestamp>,
    /// When it ends; null when nobody can sign up with it any more.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    invite_expires_at: Option<Timestamp>,
    /// When they were assigned to the application.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    assigned_at: Option<Timestamp>,
    /// When they verified it.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    verified_at: Option<Timestamp>,
    /// When the one-time password ends; null when there is none that could be verified.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    otp_expires_at: Option<Timestamp>,
    /// Wrong tries of the one-time password that are left.
    #[schema(required)]
    otp_attempts_left: Option<i64>,
    /// The last mail to them that could not be delivered; null when all is well as far as the mail server says.
    #[schema(required)]
    mail_problem: Option<MailProblemJson>,
}

/// A mail that could not be delivered. It is gone when the mail is sent again and taken.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = MailProblem)]
pub struct MailProblemJson {
    /// When it was given up.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Which mail: `invitation`, `application_assigned` or `otp_reset`.
    mail: String,
    /// `address_refused`, `address_unsupported`, `address_invalid`, `mail_refused`, `given_up`, `broken` or
    /// `not_delivered`.
    kind: &'static str,
    /// Why, and what to do.
    detail: &'static str,
}

/// The developer, after a change that made a new one-time password.
#[derive(Serialize, ToSchema)]
pub struct DeveloperAccessGiven {
    #[serde(flatten)]
    developer: DeveloperAccess,
    /// What the developer verifies with, shown once; null when a repeated answer may not show it any more.
    #[schema(required)]
    verification: Option<VerificationJson>,
}

/// What the developer verifies with. Shown once; not for logs.
#[derive(Serialize, ToSchema)]
#[schema(as = Verification)]
pub struct VerificationJson {
    /// The one-time password, as in `K7QM-2F9D`.
    otp: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// What to send to the developer, and how.
    instructions: String,
}

impl From<&AppView> for DeveloperAccess {
    fn from(view: &AppView) -> Self {
        let app = view.app();
        Self {
            status: view.developer_status().as_str(),
            email: app.developer_email.as_ref().map(ToString::to_string),
            name: view.developer_name().map(|name| name.as_str().to_owned()),
            invited_at: app.invited_at,
            invite_expires_at: view.invite_expires_at(),
            assigned_at: app.assigned_at,
            verified_at: app.verified_at,
            otp_expires_at: app.otp_expires_at,
            otp_attempts_left: app.otp_attempts_left,
            mail_problem: None,
        }
    }
}

impl DeveloperAccess {
    /// The same, with what is known of a mail that could not be delivered.
    pub fn with(self, problem: Option<application::MailProblem>) -> Self {
        let mail_problem = problem.map(|problem| MailProblemJson {
            at: problem.at,
            mail: problem.mail,
            kind: problem.kind,
            detail: problem.detail,
        });
        Self { mail_problem, ..self }
    }
}

impl From<application::Verification> for VerificationJson {
    fn from(shown: application::Verification) -> Self {
        let application::Verification {
            otp,
            expires_at,
            instructions,
        } = shown;
        Self {
            otp,
            expires_at,
            instructions,
        }
    }
}

impl DeveloperAccessGiven {
    /// The same, with what is known of a mail that could not be delivered.
    pub fn with(self, problem: Option<application::MailProblem>) -> Self {
        Self {
            developer: self.developer.with(problem),
            ..self
        }
    }

    /// The developer of the application, and what is shown of it once.
    pub fn new(view: &AppView, shown: Option<application::Verification>) -> Self {
        Self {
            developer: DeveloperAccess::from(view),
            verification: shown.map(VerificationJson::from),
        }
    }
}
