//! What both options of creating an application have in common.

use crate::application::{AppView, Verification};
use crate::web::api::admin::CreateApplication;
use crate::web::extract::Service;
use crate::web::pages::current_user::ConsoleUser;
use crate::web::pages::form::Form;
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_key;

/// R6, for whoever fills in the name.
pub const NAME_HINT: &str = "You cannot change this later, and no other application may have this name. Developers see \
                             it in the Developer Portal. Up to 100 characters.";
/// R7, for whoever fills in the description.
pub const DESCRIPTION_HINT: &str = "What the application is and does, so that others understand it, too. Developers see \
                                    it in the Developer Portal. Up to 2,000 characters.";
/// R11, for whoever selects entities.
pub const ENTITIES_HINT: &str = "The entities whose data the application may use; at least one. You can change this \
                                 later, with immediate effect.";

/// Creates what the form asks for, once; or tells what is wrong with it, in the words of its labels.
pub async fn create(
    service: &Service,
    user: &ConsoleUser,
    path: &str,
    form: Form,
    words: &[(&str, &str)],
    command: impl FnOnce(&Form) -> CreateApplication,
) -> Result<(AppView, Option<Verification>), (Errors, Form)> {
    let creation = match command(&form).read() {
        Ok(creation) => creation,
        Err(problem) => return Err((Errors::from(problem).worded(words), form)),
    };
    let key = form_key::key(user.caller(), path, &form);
    let created = service.create_app(user.caller(), creation, key.as_ref()).await;
    created.map_err(|failure| {
        let (errors, form) = form_key::refused(failure, form);
        (errors.worded(words), form)
    })
}

/// The entities that were selected; nothing is as good as left out.
pub fn entities_of(form: &Form) -> Option<Vec<String>> {
    let chosen: Vec<_> = form.all("entities").into_iter().map(str::to_owned).collect();
    (!chosen.is_empty()).then_some(chosen)
}
