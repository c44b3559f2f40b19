//! An e-mail as an Internet message (RFC 5322), built by lettre.

use chrono::{DateTime, Utc};
use lettre::Address;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Message, MultiPart, SinglePart};

use super::emails::Email;
use super::error::{DeliveryFailure, MailError};
use super::html::html;
use super::names::one_line;

/// RFC 5322, 2.1.1: the most bytes in a line, without its end.
const LINE_MAX_BYTES: usize = 998;
/// The boundary between text and HTML. It is constant, so that a mail sent again is identical; none of our lines looks
/// like it.
const BOUNDARY: &str = "=_gatebook_text_or_html";

/// What the mail server can transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyEncoding {
    /// All bytes. Lines stay as they are.
    EightBit,
    /// ASCII only. Text with other letters is encoded.
    SevenBit,
}

/// The message: the e-mail as text and as HTML. The same e-mail, id and date give the same bytes.
pub(super) fn message(
    email: &Email,
    recipient: &Address,
    sender: &Mailbox,
    message_id: &str,
    date: DateTime<Utc>,
    encoding: BodyEncoding,
) -> Result<Message, MailError> {
    let id = format!("<{}@{}>", path_safe(message_id), sender.email.domain());
    Message::builder()
        .from(sender.clone())
        .to(Mailbox::new(None, recipient.clone()))
        .subject(subject(&email.subject))
        .date(date.into())
        .message_id(Some(id))
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .multipart(either(email, encoding))
        .map_err(|error| MailError::permanent(DeliveryFailure::Broken, format!("the e-mail cannot be built: {error}")))
}

/// RFC 2046, 5.1.4: the text comes first, so that simple programs show it.
fn either(email: &Email, encoding: BodyEncoding) -> MultiPart {
    let part = |kind, body| SinglePart::builder().header(kind).body(body);
    // Encoded, so that lines may be long, and programs do not search the markup for links and codes.
    let html = Body::new_with_encoding(html(email), ContentTransferEncoding::Base64);
    let html = html.unwrap_or_else(Body::new);
    MultiPart::alternative()
        .boundary(BOUNDARY)
        .singlepart(part(ContentType::TEXT_PLAIN, body(&email.text(), encoding)))
        .singlepart(part(ContentType::TEXT_HTML, html))
}

/// The subject on one line. A name that looks like an encoded word (RFC 2047) is not decoded.
fn subject(text: &str) -> String {
    one_line(text).replace("=?", "= ?")
}

/// Replaces all characters of the id that could have a meaning in a path or a header.
pub(super) fn path_safe(id: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || c == '-';
    id.chars().map(|c| if safe(c) { c } else { '_' }).collect()
}

