//! The frame of every page: title, menu, and who is signed in.

use maud::{DOCTYPE, Markup, html};

use crate::brand::BRAND;
use crate::web::pages::assets::{SCRIPT_URL, STYLE_URL};
use crate::web::pages::current_user::{ConsoleUser, OperatorUser, PortalUser};

pub struct MenuEntry {
    pub href: &'static str,
    pub title: &'static str,
}

/// The part of the site that a page belongs to, and who is signed in.
pub struct Shell {
    home: &'static str,
    site: &'static str,
    menu_title: Option<&'static str>,
    menu: Vec<MenuEntry>,
    signed_in: Option<SignedInAs>,
}

struct SignedInAs {
    name: String,
    detail: String,
    account: &'static str,
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
            menu_title: None,
            menu: Vec::new(),
            signed_in: None,
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
}

impl From<&ConsoleUser> for Shell {
    fn from(user: &ConsoleUser) -> Self {
        let mut menu = Vec::new();
        if user.membership().reads() {
            menu.push(MenuEntry {
                href: "/",
                title: "Home",
            });
        }
        if user.membership().grants() {
            menu.push(MenuEntry {
                href: "/group-users",
                title: "Edit Group Users",
            });
        }
        menu.push(MenuEntry {
            href: "/integration-applications",
            title: "Integration Applications",
        });
        Self {
            menu_title: Some("Group Management"),
            menu,
            signed_in: Some(SignedInAs {
                name: user.member.user().name.as_str().to_owned(),
                detail: user.group().customer.name.as_str().to_owned(),
                account: "/account",
                sign_out: ("/sign-out", "Sign out"),
                form_token: user.session.form_token.clone(),
            }),
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
                account: "/portal/account",
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
                account: "/operator/sessions",
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
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " – " (shell.site) }
                link rel="stylesheet" href=(*STYLE_URL);
                script src=(*SCRIPT_URL) defer {}
            }
            body {
                a.skip href="#content" { "Skip to content" }
                header.site {
                    a.brand href=(shell.home) {
                        @if let Some(logo) = BRAND.logo { img src=(logo) alt=""; " " }
                        (shell.site)
                    }
                    @if !shell.menu.is_empty() {
                        nav aria-label="Main" {
                            @if let Some(title) = shell.menu_title { span.detail { (title) ":" } }
                            ul { @for entry in &shell.menu { li { a href=(entry.href) { (entry.title) } } } }
                        }
                    }
                    @if let Some(who) = &shell.signed_in { (signed_in(who)) }
                }
                main #content tabindex="-1" { (body) }
            }
        }
    }
}

fn signed_in(who: &SignedInAs) -> Markup {
    let (sign_out, title) = who.sign_out;
    html! {
        div.who {
            a href=(who.account) { (who.name) }
            span.detail { (who.detail) }
            form method="post" action=(sign_out) {
                (crate::web::pages::form_token::token(&who.form_token))
                button.plain type="submit" { (title) }
            }
        }
    }
}
