//! Tokens as their owners see them: by name, and when they were used last.

use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::{Query, RowReader};
use serde::Serialize;
use uuid::Uuid;

use super::caller::Caller;
use super::failure::Failure;
use super::gatebook::Gatebook;
use crate::log::append::CredentialKind;
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
}

impl Gatebook {
    /// The tokens for the admins' API of whoever asks, oldest first.
    pub async fn own_tokens(&self, caller: &Caller) -> Result<Vec<ListedToken>, Failure> {
        let owner = caller.session_owner()?;
        Ok(self.listed_tokens(CredentialKind::UserToken, &owner).await?)
    }

    /// The tokens of an owner whose time is not over, oldest first.
    pub(super) async fn listed_tokens(
        &self,
        kind: CredentialKind,
        owner: &str,
    ) -> Result<Vec<ListedToken>, StoreError> {
        let sql = "select c.id, c.name, c.created_at, u.last_used_at \
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
            })
        });
        tokens.collect()
    }
}
