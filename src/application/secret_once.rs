//! R12: a form that makes a client secret counts once: a second click shows the secret of the first again, for as long as
//! an OTP is shown again.

use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::refusal::Refusal;

use super::caller::Caller;
use super::commands::ChangeOptions;
use super::failure::Failure;
use super::gatebook::Gatebook;
use super::idempotency::IdempotencyKey;
use super::portal::IssuedClientSecret;
use crate::log::CommandError;
use crate::store::StoreError;

impl Gatebook {
    /// Makes a client secret for an AIQ Integrate application at this version, once for this key.
    ///
    /// # Errors
    /// `KeyUsed` when the key was used so long ago that its secret is not shown again; `VersionMismatch` when the
    /// application has changed.
    pub async fn operator_client_secret_once(
        &self,
        caller: &Caller,
        app_id: AppId,
        version: i64,
        key: &IdempotencyKey,
    ) -> Result<IssuedClientSecret, Failure> {
        if let Some(first) = self.shown_before(key).await? {
            return Ok(first);
        }
        let app = self.portal_app(app_id).await?.ok_or(Refusal::NotFound)?;
        let options = ChangeOptions {
            if_match: Some(version),
            idempotency: Some(key.intent()),
        };
        let made = self.generate_client_secret_for(caller, &app.group_id, app_id, None, &options);
        match made.await {
            Ok(issued) => Ok(issued),
            // The same form may have been faster: then what it did is what stands in the way of this one.
            Err(failure) => self.shown_before(key).await?.ok_or(failure),
        }
    }

    /// The secret that this key has made.
    async fn shown_before(&self, key: &IdempotencyKey) -> Result<Option<IssuedClientSecret>, Failure> {
        let Some(sealed) = self.sealed_answer(key).await? else {
            return Ok(None);
        };
        let sealed = sealed.ok_or(CommandError::KeyUsed)?;
        let text = self.sealer.open(key.key(), &sealed)?;
        let secret = serde_json::from_str(&text).map_err(|error| Failure::Internal(error.to_string()))?;
        Ok(Some(secret))
    }

    /// A secret that was just made, sealed for the second click.
    pub(super) fn seal_secret(&self, key: &str, secret: &IssuedClientSecret) -> Result<String, CommandError> {
        let refused = |why: String| StoreError::Refused(why);
        let text = serde_json::to_string(secret).map_err(|error| refused(error.to_string()))?;
        let sealed = self.sealer.seal(&self.dice, key, &text);
        Ok(sealed.map_err(|error| refused(error.to_string()))?)
    }
}
