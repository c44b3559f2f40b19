//! The API for operators: `/operator/api/v1`, with an operator's token. This file lists all of its routes.

mod confirm_removed;
mod create_client_secret;
mod create_resource_server;
mod create_user_token;
mod delete_entity;
mod delete_resource_server;
mod delete_user;
mod delete_user_token;
mod get_group;
mod get_installation_usage;
mod get_projections;
mod list_all_applications;
mod list_client_secrets;
mod list_groups;
mod list_outbox;
mod list_resource_servers;
mod put_entities;
mod put_entity;
mod put_group;
mod put_user;
mod put_users;
mod rehearse;
mod retire_client_secret;
mod retry_email;
mod retry_failed;
mod send_password_link;

use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::application::PutOutcome;
use crate::web::service::Service;

/// The routes of the operator API.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        // /operator/api/v1/groups · /groups/{group_id}
        .routes(routes!(list_groups::list_groups))
        .routes(routes!(get_group::get_group, put_group::put_group))
        // /operator/api/v1/groups/{group_id}/entities · /users
        .routes(routes!(put_entities::put_entities))
        .routes(routes!(put_users::put_users))
        // /operator/api/v1/groups/{group_id}/entities/{entity_id}
        .routes(routes!(put_entity::put_entity, delete_entity::delete_entity))
        // /operator/api/v1/groups/{group_id}/users/{user_id}
        .routes(routes!(put_user::put_user, delete_user::delete_user))
        // /operator/api/v1/groups/{group_id}/users/{user_id}/tokens · /tokens/{token_id}
        .routes(routes!(create_user_token::create_user_token))
        .routes(routes!(delete_user_token::delete_user_token))
        // /operator/api/v1/groups/{group_id}/users/{user_id}/password-link
        .routes(routes!(send_password_link::send_password_link))
        // /operator/api/v1/resource-servers · /resource-servers/{client_id}
        .routes(routes!(
            list_resource_servers::list_resource_servers,
            create_resource_server::create_resource_server
        ))
        .routes(routes!(delete_resource_server::delete_resource_server))
        // /operator/api/v1/integration-apps · /integration-apps/{id}/client-secrets · /client-secrets/{secret_id}
        .routes(routes!(list_all_applications::list_all_applications))
        .routes(routes!(
            list_client_secrets::list_client_secrets,
            create_client_secret::create_client_secret
        ))
        .routes(routes!(retire_client_secret::retire_client_secret))
        // /operator/api/v1/usage
        .routes(routes!(get_installation_usage::get_installation_usage))
        // /operator/api/v1/rehearsals
        .routes(routes!(rehearse::rehearse_for_operators))
        // /operator/api/v1/projections
        .routes(routes!(get_projections::get_projections))
        // /operator/api/v1/outbox · /outbox/{id}/retry · /outbox/retry
        .routes(routes!(list_outbox::list_outbox))
        .routes(routes!(retry_email::retry_email))
        .routes(routes!(retry_failed::retry_failed))
}

/// The status of the response to a PUT.
fn status(outcome: PutOutcome) -> StatusCode {
    match outcome {
        PutOutcome::Created => StatusCode::CREATED,
        PutOutcome::Updated => StatusCode::OK,
    }
}
