//! What an event is about. Whoever reads events asks this first: it goes through the one or two subjects that concern
//! it event by event, and passes over the others as a whole.
//!
//! `IntegrationAppEvent::subject` is the only list of all events. A new one is given a subject there, and then the
//! compiler asks every reader of that subject. An event that changes more than its subject says needs a subject of its
//! own, about which the compiler asks every reader there is.

use std::collections::BTreeSet;

use super::{IntegrationAppEvent as Event, IntegrationKind, OtpUnusable, PreviousSecret, Status};
use crate::api_permission::ApiPermission;
use crate::catalog::CategoryCode;
use crate::email_address::EmailAddress;
use crate::identifiers::{ClientId, ClientSecretId, DeveloperId, EntityId, GroupId, KeyedDigest};
use crate::text::{AppName, Description};
use crate::timestamp::Timestamp;

/// What an event is about, with what it changes.
#[derive(Clone, Debug)]
pub enum AppSubject<'a> {
    /// R5-R12: the application begins, with its name for ever and everything else that can be set at its creation.
    Creation(CreationEvent<'a>),
    /// R7, R8, R11: description, category, entities or the end date change, and nothing else.
    Details(DetailsEvent<'a>),
    /// R13-R21: who is linked, with invitation and OTP; it opens the portal to a developer, and nothing to the integration.
    DeveloperLink(DeveloperLinkEvent<'a>),
    /// R23: with which secrets the integration gets its tokens.
    ClientSecrets(ClientSecretEvent<'a>),
    /// R27: whether it runs.
    Status(StatusEvent),
    /// R28: somebody looked. It moves no version and changes no row.
    AuditedRead(AuditedReadEvent<'a>),
}

/// R5-R12: an application as it was created.
#[derive(Clone, Debug)]
pub struct CreationEvent<'a> {
    pub group_id: &'a GroupId,
    pub client_id: &'a ClientId,
    pub kind: IntegrationKind,
    pub name: &'a AppName,
    pub description: &'a Description,
    pub category: &'a CategoryCode,
    pub api_permission: ApiPermission,
    pub entities: &'a BTreeSet<EntityId>,
    pub ends_at: Option<Timestamp>,
}

/// R7, R8, R11: what an edit changed: texts and the end date as they are afterwards, and what became different among the entities.
#[derive(Clone, Copy, Debug)]
pub enum DetailsEvent<'a> {
    Description(&'a Description),
    Category(&'a CategoryCode),
    Entities(EntitiesDifference<'a>),
    EndDate(Option<Timestamp>),
}

/// R11: which entities an edit added and which it removed.
#[derive(Clone, Copy, Debug)]
pub struct EntitiesDifference<'a> {
    pub added: &'a BTreeSet<EntityId>,
    pub removed: &'a BTreeSet<EntityId>,
}

impl EntitiesDifference<'_> {
    /// Makes the entities before the edit those after it.
    pub fn apply_to(self, entities: &mut BTreeSet<EntityId>) {
        entities.retain(|entity| !self.removed.contains(entity));
        entities.extend(self.added.iter().cloned());
    }
}

/// R13-R21: from the invitation to the end of access.
#[derive(Clone, Copy, Debug)]
pub enum DeveloperLinkEvent<'a> {
    Invited {
        email: &'a EmailAddress,
        invitation_digest: &'a KeyedDigest,
        invitation_expires_at: Timestamp,
        otp_digest: &'a KeyedDigest,
        otp_expires_at: Timestamp,
    },
    Registered {
        email: &'a EmailAddress,
        developer_id: DeveloperId,
        otp_digest: &'a KeyedDigest,
        otp_expires_at: Timestamp,
    },
    InvitationResent {
        invitation_digest: &'a KeyedDigest,
        invitation_expires_at: Timestamp,
    },
    CodeSent {
        code_digest: &'a KeyedDigest,
        sent_at: Timestamp,
        expires_at: Timestamp,
    },
    CodeMistyped {
        attempts_left: u32,
    },
    InvitationAccepted {
        developer_id: DeveloperId,
    },
    OtpMistyped {
        attempts_left: u32,
    },
    UnusableOtpTried {
        because: OtpUnusable,
    },
    OtpReset {
        otp_digest: &'a KeyedDigest,
        otp_expires_at: Timestamp,
    },
    Verified {
        developer_id: DeveloperId,
    },
    AccessRevoked,
}

/// R23: what happened to the client secrets.
#[derive(Clone, Copy, Debug)]
pub enum ClientSecretEvent<'a> {
    Generated {
        client_secret_id: ClientSecretId,
        prefix: &'a str,
        secret_digest: &'a KeyedDigest,
        created_at: Timestamp,
        previous: Option<&'a PreviousSecret>,
        ends_at: Option<Timestamp>,
    },
    Retired {
        client_secret_id: ClientSecretId,
    },
}

/// R27: stopped, or running again.
#[derive(Clone, Copy, Debug)]
pub enum StatusEvent {
    Suspended,
    Resumed,
    Revoked { revoked_at: Timestamp },
}

impl StatusEvent {
    /// The status that follows.
    pub fn status(self) -> Status {
        match self {
            Self::Suspended => Status::Suspended,
            Self::Resumed => Status::Active,
            Self::Revoked { .. } => Status::Revoked,
        }
    }
}

/// R28: who looked at what.
#[derive(Clone, Copy, Debug)]
pub enum AuditedReadEvent<'a> {
    CredentialsRevealed {
        revealed_at: Timestamp,
        ip_address: &'a str,
    },
    ActivityLogDownloaded,
}

