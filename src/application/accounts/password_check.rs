//! That a password is right, as something to build on: it holds only as long as the password is not replaced.

use crate::secrets::{Password, PasswordProblem};
use gatebook_aggregates::refusal::FieldProblem;
use gatebook_aggregates::refused_attempts::LogInRefusedBecause;

use crate::application::accounts::credentials::throttle_keys;
use crate::application::caller::Caller;
use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::node::refused::Refused;
use crate::log::append::CredentialGuard;
use crate::secrets::CredentialKind;

impl Gatebook {
    /// What proves that this is the password of an account; none when it is not. Takes as long for nobody as for
    /// somebody.
    pub(in crate::application) async fn password_proof(
        &self,
        kind: CredentialKind,
        account: Option<&str>,
        password: &str,
    ) -> Result<Option<CredentialGuard>, Failure> {
        let stored = match account {
            Some(id) => self.stored(kind, id).await?,
            None => None,
        };
        let hash = stored.as_ref().map(|stored| stored.digest.as_str());
        let right = self.passwords.verify(password, hash).await?;
        Ok(stored.filter(|_| right).map(|stored| stored.guard(kind)))
    }

    /// Proves that a group user who is signed in knows their password: for what a borrowed session is not enough for. A
    /// wrong one counts like one at sign-in.
    ///
    /// # Errors
    /// `password_wrong` for the field `password`; `TooManyRequests` after too many tries.
    pub(in crate::application) async fn prove_own_password(
        &self,
        caller: &Caller,
        typed: &str,
    ) -> Result<CredentialGuard, Failure> {
        let member = caller.member()?;
        if typed.is_empty() {
            return Err(FieldProblem::new("password", "required", "Enter your password.").into());
        }
        let (group_id, user_id) = (member.group_id(), member.user_id());
        let keys = throttle_keys(caller, Some(("user_password", member.user().email.key())));
        let guess = self.guess(&keys).await.inspect_err(|_| {
            let because = LogInRefusedBecause::TooManyTries;
            self.note_refused(caller, Refused::user(group_id.clone(), user_id.clone(), because));
        })?;
        let kind = CredentialKind::UserPassword;
        let stored = self.stored(kind, &caller.session_owner()?).await?;
        let hash = stored.as_ref().map(|stored| stored.digest.clone());
        let right = self.judge_password(guess, typed, vec![hash]).await?;
        let proof = stored
            .filter(|_| right.contains(&true))
            .map(|stored| stored.guard(kind));
        if proof.is_none() {
            self.note_wrong_password(caller, vec![(group_id.clone(), user_id.clone())]);
        }
        proof.ok_or_else(|| FieldProblem::new("password", "password_wrong", "This is not your password.").into())
    }
}

/// R19: a password that will do.
pub(in crate::application) fn chosen_password(typed: &str) -> Result<Password, FieldProblem> {
    Password::parse(filled_in("password", typed, "Choose a password.")?).map_err(password_problem)
}

/// What is wrong with a password, next to its field.
pub(in crate::application) fn password_problem(problem: PasswordProblem) -> FieldProblem {
    let code = match problem {
        PasswordProblem::TooShort => "password_too_short",
        PasswordProblem::TooLong => "password_too_long",
        PasswordProblem::TooCommon => "password_too_common",
        PasswordProblem::ControlCharacter => "invalid_password",
    };
    FieldProblem::new("password", code, problem.to_string())
}

/// What was typed into a required field.
pub(in crate::application) fn filled_in<'a>(
    field: &str,
    typed: &'a str,
    what_to_do: &str,
) -> Result<&'a str, FieldProblem> {
    match typed.trim() {
        "" => Err(FieldProblem::new(field, "required", what_to_do)),
        _ => Ok(typed),
    }
}
