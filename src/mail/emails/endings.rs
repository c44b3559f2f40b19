//! What we write some days before something ends at its end date. These e-mails have no address yet: whom they are for is
//! decided when they leave.

use gatebook_aggregates::timestamp::Timestamp;

use super::{Email, EmailKind, about, about_app};
use crate::brand::BRAND;
use crate::mail::names::{named, one_line};
use crate::mail::paragraph::{Fact, Paragraph};

/// What is about to end, for e-mails that have no address yet.
#[derive(Clone, Copy)]
pub struct Ending<'a> {
    /// The application that ends, or one of whose client secrets does.
    pub app_name: &'a str,
    /// Its group.
    pub group_name: &'a str,
    /// When that is.
    pub ends_at: Timestamp,
    /// Where something can be done about it.
    pub url: &'a str,
}

impl Ending<'_> {
    fn of_secret(&self, prefix: &str) -> Vec<Fact> {
        let prefix = Fact::new("It begins with", one_line(prefix));
        about(self.app_name, self.group_name)
            .into_iter()
            .chain([prefix])
            .collect()
    }
}

impl Email {
    /// R23: tells the developer that a client secret is about to end.
    pub fn client_secret_ending(ending: &Ending<'_>, prefix: &str) -> Self {
        let Ending { ends_at, url, .. } = *ending;
        let paragraphs = vec![
            Paragraph::text(format!("A client secret in the {} is about to expire:", BRAND.portal)),
            Paragraph::Facts(ending.of_secret(prefix)),
            Paragraph::text(format!(
                "It expires on {}. Make sure that your integration\n\
                  uses another client secret by then: after that, this one and the tokens issued\n\
                  for it stop working.",
                ends_at.for_people()
            )),
            Paragraph::text("See when each of them was last used, and generate another one:"),
            Paragraph::Link(url.to_owned()),
        ];
        let subject = about_app("Client secret about to expire", ending.app_name);
        Self::new(EmailKind::ClientSecretEnding, "", &subject, paragraphs)
    }

    /// R23: tells the admins the same; the secret itself is not theirs to replace.
    pub fn client_secret_ending_for_admins(ending: &Ending<'_>, prefix: &str, has_outside_developer: bool) -> Self {
        let Ending { ends_at, url, .. } = *ending;
        let who = match has_outside_developer {
            true => "Its developer can generate another one in the portal.",
            false => "Our team looks after its client secrets.",
        };
        let paragraphs = vec![
            Paragraph::text("A client secret of an integration application is about to expire:"),
            Paragraph::Facts(ending.of_secret(prefix)),
            Paragraph::text(format!(
                "It expires on {}. After that, it and the tokens issued\n\
                  for it stop working. {who}",
                ends_at.for_people()
            )),
            Paragraph::text("See whether the integration uses another one already:"),
            Paragraph::Link(url.to_owned()),
        ];
        let subject = format!("Client secret about to expire: {}", named(ending.app_name));
        Self::new(EmailKind::ClientSecretEndingForAdmins, "", &subject, paragraphs)
    }

    /// Tells the developer that an application is about to reach its end date.
    pub fn application_ending(ending: &Ending<'_>) -> Self {
        let Ending { ends_at, url, .. } = *ending;
        let paragraphs = vec![
            Paragraph::text("An application that you are the developer of is about to end:"),
            Paragraph::Facts(about(ending.app_name, ending.group_name).into()),
            Paragraph::text(format!(
                "It ends on {}. After that, its access tokens are refused\n\
                  and it gets no new ones. If the integration shall go on, ask the Integration\n\
                  Admin for a later end date.",
                ends_at.for_people()
            )),
            Paragraph::text("See the application in the portal:"),
            Paragraph::Link(url.to_owned()),
        ];
        let subject = about_app("Application about to end", ending.app_name);
        Self::new(EmailKind::ApplicationEnding, "", &subject, paragraphs)
    }

    /// Tells the admins the same, who can set a later end date.
    pub fn application_ending_for_admins(ending: &Ending<'_>) -> Self {
        let Ending { ends_at, url, .. } = *ending;
        let paragraphs = vec![
            Paragraph::text("An integration application of your group is about to end:"),
            Paragraph::Facts(about(ending.app_name, ending.group_name).into()),
            Paragraph::text(format!(
                "It ends on {}. After that, its access tokens are refused\n\
                  and it gets no new ones.",
                ends_at.for_people()
            )),
            Paragraph::text("If the integration shall go on, set a later end date, or none:"),
            Paragraph::Link(url.to_owned()),
        ];
        let subject = format!("Application about to end: {}", named(ending.app_name));
        Self::new(EmailKind::ApplicationEndingForAdmins, "", &subject, paragraphs)
    }
}
