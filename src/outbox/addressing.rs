//! E-mails that were written for a later day, for whoever answers for an application by then. On that day each becomes one
//! e-mail for each of them, in one transaction: several processes and crashes make neither fewer nor more of them.

use std::collections::BTreeMap;

use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::group::GroupUser;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Column, Query, RowError, RowReader, Value, int, text};
use gatebook_projections::{groups, portal_apps};

use super::delivery::Outbox;
use crate::log::ClockGuard;
use crate::log::audience::Audience;
use crate::mail::DeliveryFailure;
use crate::store::{ConnectionPurpose, OnConflict, StoreError, Transaction};

/// How many are addressed at once.
const ADDRESSED_MAX: i64 = 20;

const EMAILS: &[Column] = &[
    text("id"),
    text("kind"),
    text("recipient"),
    text("sealed"),
    text("state"),
    int("attempts"),
    text("next_attempt_at"),
    text("created_at"),
    text("about"),
    int("priority"),
];

/// An e-mail that is due and has no address yet.
struct Unaddressed {
    id: String,
    kind: String,
    sealed: String,
    created_at: Timestamp,
    about: Option<String>,
    priority: i64,
    audience: String,
}

/// What the copies for a developer are about: they are no longer true when that developer has lost the application, while the
/// admins' copies and those for a later day still are.
pub(crate) fn about_to_developer(about: &str) -> String {
    format!("{about} to its developer")
}

impl Outbox {
    /// Addresses the e-mails that are due (at most 20) to whom they are for.
    ///
    /// # Errors
    /// The database failed. Nothing has happened then.
    pub(super) async fn address_due(&self) -> Result<(), StoreError> {
        // Usually there are none. This check avoids taking the write lock then.
        let is_any =
            "select id from outbox where state = 'pending' and audience is not null and next_attempt_at <= $1 limit 1";
        let now = self.clock.now();
        let due = self.database().rows(Query::new(is_any, [now.into()])).await?;
        if due.is_empty() {
            return Ok(());
        }
        // With a wrong clock, those for later would seem to be due.
        ClockGuard::new(&self.clock).look(self.database()).await?;
        let mut transaction = self.database().begin(ConnectionPurpose::Write).await?;
        for email in due_of(&mut *transaction, self.clock.now()).await? {
            self.address(&mut *transaction, email).await?;
        }
        transaction.commit().await
    }

    async fn address(&self, transaction: &mut dyn Transaction, email: Unaddressed) -> Result<(), StoreError> {
        let now = self.clock.now();
        let opened = self
            .sealer
            .open(&email.id, &email.sealed)
            .map_err(|error| error.to_string());
        let read = email
            .audience
            .parse::<Audience>()
            .and_then(|audience| Ok((audience, opened?)));
        let (audience, content) = match read {
            Ok(read) => read,
            // Whoever wrote it may know more; operators can have it tried again.
            Err(problem) => return give_up(transaction, &email.id, &problem, now).await,
        };
        let about = match (&audience, email.about) {
            (Audience::Developer(_), Some(about)) => Some(about_to_developer(&about)),
            (_, about) => about,
        };
        let mut copies: Vec<Vec<Value>> = Vec::new();
        for address in addresses(transaction, &audience).await? {
            let id = self.randomness.uuid_v7(now.to_utc()).to_string();
            let sealed = self.sealer.seal(&self.randomness, &id, &content);
            let sealed = sealed.map_err(|error| StoreError::internal(error.to_string()))?;
            copies.push(vec![
                id.into(),
                email.kind.as_str().into(),
                address.as_str().into(),
                sealed.into(),
                "pending".into(),
                0.into(),
                now.into(),
                email.created_at.into(),
                about.clone().into(),
                email.priority.into(),
            ]);
        }
        let gone = Query::new("delete from outbox where id = $1", [email.id.into()]);
        transaction.execute(gone).await?;
        let inserted = transaction.insert("outbox", EMAILS, &copies, OnConflict::Fail);
        inserted.await.map(drop)
    }
}

async fn due_of(transaction: &mut dyn Transaction, now: Timestamp) -> Result<Vec<Unaddressed>, StoreError> {
    let select = format!(
        "select id, kind, sealed, created_at, about, priority, audience from outbox \
         where state = 'pending' and audience is not null and next_attempt_at <= $1 order by next_attempt_at, id limit $2{}",
        transaction.dialect().for_update_skip_locked()
    );
    let rows = transaction
        .rows(Query::new(select, [now.into(), ADDRESSED_MAX.into()]))
        .await?;
    Ok(rows.into_iter().map(unaddressed).collect::<Result<_, RowError>>()?)
}

fn unaddressed(row: Vec<Value>) -> Result<Unaddressed, RowError> {
    let mut row = RowReader::new("outbox", row);
    Ok(Unaddressed {
        id: row.text()?,
        kind: row.text()?,
        sealed: row.text()?,
        created_at: row.time()?,
        about: row.optional_text()?,
        priority: row.int()?,
        audience: row.text()?,
    })
}

/// The addresses of an audience as it is now, each once.
async fn addresses(
    transaction: &mut dyn Transaction,
    audience: &Audience,
) -> Result<impl Iterator<Item = EmailAddress>, StoreError> {
    let found: Vec<EmailAddress> = match audience {
        Audience::Admins(group_id) => {
            let rows = transaction.rows(groups::users_of(group_id)).await?;
            let users = rows.into_iter().map(groups::UserOfGroup::read);
            let users = users.collect::<Result<Vec<_>, RowError>>()?;
            let manages = |user: &GroupUser, id| user.membership(group_id.clone(), id).manages();
            let admins = users.into_iter().filter(|one| manages(&one.user, one.user_id.clone()));
            admins.map(|one| one.user.email).collect()
        }
        Audience::Developer(app_id) => {
            let rows = transaction.rows(portal_apps::address_of_developer(*app_id)).await?;
            let address = rows.into_iter().map(|row| RowReader::new("portal_apps", row).value());
            address.collect::<Result<_, RowError>>()?
        }
    };
    let once: BTreeMap<String, EmailAddress> = found.into_iter().map(|address| (address.key(), address)).collect();
    Ok(once.into_values())
}

async fn give_up(transaction: &mut dyn Transaction, id: &str, problem: &str, now: Timestamp) -> Result<(), StoreError> {
    tracing::error!(id, problem, "an e-mail for a later day cannot be addressed");
    let broken = <&str>::from(DeliveryFailure::Broken);
    let order = "update outbox set state = 'failed', last_error = $1, failure = $2, failed_at = $3 where id = $4";
    let args = [problem.into(), broken.into(), now.into(), id.into()];
    transaction.execute(Query::new(order, args)).await.map(drop)
}
