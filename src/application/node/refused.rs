//! What can be refused, and to whom: what differs in any of it is counted apart, as far as there is room.

use gatebook_aggregates::identifiers::{ApiTokenId, AppId, DeveloperId, GroupId, UserId};
use gatebook_aggregates::integration_app::OtpUnusable;
use gatebook_aggregates::refused_attempts::{AttemptsOf, LogInRefusedBecause, LoginChannel, MailedSecret};

/// What those are called.
const OTHER_REQUESTS: &str = "other requests";

/// Something that was refused, to somebody. What differs in any of it is counted apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::application) enum Refused {
    /// Somebody did not get in.
    LogIn {
        /// Whose log it belongs to.
        of: AttemptsOf,
        channel: LoginChannel,
        because: LogInRefusedBecause,
        account: Account,
    },
    /// Somebody was not let in before it was looked at who it is. It is found out when it is written, after the answer, so
    /// that the answer comes as soon for an address that nobody has. The address, as [`EmailAddress::key`] writes it, is in
    /// nobody's log.
    ///
    /// [`EmailAddress::key`]: gatebook_aggregates::email_address::EmailAddress::key
    TooManyLogIns { channel: LoginChannel, address: String },
    /// A group user or a developer has no right to what they asked for.
    Request {
        /// Whose log it belongs to. A developer's own says who asked.
        of: AttemptsOf,
        /// The user of the group; none for many of them.
        user_id: Option<UserId>,
        /// Method and route.
        request: String,
        code: String,
        app_id: Option<AppId>,
    },
    /// A secret that was mailed for an application opens nothing, or was not looked at.
    MailedSecret {
        group_id: GroupId,
        because: MailedSecretRefusedBecause,
        /// The application; none for many of them.
        app_id: Option<AppId>,
        /// Who tried; none who has no account yet.
        developer_id: Option<DeveloperId>,
    },
}

/// Whom a password or token was tried for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::application) enum Account {
    /// Nobody that there is.
    Unknown,
    /// A group user's; the token, if it was one.
    User(UserId, Option<ApiTokenId>),
    /// A developer's; the session's token, if it was one.
    Developer(DeveloperId, Option<ApiTokenId>),
    /// An operator's token.
    Token(ApiTokenId),
    /// One of those that are not counted apart.
    Other,
}

/// Why a secret that was mailed for an application is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::application) enum MailedSecretRefusedBecause {
    /// An OTP that opens nothing was tried before.
    Unusable(OtpUnusable),
    /// Too many wrong ones before; it was not looked at.
    TooManyTries(MailedSecret),
}

impl Refused {
    /// Somebody without an account did not get in.
    pub(in crate::application) fn nobody(channel: LoginChannel, because: LogInRefusedBecause) -> Self {
        Self::LogIn {
            of: AttemptsOf::Installation,
            channel,
            because,
            account: Account::Unknown,
        }
    }

    /// A user did not get in to the console.
    pub(in crate::application) fn user(group_id: GroupId, user_id: UserId, because: LogInRefusedBecause) -> Self {
        Self::LogIn {
            of: AttemptsOf::Group(group_id),
            channel: LoginChannel::Console,
            because,
            account: Account::User(user_id, None),
        }
    }

    /// A developer did not get in to the portal.
    pub(in crate::application) fn developer(developer_id: DeveloperId, because: LogInRefusedBecause) -> Self {
        Self::LogIn {
            of: AttemptsOf::Developer(developer_id),
            channel: LoginChannel::Portal,
            because,
            account: Account::Developer(developer_id, None),
        }
    }

    /// Nobody has looked yet at who has this address; what was typed may be none.
    pub(in crate::application) fn too_many_log_ins(channel: LoginChannel, address: String) -> Self {
        match address.is_empty() {
            true => Self::nobody(channel, LogInRefusedBecause::TooManyTries),
            false => Self::TooManyLogIns { channel, address },
        }
    }

    /// Whether it has to be found out yet whose log it belongs to.
    pub(in crate::application) fn is_of_an_address(&self) -> bool {
        matches!(self, Self::TooManyLogIns { .. })
    }

