//! One application that was named by its id, and how messages call it.

use gatebook_aggregates::identifiers::AppId;

use super::CliError;
use super::as_operator::or_missing;
use crate::application::{AppView, Gatebook, Operator};

/// The application with this id, or a sentence that it is not there.
pub async fn app(gatebook: &Gatebook, operator: Operator<'_>, id: AppId) -> Result<AppView, CliError> {
    or_missing(gatebook.app_of_any_group(operator, id).await, || missing(id))
}

/// The name of an application and of its group.
pub fn named(view: &AppView) -> String {
    format!(
        "“{}” of {}",
        view.app().name.as_str(),
        view.group().customer.name.as_str()
    )
}

pub fn missing(id: AppId) -> String {
    format!("there is no application {id}; see “gatebook app list”")
}
