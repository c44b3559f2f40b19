//! R28, ASVS 5.0 16.3: what was refused: passwords and tokens that were wrong, calls for want of a right, OTPs after the
//! lock. Anybody can cause these, so that they are counted before they are written, and have streams of their own, which
//! no command of an application or a group has to read. Never a password, a code, or an address that nobody has.

use std::ops::Range;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

use crate::identifiers::{ApiTokenId, AppId, DeveloperId, GroupId, UserId};
use crate::integration_app::OtpUnusable;
use crate::refusal::Refusal;
use crate::text::AppName;
use crate::timestamp::Timestamp;

/// One stream of refused attempts. It decides nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedAttempts {}

/// How often something of one kind, of one cause, was refused to the same account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// How often, within a minute.
    pub count: u32,
    /// The first time.
    pub first_at: Timestamp,
    /// The last time.
    pub last_at: Timestamp,
}

/// Where a password is asked for, or a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum LoginChannel {
    /// The console, for group users.
    Console,
    /// The Developer Portal.
    Portal,
    /// The operator pages.
    OperatorPages,
    /// The admins' API.
    AdminsApi,
    /// The operators' API.
    OperatorsApi,
    /// The developers' API.
    PortalApi,
}

/// A secret that is mailed for an application, and short enough to be guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailedSecret {
    /// R14: with which a developer verifies.
    OneTimePassword,
    /// R19: with which a developer signs up.
    VerificationCode,
}

/// Why nobody came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum LogInRefusedBecause {
    /// The password is not the account's.
    WrongPassword,
    /// There is no account for what was typed.
    UnknownAccount,
    /// There is no such token.
    UnknownToken,
    /// The token's time is over.
    TokenEnded,
    /// Too many wrong ones before; it was not looked at.
    TooManyTries,
}

/// One kind of refusal. Their JSON is kept for ever: never rename, only add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(deny_unknown_fields)]
pub enum RefusedAttemptsEvent {
    /// Somebody did not get in, with a password or a token.
    LogInsRefused {
        channel: LoginChannel,
        because: LogInRefusedBecause,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_id: Option<UserId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        developer_id: Option<DeveloperId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token_id: Option<ApiTokenId>,
        /// Accounts that are not counted apart, since there are too many of them.
        #[serde(default, skip_serializing_if = "is_false")]
        other_accounts: bool,
        tally: Tally,
    },
    /// Somebody who is signed in asked for what they have no right to. The request is a method and a route, never a path.
    RequestsForbidden {
        request: String,
        code: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        app_id: Option<AppId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        app_name: Option<AppName>,
        /// Asked by accounts that are not counted apart, since there are too many of them.
        #[serde(default, skip_serializing_if = "is_false")]
        other_accounts: bool,
        tally: Tally,
    },
    /// R15: a developer went on with an OTP that opens nothing, after the first time that is recorded with the application.
    /// Without an application it was those that are not counted apart, since there are too many of them.
    UnusableOneTimePasswordsRefused {
        because: OtpUnusable,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        app_id: Option<AppId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        app_name: Option<AppName>,
        tally: Tally,
    },
    /// R15, R19: OTPs or codes were not looked at, since there had been too many wrong ones. Without an application it was
    /// those that are not counted apart.
    GuessesRefused {
        secret: MailedSecret,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        app_id: Option<AppId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        app_name: Option<AppName>,
        tally: Tally,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl RefusedAttemptsEvent {
    /// The application that is meant, with its name.
    pub fn app(&self) -> Option<(AppId, &AppName)> {
        match self {
            Self::LogInsRefused { .. } => None,
            Self::RequestsForbidden { app_id, app_name, .. }
            | Self::UnusableOneTimePasswordsRefused { app_id, app_name, .. }
            | Self::GuessesRefused { app_id, app_name, .. } => (*app_id).zip(app_name.as_ref()),
        }
    }
}

impl DomainEvent for RefusedAttemptsEvent {
    fn event_type(&self) -> String {
        <&str>::from(self).to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

/// Take note of what was refused.
#[derive(Clone, Debug)]
pub struct RecordRefusals(pub RefusedAttemptsEvent);

/// Whose attempts a stream holds. Each has a stream a day, so that it stays short.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttemptsOf {
    /// A group's users, and what was tried on the group's applications.
    Group(GroupId),
    /// A developer's account, which belongs to no group.
    Developer(DeveloperId),
    /// The installation: operators, and whoever has no account.
    Installation,
}

impl AttemptsOf {
    /// The id of the stream of a moment's day.
    pub fn stream_id(&self, at: Timestamp) -> String {
        let at = at.to_string();
        let day = at.split('T').next().unwrap_or_default();
        format!("{}/{day}", self.account())
    }

    /// Between which two the ids of all their streams are, byte by byte.
    pub fn stream_ids(&self) -> Range<String> {
        // The character that follows `/`.
        format!("{}/", self.account())..format!("{}0", self.account())
    }

    fn account(&self) -> String {
        match self {
            Self::Group(group_id) => format!("group/{group_id}"),
            Self::Developer(developer_id) => format!("developer/{developer_id}"),
            Self::Installation => "installation".to_owned(),
        }
    }

    /// R4: the group whose log a stream belongs to; empty when it is none's.
    pub fn group_id(stream_id: &str) -> &str {
        let rest = stream_id.strip_prefix("group/");
        let group = rest.and_then(|rest| rest.split_once('/'));
        group.map_or("", |(group_id, _)| group_id)
    }
}

impl Aggregate for RefusedAttempts {
    const TYPE: &'static str = "RefusedAttempts";
    type Command = RecordRefusals;
    type Event = RefusedAttemptsEvent;
    type Error = Refusal;
    type Services = ();

    async fn handle(
        &mut self,
        RecordRefusals(event): RecordRefusals,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Refusal> {
        sink.write(event, self).await;
        Ok(())
    }

    fn apply(&mut self, _: RefusedAttemptsEvent) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn every_group_and_account_has_a_stream_a_day_and_only_a_group_has_a_log() {
        let at = Timestamp::parse("2026-11-23T23:59:59.999Z").unwrap();
        let acme = AttemptsOf::Group(GroupId::parse("acme").unwrap()).stream_id(at);
        assert_eq!(
            (acme.as_str(), AttemptsOf::group_id(&acme)),
            ("group/acme/2026-11-23", "acme")
        );
        assert_eq!(AttemptsOf::group_id(&AttemptsOf::Installation.stream_id(at)), "");
        let developer = |number| AttemptsOf::Developer(Uuid::from_u128(number).into());
        assert_eq!(AttemptsOf::group_id(&developer(1).stream_id(at)), "");
        let everybody = [AttemptsOf::Installation, developer(1), developer(2)];
        for (whose, other) in everybody.iter().flat_map(|a| everybody.iter().map(move |b| (a, b))) {
            let ids = whose.stream_ids();
            assert_eq!(
                ids.contains(&other.stream_id(at)),
                whose == other,
                "{whose:?} {other:?}"
            );
        }
    }
}
