//! A stop between signing in and the wanted page, which checks that the browser has stored the session cookie. Without
//! it, people whose browser refuses cookies would be asked to sign in again and again, with no explanation.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use maud::html;

use crate::application::Realm;
use crate::web::pages::components::head;
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::current_user::{after_sign_in, session_token, signed_in_page};
use crate::web::pages::form::{Form, PageQuery};
use crate::web::pages::layout::{Shell, page};
use crate::web::service::Service;

/// One route for each part of the site.
pub fn routes() -> Router<Service> {
    let realms = [Realm::Console, Realm::Portal, Realm::Operator];
    realms.into_iter().fold(Router::new(), |router, realm| {
        let check = async move |State(app): State<Service>, headers: HeaderMap, PageQuery(query): PageQuery| {
            show(&app, realm, &headers, &query)
        };
        router.route(signed_in_page(realm), get(check))
    })
}

fn show(service: &Service, realm: Realm, headers: &HeaderMap, query: &Form) -> Response {
    let shell = Shell::of_path(signed_in_page(realm));
    if session_token(headers, realm).is_some() {
        return Redirect::to(after_sign_in(query.text("next"), shell.home())).into_response();
    }
    let public_url = &service.settings.public_url;
    let body = html! {
        (head::title(&html! { "Your browser did not keep you signed in" }))
        (notice::alert_first(Kind::Bad, &html! {
            p { "What you entered was correct, but your browser did not store the session cookie." }
        }))
        ul.bullets {
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
