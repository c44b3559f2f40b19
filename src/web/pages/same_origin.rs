//! Accepts forms from our own pages only. Forms of a session are also checked by their token (see `form`); this check
//! covers the forms before there is a session, such as signing in.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::web::error::Problem;
use crate::web::service::Service;

/// Refuses requests that another site caused. Browsers send the origin with every form.
pub async fn check(State(service): State<Service>, request: Request, next: Next) -> Response {
    if request.method().is_safe() || is_our_own(request.headers(), &service.settings.public_url) {
        return next.run(request).await;
    }
    let detail = "This form was sent from another site. Open the page on this site, and send the form from there.";
    Problem::new(StatusCode::FORBIDDEN, "cross_site", detail).into_response()
}

fn is_our_own(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else {
        // Not a browser, so no other site can have caused the request.
        return true;
    };
    let host = text(header::HOST.as_str()).unwrap_or_default();
    origin == public_url || origin.split_once("://").is_some_and(|(_, of)| of == host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn own(submitted: &[(&'static str, &'static str)]) -> bool {
        let headers = submitted
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        is_our_own(&headers.collect(), "https://gate.example.com")
    }

    #[test]
    fn a_form_of_another_site_is_refused() {
        assert!(!own(&[("sec-fetch-site", "cross-site")]));
        assert!(!own(&[("sec-fetch-site", "same-site")]));
        assert!(!own(&[
            ("origin", "https://evil.example"),
            ("host", "gate.example.com")
        ]));
        assert!(!own(&[("origin", "null"), ("host", "gate.example.com")]));
    }

    #[test]
    fn a_form_of_our_own_is_taken() {
        assert!(own(&[("sec-fetch-site", "same-origin")]));
        assert!(own(&[("origin", "https://gate.example.com"), ("host", "10.0.0.1")]));
        assert!(own(&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")]));
        assert!(own(&[]));
    }
}
