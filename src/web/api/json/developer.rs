//! An application's developer as admins see it.

use gatebook_aggregates::timestamp::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::application::{self, AppView};

/// An application's outside developer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeveloperAccess {
    /// `none`, `invited`, `otp_pending` or `verified`.
    status: &'static str,
    /// The developer's e-mail address; null if none is linked.
    #[schema(required)]
    email: Option<String>,
    /// The developer's name; null until they have verified this application.
    #[schema(required)]
    name: Option<String>,
    /// When the last invitation was sent.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    invited_at: Option<Timestamp>,
    /// When the invitation expires; null if it can no longer be used.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    invite_expires_at: Option<Timestamp>,
    /// When the developer was assigned to the application.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    assigned_at: Option<Timestamp>,
    /// When the developer verified the application.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    verified_at: Option<Timestamp>,
    /// When the one-time password expires; null if there is none to verify.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    otp_expires_at: Option<Timestamp>,
    /// The number of wrong tries left for the one-time password.
    #[schema(required)]
    otp_attempts_left: Option<i64>,
    /// The last e-mail to the developer, if it could not be delivered; null if the mail server reports no problem.
    #[schema(required)]
    mail_problem: Option<MailProblemJson>,
}

/// An e-mail that could not be delivered. It disappears once the e-mail has been sent again successfully.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = MailProblem)]
pub struct MailProblemJson {
    /// When the last attempt failed.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The kind of e-mail: `invitation`, `application_assigned` or `otp_reset`.
    mail: String,
    /// `address_refused`, `address_unsupported`, `address_invalid`, `mail_refused`, `given_up`, `broken` or
    /// `not_delivered`.
    kind: &'static str,
    /// Why it failed, and what to do.
    detail: &'static str,
}

/// The developer, with a new one-time password.
#[derive(Serialize, ToSchema)]
pub struct DeveloperAccessGiven {
    #[serde(flatten)]
    developer: DeveloperAccess,
    /// The one-time password, shown once; null if a repeated answer can no longer show it.
    #[schema(required)]
    verification: Option<VerificationJson>,
}

/// The developer's one-time password. It is shown only once; keep it out of logs.
#[derive(Serialize, ToSchema)]
#[schema(as = Verification)]
pub struct VerificationJson {
    /// The one-time password, such as `K7QM-2F9D`.
    otp: String,
    /// When it expires.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Instructions to pass on to the developer.
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
    /// Adds an e-mail that could not be delivered.
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
    /// Adds an e-mail that could not be delivered.
    pub fn with(self, problem: Option<application::MailProblem>) -> Self {
        Self {
            developer: self.developer.with(problem),
            ..self
        }
    }

    /// The developer of the application, with the verification that is shown once.
    pub fn new(view: &AppView, shown: Option<application::Verification>) -> Self {
        Self {
            developer: DeveloperAccess::from(view),
            verification: shown.map(VerificationJson::from),
        }
    }
}
