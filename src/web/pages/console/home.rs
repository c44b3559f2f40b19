//! The home page of the console: how many applications there are, which of them need attention, each with its one click, and
//! what happened lately.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::attention::Attention;
use gatebook_aggregates::integration_app::Status;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::app_list::{AppCount, AppCounts, DeveloperStatus};
use maud::{Markup, html};

use crate::activity_log::LogEntry;
use crate::application::{ATTENTION_SHOWN, AppView, GroupHome};
use crate::store::StoreError;
use crate::web::error::Problem;
use crate::web::pages::console::applications::labels;
use crate::web::pages::console::applications::shared::{APPS, app_path, may_change, plan_notice};
use crate::web::pages::console::applications::shown_version;
use crate::web::pages::current_user::{ConsoleUser, SignedIn};
use crate::web::pages::form::Form;
use crate::web::pages::form_key;
use crate::web::pages::form_token::token;
use crate::web::pages::layout::{Shell, page};
use crate::web::pages::times::{ago, moment, sentence};
use crate::web::service::Service;

/// `GET /`. Who may see no applications, and who has none yet, is told so by the list.
pub async fn show(State(service): State<Service>, SignedIn(user): SignedIn<ConsoleUser>) -> Result<Response, Problem> {
    if !user.membership().reads() {
        return Ok(Redirect::to(APPS).into_response());
    }
    let home = service.group_home(user.caller().reader()?).await?;
    if home.counts.all().number == 0 {
        return Ok(Redirect::to(APPS).into_response());
    }
    let recent = home.recent.iter().cloned().map(LogEntry::shown);
    let recent: Vec<_> = recent.collect::<Result<_, _>>().map_err(StoreError::from)?;
    Ok(home_page(&user, &home, &recent, service.clock.now()).into_response())
}

fn home_page(user: &ConsoleUser, home: &GroupHome, recent: &[LogEntry], now: Timestamp) -> Markup {
    let customer = &user.group().customer;
    let body = html! {
        div.page-head {
            div {
                h1 { bdi { (customer.name.as_str()) } }
                p.under.dotted {
                    span { (now.to_utc().format("%A %-d %B %Y").to_string()) }
                    span { (labels::entities(customer.entities.len())) }
                    span { bdi { (customer.product_plan.as_str()) } " plan" }
                }
            }
            @if may_change(user) {
                div.actions { a.button.primary href={ (APPS) "/new" } { "New Integration Application" } }
            }
        }
        (plan_notice(user))
        (figures(&home.counts))
        div.columns {
            (needs_attention(user, home))
            // Calls of the whole group belong here, above the activity.
            div.stack { (activity(recent, now)) }
        }
    };
    page(&Shell::from(user).at("/"), "Home", &body)
}

fn figures(counts: &AppCounts) -> Markup {
    let active = counts.of(Status::Active);
    let waiting = match active.waiting {
        0 => None,
        1 => Some("1 waits for its developer".to_owned()),
        n => Some(format!("{n} wait for their developers")),
    };
    html! {
        dl.figures aria-label="Integration Applications by state" {
            (figure("Active", Status::Active, active, waiting.as_deref()))
            (figure("Suspended", Status::Suspended, counts.of(Status::Suspended), None))
            (figure("Revoked", Status::Revoked, counts.of(Status::Revoked), None))
            div {
                dt { "All applications" }
                dd.figure.sum { a href=(APPS) { (counts.all()) } }
            }
        }
    }
}

fn figure(title: &str, status: Status, counted: AppCount, note: Option<&str>) -> Markup {
    let word: &str = status.into();
    html! {
        div {
            dt { (title) }
            dd.figure { a href={ (APPS) "?status=" (word) } { (counted) } }
            @if let Some(note) = note { dd.note { (note) } }
        }
    }
}

fn needs_attention(user: &ConsoleUser, home: &GroupHome) -> Markup {
    let count = home.attention.len();
    html! {
        section.section aria-labelledby="attention" {
            div.section-head {
                h2 id="attention" {
                    "Needs attention"
                    @if count > 0 { " " span { (count) @if home.more { "+" } } }
                }
                a href="/account#mails" { "Mail me about these" }
            }
            @if home.attention.is_empty() {
                p.second { "Nothing. Every application is as it should be." }
            } @else {
                ol.entries.attention { @for view in &home.attention { (entry(user, view)) } }
            }
            @if home.more {
                p { a href={ (APPS) "?attention=any" } { "Show all, of which these are " (ATTENTION_SHOWN) } }
            }
        }
    }
}

