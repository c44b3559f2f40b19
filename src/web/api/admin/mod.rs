//! The API for group users: `/api/v1`, with a user's token. This file lists all of its routes.

pub mod change;
mod client_secrets;
mod create_application;
mod download_activity_log;
mod edit_application;
mod get_application;
mod get_catalog;
mod get_developer;
mod get_me;
mod invite_anew;
mod list_applications;
mod list_entities;
mod list_events;
mod list_users;
mod negotiation;
mod register_developer;
mod rehearse;
mod resend_invite;
mod reset_otp;
mod revoke_developer;
mod set_permission;
mod suspend_resume_revoke;
mod usage;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use create_application::CreateApplication;
pub use download_activity_log::{RangeQuery, app_log, group_log};
pub use edit_application::EditApplication;
pub use rehearse::{INVALID_SECRET, id as parse_id};

use crate::web::service::Service;

/// The routes of the admin API.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        // /api/v1/me · catalog · entities · users
        .routes(routes!(get_me::get_me))
        .routes(routes!(get_catalog::get_catalog))
        .routes(routes!(list_entities::list_entities))
        .routes(routes!(list_users::list_users))
        // /api/v1/users/{id}/permissions/{permission}
        .routes(routes!(
            set_permission::grant_permission,
            set_permission::withdraw_permission
        ))
        // /api/v1/activity-log
        .routes(routes!(download_activity_log::download_group_activity_log))
        // /api/v1/integration-apps
        .routes(routes!(
            list_applications::list_applications,
            create_application::create_application
        ))
        // /api/v1/integration-apps/{id}
        .routes(routes!(
            get_application::get_application,
            edit_application::edit_application
        ))
        // /api/v1/integration-apps/{id}/activity-log · events
        .routes(routes!(download_activity_log::download_activity_log))
        .routes(routes!(list_events::list_events))
        // /api/v1/integration-apps/{id}/usage · usage/entities · refusals · usage/unused
        .routes(routes!(usage::get_usage))
        .routes(routes!(usage::get_usage_by_entity))
        .routes(routes!(usage::list_refusals))
        .routes(routes!(rehearse::get_unused_grants))
        // /api/v1/integration-apps/{id}/client-secrets
        .routes(routes!(client_secrets::list_app_client_secrets))
        .routes(routes!(client_secrets::retire_app_client_secret))
        // /api/v1/rehearsals
        .routes(routes!(rehearse::rehearse))
        // /api/v1/integration-apps/{id}/suspend · resume · revoke
        .routes(routes!(suspend_resume_revoke::suspend_application))
        .routes(routes!(suspend_resume_revoke::resume_application))
        .routes(routes!(suspend_resume_revoke::revoke_application))
        // /api/v1/integration-apps/{id}/developer
        .routes(routes!(
            get_developer::get_developer,
            register_developer::register_developer
        ))
        // /api/v1/integration-apps/{id}/developer/resend-invite · reset-otp · invite-anew · revoke
        .routes(routes!(resend_invite::resend_invite))
        .routes(routes!(reset_otp::reset_otp))
        .routes(routes!(invite_anew::invite_anew))
        .routes(routes!(revoke_developer::revoke_developer))
}
