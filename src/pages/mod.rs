//! The pages that people use: the console for group users, the portal for developers, the pages for operators. Made on
//! the server; they call the application layer like the JSON API does, and hold no rule and no SQL.

mod assets;
mod attempt;
mod console;
mod copy;
mod facts;
mod filter_form;
mod form;
mod inputs;
mod layout;
mod once;
mod operator;
mod passwords;
mod portal;
mod problem_page;
mod same_origin;
mod session_list;
mod sign_out;
mod times;
mod visitor;

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, middleware};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::http::error::Problem;
use crate::http::extract::App;
use layout::Shell;

/// Nothing but what the binary itself serves; no script, style or frame from elsewhere, and none inside of a page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// How long a browser remembers to come by TLS only.
const STRICT_TRANSPORT: &str = "max-age=31536000";

/// All pages.
pub fn routes(app: &App) -> Router<App> {
    let pages = Router::new()
        .merge(console::routes())
        .merge(portal::routes())
        .merge(operator::routes())
        .layer(middleware::from_fn_with_state(app.clone(), same_origin::check))
        .layer(middleware::from_fn(problem_page::show))
        .layer(SetResponseHeaderLayer::overriding(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        ));
    let strict = app.settings.public_url.starts_with("https://");
    let pages = match strict {
        true => pages.layer(SetResponseHeaderLayer::overriding(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static(STRICT_TRANSPORT),
        )),
        false => pages,
    };
    pages.merge(assets::routes())
}

/// An address that there is not: a page for browsers, problem details for programs.
pub async fn nowhere(uri: Uri, headers: HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let problem = Problem::not_found();
    if !accepted.is_some_and(|accepted| accepted.contains("text/html")) {
        return problem.into_response();
    }
    let policy = [(header::CONTENT_SECURITY_POLICY, POLICY)];
    (policy, problem_page::render(&Shell::of_path(uri.path()), &problem)).into_response()
}
