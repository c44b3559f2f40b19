//! R23 over the API: a client secret is made once for an `Idempotency-Key`. R12: operators make those of AIQ Integrate.

use crate::application::command::request::Drawn;
use crate::application::command::section_versions::ExpectedVersion;
use crate::secrets;
use crate::secrets::CredentialKind;

use chrono::TimeDelta;
use gatebook_aggregates::identifiers::{AppId, ClientSecretId};
use gatebook_aggregates::integration_app::{
    AppCommand, ClientSecret, FreshSecret, IntegrationAppEvent as Event, Status,
};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::portal_apps::{PortalAppRow, PortalApps};
use gatebook_projections::projection::Projection;
use serde::Serialize;

use crate::application::authorization::{Operator, Reader, VerifiedDeveloper};
use crate::application::caller::Caller;
use crate::application::command::request::CommandRequest;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::idempotency_key::IdempotencyKey;
use crate::log::VersionCondition;

/// How long client secrets shall last.
#[derive(Clone, Copy, Debug, Default)]
pub struct SecretTerms {
    /// How many seconds the secret before it goes on; none for the default.
    pub overlap_seconds: Option<i64>,
    /// When the new one ends by itself; none for no end.
    pub ends_at: Option<Timestamp>,
}

/// How a client secret shall be made.
#[derive(Clone, Debug, Default)]
pub struct ClientSecretOrder {
    /// How long it lasts, and the one before it.
    pub terms: SecretTerms,
    /// The versions of the application that the caller insists on.
    pub if_match: VersionCondition,
    /// The key under which a repeat is answered like the first.
    pub key: Option<IdempotencyKey>,
}

/// What is answered to such an order, at once or repeated. Not for logs.
pub struct ClientSecretMade {
    /// The application's client id.
    pub client_id: String,
    /// The secret; none in an answer that is repeated too late to show it again, or after the secret's end.
    pub client_secret: Option<String>,
    /// The secret's id.
    pub client_secret_id: ClientSecretId,
    /// When the one before it ends.
    pub previous_ends_at: Option<Timestamp>,
    /// When it ends by itself.
    pub ends_at: Option<Timestamp>,
}

/// R23: a client secret that was just made. Shown once; not for logs.
#[derive(Serialize)]
pub struct IssuedClientSecret {
    /// The application's client id.
    pub client_id: String,
    /// The secret.
    pub client_secret: String,
    /// The secret's id.
    pub client_secret_id: ClientSecretId,
    /// When the one before it ends.
    pub previous_ends_at: Option<Timestamp>,
    /// When it ends by itself.
    pub ends_at: Option<Timestamp>,
}

impl Gatebook {
    /// R22, R23: makes a client secret. Also a repeat needs the proof: who has lost the application is not shown its secret again.
    pub async fn developers_client_secret(
        &self,
        developer: &VerifiedDeveloper<'_>,
        order: &ClientSecretOrder,
    ) -> Result<ClientSecretMade, Failure> {
        self.client_secret_once(developer.caller(), developer.app(), order)
            .await
    }

    /// R12: makes a client secret for an AIQ Integrate application.
    pub async fn operators_client_secret(
        &self,
        operator: Operator<'_>,
        app_id: AppId,
        order: &ClientSecretOrder,
    ) -> Result<ClientSecretMade, Failure> {
        let app = self.portal_app(app_id).await?.ok_or(Refusal::NotFound)?;
        self.client_secret_once(operator.caller, &app, order).await
    }

    /// R23: the live client secrets of any application, with their last use.
    pub async fn operators_client_secrets(
        &self,
        _: Operator<'_>,
        app_id: AppId,
    ) -> Result<Vec<(ClientSecret, Option<Timestamp>)>, Failure> {
        let app = self.portal_app(app_id).await?.ok_or(Refusal::NotFound)?;
        self.live_secrets_with_use(&app).await
    }

    /// R23: retires one of them at once. Tells whether it was this that ended it; else its overlap was over already.
    pub async fn operators_retire_client_secret(
        &self,
        operator: Operator<'_>,
        app_id: AppId,
        client_secret_id: ClientSecretId,
        if_match: VersionCondition,
    ) -> Result<bool, Failure> {
        let app = self.portal_app(app_id).await?.ok_or(Refusal::NotFound)?;
        let command = AppCommand::RetireClientSecret { client_secret_id };
        let request = CommandRequest::new(operator.caller, command);
        let (done, _) = self.run_app(&app.group_id, app_id, &if_match.into(), request).await?;
        Ok(!done.events.is_empty())
    }

    /// R3, R23: the live client secrets of an application of the group, with their last use.
    pub async fn groups_client_secrets(
        &self,
        reader: Reader<'_>,
        app_id: AppId,
    ) -> Result<Vec<(ClientSecret, Option<Timestamp>)>, Failure> {
        // R4: of another group's application there is nothing to see.
        self.app(reader, app_id).await?;
        let app = self.portal_app(app_id).await?.ok_or(Refusal::NotFound)?;
        self.live_secrets_with_use(&app).await
    }

    /// R2-R4, R23: an admin of the group retires one of them at once, whoever keeps it.
    pub async fn groups_retire_client_secret(
        &self,
        caller: &Caller,
        app_id: AppId,
        client_secret_id: ClientSecretId,
        if_match: VersionCondition,
    ) -> Result<(), Failure> {
        let command = AppCommand::RetireClientSecret { client_secret_id };
        let request = CommandRequest::new(caller, command);
        let group_id = caller.member()?.group_id();
        self.run_app(group_id, app_id, &if_match.into(), request).await?;
        Ok(())
    }

