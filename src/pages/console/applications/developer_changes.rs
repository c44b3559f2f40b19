//! What is done about the developer of an application: register, resend the invite, reset the OTP, revoke the access.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::identifiers::AppId;

use super::developer::{Situation, developer_page};
use super::otp::{self, Happened};
use super::parts::{app_path, done_path};
use super::seen;
use super::words::WORDS;
use crate::application::{AppView, Failure, IdempotencyKey, Pin, Side};
use crate::http::error::Problem;
use crate::http::extract::{App, PathOf};
use crate::pages::attempt::Errors;
use crate::pages::form::{Form, Sent};
use crate::pages::once;
use crate::pages::visitor::ConsoleUser;

/// `POST /integration-applications/{id}/developer`
pub async fn register(
    State(app): State<App>,
    PathOf(id): PathOf<AppId>,
    sent: Sent<ConsoleUser>,
) -> Result<Response, Problem> {
    let asked = Request::of(&app, id, "/developer", sent).await?;
    if asked.form.is_to_be_shown_again() {
        return asked.again(&app, None).await;
    }
    let email = match EmailAddress::parse("email", asked.form.text("email")) {
        Ok(email) => email,
        Err(problem) => return asked.again(&app, Some(problem.into())).await,
    };
    let key = asked.key.as_ref();
    let done = app.register_developer(asked.user.caller(), id, None, key, email).await;
    match done {
        Ok((view, verification)) => {
            let happened = Happened::linked(&view, "Developer registered", "The developer has been registered.");
            let shown = verification.as_ref();
            Ok(otp::shown(&asked.user, &view, &happened, shown, app.clock.now()).into_response())
        }
        Err(failure) => asked.again(&app, Some(failure)).await,
    }
}

/// `POST /integration-applications/{id}/developer/resend-invite`
pub async fn resend_invite(
    State(app): State<App>,
    PathOf(id): PathOf<AppId>,
    sent: Sent<ConsoleUser>,
) -> Result<Response, Problem> {
    let asked = Request::of(&app, id, "/developer/resend-invite", sent).await?;
    if asked.form.is_to_be_shown_again() {
        return asked.again(&app, None).await;
    }
    let (caller, key) = (asked.user.caller(), asked.key.as_ref());
    match app.resend_invite(caller, id, asked.seen(Side::Invitation), key).await {
        Ok((view, _)) => Ok(done(&view, "resent")),
        Err(failure) => asked.again(&app, Some(failure)).await,
    }
}

/// `POST /integration-applications/{id}/developer/reset-otp`
pub async fn reset_otp(
    State(app): State<App>,
    PathOf(id): PathOf<AppId>,
    sent: Sent<ConsoleUser>,
) -> Result<Response, Problem> {
    let asked = Request::of(&app, id, "/developer/reset-otp", sent).await?;
    if asked.form.is_to_be_shown_again() {
        return asked.again(&app, None).await;
    }
    let (caller, key) = (asked.user.caller(), asked.key.as_ref());
    match app.reset_otp(caller, id, asked.seen(Side::OneTimePassword), key).await {
        Ok((view, verification)) => {
            let happened = Happened {
                title: "OTP reset",
                told: "There is a new OTP. The old one does not work any more.",
                mail: "A notification",
            };
            let shown = verification.as_ref();
            Ok(otp::shown(&asked.user, &view, &happened, shown, app.clock.now()).into_response())
        }
        Err(failure) => asked.again(&app, Some(failure)).await,
    }
}

/// `POST /integration-applications/{id}/developer/revoke`
pub async fn revoke(
    State(app): State<App>,
    PathOf(id): PathOf<AppId>,
    sent: Sent<ConsoleUser>,
) -> Result<Response, Problem> {
    let asked = Request::of(&app, id, "/developer/revoke", sent).await?;
    if asked.form.is_to_be_shown_again() {
        return asked.again(&app, None).await;
    }
    let (caller, key) = (asked.user.caller(), asked.key.as_ref());
    let retire = asked.form.has("retire_client_secrets");
    match app
        .revoke_developer_access(caller, id, asked.seen(Side::Developer), key, retire)
        .await
    {
        Ok((view, _)) => Ok(done(&view, "revoked")),
        Err(failure) => asked.again(&app, Some(failure)).await,
    }
}

fn done(view: &AppView, word: &str) -> Response {
    Redirect::to(&done_path(view, "/developer", word)).into_response()
}

/// What was asked, by whom, about which application.
struct Request {
    user: ConsoleUser,
    id: AppId,
    form: Form,
    key: Option<IdempotencyKey>,
}

impl Request {
    async fn of(app: &App, id: AppId, page: &str, sent: Sent<ConsoleUser>) -> Result<Self, Failure> {
        let Sent { visitor: user, form } = sent;
        app.app(user.caller(), id).await?;
        app.managers_group(user.caller()).await?;
        let key = once::key(user.caller(), &app_path(id, page), &form);
        Ok(Self { user, id, form, key })
    }

    /// What was looked at: nobody is taken from an application who was not seen there.
    fn seen(&self, side: Side) -> Pin {
        seen::pin(&self.form, side)
    }

    /// The page on which it was asked, as it is now.
    async fn again(self, app: &App, failure: Option<Failure>) -> Result<Response, Problem> {
        let (view, sides) = app.app_and_sides(self.user.caller(), self.id).await?;
        let (errors, form) = match failure {
            None => (Errors::default(), self.form),
            Some(failure) => seen::refused(failure, self.form),
        };
        let errors = errors.worded(WORDS);
        let problem = app.mail_problem(&view).await?;
        let situation = Situation {
            now: app.clock.now(),
            sides: &sides,
            asked: &Form::default(),
            form: &form,
            errors: &errors,
            mail_problem: problem.as_ref(),
        };
        Ok((errors.status(), developer_page(&self.user, &view, &situation)).into_response())
    }
}
