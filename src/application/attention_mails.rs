//! E-mails about what needs attention, to admins who chose so: a digest once a day. Those about a locked OTP go with its event,
//! see `command::consequences::lock_emails`.
//!
//! The digest follows from the time, and not from an event. So that each user gets one a day, whatever the number of nodes and
//! wherever one of them dies, the day is noted in the transaction that writes the e-mail.

use chrono::TimeDelta;
use gatebook_aggregates::attention::Attention;
use gatebook_aggregates::group::{AttentionMails, GroupCommand};
use gatebook_aggregates::identifiers::{GroupId, UserId};
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::groups;
use gatebook_projections::sql::{Column, RowError, RowReader, text};

use crate::application::apps::AppView;
use crate::application::caller::{Caller, Who};
use crate::application::command::request::CommandRequest;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::member::{Member, owner};
use crate::log::{EMAIL_COLUMNS, email_row};
use crate::mail::Email;
use crate::store::{ConnectionPurpose, OnConflict, StoreError};

/// When a day's digests are written: so long after midnight (UTC).
pub const DIGEST_AT: TimeDelta = TimeDelta::hours(6);
/// How many digests are written at a time.
const AT_ONCE: i64 = 100;

const DIGESTS: &[Column] = &[text("owner"), text("day")];

impl Gatebook {
    /// Says which e-mails about what needs attention the caller wants.
    ///
    /// # Errors
    /// `Forbidden` to those who may not see applications (R3).
    pub async fn choose_attention_mails(&self, caller: &Caller, mails: AttentionMails) -> Result<(), Failure> {
        let member = caller.member()?;
        let user_id = member.user_id().clone();
        let command = GroupCommand::ChooseAttentionMails { user_id, mails };
        let request = CommandRequest::new(caller, command);
        self.run_group(member.group_id(), request).await.map(|_| ())
    }

    /// Writes the digests that are due and that no node has written yet. Who chooses them later in the day gets the day's at
    /// once.
    ///
    /// # Errors
    /// The first that could not be written; it is tried again the next time.
    pub async fn mail_attention_digests(&self) -> Result<(), Failure> {
        let day = digest_day(self.clock.now());
        let due = self.database().rows(groups::without_digest_of(&day, AT_ONCE)).await?;
        let read = |values| {
            let mut row = RowReader::new("group_users", values);
            Ok((row.value()?, row.value()?))
        };
        let due: Vec<(GroupId, UserId)> = due
            .into_iter()
            .map(read)
            .collect::<Result<_, RowError>>()
            .map_err(StoreError::from)?;
        let mut written = Ok(());
        for (group_id, user_id) in due {
            written = written.and(self.mail_digest(&group_id, &user_id, &day).await);
        }
        written
    }

    async fn mail_digest(&self, group_id: &GroupId, user_id: &UserId, day: &str) -> Result<(), Failure> {
        let digest = match self.member(group_id, user_id).await? {
            Some(member) => self.digest(member).await?,
            None => None,
        };
        let now = self.clock.now();
        let noted = vec![owner(group_id, user_id).into(), day.into()];
        let later = OnConflict::ReplaceEarlier("day");
        let mut transaction = self.log.database.begin(ConnectionPurpose::Write).await?;
        // Whoever comes second finds the day noted, and writes nothing.
        let is_first = transaction
            .insert("attention_digests", DIGESTS, &[noted], later)
            .await?
            > 0;
        if let (true, Some((caller, email))) = (is_first, digest) {
            let row = email_row(self.sealed(&caller, &email)?, now);
            transaction
                .insert("outbox", EMAIL_COLUMNS, &[row], OnConflict::Fail)
                .await?;
        }
        transaction.commit().await?;
        self.emails_waiting.notify_one();
        Ok(())
    }

    /// The digest of a user; none when nothing needs attention, or when they may not see it any more (R1-R3).
    async fn digest(&self, member: Member) -> Result<Option<(Caller, Email)>, Failure> {
        let (to, group_name) = (member.user().email.clone(), member.group().customer.name.clone());
        let caller = Caller::command_line(String::new()).with(Who::GroupUser(member));
        let Ok(reader) = caller.reader() else {
            return Ok(None);
        };
        let (views, more) = self.needing_attention(reader).await?;
        if views.is_empty() {
            return Ok(None);
        }
        let apps: Vec<_> = views
            .iter()
            .map(|view| (view.app().name.as_str(), reasons(view)))
            .collect();
        let email = Email::attention_digest(to.as_str(), group_name.as_str(), &apps, more, &self.url("/"));
        Ok(Some((caller.clone(), email)))
    }
}

fn reasons(view: &AppView) -> String {
    let titles = view.attention().into_iter().map(Attention::title);
    titles.collect::<Vec<_>>().join(", ")
}

/// The day whose digest is the last that is due: `2026-11-23`.
fn digest_day(now: Timestamp) -> String {
    now.plus(-DIGEST_AT).to_utc().format("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_days_digest_is_due_from_six_in_the_morning_on() {
        let day = |time: &str| digest_day(Timestamp::parse(&format!("2026-11-24T{time}Z")).unwrap());
        assert_eq!(day("05:59:59.999"), "2026-11-23");
        assert_eq!(day("06:00:00.000"), "2026-11-24");
    }
}