/// An application, with what its most urgent reason calls for.
fn entry(user: &ConsoleUser, view: &AppView) -> Markup {
    let Some(reason) = view.attention().first().copied() else {
        return html! {};
    };
    let (name, path) = (view.app().name.as_str(), app_path(view.app().app_id, ""));
    html! {
        li {
            span.status.(tone(reason)) { (reason.title()) }
            div {
                a.name.quiet href=(path) { bdi { (name) } }
                p.detail { (detail(view, reason)) }
            }
            (click(user, view, reason))
        }
    }
}

fn tone(reason: Attention) -> &'static str {
    match reason {
        Attention::OtpLocked | Attention::MailRefused | Attention::AccessEndsToday => "bad",
        Attention::SecretEndsSoon | Attention::InvitationExpired | Attention::OtpExpired | Attention::NoEntities => {
            "warn"
        }
        Attention::NeverUsed | Attention::Unused90Days => "off",
    }
}

fn detail(view: &AppView, reason: Attention) -> Markup {
    let app = view.app();
    let email = html! { bdi { (app.developer_email.as_ref().map_or("the developer", |email| email.as_str())) } };
    let at = |time: Option<Timestamp>| html! { @if let Some(time) = time { (moment(time)) } };
    match reason {
        Attention::OtpLocked => html! { (email) " entered a wrong OTP five times." },
        Attention::MailRefused => html! { "The last e-mail to " (email) " could not be delivered." },
        Attention::AccessEndsToday => html! { "It ends on " (at(app.ends_at)) ", and its access with it." },
        Attention::SecretEndsSoon => {
            let secrets = view.beside().client_secrets.iter();
            let ending = secrets
                .filter_map(|secret| Some((secret.ends_at?, secret)))
                .min_by_key(|(end, _)| *end);
            html! {
                @if let Some((end, secret)) = ending {
                    "The client secret that begins with " code { (secret.prefix) } " ends on " (moment(end)) "."
                }
            }
        }
        Attention::InvitationExpired => {
            html! { (email) " did not sign up by " (at(view.invite_expires_at())) "." }
        }
        Attention::OtpExpired => html! { (email) " did not enter it by " (at(app.otp_expires_at)) "." },
        Attention::NoEntities => html! { "It has no entity of your group, so it opens nothing." },
        Attention::NeverUsed => html! { "Verified on " (at(app.verified_at)) ", and not used since." },
        Attention::Unused90Days => html! { "Not used since " (at(view.beside().last_used_at)) "." },
    }
}

/// What the reason calls for: a button if one click does it, a link to where it is done otherwise.
fn click(user: &ConsoleUser, view: &AppView, reason: Attention) -> Markup {
    let invited = view.developer_status() == DeveloperStatus::Invited;
    match reason {
        _ if !may_change(user) => link(view, "View", ""),
        Attention::InvitationExpired if invited => button(user, view, "New invite and OTP", "/developer/invite-anew"),
        Attention::OtpLocked | Attention::OtpExpired | Attention::InvitationExpired => {
            button(user, view, "Reset OTP", "/developer/reset-otp")
        }
        Attention::MailRefused => link(view, "See what to do", "/developer"),
        Attention::AccessEndsToday => link(view, "Change the end", "/edit"),
        Attention::NoEntities => link(view, "Select entities", "/edit"),
        Attention::SecretEndsSoon => link(view, "See the secrets", "/secrets"),
        Attention::NeverUsed => link(view, "View", ""),
        Attention::Unused90Days => link(view, "Suspend", "/suspend"),
    }
}

fn button(user: &ConsoleUser, view: &AppView, title: &str, page: &str) -> Markup {
    let app = view.app();
    html! {
        form method="post" action=(app_path(app.app_id, page)) {
            (token(&user.session.form_token))
            (form_key::field(&Form::default()))
            (shown_version::whole_field(app.version))
            button.button.small type="submit" aria-label={ (title) " for " (app.name.as_str()) } { (title) }
        }
    }
}

fn link(view: &AppView, title: &str, page: &str) -> Markup {
    let app = view.app();
    html! {
        a.button.small href=(app_path(app.app_id, page)) aria-label={ (title) ": " (app.name.as_str()) } { (title) }
    }
}

fn activity(recent: &[LogEntry], now: Timestamp) -> Markup {
    html! {
        section.section aria-labelledby="recent" {
            div.section-head { h2 id="recent" { "Recent activity" } }
            ol.lately { @for entry in recent { (line(entry, now)) } }
        }
    }
}

fn line(entry: &LogEntry, now: Timestamp) -> Markup {
    html! {
        li {
            @match Timestamp::parse(&entry.recorded_at) {
                Some(at) => (ago(at, now)),
                None => span { (entry.recorded_at) },
            }
            p {
                bdi { (sentence(&entry.summary)) }
                @if !entry.app_id.is_empty() {
                    " " a.quiet href={ (APPS) "/" (entry.app_id) } { bdi { (entry.app_name) } }
                }
            }
        }
    }
}
