//! The query parameter `confirm_removed`: how many entries a list may remove, if they are more than half.

use serde::Deserialize;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Required, Type};

use crate::web::api::json::Fields;
use crate::web::error::Problem;

/// The parameter as it was sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmRemoved {
    confirm_removed: Option<String>,
}

impl ConfirmRemoved {
    /// The number, if there is one.
    pub fn read(self) -> Result<Option<usize>, Problem> {
        let Some(text) = self.confirm_removed else {
            return Ok(None);
        };
        let mut fields = Fields::default();
        let number = text.parse().ok();
        if number.is_none() {
            let message = "“confirm_removed” is the number of entries to remove, such as 120.";
            fields.refuse("confirm_removed", "invalid_confirm_removed", message);
        }
        fields.finish(|| number).map(Some)
    }
}

/// The same for the OpenAPI document.
pub struct WithConfirmRemoved;

impl IntoParams for WithConfirmRemoved {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
        let parameter = ParameterBuilder::new()
            .name("confirm_removed")
            .parameter_in(ParameterIn::Query)
            .required(Required::False);
        let description = "Exactly how many entries may be removed, if they are more than half of what is there. The refusal \
                           `confirm_removed` names the number in `needed`.";
        vec![parameter.description(Some(description)).schema(Some(number)).build()]
    }
}
