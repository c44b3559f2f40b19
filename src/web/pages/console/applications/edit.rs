//! Edit: description, category, end date and entities, with immediate effect. Fixed fields are greyed out.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::catalog::integrate_type;
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::{Changes, Status};
use gatebook_aggregates::refusal::Refusal;
use gatebook_projections::app_list::AppRow;
use maud::{Markup, html};

use crate::application::{AppView, Failure, Section, SectionVersions};
use crate::web::api::admin::EditApplication;
use crate::web::api::json::Patch;
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::components::head::{PageHead, form_part};
use crate::web::pages::console::applications::changed_meanwhile::{both_versions, same};
use crate::web::pages::console::applications::entity_picker::entities;
use crate::web::pages::console::applications::inputs::fixed;
use crate::web::pages::console::applications::labels::WORDS;
use crate::web::pages::console::applications::shared::{app_path, done_path, page_of_app, submit};
use crate::web::pages::console::applications::shown_version::SEEN;
use crate::web::pages::console::applications::{creating, labels, save_with_fewer, shown_version};
use crate::web::pages::current_user::{ConsoleUser, SignedIn};
use crate::web::pages::end_date::{self, ENDS_AT};
use crate::web::pages::form::{Form, PageQuery, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_token::token;
use crate::web::pages::inputs::Field;
use crate::web::service::Service;

const FIELDS: [&str; 4] = ["description", "category", "ends_at", "entities"];

/// `GET /integration-applications/{id}/edit`
pub async fn show(
    State(service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PathOf(id): PathOf<AppId>,
    PageQuery(query): PageQuery,
) -> Result<Markup, Problem> {
    let (view, section_versions) = service.app_and_section_versions(user.caller().reader()?, id).await?;
    require_editable(&user, &view)?;
    let stored = as_stored(&view, &section_versions);
    if query.text("narrow") != "unused" {
        return Ok(form_page(&user, &view, &stored, &Errors::default()));
    }
    let unused = service.unused_grants(user.caller().reader()?, id).await?;
    let form = save_with_fewer::narrowed(&view, stored, &unused);
    Ok(edit_page(
        &user,
        &view,
        &form,
        &Errors::default(),
        &save_with_fewer::notice(),
    ))
}

/// `POST /integration-applications/{id}/edit`
pub async fn save(
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    submitted: SubmittedForm<ConsoleUser>,
) -> Result<Response, Problem> {
    let SubmittedForm { user, form } = submitted;
    let (view, section_versions) = service.app_and_section_versions(user.caller().reader()?, id).await?;
    require_editable(&user, &view)?;
    if form.is_to_be_shown_again() {
        return Ok(form_page(&user, &view, &form, &Errors::default()).into_response());
    }
    let changes = match changes(&view, &form) {
        Ok(changes) => changes,
        Err(problem) => return Ok(refused(&user, &view, &form, problem.into())),
    };
    // Whoever has not seen the present version is told so first.
    let is_current = form.text(SEEN) == section_versions.version(Section::Details).to_string();
    if let Some(page) = save_with_fewer::ask(&service, &user, &view, &form, &changes)
        .await
        .filter(|_| is_current)
    {
        return Ok(page.into_response());
    }
    let expected = shown_version::expected(&form, Section::Details);
    match service.edit_app(user.caller(), id, expected, None, changes).await {
        Ok((view, _)) => Ok(saved(&view)),
        Err(failure) if shown_version::is_out_of_date(&failure) => {
            let reader = user.caller().reader()?;
            let (view, section_versions) = service.app_and_section_versions(reader, id).await?;
            require_editable(&user, &view)?;
            Ok(changed_meanwhile(&user, &view, &section_versions, form))
        }
        Err(failure) => Ok(refused(&user, &view, &form, failure.into())),
    }
}

fn saved(view: &AppView) -> Response {
    Redirect::to(&done_path(view, "", "changed")).into_response()
}

/// Refuses a user who may not change the application, and one that nobody can change any more.
fn require_editable(user: &ConsoleUser, view: &AppView) -> Result<(), Failure> {
    user.caller().manager()?;
    match view.app().status {
        Status::Active | Status::Suspended => Ok(()),
        Status::Revoked => Err(Refusal::AppRevoked.into()),
    }
}

/// The form with the stored values.
fn as_stored(view: &AppView, section_versions: &SectionVersions) -> Form {
    let app = view.app();
    let texts = [
        (SEEN, section_versions.version(Section::Details).to_string()),
        ("description", app.description.as_str().to_owned()),
        ("category", app.category.as_str().to_owned()),
        (ENDS_AT, end_date::shown(app.ends_at)),
    ];
    let entities = view.entities().map(|(id, _)| ("entities", id.to_string()));
    Form::of(texts.into_iter().chain(entities))
}

/// Unchanged fields are not sent, so that they stay exactly as stored. That includes entities that the group no longer
/// has, which the form does not show.
fn changes(view: &AppView, form: &Form) -> Result<Changes, Problem> {
    let description = match same::description(view, form) {
        true => Patch::Not,
        false => Patch::As(form.lines("description")),
    };
    let category = match form.has("category") {
        true => Patch::As(form.text("category").to_owned()),
        false => Patch::Not,
    };
    let entities = match same::entities(view, form) {
        true => Patch::Not,
        false => Patch::As(form.all("entities").into_iter().map(str::to_owned).collect()),
    };
    let ends_at = match (same::end_date(view, form), end_date::entered(form)) {
        (true, _) => Patch::Not,
        (false, None) => Patch::Null,
        (false, Some(entered)) => Patch::As(entered),
    };
    EditApplication::of(description, category, entities, ends_at).read()
}

fn refused(user: &ConsoleUser, view: &AppView, form: &Form, errors: Errors) -> Response {
    let errors = errors.worded(WORDS);
    (errors.status(), form_page(user, view, form, &errors)).into_response()
}

/// Somebody else changed the application first. If they, or a first click, made the same change, it counts as saved.
fn changed_meanwhile(user: &ConsoleUser, view: &AppView, section_versions: &SectionVersions, form: Form) -> Response {
    if same::everything(view, &form) {
        return saved(view);
    }
    let status = axum::http::StatusCode::PRECONDITION_FAILED;
    let form = form.with(SEEN, section_versions.version(Section::Details).to_string());
    let both = both_versions(view, &form);
    (status, edit_page(user, view, &form, &Errors::default(), &both)).into_response()
}

fn form_page(user: &ConsoleUser, view: &AppView, form: &Form, errors: &Errors) -> Markup {
    edit_page(user, view, form, errors, &html! {})
}

fn edit_page(user: &ConsoleUser, view: &AppView, form: &Form, errors: &Errors, notice: &Markup) -> Markup {
    let app = view.app();
    let path = app_path(app.app_id, "/edit");
    let hint = "The entities whose data the application may use.";
    let body = html! {
        (PageHead {
            title: html! { "Edit " bdi { (app.name.as_str()) } },
            under: html! { p.under { "Changes take effect immediately. What is grey cannot be changed." } },
            ..PageHead::default()
        }.show())
        (notice)
        (errors.summary(&FIELDS))
        form method="post" action=(path) novalidate {
            (token(&user.session.form_token))
            input type="hidden" name=(SEEN) value=(form.text(SEEN));
            (form_part("Application", "Shown in the list of applications and in the Developer Portal.", &html! {
                (fixed("fixed-name", "Application Name", app.name.as_str()))
                (Field {
                    name: "description", label: "Application Description", value: form.text("description"),
                    hint: "Up to 2,000 characters.", ..Field::default()
                }.textarea(errors))
                (category(app, form, errors))
                (fixed("fixed-type", "Integration Type", &labels::type_of(app)))
            }))
            (form_part("Access", "What the integration may do, and who builds it.", &html! {
                @if let Some(email) = &app.developer_email {
                    (fixed("fixed-email", "Integration/Developers Email", email.as_str()))
                }
                (fixed("fixed-permission", "API Permissions", app.api_permission.title()))
            }))
            (form_part("End", "", &end_date::field(form, creating::END_HINT, errors)))
            (form_part("Entities", "", &entities(view.group(), form, hint, errors)))
            (submit("Save", "primary", &app_path(app.app_id, "")))
        }
    };
    page_of_app(user, view, "Edit", &body)
}

/// R8: fixed for a custom AIQ Integrate application.
fn category(app: &AppRow, form: &Form, errors: &Errors) -> Markup {
    let custom = app.integrate_type.as_deref().and_then(|code| integrate_type(code).ok());
    if custom.is_some_and(|entry| entry.custom) {
        return fixed("fixed-category", "Category", labels::category(app.category.as_str()));
    }
    let field = Field {
        name: "category",
        label: "Category",
        value: form.text("category"),
        ..Field::default()
    };
    field.select(&labels::categories("Choose a category"), errors)
}
