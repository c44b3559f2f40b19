//! Commands about the installation as a whole: the one stream of the aggregate `System`.

use gatebook_aggregates::log_format::LogFormat;
use gatebook_aggregates::system::{SYSTEM_ID, SystemCommand};
use gatebook_aggregates::timestamp::Timestamp;

use crate::application::authorization::Operator;
use crate::application::command::request::CommandRequest;

use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::operations::log_downloads::RecordedDownload;

/// What came of ending access tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokensEnded {
    /// Every token that was issued before this moment is refused.
    pub issued_before: Timestamp,
    /// Whether they were ended by this command; else they had ended before.
    pub newly: bool,
}

impl Gatebook {
    /// Ends every access token that was issued before a moment; before now, if none is named. Every node refuses them as
    /// soon as this is acknowledged (R26).
    ///
    /// # Errors
    /// A moment in the future is refused.
    pub async fn end_tokens(
        &self,
        operator: Operator<'_>,
        issued_before: Option<Timestamp>,
    ) -> Result<TokensEnded, Failure> {
        let now = self.clock.now();
        let issued_before = issued_before.unwrap_or(now);
        let command = SystemCommand::EndTokens { issued_before, now };
        let done = self.run_system(CommandRequest::new(operator.caller, command)).await?;
        Ok(TokensEnded {
            issued_before: done.aggregate.tokens_ended_before.unwrap_or(issued_before),
            newly: !done.events.is_empty(),
        })
    }

    /// R28: records that the installation's log is downloaded, before a byte of it leaves.
    pub async fn record_system_log_download(
        &self,
        operator: Operator<'_>,
        format: LogFormat,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<RecordedDownload, Failure> {
        let command = SystemCommand::RecordLogDownload { format, from, to };
        let done = self.run_system(CommandRequest::new(operator.caller, command)).await?;
        Ok(RecordedDownload {
            name: SYSTEM_ID.to_owned(),
            up_to_position: done.position(),
        })
    }
}
