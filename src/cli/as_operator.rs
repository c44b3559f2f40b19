//! Runs a command of the application layer as the operator at the command line, on an existing installation.

use super::{CliError, operator, start};
use crate::application::{Caller, Failure, Gatebook, Operator};
use crate::config::DataOptions;
use crate::unique_id::unique_id;

/// Opens the existing installation, does the work, and closes it again. The log names the system user and the machine.
///
/// # Errors
/// There is no such installation, or the work failed.
pub async fn as_operator<T>(
    data: &DataOptions,
    work: impl AsyncFnOnce(&Gatebook, Operator<'_>) -> Result<T, CliError>,
) -> Result<T, CliError> {
    let opened = start::existing_gatebook(data).await?;
    let caller = Caller::command_line_of(unique_id().to_string(), &operator::name());
    let done = match caller.operator() {
        Ok(operator) => work(&opened.gatebook, operator).await,
        Err(failure) => Err(failure.into()),
    };
    let closed = opened.close().await;
    let done = done?;
    closed.map(|()| done)
}

/// The same result, with a sentence that says what is missing and how to find what there is.
pub fn or_missing<T>(result: Result<T, Failure>, message: impl FnOnce() -> String) -> Result<T, CliError> {
    result.map_err(|failure| match failure.is_not_found() {
        true => CliError::Other(message()),
        false => failure.into(),
    })
}
