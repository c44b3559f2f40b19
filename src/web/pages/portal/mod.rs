//! The Developer Portal.

mod account;
mod application;
mod client_secrets;
mod entities;
mod home;
mod labels;
mod log_in;
mod sign_up;
mod usage;
mod user;
mod verify;

use axum::Router;
use axum::routing::{get, post};

pub use log_in::log_in_again;

use crate::application::Realm;
use crate::web::pages::passwords;
use crate::web::service::Service;

pub fn routes() -> Router<Service> {
    Router::new()
        .route("/portal/log-in", get(log_in::show).post(log_in::submit))
        .route("/portal/log-out", post(log_in::log_out))
        .route("/portal/sign-up", get(sign_up::show).post(sign_up::submit))
        .route(
            "/portal/sign-up/code",
            get(sign_up::without_form).post(sign_up::send_code),
        )
        .route("/portal", get(home::show))
        .route("/portal/apps/{id}/verify", get(verify::show).post(verify::submit))
        .route("/portal/apps/{id}", get(application::show))
        .route(
            "/portal/apps/{id}/credentials",
            get(application::show).post(application::credentials),
        )
        .route("/portal/apps/{id}/entities", get(entities::show))
        .route(
            "/portal/apps/{id}/client-secrets",
            get(application::show).post(client_secrets::generate),
        )
        .route(
            "/portal/apps/{id}/client-secrets/{secret_id}/retire",
            get(client_secrets::ask_to_retire).post(client_secrets::retire),
        )
        .route("/portal/account", get(account::show))
        .route("/portal/account/sessions/{id}/end", post(account::end_session))
        .route("/portal/account/password-link", post(account::send_password_link))
        .merge(passwords::routes(Realm::Portal))
}
