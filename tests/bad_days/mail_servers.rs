//! Mail servers as the installed program meets them: one that says nothing, and one that wants to know who speaks.

use super::installation::{Customer, Installation};
use crate::support::eventually::eventually;
use crate::support::mail_server::{MailServer, Manner};
use crate::support::{APPS, World};

async fn ends_in_good_order_and_gives_the_mails_back(installation: Installation) {
    let silent = MailServer::start(Manner::Silent).await;
    let process = installation.start("serve", &["--mail", &silent.url], &[]).await;
    let customer = Customer::settle(&installation, &process).await;
    for number in 0..10 {
        process
            .person(&customer.pam)
            .post(APPS, World::new_integration(&format!("Bridge {number}")))
            .await
            .expect(201);
    }
    eventually("a mail under way", async || (silent.connections() > 0).then_some(())).await;
    process.signal("TERM");
    assert_eq!(process.ended().await.code(), Some(0), "{}", process.log());
    let log = process.log();
    assert!(
        log.contains("ended") && !log.contains("did not finish in time"),
        "{log}"
    );
    let leased = "select count(*) from outbox where kind = 'invitation' and (state <> 'pending' or attempts <> 0)";
    assert_eq!(installation.number(leased).await, 0, "they are due again at once");
    let process = installation.serve().await;
    installation.mail(10, "dev@example.com").await;
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_with_mails_under_way_to_a_silent_server_ends_and_gives_them_back_on_sqlite() {
    ends_in_good_order_and_gives_the_mails_back(Installation::on_sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_with_mails_under_way_to_a_silent_server_ends_and_gives_them_back_on_postgres() {
    ends_in_good_order_and_gives_the_mails_back(Installation::on_postgres().await).await;
}

/// What a mail server is greeted with by a program that was started like this.
async fn greeting(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let installation = Installation::on_sqlite();
    let server = MailServer::start(Manner::Takes).await;
    let arguments = [&["--mail", server.url.as_str()][..], arguments].concat();
    let process = installation.start("serve", &arguments, environment).await;
    let customer = Customer::settle(&installation, &process).await;
    let pam = process.person(&customer.pam);
    pam.post(APPS, World::new_integration("Payroll")).await.expect(201);
    let greeting = eventually("greeting", async || server.greeting()).await;
    process.stop().await;
    greeting
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_servers_are_greeted_with_the_public_name_or_the_one_that_was_chosen() {
    let public = ["--public-url", "https://gate.example.com:8443"];
    assert_eq!(greeting(&[], &[]).await, "EHLO [127.0.0.1]");
    assert_eq!(greeting(&public, &[]).await, "EHLO gate.example.com");
    let chosen = [&public[..], &["--mail-helo", "mx.example.com"]].concat();
    assert_eq!(greeting(&chosen, &[]).await, "EHLO mx.example.com");
    let environment = [("GATEBOOK_MAIL_HELO", "büro.example.com")];
    assert_eq!(greeting(&public, &environment).await, "EHLO xn--bro-hoa.example.com");
}
