//! `GET /portal/api/v1/apps/{id}/entities`: R22.

use axum::Json;
use axum::extract::State;
use gatebook_aggregates::identifiers::AppId;
use serde::Deserialize;

use super::problems::SessionProblems;
use crate::application::PortalEntity;
use crate::http::error::Problem;
use crate::http::extract::{App, Developer, PathOf, QueryOf};
use crate::http::json::{Fields, Named, Page, read_cursor, write_cursor};

/// Which of the entities. An empty parameter counts as left out.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EntityQuery {
    /// A part of the name, without regard to case.
    name: Option<String>,
    /// A part of the id, without regard to case.
    id: Option<String>,
    /// How many items, 1 to 200; 50 when left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Which entities may this application open?
#[utoipa::path(
    get,
    path = "/portal/api/v1/apps/{id}/entities",
    tag = "Developers",
    params(("id" = String, Path, description = "The application's id."), EntityQuery),
    responses(
        (status = 200, description = "A page of entities, by id.", body = Page<Named>),
        (status = 403, description = "`otp_verification_needed`: verify the OTP first.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: none of the developer's applications.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid_limit`, `invalid_cursor`, `unknown_field`.", body = Problem, content_type = "application/problem+json"),
        SessionProblems,
    ),
    security(("developer_session" = []))
)]
pub async fn portal_entities(
    State(app): State<App>,
    developer: Developer,
    PathOf(app_id): PathOf<AppId>,
    QueryOf(query): QueryOf<EntityQuery>,
) -> Result<Json<Page<Named>>, Problem> {
    let (limit, after) = query.page()?;
    let filter = (query.name.as_deref(), query.id.as_deref());
    let page = app.portal_entities(&developer.caller, app_id, filter, after.as_deref(), limit);
    let (entities, last) = page.await?;
    Ok(Json(Page {
        items: entities.iter().map(named).collect(),
        next_cursor: last.map(|id| write_cursor(&id)),
    }))
}

impl EntityQuery {
    /// How many entities, and the id that the page before ended with.
    fn page(&self) -> Result<(usize, Option<String>), Problem> {
        let mut fields = Fields::default();
        let limit = fields.limit(given(&self.limit));
        let cursor = given(&self.cursor);
        let after: Option<String> = cursor.and_then(read_cursor);
        if cursor.is_some() && after.is_none() {
            fields.invalid_cursor();
        }
        fields.finish(|| Some((usize::try_from(limit?).ok()?, after)))
    }
}

fn given(parameter: &Option<String>) -> Option<&str> {
    parameter.as_deref().filter(|text| !text.is_empty())
}

fn named(entity: &PortalEntity) -> Named {
    Named::entity((&entity.id, &entity.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(limit: &str, cursor: &str) -> Result<(usize, Option<String>), Problem> {
        let (limit, cursor) = (Some(limit.to_owned()), Some(cursor.to_owned()));
        let (name, id) = (None, None);
        EntityQuery {
            name,
            id,
            limit,
            cursor,
        }
        .page()
    }

    #[test]
    fn a_page_has_1_to_200_entities_and_50_without_a_wish() {
        assert_eq!(page("", "").unwrap(), (50, None));
        assert_eq!(page("200", "").unwrap(), (200, None));
        for bad in ["0", "201", "-1", "x"] {
            assert_eq!(page(bad, "").unwrap_err().code, "invalid_limit");
        }
    }

    #[test]
    fn a_page_begins_where_the_one_before_ended() {
        let cursor = write_cursor(&"berlin");
        assert_eq!(page("", &cursor).unwrap(), (50, Some("berlin".to_owned())));
        assert_eq!(page("", "=").unwrap_err().code, "invalid_cursor");
    }
}
