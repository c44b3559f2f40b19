//! Tests e-mails in a folder and with a mail server.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::mail::scripted_server::{Script, ScriptedServer};
use crate::mail::{EmailKind, Paragraph};

const SENDER: &str = "Gatebook <no-reply@gate.example.com>";
const LINK: &str = "https://gate.example.com/portal/sign-up?invite=gbi_4f9Kd82";

fn email() -> Email {
    Email {
        kind: EmailKind::Invitation,
        to: "dev@example.com".to_owned(),
        subject: "Developer Portal – Invitation".to_owned(),
        paragraphs: vec![Paragraph::Link(LINK.to_owned()), Paragraph::text(".\n123456")],
    }
}

fn date() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_795_425_300_123).unwrap()
}

fn transport(url: &str) -> Result<MailTransport, MailError> {
    MailTransport::from_url(url, Path::new("/nonexistent"), SENDER, None)
}

async fn send_to(server: &ScriptedServer, email: &Email) -> Result<(), MailError> {
    let transport = transport(&server.url()).unwrap();
    send(&transport, email, "0199-af").await
}

async fn send(transport: &MailTransport, email: &Email, id: &str) -> Result<(), MailError> {
    transport.send(email, id, date(), &TransferProgress::default()).await
}

fn email_to(recipient: &str) -> Email {
    Email {
        to: recipient.to_owned(),
        ..email()
    }
}

/// The error that an operator sees after this script.
async fn error_of(script: Script) -> MailError {
    let server = ScriptedServer::start([script]).await;
    send_to(&server, &email()).await.unwrap_err()
}

#[tokio::test]
async fn a_mail_in_a_folder_is_a_file_named_by_time_and_email_that_only_its_owner_reads() {
    let data = tempfile::tempdir().unwrap();
    let transport = MailTransport::from_url("file:", data.path(), SENDER, None).unwrap();
    for _ in 0..2 {
        send(&transport, &email(), "0199-af").await.unwrap();
    }
    let files: Vec<_> = fs::read_dir(data.path().join("mail")).unwrap().flatten().collect();
    assert_eq!(files.len(), 1, "a repeated e-mail takes the place of itself");
    assert_eq!(files[0].file_name(), "20261123T091500.123Z-0199-af.eml");
    assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let mail = fs::read_to_string(files[0].path()).unwrap();
    assert!(mail.lines().any(|line| line == LINK));
    assert!(mail.lines().any(|line| line == "123456"));
    assert!(mail.contains("Message-ID: <0199-af@gate.example.com>\r\n"));
}

