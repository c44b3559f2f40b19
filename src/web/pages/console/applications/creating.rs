//! What both ways to create an application share.

use crate::application::{AppView, Manager, Verification};
use crate::web::api::admin::CreateApplication;
use crate::web::pages::form::Form;
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_key;
use crate::web::service::Service;

/// R6: the hint for the name.
pub const NAME_HINT: &str = "The name must be unique, and you cannot change it later. Developers see it in the \
                             Developer Portal. Up to 100 characters.";
/// R7: the hint for the description.
pub const DESCRIPTION_HINT: &str = "What the application does, in words that others will understand. Developers see it \
                                    in the Developer Portal. Up to 2,000 characters.";
/// R11: the hint for the entities.
pub const ENTITIES_HINT: &str = "Select at least one entity whose data the application may use. You can change this \
                                 later, with immediate effect.";

/// The hint for the end date.
pub const END_HINT: &str =
    "From then on its access tokens are refused. You can change it later. Leave it empty for no end date.";

/// Creates the application once, or returns the errors in the words of the form's labels.
pub async fn create(
    service: &Service,
    manager: Manager<'_>,
    path: &str,
    form: Form,
    words: &[(&str, &str)],
    command: impl FnOnce(&Form) -> CreateApplication,
) -> Result<(AppView, Option<Verification>), (Errors, Form)> {
    let creation = match command(&form).read() {
        Ok(creation) => creation,
        Err(problem) => return Err((Errors::from(problem).worded(words), form)),
    };
    let key = form_key::key(manager.caller(), path, &form);
    let created = service.create_app(manager, creation, key.as_ref()).await;
    created.map_err(|failure| {
        let (errors, form) = form_key::refused(failure, form);
        (errors.worded(words), form)
    })
}

/// The selected entities. None selected counts as a missing field.
pub fn entities_of(form: &Form) -> Option<Vec<String>> {
    let chosen: Vec<_> = form.all("entities").into_iter().map(str::to_owned).collect();
    (!chosen.is_empty()).then_some(chosen)
}
