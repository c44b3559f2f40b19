//! What e-mails are made of. Each paragraph knows how it reads as plain text; how it looks as HTML is said in `html`.

use serde::{Deserialize, Serialize};

/// A paragraph of an e-mail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paragraph {
    /// Sentences, with `\n` where a line of the plain text ends.
    Text(String),
    /// Such as `Group: Acme Ltd`, each on a line of its own.
    Facts(Vec<Fact>),
    /// A fact, and what belongs to it, each on a line of its own behind a dash.
    List(Fact, Vec<String>),
    /// The address of a link, alone on its line.
    Link(String),
    /// A code to type in, alone on its line.
    Code(String),
}

/// What something is, behind a word of ours for it: so that no name looks like a line of ours.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Our word.
    pub label: String,
    /// What it is, on one line.
    pub value: String,
}

impl Fact {
    /// A fact.
    pub fn new(label: &str, value: impl Into<String>) -> Self {
        Self {
            label: label.to_owned(),
            value: value.into(),
        }
    }

    /// Its line.
    pub fn line(&self) -> String {
        format!("{}: {}", self.label, self.value)
    }
}

impl Paragraph {
    /// Sentences.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// As plain text, without the end of its last line.
    pub fn plain(&self) -> String {
        match self {
            Self::Text(line) | Self::Link(line) | Self::Code(line) => line.clone(),
            Self::Facts(facts) => facts.iter().map(Fact::line).collect::<Vec<_>>().join("\n"),
            Self::List(fact, items) => items.iter().fold(fact.line(), |list, item| format!("{list}\n- {item}")),
        }
    }
}
