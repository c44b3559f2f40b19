//! Which applications may this developer see, and in which state? (R17, R20-R23)

mod attention;

use std::collections::BTreeSet;

use gatebook_aggregates::api_permission::ApiPermission;
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::identifiers::{AppId, ClientId, DeveloperId, EntityId, GroupId};
use gatebook_aggregates::integration_app::{
    AppSubject, ClientSecret, CreationEvent, DetailsEvent, DeveloperLinkEvent, IntegrationApp,
    IntegrationAppEvent as Event, OTP_MAX_TRIES, OtpState, Status, StatusEvent, otp_state, record_client_secret,
};
use gatebook_aggregates::text::{AppName, Description};
use gatebook_aggregates::timestamp::Timestamp;

use crate::app_list::Link;
use crate::projection::{Indexes, Projection};
use crate::recorded::Recorded;
use crate::row::Row;
use crate::sql::{Query, select_list};

/// The projection `portal_apps`.
pub struct PortalApps;

row! {
    /// An application as its developer sees it.
    pub struct PortalAppRow {
        app_id: AppId,
        group_id: GroupId,
        client_id: ClientId,
        name: AppName,
        description: Description,
        api_permission: ApiPermission,
        status: Status,
        /// When it ends by itself, if it does.
        ends_at: Option<Timestamp>,
        entities: BTreeSet<EntityId>,
        /// R20: how far the developer is.
        link: Link,
        developer_email: Option<EmailAddress> => {
            developer_email_key: Option<String> = developer_email.as_ref().map(EmailAddress::key),
        },
        /// R17: the account that verified.
        developer_id: Option<DeveloperId>,
        assigned_at: Option<Timestamp>,
        /// R14: when the OTP ends.
        otp_expires_at: Option<Timestamp>,
        /// R15: wrong tries that are left.
        otp_attempts_left: Option<i64>,
        client_secrets: Vec<ClientSecret>,
        version: i64,
        position: i64,
    }
}

impl Projection for PortalApps {
    const NAME: &'static str = "portal_apps";
    const FOLD_VERSION: i64 = 4;
    const INDEXES: Indexes = Indexes::on_both(
        "create index if not exists portal_apps_by_developer_{generation} on {table} (developer_email_key);",
    );
    type Aggregate = IntegrationApp;
    type Row = PortalAppRow;

    fn fold(row: Option<PortalAppRow>, recorded: &Recorded<Event>) -> Option<PortalAppRow> {
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
        Some(PortalAppRow {
            version: recorded.sequence,
            position: recorded.position,
            ..row
        })
    }
}

fn created(creation: CreationEvent<'_>, recorded: &Recorded<Event>) -> Option<PortalAppRow> {
    Some(PortalAppRow {
        app_id: recorded.aggregate_id.parse().ok()?,
        group_id: creation.group_id.clone(),
        client_id: creation.client_id.clone(),
        name: creation.name.clone(),
        description: creation.description.clone(),
        api_permission: creation.api_permission,
        status: Status::Active,
        ends_at: creation.ends_at,
        entities: creation.entities.clone(),
        link: Link::None,
        developer_email: None,
        developer_id: None,
        assigned_at: None,
        otp_expires_at: None,
        otp_attempts_left: None,
        client_secrets: Vec::new(),
        version: recorded.sequence,
        position: recorded.position,
    })
}

impl PortalAppRow {
    /// R14, R15: whether the OTP that is still to be verified can be used; none when there is no such OTP.
    pub fn otp_state(&self, now: Timestamp) -> Option<OtpState> {
        let (expires_at, attempts_left) = (self.otp_expires_at?, self.otp_attempts_left?);
        Some(otp_state(expires_at, attempts_left, now))
    }

    /// R22: the account that verified.
    pub fn verified_by(&self) -> Option<DeveloperId> {
        self.developer_id.filter(|_| self.link == Link::Verified)
    }

