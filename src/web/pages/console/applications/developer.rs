//! Manage Developer Portal Access: the developer, their status, and the actions for it.

use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::Status;
use gatebook_aggregates::refusal::Refusal;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::app_list::DeveloperStatus;
use maud::{Markup, html};

use crate::application::{AppView, MailProblem, Section, SectionVersions};
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::components::head::section;
use crate::web::pages::components::icons::{Icon, icon};
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::console::applications::shared::{AppTab, DoneMessage, app_path, may_change, page_of_tab};
use crate::web::pages::console::applications::{shared, shown_version, table};
use crate::web::pages::current_user::{ConsoleUser, SignedIn};
use crate::web::pages::definition_list::fact;
use crate::web::pages::form::{Form, PageQuery};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_key;
use crate::web::pages::form_token::token;
use crate::web::pages::inputs::Field;
use crate::web::pages::times::{left, moment};
use crate::web::service::Service;

/// The messages after an action on this page.
const DONE: &[DoneMessage] = &[
    DoneMessage {
        word: "resent",
        sentence: "A new invite is on its way. The link in the old one no longer works.",
        section: Section::Invitation,
    },
    DoneMessage {
        word: "revoked",
        sentence: "The developer’s access has been revoked, and they are notified by e-mail. You can now register \
                   another developer.",
        section: Section::Developer,
    },
];

/// What the page shows besides the application.
pub struct PageState<'a> {
    pub now: Timestamp,
    /// The section versions of the application as shown.
    pub section_versions: &'a SectionVersions,
    /// The query of the address.
    pub query: &'a Form,
    pub form: &'a Form,
    pub errors: &'a Errors,
    /// The last e-mail to the developer, if it could not be delivered.
    pub mail_problem: Option<&'a MailProblem>,
}

