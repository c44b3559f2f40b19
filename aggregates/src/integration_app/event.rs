//! The facts of an integration application. Their JSON is kept for ever: never rename, only add.

use std::collections::BTreeSet;

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumString, IntoStaticStr, VariantNames};

use super::subject::AppSubject;
use crate::api_permission::ApiPermission;
use crate::catalog::CategoryCode;
use crate::email_address::EmailAddress;
use crate::identifiers::{ClientId, ClientSecretId, DeveloperId, EntityId, GroupId, KeyedDigest, UserId};
use crate::log_format::LogFormat;
use crate::personal::Personal;
use crate::text::{AppName, Description, Reason};
use crate::timestamp::Timestamp;

/// One fact, one business reason. Fields called `…_digest` never leave the log (R28).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames, EnumDiscriminants)]
#[strum_discriminants(name(IntegrationAppEventType), derive(EnumString), doc = "The names of the events.")]
#[serde(deny_unknown_fields)]
pub enum IntegrationAppEvent {
    /// R6-R11: an admin created a New Integration.
    NewIntegrationCreated {
        group_id: GroupId,
        client_id: ClientId,
        name: AppName,
        description: Description,
        category: CategoryCode,
        api_permission: ApiPermission,
        entities: BTreeSet<EntityId>,
        /// When it ends by itself, if it does. Older events have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ends_at: Option<Timestamp>,
    },
    /// R12: an admin created an AIQ Integrate application and accepted both disclaimers.
    AiqIntegrateCreated {
        group_id: GroupId,
        client_id: ClientId,
        integrate_type: String,
        custom: bool,
        name: AppName,
        description: Description,
        category: CategoryCode,
        api_permission: ApiPermission,
        entities: BTreeSet<EntityId>,
        charges_accepted_by: UserId,
        data_access_accepted_by: UserId,
        /// When it ends by itself, if it does. Older events have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ends_at: Option<Timestamp>,
    },
    /// R13, R18: somebody without an account was invited, and an OTP was made.
    DeveloperInvited {
        email: Personal<EmailAddress>,
        invitation_digest: KeyedDigest,
        invitation_expires_at: Timestamp,
        otp_digest: KeyedDigest,
        otp_expires_at: Timestamp,
    },
    /// R13: somebody who has an account was registered, and an OTP was made.
    DeveloperRegistered {
        email: Personal<EmailAddress>,
        developer_id: DeveloperId,
        otp_digest: KeyedDigest,
        otp_expires_at: Timestamp,
    },
    /// R18: a new invitation link replaced the old one.
    InvitationResent {
        email: Personal<EmailAddress>,
        invitation_digest: KeyedDigest,
        invitation_expires_at: Timestamp,
    },
    /// R19: a verification code was mailed to the invited address.
    VerificationCodeSent {
        code_digest: KeyedDigest,
        sent_at: Timestamp,
        expires_at: Timestamp,
    },
    /// R19: a wrong verification code was entered.
    VerificationCodeMistyped { attempts_left: u32 },
    /// R19: the invited person signed up. Their name is not the admins' to read before they have verified, and is
    /// in the events of their account.
    InvitationAccepted { developer_id: DeveloperId },
    /// R15: a wrong OTP was entered.
    OneTimePasswordMistyped { attempts_left: u32 },
    /// R15, R28: an OTP that opens nothing was entered. Recorded once for each OTP and each cause.
    UnusableOneTimePasswordTried { because: OtpUnusable },
    /// R17, R22: the linked developer proved to be the right person.
    DeveloperVerified { developer_id: DeveloperId },
    /// R16: a new OTP replaced the old one.
    OneTimePasswordReset {
        email: Personal<EmailAddress>,
        otp_digest: KeyedDigest,
        otp_expires_at: Timestamp,
    },
    /// R21: the developer was unlinked; invitation and OTP are void.
    DeveloperAccessRevoked { email: Personal<EmailAddress> },
    /// R7: what the application is for was rewritten.
    DescriptionChanged { before: Description, after: Description },
    /// R8: the category was changed.
    CategoryChanged { before: CategoryCode, after: CategoryCode },
    /// R11: the entities were changed: only what was added and what was removed, so that one of thousands is a short line.
    EntitiesChanged {
        added: BTreeSet<EntityId>,
        removed: BTreeSet<EntityId>,
        /// Whether the application may open no entity any more, which nobody could tell from the difference alone.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        none_left: bool,
    },
    /// The application got an end date, another one, or none any more. What is over by then is decided when it is asked.
    EndDateChanged {
        before: Option<Timestamp>,
        after: Option<Timestamp>,
    },
    /// R22, R28: the developer looked at the credentials' details.
    CredentialsRevealed {
        developer_id: DeveloperId,
        revealed_at: Timestamp,
        ip_address: Personal<String>,
    },
    /// R23: a client secret was made and shown once.
    ClientSecretGenerated {
        client_secret_id: ClientSecretId,
        prefix: String,
        secret_digest: KeyedDigest,
        created_at: Timestamp,
        previous: Option<PreviousSecret>,
        /// When the new one ends by itself, if it does. Older events have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ends_at: Option<Timestamp>,
    },
    /// R23: a client secret was ended before its time.
    ClientSecretRetired { client_secret_id: ClientSecretId },
    /// R27: stopped, reversibly.
    ApplicationSuspended { reason: Option<Reason> },
    /// R27: running again.
    ApplicationResumed { reason: Option<Reason> },
    /// R27: stopped for ever.
    ApplicationRevoked {
        reason: Option<Reason>,
        revoked_at: Timestamp,
    },
    /// R28: somebody downloaded this log.
    ActivityLogDownloaded {
        format: LogFormat,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    },
}

/// R15, R28: why an OTP opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr, Hash)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum OtpUnusable {
    /// Its three days were over.
    Expired,
    /// Five wrong tries.
    Locked,
    /// R27: its application is suspended.
    AppSuspended,
    /// R27: its application is revoked.
    AppRevoked,
    /// R1: the application's group is off the plan.
    GroupOffPlan,
}

/// R23: the older secret whose end began with a newer one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviousSecret {
    /// Which one.
    pub client_secret_id: ClientSecretId,
    /// When it ends.
    pub ends_at: Timestamp,
    /// Whether it would have ended then anyway, because its own end comes before that of the overlap.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ends_anyway: bool,
}

impl IntegrationAppEvent {
    /// R28: the names of the facts that somebody looked. They change nothing, so that they do not move the version either.
    pub const AUDITED_READS: &'static [&'static str] = &["CredentialsRevealed", "ActivityLogDownloaded"];

    /// R28: whether it says that somebody looked.
    pub fn is_audited_read(&self) -> bool {
        Self::AUDITED_READS.contains(&<&str>::from(self))
    }

    /// R6: the name that is taken with this fact, for ever.
    pub fn takes_name(&self) -> Option<&AppName> {
        match self.subject() {
            AppSubject::Creation(created) => Some(created.name),
            AppSubject::Details(_)
            | AppSubject::DeveloperLink(_)
            | AppSubject::ClientSecrets(_)
            | AppSubject::Status(_)
            | AppSubject::AuditedRead(_) => None,
        }
    }
}

impl DomainEvent for IntegrationAppEvent {
    fn event_type(&self) -> String {
        <&str>::from(self).to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
