//! How many e-mails have counted against whose limit within the last hour, under the log's lock: neither several nodes nor a
//! restart give anybody more.

use std::collections::{BTreeMap, BTreeSet};

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Column, Query, RowReader, Value, text};

use super::append::{Append, AppendError, EncryptedEmail};
use super::email_quota::{EMAIL_QUOTA_WINDOW, EmailQuota, WhenUsedUp};
use crate::store::{OnConflict, StoreError, Transaction};

const USES: &[Column] = &[text("owner"), text("used_at")];

/// The uses of all limits that a batch is about.
pub(super) struct EmailQuotas {
    now: Timestamp,
    uses: BTreeMap<String, Vec<Timestamp>>,
    new: Vec<Vec<Value>>,
}

impl EmailQuotas {
    /// Reads them; nothing where no e-mail has a limit.
    pub(super) async fn read(
        transaction: &mut dyn Transaction,
        appends: &[Append],
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let quotas = appends
            .iter()
            .flat_map(|append| &append.emails)
            .flat_map(|email| &email.quotas);
        let owners: BTreeSet<String> = quotas.map(|quota| quota.owner.to_string()).collect();
        let mut quotas = Self {
            now,
            uses: BTreeMap::new(),
            new: Vec::new(),
        };
        if owners.is_empty() {
            return Ok(quotas);
        }
        let sql = format!(
            "select owner, used_at from email_quota_uses where owner in ({}) and used_at > $2 order by used_at",
            transaction.dialect().list("$1")
        );
        let args = [Value::json(&owners), now.plus(-EMAIL_QUOTA_WINDOW).into()];
        for row in transaction.rows(Query::new(sql, args)).await? {
            let mut row = RowReader::new("email_quota_uses", row);
            let (owner, used_at) = (row.text()?, row.time()?);
            quotas.uses.entry(owner).or_default().push(used_at);
        }
        Ok(quotas)
    }

    /// Whether all e-mails of an append may be sent that cannot be left out.
    pub(super) fn check(&self, append: &Append) -> Result<(), AppendError> {
        let mut earlier: BTreeMap<String, usize> = BTreeMap::new();
        for quota in append.emails.iter().flat_map(|email| &email.quotas) {
            let owner = quota.owner.to_string();
            let uses = self.uses.get(&owner).map_or(&[][..], Vec::as_slice);
            let earlier = earlier.entry(owner).or_default();
            if quota.when_used_up == WhenUsedUp::Refuse && uses.len() + *earlier >= per_hour(quota) {
                return Err(AppendError::TooManyEmails {
                    quota: quota.clone(),
                    retry_after_seconds: self.now.seconds_until(self.room_again_at(uses, quota)),
                });
            }
            *earlier += 1;
        }
        Ok(())
    }

    /// Counts an e-mail; whether it is to be sent.
    pub(super) fn count(&mut self, email: &EncryptedEmail) -> bool {
        let is_left_out = |quota: &EmailQuota| {
            let uses = self.uses.get(&quota.owner.to_string());
            quota.when_used_up == WhenUsedUp::LeaveOut && uses.map_or(0, Vec::len) >= per_hour(quota)
        };
        if email.quotas.iter().any(is_left_out) {
            return false;
        }
        for quota in &email.quotas {
            let owner = quota.owner.to_string();
            self.new.push(vec![owner.as_str().into(), self.now.into()]);
            self.uses.entry(owner).or_default().push(self.now);
        }
        true
    }

    /// Writes down what was counted.
    pub(super) async fn write(&self, transaction: &mut dyn Transaction) -> Result<(), StoreError> {
        if self.new.is_empty() {
            return Ok(());
        }
        transaction
            .insert("email_quota_uses", USES, &self.new, OnConflict::Fail)
            .await
            .map(drop)
    }

    /// When one e-mail more fits in: when the oldest of those that fill the limit is as old as the window is long.
    fn room_again_at(&self, uses: &[Timestamp], quota: &EmailQuota) -> Timestamp {
        let oldest = uses.len().checked_sub(per_hour(quota)).and_then(|at| uses.get(at));
        oldest.unwrap_or(&self.now).plus(EMAIL_QUOTA_WINDOW)
    }
}

fn per_hour(quota: &EmailQuota) -> usize {
    usize::try_from(quota.per_hour).unwrap_or(usize::MAX)
}
