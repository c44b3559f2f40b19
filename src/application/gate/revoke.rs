//! RFC 7009: an integration revokes one of its access tokens.

use gatebook_aggregates::access_token::{AccessToken, RevokeAccessToken};
use gatebook_aggregates::timestamp::Timestamp;
use sha2::{Digest, Sha256};

use crate::application::caller::{Caller, Who};
use crate::application::failure::Failure;
use crate::application::gate::check::AuthenticatedClient;
use crate::application::gatebook::Gatebook;
use crate::log::append::{Append, AppendError};
use crate::log::{CommandError, Loaded};
use crate::throttle::{Budget, InWorkPermit};

/// When a revocation may be tried again that found no place.
const TOO_MANY: Failure = Failure::TooManyRequests { retry_after_seconds: 1 };

impl Gatebook {
    /// A place for a revocation with these credentials, which nobody has looked at yet.
    ///
    /// # Errors
    /// `TooManyRequests` when there are too many in work with the same.
    pub fn enter_revocation(&self, credentials: &[u8]) -> Result<InWorkPermit, Failure> {
        // What is kept in memory for the length of a request is no secret.
        let key = hex::encode(Sha256::digest(credentials));
        self.revocations.by_credentials.enter(&key).ok_or(TOO_MANY)
    }

    /// A client revokes one of its tokens. Whatever is not its own living token is left alone.
    ///
    /// # Errors
    /// `TooManyRequests` when it has revoked very many, or revokes very many at once.
    pub async fn revoke_access_token(
        &self,
        caller: &Caller,
        client: &AuthenticatedClient,
        token: &str,
    ) -> Result<(), Failure> {
        let app = &client.facts.app;
        let claims = match self.presented_token(token) {
            Ok(claims) if claims.app_id == app.app_id => claims,
            _ => return Ok(()),
        };
        let _place = self.revocations.by_app.enter(&app.app_id.to_string()).ok_or(TOO_MANY)?;
        let command = RevokeAccessToken {
            at: self.clock.now(),
            token_id: claims.token_id,
            expires_at: Timestamp::new(claims.expires_at),
            app_id: app.app_id,
            app_name: app.name.clone(),
            group_id: app.group_id.clone(),
            app_status: app.status,
        };
        let mut token = Loaded::<AccessToken>::unbegun(&claims.token_id.to_string());
        let events = token.aggregate.decide(command);
        if events.is_empty() {
            return Ok(());
        }
        token.aggregate = token.after(&events);
        let (client_id, name) = (app.client_id.0.clone(), app.name.as_str().to_owned());
        let origin = caller.with(Who::Integration { client_id, name }).origin(None);
        let append = Append {
            streams: vec![token.append(&events, &origin)?],
            ..Append::default()
        };
        let spent = self.budgets.spend(Budget::Revocations, &app.app_id.to_string(), "");
        let spent = spent.map_err(Failure::too_often)?;
        match self.log.writer.append(append).await {
            // Its stream has begun: it was revoked before.
            Ok(_) | Err(AppendError::Conflict) => {
                spent.keep();
                Ok(())
            }
            Err(error) => Err(CommandError::from(error).into()),
        }
    }
}
