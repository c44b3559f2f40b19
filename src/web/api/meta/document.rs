//! What the document says apart from the URLs: who calls, and how they prove it.

use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, RefOr, Schema};
use utoipa::{Modify, OpenApi};

use crate::web::api::meta::error_codes::as_json;
use crate::web::api::meta::{docs, openapi_json};

/// The description of the service, to be completed by the routes (OpenAPI 3.1).
pub fn document() -> Document {
    Described::openapi()
}

/// The parts that no route brings along.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Gatebook",
        description = "Who may pass the gate of an API: integration applications, their developers, their OAuth 2.0 \
            credentials, and the log of all that happened.\n\n\
            Times are RFC 3339 in UTC with milliseconds. Errors are RFC 9457 problem details with a stable `code`; \
            the OAuth endpoints refuse as RFC 6749 has it. Unknown fields are refused with `unknown_field`, bodies \
            over 64 KiB (over 4 MiB on the calls that say so, which take long lists) with 413, compressed ones with 415, and those of which nothing comes for long with 408 \
            `body_timeout`. What each code means and what to do about it is in `x-codes`. Fields may be added to answers; \
            none is renamed or removed."
    ),
    paths(openapi_json::openapi_json, docs::docs),
    servers((url = "/")),
    tags(
        (name = "Admins", description = "People of a group who manage its integration applications, and their programs. \
            Credential: `user_token`, the bearer token of a group user, made by an operator or by the user in the console."),
        (name = "Developers", description = "Outside developers in the portal: sign up, verify, get the credentials. \
            Credential: `developer_session`, the bearer token that logging in answers."),
        (name = "Integrations", description = "The applications themselves: OAuth 2.0 client credentials.\n\n\
            How to register: there is no registration by program. An admin of a group creates the application, in the \
            console or by `POST /api/v1/integration-apps`, and hands its one-time password to the developer, who signs \
            up in the Developer Portal, enters it there, and generates the client secret."),
        (name = "Gateways", description = "What stands in front of the API: may this call pass? \
            Credential: `resource_server`, HTTP Basic with a client id and a client secret, made by an operator."),
        (name = "Operators", description = "The team that runs Gatebook: groups, users, credentials, state. \
            Credential: `operator_token`, a bearer token made at the command line."),
        (name = "Service", description = "Whether it is alive and ready, its metrics, and this documentation."),
    ),
    modifiers(&Credentials),
)]
struct Described;

/// A body that may be left out is an object all the same, and not `null`, as an `Option` describes itself.
pub fn describe_optional_bodies(document: &mut Document) {
    let items = document.paths.paths.values_mut();
    let operations = items.flat_map(|item| [&mut item.post, &mut item.put, &mut item.patch].into_iter().flatten());
    for body in operations.filter_map(|operation| operation.request_body.as_mut()) {
        for content in body.content.values_mut() {
            let Some(RefOr::T(Schema::OneOf(alternatives))) = &content.schema else {
                continue;
            };
            let is_null = |schema: &RefOr<Schema>| {
                let null = SchemaType::Type(Type::Null);
                matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == null)
            };
            if let [null, object] = &alternatives.items[..]
                && is_null(null)
            {
                content.schema = Some(object.clone());
            }
        }
    }
}

/// How callers prove who they are.
struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut Document) {
        let codes = ExtensionsBuilder::new().add("x-codes", as_json()).build();
        document.extensions.get_or_insert_default().merge(codes);
        let components = document.components.get_or_insert_default();
        for (name, scheme, description) in SCHEMES {
            let scheme = HttpBuilder::new().scheme(scheme).description(Some(description));
            components.add_security_scheme(name, SecurityScheme::Http(scheme.build()));
        }
    }
}

/// Name, scheme and description of each kind of credentials.
const SCHEMES: [(&str, HttpAuthScheme, &str); 6] = [
    (
        "user_token",
        HttpAuthScheme::Bearer,
        "The token of a group user, made by an operator.",
    ),
    (
        "operator_token",
        HttpAuthScheme::Bearer,
        "The token of an operator, made at the command line.",
    ),
    (
        "developer_session",
        HttpAuthScheme::Bearer,
        "The token of a developer's session in the portal.",
    ),
    (
        "access_token",
        HttpAuthScheme::Bearer,
        "An integration's access token from `/oauth/token`.",
    ),
    (
        "client",
        HttpAuthScheme::Basic,
        "An application's `client_id` and `client_secret`.",
    ),
    (
        "resource_server",
        HttpAuthScheme::Basic,
        "A resource server's `client_id` and `client_secret`.",
    ),
];
