//! Facts by name, from memory or from an answer, and what is put together of them.

use std::sync::Arc;

use gatebook_aggregates::identifiers::{AccessTokenId, AppId};
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::token_gate::{GateFacts, GateGroup, TokenGateRow};

use super::names::Name;
use crate::application::stored_credential::StoredCredential;
use crate::store::StoreError;

/// What a name stands for. Facts hold each other's ids and never each other, so that each can be dropped by itself.
#[derive(Clone)]
pub(super) enum Fact {
    /// With its group's name, ready to be looked up.
    App(Arc<TokenGateRow>, Arc<Name>),
    Group(Arc<GateGroup>),
    /// Which application revoked the token, if one did.
    Token {
        revoked_by: Option<AppId>,
    },
    Client(AppId),
    ResourceServer(Arc<StoredCredential>),
}

/// Facts that were committed at one moment.
pub(super) trait Facts {
    /// What the name stands for. `None` in an answer: there is nothing. `None` in memory: ask.
    ///
    /// # Errors
    /// When it cannot be read.
    fn get(&self, name: &Name) -> Result<Option<Fact>, StoreError>;

    /// Whether the name stands for anything.
    fn has(&self, name: &Name) -> bool;

    /// The moment before which all tokens that were issued have ended, if there is one.
    fn tokens_ended_before(&self) -> Option<Timestamp>;

    /// Whether the log holds something of the application, its group or the installation that cannot be read.
    fn is_unreadable(&self, app_id: &AppId) -> bool;
}

/// Something that the gate asks for, made of the facts under several names.
pub(super) trait Wanted {
    type Made: Send;

    /// Whether it can be expected that `make` finds all of it. May be wrong in both directions.
    fn seems_held(&self, facts: &impl Facts) -> bool;

    /// What to ask for when memory does not have all of it.
    fn names(&self) -> Vec<Name>;

    /// Puts it together.
    ///
    /// # Errors
    /// When a fact cannot be read.
    fn make(&self, facts: &impl Facts) -> Result<Option<Self::Made>, StoreError>;
}

/// An application, and whether it revoked this token.
pub(super) struct OfToken {
    pub(super) app_id: AppId,
    pub(super) token_id: AccessTokenId,
}

/// The application with this client id.
pub(super) struct OfClient(pub(super) String);

/// The credentials of the resource server with this client id.
pub(super) struct ResourceServer(pub(super) String);

impl Wanted for OfToken {
    type Made = GateFacts;

    fn seems_held(&self, facts: &impl Facts) -> bool {
        facts.has(&Name::Token(self.token_id)) && facts.has(&Name::App(self.app_id))
    }

    fn names(&self) -> Vec<Name> {
        vec![Name::App(self.app_id), Name::Token(self.token_id)]
    }

    fn make(&self, facts: &impl Facts) -> Result<Option<GateFacts>, StoreError> {
        let Some(Fact::Token { revoked_by }) = facts.get(&Name::Token(self.token_id))? else {
            return Ok(None);
        };
        of_app(facts, self.app_id, revoked_by == Some(self.app_id))
    }
}

impl Wanted for OfClient {
    type Made = GateFacts;

    fn seems_held(&self, facts: &impl Facts) -> bool {
        facts.has(&Name::Client(self.0.clone()))
    }

    fn names(&self) -> Vec<Name> {
        vec![Name::Client(self.0.clone())]
    }

    fn make(&self, facts: &impl Facts) -> Result<Option<GateFacts>, StoreError> {
        match facts.get(&Name::Client(self.0.clone()))? {
            Some(Fact::Client(app_id)) => of_app(facts, app_id, false),
            _ => Ok(None),
        }
    }
}

impl Wanted for ResourceServer {
    type Made = Arc<StoredCredential>;

    fn seems_held(&self, facts: &impl Facts) -> bool {
        facts.has(&Name::ResourceServer(self.0.clone()))
    }

    fn names(&self) -> Vec<Name> {
        vec![Name::ResourceServer(self.0.clone())]
    }

    fn make(&self, facts: &impl Facts) -> Result<Option<Arc<StoredCredential>>, StoreError> {
        match facts.get(&Name::ResourceServer(self.0.clone()))? {
            Some(Fact::ResourceServer(credential)) => Ok(Some(credential)),
            _ => Ok(None),
        }
    }
}

fn of_app(facts: &impl Facts, app_id: AppId, is_token_revoked: bool) -> Result<Option<GateFacts>, StoreError> {
    let Some(Fact::App(app, group)) = facts.get(&Name::App(app_id))? else {
        return Ok(None);
    };
    let Some(Fact::Group(group)) = facts.get(&group)? else {
        return Ok(None);
    };
    Ok(Some(GateFacts {
        app,
        group,
        tokens_ended_before: facts.tokens_ended_before(),
        is_unreadable: facts.is_unreadable(&app_id),
        is_token_revoked,
    }))
}
