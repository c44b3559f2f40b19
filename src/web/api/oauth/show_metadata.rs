//! `GET /.well-known/oauth-authorization-server`: RFC 8414.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::web::service::Service;

/// The authentication methods of every endpoint.
const AUTH_METHODS: [&str; 2] = ["client_secret_basic", "client_secret_post"];

/// The metadata of the authorization server (RFC 8414 §2).
#[derive(Serialize, ToSchema)]
pub struct ServerMetadata {
    /// The issuer, which is exactly the public URL.
    #[schema(format = "uri")]
    issuer: String,
    /// The token endpoint.
    #[schema(format = "uri")]
    token_endpoint: String,
    /// The supported authentication methods.
    #[schema(value_type = Vec<String>)]
    token_endpoint_auth_methods_supported: [&'static str; 2],
    /// The introspection endpoint, for resource servers.
    #[schema(format = "uri")]
    introspection_endpoint: String,
    /// The supported authentication methods.
    #[schema(value_type = Vec<String>)]
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    /// The revocation endpoint.
    #[schema(format = "uri")]
    revocation_endpoint: String,
    /// The supported authentication methods.
    #[schema(value_type = Vec<String>)]
    revocation_endpoint_auth_methods_supported: [&'static str; 2],
    /// The supported grants: only `client_credentials`.
    #[schema(value_type = Vec<String>)]
    grant_types_supported: [&'static str; 1],
    /// `none`, because there is no authorization endpoint. RFC 8414 requires the field.
    #[schema(value_type = Vec<String>)]
    response_types_supported: [&'static str; 1],
    /// The supported scopes.
    #[schema(value_type = Vec<String>)]
    scopes_supported: [&'static str; 2],
    /// The documentation.
    #[schema(format = "uri")]
    service_documentation: String,
}

/// Get the authorization server's metadata
///
/// What it can do, and where (RFC 8414).
#[utoipa::path(
    get,
    path = "/.well-known/oauth-authorization-server",
    tag = "Integrations",
    responses((status = 200, description = "The metadata.", body = ServerMetadata)),
    security(())
)]
pub async fn show_metadata(State(service): State<Service>) -> Json<ServerMetadata> {
    let issuer = service.settings.public_url.clone();
    Json(ServerMetadata {
        token_endpoint: format!("{issuer}/oauth/token"),
        token_endpoint_auth_methods_supported: AUTH_METHODS,
        introspection_endpoint: format!("{issuer}/oauth/introspect"),
        introspection_endpoint_auth_methods_supported: AUTH_METHODS,
        revocation_endpoint: format!("{issuer}/oauth/revoke"),
        revocation_endpoint_auth_methods_supported: AUTH_METHODS,
        grant_types_supported: ["client_credentials"],
        response_types_supported: ["none"],
        scopes_supported: ["read", "write"],
        service_documentation: format!("{issuer}/docs"),
        issuer,
    })
}
