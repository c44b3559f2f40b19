//! E-mails as they were written to a folder, for reading them again. Only the demo does.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gatebook_aggregates::timestamp::Timestamp;
use mail_parser::{Message, MessageParser};

/// The longest e-mail that is read, in bytes. Ours are shorter by far.
const SIZE_MAX: u64 = 1 << 20;

/// A folder of e-mails.
#[derive(Clone, Debug)]
pub struct MailFolder(PathBuf);

/// An e-mail as its recipient gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenEmail {
    /// The name of its file.
    pub file: String,
    /// Whom it is to.
    pub to: String,
    pub subject: String,
    /// When it was written; none if the file does not say.
    pub date: Option<Timestamp>,
    /// Its content as text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

impl MailFolder {
    pub fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// The newest e-mails, newest first. What is no e-mail is passed over.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn newest(&self, count: usize) -> io::Result<Vec<WrittenEmail>> {
        let names = self.names()?;
        Ok(names.iter().take(count).filter_map(|name| self.read(name)).collect())
    }

    /// The e-mail in a file; none if the folder has no such file.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn email(&self, file: &str) -> io::Result<Option<WrittenEmail>> {
        // Only what the folder lists is opened, so that no name leads out of it.
        let is_there = self.names()?.iter().any(|name| name == file);
        Ok(is_there.then(|| self.read(file)).flatten())
    }

    /// The names of all files, newest first: they begin with the time.
    fn names(&self) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(&self.0)?.collect::<Result<Vec<_>, _>>()?;
        let names = entries
            .into_iter()
            .filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<_> = names
            .filter(|name| name.ends_with(".eml") && !name.starts_with('.'))
            .collect();
        names.sort_unstable_by(|one, other| other.cmp(one));
        Ok(names)
    }

    fn read(&self, file: &str) -> Option<WrittenEmail> {
        let path = self.0.join(file);
        let about = fs::symlink_metadata(&path).ok()?;
        if !about.is_file() || about.len() > SIZE_MAX {
            return None;
        }
        let bytes = fs::read(path).ok()?;
        MessageParser::default()
            .parse(&bytes)
            .map(|message| written(file, &message))
    }
}

fn written(file: &str, message: &Message<'_>) -> WrittenEmail {
    let to = message.to().and_then(|to| to.first()).and_then(|to| to.address());
    let date = message.date().map(mail_parser::DateTime::to_rfc3339);
    let body = |body: Option<std::borrow::Cow<'_, str>>| body.unwrap_or_default().into_owned();
    WrittenEmail {
        file: file.to_owned(),
        to: to.unwrap_or_default().to_owned(),
        subject: message.subject().unwrap_or_default().to_owned(),
        date: date.and_then(|date| Timestamp::parse(&date)),
        text: body(message.body_text(0)),
        html: body(message.body_html(0)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::mail::{Email, MailTransport, TransferProgress};

    async fn sent(folder: &Path, emails: &[(&str, &Email)]) {
        let url = format!("file:{}", folder.display());
        let transport = MailTransport::from_url(&url, folder, "Gatebook <a@example.com>", None).unwrap();
        for (time, email) in emails {
            let date = Timestamp::parse(time).unwrap().to_utc();
            let progress = TransferProgress::default();
            transport.send(email, "0199-af", date, &progress).await.unwrap();
        }
    }

    #[tokio::test]
    async fn what_was_sent_is_read_again_newest_first() {
        let folder = tempfile::tempdir().unwrap();
        let end = Timestamp::parse("2026-11-26T09:15:00.000Z").unwrap();
        let link = "http://127.0.0.1:8080/portal/sign-up?invite=gbi_4f9";
        let invitation = Email::invitation("dev@example.com", "Überweisungen & <b>", "Acme Ltd", link, end);
        let code = Email::verification_code("dev@example.com", "042137", 10);
        let times = ["2026-11-23T09:15:00.123Z", "2026-11-23T09:16:00.000Z"];
        sent(folder.path(), &[(times[0], &invitation), (times[1], &code)]).await;
        for other in [".half.eml", "note.txt"] {
            fs::write(folder.path().join(other), "To: x@example.com\r\n\r\nx").unwrap();
        }
        let folder = MailFolder::new(folder.path());
        let emails = folder.newest(10).unwrap();
        assert_eq!(emails.len(), 2);
        assert_eq!(emails[0].subject, code.subject);
        assert!(emails[0].text.contains("042137") && emails[0].html.contains("<strong>042137"));
        let read = &emails[1];
        assert_eq!(
            (read.to.as_str(), &read.subject),
            ("dev@example.com", &invitation.subject)
        );
        assert_eq!(read.date, Timestamp::parse("2026-11-23T09:15:00Z"));
        assert!(read.text.lines().any(|line| line == link), "{}", read.text);
        assert!(read.text.contains("Überweisungen & <b>"), "{}", read.text);
        assert!(read.html.contains("Überweisungen &amp; &lt;b&gt;"), "{}", read.html);
        assert_eq!(folder.newest(1).unwrap(), emails[..1]);
        assert_eq!(folder.email(&read.file).unwrap().as_ref(), Some(read));
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let place = tempfile::tempdir().unwrap();
        let (folder, secret) = (place.path().join("mail"), place.path().join("secret.eml"));
        fs::create_dir(&folder).unwrap();
        fs::write(&secret, "Subject: secret\r\n\r\nsecret").unwrap();
        symlink(&secret, folder.join("link.eml")).unwrap();
        let folder = MailFolder::new(&folder);
        for name in ["../secret.eml", secret.to_str().unwrap(), "link.eml", "", "."] {
            assert_eq!(folder.email(name).unwrap(), None, "{name}");
        }
        assert!(folder.newest(10).unwrap().is_empty());
        assert!(MailFolder::new(&place.path().join("gone")).newest(1).is_err());
    }
}
