//! The links of mails open something, so they do not stay in the address: at the first request the link's token moves into
//! a cookie, and the browser to the same page without it. So it is in no history, no bookmark, no referrer and no log of
//! a proxy but for that one line; going back leads to the mail, and loading the page again shows it again. Whoever only looks,
//! as the scanners of mail servers do, uses nothing up.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Redirect, Response};
use cookie::Cookie;

use crate::web::pages::current_user::{cookie_value, set_cookie};

/// What people are told who arrive without the link's cookie.
pub const OPEN_AGAIN: &str = "Open the link in the mail again. If this page comes up once more, your browser keeps no \
                              cookies for this site, which it has to for signing in, too.";

/// Longer than any token of ours.
const TOKEN_MAX_CHARS: usize = 200;

/// A page that a link in a mail leads to.
#[derive(Clone, Copy)]
pub struct LinkPage {
    /// The page's address.
    pub path: &'static str,
    /// The parameter of the link that holds the token.
    pub parameter: &'static str,
    /// The cookie that holds it afterwards.
    pub cookie: &'static str,
}

impl LinkPage {
    /// The answer to the link itself: keep the token, and come back without it.
    pub fn arrive(self, token: &str) -> Response {
        ([self.keep(token)], Redirect::to(self.path)).into_response()
    }

    /// The token of the link that was opened last in this browser.
    pub fn token(self, headers: &HeaderMap) -> Option<String> {
        cookie_value(headers, self.cookie).filter(|token| !token.is_empty())
    }

    /// Makes the browser forget a token that has done its work.
    pub fn forget(self) -> (HeaderName, HeaderValue) {
        let mut cookie = Cookie::new(self.cookie, "");
        cookie.set_max_age(cookie::time::Duration::ZERO);
        set_cookie(cookie)
    }

    /// What cannot be a token becomes one that opens nothing, and is told so on the page.
    fn keep(self, token: &str) -> (HeaderName, HeaderValue) {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let could_be = token.len() <= TOKEN_MAX_CHARS && token.bytes().all(is_plain);
        let token = if could_be { token } else { "unknown" };
        set_cookie(Cookie::new(self.cookie, token.to_owned()))
    }
}
