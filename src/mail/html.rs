//! An e-mail as HTML, for mail programs that show HTML. It has the same content as the text.

use maud::{DOCTYPE, Markup, html};

use super::emails::{Email, GREETING};
use super::paragraph::Paragraph;

/// The text, with its link as a link and its code in large type. It loads nothing.
pub(super) fn html(email: &Email) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (email.subject) }
            }
            body style="font: 16px/1.5 sans-serif; max-width: 36em; margin: 1em auto; padding: 0 1em" {
                p { (GREETING) }
                @for paragraph in &email.paragraphs { (shown(paragraph)) }
            }
        }
    };
    page.into_string()
}

fn shown(paragraph: &Paragraph) -> Markup {
    match paragraph {
        Paragraph::Link(link) => html! {
            p style="overflow-wrap: anywhere" { a href=(link) { (link) } }
        },
        Paragraph::Code(code) => html! {
            p style="font-size: 28px; letter-spacing: 4px" { strong { (code) } }
        },
        Paragraph::Facts(_) | Paragraph::List(..) => html! {
            p { @for (i, line) in paragraph.plain().lines().enumerate() { @if i > 0 { br; } (line) } }
        },
        Paragraph::Text(text) => html! { p { (text.replace('\n', " ")) } },
    }
}

#[cfg(test)]
mod tests {
    use gatebook_aggregates::timestamp::Timestamp;

    use super::*;

    #[test]
    fn a_link_is_a_link_and_facts_stay_on_lines_of_their_own() {
        let end = Timestamp::parse("2026-11-26T09:15:00.000Z").unwrap();
        let link = "https://gate.example.com/portal/sign-up?invite=gbi_4f9";
        let page = html(&Email::invitation("dev@example.com", "Payroll", "Acme Ltd", link, end));
        assert!(page.contains(&format!("<a href=\"{link}\">{link}</a>")), "{page}");
        assert!(page.contains("Application: Payroll<br>Group: Acme Ltd</p>"), "{page}");
        assert!(
            page.contains("application in the portal. The Integration Admin will give it to you"),
            "{page}"
        );
    }

    #[test]
    fn a_code_is_large() {
        let page = html(&Email::verification_code("dev@example.com", "042137", 10));
        assert!(page.contains("<strong>042137</strong>"), "{page}");
    }

    #[test]
    fn text_with_a_colon_is_no_fact() {
        let mut email = Email::verification_code("dev@example.com", "042137", 10);
        email.paragraphs = vec![Paragraph::text("Note: this is\none sentence: all of it.")];
        assert!(html(&email).contains("<p>Note: this is one sentence: all of it.</p>"));
    }

    #[test]
    fn a_name_cannot_bring_markup_or_a_link() {
        let evil = "<a href='https://evil.example'>\n\nhttps://evil.example";
        let page = html(&Email::access_revoked("dev@example.com", evil, evil));
        assert!(!page.contains("<a"), "{page}");
        assert!(page.contains("Application: &lt;a href="), "{page}");
    }
}
