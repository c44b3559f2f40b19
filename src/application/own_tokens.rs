//! The tokens for the admins' API that a user has made.

use gatebook_aggregates::group::GroupWish;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_aggregates::words::Label;
use gatebook_projections::sql::Query;
use uuid::Uuid;

use super::caller::{Caller, Who};
use super::commands::GroupOptions;
use super::credentials::{IssuedToken, SELECT, owner, read};
use super::failure::Failure;
use super::gatebook::Gatebook;
use super::idempotency::{Before, IdempotencyKey};
use crate::log::append::{CredentialChange, CredentialKind};
use crate::log::{CommandError, Extras};
use crate::secrets::{SecretKind, TokenKind};

/// A token, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnToken {
    /// Its id.
    pub id: Uuid,
    /// The name it was given.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a program used it last.
    pub last_used_at: Option<Timestamp>,
}

impl Gatebook {
    /// Makes a token for whoever asks, once for each form; the same form again is shown the same token for a while. None
    /// when it cannot be shown any more.
    ///
    /// # Errors
    /// `IdempotencyKeyReused` when the form was sent with another name.
    pub async fn issue_own_token(
        &self,
        caller: &Caller,
        name: Label,
        form: Option<&IdempotencyKey>,
    ) -> Result<Option<IssuedToken>, Failure> {
        let Who::GroupUser { group_id, user_id } = &caller.who else {
            return Err(Failure::Unauthenticated);
        };
        if let Some(form) = form
            && let Before::Sent(shown) = self.before(form).await?
        {
            return self.if_it_lives(shown).await;
        }
        let kinds = (CredentialKind::UserToken, SecretKind::UserToken);
        let (issued, credential) = self.new_token(TokenKind::User, kinds, owner(group_id, user_id), &name);
        let wish = GroupWish::IssueUserToken {
            user_id: user_id.clone(),
            token_id: issued.id,
            name,
        };
        let extras = Extras {
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

    /// The tokens of whoever asks, oldest first.
    pub async fn own_tokens(&self, caller: &Caller) -> Result<Vec<OwnToken>, Failure> {
        let sql = format!("{SELECT} where kind = $1 and owner = $2 order by created_at, id");
        let args = [
            <&str>::from(CredentialKind::UserToken).into(),
            caller.session_owner()?.into(),
        ];
        let mut tokens = Vec::new();
        for row in self.database().rows(Query::new(sql, args)).await? {
            let kept = read(row)?;
            let Ok(id) = Uuid::parse_str(&kept.id) else { continue };
            let last_used_at = self.last_uses.last_used(self.database(), id).await?;
            tokens.push(OwnToken {
                id,
                name: kept.name,
                created_at: kept.created_at,
                last_used_at,
            });
        }
        Ok(tokens)
    }
}
