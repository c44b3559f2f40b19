//! The `Idempotency-Key`, and the word that makes a form count once: the same again is answered like the first.

use crate::application::idempotency_key::IdempotencyKey;
use chrono::TimeDelta;
use gatebook_aggregates::integration_app::{IntegrationApp, IntegrationAppEvent, issued_otp};
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::recorded::Recorded;
use gatebook_projections::sql::{Query, RowReader};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::log::IdempotentRequest;
use crate::store::{ConnectionPurpose, StoreError};

/// How long a repeated answer shows the OTP or the client secret again: long enough for a client that lost its connection,
/// short for a secret that is meant to be shown once.
pub const SHOWN_AGAIN_FOR: TimeDelta = TimeDelta::minutes(10);
/// How long a key is remembered, at least.
pub const REMEMBERED_FOR: TimeDelta = TimeDelta::hours(24);

/// What the first answer was made of.
pub(in crate::application) struct FirstAnswer {
    /// The key.
    pub(in crate::application) key: String,
    /// The application's events up to the first answer.
    pub(in crate::application) history: Vec<Recorded<IntegrationAppEvent>>,
    /// The application as it is now.
    pub(in crate::application) today: IntegrationApp,
    /// What was shown once, sealed, while it may be shown again.
    pub(in crate::application) sealed: Option<String>,
}

/// What became of a form before.
pub(in crate::application) enum EarlierForm<T> {
    /// It is new.
    New,
    /// It was sent before; with what its answer was about.
    Sent(First<T>),
}

/// What the first answer to a key was about.
pub(in crate::application) struct First<T> {
    /// The stream.
    pub(in crate::application) about: String,
    /// The stream's version then.
    pub(in crate::application) version: i64,
    /// What was shown once, while it may be shown again.
    pub(in crate::application) shown: Option<T>,
}

/// What became of something that happens once for a key.
pub(in crate::application) enum Once<T> {
    /// It happened now.
    Done(T),
    /// It happened before.
    Repeated(First<T>),
}

struct Remembered {
    request_hash: String,
    /// The application, or the group, that it was about.
    about: String,
    version: i64,
    sealed: Option<String>,
    created_at: Timestamp,
}

impl Gatebook {
    /// R14-R16: whether the OTP that the first answer showed is the one that opens the application now: neither replaced
    /// nor used, locked or expired since.
    pub(in crate::application) fn otp_still_opens(&self, first: &FirstAnswer) -> bool {
        let shown = first.history.iter().rev().find_map(|event| issued_otp(&event.event));
        match (shown, first.today.created()) {
            (Some((digest, _)), Ok(app)) => app.has_open_otp(digest, self.clock.now()),
            _ => false,
        }
    }

    /// What the first answer to this key was made of; none when the key is new.
    ///
    /// # Errors
    /// `IdempotencyKeyReused` when it came with another request.
    pub(in crate::application) async fn first_answer(
        &self,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<FirstAnswer>, Failure> {
        let Some(IdempotencyKey(request)) = key else {
            return Ok(None);
        };
        let Some(first) = self.first_request(request).await? else {
            return Ok(None);
        };
        // The first answer was given, whether or not what came after it can be read.
        let loaded = self.log.load_readable::<IntegrationApp>(&first.about).await?;
        let all_is_known = loaded.unreadable.is_empty();
        let mut history = loaded.history;
        history.retain(|event| event.sequence <= first.version);
        Ok(Some(FirstAnswer {
            key: request.key.clone(),
            history,
            today: loaded.aggregate,
            // What cannot be read may have ended what was shown.
            sealed: self.still_shown(first).filter(|_| all_is_known),
        }))
    }

    /// What the first answer to this form showed once.
    ///
    /// # Errors
    /// `IdempotencyKeyReused` when it was sent with other values.
    pub(in crate::application) async fn before<T: DeserializeOwned>(
        &self,
        key: &IdempotencyKey,
    ) -> Result<EarlierForm<T>, Failure> {
        let IdempotencyKey(request) = key;
        let Some(first) = self.first_request(request).await? else {
            return Ok(EarlierForm::New);
        };
        let (about, version) = (first.about.clone(), first.version);
        let shown = match self.still_shown(first) {
            Some(sealed) => {
                let text = self.sealer.open(&request.key, &sealed)?;
                Some(serde_json::from_str(&text).map_err(|error| Failure::unsealed(&error))?)
            }
            None => None,
        };
        Ok(EarlierForm::Sent(First { about, version, shown }))
    }

    /// What an answer shows once, sealed for showing it to the same form again.
    pub(in crate::application) fn seal_shown(&self, key: &str, shown: &impl Serialize) -> Result<String, Failure> {
        let text = serde_json::to_string(shown).map_err(Failure::internal)?;
        Ok(self.sealer.seal(&self.randomness, key, &text)?)
    }

    /// Does something about a group, an account or the installation once for a key, which `act` has to write down with
    /// what it does.
    ///
    /// # Errors
    /// `IdempotencyKeyReused` when the key came with another request.
    pub(in crate::application) async fn once<T: DeserializeOwned>(
        &self,
        key: Option<&IdempotencyKey>,
        act: impl Future<Output = Result<T, Failure>>,
    ) -> Result<Once<T>, Failure> {
        let Some(key) = key else {
            return Ok(Once::Done(act.await?));
        };
        if let EarlierForm::Sent(first) = self.before(key).await? {
            return Ok(Once::Repeated(first));
        }
        match act.await {
            Ok(done) => Ok(Once::Done(done)),
            // The same request was faster: then its effect is what stands in the way of this one.
            Err(failure) => match self.before(key).await? {
                EarlierForm::Sent(first) => Ok(Once::Repeated(first)),
                EarlierForm::New => Err(failure),
            },
        }
    }

    async fn first_request(&self, request: &IdempotentRequest) -> Result<Option<Remembered>, Failure> {
        match self.remembered(&request.key).await? {
            Some(first) if first.request_hash != request.request_hash => Err(Failure::IdempotencyKeyReused),
            first => Ok(first),
        }
    }

    fn still_shown(&self, first: Remembered) -> Option<String> {
        let shown_again = self.clock.now() < first.created_at.plus(SHOWN_AGAIN_FOR);
        first.sealed.filter(|_| shown_again)
    }

    /// Forgets keys after [`REMEMBERED_FOR`], and what was shown once after [`SHOWN_AGAIN_FOR`].
    pub async fn forget_old_keys(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut transaction = self.log.database.begin(ConnectionPurpose::Write).await?;
        let forget = "delete from idempotency_keys where created_at < $1";
        transaction
            .execute(Query::new(forget, [now.plus(-REMEMBERED_FOR).into()]))
            .await?;
        let hide = "update idempotency_keys set sealed = null where sealed is not null and created_at < $1";
        transaction
            .execute(Query::new(hide, [now.plus(-SHOWN_AGAIN_FOR).into()]))
            .await?;
        transaction.commit().await
    }

    async fn remembered(&self, key: &str) -> Result<Option<Remembered>, StoreError> {
        let sql = "select request_hash, app_id, version, sealed, created_at from idempotency_keys where key = $1";
        let rows = self.database().rows(Query::new(sql, [key.into()])).await?;
        let Some(row) = rows.into_iter().next() else {
            return Ok(None);
        };
        let mut row = RowReader::new("idempotency_keys", row);
        Ok(Some(Remembered {
            request_hash: row.text()?,
            about: row.text()?,
            version: row.int()?,
            sealed: row.optional_text()?,
            created_at: row.time()?,
        }))
    }
}
