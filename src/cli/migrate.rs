//! `gatebook migrate`.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::{CliError, output, start};
use crate::config::DataOptions;
use crate::store::{self, Database, LogOwner};

/// Options for creating the tables.
#[derive(Args)]
pub struct Migrate {
    /// PostgreSQL: the role that the server uses, if another one migrates. Default: the owner of the tables
    #[arg(long, env = "GATEBOOK_SERVING_ROLE", value_name = "ROLE")]
    serving_role: Option<String>,
}

/// Brings the tables up to date, and transfers the log to a role of its own. It is safe to run again, also beside a
/// running server.
pub async fn run(data: &DataOptions, options: &Migrate) -> Result<ExitCode, CliError> {
    let database = start::unmigrated_database(data).await?;
    let joined = store::join_roles(&*database).await?;
    let migrated = migrate(&database, options).await;
    let left = store::leave_roles(&*database, &joined).await;
    database.close().await;
    migrated?;
    left?;
    Ok(ExitCode::SUCCESS)
}

/// If this role may not change the log's owner, the statements for an administrator go to standard output.
async fn migrate(database: &Arc<dyn Database>, options: &Migrate) -> Result<(), CliError> {
    store::migrate(database).await?;
    start::rebuild_stale(database).await?;
    match store::settle_log_owner(&**database, options.serving_role.as_deref()).await? {
        LogOwner::Settled => Ok(()),
        LogOwner::ForAnAdministrator(script) => output::bytes(script.as_bytes()),
    }
}
