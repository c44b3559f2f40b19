//! The filters, order and page of a list of applications.

use chrono::TimeDelta;
use gatebook_aggregates::catalog::CategoryCode;
use gatebook_aggregates::identifiers::EntityId;
use gatebook_aggregates::timestamp::Timestamp;
use gatebook_projections::app_list::{Cursor, Filter, Sort};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::web::api::json::cursor;
use crate::web::api::json::fields::{Fields, is_text};
use crate::web::api::json::page::given;
use crate::web::error::Problem;

/// Filters, order and page of a list of applications. An application must match all filters; empty ones are ignored.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AppsQuery {
    /// `active`, `suspended` or `revoked`.
    status: Option<String>,
    /// `none`, `invited`, `otp_pending` or `verified`.
    developer_status: Option<String>,
    /// `new_integration` or `aiq_integrate`.
    integration_type: Option<String>,
    /// The code of a category from the catalogue.
    category: Option<String>,
    /// `read` or `read_write`.
    api_permission: Option<String>,
    /// The id of an entity that is assigned to the application.
    entity: Option<String>,
    /// A part of the name, ignoring case.
    name: Option<String>,
    /// A part of the description, ignoring case.
    description: Option<String>,
    /// A part of the developer's e-mail address, ignoring case.
    developer_email: Option<String>,
    /// Created at this time or later (RFC 3339), or on this day (UTC) or later.
    created_from: Option<String>,
    /// Created before this time (RFC 3339), or on this day (UTC) or earlier.
    created_to: Option<String>,
    /// No check was allowed at this time (RFC 3339) or later, or on this day (UTC) or later: those that never had one, too.
    unused_since: Option<String>,
    /// `name`, `-name`, `created_at`, `-created_at` (the default), `status` or `-status`.
    sort: Option<String>,
    /// The number of items per page, 1 to 200; the default is 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// The `next_cursor` of the previous page, with the same `sort`.
    cursor: Option<String>,
}

/// The parsed query.
#[derive(Debug)]
pub struct AppsQuestion {
    /// The filters, all of which have to match.
    pub filter: Filter,
    /// The sort order.
    pub sort: Sort,
    /// The place after which the page begins.
    pub after: Option<Cursor>,
    /// The number of items on the page.
    pub limit: u32,
}

/// The longest sort key in bytes: a name of 100 characters, each of which NFKC can expand to 18.
const KEY_MAX_BYTES: usize = 8_000;

impl AppsQuery {
    /// The query with these parameters.
    pub fn of<'a>(parameter: impl Fn(&str) -> Option<&'a str>) -> Self {
        let text = |name| parameter(name).map(str::to_owned);
        Self {
            status: text("status"),
            developer_status: text("developer_status"),
            integration_type: text("integration_type"),
            category: text("category"),
            api_permission: text("api_permission"),
            entity: text("entity"),
            name: text("name"),
            description: text("description"),
            developer_email: text("developer_email"),
            created_from: text("created_from"),
            created_to: text("created_to"),
            unused_since: text("unused_since"),
            sort: text("sort"),
            limit: text("limit"),
            cursor: text("cursor"),
        }
    }

    /// The parsed query, or all errors in it.
    pub fn read(&self) -> Result<AppsQuestion, Problem> {
        let mut fields = Fields::default();
        let filter = self.filter(&mut fields);
        let sort = fields.word("sort", given(&self.sort)).unwrap_or_default();
        let limit = fields.limit(given(&self.limit));
        let after = self.after(sort, &mut fields);
        fields.finish(|| {
            Some(AppsQuestion {
                filter,
                sort,
                after,
                limit: limit?,
            })
        })
    }

    fn filter(&self, fields: &mut Fields) -> Filter {
        Filter {
            group_id: None,
            status: fields.word("status", given(&self.status)),
            developer_status: fields.word("developer_status", given(&self.developer_status)),
            integration_type: fields.word("integration_type", given(&self.integration_type)),
            category: given(&self.category).and_then(|code| fields.read(CategoryCode::parse(code))),
            api_permission: fields.word("api_permission", given(&self.api_permission)),
            entity: given(&self.entity).and_then(|id| EntityId::parse(id).map_err(|_| fields.invalid("entity")).ok()),
            name: fields.part("name", given(&self.name)),
            description: fields.part("description", given(&self.description)),
            developer_email: fields.part("developer_email", given(&self.developer_email)),
            created_from: moment("created_from", &self.created_from, TimeDelta::zero(), fields),
            created_before: moment("created_to", &self.created_to, TimeDelta::days(1), fields),
            unused_since: moment("unused_since", &self.unused_since, TimeDelta::zero(), fields),
        }
    }

    /// A cursor of another sort order is refused, because it would silently skip rows.
    fn after(&self, sort: Sort, fields: &mut Fields) -> Option<Cursor> {
        let word = given(&self.cursor)?;
        let after = cursor::read(word).filter(|after: &Cursor| after.sort == sort && is_key(&after.key));
        if after.is_none() {
            fields.invalid_cursor();
        }
        after
    }
}

