//! Reads JSON bodies, and reports where they are wrong.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, Method, StatusCode, header};
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::web::body_max::{body_max, in_words};
use crate::web::error::{FieldError, Problem};
use crate::web::field_problems::{duplicate, duplicate_field, unknown, unknown_field};
use crate::web::service::Service;

/// Some programs begin UTF-8 with this mark; RFC 8259 §8.1 allows readers to ignore it.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A JSON body. An empty body counts as an empty object. The type's `deny_unknown_fields` makes unknown fields an
/// error.
pub struct JsonBody<T> {
    /// The parsed body.
    pub value: T,
    /// The body as it was sent.
    pub bytes: Bytes,
}

impl<T: DeserializeOwned> FromRequest<Service> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, service: &Service) -> Result<Self, Problem> {
        let is_json = is_json(request.method(), request.headers());
        let bytes = body_bytes(request, service).await?;
        if !bytes.is_empty() && !is_json {
            let detail = "Send the body as “Content-Type: application/json”.";
            return Err(unsupported(detail));
        }
        let value = read_object(if bytes.is_empty() { b"{}" } else { &bytes })?;
        Ok(Self { value, bytes })
    }
}

/// Reads a JSON object.
pub fn read_object<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    // Serde would read a list as the values of the fields, in order.
    if text.trim_ascii_start().first() != Some(&b'{') && serde_json::from_slice::<IgnoredAny>(text).is_ok() {
        return Err(no_object());
    }
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| json_problem(&error))?;
    json.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// The bytes of a body that is not compressed and not too large.
pub async fn body_bytes(request: Request, service: &Service) -> Result<Bytes, Problem> {
    let encoding = unread_encoding(request.headers());
    let (parts, body) = request.into_parts();
    let max = body_max(&parts);
    let bytes = Bytes::from_request(Request::from_parts(parts, body), service)
        .await
        .map_err(|rejection| body_problem(rejection.status(), max))?;
    match encoding.filter(|_| !bytes.is_empty()) {
        Some(encoding) => Err(encoded(&encoding)),
        None => Ok(bytes),
    }
}

/// `PATCH` also accepts merge patches (RFC 7396), which are the same for objects without nested objects.
fn is_json(method: &Method, headers: &HeaderMap) -> bool {
    has_media_type(headers, &["application/json"])
        || *method == Method::PATCH && has_media_type(headers, &["application/merge-patch+json"])
}

/// Whether the body is said to be of one of these types.
pub fn has_media_type(headers: &HeaderMap, media_types: &[&str]) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    media_types
        .iter()
        .any(|media_type| essence.eq_ignore_ascii_case(media_type))
}

/// The encoding of a compressed body. Decompression is not supported, because a small body could expand to gigabytes.
pub fn unread_encoding(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(header::CONTENT_ENCODING).iter();
    let encodings: Vec<_> = values
        .map(|value| value.to_str().unwrap_or("?").trim().to_owned())
        .collect();
    let is_none = |encoding: &String| encoding.is_empty() || encoding.eq_ignore_ascii_case("identity");
    encodings.into_iter().find(|encoding| !is_none(encoding))
}

/// The problem for a compressed body.
pub fn encoded(encoding: &str) -> Problem {
    unsupported(&format!(
        "Send the body uncompressed, without “Content-Encoding: {encoding}”."
    ))
}

fn unsupported(detail: &str) -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
}

fn body_problem(status: StatusCode, max: usize) -> Problem {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(status, "body_too_large", in_words(max)),
        _ => Problem::new(StatusCode::BAD_REQUEST, "invalid_body", "The body could not be read."),
    }
}

fn json_problem(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let inner = error.inner();
    if !inner.is_data() {
        return malformed(inner);
    }
    let text = inner.to_string();
    if let Some(field) = unknown_field(&text) {
        return unknown(&field);
    }
    let path = error.path().to_string();
    if let Some(field) = duplicate_field(&text) {
        return duplicate(&whole_path(&path, &field));
    }
    let leaf = path.split(['[', '.']).next().unwrap_or_default();
    if leaf.is_empty() || leaf == "?" {
        return no_object();
    }
    let message = match text.starts_with("invalid type: null") {
        true => format!("“{path}” cannot be null. Leave it out instead."),
        false => format!("“{path}” has the wrong type."),
    };
    Problem::fields(vec![FieldError {
        field: path.clone(),
        code: format!("invalid_{leaf}"),
        message,
    }])
}

/// The path of a repeated field. The deserializer reports either the path of its object or that of the field.
fn whole_path(path: &str, field: &str) -> String {
    match path {
        "." | "?" | "" => field.to_owned(),
        path if path == field || path.ends_with(&format!(".{field}")) => path.to_owned(),
        path => format!("{path}.{field}"),
    }
}

fn no_object() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid_json", "Send a JSON object.")
}

fn malformed(error: &serde_json::Error) -> Problem {
    let detail = format!(
        "The body is not valid JSON (line {}, column {}).",
        error.line(),
        error.column()
    );
    Problem::new(StatusCode::BAD_REQUEST, "invalid_json", detail)
}
