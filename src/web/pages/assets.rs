//! Serves style sheet, script, fonts and icon from the binary. Their URLs hold a digest of the content, so browsers may
//! cache them indefinitely.

use std::sync::LazyLock;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use sha2::{Digest, Sha256};

use crate::brand::BRAND;
use crate::web::service::Service;

/// The style sheets in the order in which they are served as one.
const STYLES: [&str; 6] = [
    include_str!("assets/fonts.css"),
    include_str!("assets/tokens.css"),
    include_str!("assets/frame.css"),
    include_str!("assets/parts.css"),
    include_str!("assets/places.css"),
    include_str!("assets/narrow.css"),
];
const SCRIPTS: [&str; 2] = [
    include_str!("assets/gatebook.js"),
    include_str!("assets/entity-picker.js"),
];
const ICON: &str = include_str!("assets/favicon.svg");

/// Inter and Source Serif 4, both under the Open Font License, whose texts lie beside them. `fonts.css` names each in
/// braces.
const FONTS: [(&str, &[u8]); 4] = [
    ("text-latin", include_bytes!("assets/fonts/text-latin.woff2")),
    ("text-latin-ext", include_bytes!("assets/fonts/text-latin-ext.woff2")),
    ("title-latin", include_bytes!("assets/fonts/title-latin.woff2")),
    ("title-latin-ext", include_bytes!("assets/fonts/title-latin-ext.woff2")),
];

static STYLE: LazyLock<String> = LazyLock::new(|| {
    let styles = BRAND.colours.css() + STYLES.concat().as_str();
    FONTS.iter().fold(styles, |styles, (name, content)| {
        styles.replace(&format!("{{{name}}}"), &address(content, "woff2"))
    })
});
static SCRIPT: LazyLock<String> = LazyLock::new(|| SCRIPTS.concat());

/// Where the style sheet is.
pub static STYLE_URL: LazyLock<String> = LazyLock::new(|| address(STYLE.as_bytes(), "css"));
/// Where the script is.
pub static SCRIPT_URL: LazyLock<String> = LazyLock::new(|| address(SCRIPT.as_bytes(), "js"));
/// Where the icon of browser tabs is.
pub static ICON_URL: LazyLock<String> = LazyLock::new(|| address(ICON.as_bytes(), "svg"));

pub fn routes() -> Router<Service> {
    let texts = Router::new()
        .route(
            &STYLE_URL,
            get(|| async { asset("text/css; charset=utf-8", STYLE.as_bytes()) }),
        )
        .route(
            &SCRIPT_URL,
            get(|| async { asset("text/javascript; charset=utf-8", SCRIPT.as_bytes()) }),
        )
        .route(&ICON_URL, get(|| async { asset("image/svg+xml", ICON.as_bytes()) }));
    FONTS.iter().fold(texts, |router, (_, content)| {
        router.route(
            &address(content, "woff2"),
            get(|| async { asset("font/woff2", content) }),
        )
    })
}

fn address(content: &[u8], kind: &str) -> String {
    let digest = hex::encode(Sha256::digest(content));
    format!("/assets/gatebook-{}.{kind}", digest.get(..12).unwrap_or_default())
}

fn asset(content_type: &'static str, content: &'static [u8]) -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_names_each_font_by_its_address() {
        for (name, content) in FONTS {
            assert!(STYLE.contains(&address(content, "woff2")), "{name}");
        }
        assert!(!STYLE.contains("url(\"{"));
    }
}
