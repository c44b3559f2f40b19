//! `GET /integration-apps`, of all groups.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use gatebook_aggregates::identifiers::GroupId;
use gatebook_projections::app_list::Filter;
use serde::Deserialize;

use crate::web::api::json::{
    ApplicationOfGroup, AppsQuery, AppsQuestion, Fields, OperatorReadProblems, Page, given, write_cursor,
};
use crate::web::error::Problem;
use crate::web::extract::{Operator, QueryOf};
use crate::web::service::Service;

/// The filters of the admin API, and the group.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct AllAppsQuery {
    group: Option<String>,
    #[serde(flatten)]
    apps: AppsQuery,
    /// `deny_unknown_fields` does not work with `flatten`, so unknown parameters are collected here and refused.
    #[serde(flatten)]
    unknown: BTreeMap<String, String>,
}

/// List the applications of all groups
#[utoipa::path(
    get,
    path = "/operator/api/v1/integration-apps",
    tag = "Operators",
    params(AppsQuery, ("group" = Option<String>, Query, description = "The id of a group.")),
    responses(
        (status = 200, description = "A page of applications", body = Page<ApplicationOfGroup>),
        OperatorReadProblems
    ),
    security(("operator_token" = []))
)]
pub async fn list_all_applications(
    Operator(operator): Operator,
    State(service): State<Service>,
    QueryOf(query): QueryOf<AllAppsQuery>,
) -> Result<Json<Page<ApplicationOfGroup>>, Problem> {
    let AppsQuestion {
        filter,
        sort,
        after,
        limit,
    } = query.read()?;
    let page = service
        .all_apps(operator.operator()?, &filter, sort, after.as_ref(), limit)
        .await?;
    let items = page.items.iter().map(ApplicationOfGroup::from).collect();
    Ok(Json(Page {
        items,
        next_cursor: page.next.as_ref().map(write_cursor),
    }))
}

impl AllAppsQuery {
    fn read(&self) -> Result<AppsQuestion, Problem> {
        let mut fields = Fields::default();
        for field in self.unknown.keys() {
            fields.refuse(
                field,
                "unknown_field",
                format!("The field “{field}” is not known here. Leave it out."),
            );
        }
        let group_id = given(&self.group)
            .map(GroupId::parse)
            .transpose()
            .map_err(|_| fields.invalid("group"));
        let group_id = fields.finish(|| group_id.ok())?;
        let asked = self.apps.read()?;
        Ok(AppsQuestion {
            filter: Filter {
                group_id,
                ..asked.filter
            },
            ..asked
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::extract::Query;
    use axum::http::Uri;

    use super::*;

    fn read(query: &str) -> Result<AppsQuestion, Vec<String>> {
        let uri: Uri = format!("/?{query}").parse().unwrap();
        let Query(query) = Query::<AllAppsQuery>::try_from_uri(&uri).unwrap();
        query
            .read()
            .map_err(|problem| problem.errors.into_iter().map(|error| error.code).collect())
    }

    #[test]
    fn operators_filter_by_group_besides_all_that_admins_filter_by() {
        let asked = read("group=acme&name=pay&limit=2").unwrap();
        assert_eq!(asked.filter.group_id.map(|id| id.to_string()).as_deref(), Some("acme"));
        assert_eq!((asked.filter.name.as_deref(), asked.limit), (Some("pay"), 2));
        assert!(read("group=").unwrap().filter.group_id.is_none());
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        assert_eq!(read("grup=acme").unwrap_err(), ["unknown_field"]);
        assert_eq!(read("group=a%20b").unwrap_err(), ["invalid_group"]);
        assert_eq!(read("group=acme&limit=0").unwrap_err(), ["invalid_limit"]);
    }
}
