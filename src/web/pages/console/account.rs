//! The user's own account: password, sessions, and tokens for the admin API.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::TimeDelta;
use gatebook_aggregates::identifiers::{ApiTokenId, SessionId};
use gatebook_aggregates::refusal::FieldProblem;
use gatebook_aggregates::text::Label;
use gatebook_aggregates::timestamp::Timestamp;
use maud::{Markup, html};

use crate::application::{Failure, IssuedToken, ListedToken, OwnTokenForm, Realm, or_gone};
use crate::web::error::Problem;
use crate::web::extract::PathOf;
use crate::web::pages::components::head;
use crate::web::pages::components::notice::{self, Kind};
use crate::web::pages::console::attention_mails;
use crate::web::pages::current_user::{ConsoleUser, SignedIn};
use crate::web::pages::definition_list::{fact, written};
use crate::web::pages::form::{Form, PageQuery, SubmittedForm};
use crate::web::pages::form_errors::Errors;
use crate::web::pages::form_token::token;
use crate::web::pages::inputs::Field;
use crate::web::pages::layout::{Shell, page};
use crate::web::pages::session_list::{ask_to_end, session_list};
use crate::web::pages::sign_out::signed_out;
use crate::web::pages::{copy, form_key, times};
use crate::web::service::Service;

/// The offered lifetimes of tokens: the number of days, and a label.
const ENDS_AFTER: [(&str, &str); 3] = [("30", "30 days"), ("90", "90 days"), ("365", "a year")];
/// The default lifetime of a token.
const VALID_DAYS: &str = "90";

/// The form's label for the field that error messages name.
const WORDS: &[(&str, &str)] = &[("name", "Name of the new token")];

