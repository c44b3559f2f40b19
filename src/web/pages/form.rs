//! Submitted forms. Each carries a token that only pages of the same session know. If the session has ended in the
//! meantime, the entered values are kept until their owner has signed in again.

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::{Deserialize, Serialize};

use crate::application::{Caller, Failure, Realm, Session};
use crate::web::body_max::announced;
use crate::web::error::Problem;
use crate::web::pages::components::head;
use crate::web::pages::current_user::{CurrentUser, keep_session, local_path, session_token, signed_in_path, user};
use crate::web::pages::form_token::{TOKEN, token};
use crate::web::pages::layout::{Shell, page};
use crate::web::service::Service;
use crate::web::{encoded, no_text, not_utf8, unread_encoding};

/// The field that asks for the form to be shown again instead of being processed.
pub const SHOW_AGAIN: &str = "show_again";
/// Password fields. Their values are never kept; people type them again.
const PASSWORDS: [&str; 2] = ["password", "repeated"];
/// The largest form in bytes.
const FORM_MAX: usize = 512 * 1024;
/// The largest form of somebody who is signed in: it leaves room for 20,000 entities with the longest ids.
const SIGNED_IN_FORM_MAX: usize = 4 * 1024 * 1024;

/// The fields of a form.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// The value of a field; empty if it is missing.
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(of, _)| of == name).map_or("", |(_, value)| value)
    }

    /// The value of a field with several lines. Browsers send CR LF for each line break, we store LF.
    pub fn lines(&self, name: &str) -> String {
        self.text(name).replace("\r\n", "\n")
    }

    /// The value of a field, unless it is blank.
    pub fn filled(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.trim().is_empty())
    }

    /// All values of a field that allows several.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let of = self.0.iter().filter(|(of, _)| of == name);
        of.map(|(_, value)| value.as_str()).collect()
    }

    /// Whether a box was checked, or a button clicked.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(of, _)| of == name)
    }

    /// Whether the form is to be shown again as it was entered, instead of being processed.
    pub fn is_to_be_shown_again(&self) -> bool {
        self.has(SHOW_AGAIN)
    }

    /// The entered values as bytes, without what belongs to the session, so that equal forms have equal content.
    pub fn content(&self) -> Vec<u8> {
        let own = |name: &str| name == TOKEN || name == SHOW_AGAIN;
        let entered = self.0.iter().filter(|(name, _)| !own(name));
        let mut content = form_urlencoded::Serializer::new(String::new());
        content.extend_pairs(entered);
        content.finish().into_bytes()
    }

    /// The entered values as hidden fields, for a page that asks before the form is processed.
    pub fn hidden(&self) -> Markup {
        let own = |name: &str| name == TOKEN || name == SHOW_AGAIN;
        let entered = self.0.iter().filter(|(name, _)| !own(name));
        html! { @for (name, value) in entered { input type="hidden" name=(name) value=(value); } }
    }

    /// The form with another value in one field.
    pub fn with(self, name: &str, value: String) -> Self {
        let mut form = self.without(name);
        form.0.push((name.to_owned(), value));
        form
    }

    /// The form with these values in a field that allows several.
    pub fn with_all(self, name: &str, values: Vec<String>) -> Self {
        let mut form = self.without(name);
        form.0.extend(values.into_iter().map(|value| (name.to_owned(), value)));
        form
    }

    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(of, _)| of != name);
        self
    }

    /// The form as it is kept and shown again. Passwords must not end up in a page.
    fn without_passwords(mut self) -> Self {
        self.0.retain(|(of, _)| !PASSWORDS.contains(&of.as_str()));
        self
    }

    pub fn of(fields: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self(
            fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    async fn read(headers: &HeaderMap, body: Body, max: usize) -> Result<Self, Problem> {
        let content_type = headers.get(header::CONTENT_TYPE);
        let essence = content_type
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .unwrap_or_default();
        if !essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            let detail = "Send this with the form on the page.";
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                detail,
            ));
        }
        if let Some(encoding) = unread_encoding(headers) {
            return Err(encoded(&encoding));
        }
        let too_large = |_| {
            let detail = "This is too large for one form. Choose fewer items, and try again.";
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
        };
        let body = axum::body::to_bytes(body, max).await.map_err(too_large)?;
        if let Some(name) = not_utf8(&body) {
            return Err(no_text(&name));
        }
        Ok(Self(form_urlencoded::parse(&body).into_owned().collect()))
    }
}

/// A form that needs no session.
pub struct PublicForm(pub Form);

impl FromRequest<Service> for PublicForm {
    type Rejection = Response;

    async fn from_request(request: Request, _: &Service) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let form = Form::read(&parts.headers, body, FORM_MAX).await;
        form.map(Self).map_err(Problem::into_response)
    }
}