    /// What it is counted among, and to whom it was refused; none for what is one line however often it is tried.
    pub(in crate::application) fn kind_and_account(&self) -> Option<(RefusalKind, AccountKey)> {
        let (of, what, account) = match self {
            Self::LogIn {
                of,
                channel,
                because,
                account,
            } => (of, What::LogIn(*channel, *because), AccountKey::of(account)?),
            Self::TooManyLogIns { channel, address } => (
                &AttemptsOf::Installation,
                What::TooManyLogIns(*channel),
                AccountKey::Address(address.clone()),
            ),
            Self::Request { of, user_id, .. } => {
                let account = match (of, user_id) {
                    (AttemptsOf::Developer(developer_id), _) => AccountKey::Developer(*developer_id),
                    (_, Some(user_id)) => AccountKey::User(user_id.clone()),
                    (_, None) => return None,
                };
                (of, What::Request, account)
            }
            Self::MailedSecret {
                group_id,
                because,
                app_id,
                ..
            } => {
                let of = AttemptsOf::Group(group_id.clone());
                return Some((
                    RefusalKind(of, What::MailedSecret(*because)),
                    AccountKey::App((*app_id)?),
                ));
            }
        };
        let in_log = match of {
            AttemptsOf::Group(group_id) => AttemptsOf::Group(group_id.clone()),
            // Each developer has a log; but whoever tries one after the other fills all of them.
            AttemptsOf::Developer(_) | AttemptsOf::Installation => AttemptsOf::Installation,
        };
        Some((RefusalKind(in_log, what), account))
    }

    /// The same, of the accounts that are not counted apart.
    pub(in crate::application) fn of_others(self) -> Self {
        let in_log = |of| match of {
            AttemptsOf::Group(group_id) => AttemptsOf::Group(group_id),
            AttemptsOf::Developer(_) | AttemptsOf::Installation => AttemptsOf::Installation,
        };
        match self {
            Self::LogIn {
                of, channel, because, ..
            } => Self::LogIn {
                of: in_log(of),
                channel,
                because,
                account: Account::Other,
            },
            Self::TooManyLogIns { channel, .. } => Self::LogIn {
                of: AttemptsOf::Installation,
                channel,
                because: LogInRefusedBecause::TooManyTries,
                account: Account::Other,
            },
            Self::Request { of, code, .. } => Self::Request {
                of: in_log(of),
                user_id: None,
                request: OTHER_REQUESTS.to_owned(),
                code,
                app_id: None,
            },
            Self::MailedSecret { group_id, because, .. } => Self::MailedSecret {
                group_id,
                because,
                app_id: None,
                developer_id: None,
            },
        }
    }

    /// The same, without what one account can have many of.
    pub(in crate::application) fn of_the_whole_account(self) -> Self {
        match self {
            Self::LogIn {
                of,
                channel,
                because,
                account,
            } => Self::LogIn {
                of,
                channel,
                because,
                account: match account {
                    Account::User(user_id, _) => Account::User(user_id, None),
                    Account::Developer(developer_id, _) => Account::Developer(developer_id, None),
                    one => one,
                },
            },
            Self::Request { of, user_id, code, .. } => Self::Request {
                of,
                user_id,
                request: OTHER_REQUESTS.to_owned(),
                code,
                app_id: None,
            },
            one @ (Self::TooManyLogIns { .. } | Self::MailedSecret { .. }) => one,
        }
    }
}

/// A kind of refusal, of one cause, in one log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::application) struct RefusalKind(AttemptsOf, What);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum What {
    LogIn(LoginChannel, LogInRefusedBecause),
    TooManyLogIns(LoginChannel),
    Request,
    MailedSecret(MailedSecretRefusedBecause),
}

/// What is counted apart of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::application) enum AccountKey {
    User(UserId),
    Developer(DeveloperId),
    Token(ApiTokenId),
    Address(String),
    App(AppId),
}

impl AccountKey {
    fn of(account: &Account) -> Option<Self> {
        match account {
            Account::User(user_id, _) => Some(Self::User(user_id.clone())),
            Account::Developer(developer_id, _) => Some(Self::Developer(*developer_id)),
            Account::Token(token_id) => Some(Self::Token(*token_id)),
            Account::Unknown | Account::Other => None,
        }
    }
}
