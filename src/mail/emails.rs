//! What we write to people, in the words of the help article. Plain text; our own words are ASCII.
//!
//! An e-mail holds no secret but the link or the code that it is for, and never an OTP (R13, R16).

mod endings;

use gatebook_aggregates::timestamp::Timestamp;
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::names::{named, one_line};
use super::paragraph::{Fact, Paragraph};
use crate::brand::BRAND;
use crate::log::append::Priority;

pub use endings::Ending;

/// An e-mail, ready to be sealed or sent. Without `Debug`: it may hold a link or a code.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    /// What kind of letter it is.
    pub kind: EmailKind,
    /// The address it goes to.
    pub to: String,
    /// Its subject, one line.
    pub subject: String,
    /// What it says after the greeting.
    pub paragraphs: Vec<Paragraph>,
}

/// What every e-mail begins with.
pub(super) const GREETING: &str = "Hello,";

/// The kinds of e-mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum EmailKind {
    /// R13, R18: somebody is invited to sign up.
    Invitation,
    /// R19: the code that proves an address.
    VerificationCode,
    /// R13: a developer with an account got one more application.
    ApplicationAssigned,
    /// R16: the OTP is another one now.
    OtpReset,
    /// R21: a developer no longer sees an application.
    AccessRevoked,
    /// R27: an application is over.
    ApplicationRevoked,
    /// R23: a client secret is about to end.
    ClientSecretEnding,
    /// R23: the same, for the admins.
    ClientSecretEndingForAdmins,
    /// An application is about to reach its end date.
    ApplicationEnding,
    /// The same, for the admins.
    ApplicationEndingForAdmins,
    /// R12: work for the provider's integration team.
    AiqIntegrateRequested,
    /// R15: an OTP is locked; to admins who want to know at once.
    OtpLocked,
    /// What needs attention; to admins who want it daily.
    AttentionDigest,
    /// The link to a group user's first password.
    FirstPassword,
    /// The link to a new password.
    PasswordReset,
}

impl EmailKind {
    /// What somebody waits for in front of a screen leaves before everything else: a code lives for ten minutes.
    pub fn priority(self) -> Priority {
        match self {
            Self::VerificationCode | Self::FirstPassword | Self::PasswordReset => Priority::Urgent,
            Self::Invitation
            | Self::ApplicationAssigned
            | Self::OtpReset
            | Self::AccessRevoked
            | Self::ApplicationRevoked
            | Self::ClientSecretEnding
            | Self::ClientSecretEndingForAdmins
            | Self::ApplicationEnding
            | Self::ApplicationEndingForAdmins
            | Self::AiqIntegrateRequested
            | Self::OtpLocked
            | Self::AttentionDigest => Priority::Normal,
        }
    }
}

/// How to get no more of these.
const WHY_ATTENTION: &str = "You get this e-mail because you chose so on your account's page, where you can\n\
     change it.";

/// R12: how many entities the team's e-mail names; more are counted.
const ENTITIES_NAMED: usize = 200;

impl Email {
    /// R13, R18: invites a developer to sign up. `link` stands on a line of its own.
    pub fn invitation(to: &str, app_name: &str, group_name: &str, link: &str, expires_at: Timestamp) -> Self {
        let paragraphs = vec![
            Paragraph::text(format!(
                "You have been invited to the {}, where you will find everything\n\
                  you need to build this integration:",
                BRAND.portal
            )),
            Paragraph::Facts(about(app_name, group_name).into()),
            Paragraph::text("Sign up here:"),
            Paragraph::Link(link.to_owned()),
            Paragraph::text(format!(
                "The link is valid until {} and can be used once.\n\
                  If it has expired, ask the Integration Admin for a new invite.",
                expires_at.for_people()
            )),
            Paragraph::text(
                "You will also need a one-time password (OTP) to verify the application in the\n\
                  portal. The Integration Admin will give it to you through another channel, such\n\
                  as SMS, a messenger or a phone call.",
            ),
            Paragraph::text("If you did not expect this invitation, you can ignore this e-mail."),
        ];
        Self::new(EmailKind::Invitation, to, &portal_subject("Invitation"), paragraphs)
    }

    /// R19: the code that proves an address. The code stands on a line of its own, and not in the subject, which a
    /// locked screen may show.
    pub fn verification_code(to: &str, code: &str, valid_minutes: i64) -> Self {
        let paragraphs = vec![
            Paragraph::text(format!("Your verification code for the {} is:", BRAND.portal)),
            Paragraph::Code(code.to_owned()),
            Paragraph::text(format!(
                "It is valid for {valid_minutes} minutes. Enter it only on the page where you requested it."
            )),
            Paragraph::text("If you are not signing up, you can ignore this e-mail."),
        ];
        let subject = portal_subject("Verification code");
        Self::new(EmailKind::VerificationCode, to, &subject, paragraphs)
    }

