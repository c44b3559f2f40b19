//! One call for each operation of the API's description. It asks for something that there is, in a state that takes it,
//! so that nothing but who asks decides. `{names}` stand for what the stage holds.

/// A call.
pub struct Call {
    /// Method and path.
    pub line: &'static str,
    pub sent: Sent,
    /// Whether the next caller would not notice that it was answered well.
    pub leaves_no_trace: bool,
}

/// What is sent with a call, beside who asks.
pub enum Sent {
    Nothing,
    Json(&'static str),
    Form(&'static [(&'static str, &'static str)]),
    Headers(&'static [(&'static str, &'static str)]),
}

impl Call {
    /// Its method, and its path with the names.
    pub fn parts(&self) -> (&'static str, &'static str) {
        self.line.split_once(' ').unwrap()
    }

    const fn new(line: &'static str, sent: Sent) -> Self {
        let leaves_no_trace = matches!(line.as_bytes(), [b'G', b'E', b'T', ..]);
        Self {
            line,
            sent,
            leaves_no_trace,
        }
    }
}

const fn plain(line: &'static str) -> Call {
    Call::new(line, Sent::Nothing)
}

const fn json(line: &'static str, body: &'static str) -> Call {
    Call::new(line, Sent::Json(body))
}

const fn form(line: &'static str, fields: &'static [(&'static str, &'static str)]) -> Call {
    Call::new(line, Sent::Form(fields))
}

const fn with(line: &'static str, headers: &'static [(&'static str, &'static str)]) -> Call {
    Call::new(line, Sent::Headers(headers))
}

/// A call that can be made again and again.
const fn again(call: Call) -> Call {
    Call {
        leaves_no_trace: true,
        ..call
    }
}

/// All calls.
pub const CALLS: &[Call] = &[
    // Admins.
    plain("GET /api/v1/me"),
    plain("GET /api/v1/catalog"),
    plain("GET /api/v1/entities"),
    plain("GET /api/v1/users"),
    plain("PUT /api/v1/users/{user}/permissions/view_activity_logs"),
    plain("DELETE /api/v1/users/{auditor}/permissions/view_activity_logs"),
    plain("GET /api/v1/activity-log"),
    plain("GET /api/v1/integration-apps"),
    json(
        "POST /api/v1/integration-apps",
        r#"{"integration_type": "new_integration", "name": "One more", "description": "Posts the journals.",
            "category": "payroll_and_hr", "developer_email": "somebody@example.com", "api_permission": "read",
            "entities": ["{entity}"]}"#,
    ),
    plain("GET /api/v1/integration-apps/{running}"),
    json(
        "PATCH /api/v1/integration-apps/{running}",
        r#"{"description": "Something else."}"#,
    ),
    plain("GET /api/v1/integration-apps/{running}/activity-log"),
    plain("GET /api/v1/integration-apps/{running}/events"),
    plain("GET /api/v1/integration-apps/{running}/usage"),
    plain("GET /api/v1/integration-apps/{running}/usage/entities"),
    plain("GET /api/v1/integration-apps/{running}/refusals"),
    plain("GET /api/v1/integration-apps/{running}/usage/unused"),
    again(json(
        "POST /api/v1/rehearsals",
        r#"{"app_id": "{running}", "change": "suspend"}"#,
    )),
    json(
        "POST /api/v1/integration-apps/{running}/suspend",
        r#"{"reason": "because"}"#,
    ),
    json(
        "POST /api/v1/integration-apps/{suspended}/resume",
        r#"{"reason": "because"}"#,
    ),
    json(
        "POST /api/v1/integration-apps/{running}/revoke",
        r#"{"reason": "because"}"#,
    ),
    plain("GET /api/v1/integration-apps/{running}/developer"),
    json(
        "POST /api/v1/integration-apps/{unlinked}/developer",
        r#"{"email": "somebody@example.com"}"#,
    ),
    plain("POST /api/v1/integration-apps/{invited}/developer/resend-invite"),
    plain("POST /api/v1/integration-apps/{unverified}/developer/reset-otp"),
    plain("POST /api/v1/integration-apps/{invited}/developer/invite-anew"),
    json(
        "POST /api/v1/integration-apps/{running}/developer/revoke",
        r#"{"retire_client_secrets": true}"#,
    ),
    plain("GET /api/v1/integration-apps/{running}/client-secrets"),
    plain("DELETE /api/v1/integration-apps/{running}/client-secrets/{linked_secret}"),
    // Developers.
    again(json(
        "POST /portal/api/v1/sign-up/invitation",
        r#"{"invite_token": "{invite}"}"#,
    )),
    json("POST /portal/api/v1/sign-up/code", r#"{"invite_token": "{invite}"}"#),
    json(
        "POST /portal/api/v1/sign-up",
        r#"{"invite_token": "{invite}", "code": "{code}", "full_name": "New Eloper", "password": "{password}"}"#,
    ),
    again(json(
        "POST /portal/api/v1/session",
        r#"{"email": "dev@example.com", "password": "{password}"}"#,
    )),
    plain("DELETE /portal/api/v1/session"),
    plain("GET /portal/api/v1/apps"),
    json("POST /portal/api/v1/apps/{linked}/verify", r#"{"otp": "{otp}"}"#),
    plain("GET /portal/api/v1/apps/{linked}"),
    plain("GET /portal/api/v1/apps/{linked}/entities"),
    plain("GET /portal/api/v1/apps/{linked}/usage"),
    plain("GET /portal/api/v1/apps/{linked}/usage/entities"),
    plain("GET /portal/api/v1/apps/{linked}/refusals"),
    json("POST /portal/api/v1/apps/{linked}/client-secrets", "{}"),
    plain("DELETE /portal/api/v1/apps/{linked}/client-secrets/{linked_secret}"),
    // Operators.
    plain("GET /operator/api/v1/groups"),
    plain("GET /operator/api/v1/groups/acme"),
    json(
        "PUT /operator/api/v1/groups/acme",
        r#"{"name": "Acme & Sons", "product_plan": "AIQ3"}"#,
    ),
    json(
        "PUT /operator/api/v1/groups/acme/entities/e1",
        r#"{"name": "Entity One"}"#,
    ),
    plain("DELETE /operator/api/v1/groups/acme/entities/e1"),
    json(
        "PUT /operator/api/v1/groups/acme/entities?confirm_removed=4",
        r#"{"entities": [{"id": "e1", "name": "Entity One"}]}"#,
    ),
    json(
        "PUT /operator/api/v1/groups/acme/users?confirm_removed=3",
        r#"{"users": [{"id": "ulf", "email": "ulf@acme.example", "name": "Ulf", "role": "user"}]}"#,
    ),
    json(
        "PUT /operator/api/v1/groups/acme/users/ulf",
        r#"{"email": "ulf@acme.example", "name": "Ulf", "role": "user"}"#,
    ),
    plain("DELETE /operator/api/v1/groups/acme/users/ulf"),
    json(
        "POST /operator/api/v1/groups/acme/users/ulf/tokens",
        r#"{"name": "laptop"}"#,
    ),
    plain("DELETE /operator/api/v1/groups/acme/users/ulf/tokens/{token_of_ulf}"),
    plain("POST /operator/api/v1/groups/acme/users/ulf/password-link"),
    plain("GET /operator/api/v1/resource-servers"),
    json("POST /operator/api/v1/resource-servers", r#"{"name": "Third gateway"}"#),
    plain("DELETE /operator/api/v1/resource-servers/{second_gateway}"),
    plain("GET /operator/api/v1/integration-apps"),
    plain("GET /operator/api/v1/integration-apps/{feeds}/client-secrets"),
    json("POST /operator/api/v1/integration-apps/{feeds}/client-secrets", "{}"),
    plain("DELETE /operator/api/v1/integration-apps/{feeds}/client-secrets/{feeds_secret}"),
    plain("GET /operator/api/v1/usage"),
    again(json(
        "POST /operator/api/v1/rehearsals",
        r#"{"change": "remove_entity", "group_id": "acme", "entity_id": "e1"}"#,
    )),
    plain("GET /operator/api/v1/projections"),
    plain("GET /operator/api/v1/outbox"),
    plain("POST /operator/api/v1/outbox/{failed_mail}/retry"),
    plain("POST /operator/api/v1/outbox/retry"),
    // Integrations and gateways.
    again(form("POST /oauth/token", &[("grant_type", "client_credentials")])),
    again(form("POST /oauth/introspect", &[("token", "{access_token}")])),
    form("POST /oauth/revoke", &[("token", "{access_token}")]),
    with(
        "GET /gateway/authorize",
        &[("x-entity-id", "e1"), ("x-api-access", "read")],
    ),
    again(json(
        "POST /gateway/verify",
        r#"{"token": "{access_token}", "entity": "e1", "access": "read"}"#,
    )),
    plain("GET /gateway/feed"),
    json(
        "POST /gateway/usage",
        r#"{"checks": [{"app_id": "{running}", "entity": "e1", "access": "read", "reason": "ok", "count": 1}]}"#,
    ),
    // Anybody.
    plain("GET /gateway/feed-key"),
    plain("GET /.well-known/oauth-authorization-server"),
    plain("GET /healthz"),
    plain("GET /readyz"),
    plain("GET /metrics"),
    plain("GET /openapi.json"),
    plain("GET /docs"),
];
