//! R22, R23: client secrets, and who sees them.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::command::{FreshSecret, GroupFacts, Principal};
use super::{App, ClientSecretEvent, IntegrationAppEvent as Event, PreviousSecret, Status, has_ended};
use crate::identifiers::{ClientSecretId, KeyedDigest};
use crate::refusal::Refusal;
use crate::timestamp::Timestamp;

/// R23: how many client secrets can be live at a time: the current one, and the one that it replaces.
pub const MAX_LIVE_CLIENT_SECRETS: usize = 2;
/// R23: how long the older secret goes on by default after a newer one was made.
pub const SECRET_OVERLAP: TimeDelta = TimeDelta::hours(72);
/// The longest overlap that can be asked for.
pub const MAX_OVERLAP: TimeDelta = TimeDelta::days(90);
/// R28: looking again from the same address within this time is the same look, and not recorded twice.
pub const SAME_REVEAL: TimeDelta = TimeDelta::minutes(5);

/// One client secret, without the secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSecret {
    /// Its id.
    pub id: ClientSecretId,
    /// Its first characters.
    pub prefix: String,
    /// Its digest.
    pub secret_digest: KeyedDigest,
    /// When it was made.
    pub created_at: Timestamp,
    /// R23: when it ends: at its end date, or earlier when its overlap does; none without either.
    pub ends_at: Option<Timestamp>,
}

impl ClientSecret {
    /// R23: whether it still opens the token endpoint.
    pub fn is_live(&self, now: Timestamp) -> bool {
        !has_ended(self.ends_at, now)
    }
}

/// How the list of secrets changes with an event; the same for the aggregate and for the rows.
pub fn record(secrets: &mut Vec<ClientSecret>, event: ClientSecretEvent<'_>) {
    match event {
        ClientSecretEvent::Generated {
            client_secret_id,
            prefix,
            secret_digest,
            created_at,
            previous,
            ends_at,
        } => {
            if let Some(previous) = previous {
                for secret in secrets
                    .iter_mut()
                    .filter(|secret| secret.id == previous.client_secret_id)
                {
                    secret.ends_at = Some(previous.ends_at);
                }
            }
            secrets.retain(|secret| secret.is_live(created_at));
            secrets.push(ClientSecret {
                id: client_secret_id,
                prefix: prefix.to_owned(),
                secret_digest: secret_digest.clone(),
                created_at,
                ends_at,
            });
        }
        ClientSecretEvent::Retired { client_secret_id } => secrets.retain(|secret| secret.id != client_secret_id),
    }
}

/// R28: takes note of a look, and forgets those that are over.
pub(super) fn looked(audited_reads: &mut BTreeMap<String, Timestamp>, ip_address: &str, revealed_at: Timestamp) {
    audited_reads.retain(|_, last| revealed_at < last.plus(SAME_REVEAL));
    audited_reads.insert(ip_address.to_owned(), revealed_at);
}

impl App {
    /// R23: a new secret; the one before it goes on for the overlap.
    pub(super) fn generate_client_secret(
        &self,
        at: Timestamp,
        by: &Principal,
        group: &GroupFacts,
        secret: FreshSecret,
        overlap: Option<TimeDelta>,
        ends_at: Option<Timestamp>,
    ) -> Result<Vec<Event>, Refusal> {
        self.require_secret_keeper(by)?;
        group.product_plan.require_integration_apps()?;
        self.require_not_revoked()?;
        if self.status == Status::Suspended {
            return Err(Refusal::AppSuspended);
        }
        self.require_not_ended(at)?;
        self.require_end_of_secret(at, ends_at)?;
        let overlap = overlap.unwrap_or(SECRET_OVERLAP);
        if !(TimeDelta::zero()..=MAX_OVERLAP).contains(&overlap) {
            let message = format!("Choose an overlap of 0 to {} seconds.", MAX_OVERLAP.num_seconds());
            return Err(Refusal::field("overlap_seconds", "invalid_overlap_seconds", message));
        }
        let live: Vec<_> = self.client_secrets.iter().filter(|secret| secret.is_live(at)).collect();
        if live.len() >= MAX_LIVE_CLIENT_SECRETS {
            return Err(Refusal::ClientSecretLimit);
        }
        let end_of_overlap = at.plus(overlap);
        let previous = live.last().map(|older| {
            let own_end = older.ends_at.filter(|own| *own <= end_of_overlap);
            PreviousSecret {
                client_secret_id: older.id,
                ends_at: own_end.unwrap_or(end_of_overlap),
                ends_anyway: own_end.is_some(),
            }
        });
        Ok(vec![Event::ClientSecretGenerated {
            client_secret_id: secret.id,
            prefix: secret.prefix,
            secret_digest: secret.digest,
            created_at: at,
            previous,
            ends_at,
        }])
    }

