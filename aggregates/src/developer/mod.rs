//! R19: a developer's portal account. One account serves any number of applications.

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, IntoStaticStr, VariantNames};

use crate::email_address::EmailAddress;
use crate::identifiers::{AppId, PasswordLinkId, SessionId};
use crate::log_format::LogFormat;
use crate::password_link::{PasswordLink, PasswordLinks};
use crate::personal::Personal;
use crate::refusal::Refusal;
use crate::session::SESSION_VALID_FOR;
use crate::text::Label;
use crate::timestamp::Timestamp;

/// R19: the shortest password, in characters: what NIST SP 800-63B asks of one that stands alone. Group users', too.
pub const MIN_PASSWORD_CHARS: usize = 15;

/// One fact, one business reason. Their JSON is kept for ever: never rename, only add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(deny_unknown_fields)]
pub enum DeveloperEvent {
    /// R19: an account, made with the invitation of an application.
    DeveloperSignedUp {
        email: Personal<EmailAddress>,
        full_name: Personal<Label>,
        invited_by: AppId,
    },
    /// A session began.
    DeveloperLoggedIn {
        session_id: SessionId,
        expires_at: Timestamp,
    },
    /// A session was ended by its developer.
    DeveloperLoggedOut { session_id: SessionId },
    /// The developer forgot the password and asked for a link to a new one.
    DeveloperPasswordResetRequested {
        link_id: PasswordLinkId,
        expires_at: Timestamp,
    },
    /// The developer chose a new password with the link. Every session ended with it.
    DeveloperPasswordChosen { link_id: PasswordLinkId },
    /// R28: an operator downloaded the account's log.
    DeveloperLogDownloaded {
        format: LogFormat,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    },
}

/// What an event is about. Readers ask this first, and pass over what does not concern them.
#[derive(Clone, Debug)]
pub enum DeveloperSubject<'a> {
    /// R19: the account begins.
    SignUp {
        email: &'a EmailAddress,
        full_name: &'a Label,
    },
    /// A link to a new password was sent.
    PasswordLinkSent(PasswordLink),
    /// The links were used up by a new password.
    PasswordChosen,
    /// A session began or ended; sessions are kept beside the log.
    Session,
    /// R28: the log was downloaded.
    Download,
}

impl DeveloperEvent {
    /// What it is about.
    pub fn subject(&self) -> DeveloperSubject<'_> {
        match self {
            Self::DeveloperSignedUp { email, full_name, .. } => DeveloperSubject::SignUp { email, full_name },
            Self::DeveloperPasswordResetRequested { link_id, expires_at } => {
                DeveloperSubject::PasswordLinkSent(PasswordLink {
                    link_id: *link_id,
                    expires_at: *expires_at,
                })
            }
            Self::DeveloperPasswordChosen { .. } => DeveloperSubject::PasswordChosen,
            Self::DeveloperLoggedIn { .. } | Self::DeveloperLoggedOut { .. } => DeveloperSubject::Session,
            Self::DeveloperLogDownloaded { .. } => DeveloperSubject::Download,
        }
    }

    /// R19: the address that is taken with this fact.
    pub fn takes_address(&self) -> Option<&EmailAddress> {
        match self.subject() {
            DeveloperSubject::SignUp { email, .. } => Some(email),
            DeveloperSubject::PasswordLinkSent(_)
            | DeveloperSubject::PasswordChosen
            | DeveloperSubject::Session
            | DeveloperSubject::Download => None,
        }
    }
}

