//! The mailbox of a demo: the e-mails that it wrote, for whoever tries it and has no mailbox for `dev@example.com`. Anybody
//! who opens it reads them, with their links, so it exists only where other machines cannot reach it, and answers only to
//! names of this machine, which no foreign page can take (DNS rebinding).

use std::io;

use axum::extract::{Path, Request};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router, middleware};
use maud::{Markup, PreEscaped, html};

use crate::application::Failure;
use crate::mail::{MailFolder, WrittenEmail};
use crate::web::error::Problem;
use crate::web::loopback::is_loopback;
use crate::web::pages::definition_list::fact;
use crate::web::pages::layout::{Shell, page};
use crate::web::pages::times::moment;
use crate::web::service::Service;

/// How many e-mails the list has.
const LISTED_MAX: usize = 200;

/// What the HTML of an e-mail may do: look as it wishes, and lead somewhere when it is clicked.
const POLICY_OF_EMAILS: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                                frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox";

/// The pages about the e-mails.
pub fn pages(folder: &MailFolder) -> Router<Service> {
    let routes = Router::new()
        .route("/demo/mail", get(list))
        .route("/demo/mail/{file}", get(show));
    here_only(routes, folder)
}

/// The e-mails as mail programs show them, with a policy of their own.
pub fn emails(folder: &MailFolder) -> Router<Service> {
    here_only(Router::new().route("/demo/mail/{file}/html", get(show_html)), folder)
}

fn here_only(routes: Router<Service>, folder: &MailFolder) -> Router<Service> {
    routes
        .layer(Extension(folder.clone()))
        .layer(middleware::from_fn(asked_by_name_of_this_machine))
}

async fn asked_by_name_of_this_machine(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = host.and_then(|host| host.parse::<Authority>().ok());
    match authority.is_some_and(|authority| is_loopback(authority.host())) {
        true => next.run(request).await,
        false => Problem::not_found().into_response(),
    }
}

/// `GET /demo/mail`
async fn list(Extension(folder): Extension<MailFolder>) -> Result<Markup, Problem> {
    let emails = read(move || folder.newest(LISTED_MAX)).await?;
    let body = html! {
        h1 { "E-mails of this demo" }
        p { "What Gatebook has sent, newest first. Only the demo has this page." }
        @if emails.is_empty() {
            div.empty {
                h2 { "No e-mails yet" }
                p { "Create a New Integration, and the invitation of its developer is here a moment later." }
            }
        } @else {
            table.table.stacked {
                thead { tr { th scope="col" { "Subject" } th scope="col" { "To" } th scope="col" { "Sent" } } }
                tbody { @for email in &emails { (row(email)) } }
            }
        }
        p { a href="/demo/mail" { "Look again" } }
    };
    Ok(page(&Shell::console(), "E-mails", &body))
}

fn row(email: &WrittenEmail) -> Markup {
    html! {
        tr {
            th scope="row" { a href={ "/demo/mail/" (email.file) } { bdi { (email.subject) } } }
            td data-title="To" data-th="To" { (email.to) }
            td data-title="Sent" data-th="Sent" { @if let Some(date) = email.date { (moment(date)) } }
        }
    }
}

/// `GET /demo/mail/{file}`
async fn show(Extension(folder): Extension<MailFolder>, Path(file): Path<String>) -> Result<Markup, Problem> {
    let email = email(folder, file).await?;
    let body = html! {
        p { a href="/demo/mail" { "E-mails of this demo" } }
        h1 { bdi { (email.subject) } }
        dl.facts {
            (fact("To", &html! { (email.to) }))
            @if let Some(date) = email.date { (fact("Sent", &moment(date))) }
        }
        section.section { (text(&email.text)) }
        p { a href={ "/demo/mail/" (email.file) "/html" } { "As a mail program shows it" } }
    };
    Ok(page(&Shell::console(), &email.subject, &body))
}

/// The paragraphs of a text. A link is what stands on a line of its own, as in our e-mails; names are none.
fn text(text: &str) -> Markup {
    let text = text.replace("\r\n", "\n");
    html! {
        @for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
            p {
                @for (number, line) in paragraph.trim().lines().enumerate() {
                    @if number > 0 { br; }
                    @if is_link(line) { a href=(line) { (line) } } @else { (line) }
                }
            }
        }
    }
}

fn is_link(line: &str) -> bool {
    let is_web = line.starts_with("http://") || line.starts_with("https://");
    is_web && !line.contains(char::is_whitespace)
}

/// `GET /demo/mail/{file}/html`
async fn show_html(Extension(folder): Extension<MailFolder>, Path(file): Path<String>) -> Result<Response, Problem> {
    let email = email(folder, file).await?;
    let mut response = PreEscaped(email.html).into_response();
    let policy = HeaderValue::from_static(POLICY_OF_EMAILS);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

async fn email(folder: MailFolder, file: String) -> Result<WrittenEmail, Problem> {
    let email = read(move || folder.email(&file)).await?;
    email.ok_or_else(Problem::not_found)
}

/// Reads from the disk without holding up other requests.
async fn read<T: Send + 'static>(reading: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Problem> {
    let read = tokio::task::spawn_blocking(reading).await;
    let read = read.map_err(io::Error::other).flatten();
    Ok(read.map_err(Failure::internal)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_of_its_own_is_a_link_and_nothing_is_markup() {
        let link = "http://127.0.0.1:8080/portal/sign-up?invite=gbi_4f9";
        let shown = text(&format!(
            "Hello,\r\n\r\n{link}\r\n\r\n<b>https://evil.example</b>\r\njavascript:x\r\n"
        ));
        let shown = shown.into_string();
        assert_eq!(
            shown,
            format!(
                "<p>Hello,</p><p><a href=\"{link}\">{link}</a></p>\
                 <p>&lt;b&gt;https://evil.example&lt;/b&gt;<br>javascript:x</p>"
            )
        );
    }
}
