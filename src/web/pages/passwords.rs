//! New passwords in the console and the portal: request a link by e-mail, and choose a password with it.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use gatebook_aggregates::password_link::RESET_LINK_VALID_FOR;
use gatebook_aggregates::refusal::Refusal;
use maud::{Markup, html};

use crate::application::{ApiTokens, Realm};
use crate::secrets::MIN_PASSWORD_CHARS;
use crate::web::error::Problem;
use crate::web::extract::Anyone;
use crate::web::pages::components::head;
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::form::{Form, PageQuery, PublicForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::inputs::{Field, checkbox};
use crate::web::pages::layout::{Shell, door};
use crate::web::pages::link_cookie::{LinkPage, OPEN_AGAIN};
use crate::web::pages::times::in_words;
use crate::web::service::Service;

/// The differences between console and portal.
#[derive(Clone, Copy)]
struct PasswordPages {
    realm: Realm,
    forgot: &'static str,
    choose: &'static str,
    sign_in: &'static str,
    sign_in_title: &'static str,
    link: LinkPage,
}

const CONSOLE: PasswordPages = PasswordPages {
    realm: Realm::Console,
    forgot: "/forgot-password",
    choose: "/set-password",
    sign_in: "/sign-in",
    sign_in_title: "Sign in",
    link: LinkPage {
        path: "/set-password",
        parameter: "link",
        cookie: "__Host-gatebook-console-link",
    },
};

const PORTAL: PasswordPages = PasswordPages {
    realm: Realm::Portal,
    forgot: "/portal/forgot-password",
    choose: "/portal/set-password",
    sign_in: "/portal/log-in",
    sign_in_title: "Log in",
    link: LinkPage {
        path: "/portal/set-password",
        parameter: "link",
        cookie: "__Host-gatebook-portal-link",
    },
};

impl PasswordPages {
    fn of(realm: Realm) -> Self {
        match realm {
            Realm::Console => CONSOLE,
            Realm::Portal | Realm::Operator => PORTAL,
        }
    }

    /// Whether people can have API tokens here, besides their sessions.
    fn has_api_tokens(self) -> bool {
        self.realm == Realm::Console
    }

    fn shell(self) -> Shell {
        match self.realm {
            Realm::Console => Shell::console(),
            Realm::Portal | Realm::Operator => Shell::portal(),
        }
    }
}

/// The password pages of this part of the site.
pub fn routes(realm: Realm) -> Router<Service> {
    let place = PasswordPages::of(realm);
    let forgot = get(move || async move { forgot_page(place, &Form::default(), &Errors::default()) })
        .post(move |app, caller, form| ask(place, app, caller, form));
    let choose = get(move |app, caller, query, headers| open(place, app, caller, query, headers))
        .post(move |app, caller, form| choose(place, app, caller, form));
    Router::new().route(place.forgot, forgot).route(place.choose, choose)
}

/// Sends a link if the account exists. The page does not reveal whether it does.
async fn ask(
    place: PasswordPages,
    State(service): State<Service>,
    Anyone(caller): Anyone,
    PublicForm(form): PublicForm,
) -> Response {
    let email = form.text("email");
    let query = match place.realm {
        Realm::Console => service.request_user_password_reset(&caller, email).await,
        Realm::Portal | Realm::Operator => service.request_developer_password_reset(&caller, email).await,
    };
    match query {
        Ok(()) => sent_page(place, email).into_response(),
        Err(failure) => {
            let errors = Errors::from(failure).worded(&[("email", "E-mail address")]);
            (errors.status(), forgot_page(place, &form, &errors)).into_response()
        }
    }
}

async fn open(
    place: PasswordPages,
    State(service): State<Service>,
    Anyone(caller): Anyone,
    PageQuery(query): PageQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(link) = query.filled(place.link.parameter) {
        return Ok(place.link.arrive(link));
    }
    let Some(link) = place.link.token(&headers) else {
        let mut problem = Problem::from(Refusal::PasswordLinkUnknown);
        problem.detail = OPEN_AGAIN.to_owned();
        return Err(problem);
    };
    service.open_password_link(&caller, place.realm, &link).await?;
    Ok(choose_page(place, &link, false, &Errors::default()).into_response())
}

async fn choose(
    place: PasswordPages,
    State(service): State<Service>,
    Anyone(caller): Anyone,
    PublicForm(form): PublicForm,
) -> Response {
    let (link, password) = (form.text("link"), form.text("password"));
    let errors = if password == form.text("repeated") {
        let tokens = match form.has("end_tokens") {
            true => ApiTokens::End,
            false => ApiTokens::GoOn,
        };
        match service
            .choose_password_and(&caller, place.realm, link, password, tokens)
            .await
        {
            Ok(()) => return ([place.link.forget()], chosen_page(place, tokens)).into_response(),
            Err(failure) => Errors::from(failure),
        }
    } else {
        Problem::field(
            "repeated",
            "passwords_differ",
            "The two passwords differ. Enter the same one twice.",
        )
        .into()
    };
    (
        errors.status(),
        choose_page(place, link, form.has("end_tokens"), &errors),
    )
        .into_response()
}

fn forgot_page(place: PasswordPages, form: &Form, errors: &Errors) -> Markup {
    let body = html! {
        (head::title(&html! { "Forgotten password" }))
        p { "Enter your e-mail address, and we will send you a link to choose a new password." }
        (errors.summary(&["email"]))
        form.fields method="post" action=(place.forgot) {
            (Field {
                name: "email", label: "E-mail address", value: form.text("email"), kind: "email",
                autocomplete: "username", ..Field::default()
            }.input(errors))
            button.button.primary type="submit" { "Send link" }
        }
        p { a href=(place.sign_in) { (place.sign_in_title) } }
    };
    door(&place.shell(), "Forgotten password", &body)
}

fn sent_page(place: PasswordPages, email: &str) -> Markup {
    let body = html! {
        (head::title(&html! { "Check your e-mail" }))
        (notice::told(Kind::Info, &html! {
            p { "If there is an account for " strong { (email) } ", a link is on its way. It is valid for "
                (in_words(RESET_LINK_VALID_FOR)) "." }
        }))
        p { a href=(place.sign_in) { (place.sign_in_title) } }
    };
    door(&place.shell(), "Check your e-mail", &body)
}

fn choose_page(place: PasswordPages, link: &str, end_tokens: bool, errors: &Errors) -> Markup {
    let hint =
        format!("At least {MIN_PASSWORD_CHARS} characters. A few words that only you would put together work well.");
    let body = html! {
        (head::title(&html! { "Choose a password" }))
        (errors.summary(&["password", "repeated"]))
        form.fields method="post" action=(place.choose) {
            input type="hidden" name="link" value=(link);
            (Field {
                name: "password", label: "New password", hint: &hint, kind: "password", autocomplete: "new-password",
                ..Field::default()
            }.input(errors))
            (Field {
                name: "repeated", label: "Repeat the password", kind: "password", autocomplete: "new-password",
                ..Field::default()
            }.input(errors))
            @if place.has_api_tokens() {
                (checkbox("end_tokens", "Also end my API tokens. Programs that use them will stop working.", end_tokens, errors))
            }
            button.button.primary type="submit" { "Choose password" }
        }
    };
    door(&place.shell(), "Choose a password", &body)
}

fn chosen_page(place: PasswordPages, tokens: ApiTokens) -> Markup {
    let ended = match (place.has_api_tokens(), tokens) {
        (false, _) => "All open sessions have been ended.",
        (true, ApiTokens::End) => "All open sessions and API tokens have been ended.",
        (true, ApiTokens::GoOn) => {
            "All open sessions have been ended. Your API tokens still work; you can end them on your account page."
        }
    };
    let body = html! {
        (head::title(&html! { "Your new password is set" }))
        (notice::told(Kind::Info, &html! { p { (ended) } }))
        p { a.button.primary href=(place.sign_in) { (place.sign_in_title) } }
    };
    door(&place.shell(), "Your new password is set", &body)
}
