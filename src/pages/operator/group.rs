//! One group: its name and plan, its entities, its users.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::group::{ProductPlan, Role};
use gatebook_aggregates::identifiers::{EntityId, GroupId, UserId};
use gatebook_aggregates::refusal::Refusal;
use gatebook_projections::groups::GroupRow;
use maud::{Markup, html};

use super::groups::{all_three, group_path, label};
use crate::application::Failure;
use crate::http::error::Problem;
use crate::http::extract::{App, PathOf};
use crate::pages::attempt::Errors;
use crate::pages::form::{Asked, Form, Sent, token};
use crate::pages::inputs::Field;
use crate::pages::layout::{Shell, page};
use crate::pages::visitor::{OperatorUser, SignedIn};

const ROLES: [(&str, &str); 2] = [("user", "User"), ("practice_admin", "Practice Admin")];

/// `GET /operator/groups/{id}`
pub async fn show(
    State(app): State<App>,
    SignedIn(operator): SignedIn<OperatorUser>,
    PathOf(id): PathOf<GroupId>,
    Asked(asked): Asked,
) -> Result<Response, Problem> {
    Ok(group_page(&app, &operator, &id, &asked, &Errors::default()).await?)
}

/// `POST /operator/groups/{id}`: one of the page's buttons, named by the field `do`.
pub async fn change(
    State(app): State<App>,
    PathOf(id): PathOf<GroupId>,
    Sent {
        visitor: operator,
        form,
    }: Sent<OperatorUser>,
) -> Result<Response, Problem> {
    let errors = if form.is_to_be_shown_again() {
        Errors::default()
    } else {
        match changed(&app, &operator, &id, &form).await {
            Ok(done) => return Ok(Redirect::to(&format!("{}?{done}", group_path(&id))).into_response()),
            Err(failure) => failure.into(),
        }
    };
    Ok(group_page(&app, &operator, &id, &form, &errors).await?)
}

async fn changed(app: &App, operator: &OperatorUser, id: &GroupId, form: &Form) -> Result<&'static str, Failure> {
    let caller = operator.caller();
    match form.text("do") {
        "describe" => {
            let plan = ProductPlan::parse(form.text("product_plan"));
            let (name, plan, ()) = all_three(label("name", form), plan, Ok(()))?;
            app.put_group(caller, id, name, plan).await?;
        }
        "put-entity" => {
            let entity_id = EntityId::parse(form.text("entity_id"));
            let (entity_id, name, ()) = all_three(entity_id, label("name", form), Ok(()))?;
            app.put_entity(caller, id, entity_id, name).await?;
        }
        "remove-entity" => {
            let entity_id = EntityId::parse(form.text("entity_id"))?;
            app.remove_entity(caller, id, entity_id).await?;
        }
        "put-user" => put_user(app, operator, id, form).await?,
        "remove-user" => {
            app.remove_user(caller, id, UserId::parse(form.text("user_id"))?)
                .await?
        }
        "password-link" => {
            let user_id = UserId::parse(form.text("user_id"))?;
            app.send_password_link(caller, id, &user_id).await?;
            return Ok("link-sent");
        }
        _ => return Err(Refusal::NotFound.into()),
    }
    Ok("saved")
}

async fn put_user(app: &App, operator: &OperatorUser, id: &GroupId, form: &Form) -> Result<(), Failure> {
    let email = EmailAddress::parse("email", form.text("email"));
    let (user_id, email, name) = all_three(UserId::parse(form.text("user_id")), email, label("name", form))?;
    let role = Role::parse(form.text("role"))?;
    app.put_user(operator.caller(), id, user_id, email, name, role).await?;
    Ok(())
}

async fn group_page(
    app: &App,
    operator: &OperatorUser,
    id: &GroupId,
    form: &Form,
    errors: &Errors,
) -> Result<Response, Failure> {
    let group = app.group(id).await?.ok_or(Refusal::NotFound)?;
    // What was entered stays in the form that it was entered in.
    let entered = |of: &str| {
        if form.text("do") == of {
            form.clone()
        } else {
            Form::default()
        }
    };
    let body = html! {
        nav.crumbs aria-label="Breadcrumb" { ol { li { a href="/operator/groups" { "Groups" } } } }
        h1 { bdi { (group.customer.name.as_str()) } }
        (done(form))
        (errors.summary(&[]))
        (describe(operator, &group, form, errors))
        h2 { "Entities" }
        (entities(operator, &group))
        (entity_form(operator, &group, &entered("put-entity")))
        h2 { "Users" }
        (users(operator, &group))
        (user_form(operator, &group, &entered("put-user")))
    };
    Ok((errors.status(), page(&Shell::from(operator), "Group", &body)).into_response())
}

