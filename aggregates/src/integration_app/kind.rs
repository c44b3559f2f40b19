//! R5: the integration types, and what depends on them.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::refusal::FieldProblem;

/// R5: the integration type, with what is known of applications of this type alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IntegrationKind {
    /// New Integration: made by an outside developer.
    NewIntegration,
    /// AIQ Integrate: made and run by the provider's team.
    AiqIntegrate {
        /// The catalogue's entry.
        integrate_type: String,
        /// R8: whether it was a custom one.
        custom: bool,
    },
}

impl IntegrationKind {
    /// R5: the integration type alone.
    pub fn integration_type(&self) -> IntegrationType {
        match self {
            Self::NewIntegration => IntegrationType::NewIntegration,
            Self::AiqIntegrate { .. } => IntegrationType::AiqIntegrate,
        }
    }

    /// R12: as [`IntegrationType::has_outside_developer`].
    pub fn has_outside_developer(&self) -> bool {
        self.integration_type().has_outside_developer()
    }
}

/// R5: the integration type, as a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum IntegrationType {
    /// New Integration.
    NewIntegration,
    /// AIQ Integrate.
    AiqIntegrate,
}

impl IntegrationType {
    /// Reads the word on the wire; refused with `required` or `invalid_integration_type`.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        FieldProblem::parse_word("integration_type", "invalid_integration_type", text)
    }

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// R5, R12: whether somebody outside builds the integration, is invited for it and keeps its client secrets. If not,
    /// the provider's team does all of that. Everything that differs in this way asks here, so that a new type answers once.
    pub fn has_outside_developer(self) -> bool {
        match self {
            Self::NewIntegration => true,
            Self::AiqIntegrate => false,
        }
    }
}
