//! `PUT /groups/{group_id}/users/{user_id}`.

use axum::extract::State;
use axum::http::StatusCode;
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::group::Role;
use gatebook_aggregates::identifiers::{GroupId, UserId};
use gatebook_aggregates::text::Label;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::web::api::admin::change::WithIfMatch;
use crate::web::api::json::{Fields, OperatorAppProblems, User, Versioned, text};
use crate::web::api::operator::status;
use crate::web::error::Problem;
use crate::web::extract::{IfMatch, JsonBody, Operator, PathOf};
use crate::web::service::Service;

/// The user's data.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutUser {
    /// The user's e-mail address.
    #[schema(value_type = String)]
    email: Option<String>,
    /// The user's name, 1 to 200 characters.
    #[schema(value_type = String)]
    name: Option<String>,
    /// `practice_admin` or `user`.
    #[schema(value_type = String)]
    role: Option<String>,
}

impl PutUser {
    fn read(&self) -> Result<(EmailAddress, Label, Role), Problem> {
        let mut fields = Fields::default();
        let email = fields.read(EmailAddress::parse("email", text(&self.email)));
        let name = fields.read(Label::parse("name", text(&self.name)));
        let role = fields.read(Role::parse(text(&self.role)));
        fields.finish(|| Some((email?, name?, role?)))
    }
}

/// Add or update a user
///
/// Permissions stay as they are.
#[utoipa::path(
    put,
    path = "/operator/api/v1/groups/{group_id}/users/{user_id}",
    tag = "Operators",
    params(
        ("group_id" = String, Path, description = "The group's id."),
        ("user_id" = String, Path, description = "Your own id for the user: 1 to 64 of the characters A-Z a-z 0-9 . _ \
                                                  -"),
        WithIfMatch
    ),
    request_body = PutUser,
    responses(
        (status = 200, description = "The user was updated or already had these values", body = User, headers(("ETag" = String, description = "The group's version, quoted"))),
        (status = 201, description = "The user was added", body = User, headers(("ETag" = String, description = "The group's version, quoted"))),
        OperatorAppProblems
    ),
    security(("operator_token" = []))
)]
pub async fn put_user(
    Operator(caller): Operator,
    State(service): State<Service>,
    PathOf((group_id, user_id)): PathOf<(String, String)>,
    IfMatch(if_match): IfMatch,
    body: JsonBody<PutUser>,
) -> Result<(StatusCode, Versioned<User>), Problem> {
    let caller = caller.insisting_on(if_match);
    let (group_id, user_id) = (GroupId::parse(&group_id)?, UserId::parse(&user_id)?);
    let (email, name, role) = body.value.read()?;
    let (group, outcome) = service
        .put_user(caller.operator()?, &group_id, user_id.clone(), email, name, role)
        .await?;
    let user = group.user(&user_id).ok_or_else(Problem::not_found)?;
    Ok((status(outcome), Versioned(group.version, User::from((&user_id, user)))))
}
