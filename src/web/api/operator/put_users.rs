//! `PUT /groups/{group_id}/users`.

use axum::extract::State;
use gatebook_aggregates::email_address::EmailAddress;
use gatebook_aggregates::group::{ListedUser, Role};
use gatebook_aggregates::identifiers::{GroupId, UserId};
use gatebook_aggregates::text::Label;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::web::api::admin::change::WithIfMatch;
use crate::web::api::json::{Fields, ListOf, ListProblems, ListResult, Listed, Versioned, text};
use crate::web::api::operator::confirm_removed::{ConfirmRemoved, WithConfirmRemoved};
use crate::web::error::Problem;
use crate::web::extract::{IfMatch, Operator, PathOf, QueryOf};
use crate::web::service::Service;

/// All users of a group.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutUsers {
    /// All users; the list may be empty.
    #[schema(value_type = Vec<UserInList>)]
    users: Option<Vec<UserInList>>,
}

/// A user of the list.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserInList {
    /// Your own id for the user: 1 to 64 of the characters A-Z a-z 0-9 . _ -
    #[schema(value_type = String)]
    id: Option<String>,
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

impl Listed for UserInList {
    type Whole = PutUsers;
    type Id = UserId;
    type Value = ListedUser;
    const LIST: &'static str = "users";

    fn of(whole: PutUsers) -> Option<Vec<Self>> {
        whole.users
    }

    fn read(&self, fields: &mut Fields) -> Option<(UserId, ListedUser)> {
        let id = fields.id(UserId::parse(text(&self.id)));
        let email = fields.read(EmailAddress::parse("email", text(&self.email)));
        let name = fields.read(Label::parse("name", text(&self.name)));
        let role = fields.read(Role::parse(text(&self.role)));
        let (id, email, name, role) = (id?, email?, name?, role?);
        Some((id, ListedUser { email, name, role }))
    }
}

/// Set all users
///
/// Makes the list the group's users: adds, changes and removes what is different, in several steps of at most 1,000 changes.
/// Permissions stay as they are. The call can be repeated: a second time it changes nothing, and after an interruption it
/// does the rest. Errors name the entry, and then nothing has been changed. The body may have 4 MiB. It may also be sent as
/// `application/x-ndjson`, with one user on each line.
///
/// A list that would remove more than half of the users is refused with `confirm_removed`, in case the file is empty or cut.
#[utoipa::path(
    put,
    path = "/operator/api/v1/groups/{group_id}/users",
    tag = "Operators",
    params(("group_id" = String, Path, description = "The group's id."), WithConfirmRemoved, WithIfMatch),
    request_body(content((PutUsers = "application/json"), (String = "application/x-ndjson"))),
    responses(
        (status = 200, description = "The group has these users", body = ListResult, headers(("ETag" = String, description = "The group's version, quoted"))),
        ListProblems
    ),
    security(("operator_token" = []))
)]
pub async fn put_users(
    Operator(caller): Operator,
    State(service): State<Service>,
    PathOf(group_id): PathOf<String>,
    QueryOf(confirmed): QueryOf<ConfirmRemoved>,
    IfMatch(if_match): IfMatch,
    list: ListOf<UserInList>,
) -> Result<Versioned<ListResult>, Problem> {
    let caller = caller.insisting_on(if_match);
    let (group_id, confirmed) = (GroupId::parse(&group_id)?, confirmed.read()?);
    let changes = service
        .put_users(caller.operator()?, &group_id, list.read()?, confirmed)
        .await?;
    Ok(Versioned(changes.version, changes.into()))
}
