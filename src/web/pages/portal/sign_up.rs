//! R18, R19: from the invitation's link to an account, in the article's steps. Only the first address contains the
//! link's token; after that it is in a cookie and in the forms.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::TimeDelta;
use gatebook_aggregates::integration_app::CODE_VALID_FOR;
use gatebook_aggregates::refusal::Refusal;
use maud::{Markup, html};

use crate::application::{Failure, OpenInvitation, SignUpForm};
use crate::secrets::MIN_PASSWORD_CHARS;
use crate::web::error::Problem;
use crate::web::extract::Anyone;
use crate::web::pages::components::head;
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::form::{Form, PageQuery, PublicForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::inputs::Field;
use crate::web::pages::layout::{Shell, door};
use crate::web::pages::link_cookie::{LinkPage, OPEN_AGAIN};
use crate::web::pages::portal::labels::mistyped;
use crate::web::pages::times;
use crate::web::service::Service;

const LINK: LinkPage = LinkPage {
    path: "/portal/sign-up",
    parameter: "invite",
    cookie: "__Host-gatebook-invitation",
};

/// `GET /portal/sign-up`: shows the invited address, and offers to send the code. The link in the e-mail has
/// `?invite=`.
pub async fn show(
    State(service): State<Service>,
    Anyone(caller): Anyone,
    PageQuery(query): PageQuery,
    headers: HeaderMap,
) -> Response {
    if let Some(token) = query.filled(LINK.parameter) {
        return LINK.arrive(token);
    }
    let Some(token) = LINK.token(&headers) else {
        return unusable(Refusal::InviteUnknown.into(), OPEN_AGAIN);
    };
    match service.open_invitation(&caller, &token).await {
        Ok(invitation) => address_page(&token, &invitation).into_response(),
        Err(failure) => closed(failure),
    }
}

/// `POST /portal/sign-up/code`: sends the verification code, and shows the form to enter it.
pub async fn send_code(
    State(service): State<Service>,
    Anyone(caller): Anyone,
    PublicForm(form): PublicForm,
) -> Response {
    let token = form.text("invite_token");
    let invitation = match service.open_invitation(&caller, token).await {
        Ok(invitation) => invitation,
        Err(failure) => return closed(failure),
    };
    match service.send_verification_code(&caller, token).await {
        Ok(()) => account_page(&form, &invitation.email, true, &Errors::default()).into_response(),
        Err(failure) if is_closed(&failure) => closed(failure),
        Err(failure) => {
            // A code that was sent before may still be valid.
            let errors = no_code_now(failure);
            (errors.status(), account_page(&form, &invitation.email, false, &errors)).into_response()
        }
    }
}

/// `GET /portal/sign-up/code`: redirects to the page with the form.
pub async fn without_form() -> Redirect {
    Redirect::to(LINK.path)
}

fn no_code_now(failure: Failure) -> Errors {
    let Some(Refusal::TooManyCodes { retry_at, .. }) = failure.refusal() else {
        return failure.into();
    };
    // Shown in whole minutes, so rounded up.
    let retry_at = retry_at.plus(TimeDelta::seconds(59)).for_people();
    let detail = format!(
        "Too many verification codes have been sent. The next one is available at {retry_at}; until then, use the code \
         in the newest e-mail."
    );
    let mut problem = Problem::from(failure);
    problem.detail = detail;
    problem.into()
}

/// `POST /portal/sign-up`: creates the account.
pub async fn submit(State(service): State<Service>, Anyone(caller): Anyone, PublicForm(form): PublicForm) -> Response {
    let invitation = match service.open_invitation(&caller, form.text("invite_token")).await {
        Ok(invitation) => invitation,
        Err(failure) => return closed(failure),
    };
    let errors = if form.text("password") == form.text("repeated") {
        match service.sign_up(&caller, &sign_up_form(&form)).await {
            Ok(_) => return ([LINK.forget()], done_page(&invitation.email)).into_response(),
            Err(failure) if is_closed(&failure) => return closed(failure),
            Err(failure) => mistyped("code", failure).worded(&[("full_name", "Full name")]),
        }
    } else {
        Problem::field(
            "repeated",
            "passwords_differ",
            "The two passwords differ. Enter the same one twice.",
        )
        .into()
    };
    (errors.status(), account_page(&form, &invitation.email, false, &errors)).into_response()
}

fn sign_up_form(form: &Form) -> SignUpForm {
    SignUpForm {
        invite_token: form.text("invite_token").to_owned(),
        code: form.text("code").to_owned(),
        full_name: form.text("full_name").to_owned(),
        password: form.text("password").to_owned(),
    }
}

/// Whether no other input could help.
fn is_closed(failure: &Failure) -> bool {
    matches!(
        failure.refusal(),
        Some(
            Refusal::InviteUnknown
                | Refusal::InviteExpired
                | Refusal::DeveloperAlreadySignedUp
                | Refusal::AppRevoked
                | Refusal::AppSuspended
                | Refusal::PlanRequired
        )
    )
}

/// The page for an invitation that cannot be accepted: why, and what to do next.
fn closed(failure: Failure) -> Response {
    let Some(what_to_do) = failure.refusal().and_then(what_to_do) else {
        return Problem::from(failure).into_response();
    };
    unusable(failure, what_to_do)
}

fn unusable(failure: Failure, what_to_do: &str) -> Response {
    let problem = Problem::from(failure);
    let errors = Errors::from(problem.clone());
    let body = html! {
        (head::title(&html! { "This invitation cannot be used" }))
        (notice::alert(Kind::Bad, &html! { p { (problem.detail) } }))
        p { (what_to_do) }
        p { a.button.primary href="/portal/log-in" { "Log in" } }
    };
    (
        errors.status(),
        door(&Shell::portal(), "This invitation cannot be used", &body),
    )
        .into_response()
}

fn what_to_do(refusal: &Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::InviteUnknown => Some(
            "Check your mailbox for a newer invitation. If there is none, ask the Integration Admin who invited you to \
             choose Resend Invite. If you have already signed up, log in.",
        ),
        Refusal::InviteExpired => Some("Ask the Integration Admin who invited you to choose Resend Invite."),
        Refusal::DeveloperAlreadySignedUp => Some("You already have an account. Log in to see your applications."),
        Refusal::AppRevoked | Refusal::AppSuspended | Refusal::PlanRequired => {
            Some("Ask the Integration Admin who invited you what to do next.")
        }
        _ => None,
    }
}

