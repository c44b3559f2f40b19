//! Texts of the document as HTML: paragraphs, and code between backticks.

use maud::{Markup, html};

/// Paragraphs, parted by empty lines.
pub fn prose(text: &str) -> Markup {
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty());
    html! { @for paragraph in paragraphs { p { (line(paragraph)) } } }
}

/// One text without paragraphs.
pub fn line(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// What a link can point to.
pub fn anchor(text: &str) -> String {
    let word = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let dashed: String = text.chars().map(word).collect();
    let parts: Vec<_> = dashed.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_backticks_is_code_and_nothing_is_markup() {
        assert_eq!(line("a `b<c` & d").into_string(), "a <code>b&lt;c</code> &amp; d");
        assert_eq!(prose("a\n\nb").into_string(), "<p>a</p><p>b</p>");
    }

    #[test]
    fn an_anchor_is_a_plain_word() {
        assert_eq!(anchor("GET /apps/{id}/x"), "get-apps-id-x");
    }
}
