//! `POST /integration-apps/{id}/developer`.

use axum::extract::State;
use axum::http::StatusCode;
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::identifiers::AppId;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::web::api::admin::change::{InPath, KeyedBody, WithIfMatch, WithKey};
use crate::web::api::json::{ChangeProblems, DeveloperAccessGiven, Versioned, text};
use crate::web::error::Problem;
use crate::web::extract::{Admin, IfMatch, PathOf};
use crate::web::service::Service;

/// The developer to register.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterDeveloper {
    /// The developer's e-mail address.
    #[schema(value_type = String)]
    email: Option<String>,
}

/// Register a developer
///
/// For an application that has none. Somebody without an account is invited by e-mail. The answer shows the one-time
/// password for them, once.
#[utoipa::path(
    post,
    path = "/api/v1/integration-apps/{id}/developer",
    tag = "Admins",
    params(InPath, WithIfMatch, WithKey),
    request_body = RegisterDeveloper,
    responses(
        (status = 201, description = "The developer", body = DeveloperAccessGiven, headers(
            ("ETag" = String, description = "The application's version, quoted")
        )),
        ChangeProblems
    ),
    security(("user_token" = []))
)]
pub async fn register_developer(
    Admin(caller): Admin,
    State(service): State<Service>,
    PathOf(id): PathOf<AppId>,
    IfMatch(version): IfMatch,
    body: KeyedBody<RegisterDeveloper>,
) -> Result<(StatusCode, Versioned<DeveloperAccessGiven>), Problem> {
    let key = body.key(&caller)?;
    let email = EmailAddress::parse("email", text(&body.value.email))?;
    let (view, shown) = service
        .register_developer(&caller, id, version, key.as_ref(), email)
        .await?;
    let answer = Versioned(view.app().version, DeveloperAccessGiven::new(&view, shown));
    Ok((StatusCode::CREATED, answer))
}
