//! What several pages about applications share: paths, offered actions, and small pieces of markup.

use gatebook_aggregates::identifiers::AppId;
use gatebook_aggregates::integration_app::Status;
use gatebook_aggregates::refusal::Refusal;
use maud::{Markup, html};

use crate::application::{AppView, Section, SectionVersions};
use crate::web::pages::components::head::{self, PageHead};
use crate::web::pages::components::icons::{Icon, icon};
use crate::web::pages::components::menu::{self, Choice};
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::components::status;
use crate::web::pages::components::tabs::{self, Tab};
use crate::web::pages::console::applications::labels;
use crate::web::pages::current_user::ConsoleUser;
use crate::web::pages::form::Form;
use crate::web::pages::layout::{Shell, page};

/// The path of the list of applications.
pub const APPS: &str = "/integration-applications";

/// The path of a page of one application.
pub fn app_path(id: AppId, page: &str) -> String {
    format!("{APPS}/{id}{page}")
}

/// The path back to the list of applications, filtered and ordered as it was left.
pub fn list_path(user: &ConsoleUser) -> String {
    match user.list_query.as_str() {
        "" => APPS.to_owned(),
        query => format!("{APPS}?{query}"),
    }
}

/// A page below the list of applications.
pub fn page_below(user: &ConsoleUser, title: &str, body: &Markup) -> Markup {
    let list = list_path(user);
    let body = html! {
        (head::crumbs(&[("Group Management", ""), ("Integration Applications", &list)]))
        (body)
    };
    page(&Shell::from(user).below(APPS), title, &body)
}

/// A page of one application, below the application's own page.
pub fn page_of_app(user: &ConsoleUser, view: &AppView, title: &str, body: &Markup) -> Markup {
    let app = view.app();
    let (list, name) = (list_path(user), app.name.as_str());
    let own = app_path(app.app_id, "");
    let body = html! {
        (head::crumbs(&[("Group Management", ""), ("Integration Applications", &list), (name, &own)]))
        (body)
    };
    page(&Shell::from(user).below(APPS), &format!("{title}: {name}"), &body)
}

/// The tabs of an application. Each has a path of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppTab {
    Overview,
    Entities,
    Developer,
    Secrets,
    Activity,
}

impl AppTab {
    const ALL: [Self; 5] = [
        Self::Overview,
        Self::Entities,
        Self::Developer,
        Self::Secrets,
        Self::Activity,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Entities => "Entities",
            Self::Developer => "Developer",
            Self::Secrets => "Secrets",
            Self::Activity => "Activity",
        }
    }

    /// The last part of its path.
    pub fn page(self) -> &'static str {
        match self {
            Self::Overview => "",
            Self::Entities => "/entities",
            Self::Developer => "/developer",
            Self::Secrets => "/secrets",
            Self::Activity => "/activity",
        }
    }
}

/// A tab of an application's page. `notice` is the one notice that stands under the tabs; where there is none, the plan's does.
pub fn page_of_tab(user: &ConsoleUser, view: &AppView, tab: AppTab, notice: &Markup, content: &Markup) -> Markup {
    let name = view.app().name.as_str();
    let tabs: Vec<_> = AppTab::ALL
        .into_iter()
        .map(|one| Tab {
            title: one.title(),
            href: app_path(view.app().app_id, one.page()),
            count: match one {
                AppTab::Entities => view.entities().count().to_string(),
                _ => String::new(),
            },
            current: one == tab,
        })
        .collect();
    let body = html! {
        (app_head(user, view))
        (tabs::tabs(name, &tabs))
        @if notice.0.is_empty() { (plan_notice(user)) } @else { (notice) }
        (content)
    };
    let title = match tab {
        AppTab::Overview => name.to_owned(),
        tab => format!("{}: {name}", tab.title()),
    };
    page_below(user, &title, &body)
}

