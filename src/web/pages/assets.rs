//! Serves the stylesheet and the script from the binary. Their URLs hold a digest of the content, so browsers may cache
//! them indefinitely.

use std::sync::LazyLock;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use sha2::{Digest, Sha256};

use crate::brand::BRAND;
use crate::web::service::Service;

static STYLE: LazyLock<String> = LazyLock::new(|| BRAND.colours.css() + include_str!("assets/gatebook.css"));
const SCRIPT: &str = include_str!("assets/gatebook.js");

/// Where the stylesheet is.
pub static STYLE_URL: LazyLock<String> = LazyLock::new(|| address(&STYLE, "css"));
/// Where the script is.
pub static SCRIPT_URL: LazyLock<String> = LazyLock::new(|| address(SCRIPT, "js"));

pub fn routes() -> Router<Service> {
    Router::new()
        .route(&STYLE_URL, get(|| async { asset("text/css; charset=utf-8", &STYLE) }))
        .route(
            &SCRIPT_URL,
            get(|| async { asset("text/javascript; charset=utf-8", SCRIPT) }),
        )
}

fn address(content: &str, kind: &str) -> String {
    let digest = hex::encode(Sha256::digest(content));
    format!("/assets/gatebook-{}.{kind}", digest.get(..12).unwrap_or_default())
}

fn asset(content_type: &'static str, content: &'static str) -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, content)
}
