//! The catalogue that an admin chooses from when creating an application.

use gatebook_aggregates::catalog::{CATEGORIES, INTEGRATE_TYPES};
use serde::Serialize;
use utoipa::ToSchema;

/// The catalogue, in display order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Catalog {
    /// The categories.
    categories: Vec<CategoryJson>,
    /// The types of AIQ Integrate applications.
    integrate_types: Vec<IntegrateTypeJson>,
}

/// A category of applications.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Category)]
struct CategoryJson {
    /// The code to send.
    code: &'static str,
    /// The name to show.
    name: &'static str,
}

/// A chargeable integration that the provider's own team manages.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = IntegrateType)]
struct IntegrateTypeJson {
    /// The code to send.
    code: &'static str,
    /// The name to show.
    name: &'static str,
    /// Whether it is the custom type, for which the admin chooses the category.
    custom: bool,
    /// The fixed category; null for the custom type.
    #[schema(required)]
    category: Option<&'static str>,
    /// The API permission: `read` or `read_write`.
    api_permission: &'static str,
    /// The disclaimer that has to be accepted.
    disclaimer: &'static str,
}

impl Catalog {
    /// The complete catalogue.
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
