use super::*;

const LINK: &str = "https://gate.example.com/portal/sign-up?invite=gbi_4f9";

fn invitation(app_name: &str, group_name: &str) -> Email {
    let expires_at = Timestamp::parse("2026-11-26T09:15:00.000Z").unwrap();
    Email::invitation("dev@example.com", app_name, group_name, LINK, expires_at)
}

/// One e-mail of each kind.
fn all(app: &str, group: &str) -> Vec<Email> {
    let (to, url) = ("dev@example.com", "https://gate.example.com/portal");
    let ending = Ending {
        app_name: app,
        group_name: group,
        ends_at: Timestamp::parse("2026-11-26T09:15:00.000Z").unwrap(),
        url,
    };
    vec![
        invitation(app, group),
        Email::verification_code(to, "042137", 10),
        Email::application_assigned(to, app, group, url),
        Email::otp_reset(to, app, group, url),
        Email::access_revoked(to, app, group),
        Email::application_revoked(to, app, group),
        Email::client_secret_ending(&ending, "gbs_4f9"),
        Email::client_secret_ending_for_admins(&ending, "gbs_4f9", true),
        Email::application_ending(&ending),
        Email::application_ending_for_admins(&ending),
        Email::aiq_integrate_requested(to, app, group, "acme", "0199", "payroll", "HR", group, &[app, "B"]),
        Email::otp_locked(to, app, group, url),
        Email::attention_digest(to, group, &[(app, "OTP locked".to_owned())], false, url),
        Email::first_password(to, group, LINK, Timestamp::parse("2026-11-26T09:15:00.000Z").unwrap()),
        Email::password_reset(to, group, LINK, Timestamp::parse("2026-11-26T09:15:00.000Z").unwrap()),
    ]
}

#[test]
fn the_list_of_all_emails_has_one_of_each_kind() {
    let all = all("Payroll Bridge", "Acme Ltd");
    let kinds: Vec<_> = all.iter().map(|email| email.kind).collect();
    assert_eq!(kinds, EmailKind::VARIANTS);
}

#[test]
fn r18_an_invitation_holds_its_link_on_a_line_of_its_own_and_says_until_when() {
    let email = invitation("Payroll Bridge", "Acme Ltd");
    assert_eq!(email.subject, "Developer Portal – Invitation");
    assert!(email.text().lines().any(|line| line == LINK));
    assert!(email.text().contains("until 26 November 2026, 09:15 UTC"));
    assert!(email.text().contains("Application: Payroll Bridge\nGroup: Acme Ltd\n"));
}

#[test]
fn r13_emails_about_an_otp_say_that_it_comes_by_another_channel() {
    let emails = all("Payroll Bridge", "Acme Ltd");
    for email in [&emails[0], &emails[2], &emails[3]] {
        assert!(email.text().contains("another channel"), "{:?}", email.kind);
    }
}

#[test]
fn r19_a_code_stands_on_a_line_of_its_own_and_not_in_the_subject() {
    let email = Email::verification_code("dev@example.com", "042137", 10);
    assert!(email.text().lines().any(|line| line == "042137"));
    assert!(email.text().contains("valid for 10 minutes"));
    assert!(!email.subject.contains("042137"));
}

#[test]
fn r12_the_team_learns_who_asked_for_what() {
    let email = &all("Payroll Bridge", "Acme Ltd")[10];
    for line in [
        "Application: Payroll Bridge",
        "Application id: 0199",
        "Type: payroll",
        "Category: HR",
        "Group: Acme Ltd",
        "Group id: acme",
        "Requested by: Acme Ltd",
        "Entities: 2",
        "- B",
    ] {
        assert!(email.text().lines().any(|other| other == line), "{line}");
    }
}

#[test]
fn r12_a_long_list_of_entities_is_counted_in_the_end() {
    let names: Vec<&str> = std::iter::repeat_n("Acme", ENTITIES_NAMED + 3).collect();
    let list = entity_list(&names).plain();
    assert!(list.starts_with("Entities: 203\n- Acme\n"));
    assert!(list.ends_with("\n- and 3 more"));
    assert!(!entity_list(&names[..ENTITIES_NAMED]).plain().contains("more"));
}

#[test]
fn a_name_cannot_fake_a_line_or_a_header() {
    let usual = all("Payroll Bridge", "Acme Ltd");
    let evil = "X\r\n\r\nBcc: all@example.com\u{85}123456\u{2028}\u{202E}http://evil.example/";
    for (email, usual) in all(evil, evil).iter().zip(usual) {
        assert_eq!(email.text().lines().count(), usual.text().lines().count());
        assert!(!email.text().contains(['\r', '\u{85}', '\u{2028}', '\u{202E}']));
        assert!(!email.subject.contains(char::is_control));
        let begins = |line: &str| line.starts_with("Bcc") || line.starts_with("http://evil");
        assert!(!email.text().lines().any(begins), "{:?}", email.kind);
    }
}

#[test]
fn no_mail_program_makes_a_link_of_a_name() {
    for (evil, parted) in [
        ("https://evil.example/verify", "https: //evil. example/verify"),
        ("www.evil.example", "www. evil. example"),
        ("Write to dev@evil.example", "Write to dev@evil. example"),
    ] {
        for email in all(evil, evil) {
            let message = format!("{}\n{}", email.subject, email.text());
            assert!(!message.contains("evil.example"), "{message}");
            assert!(!message.contains(evil), "{message}");
        }
        assert_eq!(named(evil), parted);
    }
}

#[test]
fn a_kind_is_one_word_in_the_table_and_is_found_again_by_it() {
    for email in all("A", "B") {
        let word: &'static str = email.kind.into();
        assert_eq!(word.parse(), Ok(email.kind));
    }
    assert_eq!(<&str>::from(EmailKind::OtpReset), "otp_reset");
}
