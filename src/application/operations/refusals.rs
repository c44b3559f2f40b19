//! What was refused is in the log, too (ASVS 5.0 16.3): how often, to whom and why, as the counter says when it is due.

use std::sync::Mutex;

use futures::FutureExt;
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::group::GroupUser;
use gatebook_aggregates::identifiers::{AppId, DeveloperId, UserId};
use gatebook_aggregates::metadata::{Actor, ActorType};
use gatebook_aggregates::refused_attempts::{
    AttemptsOf, LogInRefusedBecause, LoginChannel, RecordRefusals, RefusedAttempts, RefusedAttemptsEvent, Tally,
};
use gatebook_projections::portal_apps::PortalAppRow;

use crate::application::caller::Caller;
use crate::application::member::read_owner;
use crate::application::node::refusal_counter::Counted;
use crate::application::node::refused::{Account, MailedSecretRefusedBecause, Refused};
use crate::application::stored_credential::StoredCredential;

use crate::application::failure::Failure;

use crate::application::gatebook::Gatebook;
use crate::log::{CommandContext, Origin, SideEffects};

impl Gatebook {
    /// A password, a token, an OTP or a code opened nothing.
    pub(in crate::application) fn note_refused(&self, caller: &Caller, refused: Refused) {
        self.refusals.note(refused, caller, self.clock.now());
    }

    /// A token that opened nothing; the one that it was, if it is one whose time is over.
    pub(in crate::application) fn note_refused_token(
        &self,
        caller: &Caller,
        channel: LoginChannel,
        ended: Option<&StoredCredential>,
    ) {
        let Some(ended) = ended else {
            return self.note_refused(caller, Refused::nobody(channel, LogInRefusedBecause::UnknownToken));
        };
        let (token_id, owner) = (ended.id.parse().ok(), &ended.owner);
        let (of, account) = match (channel, read_owner(owner), owner.parse::<DeveloperId>()) {
            (LoginChannel::PortalApi, _, Ok(id)) => (AttemptsOf::Developer(id), Account::Developer(id, token_id)),
            (_, Some((group_id, user_id)), _) => (AttemptsOf::Group(group_id), Account::User(user_id, token_id)),
            _ => (
                AttemptsOf::Installation,
                token_id.map_or(Account::Unknown, Account::Token),
            ),
        };
        let because = LogInRefusedBecause::TokenEnded;
        self.note_refused(
            caller,
            Refused::LogIn {
                of,
                channel,
                because,
                account,
            },
        );
    }

