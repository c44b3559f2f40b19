//! A mail server that takes connections and says nothing.

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
    assert!(log.contains("ended") && !log.contains("did not end in time"), "{log}");
    let leased = "select count(*) from letters where kind = 'invitation' and (state <> 'pending' or attempts <> 0)";
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