    /// R23: the live client secrets, oldest first, each with its last use.
    pub(in crate::application) async fn live_secrets_with_use(
        &self,
        app: &PortalAppRow,
    ) -> Result<Vec<(ClientSecret, Option<Timestamp>)>, Failure> {
        let mut secrets = Vec::new();
        for secret in live_secrets(app, self.clock.now()) {
            let last_used = self.last_uses.last_used(self.database(), secret.id).await?;
            secrets.push((secret.clone(), last_used));
        }
        Ok(secrets)
    }

    pub(in crate::application) async fn generate_client_secret_for(
        &self,
        caller: &Caller,
        app: &PortalAppRow,
        terms: SecretTerms,
        expected: &ExpectedVersion,
        key: Option<&IdempotencyKey>,
    ) -> Result<IssuedClientSecret, Failure> {
        let secret = secrets::client_secret(&self.randomness);
        let fresh = FreshSecret {
            id: self.new_id(),
            prefix: secrets::client_secret_prefix(&secret),
            digest: self.keyed(CredentialKind::ClientSecret, secret.reveal()),
        };
        let overlap = terms.overlap_seconds.map(overlap).transpose()?;
        let client_secret_id = fresh.id;
        let command = AppCommand::GenerateClientSecret {
            secret: fresh,
            overlap,
            ends_at: terms.ends_at,
        };
        let request = CommandRequest::new(caller, command)
            .with(Drawn::ClientSecret(&secret))
            .once(key);
        let (done, _) = self.run_app(&app.group_id, app.app_id, expected, request).await?;
        let previous_ends_at = done.events.iter().find_map(|event| match event {
            Event::ClientSecretGenerated { previous, .. } => previous.as_ref().map(|previous| previous.ends_at),
            _ => None,
        });
        Ok(IssuedClientSecret {
            client_id: done.aggregate.created()?.client_id.0.clone(),
            client_secret: secret.reveal().to_owned(),
            client_secret_id,
            previous_ends_at,
            ends_at: terms.ends_at,
        })
    }

    async fn client_secret_once(
        &self,
        caller: &Caller,
        app: &PortalAppRow,
        order: &ClientSecretOrder,
    ) -> Result<ClientSecretMade, Failure> {
        let key = order.key.as_ref();
        if let Some(first) = self.repeated_secret(key).await? {
            return Ok(first);
        }
        let expected = order.if_match.clone().into();
        let made = self.generate_client_secret_for(caller, app, order.terms, &expected, key);
        match made.await {
            Ok(issued) => Ok(issued.into()),
            // The same request may have been faster: then its effect is what stands in the way of this one.
            Err(failure) => self.repeated_secret(key).await?.ok_or(failure),
        }
    }

    /// The first answer to this key; none when it is new.
    pub(in crate::application) async fn repeated_secret(
        &self,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<ClientSecretMade>, Failure> {
        let Some(first) = self.first_answer(key).await? else {
            return Ok(None);
        };
        let app = first
            .history
            .iter()
            .fold(None, PortalApps::fold)
            .ok_or(Refusal::NotFound)?;
        let group = self.group(&app.group_id).await?.ok_or(Refusal::NotFound)?;
        group.customer.product_plan.require_integration_apps()?;
        let Some(Event::ClientSecretGenerated {
            client_secret_id,
            previous,
            ends_at,
            ..
        }) = first.history.last().map(|last| &last.event)
        else {
            return Err(Failure::internal("the key of a client secret is another event's"));
        };
        // Only what still opens something is shown again.
        let today = self.portal_app(app.app_id).await?.ok_or(Refusal::NotFound)?;
        let lives = live_secrets(&today, self.clock.now()).any(|secret| secret.id == *client_secret_id);
        let sealed = first.sealed.as_ref().filter(|_| lives);
        let client_secret = sealed.map(|sealed| self.sealer.open(&first.key, sealed)).transpose()?;
        Ok(Some(ClientSecretMade {
            client_id: app.client_id.0,
            client_secret,
            client_secret_id: *client_secret_id,
            previous_ends_at: previous.as_ref().map(|previous| previous.ends_at),
            ends_at: *ends_at,
        }))
    }
}

impl ClientSecretMade {
    /// The answer with its secret; none once that is not shown again any more.
    pub fn shown(self) -> Option<IssuedClientSecret> {
        Some(IssuedClientSecret {
            client_id: self.client_id,
            client_secret: self.client_secret?,
            client_secret_id: self.client_secret_id,
            previous_ends_at: self.previous_ends_at,
            ends_at: self.ends_at,
        })
    }
}

impl From<IssuedClientSecret> for ClientSecretMade {
    fn from(issued: IssuedClientSecret) -> Self {
        Self {
            client_id: issued.client_id,
            client_secret: Some(issued.client_secret),
            client_secret_id: issued.client_secret_id,
            previous_ends_at: issued.previous_ends_at,
            ends_at: issued.ends_at,
        }
    }
}

/// R23, R27: the client secrets that live, oldest first.
pub fn live_secrets(app: &PortalAppRow, now: Timestamp) -> impl Iterator<Item = &ClientSecret> {
    let secrets = app.client_secrets.iter();
    secrets.filter(move |secret| app.status != Status::Revoked && secret.is_live(now))
}

fn overlap(seconds: i64) -> Result<TimeDelta, Failure> {
    TimeDelta::try_seconds(seconds)
        .ok_or_else(|| Refusal::field("overlap_seconds", "invalid_overlap_seconds", "Choose fewer seconds.").into())
}
