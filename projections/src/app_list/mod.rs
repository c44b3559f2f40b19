//! Which applications does my group have?

mod attention;
mod counts;
mod queries;

use std::collections::BTreeSet;

use gatebook_aggregates::api_permission::ApiPermission;
use gatebook_aggregates::catalog::CategoryCode;
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::identifiers::{AppId, ClientId, EntityId, GroupId};
use gatebook_aggregates::integration_app::{
    AppSubject, CreationEvent, DetailsEvent, DeveloperLinkEvent, IntegrationApp, IntegrationAppEvent as Event,
    IntegrationKind, IntegrationType, OTP_MAX_TRIES, Status, StatusEvent,
};
use gatebook_aggregates::text::{AppName, Description};
use gatebook_aggregates::text_comparison::searchable;
use gatebook_aggregates::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

pub use attention::{AnyReason, AttentionAt, Beside, JsonLists, NeedsAttention, beside};
pub use counts::{AppCount, AppCounts, COUNTED, counts};

pub use queries::{AppListed, Cursor, DeveloperStatus, Filter, Sort, by_id, page, page_among_first, page_by_index};

use crate::projection::{Indexes, Projection};
use crate::recorded::Recorded;
use crate::stored_as_text;

/// The projection `app_list`.
pub struct AppList;

/// What the application's own stream knows of its developer. Whether somebody who was invited has signed up by way of
/// another application is known to `developers` alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// Nobody.
    None,
    /// Invited without an account.
    Invited,
    /// Has an account, OTP not verified.
    Assigned,
    /// R22: verified.
    Verified,
}

row! {
    /// An application as its group's admins see it.
    pub struct AppRow {
        app_id: AppId,
        /// R4: its group.
        group_id: GroupId,
        client_id: ClientId,
        integration_type: IntegrationType,
        /// R5: the catalogue's entry of an AIQ Integrate.
        integrate_type: Option<String>,
        name: AppName => {
            name_key: String = name.uniqueness_key(),
            name_search: String = searchable(name.as_str()),
        },
        description: Description => { description_search: String = searchable(description.as_str()) },
        category: CategoryCode,
        api_permission: ApiPermission,
        entities: BTreeSet<EntityId>,
        status: Status,
        /// When it ends by itself, if it does.
        ends_at: Option<Timestamp>,
        /// R20: how far the developer is.
        link: Link,
        developer_email: Option<EmailAddress> => {
            developer_email_key: Option<String> = developer_email.as_ref().map(EmailAddress::key),
        },
        /// When the last invitation was mailed.
        invited_at: Option<Timestamp>,
        /// R18: when it ends; see [`AppListed::invite_expires_at`] for whether somebody can still sign up with it.
        invite_expires_at: Option<Timestamp>,
        assigned_at: Option<Timestamp>,
        /// R17: when the OTP was verified.
        verified_at: Option<Timestamp>,
        /// R14: when the OTP ends.
        otp_expires_at: Option<Timestamp>,
        /// R15: wrong tries that are left.
        otp_attempts_left: Option<i64>,
        created_at: Timestamp,
        created_by_id: String,
        /// Their name at the time.
        created_by_name: String,
        revoked_at: Option<Timestamp>,
        /// The stream's version, and the ETag.
        version: i64,
        /// The position of the event that moved the version.
        position: i64,
    }
}

stored_as_text!(Link);

impl Projection for AppList {
    const NAME: &'static str = "app_list";
    const FOLD_VERSION: i64 = 4;
    const INDEXES: Indexes = Indexes {
        sqlite: include_str!("indexes_sqlite.sql"),
        postgres: include_str!("indexes_postgres.sql"),
    };
    type Aggregate = IntegrationApp;
    type Row = AppRow;

    fn fold(row: Option<AppRow>, recorded: &Recorded<Event>) -> Option<AppRow> {
        let row = match (row, recorded.event.subject()) {
            // R28: whoever only looks changes nothing.
            (row, AppSubject::AuditedRead(_)) => return row,
            (None, AppSubject::Creation(creation)) => created(creation, recorded)?,
            (None, _) => return None,
            (Some(mut row), subject) => {
                row.record(subject, recorded.recorded_at);
                row
            }
        };
        Some(AppRow {
            version: recorded.sequence,
            position: recorded.position,
            ..row
        })
    }
}

