//! What may be forgotten: credentials some days after their end, when they were used last, and e-mails that do not count any
//! more.

use chrono::TimeDelta;
use gatebook_projections::sql::Query;

use crate::application::gatebook::Gatebook;
use crate::log::email_quota::EMAIL_QUOTA_WINDOW;
use crate::store::{ConnectionPurpose, StoreError};

/// How long credentials are remembered after their end. A form that was sent when its session had ended asks whose it
/// was, and a link that came too late says that it did.
pub const ENDED_REMEMBERED_FOR: TimeDelta = TimeDelta::days(7);

impl Gatebook {
    /// Forgets credentials [`ENDED_REMEMBERED_FOR`] after their end, and last uses of what there is no more. A session
    /// that ended because it was idle goes with the others: its twelve hours are over soon after.
    pub async fn forget_ended_credentials(&self) -> Result<(), StoreError> {
        let ended_before = self.clock.now().plus(-ENDED_REMEMBERED_FOR);
        let mut transaction = self.log.database.begin(ConnectionPurpose::Write).await?;
        // In turn with the writer, which takes this lock before it touches credentials.
        let head = format!("select position from log_head{}", transaction.dialect().for_update());
        transaction.rows(Query::new(head, [])).await?;
        let ended = "delete from credentials where expires_at < $1";
        transaction.execute(Query::new(ended, [ended_before.into()])).await?;
        let orphans = "delete from last_uses where used = 'credential' \
                       and not exists (select 1 from credentials c where c.id = last_uses.id)";
        transaction.execute(Query::new(orphans, [])).await?;
        transaction.commit().await
    }

    /// Forgets which e-mails counted against whose limit, as soon as they do not count any more.
    pub async fn forget_email_quota_uses(&self) -> Result<(), StoreError> {
        let counts_from = self.clock.now().plus(-EMAIL_QUOTA_WINDOW);
        let mut transaction = self.log.database.begin(ConnectionPurpose::Write).await?;
        let forget = "delete from email_quota_uses where used_at <= $1";
        transaction.execute(Query::new(forget, [counts_from.into()])).await?;
        transaction.commit().await
    }
}
