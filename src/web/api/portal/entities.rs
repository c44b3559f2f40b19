//! `GET /portal/api/v1/apps/{id}/entities`: R22.

use axum::Json;
use axum::extract::State;
use gatebook_aggregates::identifiers::{AppId, EntityId};
use serde::Deserialize;

use crate::application::PortalEntity;
use crate::web::api::json::{Fields, Named, Page, given, read_cursor, write_cursor};
use crate::web::api::portal::problems::SessionProblems;
use crate::web::error::Problem;
use crate::web::extract::{AuthenticatedDeveloper, PathOf, QueryOf};
use crate::web::service::Service;

/// Filters and page of the list. Empty parameters count as left out.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EntityQuery {
    /// A part of the name, ignoring case.
    name: Option<String>,
    /// A part of the id, ignoring case.
    id: Option<String>,
    /// The number of items per page, 1 to 200; the default is 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// The parsed query.
#[derive(Debug)]
struct EntityQuestion {
    name: Option<String>,
    id: Option<String>,
    limit: usize,
    /// The last id of the previous page.
    after: Option<String>,
}

/// List the entities of my application
///
/// The entities that it may access.
#[utoipa::path(
    get,
    path = "/portal/api/v1/apps/{id}/entities",
    tag = "Developers",
    params(("id" = String, Path, description = "The application's id."), EntityQuery),
    responses(
        (status = 200, description = "A page of entities, by id.", body = Page<Named>),
        (status = 403, description = "`otp_verification_needed`: verify the OTP first.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: it is not one of the developer's applications.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid_name`, `invalid_id`, `invalid_limit`, `invalid_cursor`, \
                                      `unknown_field`.", body = Problem, content_type = "application/problem+json"),
        SessionProblems,
    ),
    security(("developer_session" = []))
)]
pub async fn portal_entities(
    State(service): State<Service>,
    developer: AuthenticatedDeveloper,
    PathOf(app_id): PathOf<AppId>,
    QueryOf(query): QueryOf<EntityQuery>,
) -> Result<Json<Page<Named>>, Problem> {
    let EntityQuestion { name, id, limit, after } = query.read()?;
    let filter = (name.as_deref(), id.as_deref());
    let developer = service.verified_developer(&developer.caller, app_id).await?;
    let page = service.portal_entities(&developer, filter, after.as_deref(), limit);
    let (entities, last) = page.await?;
    Ok(Json(Page {
        items: entities.iter().map(named).collect(),
        next_cursor: last.map(|id| write_cursor(&id)),
    }))
}

impl EntityQuery {
    /// The parsed query, or all errors in it.
    fn read(&self) -> Result<EntityQuestion, Problem> {
        let mut fields = Fields::default();
        let name = fields.part("name", given(&self.name));
        let id = fields.part("id", given(&self.id));
        let limit = fields.limit(given(&self.limit));
        let cursor = given(&self.cursor);
        let after = cursor
            .and_then(read_cursor)
            .filter(|id: &String| EntityId::parse(id).is_ok());
        if cursor.is_some() && after.is_none() {
            fields.invalid_cursor();
        }
        fields.finish(|| {
            Some(EntityQuestion {
                name,
                id,
                limit: usize::try_from(limit?).ok()?,
                after,
            })
        })
    }
}

fn named(entity: &PortalEntity) -> Named {
    Named::entity((&entity.id, &entity.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: &str, id: &str, limit: &str, cursor: &str) -> Result<EntityQuestion, Problem> {
        let [name, id, limit, cursor] = [name, id, limit, cursor].map(|text| Some(text.to_owned()));
        let query = EntityQuery {
            name,
            id,
            limit,
            cursor,
        };
        query.read()
    }

    fn page(limit: &str, cursor: &str) -> Result<(usize, Option<String>), Problem> {
        asked("", "", limit, cursor).map(|asked| (asked.limit, asked.after))
    }

    #[test]
    fn a_page_has_1_to_200_entities_and_50_without_a_command() {
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
        for bad in ["=".to_owned(), write_cursor(&"a b"), write_cursor(&"a".repeat(50_000))] {
            assert_eq!(page("", &bad).unwrap_err().code, "invalid_cursor");
        }
    }

    #[test]
    fn nobody_searches_for_a_whole_book() {
        let page_of_paper = "a".repeat(8_000);
        assert_eq!(asked(&page_of_paper, "", "", "").unwrap().name, Some(page_of_paper));
        let book = "a".repeat(50_000);
        let problem = asked(&book, &book, "", "").unwrap_err();
        let codes: Vec<_> = problem.errors.iter().map(|error| error.code.as_str()).collect();
        assert_eq!(codes, ["invalid_name", "invalid_id"]);
    }
}
