//! The API for developers: all routes below `/portal/api/v1`. Accounts and sessions come first, then applications.

mod app_details;
mod entities;
mod generate_client_secret;
mod home;
mod log_in;
mod log_out;
mod open_invitation;
mod problems;
mod required;
mod retire_client_secret;
mod send_code;
mod sign_up;
mod usage;
mod verify;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::service::Service;

/// The routes of the developer API.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        // POST /portal/api/v1/sign-up/invitation
        .routes(routes!(open_invitation::open_invitation))
        // POST /portal/api/v1/sign-up/code
        .routes(routes!(send_code::send_verification_code))
        // POST /portal/api/v1/sign-up
        .routes(routes!(sign_up::sign_up))
        // POST, DELETE /portal/api/v1/session
        .routes(routes!(log_in::log_in, log_out::log_out))
        // GET /portal/api/v1/apps
        .routes(routes!(home::portal_home))
        // GET /portal/api/v1/apps/{id}
        .routes(routes!(app_details::portal_app_details))
        // POST /portal/api/v1/apps/{id}/verify
        .routes(routes!(verify::verify_otp))
        // GET /portal/api/v1/apps/{id}/entities
        .routes(routes!(entities::portal_entities))
        // GET /portal/api/v1/apps/{id}/usage, usage/entities, refusals
        .routes(routes!(usage::portal_usage))
        .routes(routes!(usage::portal_usage_by_entity))
        .routes(routes!(usage::portal_refusals))
        // POST /portal/api/v1/apps/{id}/client-secrets
        .routes(routes!(generate_client_secret::portal_generate_client_secret))
        // DELETE /portal/api/v1/apps/{id}/client-secrets/{secret_id}
        .routes(routes!(retire_client_secret::portal_retire_client_secret))
}
