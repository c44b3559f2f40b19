//! Reading the document's schemas: what something is in words, and which fields it has.

use serde_json::Value;

/// So deep are fields within fields shown.
const DEPTH: usize = 3;

/// The schemas of the two forms of a refusal, that of the API and that of OAuth.
pub const REFUSALS: [&str; 2] = ["Problem", "OAuthRefusal"];

/// The named schemas of a document.
pub struct Schemas<'a> {
    named: &'a Value,
}

/// A field.
pub struct Row {
    /// Its name.
    pub name: String,
    /// How many fields it is within.
    pub level: usize,
    /// What it is.
    pub words: String,
    /// Whether it is always there, or has to be.
    pub required: bool,
    /// What it means.
    pub description: String,
}

impl<'a> Schemas<'a> {
    /// Those of a document.
    pub fn of(document: &'a Value) -> Self {
        Self {
            named: &document["components"]["schemas"],
        }
    }

    /// What something is, in a word or two.
    pub fn words(&self, schema: &Value) -> String {
        if let Some(name) = reference(schema) {
            return match self.named[name]["enum"].as_array() {
                Some(values) => one_of(values),
                None => self.simple(name),
            };
        }
        let forms = alternatives(schema);
        if !forms.is_empty() {
            let mut words: Vec<_> = forms.iter().map(|form| self.words(form)).collect();
            words.sort_by_key(|word| word == "null");
            words.dedup();
            return words.join(" or ");
        }
        if let Some(values) = schema["enum"].as_array() {
            return one_of(values);
        }
        let types: Vec<_> = kinds(schema).into_iter().map(|kind| self.kind(kind, schema)).collect();
        if types.is_empty() {
            "object".to_owned()
        } else {
            types.join(" or ")
        }
    }

    /// Whether there are fields to show.
    pub fn has_fields(&self, schema: &Value) -> bool {
        self.forms(schema).into_iter().any(|form| !self.rows(form).is_empty())
    }

    /// The forms that something can have; usually one.
    pub fn forms<'s>(&'s self, schema: &'s Value) -> Vec<&'s Value> {
        let schema = self.resolve(schema);
        let forms = alternatives(schema);
        if forms.is_empty() { vec![schema] } else { forms }
    }

    /// The fields of something, those within fields included.
    pub fn rows(&self, schema: &Value) -> Vec<Row> {
        let mut rows = Vec::new();
        self.collect(schema, 0, &mut rows);
        rows
    }

    fn collect(&self, schema: &Value, level: usize, rows: &mut Vec<Row>) {
        let schema = self.resolve(schema);
        if level == DEPTH {
            return;
        }
        for part in elements(&schema["allOf"]) {
            self.collect(part, level, rows);
        }
        if schema["items"].is_object() {
            return self.collect(&schema["items"], level, rows);
        }
        let present: Vec<_> = alternatives(schema)
            .into_iter()
            .filter(|form| form["type"] != "null")
            .collect();
        if let [only] = present[..] {
            return self.collect(only, level, rows);
        }
        let required: Vec<_> = elements(&schema["required"]).map(text).collect();
        for (field, described) in members(&schema["properties"]) {
            rows.push(Row {
                words: self.words(described),
                required: required.contains(&field),
                description: self.description(described),
                name: field.to_owned(),
                level,
            });
            self.collect(described, level + 1, rows);
        }
    }

    /// The field's own words, else those of what it is.
    fn description(&self, schema: &Value) -> String {
        let forms = alternatives(schema);
        let own = [schema]
            .into_iter()
            .chain(forms)
            .map(|form| text(&form["description"]))
            .find(|own| !own.is_empty());
        let description = own.unwrap_or_else(|| text(&self.resolve(schema)["description"]));
        match &schema["example"] {
            Value::Null => description.to_owned(),
            Value::String(example) => format!("{description} Example: `{example}`."),
            example => format!("{description} Example: `{example}`."),
        }
    }

    fn kind(&self, kind: &str, schema: &Value) -> String {
        match (kind, text(&schema["format"])) {
            ("array", _) => match self.words(&schema["items"]).as_str() {
                "object" => "list of objects".to_owned(),
                items => format!("list of {items}"),
            },
            ("integer", _) => "number".to_owned(),
            ("string", "") => "text".to_owned(),
            ("string", format) => format!("text ({format})"),
            (kind, _) => kind.to_owned(),
        }
    }

    fn simple(&self, name: &str) -> String {
        match self.named[name]["type"].as_str() {
            Some("object") | None => "object".to_owned(),
            Some(_) => self.words(&self.named[name]),
        }
    }

    fn resolve<'s>(&'s self, schema: &'s Value) -> &'s Value {
        reference(schema).map_or(schema, |name| &self.named[name])
    }
}

/// Whether this is one of the two forms of a refusal.
pub fn is_refusal(schema: &Value) -> bool {
    reference(schema).is_some_and(|name| REFUSALS.contains(&name))
}

/// The name behind `$ref`.
fn reference(schema: &Value) -> Option<&str> {
    text(&schema["$ref"]).strip_prefix("#/components/schemas/")
}

fn alternatives(schema: &Value) -> Vec<&Value> {
    elements(&schema["oneOf"]).chain(elements(&schema["anyOf"])).collect()
}

fn kinds(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(kind) => vec![kind],
        kinds => elements(kinds).map(text).collect(),
    }
}

fn one_of(values: &[Value]) -> String {
    let values: Vec<_> = values.iter().map(text).collect();
    values.join(" | ")
}

/// The text of a value; empty when it is none.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The elements of a list; none when it is no list.
pub fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

/// The members of an object; none when it is no object.
pub fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document() -> Value {
        json!({"components": {"schemas": {
            "Page": {"type": "object", "required": ["items"], "properties": {
                "items": {"type": "array", "items": {"$ref": "#/components/schemas/Named"}},
                "next": {"type": ["string", "null"], "description": "More."},
            }},
            "Named": {"type": "object", "properties": {
                "id": {"type": "string", "format": "uuid"},
                "state": {"$ref": "#/components/schemas/State"},
                "parent": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Named"}]},
            }},
            "State": {"type": "string", "enum": ["valid", "expired"]},
        }}})
    }

    #[test]
    fn fields_within_fields_are_shown_below_them_and_end_somewhere() {
        let document = document();
        let schemas = Schemas::of(&document);
        let rows = schemas.rows(&json!({"$ref": "#/components/schemas/Page"}));
        let message: Vec<_> = rows
            .iter()
            .map(|row| (row.level, row.name.as_str(), row.words.as_str()))
            .collect();
        assert_eq!(
            message[..4],
            [
                (0, "items", "list of objects"),
                (1, "id", "text (uuid)"),
                (1, "state", "valid | expired"),
                (1, "parent", "object or null"),
            ]
        );
        assert_eq!(message.last(), Some(&(0, "next", "text or null")));
        assert!(rows[0].required && !rows[1].required);
        assert!(message.len() < 20);
    }
}
