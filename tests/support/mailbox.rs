//! The mails that were sent, as a person reads them.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A mail.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// A folder of mails. Those of one millisecond have names in no order, so it remembers what it has seen already.
#[derive(Debug, Default)]
pub struct Mailbox(Mutex<Vec<PathBuf>>);

impl Mailbox {
    /// All mails in the folder, oldest first.
    pub fn open(&self, folder: &Path) -> Vec<Mail> {
        let mut seen = self.0.lock().unwrap();
        let Ok(entries) = std::fs::read_dir(folder) else {
            return Vec::new();
        };
        let mut new: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        new.retain(|path| path.extension().is_some_and(|extension| extension == "eml") && !seen.contains(path));
        new.sort();
        seen.extend(new);
        seen.iter()
            .map(|path| read(&std::fs::read_to_string(path).unwrap()))
            .collect()
    }
}

impl Mail {
    /// The link on a line of its own.
    pub fn link(&self) -> String {
        let line = self.text.lines().find(|line| line.starts_with("http"));
        line.unwrap_or_else(|| panic!("no link in {self:?}")).to_owned()
    }

    /// The invitation's token.
    pub fn invite_token(&self) -> String {
        self.link().split_once("?invite=").unwrap().1.to_owned()
    }

    /// The six digits on a line of their own.
    pub fn code(&self) -> String {
        let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit());
        self.text
            .lines()
            .find(is_code)
            .unwrap_or_else(|| panic!("no code in {self:?}"))
            .to_owned()
    }
}

fn read(raw: &str) -> Mail {
    let raw = raw.replace("\r\n", "\n");
    let (head, body) = raw.split_once("\n\n").unwrap();
    let head = head.replace("\n ", " ");
    let header = |name: &str| {
        let found = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        found.unwrap_or_default().to_owned()
    };
    Mail {
        to: header("To"),
        subject: decoded(&header("Subject")),
        text: first_part(&header("Content-Type"), body),
    }
}

/// RFC 2046: the text, which comes before its HTML.
fn first_part(content_type: &str, body: &str) -> String {
    let boundary = content_type.split('"').nth(1).unwrap();
    let part = body.split(&format!("--{boundary}\n")).nth(1).unwrap();
    let (_, text) = part.split_once("\n\n").unwrap();
    format!("{}\n", text.trim_end())
}

/// RFC 2047, as far as our mails use it: white space between two encoded words is none.
fn decoded(header: &str) -> String {
    use base64::Engine;

    let (mut out, mut after_encoded) = (String::new(), false);
    for word in header.split(' ') {
        let encoded = word.strip_prefix("=?utf-8?b?").and_then(|word| word.strip_suffix("?="));
        if !(out.is_empty() || after_encoded && encoded.is_some()) {
            out.push(' ');
        }
        match encoded {
            Some(encoded) => {
                let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap();
                out.push_str(&String::from_utf8(bytes).unwrap());
            }
            None => out.push_str(word),
        }
        after_encoded = encoded.is_some();
    }
    out
}
