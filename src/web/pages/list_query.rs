//! How the list of applications was filtered and ordered when it was left, so that every path back to it leads to the same
//! list. The browser keeps it in a cookie until it is closed.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use cookie::Cookie;

use crate::web::pages::current_user::{cookie_value, set_cookie};
use crate::web::pages::form::Form;

const COOKIE: &str = "__Host-gatebook-list";
/// Longer ones are not kept.
const MAX_BYTES: usize = 1_000;
/// The parameters that are kept: filters, order and size of pages, not the page itself.
const KEPT: [&str; 13] = [
    "status",
    "name",
    "description",
    "developer_email",
    "category",
    "api_permission",
    "integration_type",
    "developer_status",
    "entity",
    "created_from",
    "created_to",
    "sort",
    "limit",
];

/// Has the browser keep the query of the list that it is shown.
pub fn keep(query: &Form) -> (HeaderName, HeaderValue) {
    let kept = of_parameters(|name| query.filled(name).map(str::to_owned));
    let kept = if kept.len() > MAX_BYTES { String::new() } else { kept };
    set_cookie(Cookie::new(COOKIE, kept))
}

/// Removes it from the browser, when its user signs out.
pub fn forget() -> (HeaderName, HeaderValue) {
    let mut cookie = Cookie::new(COOKIE, "");
    cookie.set_max_age(cookie::time::Duration::ZERO);
    set_cookie(cookie)
}

/// The query of the list that this browser was last shown; may be empty. Whatever else the cookie holds is left out.
pub fn kept(headers: &HeaderMap) -> String {
    let value = cookie_value(headers, COOKIE).unwrap_or_default();
    let fields: Vec<(String, String)> = form_urlencoded::parse(value.as_bytes()).into_owned().collect();
    of_parameters(|name| {
        let found = fields.iter().find(|(of, _)| of == name);
        found.map(|(_, value)| value.clone())
    })
}

fn of_parameters(value: impl Fn(&str) -> Option<String>) -> String {
    let mut parameters = form_urlencoded::Serializer::new(String::new());
    parameters.extend_pairs(KEPT.iter().filter_map(|name| Some((*name, value(name)?))));
    parameters.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_nothing_else_does() {
        let query = Form::of([
            ("name", "Gehälter; & mehr".to_owned()),
            ("status", "active".to_owned()),
            ("cursor", "x".to_owned()),
        ]);
        let (_, value) = keep(&query);
        let value = value.to_str().unwrap().to_owned();
        let cookie = value.split("; ").next().unwrap();
        let headers = HeaderMap::from_iter([(axum::http::header::COOKIE, HeaderValue::from_str(cookie).unwrap())]);
        assert_eq!(kept(&headers), "status=active&name=Geh%C3%A4lter%3B+%26+mehr");
        let forged = HeaderValue::from_static("__Host-gatebook-list=evil=1&sort=name");
        assert_eq!(
            kept(&HeaderMap::from_iter([(axum::http::header::COOKIE, forged)])),
            "sort=name"
        );
    }

    #[test]
    fn a_query_that_is_too_long_is_not_kept() {
        let query = Form::of([("name", "x".repeat(1_001))]);
        assert!(keep(&query).1.to_str().unwrap().starts_with("__Host-gatebook-list=;"));
    }
}
