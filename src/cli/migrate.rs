//! `gatebook migrate`.

use std::process::ExitCode;

use super::{CliError, start};
use crate::config::DataOptions;

/// Brings the tables up to date. Safe to run again, and beside a running server.
pub async fn run(data: &DataOptions) -> Result<ExitCode, CliError> {
    let database = start::database(data).await?;
    start::rebuild_stale(&database).await?;
    database.close().await;
    Ok(ExitCode::SUCCESS)
}
