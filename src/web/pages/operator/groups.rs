//! The list of groups, and the form for a new one.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::group::{PLAN_WITH_INTEGRATION_APPS, ProductPlan};
use gatebook_aggregates::identifiers::GroupId;
use gatebook_aggregates::refusal::{FieldProblem, Refusal};
use gatebook_aggregates::text::Label;
use maud::{Markup, html};

use crate::application::{Failure, GroupPrecondition};
use crate::web::error::Problem;
use crate::web::pages::components::head;
use crate::web::pages::current_user::{OperatorUser, SignedIn};
use crate::web::pages::form::{Form, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_token::token;
use crate::web::pages::inputs::Field;
use crate::web::pages::layout::{Shell, page};
use crate::web::pages::operator::labels::WORDS;
use crate::web::service::Service;

/// The path of a group's page.
pub fn group_path(id: &GroupId) -> String {
    format!("/operator/groups/{id}")
}

/// `GET /operator/groups`
pub async fn list(
    State(service): State<Service>,
    SignedIn(operator): SignedIn<OperatorUser>,
) -> Result<Response, Problem> {
    Ok(list_page(&service, &operator, &new_form(), &Errors::default()).await?)
}

/// `POST /operator/groups`: creates a group.
pub async fn create(
    State(service): State<Service>,
    SubmittedForm { user: operator, form }: SubmittedForm<OperatorUser>,
) -> Result<Response, Problem> {
    let errors = if form.is_to_be_shown_again() {
        Errors::default()
    } else {
        match created(&service, &operator, &form).await {
            Ok(id) => return Ok(Redirect::to(&group_path(&id)).into_response()),
            Err(failure) => failure.into(),
        }
    };
    Ok(list_page(&service, &operator, &form, &errors.worded(WORDS)).await?)
}

async fn created(service: &Service, operator: &OperatorUser, form: &Form) -> Result<GroupId, Failure> {
    let id = GroupId::parse(form.text("group_id"));
    let (name, plan) = (label("name", form), ProductPlan::parse(form.text("product_plan")));
    let (id, name, plan) = all_three(id, name, plan)?;
    // No precondition, so that a second click finds the group that the first one created.
    service
        .put_group_if(operator.operator()?, &id, &GroupPrecondition::Nothing, name, plan)
        .await?;
    Ok(id)
}

pub fn label(field: &'static str, form: &Form) -> Result<Label, FieldProblem> {
    Label::parse(field, form.text(field))
}

/// All three values, or every error among them.
pub fn all_three<A, B, C>(
    a: Result<A, FieldProblem>,
    b: Result<B, FieldProblem>,
    c: Result<C, FieldProblem>,
) -> Result<(A, B, C), Failure> {
    match (a, b, c) {
        (Ok(a), Ok(b), Ok(c)) => Ok((a, b, c)),
        (a, b, c) => {
            let problems = [a.err(), b.err(), c.err()];
            Err(Refusal::Invalid(problems.into_iter().flatten().collect()).into())
        }
    }
}

fn new_form() -> Form {
    Form::of([("product_plan", PLAN_WITH_INTEGRATION_APPS.to_owned())])
}

async fn list_page(
    service: &Service,
    operator: &OperatorUser,
    form: &Form,
    errors: &Errors,
) -> Result<Response, Failure> {
    let groups = service.groups(operator.operator()?).await?;
    let body = html! {
        (head::title(&html! { "Groups" }))
        (errors.summary(&["group_id", "name", "product_plan"]))
        @if groups.is_empty() { p { "No groups yet. Create the first one below." } }
        @else {
            div.scroll tabindex="0" role="region" aria-label="Groups" {
                table.table.stacked {
                    thead { tr {
                        th scope="col" { "Group" } th scope="col" { "Id" } th scope="col" { "Product plan" }
                        th scope="col" { "Entities" } th scope="col" { "Users" }
                    } }
                    tbody {
                        @for group in &groups {
                            tr {
                                th scope="row" {
                                    a href=(group_path(&group.group_id)) { bdi { (group.customer.name.as_str()) } }
                                }
                                td data-th="Id" { code { (group.group_id) } }
                                td data-th="Product plan" { bdi { (group.customer.product_plan.as_str()) } }
                                td data-th="Entities" { (group.customer.entities.len()) }
                                td data-th="Users" { (group.customer.users.len()) }
                            }
                        }
                    }
                }
            }
        }
        h2 { "New group" }
        (new_group_form(operator, form, errors))
    };
    Ok((
        errors.status(),
        page(&Shell::from(operator).at("/operator/groups"), "Groups", &body),
    )
        .into_response())
}

fn new_group_form(operator: &OperatorUser, form: &Form, errors: &Errors) -> Markup {
    html! {
        form.fields.narrow method="post" action="/operator/groups" novalidate {
            (token(&operator.session.form_token))
            (Field {
                name: "group_id", label: "Group id", value: form.text("group_id"),
                hint: "Your own id for the group: letters, digits, dots, dashes and underscores.", ..Field::default()
            }.input(errors))
            (Field { name: "name", label: "Name", value: form.text("name"), ..Field::default() }.input(errors))
            (Field {
                name: "product_plan", label: "Product plan", value: form.text("product_plan"), ..Field::default()
            }.input(errors))
            button.button.primary type="submit" { "Create group" }
        }
    }
}