    /// A group user or a developer, who is signed in, asked for something that they have no right to.
    pub fn note_forbidden(
        &self,
        caller: &Caller,
        (kind, id): (&str, &str),
        request: String,
        code: &str,
        app_id: Option<AppId>,
    ) {
        let (of, user_id) = if kind == <&str>::from(ActorType::Developer) {
            let Ok(developer_id) = id.parse() else { return };
            (AttemptsOf::Developer(developer_id), None)
        } else if kind == <&str>::from(ActorType::GroupUser) {
            let Some((group_id, user_id)) = read_owner(id) else {
                return;
            };
            (AttemptsOf::Group(group_id), Some(user_id))
        } else {
            return;
        };
        let code = code.to_owned();
        self.note_refused(
            caller,
            Refused::Request {
                of,
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
        for (of_address, counted) in self.refusals.take(self.clock.now(), all, Refused::is_of_an_address) {
            match self.accounts_of(&of_address).await {
                Ok(accounts) => accounts
                    .into_iter()
                    .for_each(|refused| self.refusals.count_for(refused, counted.clone())),
                Err(error) => {
                    tracing::warn!(%error, "cannot determine yet whose attempts were refused");
                    self.refusals.put_back(of_address, counted);
                }
            }
        }
        let of_account = |refused: &Refused| !refused.is_of_an_address();
        for (refused, counted) in self.refusals.take(self.clock.now(), all, of_account) {
            if let Err(error) = self.write_refusal(&refused, &counted).await {
                tracing::warn!(%error, "could not write the refusals yet");
                self.refusals.put_back(refused, counted);
            }
        }
    }

    /// The same for each account with the address; for nobody, if there is none.
    async fn accounts_of(&self, refused: &Refused) -> Result<Vec<Refused>, Failure> {
        let Refused::TooManyLogIns { channel, address } = refused else {
            return Ok(vec![refused.clone()]);
        };
        let because = LogInRefusedBecause::TooManyTries;
        let mut accounts: Vec<_> = match channel {
            LoginChannel::Portal => {
                let developer = match EmailAddress::parse("email", address) {
                    Ok(email) => self.developer_by_email(&email).await?,
                    Err(_) => None,
                };
                let developer = developer.map(|developer| Refused::developer(developer.developer_id, because));
                developer.into_iter().collect()
            }
            _ => {
                let users = self.users_of_address(address).await?.into_iter();
                users
                    .map(|user| Refused::user(user.group_id, user.user_id, because))
                    .collect()
            }
        };
        if accounts.is_empty() {
            accounts.push(Refused::nobody(*channel, because));
        }
        Ok(accounts)
    }

    async fn write_refusal(&self, refused: &Refused, counted: &Counted) -> Result<(), Failure> {
        let tally = Tally {
            count: counted.count,
            first_at: counted.first_at,
            last_at: counted.last_at,
        };
        let (of, actor, event) = self.described(refused, tally).await?;
        let stream_id = of.stream_id(counted.first_at);
        let origin = Origin {
            actor,
            ip_address: counted.ip_address.clone(),
            request_id: counted.request_id.clone(),
            read_only: false,
        };
        self.retry(|_| self.try_write_refusal(&stream_id, &event, &origin).boxed())
            .await
    }

    async fn try_write_refusal(
        &self,
        stream_id: &str,
        event: &RefusedAttemptsEvent,
        origin: &Origin,
    ) -> Result<(), Failure> {
        let context = CommandContext {
            origin: origin.clone(),
            require: &|_| Ok(()),
            preconditions: Vec::new(),
            idempotency: None,
            // Nothing is decided by what was refused before.
            despite_unreadable: true,
            stream: Mutex::default(),
            audited_read: None,
            side_effects: &|_: &RefusedAttempts, _: &[RefusedAttemptsEvent]| Ok(SideEffects::default()),
        };
        let command = RecordRefusals(event.clone());
        self.log.execute::<RefusedAttempts>(stream_id, command, context).await?;
        Ok(())
    }

    /// Whose attempt it was, by the names that the log knows them by.
    async fn described(
        &self,
        refused: &Refused,
        tally: Tally,
    ) -> Result<(AttemptsOf, Actor, RefusedAttemptsEvent), Failure> {
        // Nobody has proved who they are, or there are too many to name them.
        let nobody = || actor(ActorType::System, String::new(), String::new());
        Ok(match refused.clone() {
            Refused::LogIn {
                of,
                channel,
                because,
                account,
            } => (of, nobody(), log_ins_refused(channel, because, account, tally)),
            Refused::TooManyLogIns { channel, .. } => {
                let because = LogInRefusedBecause::TooManyTries;
                let event = log_ins_refused(channel, because, Account::Unknown, tally);
                (AttemptsOf::Installation, nobody(), event)
            }
            Refused::Request {
                of,
                user_id,
                request,
                code,
                app_id,
            } => {
                let meant = match app_id {
                    Some(app_id) => self.portal_app(app_id).await?,
                    None => None,
                };
                let (actor, app) = self.who_asked(&of, user_id.as_ref(), meant).await?;
                let event = RefusedAttemptsEvent::RequestsForbidden {
                    request,
                    code,
                    app_id: app.as_ref().map(|app| app.app_id),
                    app_name: app.map(|app| app.name),
                    other_accounts: actor.is_none(),
                    tally,
                };
                (of, actor.unwrap_or_else(nobody), event)
            }
            Refused::MailedSecret {
                group_id,
                because,
                app_id,
                developer_id,
            } => {
                let app = match app_id {
                    Some(app_id) => self.portal_app(app_id).await?,
                    None => None,
                };
                let actor = app.as_ref().map_or_else(nobody, |app| as_typed(app, developer_id));
                let app_id = app.as_ref().map(|app| app.app_id);
                let app_name = app.map(|app| app.name);
                let event = match because {
                    MailedSecretRefusedBecause::Unusable(because) => {
                        RefusedAttemptsEvent::UnusableOneTimePasswordsRefused {
                            because,
                            app_id,
                            app_name,
                            tally,
                        }
                    }
                    MailedSecretRefusedBecause::TooManyTries(secret) => RefusedAttemptsEvent::GuessesRefused {
                        secret,
                        app_id,
                        app_name,
                        tally,
                    },
                };
                (AttemptsOf::Group(group_id), actor, event)
            }
        })
    }

    /// Who asked for something without a right to it, and the application that they meant, if it is one of theirs. Nobody
    /// when there are too many to name them.
    async fn who_asked(
        &self,
        of: &AttemptsOf,
        user_id: Option<&UserId>,
        meant: Option<PortalAppRow>,
    ) -> Result<(Option<Actor>, Option<PortalAppRow>), Failure> {
        match (of, user_id) {
            (AttemptsOf::Group(group_id), Some(user_id)) => {
                let group = self.group(group_id).await?;
                let user: Option<&GroupUser> = group.as_ref().and_then(|group| group.user(user_id));
                let name = user.map(|user| user.name.as_str().to_owned()).unwrap_or_default();
                let actor = actor(ActorType::GroupUser, user_id.to_string(), name);
                Ok((Some(actor), meant.filter(|app| app.group_id == *group_id)))
            }
            (AttemptsOf::Developer(id), _) => {
                let developer = self.developer(*id).await?;
                let email = developer.as_ref().map(|developer| &developer.email);
                let app = meant.filter(|app| app.developer_email.is_some() && app.developer_email.as_ref() == email);
                let name = developer
                    .as_ref()
                    .map(|developer| developer.full_name.as_str().to_owned());
                let actor = match &app {
                    Some(app) => as_typed(app, Some(*id)),
                    None => actor(ActorType::Developer, id.to_string(), name.unwrap_or_default()),
                };
                Ok((Some(actor), app))
            }
            (AttemptsOf::Group(_) | AttemptsOf::Installation, _) => Ok((None, None)),
        }
    }
}

fn log_ins_refused(
    channel: LoginChannel,
    because: LogInRefusedBecause,
    account: Account,
    tally: Tally,
) -> RefusedAttemptsEvent {
    let other_accounts = account == Account::Other;
    let (user_id, developer_id, token_id) = match account {
        Account::User(user_id, token_id) => (Some(user_id), None, token_id),
        Account::Developer(developer_id, token_id) => (None, Some(developer_id), token_id),
        Account::Token(token_id) => (None, None, Some(token_id)),
        Account::Unknown | Account::Other => (None, None, None),
    };
    RefusedAttemptsEvent::LogInsRefused {
        channel,
        because,
        user_id,
        developer_id,
        token_id,
        other_accounts,
        tally,
    }
}

/// A developer who has not verified for an application, or has no account yet, is known by the address as it was typed.
fn as_typed(app: &PortalAppRow, developer_id: Option<DeveloperId>) -> Actor {
    let id = developer_id.map(|id| id.to_string()).unwrap_or_default();
    let typed = app.developer_email.as_ref().map(|email| email.as_str().to_owned());
    actor(ActorType::Developer, id, typed.unwrap_or_default())
}

fn actor(actor_type: ActorType, actor_id: String, actor_name: String) -> Actor {
    Actor {
        actor_type,
        actor_id,
        actor_name,
    }
}
