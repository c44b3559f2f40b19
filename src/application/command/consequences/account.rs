//! What goes with the events of accounts: those of group users, and those of developers.

use gatebook_aggregates::developer::{Developer, DeveloperEvent};
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_aggregates::user_account::{UserAccount, UserAccountEvent};
use gatebook_projections::groups::GroupRow;

use super::{remove, remove_owned, store};
use crate::application::caller::Caller;
use crate::application::command::consequences::Consequences;
use crate::application::command::request::Drawn;
use crate::application::gatebook::Gatebook;
use crate::application::realm::Realm;
use crate::log::append::{EncryptedEmail, Reservation, ReservationKey};

use crate::log::{CommandError, SideEffects};
use crate::mail::Email;
use crate::secrets::CredentialKind;

/// What the consequences of a group user's events depend on.
pub(in crate::application) struct UserContext<'a> {
    pub(in crate::application) caller: &'a Caller,
    pub(in crate::application) group: &'a GroupRow,
    /// `group/user`.
    pub(in crate::application) owner: &'a str,
    pub(in crate::application) drawn: Drawn<'a>,
}

impl Consequences for UserAccount {
    type Context<'a> = UserContext<'a>;

    fn consequences(
        gatebook: &Gatebook,
        event: &UserAccountEvent,
        context: &UserContext<'_>,
        effects: &mut SideEffects,
    ) -> Result<(), CommandError> {
        let UserContext {
            caller,
            group,
            owner,
            drawn,
        } = *context;
        let group_name = group.customer.name.as_str();
        match event {
            // The link to a first password takes the place of all that were sent before, opened or not.
            UserAccountEvent::UserPasswordLinkSent { email, expires_at, .. } => {
                effects.withdrawn_emails.push(password_link_subject(owner));
                remove_owned(&[CredentialKind::UserPasswordLink], owner, effects);
                store(drawn, effects);
                let mail = |link: &str| Email::first_password(email.as_str(), group_name, link, *expires_at);
                gatebook.mail_link(caller, owner, drawn, mail, effects)?;
            }
            UserAccountEvent::UserPasswordResetRequested { email, expires_at, .. } => {
                store(drawn, effects);
                let place = format!("{group_name} at Integration Applications");
                let mail = |link: &str| Email::password_reset(email.as_str(), &place, link, *expires_at);
                gatebook.mail_link(caller, owner, drawn, mail, effects)?;
            }
            UserAccountEvent::UserPasswordChosen { .. } => {
                password_chosen(Realm::Console, owner, drawn, effects);
            }
            UserAccountEvent::UserSignedIn { .. } => store(drawn, effects),
            UserAccountEvent::UserSignedOut { session_id } => {
                remove(CredentialKind::UserSession, session_id, effects);
            }
        }
        Ok(())
    }
}

/// What the consequences of a developer's events depend on.
pub(in crate::application) struct DeveloperContext<'a> {
    pub(in crate::application) caller: &'a Caller,
    /// The account's id.
    pub(in crate::application) id: &'a str,
    /// The account's address; none before there is one.
    pub(in crate::application) email: Option<&'a str>,
    pub(in crate::application) drawn: Drawn<'a>,
}

impl Consequences for Developer {
    type Context<'a> = DeveloperContext<'a>;

    fn consequences(
        gatebook: &Gatebook,
        event: &DeveloperEvent,
        context: &DeveloperContext<'_>,
        effects: &mut SideEffects,
    ) -> Result<(), CommandError> {
        let DeveloperContext {
            caller,
            id,
            email,
            drawn,
        } = *context;
        match event {
            // R19: nobody else signs up with this address.
            DeveloperEvent::DeveloperSignedUp { email, .. } => {
                effects.reservations.push(Reservation {
                    key: ReservationKey::DeveloperEmail(email.key()),
                    owner: id.to_owned(),
                });
                store(drawn, effects);
            }
            DeveloperEvent::DeveloperLoggedIn { .. } => store(drawn, effects),
            DeveloperEvent::DeveloperLoggedOut { session_id } => {
                for kind in Realm::Portal.session_kinds() {
                    remove(*kind, session_id, effects);
                }
            }
            DeveloperEvent::DeveloperPasswordResetRequested { expires_at, .. } => {
                store(drawn, effects);
                let to = email.unwrap_or_default();
                let mail = |link: &str| developers_reset(to, link, *expires_at);
                gatebook.mail_link(caller, id, drawn, mail, effects)?;
            }
            DeveloperEvent::DeveloperPasswordChosen { .. } => password_chosen(Realm::Portal, id, drawn, effects),
            DeveloperEvent::DeveloperLogDownloaded { .. } => {}
        }
        Ok(())
    }
}

fn developers_reset(to: &str, link: &str, expires_at: Timestamp) -> Email {
    Email::password_reset(to, "the Developer Portal", link, expires_at)
}

/// The new password is stored; every session and every other link ends, and links that wait to be mailed are withdrawn.
fn password_chosen(realm: Realm, owner: &str, drawn: Drawn<'_>, effects: &mut SideEffects) {
    effects.withdrawn_emails.push(password_link_subject(owner));
    store(drawn, effects);
    let sessions = realm.session_kinds().iter().copied();
    let ended: Vec<_> = sessions.chain([realm.password_link()]).collect();
    remove_owned(&ended, owner, effects);
}

impl Gatebook {
    /// Mails the link that was drawn.
    fn mail_link(
        &self,
        caller: &Caller,
        owner: &str,
        drawn: Drawn<'_>,
        mail: impl FnOnce(&str) -> Email,
        effects: &mut SideEffects,
    ) -> Result<(), CommandError> {
        let Drawn::Link { address, .. } = drawn else {
            return Err(CommandError::Conflict);
        };
        effects.emails.push(EncryptedEmail {
            about: Some(password_link_subject(owner)),
            ..self.sealed(caller, &mail(address))?
        });
        Ok(())
    }
}

/// What the e-mail with the link of an owner is about: a newer link to a first
/// password, a password that was chosen, and the end of the user withdraw it.
pub(in crate::application) fn password_link_subject(owner: &str) -> String {
    format!("password link of {owner}")
}
