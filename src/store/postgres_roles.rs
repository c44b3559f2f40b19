//! Ownership of the log on PostgreSQL (R29). A table's owner can turn off its triggers, so the table `events`, its
//! trigger function and their schema belong to a separate role that nobody can log in as. The serving role may only
//! select and insert there; it owns everything else.
//!
//! Each database has its own role, `<database>_log_owner`. Roles belong to the whole cluster, and an administrator of
//! one database's role must not control another database's log.

use gatebook_projections::sql::{Query, Value};

use super::database::{ConnectionPurpose, Database, Dialect};
use super::error::StoreError;
use super::log_guards::missing_guards;
use super::postgres_ownership::{Ownership, quoted};

/// The result of setting up the log's owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogOwner {
    /// The ownership is correct, from before or from now on.
    Settled,
    /// This role may not set it up. An administrator can, with this script.
    ForAnAdministrator(String),
}

/// Gives the log to its own role, and everything else to the serving role: the one named, or the owner of the other
/// tables. It may be repeated safely. On SQLite it does nothing.
///
/// # Errors
/// The database cannot be reached; `Refused` if the role does not exist.
pub async fn settle_log_owner(database: &dyn Database, serving: Option<&str>) -> Result<LogOwner, StoreError> {
    match database.dialect() {
        Dialect::Sqlite => return Ok(LogOwner::Settled),
        Dialect::Postgres => {}
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
                // PostgreSQL silently ignores a revoke of a grant that somebody else made, so read the result.
                ownership = Ownership::read(database, Some(&ownership.serving)).await?;
            }
            Err(StoreError::Database(why)) => tracing::info!(%why, "this role may not change the log's owner"),
            Err(error) => return Err(error),
        }
    }
    match ownership.statements(true).is_empty() {
        true => Ok(LogOwner::Settled),
        false => Ok(LogOwner::ForAnAdministrator(ownership.script())),
    }
}

/// Makes this role a member of the roles that own the tables, if needed and possible, so that migrations can alter
/// them. Returns the roles that [`leave_roles`] must leave again.
///
/// # Errors
/// The database cannot be reached.
pub async fn join_roles(database: &dyn Database) -> Result<Vec<String>, StoreError> {
    match database.dialect() {
        Dialect::Sqlite => return Ok(Vec::new()),
        Dialect::Postgres => {}
    }
    let ownership = match Ownership::read(database, None).await {
        Ok(ownership) => ownership,
        // Nothing has been migrated yet.
        Err(StoreError::Database(_)) => return Ok(Vec::new()),
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
            // A migration that needs the membership will report the error.
            Err(StoreError::Database(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(joined)
}

/// Leaves the roles that [`join_roles`] joined.
///
/// # Errors
/// The database cannot be reached.
pub async fn leave_roles(database: &dyn Database, joined: &[String]) -> Result<(), StoreError> {
    let revoke = |role: &String| format!("revoke {} from current_user", quoted(role));
    match joined {
        [] => Ok(()),
        joined => carry_out(database, &joined.iter().map(revoke).collect::<Vec<_>>()).await,
    }
}

/// Warnings for the operator: one sentence for each missing trigger, and for each way in which this process's role
/// could bypass them. Reads only.
///
/// # Errors
/// The database cannot be reached, or its catalogue cannot be read.
pub async fn log_warnings(database: &dyn Database) -> Result<Vec<String>, StoreError> {
    let mut warnings = missing_guards(&mut *database.begin(ConnectionPurpose::Snapshot).await?).await?;
    warnings.extend(role_warnings(database).await?);
    Ok(warnings)
}

/// One sentence for each way in which this process's role could bypass the triggers.
async fn role_warnings(database: &dyn Database) -> Result<Vec<String>, StoreError> {
    match database.dialect() {
        Dialect::Sqlite => return Ok(Vec::new()),
        Dialect::Postgres => {}
    }
    let me = database.rows(Query::new("select current_user::text", [])).await?;
    let me = match me.first().map(Vec::as_slice) {
        Some([Value::Text(me)]) => me.clone(),
        _ => return Ok(Vec::new()),
    };
    Ok(Ownership::read(database, Some(&me)).await?.warnings())
}

/// Runs all statements in one transaction.
async fn carry_out(database: &dyn Database, statements: &[String]) -> Result<(), StoreError> {
    let mut transaction = database.begin(ConnectionPurpose::Write).await?;
    for statement in statements {
        transaction.script(statement).await?;
    }
    transaction.commit().await
}
