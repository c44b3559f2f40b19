//! Suspend, resume and revoke ask first: what will happen, and why it is wanted (R27).

use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::words::Reason;
use maud::{Markup, html};

use super::parts::{self, app_path, done_path, page_of_app, submit};
use super::seen;
use super::words::WORDS;
use crate::application::{AppView, Failure, IdempotencyKey, Pin, Side, Sides};
use crate::http::error::Problem;
use crate::http::extract::App;
use crate::pages::attempt::Errors;
use crate::pages::form::{Form, Sent, token};
use crate::pages::inputs::Field;
use crate::pages::once;
use crate::pages::visitor::ConsoleUser;

/// A question about an application.
pub struct Question {
    /// The last part of the address.
    pub page: &'static str,
    /// The heading.
    pub title: &'static str,
    /// The button that says yes.
    pub yes: &'static str,
    /// How the button looks.
    pub class: &'static str,
    /// Whether it is asked about the status that was shown. R27: what stops is not; nobody can be in its way.
    pub stops: bool,
    /// What the page after it says; a word of its list.
    pub done: &'static str,
    /// What will happen.
    pub told: fn(&AppView) -> Markup,
}

impl Question {
    /// The page that asks.
    pub async fn ask(&self, app: &App, user: &ConsoleUser, id: AppId) -> Result<Markup, Problem> {
        let (view, sides) = changeable(app, user, id).await?;
        Ok(self.page(user, (&view, &sides), &Form::default(), &Errors::default()))
    }

    /// Does what was asked, for the reason that was entered, once. An application is not resumed if it was suspended, resumed
    /// or revoked since the question was asked.
    pub async fn answer(
        &self,
        app: &App,
        sent: Sent<ConsoleUser>,
        id: AppId,
        act: impl AsyncFnOnce(&ConsoleUser, Pin, Option<IdempotencyKey>, Option<Reason>) -> Result<AppView, Failure>,
    ) -> Result<Response, Problem> {
        let Sent { visitor: user, form } = sent;
        let (view, sides) = changeable(app, &user, id).await?;
        if form.is_to_be_shown_again() {
            let page = self.page(&user, (&view, &sides), &form, &Errors::default());
            return Ok(page.into_response());
        }
        let pin = match self.stops {
            true => Pin::Nothing,
            false => seen::pin(&form, Side::Status),
        };
        let key = once::key(user.caller(), &app_path(id, self.page), &form);
        let done = match Reason::parse(&form.lines("reason")) {
            Ok(reason) => act(&user, pin, key, reason).await,
            Err(problem) => Err(problem.into()),
        };
        match done {
            Ok(view) => Ok(Redirect::to(&done_path(&view, "", self.done)).into_response()),
            Err(failure) => {
                let (errors, form) = seen::refused(failure, form);
                let errors = errors.worded(WORDS);
                let (view, sides) = changeable(app, &user, id).await?;
                Ok((errors.status(), self.page(&user, (&view, &sides), &form, &errors)).into_response())
            }
        }
    }

    fn page(&self, user: &ConsoleUser, (view, sides): (&AppView, &Sides), form: &Form, errors: &Errors) -> Markup {
        let app = view.app();
        let body = html! {
            h1 { (self.title) " " bdi { (app.name.as_str()) } "?" }
            (errors.summary(&["reason"]))
            p { "It is " (parts::status(app.status)) " now." }
            ((self.told)(view))
            form method="post" action=(app_path(app.app_id, self.page)) novalidate {
                (token(&user.session.form_token))
                (once::field(form))
                @if !self.stops { (seen::field(sides, Side::Status)) }
                (Field {
                    name: "reason", label: "Reason", hint: "For the activity log. Up to 500 characters.",
                    value: form.text("reason"), required: false, ..Field::default()
                }.textarea(errors))
                (submit(self.yes, self.class, &app_path(app.app_id, "")))
            }
        };
        page_of_app(user, view, self.title, &body)
    }
}

/// The application, for somebody who may change it. Which change makes sense, the application layer decides.
async fn changeable(app: &App, user: &ConsoleUser, id: AppId) -> Result<(AppView, Sides), Failure> {
    let seen = app.app_and_sides(user.caller(), id).await?;
    app.managers_group(user.caller()).await?;
    Ok(seen)
}