#[tokio::test]
async fn a_file_that_somebody_has_put_there_to_read_along_is_not_written_into() {
    let data = tempfile::tempdir().unwrap();
    let transport = MailTransport::from_url("file:", data.path(), SENDER, None).unwrap();
    let folder = data.path().join("mail");
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let planted = folder.join(".20261123T091500.123Z-0199-af.eml.tmp");
    fs::write(&planted, "").unwrap();
    fs::set_permissions(&planted, fs::Permissions::from_mode(0o666)).unwrap();
    let read_along = File::open(&planted).unwrap();
    send(&transport, &email(), "0199-af").await.unwrap();
    assert_eq!(read_along.metadata().unwrap().len(), 0);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().flatten().collect();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn an_id_cannot_lead_out_of_the_folder() {
    let data = tempfile::tempdir().unwrap();
    let url = format!("file:{}", data.path().join("out").display());
    let transport = transport(&url).unwrap();
    send(&transport, &email(), "../../x\r\ny").await.unwrap();
    assert_eq!(fs::read_dir(data.path()).unwrap().count(), 1);
    assert_eq!(fs::read_dir(data.path().join("out")).unwrap().count(), 1);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_now_may_be_writable_later() {
    let data = tempfile::tempdir().unwrap();
    let transport = MailTransport::from_url("file:", data.path(), SENDER, None).unwrap();
    fs::remove_dir(data.path().join("mail")).unwrap();
    fs::write(data.path().join("mail"), "in the way").unwrap();
    let error = send(&transport, &email(), "1").await.unwrap_err();
    assert!(!error.is_permanent());
}

#[test]
fn a_url_names_a_folder_or_a_mail_server_and_nothing_else() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().display();
    for good in [
        format!("file:{path}/a"),
        format!("file://{path}/b"),
        "smtp://127.0.0.1:2525".to_owned(),
        "smtp://user:p%40ss@mail.example.com:587?tls=required".to_owned(),
        "smtp://mail.example.com?tls=opportunistic".to_owned(),
        "smtps://user:pass@mail.example.com".to_owned(),
    ] {
        assert!(transport(&good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "mail.example.com",
        "http://mail.example.com",
        "file://host/folder",
        "smtp://user@mail.example.com",
        "smtp://mail.example.com?tls=perhaps",
        "file:/proc/nothing/here",
        "smtps://mail.example.com?tls=required",
        "smtp://",
        "smtp://mail.example.com/gate.example.com",
        // The password could be read on the way.
        "smtp://user:pass@mail.example.com",
        "smtp://user:pass@mail.example.com?tls=opportunistic",
    ] {
        assert!(matches!(transport(bad), Err(MailError::BadUrl(_))), "{bad}");
    }
    let nobody = MailTransport::from_url("smtp://localhost", data.path(), "nobody", None);
    assert_eq!(nobody.err(), Some(MailError::BadSender));
}

#[test]
fn a_url_that_cannot_be_used_is_not_repeated_with_its_password() {
    let error = transport("smtp://user:s3cret@mail.example.com?tls=perhaps")
        .err()
        .unwrap();
    assert!(!error.to_string().contains("s3cret"));
}

#[tokio::test]
async fn a_mail_server_gets_the_email_as_it_was_written() {
    let mut server = ScriptedServer::start([]).await;
    send_to(&server, &email()).await.unwrap();
    let mail = server.mails.recv().await.unwrap();
    for line in [LINK, "123456", ".", "To: dev@example.com"] {
        assert!(mail.lines().any(|other| other == line), "{line}");
    }
}

#[tokio::test]
async fn a_mail_that_was_taken_is_sent_even_when_the_server_hangs_up_then() {
    let server = ScriptedServer::start([Script::AcceptAndHangUp]).await;
    assert_eq!(send_to(&server, &email()).await, Ok(()));
}

#[tokio::test]
async fn what_the_server_refuses_for_now_may_be_tried_again() {
    for script in [
        Script::Mail("451 4.3.0 try later"),
        Script::Recipient("450 4.2.1 greylisted"),
        Script::HangUp,
    ] {
        assert!(!error_of(script).await.is_permanent());
    }
}

#[tokio::test]
async fn what_the_server_refuses_for_good_is_permanent() {
    for script in [Script::Mail("554 5.6.0 no"), Script::Recipient("550 5.1.1 nobody here")] {
        assert!(error_of(script).await.is_permanent());
    }
    let error = error_of(Script::Recipient("550 5.1.1 nobody here")).await;
    assert_eq!(error.to_string(), "permanent error (550): 5.1.1 nobody here");
}

#[tokio::test]
async fn a_server_that_does_not_know_our_password_says_nothing_about_the_email() {
    let server = ScriptedServer::start([Script::Login("535 5.7.8 wrong")]).await;
    let url = format!("smtp://user:s3cret@{}", server.address);
    let transport = transport(&url).unwrap();
    let error = send(&transport, &email(), "1").await.unwrap_err();
    assert!(!error.is_permanent());
    assert!(!error.to_string().contains("s3cret"));
}

#[tokio::test]
async fn a_server_that_is_away_may_be_back_later() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    drop(listener);
    let sent = send(&transport(&url).unwrap(), &email(), "1").await;
    assert!(!sent.unwrap_err().is_permanent());
}

#[tokio::test]
async fn a_server_for_ascii_only_gets_an_encoded_mail() {
    let mut server = ScriptedServer::start([Script::AcceptAscii, Script::AcceptAscii]).await;
    let mut email = email();
    email.paragraphs.push(Paragraph::text("Café"));
    send_to(&server, &email).await.unwrap();
    assert!(server.mails.recv().await.unwrap().contains("Caf=C3=A9"));
}

#[tokio::test]
async fn whatever_a_server_is_silent_about_an_email_has_to_be_done_in_time() {
    let second = Duration::from_secs(1);
    for (script, limit) in [
        // Without a greeting there is no need to be as patient as with an e-mail.
        (Script::Silent, Duration::from_secs(15)),
        (Script::SilentFor("dev@example.com"), SEND_TIMEOUT),
        (Script::SilentAboutMail, SEND_TIMEOUT),
    ] {
        let server = ScriptedServer::always(script).await;
        let begun = tokio::time::Instant::now();
        let transport = transport(&server.url()).unwrap();
        let sending = tokio::spawn(async move { send(&transport, &email(), "0199-af").await });
        server.has_fallen_silent().await;
        // From now on there is nothing to wait for but timers, and time jumps to the next of them.
        tokio::time::pause();
        let error = sending.await.unwrap().unwrap_err();
        let took = begun.elapsed();
        tokio::time::resume();
        assert_eq!(
            error,
            MailError::Transient("the mail server did not answer in time".to_owned())
        );
        assert!((limit..limit + second).contains(&took), "{took:?}");
    }
}

#[tokio::test]
async fn emails_go_over_one_connection_one_after_the_other() {
    let mut server = ScriptedServer::start([]).await;
    let transport = transport(&server.url()).unwrap();
    for id in ["1", "2", "3"] {
        send(&transport, &email(), id).await.unwrap();
    }
    assert_eq!((server.message_ids().len(), server.connections()), (3, 1));
    transport.close().await;
    assert_eq!(server.heard("QUIT").len(), 1, "it is said goodbye");
}

#[tokio::test]
async fn a_recipient_that_is_refused_costs_the_next_email_neither_its_connection_nor_its_way() {
    let server = ScriptedServer::start([Script::Recipient("550 5.1.1 nobody here")]).await;
    let transport = transport(&server.url()).unwrap();
    let error = send(&transport, &email(), "1").await.unwrap_err();
    assert!(error.is_permanent(), "{error}");
    send(&transport, &email(), "2").await.unwrap();
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn an_email_for_which_a_kept_connection_is_no_longer_good_takes_a_new_one() {
    for (script, connections) in [
        // The server hung up after the last e-mail, is closing, or accepts no more e-mails on this connection.
        (Script::AcceptAndHangUp, 2),
        (Script::Sender("421 4.4.2 idle for too long"), 2),
        (Script::Sender("452 4.5.3 too many e-mails"), 2),
        (Script::Recipient("421 4.7.0 going down"), 2),
    ] {
        let scripts = match script {
            Script::AcceptAndHangUp => vec![script],
            _ => vec![Script::Accept, script],
        };
        let mut server = ScriptedServer::start(scripts).await;
        let transport = transport(&server.url()).unwrap();
        for id in ["1", "2"] {
            send(&transport, &email(), id).await.unwrap();
        }
        assert_eq!((server.message_ids().len(), server.connections()), (2, connections));
    }
}

#[tokio::test]
async fn an_email_whose_content_may_have_arrived_is_not_sent_a_second_time_at_once() {
    let mut server = ScriptedServer::start([Script::Accept, Script::HangUp]).await;
    let transport = transport(&server.url()).unwrap();
    send(&transport, &email(), "1").await.unwrap();
    let error = send(&transport, &email(), "2").await.unwrap_err();
    assert!(!error.is_permanent(), "{error}");
    assert_eq!((server.message_ids().len(), server.connections()), (2, 1));
}

#[tokio::test]
async fn servers_are_greeted_by_the_name_that_was_chosen() {
    for (name, greeting) in [
        ("gate.example.com", "EHLO gate.example.com"),
        ("192.0.2.7", "EHLO [192.0.2.7]"),
    ] {
        let server = ScriptedServer::start([]).await;
        let transport = transport(&server.url()).unwrap().greeting_as(name).unwrap();
        send(&transport, &email(), "1").await.unwrap();
        assert_eq!(server.heard("EHLO"), [greeting]);
    }
    let transport = transport("smtp://localhost").unwrap();
    let refused = transport.greeting_as("no name").err();
    assert_eq!(refused, Some(MailError::BadHelo("no name".to_owned())));
}

#[tokio::test]
async fn an_international_domain_goes_out_in_ascii_on_the_envelope_and_in_the_email() {
    let mut server = ScriptedServer::start([]).await;
    send_to(&server, &email_to("dev@münchen.example.com")).await.unwrap();
    let rcpt = server.heard("RCPT");
    assert_eq!(rcpt, ["RCPT TO:<dev@xn--mnchen-3ya.example.com>"]);
    let mail = server.mails.recv().await.unwrap();
    assert!(
        mail.lines().any(|line| line == "To: dev@xn--mnchen-3ya.example.com"),
        "{mail}"
    );
}

#[tokio::test]
async fn an_address_beyond_ascii_is_given_up_at_a_server_that_does_not_know_such_and_taken_by_one_that_does() {
    let email = email_to("dév@example.com");
    let server = ScriptedServer::start([]).await;
    let error = send_to(&server, &email).await.unwrap_err();
    assert!(
        matches!(&error, MailError::Permanent { failure: DeliveryFailure::AddressUnsupported, reason } if reason.contains("SMTPUTF8")),
        "{error:?}"
    );
    assert!(server.heard("MAIL").is_empty());
    let mut server = ScriptedServer::start([Script::AcceptUtf8]).await;
    send_to(&server, &email).await.unwrap();
    assert!(server.heard("MAIL")[0].contains("SMTPUTF8"));
    assert!(server.mails.recv().await.unwrap().contains("To: dév@example.com\r\n"));
}

#[tokio::test]
async fn an_address_that_no_mail_can_reach_is_a_permanent_problem_and_is_not_repeated() {
    let server = ScriptedServer::start([]).await;
    for address in ["nobody", "a@b.com\r\nBcc: c@d.com", "Dev <dev@example.com>"] {
        let error = send_to(&server, &email_to(address)).await.unwrap_err();
        assert!(error.is_permanent());
        assert!(!error.to_string().contains(address));
    }
}

#[tokio::test]
async fn a_server_that_refuses_us_says_nothing_about_the_email() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"554 5.7.1 not you\r\n")
            .await
            .unwrap();
    });
    let error = send(&transport(&url).unwrap(), &email(), "1").await.unwrap_err();
    assert!(!error.is_permanent(), "{error}");
    assert!(error.to_string().contains("not you"), "{error}");
}

