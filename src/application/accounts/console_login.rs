//! Group users sign in to the console.

use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::identifiers::{GroupId, UserId};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::refused_attempts::{LogInRefusedBecause, LoginChannel};
use gatebook_aggregates::session::SESSION_VALID_FOR;
use gatebook_aggregates::text::Label;
use gatebook_aggregates::user_account::UserAccountCommand;
use gatebook_projections::groups;
use gatebook_projections::groups::GroupRow;

use crate::application::accounts::credentials::throttle_keys;
use crate::application::accounts::guessing::{HASHINGS_PER_SIGN_IN, at_least};
use crate::application::accounts::portal_login::Session;
use crate::application::caller::{Caller, Who};
use crate::application::command::preconditions::on_the_user;
use crate::application::command::request::{CommandRequest, Drawn};
use crate::application::command::run_account::MakeUserCommand;
use crate::application::member::owner;

use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::node::refused::Refused;
use crate::log::append::CredentialGuard;
use crate::secrets::CredentialKind;
use crate::store::StoreError;
use crate::throttle::{Guess, Spent};

/// How many accounts of one address are tried. Each costs a password hashing, and nobody works for more groups.
const ACCOUNTS_MAX: usize = 20;

/// What somebody signs in with, as it was typed.
pub struct SignInForm {
    pub email: String,
    pub password: String,
    /// The group, once somebody who is in several was asked.
    pub group_id: Option<GroupId>,
    /// The browser, for the list of sessions.
    pub device: String,
}

/// What became of signing in.
pub enum SignInOutcome {
    /// A session began.
    Session(Session),
    /// Address and password are right for several groups; one has to be chosen.
    SeveralGroups(Vec<(GroupId, Label)>),
}

/// A user with the address that was typed.
pub(in crate::application) struct UserOfAddress {
    pub(in crate::application) group_id: GroupId,
    pub(in crate::application) group_name: Label,
    pub(in crate::application) user_id: UserId,
}

impl UserOfAddress {
    fn ids(&self) -> (GroupId, UserId) {
        (self.group_id.clone(), self.user_id.clone())
    }
}

impl Gatebook {
    /// Sign in. The same answer for unknown and known addresses.
    ///
    /// # Errors
    /// `Unauthenticated` when address or password are wrong, `TooManyRequests` after too many tries.
    pub async fn sign_in(&self, caller: &Caller, form: &SignInForm) -> Result<SignInOutcome, Failure> {
        let email = EmailAddress::parse("email", &form.email).ok();
        let account = email.as_ref().map(EmailAddress::key).unwrap_or_default();
        let keys = throttle_keys(caller, Some(("user_password", account.clone())));
        let guess = self.guess(&keys).await.inspect_err(|_| {
            self.note_refused(caller, Refused::too_many_log_ins(LoginChannel::Console, account));
        })?;
        let mut users = match &email {
            Some(email) => self.users_of_address(&email.key()).await?,
            None => Vec::new(),
        };
        users.retain(|user| form.group_id.as_ref().is_none_or(|chosen| *chosen == user.group_id));
        let tried: Vec<_> = users.iter().map(UserOfAddress::ids).collect();
        let mut right = self.with_this_password(guess, users, &form.password).await?;
        match right.len() {
            0 => {
                self.note_wrong_password(caller, tried);
                Err(Failure::Unauthenticated)
            }
            1 => {
                let (user, proof) = right.remove(0);
                self.begin_user_session(caller, user, proof, form)
                    .await
                    .map(SignInOutcome::Session)
            }
            _ => {
                let groups = right.into_iter().map(|(user, _)| (user.group_id, user.group_name));
                Ok(SignInOutcome::SeveralGroups(groups.collect()))
            }
        }
    }

    /// The log of each group whose user it could have been knows of a wrong password; of an address that nobody has, that
    /// of the installation.
    pub(in crate::application) fn note_wrong_password(&self, caller: &Caller, tried: Vec<(GroupId, UserId)>) {
        if tried.is_empty() {
            let because = LogInRefusedBecause::UnknownAccount;
            self.note_refused(caller, Refused::nobody(LoginChannel::Console, because));
        }
        for (group_id, user_id) in tried {
            let because = LogInRefusedBecause::WrongPassword;
            self.note_refused(caller, Refused::user(group_id, user_id, because));
        }
    }

