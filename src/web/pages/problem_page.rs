//! Every refusal that a page has nothing better for, as a page: what happened, and what to do next.

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::html;

use crate::web::error::Problem;
use crate::web::pages::layout::{Shell, page};

/// Shows problem details, which the handlers answer with, as a page.
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

/// The page that tells of a problem.
pub fn render(place: &Shell, problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let title = title(problem);
    let body = html! {
        div.notice.bad role="alert" {
            h1 { (title) }
            p { (problem.detail) }
        }
        p { a.button href=(place.home()) { "Go on" } }
    };
    (status, page(place, title, &body)).into_response()
}

fn title(problem: &Problem) -> &'static str {
    match problem.status {
        403 => "This is not open to you",
        404 => "There is nothing here",
        405 => "This cannot be done here",
        409 | 412 => "Something has changed",
        410 | 423 => "This is over",
        413 => "That is too much",
        422 | 400 => "Something has to be corrected",
        429 => "One moment, please",
        503 => "Out of reach at the moment",
        _ => "Something went wrong",
    }
}
