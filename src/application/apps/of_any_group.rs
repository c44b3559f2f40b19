//! What operators see of the applications of all groups, and what they stop there. Their secrets are in `client_secrets`.

use std::sync::Arc;

use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::text::Reason;

use crate::application::apps::create_edit::StatusChange;
use crate::application::apps::view::AppView;
use crate::application::authorization::Operator;
use crate::application::command::request::CommandRequest;
use crate::application::command::section_versions::ExpectedVersion;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;

/// What came of a change of an application's status.
pub struct StatusChanged {
    /// The application afterwards.
    pub view: AppView,
    /// Whether it was changed by this command; else it was so before.
    pub newly: bool,
}

impl Gatebook {
    /// An application of any group.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn app_of_any_group(&self, _: Operator<'_>, id: AppId) -> Result<AppView, Failure> {
        let listed = self.listed(id).await?.ok_or(Refusal::NotFound)?;
        let group = self.group(&listed.app.group_id).await?.ok_or(Refusal::NotFound)?;
        Ok(AppView::new(listed, Arc::new(group), self.clock.now()))
    }

    /// R27: suspends, resumes or revokes an application of any group. The group reads the reason in its activity log, with
    /// the operator's name.
    ///
    /// # Errors
    /// `NotFound`, and the refusals that a manager of the group gets.
    pub async fn change_status_as_operator(
        &self,
        operator: Operator<'_>,
        id: AppId,
        change: StatusChange,
        reason: Reason,
    ) -> Result<StatusChanged, Failure> {
        let app = self.portal_app(id).await?.ok_or(Refusal::NotFound)?;
        let request = CommandRequest::new(operator.caller, change.command(Some(reason)));
        let (done, group) = self
            .run_app(&app.group_id, id, &ExpectedVersion::Nothing, request)
            .await?;
        Ok(StatusChanged {
            newly: !done.events.is_empty(),
            view: self.view_after(&done, group).await?,
        })
    }
}
