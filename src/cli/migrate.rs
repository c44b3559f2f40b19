//! `gatebook migrate`.

use std::process::ExitCode;

use clap::Args;

use super::{CliError, start};
use crate::config::DataOptions;
use crate::store::{self, LogOwner};

/// How the tables are made.
#[derive(Args)]
pub struct Migrate {
    /// PostgreSQL: the role that serves, when another one migrates. Default: the one that the tables belong to
    #[arg(long, env = "GATEBOOK_SERVING_ROLE", value_name = "ROLE")]
    serving_role: Option<String>,
}

/// Brings the tables up to date, and gives the log to a role of its own. Safe to run again, and beside a running server.
///
/// What this role may not do about the log's owner, an administrator can: the statements go to standard output.
pub async fn run(data: &DataOptions, options: &Migrate) -> Result<ExitCode, CliError> {
    let database = start::database_for_migration(data).await?;
    start::rebuild_stale(&database).await?;
    let settled = store::settle_log_owner(&*database, options.serving_role.as_deref()).await?;
    if let LogOwner::ForAnAdministrator(script) = settled {
        print(&script);
    }
    database.close().await;
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "the result is what the administrator runs")]
fn print(script: &str) {
    print!("{script}");
}