fn address_page(token: &str, invitation: &OpenInvitation) -> Markup {
    let body = html! {
        (head::title(&html! { "Sign up to the Developer Portal" }))
        p { "You were invited with this e-mail address:" }
        p.big { bdi { (invitation.email) } }
        p { "If this is your address, we will send a verification code to it. The invitation is valid until "
            (times::moment(invitation.expires_at)) "." }
        form method="post" action="/portal/sign-up/code" {
            input type="hidden" name="invite_token" value=(token);
            button.button.primary type="submit" { "Send verification code" }
        }
        p { "Not yours? Ask the Integration Admin who invited you to correct it." }
    };
    door(&Shell::portal(), "Sign up", &body)
}

/// The button for a new code belongs to the same form, so that the name that was entered is kept.
fn account_page(form: &Form, email: &str, sent_now: bool, errors: &Errors) -> Markup {
    let code = if sent_now { "" } else { form.text("code") };
    let hint =
        format!("At least {MIN_PASSWORD_CHARS} characters. A few words that only you would put together work well.");
    let body = html! {
        (head::title(&html! { "Create your account" }))
        (errors.summary(&["code", "full_name", "password", "repeated"]))
        @if sent_now {
            (notice::told(Kind::Good, &html! {
                p { "We have sent a verification code to " strong { bdi { (email) } } ". It is valid for "
                    (CODE_VALID_FOR.num_minutes()) " minutes and replaces any earlier code." }
            }))
        } @else {
            p { "Your e-mail address: " strong { bdi { (email) } } }
        }
        form.fields method="post" action="/portal/sign-up" {
            input type="hidden" name="invite_token" value=(form.text("invite_token"));
            (Field {
                name: "code", label: "Verification code", hint: "The six digits in the e-mail.", value: code,
                autocomplete: "one-time-code", ..Field::default()
            }.input(errors))
            (Field {
                name: "full_name", label: "Full name", value: form.text("full_name"), autocomplete: "name",
                ..Field::default()
            }.input(errors))
            (Field {
                name: "password", label: "Password", hint: &hint, kind: "password", autocomplete: "new-password",
                ..Field::default()
            }.input(errors))
            (Field {
                name: "repeated", label: "Repeat the password", kind: "password", autocomplete: "new-password",
                ..Field::default()
            }.input(errors))
            button.button.primary type="submit" { "Sign up" }
            p {
                "No e-mail, or the code no longer works? "
                button.button type="submit" formaction="/portal/sign-up/code" formnovalidate { "Send a new code" }
            }
        }
    };
    door(&Shell::portal(), "Create your account", &body)
}

fn done_page(email: &str) -> Markup {
    let body = html! {
        (head::title(&html! { "Your account is ready" }))
        (notice::told(Kind::Good, &html! { p { "Log in with " strong { bdi { (email) } } " and your new password." } }))
        p { a.button.primary href="/portal/log-in" { "Log in" } }
    };
    door(&Shell::portal(), "Your account is ready", &body)
}
