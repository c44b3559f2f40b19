//! Where things are.

use serde_json::Value;

/// The applications of the admins' API.
pub const APPS: &str = "/api/v1/integration-apps";
/// The developers' API.
pub const PORTAL: &str = "/portal/api/v1";

/// The id of an application.
#[track_caller]
pub fn id(app: &Value) -> &str {
    app["id"].as_str().unwrap_or_else(|| panic!("no id in {app}"))
}

/// Where admins find an application, or something of it.
#[track_caller]
pub fn app_at(app: &Value, rest: &str) -> String {
    format!("{APPS}/{}{rest}", id(app))
}

/// Where its developer finds an application, or something of it.
#[track_caller]
pub fn portal_at(app: &Value, rest: &str) -> String {
    format!("{PORTAL}/apps/{}{rest}", id(app))
}
