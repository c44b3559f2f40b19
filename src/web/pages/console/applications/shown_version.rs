//! Ties a form to the application as it was shown. The form carries the version of the section that it changes, so that
//! it never overwrites unseen changes, and changes of other sections do not matter.

use axum::http::StatusCode;
use maud::{Markup, html};

use crate::application::{ExpectedVersion, Failure, Section, SectionVersions};
use crate::web::error::Problem;
use crate::web::pages::form::Form;
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_key;

/// The hidden field with the shown version.
pub const SEEN: &str = "seen";

/// The hidden field with the version of this section.
pub fn field(section_versions: &SectionVersions, section: Section) -> Markup {
    html! { input type="hidden" name=(SEEN) value=(section_versions.version(section)); }
}

/// The hidden field with the version of the whole application, in forms of pages that show many of them.
const SEEN_WHOLE: &str = "seen_whole";

/// The hidden field with the version of the whole application: whatever has happened to it, the form changes nothing.
pub fn whole_field(version: i64) -> Markup {
    html! { input type="hidden" name=(SEEN_WHOLE) value=(version); }
}

/// The version that the change expects. A form without one matches no version.
pub fn expected(form: &Form, section: Section) -> ExpectedVersion {
    if let Some(whole) = form.filled(SEEN_WHOLE) {
        return ExpectedVersion::from(Some(whole.parse().unwrap_or(-1)));
    }
    ExpectedVersion::Section(section, form.text(SEEN).parse().unwrap_or(-1))
}

/// Whether the change was refused because the application has changed since it was shown.
pub fn is_out_of_date(failure: &Failure) -> bool {
    failure.is_version_mismatch()
}

/// The errors, and the form to show again with the current data.
pub fn refused(failure: Failure, form: Form) -> (Errors, Form) {
    if !is_out_of_date(&failure) {
        return form_key::refused(failure, form);
    }
    let detail = "This application has changed since you opened the page, so nothing has been done. The page now shows \
                  the current version; if you still want to go ahead, choose the action again.";
    let problem = Problem::new(StatusCode::PRECONDITION_FAILED, "version_mismatch", detail);
    (problem.into(), form)
}
