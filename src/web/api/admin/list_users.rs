//! `GET /users`.

use axum::Json;
use axum::extract::State;

use crate::web::api::json::{Items, ReadProblems, User};
use crate::web::error::Problem;
use crate::web::extract::Admin;
use crate::web::service::Service;

/// List users
///
/// The users of your group, and what they may do. Every user of the group may ask; those who can neither manage
/// applications nor read lists and logs see only themselves.
#[utoipa::path(
    get,
    path = "/api/v1/users",
    tag = "Admins",
    responses((status = 200, description = "The users that the caller may see, by id", body = Items<User>), ReadProblems),
    security(("user_token" = []))
)]
pub async fn list_users(Admin(caller): Admin, State(service): State<Service>) -> Result<Json<Items<User>>, Problem> {
    let _slot = service.read_slot(&caller).await?;
    let member = caller.member()?;
    let (users, reads) = (member.group().customer.users.iter(), member.membership().reads());
    let seen = users.filter(|(id, _)| reads || *id == member.user_id());
    Ok(Json(Items {
        items: seen.map(User::from).collect(),
    }))
}
