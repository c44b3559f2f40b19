//! The page of a group: name and plan, entities, users.

mod description;
pub mod entities;
mod stopping;
pub mod users;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::identifiers::GroupId;
use gatebook_aggregates::refusal::Refusal;
use gatebook_projections::groups::GroupRow;
use maud::{Markup, html};

use crate::application::{Failure, or_gone};
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::components::head;
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::current_user::{OperatorUser, SignedIn};
use crate::web::pages::form::{Form, PageQuery, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_token::token;
use crate::web::pages::layout::{Shell, page};
use crate::web::pages::operator::groups::group_path;
use crate::web::pages::operator::labels;
use crate::web::pages::operator::labels::WORDS;
use crate::web::service::Service;

/// The fields of all forms on the page. Their names are unique.
const FIELDS: &[&str] = &[
    "name",
    "product_plan",
    "entity_id",
    "entity_name",
    "user_id",
    "email",
    "user_name",
    "role",
];

/// `GET /operator/groups/{id}`
pub async fn show(
    State(service): State<Service>,
    SignedIn(operator): SignedIn<OperatorUser>,
    PathOf(id): PathOf<GroupId>,
    PageQuery(query): PageQuery,
) -> Result<Response, Problem> {
    Ok(group_page(&service, &operator, &id, &query, Errors::default()).await?)
}

/// `POST /operator/groups/{id}`: one of the page's forms, which the field `do` names.
pub async fn change(
    State(service): State<Service>,
    PathOf(id): PathOf<GroupId>,
    SubmittedForm { user: operator, form }: SubmittedForm<OperatorUser>,
) -> Result<Response, Problem> {
    if form.is_to_be_shown_again() {
        return Ok(group_page(&service, &operator, &id, &form, Errors::default()).await?);
    }
    match changed(&service, &operator, &id, &form).await {
        Ok(answer) => Ok(answer),
        Err(failure) => Ok(group_page(&service, &operator, &id, &form, failure.into()).await?),
    }
}

async fn changed(service: &Service, operator: &OperatorUser, id: &GroupId, form: &Form) -> Result<Response, Failure> {
    match form.text("do") {
        "describe" => description::describe(service, operator, id, form).await,
        "put-entity" => entities::put(service, operator, id, form).await,
        "put-user" => users::put(service, operator, id, form).await,
        "password-link" => users::send_password_link(service, operator, id, form).await,
        _ => Err(Refusal::NotFound.into()),
    }
}

/// Redirects to the group's page, which says what was done.
fn back(id: &GroupId, done: &str) -> Response {
    Redirect::to(&format!("{}?{done}", group_path(id))).into_response()
}

/// The response to a removal. A second click finds nothing to remove, which counts as success.
fn removed(id: &GroupId, outcome: Result<(), Failure>) -> Result<Response, Problem> {
    or_gone(outcome)?;
    Ok(back(id, "removed"))
}

async fn group_page(
    service: &Service,
    operator: &OperatorUser,
    id: &GroupId,
    form: &Form,
    errors: Errors,
) -> Result<Response, Failure> {
    let group = service.group(id).await?.ok_or(Refusal::NotFound)?;
    let errors = errors.worded(WORDS);
    // Entered values stay in the form that they were entered in.
    let entered = |of: &str| {
        if form.text("do") == of {
            form.clone()
        } else {
            Form::default()
        }
    };
    let body = html! {
        nav.crumbs aria-label="Breadcrumb" { ol { li { a href="/operator/groups" { "Groups" } } } }
        (head::title(&html! { bdi { (group.customer.name.as_str()) } }))
        @if form.has("saved") { (labels::done("Saved, with immediate effect.")) }
        @if form.has("removed") { (labels::done("Removed, with immediate effect.")) }
        @if form.has("link-sent") { (labels::done("The password link is on its way.")) }
        @if description::is_out_of_date(&group, form) { (description::both_versions(&group, form)) }
        @else { (errors.summary(FIELDS)) }
        (description::form(operator, &group, &entered("describe"), &errors))
        h2 { "Entities" }
        (entities::table(&group))
        (entities::form(operator, &group, &entered("put-entity"), &errors))
        h2 { "Users" }
        (users::table(operator, &group))
        (users::form(operator, &group, &entered("put-user"), &errors))
    };
    Ok((
        errors.status(),
        page(&Shell::from(operator).below("/operator/groups"), "Group", &body),
    )
        .into_response())
}

/// A form of this page; `what` is the value of its field `do`.
fn form_for(operator: &OperatorUser, group: &GroupRow, what: &str, fields: &Markup) -> Markup {
    html! {
        form.fields.narrow method="post" action=(group_path(&group.group_id)) novalidate {
            (token(&operator.session.form_token))
            input type="hidden" name="do" value=(what);
            (fields)
        }
    }
}

/// A page that asks for confirmation before something stops.
fn question(operator: &OperatorUser, group: &GroupRow, query: &ConfirmForm<'_>) -> Response {
    let (here, name) = (group_path(&group.group_id), group.customer.name.as_str());
    let body = html! {
        nav.crumbs aria-label="Breadcrumb" {
            ol { li { a href="/operator/groups" { "Groups" } } li { a href=(here) { bdi { (name) } } } }
        }
        (head::title(&html! { (query.title) }))
        (query.rehearsal)
        (notice::note(Kind::Bad, &html! { (query.message) }))
        form method="post" action=(query.action) {
            (token(&operator.session.form_token))
            (query.fields)
            div.actions {
                button.button.danger.solid type="submit" { (query.yes) }
                " " a.button href=(here) { "Cancel" }
            }
        }
    };
    page(&Shell::from(operator).below("/operator/groups"), "Are you sure?", &body).into_response()
}

struct ConfirmForm<'a> {
    title: Markup,
    /// What it would have stopped.
    rehearsal: Markup,
    /// What will stop.
    message: Markup,
    action: &'a str,
    fields: Markup,
    /// The label of the confirming button.
    yes: &'a str,
}