/// `GET /account`
pub async fn show(
    State(service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PageQuery(query): PageQuery,
) -> Result<Response, Problem> {
    Ok(account_page(&service, &user, &query, &Errors::default()).await?)
}

async fn account_page(
    service: &Service,
    user: &ConsoleUser,
    form: &Form,
    errors: &Errors,
) -> Result<Response, Failure> {
    let sessions = service.sessions(user.caller(), Realm::Console).await?;
    let tokens = service.own_tokens(user.caller()).await?;
    let form_token = &user.session.form_token;
    let body = html! {
        (head::title(&html! { "Your account" }))
        @if form.has("link-sent") {
            (notice::told(Kind::Good, &html! { p { "We have sent you an e-mail with a link to choose a new password." } }))
        }
        (errors.summary(&["name", "valid_days", "password"]))
        dl.facts {
            (written("Name", user.member.user().name.as_str()))
            (written("E-mail", user.member.user().email.as_str()))
            (written("Group", user.group().customer.name.as_str()))
        }
        h2 { "Password" }
        form method="post" action="/account/password-link" {
            (token(form_token))
            p { "We will send you an e-mail with a link to choose a new password." }
            button.button.primary type="submit" { "Change password" }
        }
        (attention_mails::section(user, form))
        h2 #sessions { "Sessions" }
        (session_list(&sessions, user.session.id, "/account/sessions", service.clock.now()))
        h2 #tokens { "API tokens" }
        p { "A token lets a program do everything that you can do, through the JSON API (" a href="/docs" { "documentation" } ")." }
        @if !tokens.is_empty() { (token_table(&tokens, service.clock.now())) }
        form.fields.narrow method="post" action="/account/tokens" {
            (token(form_token))
            (form_key::field(form))
            (Field {
                name: "name", label: "Name of the new token", hint: "What it is for, such as the program’s name.",
                value: form.text("name"), ..Field::default()
            }.input(errors))
            (Field {
                name: "valid_days", label: "Valid for", value: form.filled("valid_days").unwrap_or(VALID_DAYS),
                ..Field::default()
            }.select(&ENDS_AFTER, errors))
            (Field {
                name: "password", label: "Your password", kind: "password", autocomplete: "current-password",
                ..Field::default()
            }.input(errors))
            button.button.primary type="submit" { "Create token" }
        }
    };
    Ok((errors.status(), page(&Shell::from(user), "Your account", &body)).into_response())
}

fn token_table(tokens: &[ListedToken], now: Timestamp) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-labelledby="tokens" {
            table.table.stacked {
                thead { tr {
                    th scope="col" { "Name" } th scope="col" { "Created" } th scope="col" { "Last used" } th scope="col" { "Ends" }
                    th.num scope="col" { span.unseen { "Actions" } }
                } }
                tbody {
                    @for own in tokens {
                        tr {
                            th scope="row" { bdi { (own.name) } }
                            td data-th="Created" { (times::ago(own.created_at, now)) }
                            td data-th="Last used" { @match own.last_used_at { Some(at) => (times::ago(at, now)), None => "never" } }
                            td data-th="Ends" { @match own.expires_at { Some(at) => (times::moment(at)), None => "never" } }
                            td.num {
                                a.button.small href={ "/account/tokens/" (own.id) "/end" } aria-label={ "End token " (own.name) } { "End token" }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `POST /account/tokens`: creates a token and shows it once.
pub async fn new_token(
    State(service): State<Service>,
    SubmittedForm { user, form }: SubmittedForm<ConsoleUser>,
) -> Result<Response, Problem> {
    match made(&service, &user, form).await {
        Ok(issued) => Ok(token_page(&user, &issued).into_response()),
        Err((errors, form)) => Ok(account_page(&service, &user, &form, &errors).await?),
    }
}

async fn made(service: &Service, user: &ConsoleUser, form: Form) -> Result<IssuedToken, (Errors, Form)> {
    if form.is_to_be_shown_again() {
        return Err((Errors::default(), form));
    }
    let query = match read(&form, service.clock.now()) {
        Ok(query) => query,
        Err(problem) => {
            let errors = Errors::from(Problem::from(problem)).worded(WORDS);
            return Err((errors, form));
        }
    };
    let key = form_key::key(user.caller(), "/account/tokens", &form);
    match service.issue_own_token(user.caller(), query, key.as_ref()).await {
        Ok(Some(issued)) => Ok(issued),
        Ok(None) => {
            let detail = "You have already sent this form. The token was shown only once; if you did not save it, end \
                          it below and create another.";
            let problem = Problem::new(StatusCode::CONFLICT, "sent_already", detail);
            Err((problem.into(), form_key::anew(form)))
        }
        Err(failure) => Err(form_key::refused(failure, form)),
    }
}

fn read(form: &Form, now: Timestamp) -> Result<OwnTokenForm<'_>, FieldProblem> {
    let name = Label::parse("name", form.text("name"))?;
    let chosen = form.filled("valid_days").unwrap_or(VALID_DAYS);
    let days = ENDS_AFTER.iter().find(|(days, _)| *days == chosen);
    let days = days.and_then(|(days, _)| days.parse().ok());
    let days =
        days.ok_or_else(|| FieldProblem::new("valid_days", "invalid_valid_days", "Choose how long it is valid."))?;
    Ok(OwnTokenForm {
        name,
        ends: now.plus(TimeDelta::days(days)),
        password: form.text("password"),
    })
}

fn token_page(user: &ConsoleUser, issued: &IssuedToken) -> Markup {
    let body = html! {
        (head::title(&html! { "Your new API token" }))
        (notice::told(Kind::Warn, &html! {
            p { "Copy it now to where your program keeps its secrets. You will not see it again." }
        }))
        dl.facts {
            (fact("API token", &copy::value("api-token", &issued.token)))
            (fact("Valid until", &times::moment(issued.expires_at)))
        }
        p { a.button.primary href="/account" { "Done" } }
    };
    page(&Shell::from(user), "New API token", &body)
}

/// `GET /account/tokens/{id}/end`: asks first.
pub async fn ask_to_end_token(
    State(service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PathOf(token_id): PathOf<ApiTokenId>,
) -> Result<Markup, Problem> {
    let tokens = service.own_tokens(user.caller()).await?;
    let own = tokens.iter().find(|own| token_id == own.id.into());
    let body = html! {
        (head::title(&html! { "End this token?" }))
        @match own {
            None => {
                (notice::told(Kind::Info, &html! { p { "This token has already ended." } }))
                div.actions { a.button.primary href="/account" { "Continue" } }
            },
            Some(own) => {
                dl.facts {
                    (written("Name", &own.name))
                    (fact("Last used", &html! { @match own.last_used_at { Some(at) => (times::moment(at)), None => "never" } }))
                }
                p { "Programs that use it stop working at once. It cannot be brought back." }
                form method="post" action={ "/account/tokens/" (own.id) "/end" } {
                    (token(&user.session.form_token))
                    div.actions {
                        button.button.danger.solid type="submit" { "End token" }
                        a.button href="/account" { "Keep it" }
                    }
                }
            },
        }
    };
    Ok(page(&Shell::from(&user), "End this token?", &body))
}

/// `POST /account/tokens/{id}/end`
pub async fn end_token(
    State(service): State<Service>,
    PathOf(token_id): PathOf<ApiTokenId>,
    SubmittedForm { user, form }: SubmittedForm<ConsoleUser>,
) -> Result<Redirect, Problem> {
    if !form.is_to_be_shown_again() {
        let (group_id, user_id) = (user.member.group_id(), user.member.user_id().clone());
        let ended = service.revoke_user_token(user.caller(), group_id, user_id, token_id);
        or_gone(ended.await)?;
    }
    Ok(Redirect::to("/account"))
}

/// `GET /account/sessions/{id}/end`: asks first.
pub async fn ask_to_end_session(
    State(service): State<Service>,
    SignedIn(user): SignedIn<ConsoleUser>,
    PathOf(session_id): PathOf<SessionId>,
) -> Result<Markup, Problem> {
    let sessions = service.sessions(user.caller(), Realm::Console).await?;
    let places = ("/account/sessions", "/account");
    let body = ask_to_end(&sessions, session_id, user.session.id, places, &user.session.form_token);
    Ok(page(&Shell::from(&user), "End this session?", &body))
}

/// `POST /account/sessions/{id}/end`
pub async fn end_session(
    State(service): State<Service>,
    PathOf(session_id): PathOf<SessionId>,
    SubmittedForm { user, form }: SubmittedForm<ConsoleUser>,
) -> Result<Response, Problem> {
    if form.is_to_be_shown_again() {
        return Ok(Redirect::to("/account").into_response());
    }
    or_gone(service.end_session(user.caller(), Realm::Console, session_id).await)?;
    if session_id == user.session.id {
        return Ok(signed_out::<ConsoleUser>());
    }
    Ok(Redirect::to("/account").into_response())
}

/// `POST /account/password-link`
pub async fn send_password_link(
    State(service): State<Service>,
    SubmittedForm { user, form }: SubmittedForm<ConsoleUser>,
) -> Result<Redirect, Problem> {
    if form.is_to_be_shown_again() {
        return Ok(Redirect::to("/account"));
    }
    service
        .request_user_password_reset(user.caller(), user.member.user().email.as_str())
        .await?;
    Ok(Redirect::to("/account?link-sent"))
}