/// `GET /integration-applications/{id}/developer`
pub async fn show(
    State(service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PathOf(id): PathOf<AppId>,
    PageQuery(query): PageQuery,
) -> Result<Markup, Problem> {
    let (view, section_versions) = service.app_and_section_versions(user.caller().reader()?, id).await?;
    let problem = service.mail_problem(&view).await?;
    let situation = PageState {
        now: service.clock.now(),
        section_versions: &section_versions,
        query: &query,
        form: &Form::default(),
        errors: &Errors::default(),
        mail_problem: problem.as_ref(),
    };
    Ok(developer_page(&user, &view, &situation))
}

pub fn developer_page(user: &ConsoleUser, view: &AppView, situation: &PageState<'_>) -> Markup {
    let app = view.app();
    let linked = view.developer_status() != DeveloperStatus::None;
    let changes = may_change(user) && app.status != Status::Revoked;
    let notice = html! {
        (shared::done(situation.query, situation.section_versions, DONE))
        (situation.errors.summary(&["email"]))
    };
    let notice = match situation.mail_problem {
        Some(problem) if notice.0.is_empty() && linked => not_delivered(problem),
        _ => notice,
    };
    let title = if changes {
        "Manage Developer Portal Access"
    } else {
        "Developer"
    };
    let content = html! {
        @if app.status == Status::Revoked { p { (Refusal::AppRevoked.to_string()) } }
        @if !app.integration_type.has_outside_developer() {
            div.empty {
                h2 { "No outside developer" }
                p { (Refusal::NoOutsideDeveloper.to_string()) " Our team looks after its credentials." }
            }
        } @else if linked {
            div.columns {
                div.stack {
                    (section("access", title, &html! {}, &facts(view, situation.now)))
                    @if changes { (linked_actions(user, view, situation)) }
                }
                aside.stack aria-label="What the developer can see" { (what_they_see()) }
            }
        } @else {
            (section("access", title, &html! {}, &html! {
                p { "No developer is linked to this application." }
                @if changes { (register(user, view, situation)) }
            }))
        }
    };
    page_of_tab(user, view, AppTab::Developer, &notice, &content)
}

fn what_they_see() -> Markup {
    section(
        "portal",
        "In the Developer Portal",
        &html! {},
        &html! {
            ul.entries.known.yes {
                li { (icon(Icon::Check)) p { b { "ClientId and client secrets," } " once the OTP is verified" } }
                li { (icon(Icon::Check)) p { b { "The entities assigned" } " to this application" } }
                li { (icon(Icon::Check)) p { b { "How to connect:" } " endpoints, WSDL and API docs" } }
            }
        },
    )
}

/// The notice about an e-mail that did not reach the developer.
pub fn not_delivered(problem: &MailProblem) -> Markup {
    let which = match problem.mail.as_str() {
        "invitation" => "The invite",
        "otp_reset" => "The e-mail about the new OTP",
        _ => "The e-mail about this application",
    };
    html! {
        (notice::note(Kind::Bad, &html! {
            p { strong { (which) " was not delivered." } " " (moment(problem.at)) }
            p { (problem.detail) }
        }))
    }
}

fn facts(view: &AppView, now: Timestamp) -> Markup {
    let app = view.app();
    // R27: revoking the application ends its invitation and OTP at once.
    let lives = app.status != Status::Revoked;
    let pending = view.developer_status() != DeveloperStatus::Verified;
    let invited = view.developer_status() == DeveloperStatus::Invited;
    html! {
        dl.facts {
            @if let Some(email) = &app.developer_email { (fact("Developer", &html! { bdi { (email.as_str()) } })) }
            @if let Some(name) = view.developer_name() { (fact("Name", &html! { bdi { (name.as_str()) } })) }
            (fact("State", &html! { (table::developer(view)) }))
            @if let Some(at) = app.invited_at { (fact("Invited", &moment(at))) }
            @if let Some(end) = view.invite_expires_at() { (fact("Invite valid until", &time_left(end, now))) }
            @if let Some(at) = app.assigned_at { (fact("Assigned", &moment(at))) }
            (fact("OTP verified", &html! {
                @match app.verified_at { Some(at) => (moment(at)), None => "Not yet" }
            }))
            @if pending && !lives {
                (fact(if invited { "Invite and OTP" } else { "OTP" }, &html! { "No longer valid: the application was revoked." }))
            } @else if pending {
                @if let Some(end) = app.otp_expires_at { (fact("OTP valid until", &time_left(end, now))) }
                @if let Some(tries) = app.otp_attempts_left { (fact("OTP tries left", &tries_left(tries))) }
            }
        }
    }
}

fn time_left(end: Timestamp, now: Timestamp) -> Markup {
    html! {
        (moment(end)) " "
        @match left(end, now) {
            Some(left) => { "(" (left) " left)" },
            None => span.status.bad { "Expired" },
        }
    }
}

fn tries_left(tries: i64) -> Markup {
    html! {
        @if tries > 0 { (tries) } @else { "0 " span.status.bad { "Locked" } }
    }
}

fn linked_actions(user: &ConsoleUser, view: &AppView, situation: &PageState<'_>) -> Markup {
    let status = view.developer_status();
    let action = |page, section, title| {
        let action = Action { page, section, title };
        action.form(user, view, situation.section_versions)
    };
    html! {
        @if status != DeveloperStatus::Verified {
            section.section aria-labelledby="invite-and-otp" {
                div.section-head { h2 id="invite-and-otp" { "Invite and OTP" } }
                ul.entries {
                    @if status == DeveloperStatus::Invited {
                        li id="invite-anew" {
                            div {
                                h3 { "New invite and OTP" }
                                p.second {
                                    "If both have expired, create them anew in one step. The OTP is shown to you once, the developer gets the \
                                     invite by e-mail, and the old ones stop working."
                                }
                            }
                            (action("/developer/invite-anew", Section::OneTimePassword, "New invite and OTP"))
                        }
                        li id="resend-invite" {
                            div {
                                h3 { "Resend Invite" }
                                p.second { "If the invite has expired or was lost, send a new one. The link in the old one will stop working." }
                            }
                            (action("/developer/resend-invite", Section::Invitation, "Resend Invite"))
                        }
                    }
                    li id="reset-otp" {
                        div {
                            h3 { "Reset OTP" }
                            p.second {
                                "If the OTP has expired, is locked or was lost, create a new one. It is shown to you once, and the old \
                                 one stops working. The developer is notified by e-mail."
                            }
                        }
                        (action("/developer/reset-otp", Section::OneTimePassword, "Reset OTP"))
                    }
                }
            }
        }
        section.section aria-labelledby="danger" {
            div.section-head { h2 id="danger" { "Danger zone" } }
            ul.danger-zone {
                li id="revoke-access" {
                    div {
                        h3 { "Revoke Access" }
                        p.second {
                            "The developer can no longer see this application in the Developer Portal, with immediate effect, and is \
                             notified by e-mail. An open invite or OTP stops working. The integration itself keeps running unless you \
                             also retire its client secrets. You are asked first."
                        }
                    }
                    a.button.danger href=(app_path(view.app().app_id, "/developer/revoke")) { "Revoke Access" }
                }
            }
        }
    }
}

/// A form with a single button. It applies to one section of the application as shown, and counts once.
struct Action<'a> {
    page: &'a str,
    section: Section,
    title: &'a str,
}

impl Action<'_> {
    fn form(&self, user: &ConsoleUser, view: &AppView, section_versions: &SectionVersions) -> Markup {
        html! {
            form.fields method="post" action=(app_path(view.app().app_id, self.page)) {
                (token(&user.session.form_token))
                (form_key::field(&Form::default()))
                (shown_version::field(section_versions, self.section))
                button.button type="submit" { (self.title) }
            }
        }
    }
}

fn register(user: &ConsoleUser, view: &AppView, situation: &PageState<'_>) -> Markup {
    html! {
        form.fields.narrow method="post" action=(app_path(view.app().app_id, "/developer")) novalidate {
            (token(&user.session.form_token))
            (form_key::field(situation.form))
            (Field {
                name: "email", label: "Developer’s e-mail", value: situation.form.text("email"), kind: "email",
                hint: "They get an invite to the Developer Portal, or a notification if they already have access.",
                ..Field::default()
            }.input(situation.errors))
            button.button.primary type="submit" { "Register developer" }
        }
    }
}
