//! How a group user gets into the console: by a one-time link to the first password or to a new one, and by sessions.
//! Who the user is and what they may do is their group's business; passwords and tokens themselves are in no event.

use crate::identifiers::{PasswordLinkId, SessionId};
use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, IntoStaticStr, VariantNames};

use crate::email_address::EmailAddress;
use crate::group::GroupPrincipal;
use crate::password_link::{PasswordLink, PasswordLinks};
use crate::personal::Personal;
use crate::refusal::Refusal;
use crate::session::SESSION_VALID_FOR;
use crate::timestamp::Timestamp;

/// One fact, one business reason. Their JSON is kept for ever: never rename, only add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(deny_unknown_fields)]
pub enum UserAccountEvent {
    /// An operator or a Practice Admin had a link sent, with which the user chooses the password.
    UserPasswordLinkSent {
        email: Personal<EmailAddress>,
        link_id: PasswordLinkId,
        expires_at: Timestamp,
    },
    /// The user forgot the password and asked for a link.
    UserPasswordResetRequested {
        email: Personal<EmailAddress>,
        link_id: PasswordLinkId,
        expires_at: Timestamp,
    },
    /// The user chose a password with a link. Every session ended with it.
    UserPasswordChosen { link_id: PasswordLinkId },
    /// A session began.
    UserSignedIn {
        session_id: SessionId,
        expires_at: Timestamp,
    },
    /// A session was ended by its user.
    UserSignedOut { session_id: SessionId },
}

impl DomainEvent for UserAccountEvent {
    fn event_type(&self) -> String {
        <&str>::from(self).to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

/// A group user's account for the console.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserAccount {
    /// The links that work.
    pub links: PasswordLinks,
}

/// A command about an account.
#[derive(Clone, Debug, AsRefStr)]
pub enum UserAccountCommand {
    /// Send a link to choose a password. Operators and the group's Practice Admins do.
    SendPasswordLink {
        by: GroupPrincipal,
        email: EmailAddress,
        link_id: PasswordLinkId,
        at: Timestamp,
    },
    /// Send a link, because the password is forgotten. Granted without another link while many are open.
    RequestPasswordReset {
        email: EmailAddress,
        link_id: PasswordLinkId,
        at: Timestamp,
    },
    /// Choose a password; the link's secret was verified.
    ChoosePassword { link_id: PasswordLinkId, at: Timestamp },
    /// Sign in; the password was verified.
    SignIn { session_id: SessionId, at: Timestamp },
    /// Sign out.
    SignOut { session_id: SessionId },
}

impl UserAccount {
    /// What follows from a command: facts, or a refusal. Pure.
    pub fn decide(&self, command: UserAccountCommand) -> Result<Vec<UserAccountEvent>, Refusal> {
        Ok(vec![match command {
            UserAccountCommand::SendPasswordLink { by, email, link_id, at } => {
                if let GroupPrincipal::GroupUser(membership) = by {
                    membership.require_practice_admin()?;
                }
                let expires_at = PasswordLink::first(link_id, at).expires_at;
                UserAccountEvent::UserPasswordLinkSent {
                    email: email.into(),
                    link_id,
                    expires_at,
                }
            }
            UserAccountCommand::RequestPasswordReset { at, .. } if !self.links.allow_reset(at) => return Ok(Vec::new()),
            UserAccountCommand::RequestPasswordReset { email, link_id, at } => {
                UserAccountEvent::UserPasswordResetRequested {
                    email: email.into(),
                    link_id,
                    expires_at: PasswordLink::reset(link_id, at).expires_at,
                }
            }
            UserAccountCommand::ChoosePassword { link_id, at } => {
                self.links.require(link_id, at)?;
                UserAccountEvent::UserPasswordChosen { link_id }
            }
            UserAccountCommand::SignIn { session_id, at } => UserAccountEvent::UserSignedIn {
                session_id,
                expires_at: at.plus(SESSION_VALID_FOR),
            },
            UserAccountCommand::SignOut { session_id } => UserAccountEvent::UserSignedOut { session_id },
        }])
    }
}

impl Aggregate for UserAccount {
    const TYPE: &'static str = "UserAccount";
    type Command = UserAccountCommand;
    type Event = UserAccountEvent;
    type Error = Refusal;
    type Services = ();

