//! `GET /docs`: the description for people. Swagger UI shows the same document as `/openapi.json`; its files are in the
//! binary, and the page's policy lets its scripts do nothing but show.

use std::sync::LazyLock;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use maud::{DOCTYPE, Markup, html};
use sha2::{Digest, Sha256};

use crate::brand::BRAND;
use crate::web::api::meta::Published;
use crate::web::api::meta::error_codes::error_codes;

/// Scripts and styles of ours only, and `data:` pictures, which Swagger UI's stylesheet draws its arrows with. The sandbox
/// takes the page's origin away: its scripts have no cookies, and `default-src 'none'` lets them speak to nobody. So code
/// that is not ours cannot act for somebody who is signed in to the console.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'; sandbox allow-scripts";

const PAGE_HEADERS: [(HeaderName, &str); 2] = [
    (CONTENT_TYPE, "text/html; charset=utf-8"),
    (CONTENT_SECURITY_POLICY, POLICY),
];

const STYLE: &str = include_str!("swagger-ui/swagger-ui.css");
const RENDERER: &str = include_str!("swagger-ui/swagger-ui-bundle.js");
const START: &str = include_str!("start.js");

static STYLE_URL: LazyLock<String> = LazyLock::new(|| address("swagger-ui", STYLE, "css"));
static RENDERER_URL: LazyLock<String> = LazyLock::new(|| address("swagger-ui-bundle", RENDERER, "js"));

/// Read this documentation
///
/// All operations, for people.
#[utoipa::path(
    get,
    path = "/docs",
    tag = "Service",
    responses((status = 200, description = "The page.", body = String, content_type = "text/html")),
    security(())
)]
pub async fn docs(State(published): State<Published>) -> impl IntoResponse {
    (PAGE_HEADERS, published.page)
}

/// The page for a document, and the addresses of what it needs: each holds a digest of the content, so that a browser may
/// keep it.
pub fn routes(document: &str) -> (Bytes, Router<Published>) {
    let start = format!("const DOCUMENT = {document};\n{START}");
    let start_url = address("start", &start, "js");
    let page = page(&start_url).into_string().into();
    let start = Bytes::from(start);
    let routes = Router::new()
        .route("/docs", get(docs))
        .route(&STYLE_URL, get(|| async { asset("text/css", STYLE.into()) }))
        .route(
            &RENDERER_URL,
            get(|| async { asset("text/javascript", RENDERER.into()) }),
        )
        .route(&start_url, get(|| async { asset("text/javascript", start) }));
    (page, routes)
}

fn address(name: &str, content: &str, kind: &str) -> String {
    let digest = hex::encode(Sha256::digest(content));
    format!("/docs/{name}-{}.{kind}", digest.get(..12).unwrap_or_default())
}

fn asset(content_type: &str, content: Bytes) -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, format!("{content_type}; charset=utf-8")),
        (CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()),
    ];
    (headers, content)
}

fn page(start_url: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (BRAND.product) " – API" }
                link rel="stylesheet" href=(*STYLE_URL);
                script src=(*RENDERER_URL) defer {}
                script src=(start_url) defer {}
            }
            body.swagger-ui {
                noscript {
                    p.wrapper { "The operations are shown by a script. For programs they are in " a href="/openapi.json" { "openapi.json" } "." }
                }
                div #operations {}
                section #error-codes .wrapper { (codes()) }
            }
        }
    }
}

/// What each code means and what to do, which a document has no place for that Swagger UI shows.
fn codes() -> Markup {
    html! {
        @for kind in error_codes() {
            h2 { (line(kind.title)) }
            table {
                thead { tr { th { "Code" } th { "Status" } th { "Meaning" } th { "What to do" } } }
                tbody {
                    @for code in &kind.codes {
                        tr {
                            td { code { (code.code) } }
                            td { (code.status) }
                            td { (line(code.meaning)) }
                            td { (line(code.remedy)) }
                        }
                    }
                }
            }
        }
    }
}

/// A text whose code is between backticks.
fn line(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_backticks_is_code_and_nothing_is_markup() {
        assert_eq!(line("a `b<c` & d").into_string(), "a <code>b&lt;c</code> &amp; d");
    }

    #[test]
    fn the_page_has_no_script_or_style_of_its_own_and_says_what_to_do_about_each_code() {
        let page = page("/docs/start.js").into_string();
        let tags: Vec<_> = page.split('<').filter_map(|tag| tag.split('>').next()).collect();
        for foreign in ["http:", "https:", "style=", " on"] {
            assert!(!tags.iter().any(|tag| tag.contains(foreign)), "{foreign}");
        }
        let scripts = tags.iter().filter(|tag| tag.starts_with("script"));
        assert!(scripts.clone().count() == 2 && scripts.into_iter().all(|tag| tag.contains("src=\"/docs/")));
        assert!(page.contains("<code>kept_by_developer</code>"));
    }
}
