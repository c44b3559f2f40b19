//! A group user with a token of the admins' API: the token, and the group that says what they may do, come from one question.

use gatebook_aggregates::identifiers::UserId;
use gatebook_aggregates::refused_attempts::LoginChannel;
use gatebook_projections::groups::{GroupRow, Groups};
use gatebook_projections::projection::Projection;
use gatebook_projections::row::Row;
use gatebook_projections::sql::{Query, Value};
use uuid::Uuid;

use crate::application::caller::{Caller, Who};
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::member::{Member, read_owner};
use crate::application::stored_credential::{StoredCredential, read};
use crate::secrets::{CredentialKind, lookup_id};
use crate::store::{Dialect, StoreError};

/// The columns of a credential, before those of the group.
const CREDENTIAL: [&str; 6] = ["c.id", "c.owner", "c.name", "c.digest", "c.created_at", "c.expires_at"];

impl Gatebook {
    /// The group user with this token.
    ///
    /// # Errors
    /// `Unauthenticated`; `TooManyRequests` after too many wrong ones.
    pub async fn authenticate_user(&self, caller: &Caller, token: &str) -> Result<Caller, Failure> {
        let (stored, group) = self.user_token(token).await?.unzip();
        let stored = self.living_or_refused(caller, LoginChannel::AdminsApi, stored).await?;
        let member = match (group.flatten(), read_owner(&stored.owner)) {
            (Some(group), Some((_, user_id))) => member(group, user_id)?,
            _ => None,
        };
        let member = member.ok_or(Failure::Unauthenticated)?;
        self.note_use(&stored);
        Ok(caller.recognised(Who::GroupUser(member)))
    }

    /// The token as it is stored, even if it has ended, and the values of its owner's group.
    async fn user_token(&self, token: &str) -> Result<Option<(StoredCredential, Option<Vec<Value>>)>, StoreError> {
        let kind = CredentialKind::UserToken;
        let Some(id) = lookup_id::<Uuid>(kind, token) else {
            return Ok(None);
        };
        let group_id = match self.database().dialect() {
            Dialect::Sqlite => "substr(c.owner, 1, instr(c.owner, '/') - 1)",
            Dialect::Postgres => "split_part(c.owner, '/', 1)",
        };
        let (credential, group) = (CREDENTIAL.join(", "), GroupRow::select_list("g"));
        let sql = format!(
            "select {credential}, {group} from credentials c left join groups g on g.group_id = {group_id} \
             where c.kind = $1 and c.id = $2"
        );
        let rows = self
            .database()
            .rows(Query::new(sql, [kind.name().into(), id.to_string().into()]));
        let Some(mut values) = rows.await?.pop() else {
            return Ok(None);
        };
        let group = values.split_off(CREDENTIAL.len());
        let group = (group.first() != Some(&Value::Null)).then_some(group);
        let stored = self.if_it_is(kind, token, read(values)?)?;
        Ok(stored.map(|stored| (stored, group)))
    }
}

fn member(group: Vec<Value>, user_id: UserId) -> Result<Option<Member>, StoreError> {
    Ok(Member::of(Groups::row(group)?, user_id))
}
