//! Who is looking at a page: the session in the browser's cookie, and the account it belongs to.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use cookie::{Cookie, SameSite};
use gatebook_aggregates::group::Membership;
use gatebook_projections::developers::DeveloperRow;
use gatebook_projections::groups::GroupRow;

use maud::Markup;

use crate::application::{BrowserSession, Caller, Failure, Gatebook, Member, Operator, Realm};
use crate::web::error::Problem;
use crate::web::extract::Anyone;
use crate::web::service::Service;

/// A group user in the console.
pub struct ConsoleUser {
    pub session: BrowserSession,
    /// Who they are in their group, as it was read for this request.
    pub member: Member,
    /// The query of the list of applications that they were last shown; may be empty.
    pub list_query: String,
}

impl ConsoleUser {
    /// R2, R3: decides what the page offers. Permission itself is checked by the application layer.
    pub fn membership(&self) -> Membership {
        self.member.membership()
    }

    pub fn group(&self) -> &GroupRow {
        self.member.group()
    }

    pub fn caller(&self) -> &Caller {
        &self.session.caller
    }
}

/// A developer in the portal.
pub struct PortalUser {
    pub session: BrowserSession,
    pub developer: DeveloperRow,
}

impl PortalUser {
    pub fn caller(&self) -> &Caller {
        &self.session.caller
    }
}

/// An operator in the operator pages.
pub struct OperatorUser {
    pub session: BrowserSession,
    /// The name of the token that they signed in with.
    pub name: String,
}

impl OperatorUser {
    pub fn operator(&self) -> Result<Operator<'_>, Failure> {
        self.session.caller.operator()
    }

    pub fn caller(&self) -> &Caller {
        &self.session.caller
    }
}

/// A person who is signed in to one part of the site.
pub trait CurrentUser: Sized + Send {
    const REALM: Realm;
    /// The path of the page to sign in.
    const SIGN_IN: &'static str;

    /// Finds the account that the session belongs to.
    fn of(
        app: &Gatebook,
        session: BrowserSession,
        headers: &HeaderMap,
    ) -> impl Future<Output = Result<Self, Failure>> + Send;

    fn session(&self) -> &BrowserSession;

    /// The page to sign in again, which carries a form along that waits for its owner.
    fn sign_in_again(held: &str) -> Markup;

    /// The token that their forms carry, which no other session knows.
    fn form_token(&self) -> &str {
        &self.session().form_token
    }
}

/// The user of a page. Without a session, the request is redirected to the sign-in page, which leads back here.
pub struct SignedIn<V>(pub V);

impl<V: CurrentUser> FromRequestParts<Service> for SignedIn<V> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Response> {
        match user::<V>(parts, service).await {
            Ok(user) => Ok(Self(user)),
            Err(Failure::Unauthenticated) => Err(to_sign_in(V::SIGN_IN, parts)),
            Err(failure) => Err(Problem::from(failure).into_response()),
        }
    }
}

/// The user whose session is in the cookie.
///
/// # Errors
/// `Unauthenticated` without a valid session.
pub async fn user<V: CurrentUser>(parts: &mut Parts, service: &Service) -> Result<V, Failure> {
    let Ok(Anyone(caller)) = Anyone::from_request_parts(parts, service).await else {
        return Err(Failure::Unauthenticated);
    };
    let token = session_token(&parts.headers, V::REALM).ok_or(Failure::Unauthenticated)?;
    let session = service.browser_session(&caller, V::REALM, &token).await?;
    V::of(service, session, &parts.headers).await
}

fn to_sign_in(sign_in: &str, parts: &Parts) -> Response {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("next", path);
    Redirect::to(&format!("{sign_in}?{}", query.finish())).into_response()
}

/// Where to redirect after a sign-in that should lead to `next`.
pub fn signed_in_path(realm: Realm, next: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("next", next);
    format!("{}?{}", signed_in_page(realm), query.finish())
}

/// The page that checks whether the browser has kept the session.
pub fn signed_in_page(realm: Realm) -> &'static str {
    match realm {
        Realm::Console => "/signed-in",
        Realm::Portal => "/portal/signed-in",
        Realm::Operator => "/operator/signed-in",
    }
}

