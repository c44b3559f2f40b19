//! The limits that e-mails count against.

use std::fmt;

use chrono::TimeDelta;

/// Limits are a number of e-mails within this time. An hour stops a flood, and lets people go on the same day.
pub const EMAIL_QUOTA_WINDOW: TimeDelta = TimeDelta::hours(1);

/// A limit that an e-mail counts against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailQuota {
    /// Whose.
    pub owner: EmailQuotaOwner,
    /// How many e-mails within [`EMAIL_QUOTA_WINDOW`].
    pub per_hour: u32,
    /// What becomes of the e-mail when they are used up.
    pub when_used_up: WhenUsedUp,
}

/// Whose limit it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmailQuotaOwner {
    /// A mailbox's.
    Recipient(String),
    /// That of a group user who has e-mails sent, as `group/user`.
    Admin(String),
    /// A group's, whoever in it has e-mails sent.
    Group(String),
}

impl EmailQuotaOwner {
    /// Whom it belongs to, for a sentence.
    pub fn in_words(&self) -> &'static str {
        match self {
            Self::Recipient(_) => "to this address",
            Self::Admin(_) => "for you",
            Self::Group(_) => "for your group",
        }
    }
}

/// What becomes of an e-mail whose limit is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenUsedUp {
    /// It is refused, with everything it goes with.
    Refuse,
    /// It is not sent; what it goes with happens all the same.
    LeaveOut,
    /// It is sent: it has a limit of its own, or nobody but its reader asked for it.
    SendAnyway,
}

/// As it is stored.
impl fmt::Display for EmailQuotaOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recipient(address) => write!(f, "recipient {address}"),
            Self::Admin(user) => write!(f, "admin {user}"),
            Self::Group(group) => write!(f, "group {group}"),
        }
    }
}
