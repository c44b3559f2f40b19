//! Which access tokens were revoked before their end? (RFC 7009)

use gatebook_aggregates::access_token::{AccessToken, AccessTokenEvent as Event};
use gatebook_aggregates::identifiers::{AccessTokenId, AppId};
use gatebook_aggregates::timestamp::Timestamp;
use uuid::Uuid;

use crate::projection::Projection;
use crate::recorded::Recorded;
use crate::sql::{Column, RowError, RowReader, Value, int, text};

/// The projection `revoked_tokens`.
pub struct RevokedTokens;

/// An access token that was revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedTokenRow {
    /// Which one.
    pub token_id: AccessTokenId,
    /// The application that it was issued to.
    pub app_id: AppId,
    /// When it would have ended by itself.
    pub expires_at: Timestamp,
    /// The stream's version.
    pub version: i64,
    /// The last event's position.
    pub position: i64,
}

impl Projection for RevokedTokens {
    const NAME: &'static str = "revoked_tokens";
    const FOLD_VERSION: i64 = 1;
    const COLUMNS: &'static [Column] = &[
        text("token_id"),
        text("app_id"),
        text("expires_at"),
        int("version"),
        int("position"),
    ];
    type Aggregate = AccessToken;
    type Row = RevokedTokenRow;

    fn fold(_: Option<RevokedTokenRow>, recorded: &Recorded<Event>) -> Option<RevokedTokenRow> {
        let Event::AccessTokenRevoked { app_id, expires_at, .. } = &recorded.event;
        Some(RevokedTokenRow {
            token_id: Uuid::parse_str(&recorded.aggregate_id).ok()?,
            app_id: *app_id,
            expires_at: *expires_at,
            version: recorded.sequence,
            position: recorded.position,
        })
    }

    fn values(row: &RevokedTokenRow) -> Vec<Value> {
        vec![
            row.token_id.into(),
            row.app_id.into(),
            row.expires_at.into(),
            row.version.into(),
            row.position.into(),
        ]
    }

    fn row(values: Vec<Value>) -> Result<RevokedTokenRow, RowError> {
        let mut row = RowReader::new(Self::NAME, values);
        Ok(RevokedTokenRow {
            token_id: row.uuid()?,
            app_id: row.uuid()?,
            expires_at: row.time()?,
            version: row.int()?,
            position: row.int()?,
        })
    }
}
