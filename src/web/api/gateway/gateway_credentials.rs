//! Who may ask `/gateway/authorize` at all. With `--gateway-auth required` only a resource server may, which proves
//! itself in a header of its own, because `Authorization` is the caller's.

use axum::http::{HeaderMap, HeaderName};

use crate::application::{Caller, Failure, Gatebook, GatewayAuth};
use crate::web::api::gateway::resource_server::presented;

const GATEWAY_AUTHORIZATION: HeaderName = HeaderName::from_static("x-gateway-authorization");

/// Why somebody may not ask.
pub enum NotAdmitted {
    /// The credentials are missing, doubled or wrong; or there were too many wrong ones.
    NotAuthorized,
    /// It could not be found out.
    Undecided(Failure),
}

/// Whether somebody may ask.
pub async fn admitted(app: &Gatebook, caller: &Caller, headers: &HeaderMap) -> Result<(), NotAdmitted> {
    if app.settings.gateway.auth == GatewayAuth::Off {
        return Ok(());
    }
    let presented = presented(headers, &GATEWAY_AUTHORIZATION).ok_or(NotAdmitted::NotAuthorized)?;
    let (id, secret) = (&presented.username, &presented.password);
    match app.authenticate_resource_server(caller, id, secret).await {
        Ok(()) => Ok(()),
        Err(Failure::Unauthenticated | Failure::TooManyRequests { .. }) => Err(NotAdmitted::NotAuthorized),
        Err(failure) => Err(NotAdmitted::Undecided(failure)),
    }
}
