//! Lists, whole or page by page.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::web::api::json::fields::Fields;

/// So many items has a page unless told otherwise.
pub const LIMIT_DEFAULT: u32 = 50;
/// So many items has a page at most.
pub const LIMIT_MAX: u32 = 200;

/// A whole list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Items<T> {
    /// All there is.
    pub items: Vec<T>,
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// What is on this page.
    pub items: Vec<T>,
    /// The `cursor` of the next page; null on the last.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// Which page.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageParameters {
    /// How many items, 1 to 200; 50 when left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    pub limit: Option<String>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl Fields {
    /// How many items a page shall have.
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

    /// Keeps that a cursor is none of ours, or belongs to another list.
    pub fn invalid_cursor(&mut self) {
        let message = "Send the “next_cursor” of the previous page, with the same “sort”.";
        self.refuse("cursor", "invalid_cursor", message);
    }
}

/// What was given in a query; an empty parameter is one that was left out.
pub fn given(parameter: &Option<String>) -> Option<&str> {
    parameter.as_deref().filter(|text| !text.is_empty())
}