impl DomainEvent for DeveloperEvent {
    fn event_type(&self) -> String {
        <&str>::from(self).to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

/// A portal account, before and after signing up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Developer {
    /// Nothing has happened under this id.
    #[default]
    Unknown,
    /// Signed up.
    SignedUp {
        /// Their address, unique among developers.
        email: EmailAddress,
        /// Their name.
        full_name: Label,
        /// The links to a new password that work.
        #[serde(default)]
        links: PasswordLinks,
    },
}

/// A command of a developer about their own account.
#[derive(Clone, Debug, AsRefStr)]
pub enum DeveloperCommand {
    /// The end of signing up; link and code were verified by the inviting application.
    SignUp {
        email: EmailAddress,
        full_name: Label,
        invited_by: AppId,
    },
    /// Log in; the password was verified.
    LogIn { session_id: SessionId, at: Timestamp },
    /// Log out.
    LogOut { session_id: SessionId },
    /// Send a link, because the password is forgotten. Granted without another link while many are open.
    RequestPasswordReset { link_id: PasswordLinkId, at: Timestamp },
    /// Choose a new password; the link's secret was verified.
    ChoosePassword { link_id: PasswordLinkId, at: Timestamp },
    /// R28: take note that an operator downloads the account's log.
    RecordLogDownload {
        format: LogFormat,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    },
}

impl Developer {
    /// What follows from a command: facts, or a refusal. Pure.
    pub fn decide(&self, command: DeveloperCommand) -> Result<Vec<DeveloperEvent>, Refusal> {
        match (self, command) {
            (
                Self::Unknown,
                DeveloperCommand::SignUp {
                    email,
                    full_name,
                    invited_by,
                },
            ) => Ok(vec![DeveloperEvent::DeveloperSignedUp {
                email: email.into(),
                full_name: full_name.into(),
                invited_by,
            }]),
            (Self::SignedUp { .. }, DeveloperCommand::SignUp { .. }) => Err(Refusal::DeveloperAlreadySignedUp),
            (Self::SignedUp { .. }, DeveloperCommand::LogIn { session_id, at }) => {
                let expires_at = at.plus(SESSION_VALID_FOR);
                Ok(vec![DeveloperEvent::DeveloperLoggedIn { session_id, expires_at }])
            }
            (Self::SignedUp { .. }, DeveloperCommand::LogOut { session_id }) => {
                Ok(vec![DeveloperEvent::DeveloperLoggedOut { session_id }])
            }
            (Self::SignedUp { links, .. }, DeveloperCommand::RequestPasswordReset { at, .. })
                if !links.allow_reset(at) =>
            {
                Ok(Vec::new())
            }
            (Self::SignedUp { .. }, DeveloperCommand::RequestPasswordReset { link_id, at }) => {
                let expires_at = PasswordLink::reset(link_id, at).expires_at;
                Ok(vec![DeveloperEvent::DeveloperPasswordResetRequested {
                    link_id,
                    expires_at,
                }])
            }
            (Self::SignedUp { links, .. }, DeveloperCommand::ChoosePassword { link_id, at }) => {
                links.require(link_id, at)?;
                Ok(vec![DeveloperEvent::DeveloperPasswordChosen { link_id }])
            }
            (Self::SignedUp { .. }, DeveloperCommand::RecordLogDownload { format, from, to }) => {
                Ok(vec![DeveloperEvent::DeveloperLogDownloaded { format, from, to }])
            }
            (Self::Unknown, _) => Err(Refusal::NotFound),
        }
    }
}

impl Aggregate for Developer {
    const TYPE: &'static str = "Developer";
    type Command = DeveloperCommand;
    type Event = DeveloperEvent;
    type Error = Refusal;
    type Services = ();

    async fn handle(&mut self, command: Self::Command, (): &(), sink: &EventSink<Self>) -> Result<(), Refusal> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: DeveloperEvent) {
        match (event.subject(), self) {
            (DeveloperSubject::SignUp { email, full_name }, account) => {
                *account = Self::SignedUp {
                    email: email.clone(),
                    full_name: full_name.clone(),
                    links: PasswordLinks::default(),
                };
            }
            (DeveloperSubject::PasswordLinkSent(link), Self::SignedUp { links, .. }) => links.reset_sent(link),
            (DeveloperSubject::PasswordChosen, Self::SignedUp { links, .. }) => links.used(),
            (DeveloperSubject::Session | DeveloperSubject::Download, _) | (_, Self::Unknown) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cqrs_es::test::TestFramework;
    use uuid::Uuid;

    fn signed_up() -> DeveloperEvent {
        DeveloperEvent::DeveloperSignedUp {
            email: EmailAddress::parse("email", "dev@example.com").unwrap().into(),
            full_name: Label::parse("full_name", "Dev Eloper").unwrap().into(),
            invited_by: Uuid::nil().into(),
        }
    }

    #[test]
    fn r19_nobody_signs_up_twice_under_one_account() {
        let DeveloperEvent::DeveloperSignedUp {
            email,
            full_name,
            invited_by,
        } = signed_up()
        else {
            unreachable!()
        };
        TestFramework::<Developer>::with(())
            .given(vec![signed_up()])
            .when(DeveloperCommand::SignUp {
                email: email.into_inner(),
                full_name: full_name.into_inner(),
                invited_by,
            })
            .then_expect_error(Refusal::DeveloperAlreadySignedUp);
    }

    #[test]
    fn a_session_begins_and_ends_within_12_hours() {
        let at = Timestamp::parse("2026-11-23T09:00:00Z").unwrap();
        let session_id = SessionId::from(Uuid::nil());
        let expires_at = Timestamp::parse("2026-11-23T21:00:00Z").unwrap();
        TestFramework::<Developer>::with(())
            .given(vec![signed_up()])
            .when(DeveloperCommand::LogIn { session_id, at })
            .then_expect_events(vec![DeveloperEvent::DeveloperLoggedIn { session_id, expires_at }]);
    }

    #[test]
    fn a_fourth_command_for_a_new_password_within_an_hour_is_granted_without_a_link() {
        let at = Timestamp::parse("2026-11-23T09:00:00Z").unwrap();
        let requested = |number: u128| DeveloperEvent::DeveloperPasswordResetRequested {
            link_id: Uuid::from_u128(number).into(),
            expires_at: Timestamp::parse("2026-11-23T10:00:00Z").unwrap(),
        };
        TestFramework::<Developer>::with(())
            .given(vec![signed_up(), requested(1), requested(2), requested(3)])
            .when(DeveloperCommand::RequestPasswordReset {
                link_id: Uuid::from_u128(4).into(),
                at,
            })
            .then_expect_events(vec![]);
    }

    #[test]
    fn nobody_logs_in_without_an_account() {
        TestFramework::<Developer>::with(())
            .given_no_previous_events()
            .when(DeveloperCommand::LogOut {
                session_id: Uuid::nil().into(),
            })
            .then_expect_error(Refusal::NotFound);
    }
}