    /// R23: a single secret can be retired at once; one whose overlap is over has ended already. Operators retire those of
    /// every application, as a leaked secret may be theirs to stop.
    pub(super) fn retire_client_secret(
        &self,
        at: Timestamp,
        by: &Principal,
        group: &GroupFacts,
        client_secret_id: ClientSecretId,
    ) -> Result<Vec<Event>, Refusal> {
        self.require_may_retire(by, group)?;
        group.product_plan.require_integration_apps()?;
        self.require_not_revoked()?;
        let secret = self
            .client_secrets
            .iter()
            .find(|secret| secret.id == client_secret_id)
            .ok_or(Refusal::NotFound)?;
        if !secret.is_live(at) {
            return Ok(Vec::new());
        }
        Ok(vec![Event::ClientSecretRetired { client_secret_id }])
    }

    /// R21: every live secret, ended.
    pub(super) fn retired_secrets(&self, at: Timestamp) -> impl Iterator<Item = Event> {
        let live = self.client_secrets.iter().filter(move |secret| secret.is_live(at));
        live.map(|secret| Event::ClientSecretRetired {
            client_secret_id: secret.id,
        })
    }

    /// R22, R28: the developer looks at the details; looking again from the same address within minutes is the same look.
    pub(super) fn reveal_credentials(
        &self,
        at: Timestamp,
        by: &Principal,
        ip_address: String,
    ) -> Result<Vec<Event>, Refusal> {
        let developer_id = self.require_verified_developer(by)?;
        let last = self.audited_reads.get(&ip_address);
        if last.is_some_and(|last| at < last.plus(SAME_REVEAL)) {
            return Ok(Vec::new());
        }
        Ok(vec![Event::CredentialsRevealed {
            developer_id,
            revealed_at: at,
            ip_address: ip_address.into(),
        }])
    }

    /// R2-R4, R23: those who keep the secrets; the admins of the group, who answer for what its applications do; and
    /// operators, who stop what harms.
    fn require_may_retire(&self, by: &Principal, group: &GroupFacts) -> Result<(), Refusal> {
        match by {
            Principal::GroupUser(_) => self.require_manager(by, group),
            Principal::Operator => Ok(()),
            Principal::Developer { .. } | Principal::Invitee | Principal::Integration => self.require_secret_keeper(by),
        }
    }

    /// R12, R22: developers keep the secrets of a New Integration, operators those of AIQ Integrate.
    fn require_secret_keeper(&self, by: &Principal) -> Result<(), Refusal> {
        let kept_by_developer = self.kind.has_outside_developer();
        match by {
            Principal::Developer { .. } if kept_by_developer => self.require_verified_developer(by).map(|_| ()),
            Principal::Operator if kept_by_developer => Err(Refusal::KeptByDeveloper),
            Principal::Operator => Ok(()),
            Principal::Developer { .. } | Principal::GroupUser(_) | Principal::Invitee | Principal::Integration => {
                Err(Refusal::NotFound)
            }
        }
    }
}