    /// R13: tells a developer who has signed up already about one more application.
    pub fn application_assigned(to: &str, app_name: &str, group_name: &str, portal_url: &str) -> Self {
        let paragraphs = vec![
            Paragraph::text(format!(
                "An application has been assigned to you in the {}:",
                BRAND.portal
            )),
            Paragraph::Facts(about(app_name, group_name).into()),
            Paragraph::text(
                "To see its details, verify it with a one-time password (OTP). The Integration\n\
                  Admin will give it to you through another channel, such as SMS, a messenger or\n\
                  a phone call. Enter it in the portal:",
            ),
            Paragraph::Link(portal_url.to_owned()),
        ];
        let subject = about_app("Application assigned", app_name);
        Self::new(EmailKind::ApplicationAssigned, to, &subject, paragraphs)
    }

    /// R16: tells the developer that the OTP was reset, without the OTP.
    pub fn otp_reset(to: &str, app_name: &str, group_name: &str, portal_url: &str) -> Self {
        let paragraphs = vec![
            Paragraph::text("The one-time password (OTP) for an application has been reset:"),
            Paragraph::Facts(about(app_name, group_name).into()),
            Paragraph::text(
                "The previous OTP no longer works. The Integration Admin will give you the new\n\
                 one through another channel, such as SMS, a messenger or a phone call. Enter it\n\
                  in the portal:",
            ),
            Paragraph::Link(portal_url.to_owned()),
        ];
        let subject = about_app("One-time password reset", app_name);
        Self::new(EmailKind::OtpReset, to, &subject, paragraphs)
    }

    /// R21: tells the developer that the application's details are out of sight.
    pub fn access_revoked(to: &str, app_name: &str, group_name: &str) -> Self {
        let paragraphs = vec![
            Paragraph::text(format!(
                "Your access to an application in the {} has been revoked:",
                BRAND.portal
            )),
            Paragraph::Facts(about(app_name, group_name).into()),
            Paragraph::text(
                "You can no longer see its details in the portal. Your access to other\n\
                  applications has not changed. If you have questions, ask the Integration Admin.",
            ),
        ];
        let subject = about_app("Access revoked", app_name);
        Self::new(EmailKind::AccessRevoked, to, &subject, paragraphs)
    }

    /// R27: tells the developer that the application is over.
    pub fn application_revoked(to: &str, app_name: &str, group_name: &str) -> Self {
        let paragraphs = vec![
            Paragraph::text("An application that you are the developer of has been revoked:"),
            Paragraph::Facts(about(app_name, group_name).into()),
            Paragraph::text(
                "All API integrations linked to it have stopped running, and its credentials no\n\
                 longer work. This cannot be undone. If you have questions, ask the Integration\n\
                 Admin.",
            ),
        ];
        let subject = about_app("Application revoked", app_name);
        Self::new(EmailKind::ApplicationRevoked, to, &subject, paragraphs)
    }

    /// R12: tells the provider's integration team what was asked of it. `entities` are names.
    #[expect(clippy::too_many_arguments, reason = "each is one line of the e-mail, in this order")]
    pub fn aiq_integrate_requested(
        to: &str,
        app_name: &str,
        group_name: &str,
        group_id: &str,
        app_id: &str,
        integrate_type: &str,
        category: &str,
        admin_name: &str,
        entities: &[&str],
    ) -> Self {
        let facts = [
            ("Application", named(app_name)),
            ("Application id", one_line(app_id)),
            ("Type", one_line(integrate_type)),
            ("Category", one_line(category)),
            ("Group", named(group_name)),
            ("Group id", one_line(group_id)),
            ("Requested by", named(admin_name)),
        ];
        let facts = facts.map(|(label, value)| Fact::new(label, value));
        let paragraphs = vec![
            Paragraph::text("An AIQ Integrate application has been requested:"),
            Paragraph::Facts(facts.into()),
            entity_list(entities),
            Paragraph::text(
                "The admin accepted both disclaimers: that the application is chargeable, and\n\
                  that our team will have access to the data. Operators handle its credentials.",
            ),
        ];
        let subject = format!("AIQ Integrate requested: {}", named(app_name));
        Self::new(EmailKind::AiqIntegrateRequested, to, &subject, paragraphs)
    }