/// A time; or a day, which stands for its beginning plus `of_day`.
pub(super) fn moment(field: &str, text: &Option<String>, of_day: TimeDelta, fields: &mut Fields) -> Option<Timestamp> {
    let text = given(text)?;
    let day = Timestamp::parse(&format!("{text}T00:00:00Z")).map(|beginning| beginning.plus(of_day));
    day.or_else(|| fields.time(field, text))
}

/// Whether this can be the sort key of a row. Names are the longest keys, as normalization expands them.
fn is_key(text: &str) -> bool {
    is_text(text) && text.len() <= KEY_MAX_BYTES
}

#[cfg(test)]
mod tests {
    use axum::extract::Query;
    use axum::http::Uri;
    use gatebook_aggregates::integration_app::Status;
    use gatebook_projections::app_list::DeveloperStatus;
    use uuid::Uuid;

    use super::*;

    fn read(query: &str) -> Result<AppsQuestion, Vec<String>> {
        let uri: Uri = format!("/?{query}").parse().unwrap();
        let Query(query) = Query::<AppsQuery>::try_from_uri(&uri).unwrap();
        query
            .read()
            .map_err(|problem| problem.errors.into_iter().map(|error| error.code).collect())
    }

    #[test]
    fn an_empty_query_asks_for_the_newest_fifty() {
        for empty in ["", "status=&name=&cursor=&limit=&sort="] {
            let asked = read(empty).unwrap();
            assert_eq!(
                (asked.sort, asked.limit, asked.after),
                (Sort::CreatedAtDescending, 50, None)
            );
            assert!(asked.filter.status.is_none() && asked.filter.name.is_none());
        }
    }

    #[test]
    fn filters_are_read() {
        let asked = read("status=suspended&developer_status=otp_pending&name=Pay&sort=-name&limit=200").unwrap();
        assert_eq!(asked.filter.status, Some(Status::Suspended));
        assert_eq!(asked.filter.developer_status, Some(DeveloperStatus::OtpPending));
        assert_eq!((asked.filter.name.as_deref(), asked.limit), (Some("Pay"), 200));
    }

    #[test]
    fn a_day_of_creation_is_meant_whole_and_a_moment_exactly() {
        let asked = read("created_from=2026-11-23&created_to=2026-11-23").unwrap().filter;
        let text = |at: Option<Timestamp>| at.unwrap().to_string();
        assert_eq!(text(asked.created_from), "2026-11-23T00:00:00.000Z");
        assert_eq!(text(asked.created_before), "2026-11-24T00:00:00.000Z");
        let asked = read("created_to=2026-11-23T09:00:00Z").unwrap().filter;
        assert_eq!(text(asked.created_before), "2026-11-23T09:00:00.000Z");
        for wrong in ["yesterday", "2026-02-30", "23.11.2026"] {
            let codes = read(&format!("created_from={wrong}&created_to={wrong}")).unwrap_err();
            assert_eq!(codes, ["invalid_created_from", "invalid_created_to"]);
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let wrong = "status=x&developer_status=x&integration_type=x&category=x&api_permission=x&entity=a%20b\
                     &name=%00&sort=x&limit=201&cursor=x";
        let codes = [
            "invalid_status",
            "invalid_developer_status",
            "invalid_integration_type",
            "unknown_category",
            "invalid_api_permission",
            "invalid_entity",
            "invalid_name",
            "invalid_sort",
            "invalid_limit",
            "invalid_cursor",
        ];
        assert_eq!(read(wrong).unwrap_err(), codes);
        assert_eq!(read("limit=0").unwrap_err(), ["invalid_limit"]);
    }

    #[test]
    fn nobody_searches_for_a_whole_book() {
        let fields = ["name", "description", "developer_email"];
        for field in fields {
            assert!(read(&format!("{field}={}", "é".repeat(4_000))).is_ok());
            for length in [8_001, 50_000] {
                let codes = read(&format!("{field}={}", "a".repeat(length))).unwrap_err();
                assert_eq!(codes, [format!("invalid_{field}")]);
            }
        }
        let place = Cursor {
            sort: Sort::Name,
            key: "a".repeat(8_001),
            app_id: Uuid::nil().into(),
        };
        let codes = read(&format!("sort=name&cursor={}", cursor::write(&place))).unwrap_err();
        assert_eq!(codes, ["invalid_cursor"]);
    }

    #[test]
    fn a_cursor_belongs_to_one_order() {
        let place = Cursor {
            sort: Sort::Name,
            key: "a".to_owned(),
            app_id: Uuid::nil().into(),
        };
        let word = cursor::write(&place);
        assert_eq!(read(&format!("sort=name&cursor={word}")).unwrap().after, Some(place));
        assert_eq!(
            read(&format!("sort=-name&cursor={word}")).unwrap_err(),
            ["invalid_cursor"]
        );
    }
}
