//! Who owns the log on PostgreSQL (R29). Triggers stop everybody but the table's owner, who can turn them off; so the table
//! `events`, the function of its trigger, and the schema they are in belong to a role of its own that nobody can log in
//! as. The role that serves may select and insert there and nothing else. Everything else is the serving role's.
//!
//! One role for each database, `<database>_log_owner`: roles are the cluster's, and whoever may administer the one
//! database's role must not be in charge of another's log.

use gatebook_projections::sql::{Query, Value};

use super::database::{ConnectionPurpose, Database, Dialect};
use super::error::StoreError;
use super::log_guards::missing_guards;
use super::postgres_ownership::{Ownership, quoted};

/// What came of setting up the log's owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogOwner {
    /// It is as it should be, from before or from now on.
    Settled,
    /// This role may not do it. An administrator can, with this script.
    ForAnAdministrator(String),
}

/// Gives the log to a role of its own, as far as it is not, and everything else to the role that serves: the one named, or
/// the one that the tables belong to. Safe to run again. On SQLite there are no roles.
///
/// # Errors
/// A database that cannot be reached; `Refused` when there is no such role.
pub async fn settle_log_owner(database: &dyn Database, serving: Option<&str>) -> Result<LogOwner, StoreError> {
    if database.dialect() == Dialect::Sqlite {
        return Ok(LogOwner::Settled);
    }
    let mut ownership = Ownership::read(database, serving).await?;
    let statements = ownership.statements(false);
    if !statements.is_empty() && (ownership.i_am_superuser || ownership.i_create_roles) {
        match carry_out(database, &statements).await {
            Ok(()) => {
                tracing::info!(
                    owner = ownership.log_owner,
                    serving = ownership.serving,
                    "the log now has an owner of its own"
                );
                // PostgreSQL ignores the revoking of what somebody else has granted.
                ownership = Ownership::read(database, Some(&ownership.serving)).await?;
            }
            Err(StoreError::Refused(why)) => tracing::info!(why, "this role may not change the log's owner"),
            Err(error) => return Err(error),
        }
    }
    match ownership.statements(true).is_empty() {
        true => Ok(LogOwner::Settled),
        false => Ok(LogOwner::ForAnAdministrator(ownership.script())),
    }
}

/// Makes this role a member of those that the tables belong to, if that is needed and can be, so that migrations can alter
/// them. Gives the roles that [`leave_roles`] has to leave again.
///
/// # Errors
/// A database that cannot be reached.
pub async fn join_roles(database: &dyn Database) -> Result<Vec<String>, StoreError> {
    if database.dialect() == Dialect::Sqlite {
        return Ok(Vec::new());
    }
    let ownership = match Ownership::read(database, None).await {
        Ok(ownership) => ownership,
        // Nothing has been migrated yet.
        Err(StoreError::Refused(_)) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut joined = Vec::new();
    if !ownership.i_create_roles {
        return Ok(joined);
    }
    let wanted = [
        (&ownership.events_owner, ownership.i_may_act_as_owner),
        (&ownership.serving, ownership.i_may_act_as_serving),
    ];
    for (role, _) in wanted.into_iter().filter(|(_, is_member)| !is_member) {
        let grant = format!("grant {} to {}", quoted(role), quoted(&ownership.me));
        match carry_out(database, &[grant]).await {
            Ok(()) => joined.push(role.clone()),
            // Then a migration that needs it says so.
            Err(StoreError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(joined)
}

/// Ends what [`join_roles`] began.
///
/// # Errors
/// A database that cannot be reached.
pub async fn leave_roles(database: &dyn Database, joined: &[String]) -> Result<(), StoreError> {
    let revoke = |role: &String| format!("revoke {} from current_user", quoted(role));
    match joined {
        [] => Ok(()),
        joined => carry_out(database, &joined.iter().map(revoke).collect::<Vec<_>>()).await,
    }
}

/// What an operator should know about how the log is guarded: a sentence for each trigger that is missing, and for each way
/// around them that the role has that this process works with. Reads only.
///
/// # Errors
/// A database that cannot be reached, or whose catalogue cannot be read.
pub async fn log_warnings(database: &dyn Database) -> Result<Vec<String>, StoreError> {
    let mut warnings = missing_guards(&mut *database.begin(ConnectionPurpose::Snapshot).await?).await?;
    warnings.extend(role_warnings(database).await?);
    Ok(warnings)
}

/// What an operator should know about the role that this process works with: a sentence for each way around the triggers
/// that it has.
async fn role_warnings(database: &dyn Database) -> Result<Vec<String>, StoreError> {
    if database.dialect() == Dialect::Sqlite {
        return Ok(Vec::new());
    }
    let me = database.rows(Query::new("select current_user::text", [])).await?;
    let me = match me.first().map(Vec::as_slice) {
        Some([Value::Text(me)]) => me.clone(),
        _ => return Ok(Vec::new()),
    };
    Ok(Ownership::read(database, Some(&me)).await?.warnings())
}

/// All of it, or nothing.
async fn carry_out(database: &dyn Database, statements: &[String]) -> Result<(), StoreError> {
    let mut transaction = database.begin(ConnectionPurpose::Write).await?;
    for statement in statements {
        transaction.script(statement).await?;
    }
    transaction.commit().await
}