fn done(asked: &Form) -> Markup {
    html! {
        @if asked.has("saved") { div.notice.good role="status" { p { "Saved, with immediate effect." } } }
        @if asked.has("link-sent") { div.notice.good role="status" { p { "The password link is on its way." } } }
    }
}

/// A form of this page; `what` names what it does.
fn form_for(operator: &OperatorUser, group: &GroupRow, what: &str, fields: &Markup) -> Markup {
    html! {
        form.narrow method="post" action=(group_path(&group.group_id)) {
            (token(&operator.session.form_token))
            input type="hidden" name="do" value=(what);
            (fields)
        }
    }
}

fn describe(operator: &OperatorUser, group: &GroupRow, form: &Form, errors: &Errors) -> Markup {
    let own = form.text("do") == "describe";
    let name = if own {
        form.text("name")
    } else {
        group.customer.name.as_str()
    };
    let plan = if own {
        form.text("product_plan")
    } else {
        group.customer.product_plan.as_str()
    };
    let none = Errors::default();
    let errors = if own { errors } else { &none };
    let fields = html! {
        (Field { name: "name", label: "Name", value: name, ..Field::default() }.input(errors))
        (Field { name: "product_plan", label: "Product plan", value: plan, ..Field::default() }.input(errors))
        button type="submit" { "Save" }
    };
    form_for(operator, group, "describe", &fields)
}

fn entities(operator: &OperatorUser, group: &GroupRow) -> Markup {
    html! {
        @if group.customer.entities.is_empty() { p { "There is no entity yet." } }
        @else {
            div.wide tabindex="0" role="region" aria-label="Entities" {
                table.cards {
                    thead { tr { th scope="col" { "Name" } th scope="col" { "Id" } th scope="col" { "Actions" } } }
                    tbody {
                        @for (id, name) in &group.customer.entities {
                            tr {
                                th scope="row" { bdi { (name.as_str()) } }
                                td data-title="Id" { code { (id) } }
                                td { (form_for(operator, group, "remove-entity", &html! {
                                    input type="hidden" name="entity_id" value=(id);
                                    button.plain type="submit" { "Remove" }
                                })) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn entity_form(operator: &OperatorUser, group: &GroupRow, form: &Form) -> Markup {
    let fields = html! {
        div.field {
            label for="entity_id" { "Entity id" }
            input id="entity_id" name="entity_id" value=(form.text("entity_id")) autocomplete="off" required;
        }
        div.field {
            label for="entity-name" { "Entity name" }
            input id="entity-name" name="name" value=(form.text("name")) autocomplete="off" required;
        }
        button type="submit" { "Add or rename" }
    };
    html! { details open[form.has("do")] { summary { "Add or rename an entity" } (form_for(operator, group, "put-entity", &fields)) } }
}

fn users(operator: &OperatorUser, group: &GroupRow) -> Markup {
    html! {
        @if group.customer.users.is_empty() { p { "There is no user yet." } }
        @else {
            div.wide tabindex="0" role="region" aria-label="Users" {
                table.cards {
                    thead { tr {
                        th scope="col" { "Name" } th scope="col" { "Id" } th scope="col" { "E-mail" }
                        th scope="col" { "Role" } th scope="col" { "Actions" }
                    } }
                    tbody {
                        @for (id, user) in &group.customer.users {
                            tr {
                                th scope="row" { bdi { (user.name.as_str()) } }
                                td data-title="Id" { code { (id) } }
                                td data-title="E-mail" { bdi { (user.email.as_str()) } }
                                td data-title="Role" { (role(user.role)) }
                                td {
                                    (form_for(operator, group, "password-link", &html! {
                                        input type="hidden" name="user_id" value=(id);
                                        button.plain type="submit" { "Send password link" }
                                    }))
                                    (form_for(operator, group, "remove-user", &html! {
                                        input type="hidden" name="user_id" value=(id);
                                        button.plain type="submit" { "Remove" }
                                    }))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn user_form(operator: &OperatorUser, group: &GroupRow, form: &Form) -> Markup {
    let fields = html! {
        div.field {
            label for="user_id" { "User id" }
            input id="user_id" name="user_id" value=(form.text("user_id")) autocomplete="off" required;
        }
        div.field {
            label for="email" { "E-mail" }
            input id="email" name="email" type="email" value=(form.text("email")) autocomplete="off" required;
        }
        div.field {
            label for="user-name" { "Name" }
            input id="user-name" name="name" value=(form.text("name")) autocomplete="off" required;
        }
        div.field {
            label for="role" { "Role" }
            select id="role" name="role" {
                @for (code, title) in ROLES { option value=(code) selected[code == form.text("role")] { (title) } }
            }
        }
        button type="submit" { "Add or change" }
    };
    html! { details open[form.has("do")] { summary { "Add or change a user" } (form_for(operator, group, "put-user", &fields)) } }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::PracticeAdmin => "Practice Admin",
        Role::User => "User",
    }
}
