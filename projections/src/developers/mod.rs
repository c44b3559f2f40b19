//! Who is this developer?

use gatebook_aggregates::developer::{Developer, DeveloperEvent as Event, DeveloperSubject};
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::identifiers::DeveloperId;
use gatebook_aggregates::text::Label;
use gatebook_aggregates::timestamp::Timestamp;

use crate::projection::{Indexes, Projection};
use crate::recorded::Recorded;
use crate::row::Row;
use crate::sql::{Query, select_list};

/// The projection `developers`.
pub struct Developers;

row! {
    /// A developer's portal account.
    pub struct DeveloperRow {
        developer_id: DeveloperId,
        /// The address as typed at the invitation.
        email: EmailAddress => { email_key: String = email.key() },
        /// R19: the developer's name.
        full_name: Label,
        signed_up_at: Timestamp,
        version: i64,
        position: i64,
    }
}

impl Projection for Developers {
    const NAME: &'static str = "developers";
    const FOLD_VERSION: i64 = 2;
    const INDEXES: Indexes =
        Indexes::on_both("create unique index if not exists developers_by_email_{generation} on {table} (email_key);");
    type Aggregate = Developer;
    type Row = DeveloperRow;

    fn fold(row: Option<DeveloperRow>, recorded: &Recorded<Event>) -> Option<DeveloperRow> {
        let row = match recorded.event.subject() {
            DeveloperSubject::SignUp { email, full_name } => Some(DeveloperRow {
                developer_id: recorded.aggregate_id.parse().ok()?,
                email: email.clone(),
                full_name: full_name.clone(),
                signed_up_at: recorded.recorded_at,
                version: recorded.sequence,
                position: recorded.position,
            }),
            DeveloperSubject::PasswordLinkSent(_)
            | DeveloperSubject::PasswordChosen
            | DeveloperSubject::Session
            | DeveloperSubject::Download => row,
        };
        row.map(|row| DeveloperRow {
            version: recorded.sequence,
            position: recorded.position,
            ..row
        })
    }
}

fn select() -> String {
    format!("select {} from developers d", select_list(DeveloperRow::COLUMNS, "d."))
}

/// The developer with this account.
pub fn by_id(id: DeveloperId) -> Query {
    Query::new(select() + " where d.developer_id = $1", [id.into()])
}

/// R9: the developer with this address, without regard to case.
pub fn by_email(email: &EmailAddress) -> Query {
    Query::new(select() + " where d.email_key = $1", [email.key().into()])
}

/// R20: the developer with the address that is linked to this application.
pub fn linked_to(app_id: &str) -> Query {
    let sql = select() + " join portal_apps a on a.developer_email_key = d.email_key where a.app_id = $1";
    Query::new(sql, [app_id.into()])
}
