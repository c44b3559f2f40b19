//! A response about an application or a group, with its version as the ETag.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::application::AppView;

/// The version of the application or group, and the body.
pub struct Versioned<T>(pub i64, pub T);

impl<'a, T: From<&'a AppView>> From<&'a AppView> for Versioned<T> {
    fn from(view: &'a AppView) -> Self {
        Self(view.app().version, T::from(view))
    }
}

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let Self(version, body) = self;
        ([(header::ETAG, format!("\"{version}\""))], Json(body)).into_response()
    }
}
