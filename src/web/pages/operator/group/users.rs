//! The users of a group.

use axum::extract::State;
use axum::response::Response;
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::group::Role;
use gatebook_aggregates::identifiers::{GroupId, UserId};
use gatebook_aggregates::refusal::Refusal;
use gatebook_projections::groups::GroupRow;
use maud::{Markup, html};
use strum::VariantArray;

use crate::application::Failure;
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::current_user::{OperatorUser, SignedIn};
use crate::web::pages::form::{Form, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::inputs::Field;
use crate::web::pages::operator::group::{ConfirmForm, back, form_for, question, removed};
use crate::web::pages::operator::groups::{all_three, group_path, label};
use crate::web::service::Service;

/// Adds a user, or changes their data.
pub(super) async fn put(
    service: &Service,
    operator: &OperatorUser,
    id: &GroupId,
    form: &Form,
) -> Result<Response, Failure> {
    let email = EmailAddress::parse("email", form.text("email"));
    let (user_id, email, name) = all_three(UserId::parse(form.text("user_id")), email, label("user_name", form))?;
    let role = Role::parse(form.text("role"))?;
    service
        .put_user(operator.operator()?, id, user_id, email, name, role)
        .await?;
    Ok(back(id, "saved"))
}

/// Sends a user a link to choose a password.
pub(super) async fn send_password_link(
    service: &Service,
    operator: &OperatorUser,
    id: &GroupId,
    form: &Form,
) -> Result<Response, Failure> {
    let user_id = UserId::parse(form.text("user_id"))?;
    service.send_password_link(operator.caller(), id, &user_id).await?;
    Ok(back(id, "link-sent"))
}

/// `GET /operator/groups/{id}/users/{user_id}/remove`: asks first.
pub async fn ask_to_remove(
    State(service): State<Service>,
    SignedIn(operator): SignedIn<OperatorUser>,
    PathOf((id, user_id)): PathOf<(GroupId, UserId)>,
) -> Result<Response, Problem> {
    Ok(ask(&service, &operator, &id, &user_id).await?)
}

/// `POST /operator/groups/{id}/users/{user_id}/remove`
pub async fn remove(
    State(service): State<Service>,
    PathOf((id, user_id)): PathOf<(GroupId, UserId)>,
    SubmittedForm { user: operator, form }: SubmittedForm<OperatorUser>,
) -> Result<Response, Problem> {
    if form.is_to_be_shown_again() {
        return Ok(ask(&service, &operator, &id, &user_id).await?);
    }
    removed(&id, service.remove_user(operator.operator()?, &id, user_id).await)
}

async fn ask(service: &Service, operator: &OperatorUser, id: &GroupId, user_id: &UserId) -> Result<Response, Failure> {
    let group = service.group(id).await?.ok_or(Refusal::NotFound)?;
    let user = group.user(user_id).ok_or(Refusal::NotFound)?;
    let admins = group.customer.users.values().filter(|user| user.role.grants());
    let last_admin = user.role.grants() && admins.count() == 1;
    let name = user.name.as_str();
    Ok(question(
        operator,
        &group,
        &ConfirmForm {
            title: html! { "Remove " bdi { (name) } " from " bdi { (group.customer.name.as_str()) } "?" },
            rehearsal: html! {},
            message: html! {
                p { "This happens at once:" }
                ul {
                    li { bdi { (user.email.as_str()) } " is signed out everywhere and can no longer sign in;" }
                    li { "their API tokens stop working, and so do the programs that use them;" }
                    li { "their permissions are removed." }
                }
                p { "The integration applications that they created keep running." }
                @if last_admin {
                    p { strong { "This is the group’s only Practice Admin." } " Nobody can grant permissions until there is another." }
                }
            },
            action: &remove_path(id, user_id),
            fields: html! {},
            yes: "Yes, remove this user",
        },
    ))
}

fn remove_path(id: &GroupId, user_id: &UserId) -> String {
    format!("{}/users/{user_id}/remove", group_path(id))
}

pub(super) fn table(operator: &OperatorUser, group: &GroupRow) -> Markup {
    html! {
        @if group.customer.users.is_empty() { p { "No users yet." } }
        @else {
            div.scroll tabindex="0" role="region" aria-label="Users" {
                table.table.stacked {
                    thead { tr {
                        th scope="col" { "Name" } th scope="col" { "Id" } th scope="col" { "E-mail" }
                        th scope="col" { "Role" } th scope="col" { "Actions" }
                    } }
                    tbody {
                        @for (id, user) in &group.customer.users {
                            tr {
                                th scope="row" { bdi { (user.name.as_str()) } }
                                td data-th="Id" { code { (id) } }
                                td data-th="E-mail" { bdi { (user.email.as_str()) } }
                                td data-th="Role" { (user.role.title()) }
                                td { (actions(operator, group, id, user.name.as_str())) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn actions(operator: &OperatorUser, group: &GroupRow, id: &UserId, name: &str) -> Markup {
    let send = html! {
        input type="hidden" name="user_id" value=(id);
        button.button type="submit" aria-label={ "Send password link to " (name) } { "Send password link" }
    };
    html! {
        (form_for(operator, group, "password-link", &send))
        a.button href=(remove_path(&group.group_id, id)) aria-label={ "Remove " (name) } { "Remove" }
    }
}

pub(super) fn form(operator: &OperatorUser, group: &GroupRow, form: &Form, errors: &Errors) -> Markup {
    // The first one is chosen at the beginning. It is the one with the fewest rights, which nobody is given by accident.
    let roles = Role::VARIANTS.iter().rev().map(|role| (role.into(), role.title()));
    let roles: Vec<_> = roles.collect();
    let fields = html! {
        (Field { name: "user_id", label: "User id", value: form.text("user_id"), ..Field::default() }.input(errors))
        (Field { name: "email", label: "E-mail", kind: "email", value: form.text("email"), ..Field::default() }.input(errors))
        (Field { name: "user_name", label: "Name of the user", value: form.text("user_name"), ..Field::default() }.input(errors))
        (Field { name: "role", label: "Role", value: form.text("role"), ..Field::default() }.select(&roles, errors))
        button.button.primary type="submit" { "Add or change" }
    };
    html! {
        details.fold open[form.has("do")] {
            summary { "Add or change a user" }
            (form_for(operator, group, "put-user", &fields))
        }
    }
}
