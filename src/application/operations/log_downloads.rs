//! R12: operators handle the client secrets of AIQ Integrate applications. R28: they download logs, too.

use gatebook_aggregates::developer::DeveloperCommand;
use gatebook_aggregates::group::GroupCommand;
use gatebook_aggregates::identifiers::{AppId, DeveloperId, GroupId};
use gatebook_aggregates::integration_app::AppCommand;
use gatebook_aggregates::log_format::LogFormat;
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::sql::Value;

use crate::application::authorization::Operator;
use crate::application::caller::{Caller, Who};
use crate::application::command::request::CommandRequest;
use crate::application::command::section_versions::ExpectedVersion;

use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;

/// What a download shows, recorded and ready to be streamed: everything up to this position.
pub struct RecordedDownload {
    /// The name of the application, group or developer, for the file's name.
    pub name: String,
    /// The position of the download's own event, the last that it shows.
    pub up_to_position: i64,
}

impl Gatebook {
    /// R28: records that the log of an application is downloaded, before a byte of it leaves.
    pub async fn record_app_log_download(
        &self,
        caller: &Caller,
        app_id: AppId,
        format: LogFormat,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<RecordedDownload, Failure> {
        let _in_order = self.parts_in_order(caller, &format!("app {app_id}")).await;
        if let Some(begun) = self.begun_app_download(caller, app_id, format, from, to).await? {
            return Ok(begun);
        }
        let group_id = match &caller.who {
            Who::GroupUser(member) => member.group_id().clone(),
            _ => self.portal_app(app_id).await?.ok_or(Refusal::NotFound)?.group_id,
        };
        let command = AppCommand::RecordActivityLogDownload { format, from, to };
        let request = CommandRequest::new(caller, command);
        let (done, _) = self
            .run_app(&group_id, app_id, &ExpectedVersion::Nothing, request)
            .await?;
        let name = done.aggregate.created()?.name.as_str().to_owned();
        let up_to_position = done.position();
        Ok(RecordedDownload { name, up_to_position })
    }

    /// R28: records that the log of a group is downloaded, before a byte of it leaves.
    pub async fn record_group_log_download(
        &self,
        caller: &Caller,
        group_id: &GroupId,
        format: LogFormat,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<RecordedDownload, Failure> {
        let _in_order = self.parts_in_order(caller, &format!("group {group_id}")).await;
        if let Some(begun) = self.begun_group_download(caller, group_id, format, from, to).await? {
            return Ok(begun);
        }
        let command = GroupCommand::RecordActivityLogDownload { format, from, to };
        let done = self.run_group(group_id, CommandRequest::new(caller, command)).await?;
        let name = done.aggregate.registered()?.name.as_str().to_owned();
        let up_to_position = done.position();
        Ok(RecordedDownload { name, up_to_position })
    }

    /// R28: records that the log of a developer's account is downloaded, before a byte of it leaves. The
    /// account belongs to no group.
    pub async fn record_developer_log_download(
        &self,
        operator: Operator<'_>,
        developer_id: DeveloperId,
        format: LogFormat,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<RecordedDownload, Failure> {
        let id = developer_id.to_string();
        let command = DeveloperCommand::RecordLogDownload { format, from, to };
        self.run_developer(&id, CommandRequest::new(operator.caller, command))
            .await?;
        let developer = self.developer(developer_id).await?.ok_or(Refusal::NotFound)?;
        Ok(RecordedDownload {
            name: developer.full_name.as_str().to_owned(),
            up_to_position: developer.position,
        })
    }

    /// Refuses a key file that is not the one which this database's digests were made with. A new database takes the key
    /// that it is first opened with.
    pub async fn check_key_fingerprint(&self, fingerprint: &str) -> Result<(), Failure> {
        use crate::store::{ConnectionPurpose, OnConflict};
        use gatebook_projections::sql::{Query, text};

        let mut transaction = self.log.database.begin(ConnectionPurpose::Write).await?;
        let head = format!("select position from log_head{}", transaction.dialect().for_update());
        transaction.rows(Query::new(head, [])).await?;
        let known = transaction
            .rows(Query::new("select value from facts where name = $1", ["key".into()]))
            .await?;
        match known.first().map(Vec::as_slice) {
            Some([Value::Text(known)]) if known == fingerprint => Ok(()),
            Some(_) => Err(Failure::internal(
                "the key does not belong to this database; start with the key file that the database was created with",
            )),
            None => {
                let row = vec!["key".into(), fingerprint.into()];
                transaction
                    .insert("facts", &[text("name"), text("value")], &[row], OnConflict::Fail)
                    .await?;
                Ok(transaction.commit().await?)
            }
        }
    }
}
