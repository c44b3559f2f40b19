//! R18, R19: from the invitation's link to a portal account.

use crate::application::accounts::password_check::{chosen_password, filled_in, password_problem};
use gatebook_aggregates::identifiers::{AppId, DeveloperId, KeyedDigest};
use gatebook_aggregates::integration_app::{AppCommand, IntegrationApp, IntegrationAppEvent as Event, typed_code};
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::refused_attempts::MailedSecret;
use gatebook_aggregates::text::Label;
use gatebook_aggregates::timestamp::Timestamp;

use crate::application::accounts::credentials::throttle_keys;
use crate::application::caller::{Caller, Who};
use crate::application::command::request::{CommandRequest, Drawn};
use crate::application::command::section_versions::ExpectedVersion;

use crate::application::failure::Failure;
use crate::application::gatebook::Gatebook;
use crate::application::node::refused::{MailedSecretRefusedBecause, Refused};
use crate::log::CommandError;
use crate::log::append::ReservationKey;
use crate::secrets::{CredentialKind, Password, VerificationCode, lookup_id};

/// An invitation that can be accepted.
#[derive(Clone, Debug)]
pub struct OpenInvitation {
    /// R19: the address it was sent to, for checking.
    pub email: String,
    /// R18: when it ends.
    pub expires_at: Timestamp,
}

/// What somebody signs up with, as it was typed.
pub struct SignUpForm {
    pub invite_token: String,
    pub code: String,
    pub full_name: String,
    pub password: String,
}

/// The link's application and digest.
struct PresentedLink {
    app_id: AppId,
    digest: KeyedDigest,
}

impl Gatebook {
    /// R18: the invitation behind a link.
    pub async fn open_invitation(&self, caller: &Caller, invite_token: &str) -> Result<OpenInvitation, Failure> {
        let link = self.presented_link(caller, invite_token)?;
        let loaded = self.log.load::<IntegrationApp>(&link.app_id.to_string()).await?;
        let app = loaded.aggregate.created().map_err(|_| Refusal::InviteUnknown);
        let invitation = app.and_then(|app| app.invitation(self.clock.now(), &link.digest));
        if let Err(Refusal::InviteUnknown) = invitation {
            return Err(self.unknown_link(caller));
        }
        let (email, invitation) = invitation?;
        if self.developer_by_email(email).await?.is_some() {
            return Err(Refusal::DeveloperAlreadySignedUp.into());
        }
        Ok(OpenInvitation {
            email: email.as_str().to_owned(),
            expires_at: invitation.expires_at,
        })
    }

    /// R19: Send verification code. Once for the key of the request.
    pub async fn send_verification_code(&self, caller: &Caller, invite_token: &str) -> Result<(), Failure> {
        let key = caller.conditions.key.as_ref();
        self.once(key, self.send_another_code(caller, invite_token))
            .await
            .map(|_| ())
    }

    async fn send_another_code(&self, caller: &Caller, invite_token: &str) -> Result<(), Failure> {
        let key = caller.conditions.key.as_ref();
        let invitation = self.open_invitation(caller, invite_token).await?;
        let link = self.presented_link(caller, invite_token)?;
        let code = VerificationCode::random(&self.randomness);
        let code_digest = self.keyed(CredentialKind::VerificationCode, code.reveal());
        let caller = caller.with(Who::Invitee {
            id: String::new(),
            name: invitation.email.clone(),
        });
        let command = AppCommand::SendVerificationCode {
            invitation_digest: link.digest.clone(),
            code_digest,
        };
        let request = CommandRequest::new(&caller, command)
            .with(Drawn::VerificationCode(&code))
            .once(key);
        let group_id = self
            .portal_app(link.app_id)
            .await?
            .ok_or(Refusal::InviteUnknown)?
            .group_id;
        self.run_app(&group_id, link.app_id, &ExpectedVersion::Nothing, request)
            .await?;
        Ok(())
    }

    /// R19: signs up: link, code, name, password. The account, its password, its address' reservation and the
    /// application's event are written together.
    pub async fn sign_up(&self, caller: &Caller, form: &SignUpForm) -> Result<DeveloperId, Failure> {
        let (code, full_name, password) = checked(form)?;
        let invitation = self.open_invitation(caller, &form.invite_token).await?;
        let password = password.of(&invitation.email).map_err(password_problem)?;
        let link = self.presented_link(caller, &form.invite_token)?;
        let attempt = throttle_keys(caller, Some(("code", link.app_id.to_string())));
        let guess = match self.guess(&attempt).await {
            Ok(guess) => guess,
            Err(too_many) => {
                self.note_refused_code(caller, link.app_id).await?;
                return Err(too_many);
            }
        };
        let code_digest = self.keyed(CredentialKind::VerificationCode, &code);
        // Only the right code is worth the work.
        let password_hash = match self.is_right_code(&link, &code_digest).await? {
            true => Some(self.passwords.hash(&password, &self.randomness).await?),
            false => None,
        };
        let accepted = self
            .accept_invitation(caller, &link, &code_digest, &full_name, password_hash.as_deref())
            .await;
        // Whoever hangs up has had one of the code's five tries all the same.
        if let Err(Failure::CodeWrong { .. }) = &accepted {
            guess.was_wrong();
        }
        accepted
    }

