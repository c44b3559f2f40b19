//! R1: the product plan of a group.

use serde::{Deserialize, Serialize};

use crate::refusal::{FieldProblem, Refusal};
use crate::text::Label;

/// R1: the only plan with Integration Applications and the Developer Portal.
pub const PLAN_WITH_INTEGRATION_APPS: &str = "AIQ3";

/// A group's product plan, by its commercial name. Which plans exist is the seller's business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProductPlan(String);

impl ProductPlan {
    /// Reads a plan's name; refused with `required` or `invalid_product_plan`.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        match Label::parse("product_plan", text) {
            Ok(label) => Ok(Self(label.as_str().to_owned())),
            Err(problem) if problem.code == "required" => Err(problem),
            Err(problem) => Err(FieldProblem {
                code: "invalid_product_plan",
                ..problem
            }),
        }
    }

    /// The plan's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// R1: whether applications may be created, changed and used on this plan.
    pub fn has_integration_apps(&self) -> bool {
        self.0 == PLAN_WITH_INTEGRATION_APPS
    }

    /// R1: refused with `plan_required` off the plan.
    pub fn require_integration_apps(&self) -> Result<(), Refusal> {
        if self.has_integration_apps() {
            Ok(())
        } else {
            Err(Refusal::PlanRequired)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r1_only_aiq3_has_integration_applications() {
        assert!(ProductPlan::parse("AIQ3").unwrap().has_integration_apps());
        assert!(!ProductPlan::parse("AIQ2").unwrap().has_integration_apps());
        assert!(!ProductPlan::parse("aiq3").unwrap().has_integration_apps());
        assert_eq!(ProductPlan::parse("").unwrap_err().code, "required");
    }
}
