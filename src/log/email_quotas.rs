//! How many e-mails have counted against whose limit within the last hour, under the log's lock: neither several nodes nor a
//! restart give anybody more.

use std::collections::BTreeMap;

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Column, Value, text};

use super::append::{Append, AppendError, EncryptedEmail};
use super::email_quota::{EMAIL_QUOTA_WINDOW, EmailQuota, WhenUsedUp};
use crate::store::{Insert, OnConflict};

const USES: &[Column] = &[text("owner"), text("used_at")];

/// The uses of all limits that a batch is about.
pub(super) struct EmailQuotas {
    now: Timestamp,
    uses: BTreeMap<String, Vec<Timestamp>>,
    new: Vec<Vec<Value>>,
}

impl EmailQuotas {
    /// Nothing has been used at this moment.
    pub(super) fn at(now: Timestamp) -> Self {
        Self {
            now,
            uses: BTreeMap::new(),
            new: Vec::new(),
        }
    }

    /// Takes note of an e-mail that counts against a limit.
    pub(super) fn used(&mut self, owner: String, at: Timestamp) {
        let uses = self.uses.entry(owner).or_default();
        let later = uses.partition_point(|use_| *use_ <= at);
        uses.insert(later, at);
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

    /// What was counted, to be written down.
    pub(super) fn insert(self) -> Insert {
        Insert {
            table: "email_quota_uses",
            columns: USES,
            rows: self.new,
            on_conflict: OnConflict::Fail,
        }
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