    /// R28: codes that nobody looks at any more, since there were too many wrong ones, are in the application's log.
    async fn note_refused_code(&self, caller: &Caller, app_id: AppId) -> Result<(), Failure> {
        let group_id = self.portal_app(app_id).await?.ok_or(Refusal::InviteUnknown)?.group_id;
        self.note_refused(
            caller,
            Refused::MailedSecret {
                group_id,
                because: MailedSecretRefusedBecause::TooManyTries(MailedSecret::VerificationCode),
                app_id: Some(app_id),
                developer_id: None,
            },
        );
        Ok(())
    }

    async fn is_right_code(&self, link: &PresentedLink, code_digest: &KeyedDigest) -> Result<bool, Failure> {
        let loaded = self.log.load::<IntegrationApp>(&link.app_id.to_string()).await?;
        let app = loaded.aggregate.created();
        Ok(app.is_ok_and(|app| app.is_right_code(self.clock.now(), &link.digest, code_digest)))
    }

    async fn accept_invitation(
        &self,
        caller: &Caller,
        link: &PresentedLink,
        code_digest: &KeyedDigest,
        full_name: &Label,
        password_hash: Option<&str>,
    ) -> Result<DeveloperId, Failure> {
        let developer_id: DeveloperId = self.new_id();
        let who = Who::Invitee {
            id: developer_id.to_string(),
            name: full_name.as_str().to_owned(),
        };
        let caller = caller.with(who);
        let command = AppCommand::AcceptInvitation {
            invitation_digest: link.digest.clone(),
            code_digest: code_digest.clone(),
            developer_id,
        };
        let request = CommandRequest::new(&caller, command).with(Drawn::SignUp {
            full_name,
            password_hash,
        });
        let group_id = self
            .portal_app(link.app_id)
            .await?
            .ok_or(Refusal::InviteUnknown)?
            .group_id;
        let done = self
            .run_app(&group_id, link.app_id, &ExpectedVersion::Nothing, request)
            .await;
        match done {
            Ok((done, _)) => match done.events.first() {
                Some(Event::VerificationCodeMistyped { attempts_left }) => Err(Failure::CodeWrong {
                    attempts_left: *attempts_left,
                }),
                _ => Ok(developer_id),
            },
            Err(Failure::Command(CommandError::Taken(ReservationKey::DeveloperEmail(_)))) => {
                Err(Refusal::DeveloperAlreadySignedUp.into())
            }
            Err(failure) => Err(failure),
        }
    }

    /// The application that a link belongs to. Links are random, so unknown ones are only slowed down.
    fn presented_link(&self, caller: &Caller, invite_token: &str) -> Result<PresentedLink, Failure> {
        match lookup_id(CredentialKind::Invitation, invite_token) {
            Some(app_id) => Ok(PresentedLink {
                app_id,
                digest: self.keyed(CredentialKind::Invitation, invite_token),
            }),
            None => Err(self.unknown_link(caller)),
        }
    }

    fn unknown_link(&self, caller: &Caller) -> Failure {
        match self.failed_credentials(&throttle_keys(caller, None)) {
            Failure::Unauthenticated => Refusal::InviteUnknown.into(),
            failure => failure,
        }
    }
}

/// R19: everything that can be judged before anything else happens, with all problems at once.
fn checked(form: &SignUpForm) -> Result<(String, Label, Password), Failure> {
    let invite_token = filled_in(
        "invite_token",
        &form.invite_token,
        "Use the token from the link in your invitation.",
    );
    let code = filled_in("code", &form.code, "Enter the six digits from the e-mail.").and_then(typed_code);
    let full_name = Label::parse("full_name", &form.full_name);
    let password = chosen_password(&form.password);
    match (invite_token, code, full_name, password) {
        (Ok(_), Ok(code), Ok(full_name), Ok(password)) => Ok((code, full_name, password)),
        (invite_token, code, full_name, password) => {
            let problems = [invite_token.err(), code.err(), full_name.err(), password.err()];
            Err(Refusal::Invalid(problems.into_iter().flatten().collect()).into())
        }
    }
}
