//! Edit Group Users: the users of the group and their permissions for Integration Applications. For Practice Admins
//! only (R2).

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::group::{GroupUser, Permission, Role};
use gatebook_aggregates::identifiers::UserId;
use gatebook_aggregates::refusal::Refusal;
use gatebook_projections::groups::GroupRow;
use maud::{Markup, html};
use strum::VariantArray;

use crate::application::Failure;
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::components::head;
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::current_user::{ConsoleUser, SignedIn};
use crate::web::pages::definition_list::{fact, written};
use crate::web::pages::form::{Form, PageQuery, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_token::token;
use crate::web::pages::inputs::checkbox;
use crate::web::pages::layout::{Shell, page};
use crate::web::service::Service;

/// `GET /group-users`
pub async fn list(SignedIn(admin): SignedIn<ConsoleUser>) -> Result<Markup, Problem> {
    require_practice_admin(&admin)?;
    let users = &admin.group().customer.users;
    let body = html! {
        (crumbs(false))
        (head::title(&html! { "Edit Group Users" }))
        div.scroll tabindex="0" role="region" aria-label="Group users" {
            table.table.stacked {
                thead { tr {
                    th scope="col" { "Group User Name" } th scope="col" { "E-mail" } th scope="col" { "Role" }
                    th scope="col" { "Permissions" }
                } }
                tbody {
                    @for (id, user) in users {
                        tr {
                            th scope="row" { a href={ "/group-users/" (id) } { bdi { (user.name.as_str()) } } }
                            td data-th="E-mail" { bdi { (user.email.as_str()) } }
                            td data-th="Role" { (user.role.title()) }
                            td data-th="Permissions" { (permissions(user)) }
                        }
                    }
                }
            }
        }
    };
    Ok(page(&Shell::from(&admin).at("/group-users"), "Edit Group Users", &body))
}

/// `GET /group-users/{id}`
pub async fn show(
    SignedIn(admin): SignedIn<ConsoleUser>,
    PathOf(user_id): PathOf<UserId>,
    PageQuery(query): PageQuery,
) -> Result<Markup, Problem> {
    let user = edited(admin.group(), &admin, &user_id)?;
    let done = ["processed", "link-sent"].into_iter().find(|done| query.has(done));
    let notice = html! { @if let Some(done) = done { (notice::told(Kind::Good, &html! { p { (sentence(done)) } })) } };
    Ok(edit_page(&admin, &user_id, &user, &user.permissions, &notice))
}

/// `POST /group-users/{id}`: Process. All changes are made, or none.
pub async fn process(
    State(service): State<Service>,
    PathOf(user_id): PathOf<UserId>,
    SubmittedForm { user: admin, form }: SubmittedForm<ConsoleUser>,
) -> Result<Response, Problem> {
    let user = edited(admin.group(), &admin, &user_id)?;
    let (seen, wanted) = (all_of(&form.all("granted")), chosen(&form));
    if form.is_to_be_shown_again() {
        return Ok(edit_page(&admin, &user_id, &user, &wanted, &html! {}).into_response());
    }
    match service
        .set_permissions(admin.caller().practice_admin()?, &user_id, &seen, &wanted)
        .await
    {
        Ok(_) => Ok(processed(&user_id)),
        Err(failure) if failure.is_version_mismatch() => {
            let group = service.group(&admin.group().group_id).await?;
            let user = edited(&group.ok_or(Failure::Unauthenticated)?, &admin, &user_id)?;
            if user.permissions == wanted {
                return Ok(processed(&user_id));
            }
            let both = both_versions(&user.permissions, &wanted);
            let page = edit_page(&admin, &user_id, &user, &wanted, &both);
            Ok((StatusCode::PRECONDITION_FAILED, page).into_response())
        }
        Err(failure) => {
            let errors = Errors::from(failure);
            let page = edit_page(&admin, &user_id, &user, &wanted, &errors.summary(&[]));
            Ok((errors.status(), page).into_response())
        }
    }
}

fn processed(user_id: &UserId) -> Response {
    Redirect::to(&format!("/group-users/{user_id}?processed")).into_response()
}

/// `POST /group-users/{id}/password-link`
pub async fn send_password_link(
    State(service): State<Service>,
    PathOf(user_id): PathOf<UserId>,
    SubmittedForm { user: admin, form }: SubmittedForm<ConsoleUser>,
) -> Result<Redirect, Problem> {
    if form.is_to_be_shown_again() {
        return Ok(Redirect::to(&format!("/group-users/{user_id}")));
    }
    service
        .send_password_link(admin.caller(), &admin.group().group_id, &user_id)
        .await?;
    Ok(Redirect::to(&format!("/group-users/{user_id}?link-sent")))
}

fn require_practice_admin(admin: &ConsoleUser) -> Result<(), Failure> {
    admin.caller().practice_admin().map(|_| ())
}

fn edited(group: &GroupRow, admin: &ConsoleUser, user_id: &UserId) -> Result<GroupUser, Failure> {
    require_practice_admin(admin)?;
    Ok(group.user(user_id).cloned().ok_or(Refusal::NotFound)?)
}

fn all_of(codes: &[&str]) -> BTreeSet<Permission> {
    let held = Permission::VARIANTS.iter().copied();
    held.filter(|permission| codes.contains(&code(*permission))).collect()
}

/// The permissions whose boxes are ticked.
fn chosen(form: &Form) -> BTreeSet<Permission> {
    let all = Permission::VARIANTS.iter().copied();
    all.filter(|permission| form.has(code(*permission))).collect()
}

/// The notice when another Practice Admin changed the permissions first: the stored version and the chosen one.
fn both_versions(stored: &BTreeSet<Permission>, chosen: &BTreeSet<Permission>) -> Markup {
    let granted = |held: &BTreeSet<Permission>, permission| match held.contains(&permission) {
        true => "granted",
        false => "not granted",
    };
    html! {
        (notice::alert_first(Kind::Warn, &html! {
            h2 { "Somebody else has changed these permissions" }
            p { "Your changes have not been saved. Compare the two versions, and process yours again if you still want \
                 them." }
        }))
        div.scroll role="region" aria-label="Both versions" tabindex="0" {
            table.table.top.stacked {
                caption.unseen { "Both versions" }
                thead {
                    tr { th scope="col" { "Permission" } th scope="col" { "Current version" } th scope="col" { "Your version" } }
                }
                tbody {
                    @for permission in Permission::VARIANTS.iter().copied() {
                        tr {
                            th scope="row" { (permission.title()) }
                            td { (granted(stored, permission)) }
                            td { (granted(chosen, permission)) }
                        }
                    }
                }
            }
        }
    }
}

/// The page, with the boxes in `ticked` checked.
fn edit_page(
    admin: &ConsoleUser,
    user_id: &UserId,
    user: &GroupUser,
    ticked: &BTreeSet<Permission>,
    notice: &Markup,
) -> Markup {
    let form_token = &admin.session.form_token;
    let here = format!("/group-users/{user_id}");
    let body = html! {
        (crumbs(true))
        (head::title(&html! { "Edit Group User" }))
        (notice)
        dl.facts {
            (written("Name", user.name.as_str()))
            (written("E-mail", user.email.as_str()))
            (fact("Role", &html! { (user.role.title()) }))
        }
        h2 { "Permissions" }
        @match user.role {
            Role::PracticeAdmin => (by_right(user)),
            Role::User => (granting(&here, form_token, user, ticked)),
        }
        h2 { "Password" }
        form method="post" action={ (here) "/password-link" } {
            (token(form_token))
            p { "The user will get an e-mail with a link to choose a password for signing in here." }
            button.button type="submit" { "Send password link" }
        }
    };
    page(&Shell::from(admin).below("/group-users"), "Edit Group User", &body)
}

/// R2: Practice Admins have all permissions, which cannot be granted or withdrawn. Permissions granted individually
/// stay when the role changes.
fn by_right(user: &GroupUser) -> Markup {
    html! {
        p { "Practice Admins have every permission by default, so there is nothing to grant." }
        ul {
            @for permission in Permission::VARIANTS.iter().copied() { li { (permission.title()) " " span.status.good { "by default" } } }
        }
        @if !user.permissions.is_empty() {
            p { "Also granted individually, and kept if the role changes: " (titles(&user.permissions)) "." }
        }
    }
}

fn granting(here: &str, form_token: &str, user: &GroupUser, ticked: &BTreeSet<Permission>) -> Markup {
    html! {
        form method="post" action=(here) {
            (token(form_token))
            @for permission in Permission::VARIANTS.iter().copied() {
                @if user.permissions.contains(&permission) {
                    input type="hidden" name="granted" value=(code(permission));
                }
                (checkbox(code(permission), permission.title(), ticked.contains(&permission), &Errors::default()))
            }
            button.button.primary type="submit" { "Process" }
        }
    }
}

fn crumbs(of_user: bool) -> Markup {
    match of_user {
        true => head::crumbs(&[("Group Management", ""), ("Edit Group Users", "/group-users")]),
        false => head::crumbs(&[("Group Management", "")]),
    }
}

fn sentence(done: &str) -> &'static str {
    match done {
        "link-sent" => "The link is on its way.",
        _ => "The permissions have been changed, with immediate effect.",
    }
}

/// The name of the permission's checkbox.
fn code(permission: Permission) -> &'static str {
    permission.into()
}

fn permissions(user: &GroupUser) -> String {
    match user.role {
        Role::PracticeAdmin => "all, by default".to_owned(),
        Role::User if user.permissions.is_empty() => "none".to_owned(),
        Role::User => titles(&user.permissions),
    }
}

fn titles(permissions: &BTreeSet<Permission>) -> String {
    let titles: Vec<_> = permissions.iter().map(|permission| permission.title()).collect();
    titles.join(", ")
}
