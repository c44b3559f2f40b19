//! Edit Group Users: who is in the group, and what they may do with Integration Applications. For Practice Admins (R2).

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::group::{GroupUser, Permission, Role};
use gatebook_aggregates::identifiers::UserId;
use gatebook_aggregates::refusal::Refusal;
use maud::{Markup, html};

use crate::application::Failure;
use crate::http::error::Problem;
use crate::http::extract::{App, PathOf};
use crate::pages::attempt::Errors;
use crate::pages::facts::{fact, written};
use crate::pages::form::{Asked, Form, Sent, token};
use crate::pages::inputs::checkbox;
use crate::pages::layout::{Shell, page};
use crate::pages::visitor::{ConsoleUser, SignedIn};

const PERMISSIONS: [Permission; 2] = [Permission::ManageIntegrationApplications, Permission::ViewActivityLogs];

/// `GET /group-users`
pub async fn list(SignedIn(admin): SignedIn<ConsoleUser>) -> Result<Markup, Problem> {
    require_practice_admin(&admin)?;
    let users = &admin.group.customer.users;
    let body = html! {
        h1 { "Edit Group Users" }
        div.wide tabindex="0" role="region" aria-label="Group users" {
            table.cards {
                thead { tr {
                    th scope="col" { "Group User Name" } th scope="col" { "E-mail" } th scope="col" { "Role" }
                    th scope="col" { "Permissions" }
                } }
                tbody {
                    @for (id, user) in users {
                        tr {
                            th scope="row" { a href={ "/group-users/" (id) } { bdi { (user.name.as_str()) } } }
                            td data-title="E-mail" { bdi { (user.email.as_str()) } }
                            td data-title="Role" { (role(user.role)) }
                            td data-title="Permissions" { (permissions(user)) }
                        }
                    }
                }
            }
        }
    };
    Ok(page(&Shell::from(&admin), "Edit Group Users", &body))
}

/// `GET /group-users/{id}`
pub async fn show(
    SignedIn(admin): SignedIn<ConsoleUser>,
    PathOf(user_id): PathOf<UserId>,
    Asked(asked): Asked,
) -> Result<Markup, Problem> {
    let user = edited(&admin, &user_id)?;
    let granted = |permission: Permission| user.permissions.contains(&permission);
    let done = ["processed", "link-sent"].into_iter().find(|done| asked.has(done));
    Ok(edit_page(&admin, &user_id, &user, &granted, done))
}

/// `POST /group-users/{id}`: Process.
pub async fn process(
    State(app): State<App>,
    PathOf(user_id): PathOf<UserId>,
    Sent { visitor: admin, form }: Sent<ConsoleUser>,
) -> Result<Response, Problem> {
    let user = edited(&admin, &user_id)?;
    let wanted = |permission: Permission| form.has(code(permission));
    if form.is_to_be_shown_again() {
        return Ok(edit_page(&admin, &user_id, &user, &wanted, None).into_response());
    }
    // What was not shown to be changed stays as it is now.
    for permission in PERMISSIONS
        .into_iter()
        .filter(|permission| was_changed(&form, *permission))
    {
        let granted = wanted(permission);
        app.set_permission(admin.caller(), user_id.clone(), permission, granted)
            .await?;
    }
    Ok(Redirect::to(&format!("/group-users/{user_id}?processed")).into_response())
}

/// `POST /group-users/{id}/password-link`
pub async fn send_password_link(
    State(app): State<App>,
    PathOf(user_id): PathOf<UserId>,
    Sent { visitor: admin, .. }: Sent<ConsoleUser>,
) -> Result<Redirect, Problem> {
    app.send_password_link(admin.caller(), &admin.group.group_id, &user_id)
        .await?;
    Ok(Redirect::to(&format!("/group-users/{user_id}?link-sent")))
}

fn require_practice_admin(admin: &ConsoleUser) -> Result<(), Failure> {
    Ok(admin.caller().standing(&admin.group)?.require_practice_admin()?)
}

fn edited(admin: &ConsoleUser, user_id: &UserId) -> Result<GroupUser, Failure> {
    require_practice_admin(admin)?;
    Ok(admin.group.user(user_id).cloned().ok_or(Refusal::NotFound)?)
}

/// Whether the box stands differently from how the page showed it.
fn was_changed(form: &Form, permission: Permission) -> bool {
    let shown = form.all("granted").contains(&code(permission));
    shown != form.has(code(permission))
}

fn edit_page(
    admin: &ConsoleUser,
    user_id: &UserId,
    user: &GroupUser,
    checked: &dyn Fn(Permission) -> bool,
    done: Option<&str>,
) -> Markup {
    let form_token = &admin.session.form_token;
    let here = format!("/group-users/{user_id}");
    let body = html! {
        h1 { "Edit Group User" }
        @if let Some(done) = done { div.notice.good role="status" { p { (sentence(done)) } } }
        dl.facts {
            (written("Name", user.name.as_str()))
            (written("E-mail", user.email.as_str()))
            (fact("Role", &html! { (role(user.role)) }))
        }
        h2 { "Permissions" }
        @match user.role {
            Role::PracticeAdmin => (by_right()),
            Role::User => (granting(&here, form_token, user, checked)),
        }
        h2 { "Password" }
        form method="post" action={ (here) "/password-link" } {
            (token(form_token))
            p { "The user gets a mail with a link, with which they choose the password for signing in here." }
            button.plain type="submit" { "Send password link" }
        }
        p { a href="/group-users" { "Edit Group Users" } }
    };
    page(&Shell::from(admin), "Edit Group User", &body)
}

/// R2: what a Practice Admin may do is nobody's to grant or withdraw.
fn by_right() -> Markup {
    html! {
        p { "A Practice Admin has every permission by right; nothing has to be granted." }
        ul {
            @for permission in PERMISSIONS { li { (permission.title()) " " span.badge.good { "by right" } } }
        }
    }
}

fn granting(here: &str, form_token: &str, user: &GroupUser, checked: &dyn Fn(Permission) -> bool) -> Markup {
    html! {
        form method="post" action=(here) {
            (token(form_token))
            @for permission in PERMISSIONS {
                @if user.permissions.contains(&permission) {
                    input type="hidden" name="granted" value=(code(permission));
                }
                (checkbox(code(permission), permission.title(), checked(permission), &Errors::default()))
            }
            button type="submit" { "Process" }
        }
    }
}

fn sentence(done: &str) -> &'static str {
    match done {
        "link-sent" => "The link is on its way.",
        _ => "The permissions are as shown here, with immediate effect.",
    }
}

/// The name of the permission's box.
fn code(permission: Permission) -> &'static str {
    permission.into()
}

fn role(role: Role) -> &'static str {
    match role {
        Role::PracticeAdmin => "Practice Admin",
        Role::User => "User",
    }
}

fn permissions(user: &GroupUser) -> String {
    if user.role == Role::PracticeAdmin {
        return "all, by right".to_owned();
    }
    let titles: Vec<_> = user.permissions.iter().map(|permission| permission.title()).collect();
    if titles.is_empty() {
        "none".to_owned()
    } else {
        titles.join(", ")
    }
}
