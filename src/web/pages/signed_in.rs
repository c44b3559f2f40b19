//! A stop between signing in and the wanted page, which checks that the browser has stored the session cookie. Without
//! it, people whose browser refuses cookies would be asked to sign in again and again, with no explanation.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use maud::html;

use crate::application::Realm;
use crate::web::extract::Service;
use crate::web::pages::current_user::{after_sign_in, session_token};
use crate::web::pages::form::{Form, PageQuery};
use crate::web::pages::layout::{Shell, page};

/// One route for each part of the site.
pub fn routes() -> Router<Service> {
    let realms = [Realm::Console, Realm::Portal, Realm::Operator];
    realms.into_iter().fold(Router::new(), |router, realm| {
        let check = async move |State(app): State<Service>, headers: HeaderMap, PageQuery(query): PageQuery| {
            show(&app, realm, &headers, &query)
        };
        router.route(at(realm), get(check))
    })
}

/// Where to redirect after a sign-in that should lead to `next`.
pub fn path(realm: Realm, next: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("next", next);
    format!("{}?{}", at(realm), query.finish())
}

fn at(realm: Realm) -> &'static str {
    match realm {
        Realm::Console => "/signed-in",
        Realm::Portal => "/portal/signed-in",
        Realm::Operator => "/operator/signed-in",
    }
}

fn show(service: &Service, realm: Realm, headers: &HeaderMap, query: &Form) -> Response {
    let shell = Shell::of_path(at(realm));
    if session_token(headers, realm).is_some() {
        return Redirect::to(after_sign_in(query.text("next"), shell.home())).into_response();
    }
    let public_url = &service.settings.public_url;
    let body = html! {
        div.notice.bad role="alert" tabindex="-1" data-focus {
            h1 { "Your browser did not keep you signed in" }
            p { "What you entered was correct, but your browser did not store the session cookie." }
        }
        ul {
            li {
                "Browsers store it on secure connections only: the address must begin with " code { "https://" } ", or with "
                code { "http://127.0.0.1" } " or " code { "http://localhost" } " on your own machine. This site’s address is "
                a href={ (public_url) (shell.home()) } { (public_url) (shell.home()) } "."
            }
            li { "If that is the address you used, allow cookies for this site in your browser." }
        }
    };
    let page = page(&shell, "Your browser did not keep you signed in", &body);
    (StatusCode::BAD_REQUEST, page).into_response()
}
