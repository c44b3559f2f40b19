//! The endpoints for integrations and resource servers: RFC 6749 §4.4, RFC 7662, RFC 7009, RFC 8414. Errors have the
//! form of RFC 6749 §5.2, never that of problem details.

mod answers;
mod introspect;
mod issue_token;
mod refusal;
mod request;
mod revoke_token;
mod show_metadata;

pub use revoke_token::take_place_to_revoke;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::oauth::OAuthError;
use crate::web::service::Service;

/// The OAuth routes.
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        // POST /oauth/revoke
        .routes(post_only(routes!(revoke_token::revoke_token)))
        // GET /.well-known/oauth-authorization-server
        .routes(routes!(show_metadata::show_metadata))
}

/// Those that are called all the time.
pub fn hot_routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
        // POST /oauth/token
        .routes(post_only(routes!(issue_token::issue_token)))
        // POST /oauth/introspect
        .routes(post_only(routes!(introspect::introspect_token)))
}

/// T02: other methods are refused in the form of OAuth.
fn post_only((schemas, paths, methods): UtoipaMethodRouter<Service>) -> UtoipaMethodRouter<Service> {
    let refused = || async { OAuthError::method_not_allowed() };
    (schemas, paths, methods.fallback(refused))
}
