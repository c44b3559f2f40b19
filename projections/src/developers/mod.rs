//! Who is this developer?

use gatebook_aggregates::developer::{Developer, DeveloperEvent as Event, DeveloperSubject};
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::identifiers::DeveloperId;
use gatebook_aggregates::text::Label;
use gatebook_aggregates::timestamp::Timestamp;
use uuid::Uuid;

use crate::projection::Projection;
use crate::recorded::Recorded;
use crate::sql::{Column, Query, RowError, RowReader, Value, int, text};

/// The projection `developers`.
pub struct Developers;

/// A developer's portal account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeveloperRow {
    /// The account.
    pub developer_id: DeveloperId,
    /// The address as typed at the invitation.
    pub email: EmailAddress,
    /// R19: the developer's name.
    pub full_name: Label,
    /// When they signed up.
    pub signed_up_at: Timestamp,
    /// The stream's version.
    pub version: i64,
    /// The last event's position.
    pub position: i64,
}

impl Projection for Developers {
    const NAME: &'static str = "developers";
    const FOLD_VERSION: i64 = 2;
    const COLUMNS: &'static [Column] = &[
        text("developer_id"),
        text("email"),
        text("email_key"),
        text("full_name"),
        text("signed_up_at"),
        int("version"),
        int("position"),
    ];
    type Aggregate = Developer;
    type Row = DeveloperRow;

    fn fold(row: Option<DeveloperRow>, recorded: &Recorded<Event>) -> Option<DeveloperRow> {
        let row = match recorded.event.subject() {
            DeveloperSubject::SignUp { email, full_name } => Some(DeveloperRow {
                developer_id: Uuid::parse_str(&recorded.aggregate_id).ok()?,
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

    fn values(row: &DeveloperRow) -> Vec<Value> {
        vec![
            row.developer_id.into(),
            row.email.as_str().into(),
            row.email.key().into(),
            row.full_name.as_str().into(),
            row.signed_up_at.into(),
            row.version.into(),
            row.position.into(),
        ]
    }

    fn row(values: Vec<Value>) -> Result<DeveloperRow, RowError> {
        let mut row = RowReader::new(Self::NAME, values);
        let developer_id = row.uuid()?;
        let email = row.word()?;
        row.text()?;
        Ok(DeveloperRow {
            developer_id,
            email,
            full_name: row.word()?,
            signed_up_at: row.time()?,
            version: row.int()?,
            position: row.int()?,
        })
    }
}

const SELECT: &str =
    "select d.developer_id, d.email, d.email_key, d.full_name, d.signed_up_at, d.version, d.position from developers d";

/// The developer with this account.
pub fn by_id(id: DeveloperId) -> Query {
    Query::new(format!("{SELECT} where d.developer_id = $1"), [id.into()])
}

/// R9: the developer with this address, without regard to case.
pub fn by_email(email: &EmailAddress) -> Query {
    Query::new(format!("{SELECT} where d.email_key = $1"), [email.key().into()])
}

/// R20: the developer with the address that is linked to this application.
pub fn linked_to(app_id: &str) -> Query {
    let sql = format!("{SELECT} join portal_apps a on a.developer_email_key = d.email_key where a.app_id = $1");
    Query::new(sql, [app_id.into()])
}
