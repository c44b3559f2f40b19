//! What all requests that change an application share: a body, and optional `If-Match` and `Idempotency-Key` headers.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Required, SchemaFormat, Type};

use crate::application::{Caller, IdempotencyKey};
use crate::web::error::Problem;
use crate::web::extract::{JsonBody, RequestLine, idempotency_key};
use crate::web::service::Service;

/// A body, with what is needed to give a repeat with the same `Idempotency-Key` the first response.
pub struct KeyedBody<T> {
    /// The parsed body.
    pub value: T,
    line: RequestLine,
    headers: HeaderMap,
    bytes: Bytes,
}

impl<T> KeyedBody<T> {
    /// The idempotency key, if the request has one.
    pub fn key(&self, caller: &Caller) -> Result<Option<IdempotencyKey>, Problem> {
        idempotency_key(caller, &self.line, &self.headers, &self.bytes)
    }
}

impl<T: DeserializeOwned> FromRequest<Service> for KeyedBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, service: &Service) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let line = RequestLine::from_request_parts(&mut parts, service).await?;
        let headers = parts.headers.clone();
        let JsonBody { value, bytes } = JsonBody::from_request(Request::from_parts(parts, body), service).await?;
        Ok(Self {
            value,
            line,
            headers,
            bytes,
        })
    }
}

/// The id of the application in the path, for the OpenAPI document.
pub struct InPath;

/// `If-Match`, for the OpenAPI document.
pub struct WithIfMatch;

/// `Idempotency-Key`, for the OpenAPI document.
pub struct WithKey;

impl IntoParams for InPath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let uuid = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom("uuid".to_owned())));
        let id = ParameterBuilder::new()
            .name("id")
            .parameter_in(ParameterIn::Path)
            .required(Required::True);
        vec![id.description(Some("The application's id.")).schema(Some(uuid)).build()]
    }
}

impl IntoParams for WithIfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![header(
            "If-Match",
            "The ETag of the version that you want to change. If there is a newer one, the answer is 412.",
        )]
    }
}

impl IntoParams for WithKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![header(
            "Idempotency-Key",
            "A unique value of your choice. A repeated request with the same value gets the first answer and changes \
             nothing.",
        )]
    }
}

fn header(name: &str, description: &str) -> Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let header = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False);
    header.description(Some(description)).schema(Some(text)).build()
}
