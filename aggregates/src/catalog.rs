//! R5, R8, R10, R12: the catalogue an admin chooses from: categories and AIQ Integrate types.

use serde::{Deserialize, Serialize};

use crate::api_permission::ApiPermission;
use crate::refusal::FieldProblem;

/// R8: a kind of business an application serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Category {
    /// The stable code, as stored.
    pub code: &'static str,
    /// The name to show.
    pub name: &'static str,
}

/// A charged integration that the provider's own team manages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct IntegrateType {
    /// The stable code, as stored.
    pub code: &'static str,
    /// The name to show.
    pub name: &'static str,
    /// R8: whether the admin chooses the category, once.
    pub custom: bool,
    /// R8: the preset's category; none for the custom one.
    pub category: Option<&'static str>,
    /// R10: what the integration may do.
    pub api_permission: ApiPermission,
    /// R12: what has to be accepted.
    pub disclaimer: &'static str,
}

/// R8: all categories, in the order to show them.
pub const CATEGORIES: &[Category] = &[
    Category {
        code: "accounts_payable",
        name: "Accounts Payable",
    },
    Category {
        code: "accounts_receivable",
        name: "Accounts Receivable",
    },
    Category {
        code: "banking_and_payments",
        name: "Banking & Payments",
    },
    Category {
        code: "business_intelligence",
        name: "Business Intelligence & Reporting",
    },
    Category {
        code: "crm",
        name: "Customer Relationship Management",
    },
    Category {
        code: "ecommerce",
        name: "E-Commerce",
    },
    Category {
        code: "expenses",
        name: "Expense Management",
    },
    Category {
        code: "inventory",
        name: "Inventory & Stock",
    },
    Category {
        code: "payroll_and_hr",
        name: "Payroll & HR",
    },
    Category {
        code: "point_of_sale",
        name: "Point of Sale",
    },
    Category {
        code: "property_management",
        name: "Property Management",
    },
    Category {
        code: "other",
        name: "Other",
    },
];

const DISCLAIMER: &str = "This application type is chargeable. The provider's integration team builds and runs it, and \
                          will have access to the data of the entities that you select.";

/// R5, R12: all AIQ Integrate types, in the order to show them.
pub const INTEGRATE_TYPES: &[IntegrateType] = &[
    preset(
        "bank_feeds",
        "Bank Feeds",
        "banking_and_payments",
        ApiPermission::ReadWrite,
    ),
    preset("crm_sync", "CRM Sync", "crm", ApiPermission::ReadWrite),
    preset("expense_claims", "Expense Claims", "expenses", ApiPermission::ReadWrite),
    preset(
        "payroll_journals",
        "Payroll Journals",
        "payroll_and_hr",
        ApiPermission::ReadWrite,
    ),
    preset(
        "reporting_extract",
        "Reporting Extract",
        "business_intelligence",
        ApiPermission::Read,
    ),
    preset(
        "web_shop_orders",
        "Web Shop Orders",
        "ecommerce",
        ApiPermission::ReadWrite,
    ),
    IntegrateType {
        code: "custom",
        name: "AIQ Custom Integration",
        custom: true,
        category: None,
        api_permission: ApiPermission::ReadWrite,
        disclaimer: DISCLAIMER,
    },
];

const fn preset(
    code: &'static str,
    name: &'static str,
    category: &'static str,
    api_permission: ApiPermission,
) -> IntegrateType {
    IntegrateType {
        code,
        name,
        custom: false,
        category: Some(category),
        api_permission,
        disclaimer: DISCLAIMER,
    }
}

/// R8: a category of the catalogue, by code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CategoryCode(String);

impl CategoryCode {
    /// Reads a category's code; refused with `required` or `unknown_category`.
    pub fn parse(code: &str) -> Result<Self, FieldProblem> {
        if code.is_empty() {
            return Err(FieldProblem::new("category", "required", "Choose a category."));
        }
        match CATEGORIES.iter().find(|category| category.code == code) {
            Some(category) => Ok(Self(category.code.to_owned())),
            None => Err(FieldProblem::new(
                "category",
                "unknown_category",
                "Choose a category from the catalogue.",
            )),
        }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The AIQ Integrate type with this code; refused with `required` or `invalid_integrate_type`.
pub fn integrate_type(code: &str) -> Result<&'static IntegrateType, FieldProblem> {
    if code.is_empty() {
        return Err(FieldProblem::new(
            "integrate_type",
            "required",
            "Choose an application type.",
        ));
    }
    INTEGRATE_TYPES.iter().find(|entry| entry.code == code).ok_or_else(|| {
        FieldProblem::new(
            "integrate_type",
            "invalid_integrate_type",
            "Choose an application type from the catalogue.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r8_every_preset_has_a_category_of_the_catalogue_and_only_custom_has_none() {
        for entry in INTEGRATE_TYPES {
            assert_eq!(entry.category.is_none(), entry.custom, "{}", entry.code);
            if let Some(category) = entry.category {
                assert!(CategoryCode::parse(category).is_ok(), "{category}");
            }
        }
    }

    #[test]
    fn r8_a_category_outside_the_catalogue_is_unknown() {
        assert_eq!(CategoryCode::parse("astrology").unwrap_err().code, "unknown_category");
        assert_eq!(integrate_type("astrology").unwrap_err().code, "invalid_integrate_type");
    }
}
