//! Keeps the tokens of e-mailed links out of the address bar. The first request moves the token into a cookie and
//! redirects to the same page without it, so the token stays out of histories, bookmarks, referrers and, except for
//! that one request, proxy logs. Reloading the page still works. Opening a link does not use it up, so mail scanners do
//! no harm.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Redirect, Response};
use cookie::Cookie;

use crate::web::pages::current_user::{cookie_value, set_cookie};

/// The message for people who arrive without the link's cookie.
pub const OPEN_AGAIN: &str = "Open the link in the e-mail again. If you still see this page, your browser is blocking \
                              cookies for this site. Allow them: you also need them to sign in.";

/// An upper limit; every real token is shorter.
const TOKEN_MAX_CHARS: usize = 200;

/// A page that an e-mailed link leads to.
#[derive(Clone, Copy)]
pub struct LinkPage {
    pub path: &'static str,
    /// The query parameter of the link that holds the token.
    pub parameter: &'static str,
    /// The cookie that the token moves to.
    pub cookie: &'static str,
}

impl LinkPage {
    /// The response to the link itself: stores the token and redirects to the page without it.
    pub fn arrive(self, token: &str) -> Response {
        ([self.keep(token)], Redirect::to(self.path)).into_response()
    }

    /// The token of the link that was last opened in this browser.
    pub fn token(self, headers: &HeaderMap) -> Option<String> {
        cookie_value(headers, self.cookie).filter(|token| !token.is_empty())
    }

    /// Removes a used token from the browser.
    pub fn forget(self) -> (HeaderName, HeaderValue) {
        let mut cookie = Cookie::new(self.cookie, "");
        cookie.set_max_age(cookie::time::Duration::ZERO);
        set_cookie(cookie)
    }

    /// Anything that cannot be a token is stored as one that opens nothing, and the page then says so.
    fn keep(self, token: &str) -> (HeaderName, HeaderValue) {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let could_be = token.len() <= TOKEN_MAX_CHARS && token.bytes().all(is_plain);
        let token = if could_be { token } else { "unknown" };
        set_cookie(Cookie::new(self.cookie, token.to_owned()))
    }
}