    /// R15: tells an admin who wants to know at once that an OTP is locked.
    pub fn otp_locked(to: &str, app_name: &str, group_name: &str, url: &str) -> Self {
        let paragraphs = vec![
            Paragraph::text("The one-time password (OTP) of an application is locked after five wrong tries:"),
            Paragraph::Facts(about(app_name, group_name).into()),
            Paragraph::text("If it was your developer, choose Reset OTP and pass the new one on:"),
            Paragraph::Link(url.to_owned()),
            Paragraph::text(WHY_ATTENTION),
        ];
        let subject = format!("{} – OTP locked: {}", BRAND.console, named(app_name));
        Self::new(EmailKind::OtpLocked, to, &subject, paragraphs)
    }

    /// Tells an admin who wants it daily what needs attention: applications, each with why. There are more of them than are
    /// named if `more` says so.
    pub fn attention_digest(to: &str, group_name: &str, apps: &[(&str, String)], more: bool, url: &str) -> Self {
        let count = apps.len();
        let and_more = if more { "+" } else { "" };
        let items = apps.iter().map(|(name, why)| format!("{}: {why}", named(name)));
        let paragraphs = vec![
            Paragraph::Facts(vec![Fact::new("Group", named(group_name))]),
            Paragraph::List(
                Fact::new("Needs attention", format!("{count}{and_more}")),
                items.collect(),
            ),
            Paragraph::text("See what to do about each:"),
            Paragraph::Link(url.to_owned()),
            Paragraph::text(WHY_ATTENTION),
        ];
        let need = match (count, more) {
            (1, false) => "application needs",
            _ => "applications need",
        };
        let subject = format!("{} – {count}{and_more} {need} attention", BRAND.console);
        Self::new(EmailKind::AttentionDigest, to, &subject, paragraphs)
    }

    /// Lets a group user choose a password. `link` stands on a line of its own.
    pub fn first_password(to: &str, group_name: &str, link: &str, expires_at: Timestamp) -> Self {
        let paragraphs = vec![
            Paragraph::text("You can now sign in to Integration Applications:"),
            Paragraph::Facts(vec![Fact::new("Group", named(group_name))]),
            Paragraph::text("Choose a password here:"),
            Paragraph::Link(link.to_owned()),
            Paragraph::text(format!(
                "The link is valid until {} and can be used once.\n\
                  If it has expired, ask a Practice Admin of your group for a new one.",
                expires_at.for_people()
            )),
        ];
        let subject = "Integration Applications – Choose a password";
        Self::new(EmailKind::FirstPassword, to, subject, paragraphs)
    }

    /// Lets somebody who forgot a password choose a new one. `link` stands on a line of its own.
    pub fn password_reset(to: &str, place: &str, link: &str, expires_at: Timestamp) -> Self {
        let paragraphs = vec![
            Paragraph::text("You have requested a new password:"),
            Paragraph::Facts(vec![Fact::new("For", named(place))]),
            Paragraph::text("Choose it here:"),
            Paragraph::Link(link.to_owned()),
            Paragraph::text(format!(
                "The link is valid until {} and can be used once.",
                expires_at.for_people()
            )),
            Paragraph::text(
                "If you did not request this, you can ignore this e-mail. Your password has not\n\
                  changed.",
            ),
        ];
        Self::new(EmailKind::PasswordReset, to, "Choose a new password", paragraphs)
    }

    fn new(kind: EmailKind, to: &str, subject: &str, paragraphs: Vec<Paragraph>) -> Self {
        Self {
            kind,
            to: to.to_owned(),
            subject: subject.to_owned(),
            paragraphs,
        }
    }

    /// Its text, with `\n` at the end of each line.
    pub fn text(&self) -> String {
        let paragraphs = self.paragraphs.iter().map(Paragraph::plain);
        let all: Vec<_> = [GREETING.to_owned()].into_iter().chain(paragraphs).collect();
        all.join("\n\n") + "\n"
    }
}

/// Names come from users. Each stands behind a word of ours, so that none looks like a line of ours.
fn about(app_name: &str, group_name: &str) -> [Fact; 2] {
    [
        Fact::new("Application", named(app_name)),
        Fact::new("Group", named(group_name)),
    ]
}

fn about_app(what: &str, app_name: &str) -> String {
    portal_subject(&format!("{what}: {}", named(app_name)))
}

fn portal_subject(what: &str) -> String {
    format!("{} – {what}", BRAND.portal)
}

fn entity_list(entities: &[&str]) -> Paragraph {
    let first = entities.iter().take(ENTITIES_NAMED);
    let mut items: Vec<_> = first.map(|name| named(name)).collect();
    match entities.len().saturating_sub(ENTITIES_NAMED) {
        0 => {}
        more => items.push(format!("and {more} more")),
    }
    Paragraph::List(Fact::new("Entities", entities.len().to_string()), items)
}

#[cfg(test)]
mod tests;
