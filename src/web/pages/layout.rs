//! The frame of every page: title, menu, who is signed in, and the line at the bottom.

use maud::{DOCTYPE, Markup, html};

use crate::brand::BRAND;
use crate::web::pages::assets::{ICON_URL, SCRIPT_URL, STYLE_URL};
use crate::web::pages::components::icons::{Icon, chevron, icon, mark};
use crate::web::pages::current_user::{ConsoleUser, OperatorUser, PortalUser};
use crate::web::pages::form_token::token;

struct MenuEntry {
    href: &'static str,
    title: &'static str,
}

/// The part of the site that a page belongs to, and who is signed in.
pub struct Shell {
    home: &'static str,
    site: &'static str,
    menu: Vec<MenuEntry>,
    /// The menu's entry that the page belongs to, and whether it is that entry's own page.
    current: Option<(&'static str, bool)>,
    signed_in: Option<SignedInAs>,
    /// Whose data the pages show, for the line at the bottom.
    whose: Option<String>,
}

struct SignedInAs {
    name: String,
    detail: String,
    account: (&'static str, &'static str),
    sign_out: (&'static str, &'static str),
    form_token: String,
}

const CONSOLE: (&str, &str) = ("/", BRAND.console);
const PORTAL: (&str, &str) = ("/portal", BRAND.portal);
const OPERATOR: (&str, &str) = ("/operator", BRAND.operations);

impl Shell {
    /// The frame for a path, without a signed-in user.
    pub fn of_path(path: &str) -> Self {
        let below = |home: &str| path == home || path.starts_with(&format!("{home}/"));
        let (home, site) = if below(PORTAL.0) {
            PORTAL
        } else if below(OPERATOR.0) {
            OPERATOR
        } else {
            CONSOLE
        };
        Self {
            home,
            site,
            menu: Vec::new(),
            current: None,
            signed_in: None,
            whose: None,
        }
    }

    pub fn console() -> Self {
        Self::of_path(CONSOLE.0)
    }

    pub fn portal() -> Self {
        Self::of_path(PORTAL.0)
    }

    pub fn operator() -> Self {
        Self::of_path(OPERATOR.0)
    }

    /// The home page of this part of the site.
    pub fn home(&self) -> &'static str {
        self.home
    }

    /// The frame for the page that this entry of the menu leads to.
    pub fn at(self, href: &'static str) -> Self {
        let current = Some((href, true));
        Self { current, ..self }
    }

    /// The frame for a page below the one that this entry of the menu leads to.
    pub fn below(self, href: &'static str) -> Self {
        let current = Some((href, false));
        Self { current, ..self }
    }
}

impl From<&ConsoleUser> for Shell {
    fn from(user: &ConsoleUser) -> Self {
        let customer = &user.group().customer;
        let home = user.membership().reads().then_some(MenuEntry {
            href: "/",
            title: "Home",
        });
        let group_users = user.membership().grants().then_some(MenuEntry {
            href: "/group-users",
            title: "Edit Group Users",
        });
        let applications = MenuEntry {
            href: "/integration-applications",
            title: "Integration Applications",
        };
        Self {
            menu: home.into_iter().chain([applications]).chain(group_users).collect(),
            signed_in: Some(SignedInAs {
                name: user.member.user().name.as_str().to_owned(),
                detail: customer.name.as_str().to_owned(),
                account: ("/account", "Your account"),
                sign_out: ("/sign-out", "Sign out"),
                form_token: user.session.form_token.clone(),
            }),
            whose: Some(format!(
                "{}, plan {}",
                customer.name.as_str(),
                customer.product_plan.as_str()
            )),
            ..Self::console()
        }
    }
}

impl From<&PortalUser> for Shell {
    fn from(user: &PortalUser) -> Self {
        Self {
            menu: vec![MenuEntry {
                href: "/portal",
                title: "Home",
            }],
            signed_in: Some(SignedInAs {
                name: user.developer.full_name.as_str().to_owned(),
                detail: user.developer.email.as_str().to_owned(),
                account: ("/portal/account", "Your account"),
                sign_out: ("/portal/log-out", "Log out"),
                form_token: user.session.form_token.clone(),
            }),
            ..Self::portal()
        }
    }
}

