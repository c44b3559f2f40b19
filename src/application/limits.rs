//! How many e-mails people have sent, and how many applications their groups have. None of this is a rule: it keeps one customer
//! from flooding mailboxes and tables that are everybody's.

use gatebook_aggregates::email_address::comparable_address;
use gatebook_aggregates::identifiers::GroupId;

use crate::application::caller::Caller;
use crate::log::append::GroupRoom;
use crate::log::email_quota::{EmailQuota, EmailQuotaOwner, WhenUsedUp};
use crate::mail::{Email, EmailKind};

/// What an installation allows; nothing limits what is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// E-mails within an hour.
    pub emails: Option<EmailLimits>,
    /// Applications of a group that are not revoked.
    pub applications_per_group: Option<u32>,
}

/// How many e-mails within an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmailLimits {
    /// To one mailbox.
    pub per_recipient: u32,
    /// By one group user.
    pub per_admin: u32,
    /// By all users of a group.
    pub per_group: u32,
}

impl Limits {
    /// Nothing is limited; for load tests.
    pub const NONE: Self = Self {
        emails: None,
        applications_per_group: None,
    };

    /// The limits that an e-mail counts against which this caller has sent.
    pub(in crate::application) fn email_quotas(&self, caller: &Caller, email: &Email) -> Vec<EmailQuota> {
        match &self.emails {
            Some(limits) => limits.quotas(caller, email),
            None => Vec::new(),
        }
    }

    /// The room that another application of a group needs.
    pub(in crate::application) fn room(&self, group_id: &GroupId) -> Option<GroupRoom> {
        self.applications_per_group.map(|applications_max| GroupRoom {
            group_id: group_id.to_string(),
            applications_max,
        })
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            emails: Some(EmailLimits::default()),
            applications_per_group: Some(1_000),
        }
    }
}

impl Default for EmailLimits {
    fn default() -> Self {
        Self {
            per_recipient: 20,
            per_admin: 100,
            per_group: 300,
        }
    }
}

impl EmailLimits {
    fn quotas(&self, caller: &Caller, email: &Email) -> Vec<EmailQuota> {
        match email.kind {
            EmailKind::Invitation | EmailKind::ApplicationAssigned | EmailKind::OtpReset | EmailKind::FirstPassword => {
                let recipient = self.to(email, WhenUsedUp::Refuse);
                self.by(caller).into_iter().chain([recipient]).collect()
            }
            // Its reader asked for it, and a developer's wrong tries write it: nobody floods a mailbox by it.
            EmailKind::OtpLocked => vec![self.to(email, WhenUsedUp::LeaveOut)],
            // One a day, to whoever asked for it.
            EmailKind::AttentionDigest => Vec::new(),
            // The team's mailbox is the same for all groups.
            EmailKind::AiqIntegrateRequested => self.by(caller),
            // Stopping never fails, and whoever lost something hears of it: only a mailbox that is being flooded is spared.
            EmailKind::AccessRevoked | EmailKind::ApplicationRevoked => vec![self.to(email, WhenUsedUp::LeaveOut)],
            // These have limits of their own, by which nobody can flood a mailbox; and nobody who does so with other e-mails
            // keeps its owner out.
            EmailKind::VerificationCode | EmailKind::PasswordReset => {
                vec![self.to(email, WhenUsedUp::SendAnyway)]
            }
            // Three for each end date, of an application and of two client secrets at the most, and only on days when one is near.
            EmailKind::ClientSecretEnding
            | EmailKind::ClientSecretEndingForAdmins
            | EmailKind::ApplicationEnding
            | EmailKind::ApplicationEndingForAdmins => Vec::new(),
        }
    }

    fn to(&self, email: &Email, when_used_up: WhenUsedUp) -> EmailQuota {
        EmailQuota {
            owner: EmailQuotaOwner::Recipient(mailbox(&email.to)),
            per_hour: self.per_recipient,
            when_used_up,
        }
    }

    /// Operators may send what they like.
    fn by(&self, caller: &Caller) -> Vec<EmailQuota> {
        let Ok(member) = caller.member() else {
            return Vec::new();
        };
        let quota = |owner, per_hour| EmailQuota {
            owner,
            per_hour,
            when_used_up: WhenUsedUp::Refuse,
        };
        vec![
            quota(EmailQuotaOwner::Admin(caller.principal_key()), self.per_admin),
            quota(EmailQuotaOwner::Group(member.group_id().to_string()), self.per_group),
        ]
    }
}

/// Whose mailbox an address leads to: what stands behind a plus sign is a name that its owner gives to a part of it
/// (sub-addressing, RFC 5233), and would otherwise make many victims of one.
fn mailbox(address: &str) -> String {
    let address = comparable_address(address);
    match address.rsplit_once('@') {
        Some((local, domain)) => {
            let name = local.split_once('+').map_or(local, |(name, _)| name);
            format!("{name}@{domain}")
        }
        None => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_mailbox_are_one_mailbox() {
        for address in [
            "kim@example.com",
            "Kim@Example.com",
            "kim+1@example.com",
            "kim+a+b@example.com",
        ] {
            assert_eq!(mailbox(address), "kim@example.com");
        }
        assert_ne!(mailbox("kim.1@example.com"), "kim@example.com");
    }
}
