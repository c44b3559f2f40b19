//! The tokens for the admins' API that a user has made.

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::Query;
use uuid::Uuid;

use super::caller::Caller;
use super::credentials::{SELECT, read};
use super::failure::Failure;
use super::gatebook::Gatebook;
use crate::log::append::CredentialKind;

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