    fn record(&mut self, event: AppSubject<'_>, at: Timestamp) {
        match event {
            AppSubject::Creation(_) | AppSubject::Details(DetailsEvent::Category(_)) | AppSubject::AuditedRead(_) => {}
            AppSubject::Details(DetailsEvent::Description(after)) => self.description = after.clone(),
            AppSubject::Details(DetailsEvent::Entities(difference)) => difference.apply_to(&mut self.entities),
            AppSubject::Details(DetailsEvent::EndDate(after)) => self.ends_at = after,
            AppSubject::DeveloperLink(event) => self.record_link(event, at),
            AppSubject::ClientSecrets(event) => record_client_secret(&mut self.client_secrets, event),
            AppSubject::Status(event) => {
                self.status = event.status();
                if let StatusEvent::Revoked { .. } = event {
                    // R27: the OTP is dead.
                    (self.otp_expires_at, self.otp_attempts_left) = (None, None);
                }
            }
        }
    }

    fn record_link(&mut self, event: DeveloperLinkEvent<'_>, at: Timestamp) {
        match event {
            DeveloperLinkEvent::Invited {
                email, otp_expires_at, ..
            } => {
                self.linked(Link::Invited, email, None, at, otp_expires_at);
            }
            DeveloperLinkEvent::Registered {
                email,
                developer_id,
                otp_expires_at,
                ..
            } => {
                self.linked(Link::Assigned, email, Some(developer_id), at, otp_expires_at);
            }
            DeveloperLinkEvent::InvitationAccepted { developer_id } => {
                (self.link, self.developer_id) = (Link::Assigned, Some(developer_id));
            }
            DeveloperLinkEvent::OtpMistyped { attempts_left } => {
                self.otp_attempts_left = Some(i64::from(attempts_left));
            }
            DeveloperLinkEvent::OtpReset { otp_expires_at, .. } => self.otp_issued(otp_expires_at),
            DeveloperLinkEvent::Verified { developer_id } => {
                (self.link, self.developer_id) = (Link::Verified, Some(developer_id));
                (self.otp_expires_at, self.otp_attempts_left) = (None, None);
            }
            DeveloperLinkEvent::AccessRevoked => {
                (self.link, self.developer_email, self.developer_id) = (Link::None, None, None);
                (self.assigned_at, self.otp_expires_at, self.otp_attempts_left) = (None, None, None);
            }
            DeveloperLinkEvent::InvitationResent { .. }
            | DeveloperLinkEvent::CodeSent { .. }
            | DeveloperLinkEvent::CodeMistyped { .. }
            | DeveloperLinkEvent::UnusableOtpTried { .. } => {}
        }
    }

    fn linked(
        &mut self,
        link: Link,
        email: &EmailAddress,
        developer_id: Option<DeveloperId>,
        at: Timestamp,
        otp_expires_at: Timestamp,
    ) {
        (self.link, self.developer_email, self.developer_id) = (link, Some(email.clone()), developer_id);
        self.assigned_at = Some(at);
        self.otp_issued(otp_expires_at);
    }

    fn otp_issued(&mut self, expires_at: Timestamp) {
        (self.otp_expires_at, self.otp_attempts_left) = (Some(expires_at), Some(i64::from(OTP_MAX_TRIES)));
    }
}

fn select() -> String {
    format!("select {} from portal_apps", select_list(PortalAppRow::COLUMNS, ""))
}

/// The application with this id, whoever its developer is.
pub fn by_id(app_id: AppId) -> Query {
    Query::new(select() + " where app_id = $1", [app_id.into()])
}

/// R20: the applications linked to this address, by name.
pub fn of_developer(email: &EmailAddress) -> Query {
    Query::new(
        select() + " where developer_email_key = $1 order by name, app_id",
        [email.key().into()],
    )
}

/// R20: the address of the developer who is linked to this application: as their account has it, if they have one.
pub fn address_of_developer(app_id: AppId) -> Query {
    let sql = "select coalesce(d.email, a.developer_email) from portal_apps a \
               left join developers d on d.email_key = a.developer_email_key \
               where a.app_id = $1 and a.developer_email is not null";
    Query::new(sql, [app_id.into()])
}