#[tokio::test]
async fn a_server_that_repeats_the_email_does_not_make_us_repeat_it() {
    let script = Script::Mail(
        "554 5.7.1 <dev@example.com> mail with (123456) and \
         <https://gate.example.com/portal/sign-up?invite=gbi_4f9Kd82> or invite=gbi_4f9Kd82 is spam",
    );
    let error = error_of(script).await.to_string();
    assert_eq!(
        error,
        "permanent error (554): 5.7.1 <dev@example.com> mail with [...] and [...] or [...] is spam"
    );
}

/// Sends the e-mail to a server that uses TLS with this certificate.
async fn send_privately(url: &str, certificate: &str) -> Result<(), MailError> {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, certificate).unwrap();
    let transport = MailTransport::from_url(url, folder.path(), SENDER, Some(&ca))?;
    send(&transport, &email(), "0199-af").await
}

fn url(scheme: &str, user: &str, server: &ScriptedServer, rest: &str) -> String {
    let (_, port) = server.address.rsplit_once(':').unwrap();
    format!("{scheme}://{user}localhost:{port}{rest}")
}

const KNOWN: Script = Script::Password("gatebook", "p@ss word");

#[tokio::test]
async fn over_starttls_with_a_password_a_mail_is_taken() {
    let (mut server, certificate) = ScriptedServer::with_starttls(KNOWN).await;
    let url = url("smtp", "gatebook:p%40ss%20word@", &server, "?tls=required");
    send_privately(&url, &certificate).await.unwrap();
    assert!(server.mails.recv().await.unwrap().contains(LINK));
}