/// Leaves the text unencoded where possible, so that a link stays whole on its line. lettre itself would encode any
/// text with a line longer than 76 bytes.
fn body(text: &str, encoding: BodyEncoding) -> Body {
    let lines: Vec<&str> = text.lines().collect();
    let plain = lines
        .iter()
        .all(|line| line.len() <= LINE_MAX_BYTES && !line.contains(['\0', '\r']));
    let text = lines.join("\r\n") + "\r\n";
    match (text.is_ascii(), encoding) {
        (true, _) if plain => Body::dangerous_pre_encoded(text.into_bytes(), ContentTransferEncoding::SevenBit),
        (false, BodyEncoding::EightBit) if plain => {
            Body::dangerous_pre_encoded(text.into_bytes(), ContentTransferEncoding::EightBit)
        }
        _ => Body::new(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{EmailKind, Paragraph};

    fn email(subject: &str, text: &str) -> Email {
        Email {
            kind: EmailKind::Invitation,
            to: "dev@example.com".to_owned(),
            subject: subject.to_owned(),
            paragraphs: vec![Paragraph::text(text)],
        }
    }

    fn formatted(email: &Email, encoding: BodyEncoding) -> String {
        let sender = "Gatebook <no-reply@gate.example.com>".parse().unwrap();
        let date = DateTime::from_timestamp_millis(1_795_425_300_123).unwrap();
        let to = email.to.parse().unwrap();
        let message = message(email, &to, &sender, "0199-af", date, encoding).unwrap();
        String::from_utf8(message.formatted()).unwrap()
    }

    #[test]
    fn a_mail_says_from_whom_to_whom_and_when_and_that_a_program_wrote_it() {
        let mail = formatted(&email("Hi", "world"), BodyEncoding::EightBit);
        let (head, parts) = mail.split_once("\r\n\r\n").unwrap();
        for header in [
            "From: Gatebook <no-reply@gate.example.com>",
            "To: dev@example.com",
            "Subject: Hi",
            "Date: Mon, 23 Nov 2026 09:15:00 +0000",
            "Message-ID: <0199-af@gate.example.com>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "Content-Type: multipart/alternative; boundary=\"=_gatebook_text_or_html\"",
        ] {
            assert!(head.lines().any(|line| line == header), "{header}\n{head}");
        }
        let parts: Vec<_> = parts.split("--=_gatebook_text_or_html").collect();
        let [_, text, html, end] = parts.as_slice() else {
            panic!("{mail}");
        };
        let text_part = "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\
                         Hello,\r\n\r\nworld\r\n\r\n";
        assert_eq!(*text, text_part);
        let html_head = "\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
        assert!(html.starts_with(html_head), "{html}");
        assert_eq!(*end, "--\r\n");
    }

    #[test]
    fn the_same_email_is_the_same_mail_byte_for_byte() {
        let email = email("Hi", "world");
        assert_eq!(
            formatted(&email, BodyEncoding::EightBit),
            formatted(&email, BodyEncoding::EightBit)
        );
    }

    #[test]
    fn a_long_link_and_letters_beyond_ascii_stay_as_they_are() {
        let link = format!("https://gate.example.com/?invite={}", "x".repeat(200));
        let mail = formatted(&email("–", &format!("Café\n\n{link}")), BodyEncoding::EightBit);
        assert!(mail.contains("Content-Transfer-Encoding: 8bit\r\n"));
        assert!(mail.lines().any(|line| line == link));
        assert!(mail.lines().any(|line| line == "Café"));
        assert!(mail.contains("Subject: =?utf-8?b?4oCT?=\r\n"), "{mail}");
    }

    #[test]
    fn text_beyond_ascii_is_encoded_where_only_ascii_passes() {
        let mail = formatted(&email("Hi", "Café and more text"), BodyEncoding::SevenBit);
        assert!(mail.is_ascii());
        assert!(mail.contains("Content-Transfer-Encoding: quoted-printable\r\n"));
        assert!(mail.contains("Caf=C3=A9"));
    }

    #[test]
    fn a_line_that_is_longer_than_mail_allows_is_encoded() {
        let at_most = formatted(&email("Hi", &"x".repeat(998)), BodyEncoding::EightBit);
        assert!(at_most.contains("Content-Transfer-Encoding: 7bit"));
        let longer = formatted(&email("Hi", &"x".repeat(999)), BodyEncoding::EightBit);
        assert!(longer.contains("Content-Transfer-Encoding: quoted-printable"));
    }

    #[test]
    fn a_subject_cannot_become_another_header() {
        let mail = formatted(&email("Hi\r\nBcc: all@example.com", "x"), BodyEncoding::EightBit);
        assert!(!mail.lines().any(|line| line.starts_with("Bcc")));
    }

    #[test]
    fn a_subject_cannot_hide_other_words_in_an_encoding() {
        let mail = formatted(&email("Hi =?utf-8?q?Pay_now?=", "x"), BodyEncoding::EightBit);
        assert!(mail.contains("Subject: Hi = ?utf-8?q?Pay_now?=\r\n"), "{mail}");
    }
}
