//! The console, for group users.

mod account;
mod applications;
mod attention_mails;
mod group_users;
mod home;
mod sign_in;
mod user;

use axum::Router;
use axum::routing::{get, post};

pub use sign_in::sign_in_again;

use crate::application::Realm;
use crate::web::pages::passwords;
use crate::web::service::Service;

pub fn routes() -> Router<Service> {
    Router::new()
        .route("/", get(home::show))
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/sign-out", post(sign_in::sign_out))
        .merge(applications::routes())
        .route("/group-users", get(group_users::list))
        .route("/group-users/{id}", get(group_users::show).post(group_users::process))
        .route("/group-users/{id}/password-link", post(group_users::send_password_link))
        .route("/account", get(account::show))
        .route("/account/mails", post(attention_mails::choose))
        .route("/account/tokens", get(account::show).post(account::new_token))
        .route(
            "/account/tokens/{id}/end",
            get(account::ask_to_end_token).post(account::end_token),
        )
        .route(
            "/account/sessions/{id}/end",
            get(account::ask_to_end_session).post(account::end_session),
        )
        .route("/account/password-link", post(account::send_password_link))
        .merge(passwords::routes(Realm::Console))
}