impl Event {
    /// What it is about.
    pub fn subject(&self) -> AppSubject<'_> {
        use DeveloperLinkEvent as Link;
        match self {
            Self::NewIntegrationCreated {
                group_id,
                client_id,
                name,
                description,
                category,
                api_permission,
                entities,
                ends_at,
            } => AppSubject::Creation(CreationEvent {
                group_id,
                client_id,
                kind: IntegrationKind::NewIntegration,
                name,
                description,
                category,
                api_permission: *api_permission,
                entities,
                ends_at: *ends_at,
            }),
            Self::AiqIntegrateCreated {
                group_id,
                client_id,
                integrate_type,
                custom,
                name,
                description,
                category,
                api_permission,
                entities,
                ends_at,
                ..
            } => AppSubject::Creation(CreationEvent {
                group_id,
                client_id,
                kind: IntegrationKind::AiqIntegrate {
                    integrate_type: integrate_type.clone(),
                    custom: *custom,
                },
                name,
                description,
                category,
                api_permission: *api_permission,
                entities,
                ends_at: *ends_at,
            }),

            Self::DescriptionChanged { after, .. } => AppSubject::Details(DetailsEvent::Description(after)),
            Self::CategoryChanged { after, .. } => AppSubject::Details(DetailsEvent::Category(after)),
            Self::EntitiesChanged { added, removed, .. } => {
                AppSubject::Details(DetailsEvent::Entities(EntitiesDifference { added, removed }))
            }
            Self::EndDateChanged { after, .. } => AppSubject::Details(DetailsEvent::EndDate(*after)),

            Self::DeveloperInvited {
                email,
                invitation_digest,
                invitation_expires_at,
                otp_digest,
                otp_expires_at,
            } => AppSubject::DeveloperLink(Link::Invited {
                email,
                invitation_digest,
                invitation_expires_at: *invitation_expires_at,
                otp_digest,
                otp_expires_at: *otp_expires_at,
            }),
            Self::DeveloperRegistered {
                email,
                developer_id,
                otp_digest,
                otp_expires_at,
            } => AppSubject::DeveloperLink(Link::Registered {
                email,
                developer_id: *developer_id,
                otp_digest,
                otp_expires_at: *otp_expires_at,
            }),
            Self::InvitationResent {
                invitation_digest,
                invitation_expires_at,
                ..
            } => AppSubject::DeveloperLink(Link::InvitationResent {
                invitation_digest,
                invitation_expires_at: *invitation_expires_at,
            }),
            Self::VerificationCodeSent {
                code_digest,
                sent_at,
                expires_at,
            } => AppSubject::DeveloperLink(Link::CodeSent {
                code_digest,
                sent_at: *sent_at,
                expires_at: *expires_at,
            }),
            Self::VerificationCodeMistyped { attempts_left } => AppSubject::DeveloperLink(Link::CodeMistyped {
                attempts_left: *attempts_left,
            }),
            Self::InvitationAccepted { developer_id, .. } => AppSubject::DeveloperLink(Link::InvitationAccepted {
                developer_id: *developer_id,
            }),
            Self::OneTimePasswordMistyped { attempts_left } => AppSubject::DeveloperLink(Link::OtpMistyped {
                attempts_left: *attempts_left,
            }),
            Self::UnusableOneTimePasswordTried { because } => {
                AppSubject::DeveloperLink(Link::UnusableOtpTried { because: *because })
            }
            Self::OneTimePasswordReset {
                otp_digest,
                otp_expires_at,
                ..
            } => AppSubject::DeveloperLink(Link::OtpReset {
                otp_digest,
                otp_expires_at: *otp_expires_at,
            }),
            Self::DeveloperVerified { developer_id } => AppSubject::DeveloperLink(Link::Verified {
                developer_id: *developer_id,
            }),
            Self::DeveloperAccessRevoked { .. } => AppSubject::DeveloperLink(Link::AccessRevoked),

            Self::ClientSecretGenerated {
                client_secret_id,
                prefix,
                secret_digest,
                created_at,
                previous,
                ends_at,
            } => AppSubject::ClientSecrets(ClientSecretEvent::Generated {
                client_secret_id: *client_secret_id,
                prefix,
                secret_digest,
                created_at: *created_at,
                previous: previous.as_ref(),
                ends_at: *ends_at,
            }),
            Self::ClientSecretRetired { client_secret_id } => AppSubject::ClientSecrets(ClientSecretEvent::Retired {
                client_secret_id: *client_secret_id,
            }),

            Self::ApplicationSuspended { .. } => AppSubject::Status(StatusEvent::Suspended),
            Self::ApplicationResumed { .. } => AppSubject::Status(StatusEvent::Resumed),
            Self::ApplicationRevoked { revoked_at, .. } => AppSubject::Status(StatusEvent::Revoked {
                revoked_at: *revoked_at,
            }),

            Self::CredentialsRevealed {
                revealed_at,
                ip_address,
                ..
            } => AppSubject::AuditedRead(AuditedReadEvent::CredentialsRevealed {
                revealed_at: *revealed_at,
                ip_address,
            }),
            Self::ActivityLogDownloaded { .. } => AppSubject::AuditedRead(AuditedReadEvent::ActivityLogDownloaded),
        }
    }
}