impl From<&OperatorUser> for Shell {
    fn from(user: &OperatorUser) -> Self {
        let entries = [
            ("/operator/groups", "Groups"),
            ("/operator/requests", "AIQ Integrate"),
            ("/operator/projections", "Projections"),
            ("/operator/outbox", "Outbox"),
        ];
        Self {
            menu: entries.map(|(href, title)| MenuEntry { href, title }).into(),
            signed_in: Some(SignedInAs {
                name: user.name.clone(),
                detail: "Operator".to_owned(),
                account: ("/operator/sessions", "Sessions"),
                sign_out: ("/operator/sign-out", "Sign out"),
                form_token: user.session.form_token.clone(),
            }),
            ..Self::operator()
        }
    }
}

/// Renders a complete page.
pub fn page(shell: &Shell, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(shell, title))
            body {
                a.skip href="#content" { "Skip to content" }
                (header(shell))
                main #content tabindex="-1" { div.page { (body) } }
                footer.site-footer {
                    div.page {
                        @if let Some(whose) = &shell.whose { span { bdi { (whose) } } }
                        a href="/docs" { "API documentation" }
                        span { "Times are shown in " span data-zone { "UTC" } }
                    }
                }
            }
        }
    }
}

/// Renders a page for somebody who is still outside: to sign in, to choose a password, to sign up.
pub fn door(shell: &Shell, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(shell, title))
            body.door {
                a.skip href="#content" { "Skip to content" }
                main { div.door-box { (brand(shell)) div #content tabindex="-1" { (body) } } }
                aside.door-side aria-label="About" {
                    p.door-words { "Who may enter, what they may open, and every change since." }
                }
            }
        }
    }
}

fn head(shell: &Shell, title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (title) " – " (shell.site) }
            link rel="icon" type="image/svg+xml" href=(*ICON_URL);
            link rel="stylesheet" href=(*STYLE_URL);
            script src=(*SCRIPT_URL) defer {}
        }
    }
}

fn header(shell: &Shell) -> Markup {
    html! {
        header.site-header {
            div.page {
                (brand(shell))
                @if !shell.menu.is_empty() { nav.site-nav aria-label="Main" { (entries(shell)) } }
                @if let Some(who) = &shell.signed_in {
                    details.menu.account {
                        summary.button.plain { span.clip { (who.name) } (chevron()) }
                        ul.menu-list { (account(who)) }
                    }
                    // The same for phones.
                    details.menu.site-menu {
                        summary.button.icon-only aria-label="Menu" { (icon(Icon::Menu)) }
                        nav.menu-list aria-label="Menu" {
                            (entries(shell))
                            ul.apart { (account(who)) }
                        }
                    }
                }
            }
        }
    }
}

fn brand(shell: &Shell) -> Markup {
    html! {
        a.brand href=(shell.home) {
            @if let Some(logo) = BRAND.logo { img src=(logo) alt=""; } @else { (mark()) }
            span { (BRAND.product) }
            @if shell.site != BRAND.console { " " span.part { (shell.site) } }
        }
    }
}

fn entries(shell: &Shell) -> Markup {
    let current = |href: &str| {
        let current = shell.current.filter(|(of, _)| *of == href);
        current.map(|(_, itself)| if itself { "page" } else { "true" })
    };
    html! {
        ul { @for entry in &shell.menu { li { a href=(entry.href) aria-current=[current(entry.href)] { (entry.title) } } } }
    }
}

fn account(who: &SignedInAs) -> Markup {
    let (href, title) = who.account;
    let (sign_out, out) = who.sign_out;
    html! {
        li.who { bdi { (who.name) } br; bdi { (who.detail) } }
        li { a href=(href) { (icon(Icon::User)) (title) } }
        li.apart {
            form method="post" action=(sign_out) {
                (token(&who.form_token))
                button type="submit" { (out) }
            }
        }
    }
}
