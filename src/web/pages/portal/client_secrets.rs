//! R23: developers generate, rotate and retire client secrets.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use gatebook_aggregates::identifiers::{AppId, ClientSecretId};
use maud::{Markup, html};

use crate::application::{Failure, IssuedClientSecret, SecretTerms, live_secrets};
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::current_user::{PortalUser, SignedIn};
use crate::web::pages::definition_list::fact;
use crate::web::pages::form::{Form, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_token::token;
use crate::web::pages::layout::{Shell, page};
use crate::web::pages::portal::application::credentials_page;
use crate::web::pages::portal::labels::failed;
use crate::web::pages::{copy, end_date, form_key, times};
use crate::web::service::Service;

/// The form's labels for the fields that error messages name.
const WORDS: &[(&str, &str)] = &[(end_date::ENDS_AT, end_date::LABEL)];

/// `POST /portal/apps/{id}/client-secrets`: generates a secret and shows it once.
pub async fn generate(
    State(service): State<Service>,
    PathOf(app_id): PathOf<AppId>,
    SubmittedForm { user, form }: SubmittedForm<PortalUser>,
) -> Response {
    match generated(&service, &user, app_id, form).await {
        Ok(secret) => secret_page(&service, &user, app_id, &secret).into_response(),
        Err((errors, form)) => {
            let shown = credentials_page(&service, &user, app_id, &form, &errors).await;
            shown.unwrap_or_else(|failure| failed(&user, app_id, failure))
        }
    }
}

async fn generated(
    service: &Service,
    user: &PortalUser,
    app_id: AppId,
    form: Form,
) -> Result<IssuedClientSecret, (Errors, Form)> {
    if form.is_to_be_shown_again() {
        return Err((Errors::default(), form));
    }
    let Ok(overlap) = form.filled("overlap_seconds").map(str::parse).transpose() else {
        let problem = Problem::field(
            "overlap_seconds",
            "invalid_overlap_seconds",
            "Choose how long both stay valid.",
        );
        return Err((problem.into(), form));
    };
    let ends_at = match end_date::read(&form) {
        Ok(ends_at) => ends_at,
        Err(problem) => return Err((Errors::from(problem).worded(WORDS), form)),
    };
    let terms = SecretTerms {
        overlap_seconds: overlap,
        ends_at,
    };
    let seen: Vec<_> = form.all("live").into_iter().filter_map(|id| id.parse().ok()).collect();
    let path = format!("/portal/apps/{app_id}/client-secrets");
    let key = form_key::key(user.caller(), &path, &form);
    let issued = service.generate_client_secret_once(user.caller(), app_id, terms, &seen, key.as_ref());
    match issued.await {
        Ok(Some(secret)) => Ok(secret),
        Ok(None) => Err((out_of_date(), form_key::anew(form))),
        Err(failure) => {
            let (errors, form) = form_key::refused(failure, form);
            Err((errors.worded(WORDS), form))
        }
    }
}

fn out_of_date() -> Errors {
    let detail = "This form has already been sent, or the client secrets have changed since you opened it. The current \
                  ones are listed below. A secret is shown only once: if you did not save the newest one, retire it \
                  and generate another.";
    Problem::new(StatusCode::CONFLICT, "conflict", detail).into()
}

/// `GET /portal/apps/{id}/client-secrets/{secret_id}/retire`: asks first.
pub async fn ask_to_retire(
    State(service): State<Service>,
    SignedIn(user): SignedIn<PortalUser>,
    PathOf((app_id, secret_id)): PathOf<(AppId, ClientSecretId)>,
) -> Response {
    let query = retire_page(&service, &user, app_id, secret_id).await;
    query.unwrap_or_else(|failure| failed(&user, app_id, failure))
}

async fn retire_page(
    service: &Service,
    user: &PortalUser,
    app_id: AppId,
    secret_id: ClientSecretId,
) -> Result<Response, Failure> {
    let developer = service.verified_developer(user.caller(), app_id).await?;
    let row = developer.app();
    let now = service.clock.now();
    let here = format!("/portal/apps/{app_id}");
    let Some(secret) = live_secrets(row, now).find(|secret| secret.id == secret_id) else {
        return Ok(ended_page(user, &here));
    };
    let body = html! {
        h1 { "Retire this client secret?" }
        p { "The client secret that begins with " code { (secret.prefix) } " of " bdi { (row.name.as_str()) }
            " stops working at once, and so do all tokens that were issued for it. This cannot be undone." }
        form method="post" action={ (here) "/client-secrets/" (secret_id) "/retire" } {
            (token(&user.session.form_token))
            button.danger type="submit" { "Retire" } " "
            a.button.plain href=(here) { "Keep it" }
        }
    };
    Ok(page(&Shell::from(user), "Retire a client secret", &body).into_response())
}

fn ended_page(user: &PortalUser, here: &str) -> Response {
    let body = html! {
        h1 { "This client secret has ended" }
        p { "It was retired or has expired. There is nothing more to do." }
        p { a.button href=(here) { "Continue" } }
    };
    let page = page(&Shell::from(user), "This client secret has ended", &body);
    (StatusCode::NOT_FOUND, page).into_response()
}

/// `POST /portal/apps/{id}/client-secrets/{secret_id}/retire`
pub async fn retire(
    State(service): State<Service>,
    PathOf((app_id, secret_id)): PathOf<(AppId, ClientSecretId)>,
    SubmittedForm { user, form }: SubmittedForm<PortalUser>,
) -> Response {
    if form.is_to_be_shown_again() {
        let query = retire_page(&service, &user, app_id, secret_id).await;
        return query.unwrap_or_else(|failure| failed(&user, app_id, failure));
    }
    let retired = async {
        let developer = service.linked_developer(user.caller(), app_id).await?;
        service.retire_client_secret(&developer, secret_id).await
    };
    match retired.await {
        Ok(()) => Redirect::to(&format!("/portal/apps/{app_id}?done=retired")).into_response(),
        // Either the secret or the whole application is gone; the confirmation page tells which.
        Err(failure) if failure.is_not_found() => {
            let query = retire_page(&service, &user, app_id, secret_id).await;
            query.unwrap_or_else(|failure| failed(&user, app_id, failure))
        }
        Err(failure) => failed(&user, app_id, failure),
    }
}

fn secret_page(service: &Service, user: &PortalUser, app_id: AppId, secret: &IssuedClientSecret) -> Markup {
    let body = html! {
        h1 { "Your new client secret" }
        div.notice.warn role="status" {
            p { "Copy it now to where your integration keeps its secrets. You will not see it again." }
        }
        dl.facts {
            (fact("ClientId", &copy::value("client-id", &secret.client_id)))
            (fact("ClientSecret", &copy::value("client-secret", &secret.client_secret)))
        }
        @if let Some(ends_at) = secret.ends_at { p { "It ends on " (times::moment(ends_at)) "." } }
        @if let Some(ends_at) = secret.previous_ends_at {
            p { "The older client secret is valid until " (times::moment(ends_at)) "." }
        }
        h2 { "Get a token" }
        pre tabindex="0" role="region" aria-label="Get a token" { code #curl { (curl(service, secret)) } }
        (copy::button("curl"))
        h2 { "Use it" }
        p { "The response contains the " code { "access_token" } ". Send it with every call to the SOAP API:" }
        pre tabindex="0" role="region" aria-label="Use it" { code #soap { (soap(service)) } }
        (copy::button("soap"))
        p { a.button href={ "/portal/apps/" (app_id) } { "Done" } }
    };
    page(&Shell::from(user), "New client secret", &body)
}

fn curl(service: &Service, secret: &IssuedClientSecret) -> String {
    format!(
        "curl -u '{}:{}' -d grant_type=client_credentials '{}/oauth/token'",
        secret.client_id, secret.client_secret, service.settings.public_url
    )
}

fn soap(service: &Service) -> String {
    let endpoint = service.settings.wsdl_url.split('?').next().unwrap_or_default();
    format!(
        "POST {endpoint}\nAuthorization: Bearer ACCESS_TOKEN\nContent-Type: text/xml; \
         charset=utf-8\n\n<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\">\n  <soap:Body>\n    \
         <!-- a call that the WSDL describes, for one of the entities assigned -->\n  </soap:Body>\n</soap:Envelope>"
    )
}
