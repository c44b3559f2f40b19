//! Lists, complete or in pages.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::web::api::json::fields::Fields;

/// The default number of items on a page.
pub const LIMIT_DEFAULT: u32 = 50;
/// The largest number of items on a page.
pub const LIMIT_MAX: u32 = 200;

/// A complete list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Items<T> {
    /// All items.
    pub items: Vec<T>,
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items on this page.
    pub items: Vec<T>,
    /// The `cursor` of the next page; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// The page to return.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageParameters {
    /// The number of items per page, 1 to 200; the default is 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    pub limit: Option<String>,
    /// The `next_cursor` of the previous page.
    pub cursor: Option<String>,
}

impl Fields {
    /// The number of items on a page.
    pub fn limit(&mut self, limit: Option<&str>) -> Option<u32> {
        let Some(limit) = limit else { return Some(LIMIT_DEFAULT) };
        let limit = limit.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
        if limit.is_none() {
            self.refuse(
                "limit",
                "invalid_limit",
                format!("“limit” must be a number from 1 to {LIMIT_MAX}."),
            );
        }
        limit
    }

    /// Records that a cursor is invalid or belongs to another list.
    pub fn invalid_cursor(&mut self) {
        let message = "Send the “next_cursor” of the previous page, with the same “sort”.";
        self.refuse("cursor", "invalid_cursor", message);
    }
}

/// The value of a query parameter; an empty one counts as left out.
pub fn given(parameter: &Option<String>) -> Option<&str> {
    parameter.as_deref().filter(|text| !text.is_empty())
}
