//! Tokens as their owners see them: by name, and when they were used last.

use gatebook_aggregates::group::{Group, GroupCommand, GroupEvent};
use gatebook_aggregates::identifiers::{ApiTokenId, GroupId, UserId};
use gatebook_aggregates::session::api_token_end;
use gatebook_aggregates::text::Label;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Query, RowReader};
use serde::Serialize;
use uuid::Uuid;

use crate::application::accounts::credentials::IssuedToken;
use crate::application::authorization::Operator;
use crate::application::caller::Caller;
use crate::application::command::idempotency::Once;
use crate::application::command::request::{CommandRequest, Drawn};
use crate::application::idempotency_key::IdempotencyKey;
use crate::application::member::owner;

use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::log::append::CredentialGuard;
use crate::secrets::CredentialKind;
use crate::store::StoreError;

/// A token that opens something, without the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedToken {
    /// Its id.
    pub id: Uuid,
    /// The name it was given.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was used last.
    pub last_used_at: Option<Timestamp>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// What somebody asks for who makes a token for themselves.
pub struct OwnTokenForm<'a> {
    /// What it shall be called.
    pub name: Label,
    /// When it shall end.
    pub ends: Timestamp,
    /// Their password, as it was typed.
    pub password: &'a str,
}

/// A token that shall be made.
struct TokenToMake {
    name: Label,
    expires_at: Timestamp,
    /// What must still hold of whoever asks.
    guards: Vec<CredentialGuard>,
}

/// What is answered to a request for a token, at once or repeated. Not for logs.
pub struct TokenMade {
    /// Its id.
    pub id: ApiTokenId,
    /// The token; none in an answer that is repeated too late to show it again, or after the token's end.
    pub token: Option<String>,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

impl From<IssuedToken> for TokenMade {
    fn from(issued: IssuedToken) -> Self {
        Self {
            id: issued.id,
            token: Some(issued.token),
            expires_at: issued.expires_at,
        }
    }
}

impl Gatebook {
    /// The tokens for the admins' API of whoever asks, oldest first.
    pub async fn own_tokens(&self, caller: &Caller) -> Result<Vec<ListedToken>, Failure> {
        let owner = caller.session_owner()?;
        Ok(self.listed_tokens(CredentialKind::UserToken, &owner).await?)
    }

    /// Makes a token for whoever asks and knows their password, once for each form; the same form again is shown the same
    /// token for a while. None when it cannot be shown any more.
    ///
    /// # Errors
    /// `IdempotencyKeyReused` when the form was sent with another name; `password_wrong`, or an end that is none of a
    /// token's, for a field.
    pub async fn issue_own_token(
        &self,
        caller: &Caller,
        OwnTokenForm { name, ends, password }: OwnTokenForm<'_>,
        form: Option<&IdempotencyKey>,
    ) -> Result<Option<IssuedToken>, Failure> {
        let member = caller.member()?;
        let expires_at = api_token_end(self.clock.now(), Some(ends))?;
        let proof = self.prove_own_password(caller, password).await?;
        let new = TokenToMake {
            name,
            expires_at,
            guards: vec![proof],
        };
        match self
            .once(
                form,
                self.issue_token(caller, member.group_id(), member.user_id(), new, form),
            )
            .await?
        {
            Once::Done(issued) => Ok(Some(issued)),
            Once::Repeated(first) => self.if_it_lives(first.shown).await,
        }
    }

    /// Makes a token for the admins' API that ends after a year.
    pub async fn issue_user_token(
        &self,
        operator: Operator<'_>,
        group_id: &GroupId,
        user_id: UserId,
        name: Label,
    ) -> Result<IssuedToken, Failure> {
        let new = TokenToMake {
            name,
            expires_at: api_token_end(self.clock.now(), None)?,
            guards: Vec::new(),
        };
        self.issue_token(operator.caller, group_id, &user_id, new, None).await
    }

    /// Makes a token for the admins' API that ends then; after a year, if no end is named. Once for the key
    /// of the request: a repeat has the token as long as it can be shown again and has not ended.
    ///
    /// # Errors
    /// An end that has passed, or is more than a year away.
    pub async fn issue_user_token_once(
        &self,
        operator: Operator<'_>,
        group_id: &GroupId,
        user_id: UserId,
        name: Label,
        ends: Option<Timestamp>,
    ) -> Result<TokenMade, Failure> {
        let key = operator.caller.conditions.key.as_ref();
        let issue = async {
            let new = TokenToMake {
                name,
                expires_at: api_token_end(self.clock.now(), ends)?,
                guards: Vec::new(),
            };
            self.issue_token(operator.caller, group_id, &user_id, new, key).await
        };
        let first = match self.once(key, issue).await? {
            Once::Done(issued) => return Ok(issued.into()),
            Once::Repeated(first) => first,
        };
        let history = self.log.load::<Group>(&first.about).await?.history;
        let message = history.into_iter().find(|event| event.sequence == first.version);
        let Some(GroupEvent::UserTokenIssued {
            token_id, expires_at, ..
        }) = message.map(|message| message.event)
        else {
            return Err(Failure::internal("the key of a token is another event's"));
        };
        let shown = self.if_it_lives(first.shown).await?;
        Ok(TokenMade {
            id: token_id,
            token: shown.map(|shown| shown.token),
            expires_at,
        })
    }

    async fn issue_token(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        user_id: &UserId,
        new: TokenToMake,
        key: Option<&IdempotencyKey>,
    ) -> Result<IssuedToken, Failure> {
        let TokenToMake {
            name,
            expires_at,
            guards,
        } = new;
        let owner = owner(group_id, user_id);
        let (issued, credential) = self.new_token(CredentialKind::UserToken, owner, &name, expires_at);
        let command = GroupCommand::IssueUserToken {
            user_id: user_id.clone(),
            token_id: issued.id,
            name,
            expires_at,
        };
        let answer = key.map(|key| self.seal_shown(key.key(), &issued)).transpose()?;
        let request = CommandRequest::new(caller, command)
            .with(Drawn::Credential(&credential))
            .guarded_by(guards)
            .once(key)
            .answered_with(answer);
        self.run_group(group_id, request).await?;
        Ok(issued)
    }

    async fn if_it_lives(&self, shown: Option<IssuedToken>) -> Result<Option<IssuedToken>, Failure> {
        let Some(shown) = shown else { return Ok(None) };
        let stored = self.stored(CredentialKind::UserToken, &shown.id.to_string()).await?;
        Ok(stored.map(|_| shown))
    }

    /// The tokens of an owner whose time is not over, oldest first.
    pub(in crate::application) async fn listed_tokens(
        &self,
        kind: CredentialKind,
        owner: &str,
    ) -> Result<Vec<ListedToken>, StoreError> {
        let sql = "select c.id, c.name, c.created_at, u.last_used_at, c.expires_at \
                   from credentials c left join last_uses u on u.id = c.id \
                   where c.kind = $1 and c.owner = $2 and (c.expires_at is null or c.expires_at > $3) \
                   order by c.created_at, c.id";
        let args = [kind.name().into(), owner.into(), self.clock.now().into()];
        let rows = self.database().rows(Query::new(sql, args)).await?;
        let tokens = rows.into_iter().map(|row| {
            let mut row = RowReader::new("credentials", row);
            let (id, name, created_at, written) = (row.uuid()?, row.text()?, row.time()?, row.optional_time()?);
            Ok(ListedToken {
                id,
                name,
                created_at,
                last_used_at: self.last_uses.not_written_yet(id).max(written),
                expires_at: row.optional_time()?,
            })
        });
        tokens.collect()
    }
}