fn created(creation: CreationEvent<'_>, recorded: &Recorded<Event>) -> Option<AppRow> {
    let integration_type = creation.kind.integration_type();
    let integrate_type = match creation.kind {
        IntegrationKind::NewIntegration => None,
        IntegrationKind::AiqIntegrate { integrate_type, .. } => Some(integrate_type),
    };
    Some(AppRow {
        app_id: recorded.aggregate_id.parse().ok()?,
        group_id: creation.group_id.clone(),
        client_id: creation.client_id.clone(),
        integration_type,
        integrate_type,
        name: creation.name.clone(),
        description: creation.description.clone(),
        category: creation.category.clone(),
        api_permission: creation.api_permission,
        entities: creation.entities.clone(),
        status: Status::Active,
        ends_at: creation.ends_at,
        link: Link::None,
        developer_email: None,
        invited_at: None,
        invite_expires_at: None,
        assigned_at: None,
        verified_at: None,
        otp_expires_at: None,
        otp_attempts_left: None,
        created_at: recorded.recorded_at,
        created_by_id: recorded.metadata.actor_id.clone(),
        created_by_name: recorded.metadata.actor_name.clone().into_inner(),
        revoked_at: None,
        version: recorded.sequence,
        position: recorded.position,
    })
}

impl AppRow {
    fn record(&mut self, event: AppSubject<'_>, at: Timestamp) {
        match event {
            AppSubject::Creation(_) | AppSubject::ClientSecrets(_) | AppSubject::AuditedRead(_) => {}
            AppSubject::Details(DetailsEvent::Description(after)) => self.description = after.clone(),
            AppSubject::Details(DetailsEvent::Category(after)) => self.category = after.clone(),
            AppSubject::Details(DetailsEvent::Entities(difference)) => difference.apply_to(&mut self.entities),
            AppSubject::Details(DetailsEvent::EndDate(after)) => self.ends_at = after,
            AppSubject::DeveloperLink(event) => self.record_link(event, at),
            AppSubject::Status(event) => {
                self.status = event.status();
                if let StatusEvent::Revoked { revoked_at } = event {
                    self.revoked_at = Some(revoked_at);
                    // R27: invitation and OTP are dead.
                    (self.invite_expires_at, self.otp_expires_at, self.otp_attempts_left) = (None, None, None);
                }
            }
        }
    }

    fn record_link(&mut self, event: DeveloperLinkEvent<'_>, at: Timestamp) {
        match event {
            DeveloperLinkEvent::Invited {
                email,
                invitation_expires_at,
                otp_expires_at,
                ..
            } => {
                (self.link, self.developer_email) = (Link::Invited, Some(email.clone()));
                (self.invited_at, self.invite_expires_at) = (Some(at), Some(invitation_expires_at));
                self.assigned_at = Some(at);
                self.otp_issued(otp_expires_at);
            }
            DeveloperLinkEvent::Registered {
                email, otp_expires_at, ..
            } => {
                (self.link, self.developer_email) = (Link::Assigned, Some(email.clone()));
                self.assigned_at = Some(at);
                self.otp_issued(otp_expires_at);
            }
            DeveloperLinkEvent::InvitationResent {
                invitation_expires_at, ..
            } => {
                (self.invited_at, self.invite_expires_at) = (Some(at), Some(invitation_expires_at));
            }
            DeveloperLinkEvent::InvitationAccepted { .. } => {
                (self.link, self.invite_expires_at) = (Link::Assigned, None);
            }
            DeveloperLinkEvent::OtpMistyped { attempts_left } => {
                self.otp_attempts_left = Some(i64::from(attempts_left));
            }
            DeveloperLinkEvent::OtpReset { otp_expires_at, .. } => self.otp_issued(otp_expires_at),
            DeveloperLinkEvent::Verified { .. } => {
                (self.link, self.verified_at) = (Link::Verified, Some(at));
                (self.otp_expires_at, self.otp_attempts_left, self.invite_expires_at) = (None, None, None);
            }
            DeveloperLinkEvent::AccessRevoked => {
                (self.link, self.developer_email) = (Link::None, None);
                (self.invited_at, self.invite_expires_at) = (None, None);
                (self.assigned_at, self.verified_at) = (None, None);
                (self.otp_expires_at, self.otp_attempts_left) = (None, None);
            }
            DeveloperLinkEvent::CodeSent { .. }
            | DeveloperLinkEvent::CodeMistyped { .. }
            | DeveloperLinkEvent::UnusableOtpTried { .. } => {}
        }
    }

    fn otp_issued(&mut self, expires_at: Timestamp) {
        (self.otp_expires_at, self.otp_attempts_left) = (Some(expires_at), Some(i64::from(OTP_MAX_TRIES)));
    }
}
