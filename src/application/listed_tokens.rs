//! Tokens as their owners see them: by name, and when they were used last.

use gatebook_aggregates::group::GroupWish;
use gatebook_aggregates::session::api_token_end;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_aggregates::words::Label;
use gatebook_projections::sql::{Query, RowReader};
use serde::Serialize;
use uuid::Uuid;

use super::caller::{Caller, Who};
use super::commands::GroupOptions;
use super::credentials::{IssuedToken, owner};
use super::failure::Failure;
use super::gatebook::Gatebook;
use super::idempotency::{Before, IdempotencyKey};
use crate::log::append::{CredentialChange, CredentialKind};
use crate::log::{CommandError, Extras};
use crate::secrets::{SecretKind, TokenKind};
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
        let Who::GroupUser { group_id, user_id } = &caller.who else {
            return Err(Failure::Unauthenticated);
        };
        let expires_at = api_token_end(self.clock.now(), Some(ends))?;
        let proof = self.prove_own_password(caller, password).await?;
        if let Some(form) = form
            && let Before::Sent(shown) = self.before(form).await?
        {
            return self.if_it_lives(shown).await;
        }
        let kinds = (CredentialKind::UserToken, SecretKind::UserToken);
        let owner = owner(group_id, user_id);
        let (issued, credential) = self.new_token(TokenKind::User, kinds, owner, &name, expires_at);
        let wish = GroupWish::IssueUserToken {
            user_id: user_id.clone(),
            token_id: issued.id,
            name,
            expires_at: Some(expires_at),
        };
        let extras = Extras {
            credential_guards: vec![proof],
            credentials: vec![CredentialChange::Put(credential)],
            sealed: form.map(|form| self.seal_shown(form.key(), &issued)).transpose()?,
            ..Extras::default()
        };
        let options = GroupOptions {
            idempotency: form.map(IdempotencyKey::intent),
            extras,
            ..GroupOptions::default()
        };
        match (self.group_command_with(caller, group_id, wish, &options).await, form) {
            (Ok(_), _) => Ok(Some(issued)),
            // The same form was faster.
            (Err(Failure::Command(CommandError::KeyUsed)), Some(form)) => match self.before(form).await? {
                Before::Sent(shown) => self.if_it_lives(shown).await,
                Before::New => Err(CommandError::Conflict.into()),
            },
            (Err(failure), _) => Err(failure),
        }
    }

    async fn if_it_lives(&self, shown: Option<IssuedToken>) -> Result<Option<IssuedToken>, Failure> {
        let Some(shown) = shown else { return Ok(None) };
        let kept = self.kept(CredentialKind::UserToken, &shown.id.to_string()).await?;
        Ok(kept.map(|_| shown))
    }

    /// The tokens of an owner whose time is not over, oldest first.
    pub(super) async fn listed_tokens(
        &self,
        kind: CredentialKind,
        owner: &str,
    ) -> Result<Vec<ListedToken>, StoreError> {
        let sql = "select c.id, c.name, c.created_at, u.last_used_at, c.expires_at \
                   from credentials c left join last_uses u on u.id = c.id \
                   where c.kind = $1 and c.owner = $2 and (c.expires_at is null or c.expires_at > $3) \
                   order by c.created_at, c.id";
        let args = [<&str>::from(kind).into(), owner.into(), self.clock.now().into()];
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
