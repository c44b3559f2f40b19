//! The pages for operators, the team that runs Gatebook.

mod group;
mod groups;
mod labels;
mod outbox;
mod projections;
mod requests;
mod secrets;
mod sessions;
mod sign_in;
mod user;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};

pub use sign_in::sign_in_again;

use crate::web::service::Service;

pub fn routes() -> Router<Service> {
    Router::new()
        .route("/operator/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/operator/sign-out", post(sign_in::sign_out))
        .route("/operator", get(|| async { Redirect::to("/operator/groups") }))
        .route("/operator/groups", get(groups::list).post(groups::create))
        .route("/operator/groups/{id}", get(group::show).post(group::change))
        .route(
            "/operator/groups/{id}/entities/{entity_id}/remove",
            get(group::entities::ask_to_remove).post(group::entities::remove),
        )
        .route(
            "/operator/groups/{id}/users/{user_id}/remove",
            get(group::users::ask_to_remove).post(group::users::remove),
        )
        .route("/operator/requests", get(requests::show))
        .route(
            "/operator/requests/{id}/client-secrets",
            get(secrets::show).post(requests::generate),
        )
        .route(
            "/operator/requests/{id}/client-secrets/{secret_id}/retire",
            get(secrets::ask_to_retire).post(secrets::retire),
        )
        .route("/operator/projections", get(projections::show).post(projections::start))
        .route("/operator/sessions", get(sessions::show))
        .route("/operator/sessions/{id}/end", post(sessions::end))
        .route("/operator/outbox", get(outbox::show))
        .route("/operator/outbox/retry", post(outbox::retry_failed))
        .route("/operator/outbox/{id}/retry", post(outbox::retry))
}