#[tokio::test]
async fn over_tls_from_the_first_byte_with_a_password_a_mail_is_taken() {
    let (mut server, certificate) = ScriptedServer::with_tls(KNOWN).await;
    let url = url("smtps", "gatebook:p%40ss%20word@", &server, "");
    send_privately(&url, &certificate).await.unwrap();
    assert!(server.mails.recv().await.unwrap().contains(LINK));
}

#[tokio::test]
async fn a_wrong_password_is_a_problem_that_an_operator_can_mend() {
    let (server, certificate) = ScriptedServer::with_tls(KNOWN).await;
    let error = send_privately(&url("smtps", "gatebook:wrong@", &server, ""), &certificate).await;
    let error = error.unwrap_err();
    assert!(!error.is_permanent() && !error.to_string().contains("wrong"), "{error}");
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_gets_nothing() {
    let (server, _) = ScriptedServer::with_tls(Script::Accept).await;
    let transport = transport(&url("smtps", "", &server, "")).unwrap();
    let error = send(&transport, &email(), "1").await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[tokio::test]
async fn a_server_without_tls_gets_nothing_where_tls_is_required() {
    let mut server = ScriptedServer::start([]).await;
    let transport = transport(&url("smtp", "", &server, "?tls=required")).unwrap();
    send(&transport, &email(), "1").await.unwrap_err();
    assert!(server.message_ids().is_empty());
}

#[test]
fn authorities_that_cannot_be_read_are_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let error = MailTransport::from_url("smtps://localhost", folder.path(), SENDER, Some(&ca)).err();
    assert!(matches!(error, Some(MailError::BadAuthorities(_))), "{error:?}");
    fs::write(&ca, "no certificate").unwrap();
    let error = MailTransport::from_url("smtps://localhost", folder.path(), SENDER, Some(&ca)).err();
    assert!(matches!(error, Some(MailError::BadAuthorities(_))), "{error:?}");
}
