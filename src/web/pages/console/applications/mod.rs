//! Group Management > Integration Applications: all pages about applications, and their routes.

mod activity_log;
mod aiq_integrate;
mod changed_meanwhile;
mod choose_integrate_type;
mod choose_type;
mod confirm_page;
mod creating;
mod developer;
mod developer_changes;
mod edit;
mod entities_tab;
mod entity_picker;
mod entity_search;
mod filters;
mod inputs;
pub mod labels;
mod list;
mod new_integration;
mod otp;
mod revoke;
mod revoke_access;
mod save_with_fewer;
mod secrets;
pub mod shared;
mod show;
pub mod shown_version;
mod suspend_resume;
mod table;
mod timeline;
mod usage;

use axum::Router;
use axum::routing::{get, post};

use crate::web::service::Service;

/// The routes are written out in full instead of nested, because the redirect after signing in needs the full path.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/integration-applications", get(list::show))
        .route("/integration-applications/activity-log", get(activity_log::of_group))
        .merge(creating_routes())
        .merge(app_routes())
}

fn creating_routes() -> Router<Service> {
    Router::new()
        .route("/integration-applications/new", get(choose_type::show))
        .route(
            "/integration-applications/new/new-integration",
            get(new_integration::show).post(new_integration::create),
        )
        .route(
            "/integration-applications/new/aiq-integrate",
            get(choose_integrate_type::show),
        )
        .route(
            "/integration-applications/new/aiq-integrate/{type}",
            get(aiq_integrate::show).post(aiq_integrate::create),
        )
}

fn app_routes() -> Router<Service> {
    Router::new()
        .route("/integration-applications/{id}", get(show::show))
        .route("/integration-applications/{id}/entities", get(entities_tab::show))
        .route("/integration-applications/{id}/activity", get(timeline::show))
        .route("/integration-applications/{id}/activity-log", get(activity_log::of_app))
        .route("/integration-applications/{id}/edit", get(edit::show).post(edit::save))
        .route(
            "/integration-applications/{id}/developer",
            get(developer::show).post(developer_changes::register),
        )
        .route(
            "/integration-applications/{id}/developer/resend-invite",
            post(developer_changes::resend_invite),
        )
        .route(
            "/integration-applications/{id}/developer/reset-otp",
            post(developer_changes::reset_otp),
        )
        .route(
            "/integration-applications/{id}/developer/invite-anew",
            post(developer_changes::invite_anew),
        )
        .route(
            "/integration-applications/{id}/developer/revoke",
            get(revoke_access::ask).post(revoke_access::revoke),
        )
        .route("/integration-applications/{id}/secrets", get(secrets::show))
        .route(
            "/integration-applications/{id}/secrets/{secret_id}/retire",
            get(secrets::ask_to_retire).post(secrets::retire),
        )
        .route(
            "/integration-applications/{id}/suspend",
            get(suspend_resume::ask_suspend).post(suspend_resume::suspend),
        )
        .route(
            "/integration-applications/{id}/resume",
            get(suspend_resume::ask_resume).post(suspend_resume::resume),
        )
        .route(
            "/integration-applications/{id}/revoke",
            get(revoke::ask).post(revoke::revoke),
        )
}
