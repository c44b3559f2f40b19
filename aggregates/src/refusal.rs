//! Every way a command can be refused, in words an admin or a developer can read.

use std::str::FromStr;

use serde::Serialize;
use strum::VariantArray;
use thiserror::Error;

use crate::timestamp::Timestamp;

/// Why a command was not carried out. Nothing has happened when one of these comes back.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// R4: what belongs to another group, or to nobody, does not exist for the principal.
    #[error("This does not exist, or you do not have access to it.")]
    NotFound,
    /// R2, R3: the principal lacks the permission.
    #[error("You need the permission “{0}” to do this. A Practice Admin of your group can grant it.")]
    Forbidden(&'static str),
    /// R2: only Practice Admins do this.
    #[error("Only a Practice Admin of your group can do this.")]
    PracticeAdminRequired,
    /// R1: integration applications exist on plan AIQ3 only.
    #[error("Integration Applications are only available on the AIQ3 product plan.")]
    PlanRequired,
    /// R27: revoking is final.
    #[error("This application has been revoked, which cannot be undone. Create a new one instead.")]
    AppRevoked,
    /// R27: a suspended application gives nothing out.
    #[error("This application is suspended. Resume it first.")]
    AppSuspended,
    /// What has reached its end date gives nothing out.
    #[error("This application has reached its end date. An Integration Admin of its group can set a later one.")]
    AppExpired,
    /// R27: only a suspended application can be resumed.
    #[error("This application is not suspended.")]
    NotSuspended,
    /// R12: AIQ Integrate has no outside developer.
    #[error("An AIQ Integrate application has no outside developer.")]
    NoOutsideDeveloper,
    /// R12, R22: operators generate secrets of AIQ Integrate applications only.
    #[error("The client secrets of this application belong to its developer.")]
    KeptByDeveloper,
    /// R20: at most one linked developer.
    #[error("A developer is already linked. Revoke their access before you register another.")]
    DeveloperAlreadyLinked,
    /// R20: there is nobody to do this to.
    #[error("No developer is linked to this application. Register one first.")]
    NoDeveloperLinked,
    /// R18: an invitation cannot be resent to somebody who has an account.
    #[error("The developer has already signed up and can log in to the Developer Portal.")]
    DeveloperAlreadySignedUp,
    /// R16: a verified OTP cannot be reset.
    #[error("The developer has already verified this application.")]
    AlreadyVerified,
    /// R18: no invitation with this link, or a newer one replaced it.
    #[error("This invitation is unknown, or has already been used or replaced. Ask for a new one.")]
    InviteUnknown,
    /// R18: the invitation's three days are over.
    #[error("This invitation has expired. Ask the person who invited you to resend it.")]
    InviteExpired,
    /// R19: the code's ten minutes or five tries are over, or none was sent.
    #[error("This verification code is no longer valid. Request a new one.")]
    CodeExpired,
    /// R19: too many codes were mailed; the next has to wait.
    #[error("Too many verification codes have been sent. Try again later.")]
    TooManyCodes {
        /// When the next code may be asked for.
        retry_at: Timestamp,
        /// The same, in seconds from now; at least 1.
        retry_after_seconds: u64,
    },
    /// No link to choose a password with, or one that was used or replaced.
    #[error("This link is unknown, or has already been used or replaced by a newer one. Request a new one.")]
    PasswordLinkUnknown,
    /// The time to choose a password with this link is over.
    #[error("This link has expired. Request a new one.")]
    PasswordLinkExpired,
    /// R14: the OTP's three days are over.
    #[error("This one-time password has expired. Ask the admin who gave it to you to reset it.")]
    OtpExpired,
    /// R15: five wrong tries.
    #[error(
        "This one-time password is locked after too many wrong tries. Ask the admin who gave it to you to reset it."
    )]
    OtpLocked,
    /// R22: nothing is shown before the OTP was verified.
    #[error("Verify this application with its one-time password first.")]
    OtpVerificationNeeded,
    /// R23: two client secrets live already.
    #[error("There are already two active client secrets. Retire one of them first.")]
    ClientSecretLimit,
    /// A list would remove more than half of what is there, and nobody has said that it shall.
    #[error(
        "This list would remove {needed} of {there}. If that is right, send it again with “confirm_removed={needed}”."
    )]
    RemovalUnconfirmed {
        /// How many it would remove.
        needed: usize,
        /// How many there are.
        there: usize,
    },
    /// R8, R10: a field that never changes for this kind of application.
    #[error("The field “{0}” of this application cannot be changed.")]
    FieldNotEditable(&'static str),
    /// One or more values are not acceptable.
    #[error("{}", sentences(.0))]
    Invalid(Vec<FieldProblem>),
}

impl Refusal {
    /// A refusal of one field.
    pub fn field(field: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldProblem::new(field, code, message)])
    }
}

/// What is wrong with one field, for showing beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// The field's name on the wire.
    pub field: String,
    /// A stable code, e.g. `required` or `invalid_name`.
    pub code: &'static str,
    /// A sentence that says what to do.
    pub message: String,
}

impl FieldProblem {
    /// A problem of `field`.
    pub fn new(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            code,
            message: message.into(),
        }
    }

    /// Reads one of the words of `T`. Anything else is refused with `required` or `invalid`, and with all words to choose
    /// from.
    pub(crate) fn parse_word<T>(field: &str, invalid: &'static str, text: &str) -> Result<T, Self>
    where
        T: FromStr + VariantArray,
        &'static str: From<&'static T>,
    {
        let code = if text.is_empty() { "required" } else { invalid };
        text.parse()
            .map_err(|_| Self::new(field, code, format!("Choose {}.", alternatives(T::VARIANTS))))
    }
}

/// `“a”, “b” or “c”`.
fn alternatives<T>(all: &'static [T]) -> String
where
    &'static str: From<&'static T>,
{
    let quoted: Vec<_> = all.iter().map(|word| format!("“{}”", <&str>::from(word))).collect();
    match quoted.as_slice() {
        [others @ .., last] if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        few => few.concat(),
    }
}

fn sentences(problems: &[FieldProblem]) -> String {
    problems
        .iter()
        .map(|problem| problem.message.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}