    /// The users with this address, as [`EmailAddress::key`] writes it, by the names of their groups. Of the groups nothing
    /// else is read, so that it takes as long whoever is in them.
    pub(in crate::application) async fn users_of_address(
        &self,
        email_key: &str,
    ) -> Result<Vec<UserOfAddress>, Failure> {
        let rows = self.database().rows(groups::with_user_email(email_key)).await?;
        let users = rows.into_iter().take(ACCOUNTS_MAX).map(|row| {
            let found = groups::FoundByEmail::read(row).map_err(StoreError::from)?;
            Ok(UserOfAddress {
                group_id: found.group_id,
                group_name: found.group_name,
                user_id: found.user_id,
            })
        });
        users.collect()
    }

    /// Those of the users whose password this is, with its proof. Takes as long for none as for a few, with or without a
    /// password.
    async fn with_this_password(
        &self,
        guess: Guess,
        users: Vec<UserOfAddress>,
        password: &str,
    ) -> Result<Vec<(UserOfAddress, CredentialGuard)>, Failure> {
        let (mut with_password, mut hashes) = (Vec::new(), Vec::new());
        for user in at_least(HASHINGS_PER_SIGN_IN, users.into_iter().map(Some).collect()) {
            let id = user.as_ref().map(|user| owner(&user.group_id, &user.user_id));
            let stored = self
                .stored(CredentialKind::UserPassword, &id.unwrap_or_default())
                .await?;
            if let (Some(user), Some(stored)) = (user, stored) {
                hashes.push(Some(stored.digest.clone()));
                with_password.push((user, stored));
            }
        }
        let right = self
            .judge_password(guess, password, at_least(HASHINGS_PER_SIGN_IN, hashes))
            .await?;
        let judged = with_password.into_iter().zip(right);
        let right = judged.filter_map(|(of_user, right)| right.then_some(of_user));
        Ok(right
            .map(|(user, stored)| (user, stored.guard(CredentialKind::UserPassword)))
            .collect())
    }

    /// Begins the session, unless the password is replaced before it has begun: then the one that was typed has to be
    /// right once more.
    async fn begin_user_session(
        &self,
        caller: &Caller,
        UserOfAddress { group_id, user_id, .. }: UserOfAddress,
        mut proof: CredentialGuard,
        SignInForm {
            email,
            password,
            device,
            ..
        }: &SignInForm,
    ) -> Result<Session, Failure> {
        let address = EmailAddress::parse("email", email).map_err(|_| Failure::Unauthenticated)?;
        let id = owner(&group_id, &user_id);
        // They may have been taken out of the group since the address was looked up.
        let member = self
            .member(&group_id, &user_id)
            .await?
            .ok_or(Failure::Unauthenticated)?;
        let caller = caller.recognised(Who::GroupUser(member));
        let spent = self.spend(&caller, &id)?;
        loop {
            let (session_id, at) = (self.new_id(), self.clock.now());
            let expires_at = at.plus(SESSION_VALID_FOR);
            let (token, credential) =
                self.new_session(CredentialKind::UserSession, session_id, id.clone(), device, expires_at);
            let command = |group: &GroupRow| {
                // Whoever has another address by now is not who signed in with this one.
                let still = group.user(&user_id).filter(|user| user.email == address);
                still.ok_or(Refusal::NotFound)?;
                Ok(UserAccountCommand::SignIn { session_id, at })
            };
            let command: MakeUserCommand<'_> = &command;
            let request = CommandRequest::new(&caller, command)
                .with(Drawn::Credential(&credential))
                .guarded_by(vec![proof]);
            match self.run_user(&group_id, &user_id, on_the_user, request).await {
                Err(failure) if failure.is_credential_replaced() => {
                    let again = self.password_proof(CredentialKind::UserPassword, Some(&id), password);
                    proof = again.await?.ok_or(Failure::Unauthenticated)?;
                }
                // Taken out of the group since the address was looked up.
                Err(failure) if failure.is_not_found() => return Err(Failure::Unauthenticated),
                result => {
                    result?;
                    spent.into_iter().for_each(Spent::keep);
                    let token = token.reveal().to_owned();
                    return Ok(Session { token, expires_at });
                }
            }
        }
    }
}
