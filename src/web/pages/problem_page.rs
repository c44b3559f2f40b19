//! Shows a problem as a page, when the page that was asked for has no better way to show it.

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::html;

use crate::web::error::Problem;
use crate::web::pages::components::head;
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::layout::{Shell, page};

/// Replaces the problem details of a response with a page.
pub async fn show(request: Request, next: Next) -> Response {
    let place = Shell::of_path(request.uri().path());
    let response = next.run(request).await;
    match response.extensions().get::<Problem>() {
        Some(problem) => {
            let mut shown = render(&place, problem);
            shown.extensions_mut().insert(problem.clone());
            for name in [header::RETRY_AFTER, header::ALLOW] {
                if let Some(value) = response.headers().get(&name) {
                    shown.headers_mut().insert(name, value.clone());
                }
            }
            shown
        }
        None => response,
    }
}

/// Renders the page for a problem.
pub fn render(place: &Shell, problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let title = title(problem);
    let body = html! {
        (head::title(&html! { (title) }))
        (notice::alert(Kind::Bad, &html! { p { (problem.detail) } }))
        p { a.button.primary href=(place.home()) { "Continue" } }
    };
    (status, page(place, title, &body)).into_response()
}

fn title(problem: &Problem) -> &'static str {
    match problem.status {
        403 => "You do not have access",
        404 => "Not found",
        405 => "This is not possible here",
        409 | 412 => "Something has changed",
        410 | 423 => "No longer available",
        413 => "That is too large",
        422 | 400 => "Please check what you entered",
        429 => "One moment, please",
        503 => "Temporarily unavailable",
        _ => "Something went wrong",
    }
}
