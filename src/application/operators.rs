//! R12: operators handle the client secrets of AIQ Integrate applications. R28: they download logs, too.

use gatebook_aggregates::group::GroupWish;
use gatebook_aggregates::identifiers::{AppId, GroupId};
use gatebook_aggregates::integration_app::{LogFormat, Wish};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::groups::GroupRow;
use gatebook_projections::sql::Value;

use super::caller::{Caller, Who};
use super::commands::{ChangeOptions, no_extras};
use super::failure::Failure;
use super::gatebook::Gatebook;
use super::portal::IssuedClientSecret;

/// What a download shows, recorded and ready to be streamed: everything up to this position.
pub struct RecordedDownload {
    /// The name of the application or group, for the file's name.
    pub name: String,
    /// The position of the download's own event, the last that it shows.
    pub up_to_position: i64,
}

impl Gatebook {
    /// Makes a client secret for an AIQ Integrate application.
    pub async fn operator_client_secret(
        &self,
        caller: &Caller,
        app_id: AppId,
        overlap_seconds: Option<i64>,
    ) -> Result<IssuedClientSecret, Failure> {
        let app = self.portal_app(app_id).await?.ok_or(Refusal::NotFound)?;
        let options = ChangeOptions::default();
        self.generate_client_secret_for(caller, &app.group_id, app_id, overlap_seconds, &options)
            .await
    }

    /// R28: records that the log of an application is downloaded, before a byte of it leaves.
    pub async fn record_app_log_download(
        &self,
        caller: &Caller,
        app_id: AppId,
        format: LogFormat,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<RecordedDownload, Failure> {
        let group_id = match &caller.who {
            Who::GroupUser { group_id, .. } => group_id.clone(),
            _ => self.portal_app(app_id).await?.ok_or(Refusal::NotFound)?.group_id,
        };
        let wish = |_: &GroupRow| Ok(Wish::RecordActivityLogDownload { format, from, to });
        let options = ChangeOptions::default();
        let (done, _) = self
            .app_command(caller, &group_id, app_id, &options, &wish, &no_extras)
            .await?;
        let name = done.aggregate.created()?.name.as_str().to_owned();
        let up_to_position = done.history.last().map_or(0, |last| last.position);
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
        let wish = GroupWish::RecordActivityLogDownload { format, from, to };
        let done = self.group_command(caller, group_id, wish, &[]).await?;
        let name = done.aggregate.registered()?.name.as_str().to_owned();
        let up_to_position = done.history.last().map_or(0, |last| last.position);
        Ok(RecordedDownload { name, up_to_position })
    }

    /// Remembers facts about this database, such as which key its digests were made with.
    pub async fn check_key_fingerprint(&self, fingerprint: &str) -> Result<(), Failure> {
        use crate::store::{OnConflict, Purpose};
        use gatebook_projections::sql::{Query, text};

        let mut transaction = self.log.database.begin(Purpose::Write).await?;
        let head = format!("select position from log_head{}", transaction.dialect().for_update());
        transaction.rows(Query::new(head, [])).await?;
        let known = transaction
            .rows(Query::new("select value from facts where name = $1", ["key".into()]))
            .await?;
        match known.first().map(Vec::as_slice) {
            Some([Value::Text(known)]) if known == fingerprint => Ok(()),
            Some(_) => Err(Failure::Internal(
                "this database was made with another key file; start with the key file that belongs to it".to_owned(),
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
