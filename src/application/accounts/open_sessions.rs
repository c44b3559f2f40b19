//! Everything that somebody is signed in with: listed, and ended.

use gatebook_aggregates::identifiers::SessionId;
use std::cmp::Reverse;

use gatebook_aggregates::developer::DeveloperCommand;
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_aggregates::user_account::UserAccountCommand;

use crate::application::caller::{Caller, Who};
use crate::application::command::preconditions::on_the_user;
use crate::application::command::request::CommandRequest;
use crate::application::command::run_account::MakeUserCommand;
use crate::application::realm::{Realm, has_idled};

use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::log::append::CredentialChange;
use crate::secrets::CredentialKind;

/// A session, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSession {
    /// Which.
    pub id: SessionId,
    /// What it is for.
    pub kind: CredentialKind,
    /// The browser or program, as it describes itself.
    pub device: String,
    /// When it began.
    pub began_at: Timestamp,
    /// When it was used last.
    pub last_used_at: Timestamp,
}

impl Gatebook {
    /// The open sessions of whoever asks, newest first.
    pub async fn sessions(&self, caller: &Caller, realm: Realm) -> Result<Vec<ListedSession>, Failure> {
        let (owner, now) = (caller.session_owner()?, self.clock.now());
        let mut sessions = Vec::new();
        for kind in realm.session_kinds() {
            let listed = self.listed_tokens(*kind, &owner).await?;
            sessions.extend(listed.into_iter().map(|token| {
                ListedSession {
                    id: token.id.into(),
                    kind: *kind,
                    device: token.name,
                    began_at: token.created_at,
                    last_used_at: token
                        .last_used_at
                        .map_or(token.created_at, |at| at.max(token.created_at)),
                }
            }));
        }
        sessions.retain(|session| !has_idled(session.kind, session.last_used_at, now));
        sessions.sort_by_key(|session| (Reverse(session.began_at), session.id));
        Ok(sessions)
    }

    /// Ends a session of whoever asks, with immediate effect.
    ///
    /// # Errors
    /// `NotFound` when it is not theirs.
    pub async fn end_session(&self, caller: &Caller, realm: Realm, session_id: SessionId) -> Result<(), Failure> {
        let (owner, id) = (caller.session_owner()?, session_id.to_string());
        let mut open = Vec::new();
        for kind in realm.session_kinds().iter().copied() {
            let stored = self.stored(kind, &id).await?;
            if stored.is_some_and(|stored| stored.owner == owner) {
                open.push(CredentialChange::Delete { kind, id: id.clone() });
            }
        }
        if open.is_empty() {
            return Err(Refusal::NotFound.into());
        }
        match &caller.who {
            Who::GroupUser(member) => {
                let command: MakeUserCommand<'_> = &|_| Ok(UserAccountCommand::SignOut { session_id });
                let request = CommandRequest::new(caller, command).once(caller.conditions.key.as_ref());
                self.run_user(member.group_id(), member.user_id(), on_the_user, request)
                    .await
            }
            Who::Developer(developer) => {
                let id = developer.developer_id.to_string();
                let command = DeveloperCommand::LogOut { session_id };
                self.run_developer(&id, CommandRequest::new(caller, command)).await
            }
            Who::Operator { .. } => self.save_credentials(open).await,
            Who::Nobody | Who::Invitee { .. } | Who::Integration { .. } => Err(Failure::Unauthenticated),
        }
    }
}