    async fn handle(&mut self, command: Self::Command, (): &(), sink: &EventSink<Self>) -> Result<(), Refusal> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: UserAccountEvent) {
        match event {
            UserAccountEvent::UserPasswordLinkSent {
                link_id, expires_at, ..
            } => self.links.first_sent(PasswordLink { link_id, expires_at }),
            UserAccountEvent::UserPasswordResetRequested {
                link_id, expires_at, ..
            } => self.links.reset_sent(PasswordLink { link_id, expires_at }),
            UserAccountEvent::UserPasswordChosen { .. } => self.links.used(),
            UserAccountEvent::UserSignedIn { .. } | UserAccountEvent::UserSignedOut { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cqrs_es::test::TestFramework;
    use uuid::Uuid;

    const FIRST: PasswordLinkId = PasswordLinkId::from_uuid(Uuid::from_u128(1));
    const SECOND: PasswordLinkId = PasswordLinkId::from_uuid(Uuid::from_u128(2));

    fn at(time: &str) -> Timestamp {
        Timestamp::parse(&format!("2026-11-{time}Z")).unwrap()
    }

    fn link_sent(link_id: PasswordLinkId) -> UserAccountEvent {
        UserAccountEvent::UserPasswordLinkSent {
            email: EmailAddress::parse("email", "ada@example.com").unwrap().into(),
            link_id,
            expires_at: at("26T09:00:00"),
        }
    }

    fn choose(link_id: PasswordLinkId, time: &str) -> UserAccountCommand {
        UserAccountCommand::ChoosePassword { link_id, at: at(time) }
    }

    #[test]
    fn a_first_link_lives_3_days() {
        let email = EmailAddress::parse("email", "ada@example.com").unwrap();
        TestFramework::<UserAccount>::with(())
            .given_no_previous_events()
            .when(UserAccountCommand::SendPasswordLink {
                by: GroupPrincipal::Operator,
                email,
                link_id: FIRST,
                at: at("23T09:00:00"),
            })
            .then_expect_events(vec![link_sent(FIRST)]);
    }

    #[test]
    fn a_link_works_until_it_ends_and_not_at_its_end() {
        let given = || TestFramework::<UserAccount>::with(()).given(vec![link_sent(FIRST)]);
        given()
            .when(choose(FIRST, "26T08:59:59.999"))
            .then_expect_events(vec![UserAccountEvent::UserPasswordChosen { link_id: FIRST }]);
        given()
            .when(choose(FIRST, "26T09:00:00"))
            .then_expect_error(Refusal::PasswordLinkExpired);
    }

    #[test]
    fn a_link_works_once() {
        let chosen = UserAccountEvent::UserPasswordChosen { link_id: FIRST };
        TestFramework::<UserAccount>::with(())
            .given(vec![link_sent(FIRST), chosen])
            .when(choose(FIRST, "24T09:00:00"))
            .then_expect_error(Refusal::PasswordLinkUnknown);
    }

    #[test]
    fn a_fourth_command_for_a_new_password_within_an_hour_is_granted_without_a_link() {
        let email = || EmailAddress::parse("email", "ada@example.com").unwrap();
        let requested = |minute: u128| UserAccountEvent::UserPasswordResetRequested {
            email: email().into(),
            link_id: Uuid::from_u128(minute).into(),
            expires_at: at(&format!("23T10:0{minute}:00")),
        };
        let request = |minute: u128, time: &str| UserAccountCommand::RequestPasswordReset {
            email: email(),
            link_id: Uuid::from_u128(minute).into(),
            at: at(time),
        };
        let given = || TestFramework::<UserAccount>::with(()).given((0..3).map(requested).collect::<Vec<_>>());
        given().when(request(3, "23T09:03:00")).then_expect_events(vec![]);
        given().when(request(0, "23T10:00:00")).then_expect_events(vec![
            UserAccountEvent::UserPasswordResetRequested {
                email: email().into(),
                link_id: Uuid::from_u128(0).into(),
                expires_at: at("23T11:00:00"),
            },
        ]);
    }

    #[test]
    fn a_newer_link_replaces_the_older_one() {
        TestFramework::<UserAccount>::with(())
            .given(vec![link_sent(FIRST), link_sent(SECOND)])
            .when(choose(FIRST, "24T09:00:00"))
            .then_expect_error(Refusal::PasswordLinkUnknown);
    }

    #[test]
    fn a_session_lasts_12_hours_at_most() {
        let session_id = SessionId::from_uuid(Uuid::from_u128(1));
        TestFramework::<UserAccount>::with(())
            .given_no_previous_events()
            .when(UserAccountCommand::SignIn {
                session_id,
                at: at("23T09:00:00"),
            })
            .then_expect_events(vec![UserAccountEvent::UserSignedIn {
                session_id,
                expires_at: at("23T21:00:00"),
            }]);
    }
}