/// The end of every download's path.
const DOWNLOAD: &str = "/activity-log";

/// Where to go after signing in: a page of this site, or the home page. A download is replaced by its page, because a
/// browser that receives a file stays where it is, which would be the sign-in page.
pub fn after_sign_in<'a>(next: &'a str, otherwise: &'a str) -> &'a str {
    let next = local_path(next, otherwise);
    let path = next.split(['?', '#']).next().unwrap_or_default();
    path.strip_suffix(DOWNLOAD).unwrap_or(next)
}

/// A path on this site, or `otherwise`, so that a crafted link cannot send people to another site.
pub fn local_path<'a>(next: &'a str, otherwise: &'a str) -> &'a str {
    let bytes = next.as_bytes();
    let local = bytes.first() == Some(&b'/') && !matches!(bytes.get(1), Some(b'/' | b'\\'));
    if local && !next.contains(|c: char| c.is_control()) {
        next
    } else {
        otherwise
    }
}

fn cookie_name(realm: Realm) -> &'static str {
    match realm {
        Realm::Console => "__Host-gatebook-console",
        Realm::Portal => "__Host-gatebook-portal",
        Realm::Operator => "__Host-gatebook-operator",
    }
}

/// The session token for this part of the site.
pub fn session_token(headers: &HeaderMap, realm: Realm) -> Option<String> {
    cookie_value(headers, cookie_name(realm))
}

pub fn cookie_value(headers: &HeaderMap, name: &str) -> Option<String> {
    let submitted = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut cookies = submitted.flat_map(Cookie::split_parse).flatten();
    cookies
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

/// A cookie that lasts until the browser is closed. The session itself ends on the server, when it expires.
pub fn keep_session(realm: Realm, token: &str) -> (header::HeaderName, HeaderValue) {
    set_cookie(Cookie::new(cookie_name(realm), token.to_owned()))
}

/// A cookie that removes the session from the browser.
pub fn forget_session(realm: Realm) -> (header::HeaderName, HeaderValue) {
    let mut cookie = Cookie::new(cookie_name(realm), "");
    cookie.set_max_age(cookie::time::Duration::ZERO);
    set_cookie(cookie)
}

/// A `Set-Cookie` header for this host only, over TLS, and hidden from scripts.
pub fn set_cookie(mut cookie: Cookie<'static>) -> (header::HeaderName, HeaderValue) {
    cookie.set_path("/");
    cookie.set_secure(true);
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    // This cannot fail: tokens consist of characters that are valid in headers.
    let value = HeaderValue::try_from(cookie.to_string()).unwrap_or(HeaderValue::from_static(""));
    (header::SET_COOKIE, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_nobody_is_sent_to_another_site() {
        for elsewhere in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "",
            "x",
            "/a\r\nb",
        ] {
            assert_eq!(local_path(elsewhere, "/"), "/", "{elsewhere}");
        }
        assert_eq!(
            local_path("/integration-applications?status=active", "/"),
            "/integration-applications?status=active"
        );
    }

    #[test]
    fn after_signing_in_nobody_is_left_with_a_file_instead_of_a_page() {
        for (next, page) in [
            ("/integration-applications/activity-log", "/integration-applications"),
            (
                "/integration-applications/activity-log?from=2026-11-23",
                "/integration-applications",
            ),
            (
                "/integration-applications/x/activity-log",
                "/integration-applications/x",
            ),
            (
                "/integration-applications?name=/activity-log",
                "/integration-applications?name=/activity-log",
            ),
            ("//evil.example/activity-log", "/"),
        ] {
            assert_eq!(after_sign_in(next, "/"), page, "{next}");
        }
    }

    #[test]
    fn a_session_cookie_is_for_this_host_over_tls_and_not_for_scripts() {
        let (_, value) = keep_session(Realm::Console, "gbw_x");
        let value = value.to_str().unwrap();
        assert!(value.starts_with("__Host-gatebook-console=gbw_x;"), "{value}");
        for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
            assert!(value.contains(attribute), "{value}");
        }
        assert!(!value.contains("Domain"), "{value}");
    }
}
