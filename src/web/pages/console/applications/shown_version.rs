//! A form is about the application as it was shown: it carries the version of the side that it changes, so that nothing
//! happens to what nobody has looked at, and what happens to the other sides is of no matter.

use axum::http::StatusCode;
use maud::{Markup, html};

use crate::application::{ExpectedVersion, Failure, Section, SectionVersions};
use crate::log::CommandError;
use crate::web::error::Problem;
use crate::web::pages::form::Form;
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_key;

/// The field with the version that is shown.
pub const SEEN: &str = "seen";

/// The field that ties a form to what is shown.
pub fn field(section_versions: &SectionVersions, side: Section) -> Markup {
    html! { input type="hidden" name=(SEEN) value=(section_versions.version(side)); }
}

/// What the change depends on. A form that does not say what was seen is about nothing that there is.
pub fn expected(form: &Form, side: Section) -> ExpectedVersion {
    ExpectedVersion::Section(side, form.text(SEEN).parse().unwrap_or(-1))
}

/// Whether something was refused because the application is not as it was shown any more.
pub fn is_out_of_date(failure: &Failure) -> bool {
    matches!(failure, Failure::Command(CommandError::VersionMismatch { .. }))
}

/// What went wrong, and the form to show again, on the page as it is now.
pub fn refused(failure: Failure, form: Form) -> (Errors, Form) {
    if !is_out_of_date(&failure) {
        return form_key::refused(failure, form);
    }
    let detail = "Something about this application has changed since you opened the page. Nothing has been done. This is \
                  how it is now; if you still want it, choose it again.";
    let problem = Problem::new(StatusCode::PRECONDITION_FAILED, "version_mismatch", detail);
    (problem.into(), form)
}
