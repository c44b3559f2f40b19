//! Changes of an application's developer: register, resend the invite, reset the OTP. Revoking it is in `revoke_access`.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::identifiers::AppId;

use crate::application::{AppView, ExpectedVersion, Failure, IdempotencyKey, Section};
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::console::applications::developer::{PageState, developer_page};
use crate::web::pages::console::applications::labels::WORDS;
use crate::web::pages::console::applications::otp::Confirmation;
use crate::web::pages::console::applications::shared::{app_path, done_path};
use crate::web::pages::console::applications::{otp, shown_version};
use crate::web::pages::current_user::ConsoleUser;
use crate::web::pages::form::{Form, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_key;
use crate::web::service::Service;

/// `POST /integration-applications/{id}/developer`
pub async fn register(
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    submitted: SubmittedForm<ConsoleUser>,
) -> Result<Response, Problem> {
    let query = Request::of(&service, id, "/developer", submitted).await?;
    if query.form.is_to_be_shown_again() {
        return query.again(&service, None).await;
    }
    let email = match EmailAddress::parse("email", query.form.text("email")) {
        Ok(email) => email,
        Err(problem) => return query.again(&service, Some(problem.into())).await,
    };
    let key = query.key.as_ref();
    let done = service
        .register_developer(query.user.caller(), id, None, key, email)
        .await;
    match done {
        Ok((view, verification)) => {
            let confirmation =
                Confirmation::linked(&view, "Developer registered", "The developer has been registered.");
            let shown = verification.as_ref();
            Ok(otp::shown(&query.user, &view, &confirmation, shown, service.clock.now()).into_response())
        }
        Err(failure) => query.again(&service, Some(failure)).await,
    }
}

/// `POST /integration-applications/{id}/developer/resend-invite`
pub async fn resend_invite(
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    submitted: SubmittedForm<ConsoleUser>,
) -> Result<Response, Problem> {
    let query = Request::of(&service, id, "/developer/resend-invite", submitted).await?;
    if query.form.is_to_be_shown_again() {
        return query.again(&service, None).await;
    }
    let (caller, key) = (query.user.caller(), query.key.as_ref());
    match service
        .resend_invite(caller, id, query.seen(Section::Invitation), key)
        .await
    {
        Ok((view, _)) => Ok(done(&view, "resent")),
        Err(failure) => query.again(&service, Some(failure)).await,
    }
}

/// `POST /integration-applications/{id}/developer/reset-otp`
pub async fn reset_otp(
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    submitted: SubmittedForm<ConsoleUser>,
) -> Result<Response, Problem> {
    let query = Request::of(&service, id, "/developer/reset-otp", submitted).await?;
    if query.form.is_to_be_shown_again() {
        return query.again(&service, None).await;
    }
    let (caller, key) = (query.user.caller(), query.key.as_ref());
    match service
        .reset_otp(caller, id, query.seen(Section::OneTimePassword), key)
        .await
    {
        Ok((view, verification)) => {
            let confirmation = Confirmation {
                title: "OTP reset",
                message: "There is a new OTP. The old one no longer works.",
                mail: "A notification",
            };
            let shown = verification.as_ref();
            Ok(otp::shown(&query.user, &view, &confirmation, shown, service.clock.now()).into_response())
        }
        Err(failure) => query.again(&service, Some(failure)).await,
    }
}

/// `POST /integration-applications/{id}/developer/invite-anew`
pub async fn invite_anew(
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    submitted: SubmittedForm<ConsoleUser>,
) -> Result<Response, Problem> {
    let query = Request::of(&service, id, "/developer/invite-anew", submitted).await?;
    if query.form.is_to_be_shown_again() {
        return query.again(&service, None).await;
    }
    let (caller, key) = (query.user.caller(), query.key.as_ref());
    match service
        .invite_anew(caller, id, query.seen(Section::OneTimePassword), key)
        .await
    {
        Ok((view, verification)) => {
            let confirmation = Confirmation {
                title: "New invite and OTP",
                message: "There is a new invite, and a new OTP. The old ones no longer work.",
                mail: "The invite to the Developer Portal",
            };
            let shown = verification.as_ref();
            Ok(otp::shown(&query.user, &view, &confirmation, shown, service.clock.now()).into_response())
        }
        Err(failure) => query.again(&service, Some(failure)).await,
    }
}

fn done(view: &AppView, word: &str) -> Response {
    Redirect::to(&done_path(view, "/developer", word)).into_response()
}

/// A submitted action on the developer of an application.
struct Request {
    user: ConsoleUser,
    id: AppId,
    form: Form,
    key: Option<IdempotencyKey>,
}

impl Request {
    async fn of(
        service: &Service,
        id: AppId,
        page: &str,
        submitted: SubmittedForm<ConsoleUser>,
    ) -> Result<Self, Failure> {
        let SubmittedForm { user, form } = submitted;
        service.app(user.caller().reader()?, id).await?;
        user.caller().manager()?;
        let key = form_key::key(user.caller(), &app_path(id, page), &form);
        Ok(Self { user, id, form, key })
    }

    /// The version that the page showed, so that an action never hits a developer whom the user has not seen.
    fn seen(&self, section: Section) -> ExpectedVersion {
        shown_version::expected(&self.form, section)
    }

    /// The same page again, with the current data and the error.
    async fn again(self, service: &Service, failure: Option<Failure>) -> Result<Response, Problem> {
        let (view, section_versions) = service
            .app_and_section_versions(self.user.caller().reader()?, self.id)
            .await?;
        let (errors, form) = match failure {
            None => (Errors::default(), self.form),
            Some(failure) => shown_version::refused(failure, self.form),
        };
        let errors = errors.worded(WORDS);
        let problem = service.mail_problem(&view).await?;
        let situation = PageState {
            now: service.clock.now(),
            section_versions: &section_versions,
            query: &Form::default(),
            form: &form,
            errors: &errors,
            mail_problem: problem.as_ref(),
        };
        Ok((errors.status(), developer_page(&self.user, &view, &situation)).into_response())
    }
}
