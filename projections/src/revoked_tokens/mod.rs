//! Which access tokens were revoked before their end? (RFC 7009)

use gatebook_aggregates::access_token::{AccessToken, AccessTokenEvent as Event};
use gatebook_aggregates::identifiers::{AccessTokenId, AppId};
use gatebook_aggregates::timestamp::Timestamp;

use crate::projection::Projection;
use crate::recorded::Recorded;

/// The projection `revoked_tokens`.
pub struct RevokedTokens;

row! {
    /// An access token that was revoked.
    pub struct RevokedTokenRow {
        token_id: AccessTokenId,
        /// The application that it was issued to.
        app_id: AppId,
        /// When it would have ended by itself.
        expires_at: Timestamp,
        version: i64,
        position: i64,
    }
}

impl Projection for RevokedTokens {
    const NAME: &'static str = "revoked_tokens";
    const FOLD_VERSION: i64 = 1;
    type Aggregate = AccessToken;
    type Row = RevokedTokenRow;

    fn fold(_: Option<RevokedTokenRow>, recorded: &Recorded<Event>) -> Option<RevokedTokenRow> {
        let Event::AccessTokenRevoked { app_id, expires_at, .. } = &recorded.event;
        Some(RevokedTokenRow {
            token_id: recorded.aggregate_id.parse().ok()?,
            app_id: *app_id,
            expires_at: *expires_at,
            version: recorded.sequence,
            position: recorded.position,
        })
    }
}
