//! `GET /docs`: the description for people, made of the same document as `/openapi.json`. No scripts, and nothing from
//! elsewhere.

mod operation;
mod prose;
mod schema;

use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use maud::{DOCTYPE, Markup, html};
use serde_json::Value;

use crate::web::api::meta::Published;
use crate::web::api::meta::docs::operation::{FieldSource, Operation, fields, operations};
use crate::web::api::meta::docs::prose::prose;
use crate::web::api::meta::docs::schema::{Schemas, text};
use crate::web::api::meta::error_codes::error_codes;

/// Nothing but our own stylesheet.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 2] = [
    (CONTENT_TYPE, "text/html; charset=utf-8"),
    (CONTENT_SECURITY_POLICY, POLICY),
];

/// Which calls are there? For people.
///
/// This page.
#[utoipa::path(
    get,
    path = "/docs",
    tag = "Service",
    responses((status = 200, description = "The page.", body = String, content_type = "text/html")),
    security(())
)]
pub async fn docs(State(published): State<Published>) -> impl IntoResponse {
    (HEADERS, published.page)
}

/// The page for an OpenAPI document.
pub fn page(document: &Value) -> Markup {
    let (title, groups) = (text(&document["info"]["title"]), groups(document));
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " – API" }
                link rel="stylesheet" href="/docs/style.css";
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                nav aria-label="Calls" { (contents(&groups)) }
                main #content {
                    (opening(document))
                    (refusals(document))
                    @for group in &groups { (section(group, document)) }
                }
            }
        }
    }
}

/// The calls of one kind of caller.
struct OperationGroup<'a> {
    name: &'a str,
    description: &'a str,
    operations: Vec<Operation<'a>>,
}

impl OperationGroup<'_> {
    fn anchor(&self) -> String {
        prose::anchor(self.name)
    }
}

/// The groups in the document's order of tags, then those that it forgot to list.
fn groups(document: &Value) -> Vec<OperationGroup<'_>> {
    let tags = document["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
    let listed = tags.iter().map(|tag| (text(&tag["name"]), text(&tag["description"])));
    let mut groups: Vec<_> = listed
        .map(|(name, description)| OperationGroup {
            name,
            description,
            operations: Vec::new(),
        })
        .collect();
    for operation in operations(document) {
        let name = operation.tag();
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.operations.push(operation),
            None => groups.push(OperationGroup {
                name,
                description: "",
                operations: vec![operation],
            }),
        }
    }
    groups.retain(|group| !group.operations.is_empty());
    groups
}

fn contents(groups: &[OperationGroup]) -> Markup {
    html! {
        @for group in groups {
            p.group { a href={ "#" (group.anchor()) } { (group.name) } }
            ul {
                @for operation in &group.operations {
                    li { a href={ "#" (operation.anchor()) } { (operation.short_title()) } }
                }
            }
        }
    }
}

fn opening(document: &Value) -> Markup {
    let info = &document["info"];
    html! {
        header {
            h1 { (text(&info["title"])) " " span.version { (text(&info["version"])) } }
            (prose(text(&info["description"])))
            p { "For programs: " a href="/openapi.json" { "openapi.json" } "." }
        }
        section #credentials aria-labelledby="credentials-title" {
            h2 #credentials-title { "Credentials" }
            dl.credentials {
                @for (name, scheme) in schema::members(&document["components"]["securitySchemes"]) {
                    dt #{ "credentials-" (name) } { code { (name) } " " span.type { (text(&scheme["scheme"])) } }
                    dd { (prose(text(&scheme["description"]))) }
                }
            }
        }
    }
}

/// The two forms of a refusal, once for all calls.
fn refusals(document: &Value) -> Markup {
    let schemas = Schemas::of(document);
    html! {
        section #refusals aria-labelledby="refusals-title" {
            h2 #refusals-title { "Refusals" }
            @for name in schema::REFUSALS {
                @let schema = &document["components"]["schemas"][name];
                @if schema.is_object() {
                    (prose(text(&schema["description"])))
                    (fields(schema, &schemas, FieldSource::Answered))
                }
            }
            @for kind in error_codes() {
                h3 #(prose::anchor(kind.title)) { (prose::line(kind.title)) }
                dl.codes {
                    @for code in &kind.codes {
                        dt { code { (code.code) } " " span.type { (code.status) } }
                        dd { (prose::line(code.meaning)) " " (prose::line(code.remedy)) }
                    }
                }
            }
        }
    }
}

fn section(group: &OperationGroup, document: &Value) -> Markup {
    let schemas = Schemas::of(document);
    html! {
        section #(group.anchor()) {
            h2 { (group.name) }
            (prose(group.description))
            @for operation in &group.operations { (operation.show(&schemas)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of_all() -> String {
        let document = serde_json::to_value(crate::web::api::meta::document()).unwrap();
        page(&document).into_string()
    }

    #[test]
    fn the_page_needs_no_script_and_nothing_from_elsewhere() {
        let page = page_of_all();
        for foreign in ["<script", "http://", "https://", "style=", " on"] {
            let tags = page.split('<').map(|tag| tag.split('>').next().unwrap_or_default());
            assert!(!tags.into_iter().any(|tag| tag.contains(foreign)), "{foreign}");
        }
    }

    #[test]
    fn the_page_describes_itself() {
        let page = page_of_all();
        for part in [
            "/openapi.json",
            "/docs/style.css",
            "For people",
            "Service",
            "kept_by_developer",
        ] {
            assert!(page.contains(part), "{part}");
        }
    }
}
