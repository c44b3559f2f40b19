//! What was refused is in the log, too (ASVS 5.0 16.3): how often, to whom and why, as the counter says when it is due.

use gatebook_aggregates::group::GroupUser;
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::metadata::{Actor, ActorType};
use gatebook_aggregates::refused_attempts::{
    AttemptsOf, LogInRefusedBecause, LoginChannel, RecordRefusals, RefusedAttempts, RefusedAttemptsEvent, Tally,
};
use uuid::Uuid;

use super::refusal_counter::{Counted, Refused};
use crate::application::caller::Caller;
use crate::application::commands::TRIES;
use crate::application::credentials::{Kept, read_owner};
use crate::application::{Failure, Gatebook};
use crate::log::{CommandError, Extras, Intent, Origin, Pinned};

impl Gatebook {
    /// A password, or a token, opened nothing.
    pub(in crate::application) fn note_refused(&self, caller: &Caller, refused: Refused) {
        self.refusals.note(refused, caller, self.clock.now());
    }

    /// A token that opened nothing; the one that it was, if it is one whose time is over.
    pub(in crate::application) fn note_refused_token(
        &self,
        caller: &Caller,
        channel: LoginChannel,
        ended: Option<&Kept>,
    ) {
        let owner = ended.and_then(|kept| read_owner(&kept.owner));
        let refused = Refused::LogIn {
            of: match &owner {
                Some((group_id, _)) => AttemptsOf::Group(group_id.clone()),
                None => AttemptsOf::Installation,
            },
            channel,
            because: match ended {
                Some(_) => LogInRefusedBecause::TokenEnded,
                None => LogInRefusedBecause::UnknownToken,
            },
            user_id: owner.map(|(_, user_id)| user_id),
            developer_id: None,
            token_id: ended.and_then(|kept| Uuid::parse_str(&kept.id).ok()),
        };
        self.note_refused(caller, refused);
    }

    /// A group user asked for something that they have no right to; `caller_id` is `group/user`.
    pub fn note_forbidden(&self, caller: &Caller, caller_id: &str, request: String, code: &str, app_id: Option<AppId>) {
        let Some((group_id, user_id)) = read_owner(caller_id) else {
            return;
        };
        let code = code.to_owned();
        self.note_refused(
            caller,
            Refused::Request {
                group_id,
                user_id,
                request,
                code,
                app_id,
            },
        );
    }

    /// Writes what was refused, and is due; everything at the end of the program. What cannot be written now is counted
    /// on, and written later.
    pub async fn write_refusals(&self, all: bool) {
        for (refused, counted) in self.refusals.take(self.clock.now(), all) {
            if let Err(error) = self.write_refusal(&refused, &counted).await {
                tracing::warn!(%error, "what was refused could not be written yet");
                self.refusals.put_back(refused, counted);
            }
        }
    }

    async fn write_refusal(&self, refused: &Refused, counted: &Counted) -> Result<(), Failure> {
        let tally = Tally {
            count: counted.count,
            first_at: counted.first_at,
            last_at: counted.last_at,
        };
        let (of, actor, event) = self.described(refused, tally).await?;
        let stream_id = of.stream_id(counted.first_at);
        let mut tries = 1;
        loop {
            let intent = Intent {
                origin: Origin {
                    actor: actor.clone(),
                    ip_address: counted.ip_address.clone(),
                    request_id: counted.request_id.clone(),
                    read_only: false,
                },
                pinned: Pinned::Any,
                premises: Vec::new(),
                idempotency: None,
                // Nothing is decided by what was refused before.
                despite_unreadable: true,
                look: None,
                extras: &|_: &RefusedAttempts, _: &[RefusedAttemptsEvent]| Ok(Extras::default()),
            };
            let command = RecordRefusals(event.clone());
            match self.log.execute::<RefusedAttempts>(&stream_id, command, intent).await {
                Err(CommandError::Conflict) if tries < TRIES => {
                    self.step_back(tries).await;
                    tries += 1;
                }
                result => return Ok(result.map(|_| ())?),
            }
        }
    }

    /// Whose attempt it was, by the names that the log knows them by.
    async fn described(
        &self,
        refused: &Refused,
        tally: Tally,
    ) -> Result<(AttemptsOf, Actor, RefusedAttemptsEvent), Failure> {
        Ok(match refused.clone() {
            Refused::LogIn {
                of,
                channel,
                because,
                user_id,
                developer_id,
                token_id,
            } => {
                let event = RefusedAttemptsEvent::LogInsRefused {
                    channel,
                    because,
                    user_id,
                    developer_id,
                    token_id,
                    tally,
                };
                // Nobody has proved who they are.
                (of, actor(ActorType::System, String::new(), String::new()), event)
            }
            Refused::Request {
                group_id,
                user_id,
                request,
                code,
                app_id,
            } => {
                let app = match app_id {
                    Some(app_id) => self.portal_app(app_id).await?.filter(|app| app.group_id == group_id),
                    None => None,
                };
                let group = self.group(&group_id).await?;
                let user: Option<&GroupUser> = group.as_ref().and_then(|group| group.user(&user_id));
                let name = user.map(|user| user.name.as_str().to_owned()).unwrap_or_default();
                let event = RefusedAttemptsEvent::RequestsForbidden {
                    request,
                    code,
                    app_id: app.as_ref().map(|app| app.app_id),
                    app_name: app.map(|app| app.name),
                    tally,
                };
                let actor = actor(ActorType::GroupUser, user_id.to_string(), name);
                (AttemptsOf::Group(group_id), actor, event)
            }
            Refused::OneTimePassword {
                group_id,
                app_id,
                developer_id,
                because,
            } => {
                let app = self.portal_app(app_id).await?.ok_or(Failure::Unauthenticated)?;
                // Who has not verified is known by the address as it was typed.
                let typed = app.developer_email.as_ref().map(|email| email.as_str().to_owned());
                let event = RefusedAttemptsEvent::DeadOneTimePasswordsRefused {
                    because,
                    app_id,
                    app_name: app.name,
                    tally,
                };
                let actor = actor(
                    ActorType::Developer,
                    developer_id.to_string(),
                    typed.unwrap_or_default(),
                );
                (AttemptsOf::Group(group_id), actor, event)
            }
        })
    }
}

fn actor(actor_type: ActorType, actor_id: String, actor_name: String) -> Actor {
    Actor {
        actor_type,
        actor_id,
        actor_name,
    }
}
