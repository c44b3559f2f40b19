//! R28: that somebody reads an application's log as a timeline is in the log, once for a while.

use gatebook_aggregates::timeline_views::ViewTimeline;

use crate::application::apps::view::AppView;
use crate::application::authorization::Reader;
use crate::application::command::request::CommandRequest;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;

impl Gatebook {
    /// Records it, before anything of the log leaves.
    pub(in crate::application) async fn record_timeline_view(
        &self,
        reader: Reader<'_>,
        view: &AppView,
    ) -> Result<(), Failure> {
        let (app, group, at) = (view.app(), view.group(), self.clock.now());
        let by = reader.member.membership();
        let stream_id = ViewTimeline::stream_id(app.app_id, &by.user_id, at);
        let command = ViewTimeline {
            by,
            at,
            group_id: app.group_id.clone(),
            app_id: app.app_id,
            app_name: app.name.clone(),
        };
        self.run_timeline_view(&stream_id, group, CommandRequest::new(reader.caller, command))
            .await
    }
}