/// The head of an application's pages: its name, status and kind, and what can be done.
fn app_head(user: &ConsoleUser, view: &AppView) -> Markup {
    let app = view.app();
    let (first, others): (Vec<_>, Vec<_>) = actions(user, view)
        .into_iter()
        .partition(|choice| ["Edit", "Suspend", "Resume"].contains(&choice.title));
    PageHead {
        title: html! { bdi { (app.name.as_str()) } },
        state: status::of_app(app.status),
        under: html! {
            p.under.dotted {
                span { (labels::type_of(app)) }
                span { (labels::category(app.category.as_str())) }
                span { (app.api_permission.title()) }
            }
        },
        actions: html! {
            @for choice in &first { a.button href=(choice.href) { (icon(choice.icon)) (choice.title) } }
            (menu::more("More actions", "", &others))
        },
    }
    .show()
}

/// R1, R2: whether the pages offer changes. Permission itself is checked by the application layer.
pub fn may_change(user: &ConsoleUser) -> bool {
    user.membership().manages() && is_on_plan(user)
}

fn is_on_plan(user: &ConsoleUser) -> bool {
    user.group().customer.product_plan.has_integration_apps()
}

/// R1: the notice for a group that is not on the plan.
pub fn plan_notice(user: &ConsoleUser) -> Markup {
    html! {
        @if !is_on_plan(user) {
            (notice::note(Kind::Warn, &html! {
                p { (Refusal::PlanRequired.to_string()) }
                p {
                    "Your group is on the plan " bdi { (user.group().customer.product_plan.as_str()) } ". You can still \
                    view applications and download activity logs, but nothing can be created or changed, and access \
                    tokens are refused. Once you are back on AIQ3, everything works as before."
                }
            }))
        }
    }
}

/// The actions that are possible for an application.
pub fn actions(user: &ConsoleUser, view: &AppView) -> Vec<Choice> {
    let app = view.app();
    let changes = may_change(user) && app.status != Status::Revoked;
    let outside_developer = app.integration_type.has_outside_developer();
    let choice = |icon, title, page| Choice::of(icon, title, app_path(app.app_id, page));
    let apart = |icon, title, page| Choice {
        apart: true,
        ..choice(icon, title, page)
    };
    let offered = [
        (changes, choice(Icon::Edit, "Edit", "/edit")),
        (
            changes && outside_developer,
            choice(Icon::User, "Manage Developer Portal Access", "/developer"),
        ),
        (true, choice(Icon::Key, "Client Secrets", "/secrets")),
        (true, choice(Icon::Download, "Download Activity Log", "/activity-log")),
        (
            changes && app.status == Status::Active,
            apart(Icon::Pause, "Suspend", "/suspend"),
        ),
        (
            changes && app.status == Status::Suspended,
            apart(Icon::Play, "Resume", "/resume"),
        ),
        (
            changes,
            Choice {
                danger: true,
                ..choice(Icon::Ban, "Revoke", "/revoke")
            },
        ),
    ];
    offered
        .into_iter()
        .filter_map(|(offer, choice)| offer.then_some(choice))
        .collect()
}

/// A message about an action that was just done.
pub struct DoneMessage {
    /// The word in the address that selects it.
    pub word: &'static str,
    pub sentence: &'static str,
    /// The section that it is about. The message is shown until that section changes again.
    pub section: Section,
}

/// The path of a page that shows a [`DoneMessage`], with the version that the action led to.
pub fn done_path(view: &AppView, page: &str, word: &str) -> String {
    let app = view.app();
    app_path(app.app_id, &format!("{page}?done={word}&at={}", app.version))
}

/// The message that the address selects, if the section has not changed since.
pub fn done(query: &Form, section_versions: &SectionVersions, all: &[DoneMessage]) -> Markup {
    let at: i64 = query.text("at").parse().unwrap_or_default();
    let message = all.iter().find(|done| done.word == query.text("done"));
    let message = message.filter(|done| (1..=at).contains(&section_versions.version(done.section)));
    html! {
        @if let Some(DoneMessage { sentence, .. }) = message { (notice::told(Kind::Good, &html! { p { (sentence) } })) }
    }
}

/// A submit button of this class, such as `primary`, and a link back to `path`.
pub fn submit(title: &str, class: &str, path: &str) -> Markup {
    html! {
        div.form-end {
            button class={ "button " (class) } type="submit" { (title) }
            a.button href=(path) { "Cancel" }
        }
    }
}
