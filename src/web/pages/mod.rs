//! The HTML pages: the console for group users, the portal for developers, and the pages for operators. They are
//! rendered on the server and call the application layer as the JSON API does. They contain no business rules and no
//! SQL.

mod assets;
mod components;
mod console;
mod copy;
mod current_user;
mod definition_list;
mod demo_mail;
mod device;
mod end_date;
mod filter_form;
mod form;
mod form_errors;
mod form_key;
mod form_token;
mod inputs;
mod layout;
mod link_cookie;
mod list_query;
mod operator;
mod passwords;
mod portal;
mod problem_page;
mod rehearsal;
mod same_origin;
mod session_list;
mod sign_in_page;
mod sign_out;
mod signed_in;
mod times;
mod unused_grants;
mod usage;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;

use crate::mail::MailFolder;
use crate::web::error::Problem;
use crate::web::request_context::panicked;
use crate::web::service::Service;
use layout::Shell;

/// Allows only what this binary serves: no external or inline scripts and styles, and no frames.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// How long browsers remember to use TLS only: one year.
const STRICT_TRANSPORT: &str = "max-age=31536000";

/// All pages; those about e-mails only if there is a folder that a demo writes them to.
pub fn routes(service: &Service, demo_mail: Option<&MailFolder>) -> Router<Service> {
    let pages = Router::new()
        .merge(console::routes())
        .merge(portal::routes())
        .merge(operator::routes())
        .merge(signed_in::routes())
        .merge(demo_mail.map(demo_mail::pages).unwrap_or_default())
        .method_not_allowed_fallback(not_from_here)
        .layer(middleware::from_fn_with_state(service.clone(), same_origin::check));
    with_page_headers(pages, is_strict(service))
        .merge(assets::routes())
        .merge(demo_mail.map(demo_mail::emails).unwrap_or_default())
}

/// What all pages share: problems and panics are shown as pages, and every response has the security headers.
fn with_page_headers<S: Clone + Send + Sync + 'static>(pages: Router<S>, strict: bool) -> Router<S> {
    pages
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(problem_page::show))
        .layer(middleware::from_fn_with_state(strict, secured))
}

async fn secured(State(strict): State<bool>, request: Request, next: Next) -> Response {
    secure(next.run(request).await, strict)
}

fn secure(mut response: Response, strict: bool) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    if strict {
        let value = HeaderValue::from_static(STRICT_TRANSPORT);
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    response
}

fn is_strict(service: &Service) -> bool {
    service.settings.public_url.starts_with("https://")
}

/// A form's address that is opened like a page, from a bookmark or by going back, redirects to the page with the form.
async fn not_from_here(method: Method, uri: Uri) -> Response {
    if matches!(method, Method::GET | Method::HEAD) {
        return Redirect::to(page_above(uri.path())).into_response();
    }
    let detail = "This page does not support this method.";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail).into_response()
}

/// The page that contains the form for this address: `/account` for `/account/sessions/{id}/end`.
fn page_above(path: &str) -> &str {
    let parts = match path.rsplit('/').next() {
        Some("end") => 3,
        Some("retry") if path != "/operator/outbox/retry" => 2,
        _ => 1,
    };
    let above = (0..parts).fold(path, |path, _| path.rsplit_once('/').map_or("", |(above, _)| above));
    if above.is_empty() { "/" } else { above }
}

/// Paths that only programs use.
const OF_PROGRAMS: [&str; 6] = [
    "/api/",
    "/portal/api/",
    "/operator/api/",
    "/oauth/",
    "/gateway/",
    "/.well-known/",
];

/// The response for an unknown address: a page for browsers, problem details for programs and everywhere in the APIs.
pub async fn not_found_page(State(service): State<Service>, uri: Uri, headers: HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let problem = Problem::not_found();
    let is_of_programs = OF_PROGRAMS.iter().any(|start| uri.path().starts_with(start));
    if is_of_programs || !accepted.is_some_and(|accepted| accepted.contains("text/html")) {
        return problem.into_response();
    }
    let page = problem_page::render(&Shell::of_path(uri.path()), &problem);
    secure(page, is_strict(&service))
}

#[cfg(test)]
mod tests {
    use axum::routing::get;

    use super::*;

    #[test]
    fn a_form_without_a_page_belongs_to_the_page_above_it() {
        for (form, page) in [
            ("/sign-out", "/"),
            ("/portal/log-out", "/portal"),
            ("/account/password-link", "/account"),
            ("/account/tokens/0199/end", "/account"),
            ("/portal/account/sessions/0199/end", "/portal/account"),
            (
                "/integration-applications/0199/developer/reset-otp",
                "/integration-applications/0199/developer",
            ),
            ("/operator/outbox/0199/retry", "/operator/outbox"),
            ("/operator/outbox/retry", "/operator/outbox"),
        ] {
            assert_eq!(page_above(form), page);
        }
    }

    #[tokio::test]
    async fn even_a_bug_is_told_on_a_page_that_obeys_the_policy() {
        async fn bug() {
            panic!("a bug");
        }
        let pages = with_page_headers(Router::new().route("/portal/bug", get(bug)), true);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/portal/bug", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, pages).await });
        let answer = reqwest::get(url).await.unwrap();
        assert_eq!(answer.status(), 500);
        assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
        assert_eq!(answer.headers()["content-security-policy"], POLICY);
        assert_eq!(answer.headers()["strict-transport-security"], STRICT_TRANSPORT);
        let page = answer.text().await.unwrap();
        assert!(
            page.contains("Something went wrong") && page.contains("Developer Portal"),
            "{page}"
        );
    }
}
