//! The page that asks for confirmation and a reason before an application is suspended, resumed or revoked (R27).

use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::Status;
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::text::Reason;
use maud::{Markup, html};

use crate::application::{AppChange, AppView, ExpectedVersion, Failure, Section, SectionVersions, StatusChange};
use crate::web::error::Problem;
use crate::web::pages::components::head;
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::components::status;
use crate::web::pages::console::applications::labels::WORDS;
use crate::web::pages::console::applications::shared::{app_path, done_path, page_of_app, submit};
use crate::web::pages::console::applications::shown_version;
use crate::web::pages::current_user::ConsoleUser;
use crate::web::pages::form::{Form, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_key;
use crate::web::pages::form_token::token;
use crate::web::pages::inputs::Field;
use crate::web::pages::rehearsal;
use crate::web::service::Service;

/// A request for confirmation.
pub struct ConfirmPage {
    /// The last part of the path.
    pub page: &'static str,
    pub title: &'static str,
    /// The label of the confirming button.
    pub yes: &'static str,
    /// The button's CSS class.
    pub class: &'static str,
    pub change: StatusChange,
    /// The word in the address of the next page that selects its message.
    pub done: &'static str,
    /// Describes what will happen.
    pub message: fn(&AppView) -> Markup,
}

impl ConfirmPage {
    pub async fn ask(&self, service: &Service, user: &ConsoleUser, id: AppId) -> Result<Markup, Problem> {
        let (view, section_versions) = changeable(service, user, id).await?;
        let rehearsal = self.rehearsal(service, user, id).await;
        let shown = (&view, &section_versions, &rehearsal);
        Ok(self.page(user, shown, &Form::default(), &Errors::default()))
    }

    /// Carries out the confirmed action once, with the entered reason. An application is not resumed if its status has
    /// changed since the page was shown.
    pub async fn answer(
        &self,
        service: &Service,
        submitted: SubmittedForm<ConsoleUser>,
        id: AppId,
    ) -> Result<Response, Problem> {
        let SubmittedForm { user, form } = submitted;
        if form.is_to_be_shown_again() {
            let (view, section_versions) = changeable(service, &user, id).await?;
            let rehearsal = self.rehearsal(service, &user, id).await;
            let page = self.page(&user, (&view, &section_versions, &rehearsal), &form, &Errors::default());
            return Ok(page.into_response());
        }
        let (caller, key) = (
            user.caller(),
            form_key::key(user.caller(), &app_path(id, self.page), &form),
        );
        let done = match Reason::parse(&form.lines("reason")) {
            Ok(reason) => {
                service
                    .change_status(caller, id, self.expected(&form), key.as_ref(), self.change, reason)
                    .await
            }
            Err(problem) => Err(problem.into()),
        };
        match done {
            Ok((view, _)) => Ok(Redirect::to(&done_path(&view, "", self.done)).into_response()),
            Err(failure) => {
                let (errors, form) = shown_version::refused(failure, form);
                let errors = errors.worded(WORDS);
                let (view, section_versions) = changeable(service, &user, id).await?;
                let rehearsal = self.rehearsal(service, &user, id).await;
                let page = self.page(&user, (&view, &section_versions, &rehearsal), &form, &errors);
                Ok((errors.status(), page).into_response())
            }
        }
    }

    /// R27: stopping does not depend on the status that was shown, so that nobody else's change can get in its way.
    fn expected(&self, form: &Form) -> ExpectedVersion {
        match self.change {
            StatusChange::Suspend | StatusChange::Revoke => ExpectedVersion::Nothing,
            StatusChange::Resume => shown_version::expected(form, Section::Status),
        }
    }

    /// What it would have stopped; nothing of what stops nothing.
    async fn rehearsal(&self, service: &Service, user: &ConsoleUser, id: AppId) -> Markup {
        let change = match self.change {
            StatusChange::Suspend => AppChange::Suspend,
            StatusChange::Revoke => AppChange::Revoke,
            StatusChange::Resume => return html! {},
        };
        rehearsal::of_app(service, user.caller(), id, change).await
    }

    fn page(
        &self,
        user: &ConsoleUser,
        (view, section_versions, rehearsal): (&AppView, &SectionVersions, &Markup),
        form: &Form,
        errors: &Errors,
    ) -> Markup {
        let app = view.app();
        if app.status == Status::Revoked {
            let body = html! {
                (head::title(&html! { (self.title) " " bdi { (app.name.as_str()) } "?" }))
                (notice::note(Kind::Info, &html! { p { (Refusal::AppRevoked.to_string()) } }))
                div.actions { a.button.primary href=(app_path(app.app_id, "")) { "Go to the application" } }
            };
            return page_of_app(user, view, self.title, &body);
        }
        let act = html! {
            p { "Current status: " (status::of_app(app.status)) }
            ((self.message)(view))
            form.question method="post" action=(app_path(app.app_id, self.page)) novalidate {
                (token(&user.session.form_token))
                (form_key::field(form))
                @if self.change == StatusChange::Resume { (shown_version::field(section_versions, Section::Status)) }
                (Field {
                    name: "reason", label: "Reason", hint: "For the activity log. Up to 500 characters.",
                    value: form.text("reason"), required: false, ..Field::default()
                }.textarea(errors))
                (submit(self.yes, self.class, &app_path(app.app_id, "")))
            }
        };
        let body = html! {
            (head::title(&html! { (self.title) " " bdi { (app.name.as_str()) } "?" }))
            (errors.summary(&["reason"]))
            (rehearsal::beside(rehearsal, &format!("{} it", self.title), &act))
        };
        page_of_app(user, view, self.title, &body)
    }
}

/// The application, for a user who may change it. The application layer decides which changes are possible.
async fn changeable(service: &Service, user: &ConsoleUser, id: AppId) -> Result<(AppView, SectionVersions), Failure> {
    let seen = service.app_and_section_versions(user.caller().reader()?, id).await?;
    user.caller().manager()?;
    Ok(seen)
}