/// A form from a signed-in user.
pub struct SubmittedForm<V> {
    pub user: V,
    pub form: Form,
}

impl<V: CurrentUser> FromRequest<Service> for SubmittedForm<V> {
    type Rejection = Response;

    async fn from_request(request: Request, service: &Service) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path().to_owned();
        let headers = parts.headers.clone();
        let is_large = announced(&headers).is_none_or(|length| length > FORM_MAX);
        let max = match is_large && user::<V>(&mut parts, service).await.is_ok() {
            true => SIGNED_IN_FORM_MAX,
            false => FORM_MAX,
        };
        // The body is read first, however long it takes: a session that ends meanwhile must not submit anything (R26).
        let form = Form::read(&headers, body, max).await.map_err(Problem::into_response)?;
        let user = user::<V>(&mut parts, service).await;
        match user {
            Ok(user) if is_same(form.text(TOKEN), user.form_token()) => Ok(Self { user, form }),
            Ok(user) => Err(go_on(V::REALM, &path, form, user.form_token()).into_response()),
            Err(Failure::Unauthenticated) => Err(sign_in_first::<V>(service, &headers, path, form).await),
            Err(failure) => Err(Problem::from(failure).into_response()),
        }
    }
}

fn is_same(one: &str, other: &str) -> bool {
    use subtle::ConstantTimeEq;

    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// What a user entered before their session ended, sealed in the sign-in page.
#[derive(Serialize, Deserialize)]
pub struct Held {
    path: String,
    owner: String,
    form: Form,
}

async fn sign_in_first<V: CurrentUser>(service: &Service, headers: &HeaderMap, path: String, form: Form) -> Response {
    let form = form.without_passwords();
    let owner = match session_token(headers, V::REALM) {
        Some(token) => service.owner_of_ended_session(V::REALM, &token).await,
        None => Ok(None),
    };
    let held = match owner {
        Ok(Some(owner)) => service.hold_form(&Held { path, owner, form }),
        Ok(None) => Ok(String::new()),
        Err(failure) => Err(failure),
    };
    match held {
        Ok(held) => (StatusCode::UNAUTHORIZED, V::sign_in_again(&held)).into_response(),
        Err(failure) => Problem::from(failure).into_response(),
    }
}

/// The response to a successful sign-in: the cookie, and the form that the same person had filled in before their
/// session ended, or else the page that they wanted. The browser's previous session is ended.
pub async fn signed_in(
    service: &Service,
    caller: &Caller,
    realm: Realm,
    headers: &HeaderMap,
    session: &Session,
    form: &Form,
) -> Response {
    if let Some(replaced) = session_token(headers, realm)
        && let Err(failure) = service.end_replaced_session(caller, realm, &replaced).await
    {
        tracing::warn!(error = %failure, "could not end the session that a new sign-in replaced");
    }
    let cookie = [keep_session(realm, &session.token)];
    let signed_in = service.browser_session(caller, realm, &session.token).await;
    let held = signed_in.ok().and_then(|signed_in| {
        let owner = signed_in.caller.session_owner().ok()?;
        let held = service.held_form::<Held>(form.text("held"))?;
        (held.owner == owner).then(|| go_on(realm, &held.path, held.form, &signed_in.form_token))
    });
    match held {
        Some(page) => (cookie, page).into_response(),
        None => (cookie, Redirect::to(&signed_in_path(realm, form.text("next")))).into_response(),
    }
}

/// The layout for somebody who is not signed in.
pub fn shell(realm: Realm) -> Shell {
    match realm {
        Realm::Console => Shell::console(),
        Realm::Portal => Shell::portal(),
        Realm::Operator => Shell::operator(),
    }
}

/// A page with a button that opens the unprocessed form again, as it was entered.
fn go_on(realm: Realm, path: &str, form: Form, form_token: &str) -> Markup {
    let (shell, form) = (shell(realm), form.without_passwords());
    let own = |name: &str| name == TOKEN || name == SHOW_AGAIN;
    let body = html! {
        (head::title(&html! { "Continue where you left off" }))
        p { "You are signed in again. Nothing has been sent yet, and what you entered has been kept." }
        form method="post" action=(local_path(path, shell.home())) {
            (token(form_token))
            input type="hidden" name=(SHOW_AGAIN) value="1";
            @for (name, value) in form.0.iter().filter(|(name, _)| !own(name)) {
                input type="hidden" name=(name) value=(value);
            }
            button.button.primary type="submit" { "Continue" }
        }
    };
    page(&shell, "Continue", &body)
}

pub struct PageQuery(pub Form);

impl FromRequestParts<Service> for PageQuery {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        _: &Service,
    ) -> Result<Self, std::convert::Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        let fields = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Ok(Self(Form(fields)))
    }
}
