//! Who may call `/gateway/authorize`. With `--gateway-auth required`, only resource servers may. They authenticate in a
//! header of their own, because `Authorization` holds the caller's token.

use axum::http::{HeaderMap, HeaderName};

use crate::application::{Failure, Gatebook, GatewayAuth};
use crate::web::api::gateway::resource_server::presented;
use crate::web::request_context::RequestContext;

const GATEWAY_AUTHORIZATION: HeaderName = HeaderName::from_static("x-gateway-authorization");

/// Why a gateway is not allowed to call.
pub enum NotAdmitted {
    /// The credentials are missing, repeated or wrong, or there were too many wrong ones.
    NotAuthorized,
    /// The credentials could not be checked.
    Undecided(Failure),
}

/// Checks that the gateway may call, and returns the id of the resource server that it has proved to be, if it must.
pub async fn admitted(
    app: &Gatebook,
    context: &RequestContext,
    headers: &HeaderMap,
) -> Result<Option<String>, NotAdmitted> {
    if app.settings.gateway.auth == GatewayAuth::Off {
        return Ok(None);
    }
    let presented = presented(headers, &GATEWAY_AUTHORIZATION).ok_or(NotAdmitted::NotAuthorized)?;
    let (id, secret) = (&presented.username, &presented.password);
    match app.authenticate_resource_server(&context.caller(), id, secret).await {
        Ok(()) => Ok(Some(presented.username)),
        Err(Failure::Unauthenticated | Failure::TooManyRequests { .. }) => Err(NotAdmitted::NotAuthorized),
        Err(failure) => Err(NotAdmitted::Undecided(failure)),
    }
}
