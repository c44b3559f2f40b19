//! One call: who may make it, what it takes, what it answers.

use maud::{Markup, html};
use serde_json::Value;

use crate::web::api::meta::docs::prose::{anchor, line, prose};
use crate::web::api::meta::docs::schema::{Schemas, elements, is_refusal, members, text};

/// The methods in the order to show them.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// A method of a path.
pub struct Operation<'a> {
    method: &'static str,
    path: &'a str,
    described: &'a Value,
}

/// All operations, by path.
pub fn operations(document: &Value) -> impl Iterator<Item = Operation<'_>> {
    members(&document["paths"]).flat_map(|(path, item)| {
        METHODS.iter().filter_map(move |method| {
            let described = item.get(method)?;
            Some(Operation {
                method,
                path,
                described,
            })
        })
    })
}

impl<'a> Operation<'a> {
    /// Who calls.
    pub fn tag(&self) -> &'a str {
        text(&self.described["tags"][0])
    }

    /// What it is for, in a sentence.
    pub fn title(&self) -> &'a str {
        match text(&self.described["summary"]) {
            "" => self.path,
            summary => summary,
        }
    }

    /// The title's first clause, for the list of contents.
    pub fn short_title(&self) -> &'a str {
        let title = self.title();
        let first = title.split_once(": ").or_else(|| title.split_once(". "));
        first.map_or(title, |(first, _)| first).trim_end_matches('.')
    }

    /// What a link points to.
    pub fn anchor(&self) -> String {
        anchor(&format!("{} {}", self.method, self.path))
    }

    /// The whole call.
    pub fn show(&self, schemas: &Schemas) -> Markup {
        html! {
            article #(self.anchor()) {
                h3 { a href={ "#" (self.anchor()) } { (self.title()) } }
                p.call { span.{ "method " (self.method) } { (self.method.to_uppercase()) } " " code { (self.path) } }
                (prose(text(&self.described["description"])))
                (self.callers())
                (self.parameters(schemas))
                (self.body(schemas))
                (self.answers(schemas))
            }
        }
    }

    fn callers(&self) -> Markup {
        let names = elements(&self.described["security"])
            .flat_map(members)
            .map(|(name, _)| name);
        let names: Vec<_> = names.collect();
        html! {
            p.callers {
                @if names.is_empty() { "Needs no credentials." } @else { "Needs " }
                @for (place, name) in names.iter().enumerate() {
                    @if place > 0 { " or " }
                    a href={ "#credentials-" (name) } { code { (name) } }
                }
            }
        }
    }

    fn parameters(&self, schemas: &Schemas) -> Markup {
        let parameters: Vec<_> = elements(&self.described["parameters"]).collect();
        html! {
            @if !parameters.is_empty() {
                h4 { "Parameters" }
                table {
                    thead { tr { th { "Name" } th { "In" } th { "Type" } th { "Meaning" } } }
                    tbody {
                        @for parameter in parameters {
                            tr {
                                td { (name(text(&parameter["name"]), FieldSource::Asked.remark(parameter["required"] == true))) }
                                td { (text(&parameter["in"])) }
                                td { span.type { (schemas.words(&parameter["schema"])) } }
                                td { (line(text(&parameter["description"]))) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn body(&self, schemas: &Schemas) -> Markup {
        html! {
            @for (media_type, content) in members(&self.described["requestBody"]["content"]) {
                h4 { "Body " span.type { (media_type) } }
                (fields(&content["schema"], schemas, FieldSource::Asked))
            }
        }
    }

    fn answers(&self, schemas: &Schemas) -> Markup {
        html! {
            h4 { "Answers" }
            dl.answers {
                @for (status, response) in members(&self.described["responses"]) {
                    dt { span.{ "status s" (status.get(..1).unwrap_or_default()) } { (status) } }
                    dd {
                        (prose(text(&response["description"])))
                        (headers(response))
                        (content(response, schemas))
                    }
                }
            }
        }
    }
}

fn headers(response: &Value) -> Markup {
    html! {
        @for (name, header) in members(&response["headers"]) {
            p.header { code { (name) } " " (line(text(&header["description"]))) }
        }
    }
}

/// What an answer holds. Refusals look alike everywhere and are shown once, above.
fn content(response: &Value, schemas: &Schemas) -> Markup {
    html! {
        @for (media_type, content) in members(&response["content"]) {
            @let schema = &content["schema"];
            @if !is_refusal(schema) {
                p.header { span.type { (media_type) } }
                @if schemas.has_fields(schema) {
                    details { summary { "Fields" } (fields(schema, schemas, FieldSource::Answered)) }
                }
            }
        }
    }
}

/// The fields of each form that something can have.
pub fn fields(schema: &Value, schemas: &Schemas, side: FieldSource) -> Markup {
    html! {
        @for (place, form) in schemas.forms(schema).into_iter().enumerate() {
            @if place > 0 { p.or { "or" } }
            @let rows = schemas.rows(form);
            @if rows.is_empty() { p { (schemas.words(form)) } } @else {
                table {
                    thead { tr { th { "Field" } th { "Type" } th { "Meaning" } } }
                    tbody {
                        @for row in rows {
                            tr {
                                td.{ "level-" (row.level) } { (name(&row.name, side.remark(row.required))) }
                                td { span.type { (row.words) } }
                                td { (line(&row.description)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn name(name: &str, remark: &str) -> Markup {
    html! { code { (name) } " " span.required { (remark) } }
}

/// Whose fields they are.
#[derive(Clone, Copy)]
pub enum FieldSource {
    /// The request's.
    Asked,
    /// The answer's.
    Answered,
}

impl FieldSource {
    fn remark(self, required: bool) -> &'static str {
        match (self, required) {
            (Self::Asked, true) => "required",
            (Self::Answered, false) => "may be absent",
            (Self::Asked, false) | (Self::Answered, true) => "",
        }
    }
}
