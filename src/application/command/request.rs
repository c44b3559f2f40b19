//! A command, with everything that it is run with.

use gatebook_aggregates::text::Label;

use crate::application::caller::Caller;
use crate::application::command::invite::InviteSecrets;
use crate::application::idempotency_key::IdempotencyKey;
use crate::log::SideEffects;
use crate::log::append::{Credential, CredentialGuard};
use crate::secrets::{SecretString, VerificationCode};

/// What was drawn or worked out for a command and stands in none of its events, because the log holds no secrets. It
/// becomes an e-mail, a stored digest or a part of the answer (see `consequences`).
#[derive(Clone, Copy, Default)]
pub(in crate::application) enum Drawn<'a> {
    /// Nothing.
    #[default]
    Nothing,
    /// R13: the invitation link and the OTP of a developer.
    Invitation(&'a InviteSecrets),
    /// R19: the code that verifies an address.
    VerificationCode(&'a VerificationCode),
    /// R23: a client secret.
    ClientSecret(&'a SecretString),
    /// R19: what a new developer entered. The password is hashed only when the code is right.
    SignUp {
        full_name: &'a Label,
        password_hash: Option<&'a str>,
    },
    /// A token, a session, a password or a gateway's credentials, ready to be stored.
    Credential(&'a Credential),
    /// A link that is mailed, with its whole address.
    Link {
        credential: &'a Credential,
        address: &'a str,
    },
}

/// A command, and what it is run with.
pub(in crate::application) struct CommandRequest<'a, C> {
    /// Who asks, and from where.
    pub(super) caller: &'a Caller,
    /// What is asked.
    pub(super) command: C,
    /// What was drawn for it.
    pub(super) drawn: Drawn<'a>,
    /// Credentials that it is based on, and that must not have been replaced or removed by the time it commits.
    pub(super) guards: Vec<CredentialGuard>,
    /// The `Idempotency-Key` under which a repeat is answered like the first request.
    pub(super) key: Option<&'a IdempotencyKey>,
    /// What the answer shows once, encrypted for such a repeat.
    pub(super) answer: Option<String>,
}

impl<'a, C> CommandRequest<'a, C> {
    /// A command of this caller, with nothing else.
    pub(in crate::application) fn new(caller: &'a Caller, command: C) -> Self {
        Self {
            caller,
            command,
            drawn: Drawn::Nothing,
            guards: Vec::new(),
            key: None,
            answer: None,
        }
    }

    /// What was drawn for it.
    pub(in crate::application) fn drawn(&self) -> Drawn<'a> {
        self.drawn
    }

    /// The `Idempotency-Key`.
    pub(in crate::application) fn key(&self) -> Option<&'a IdempotencyKey> {
        self.key
    }

    /// With what was drawn for it.
    pub(in crate::application) fn with(mut self, drawn: Drawn<'a>) -> Self {
        self.drawn = drawn;
        self
    }

    /// Only while these credentials are what they were found to be.
    pub(in crate::application) fn guarded_by(mut self, guards: Vec<CredentialGuard>) -> Self {
        self.guards = guards;
        self
    }

    /// Once for this key.
    pub(in crate::application) fn once(mut self, key: Option<&'a IdempotencyKey>) -> Self {
        self.key = key;
        self
    }

    /// The same for another command.
    pub(super) fn of<D>(&self, command: D) -> CommandRequest<'a, D> {
        CommandRequest {
            caller: self.caller,
            command,
            drawn: self.drawn,
            guards: self.guards.clone(),
            key: self.key,
            answer: self.answer.clone(),
        }
    }

    /// The consequences of its events, with what the request itself brings along.
    pub(super) fn with_guards_and_answer(&self, effects: SideEffects) -> SideEffects {
        SideEffects {
            credential_guards: self.guards.clone(),
            sealed: self.answer.clone(),
            ..effects
        }
    }

    /// With an encrypted answer for repeats of the key.
    pub(in crate::application) fn answered_with(mut self, answer: Option<String>) -> Self {
        self.answer = answer;
        self
    }
}
