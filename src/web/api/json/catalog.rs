//! What an admin chooses from when creating an application.

use gatebook_aggregates::catalog::{CATEGORIES, INTEGRATE_TYPES};
use serde::Serialize;
use utoipa::ToSchema;

/// The catalogue, in the order to show it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Catalog {
    /// The categories.
    categories: Vec<CategoryJson>,
    /// The types of AIQ Integrate applications.
    integrate_types: Vec<IntegrateTypeJson>,
}

/// A kind of business an application serves.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Category)]
struct CategoryJson {
    /// What to send.
    code: &'static str,
    /// What to show.
    name: &'static str,
}

/// A charged integration that the provider's own team manages.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = IntegrateType)]
struct IntegrateTypeJson {
    /// What to send.
    code: &'static str,
    /// What to show.
    name: &'static str,
    /// Whether the admin chooses the category.
    custom: bool,
    /// The category it comes with; null for the custom one.
    #[schema(required)]
    category: Option<&'static str>,
    /// What it may do with the API: `read` or `read_write`.
    api_permission: &'static str,
    /// What has to be accepted.
    disclaimer: &'static str,
}

impl Catalog {
    /// The whole catalogue.
    pub fn whole() -> Self {
        let categories = CATEGORIES.iter().map(|category| CategoryJson {
            code: category.code,
            name: category.name,
        });
        let integrate_types = INTEGRATE_TYPES.iter().map(|entry| IntegrateTypeJson {
            code: entry.code,
            name: entry.name,
            custom: entry.custom,
            category: entry.category,
            api_permission: entry.api_permission.as_str(),
            disclaimer: entry.disclaimer,
        });
        Self {
            categories: categories.collect(),
            integrate_types: integrate_types.collect(),
        }
    }
}
