//! A part of the program dies, as by a bug: the program ends, and says so, instead of going on without it. And a client that
//! says nothing keeps no connection.

use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use super::installation::{Customer, Installation};
use crate::support::{APPS, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_whose_writer_died_ends_with_an_error_so_that_it_is_started_again() {
    let installation = Installation::on_sqlite();
    let fault = installation.folder().join("now");
    let environment = [
        ("GATEBOOK_FAULT", "panic:read"),
        ("GATEBOOK_FAULT_FILE", fault.to_str().unwrap()),
    ];
    let process = installation.start("serve", &[], &environment).await;
    let customer = Customer::settle(&installation, &process).await;
    std::fs::write(&fault, "").unwrap();
    let form = World::new_integration("Payroll Bridge");
    process
        .person(&customer.pam)
        .post(APPS, form.clone())
        .await
        .refused(503, "unavailable");
    assert_eq!(process.ended().await.code(), Some(1), "{}", process.log());
    assert!(process.log().contains("the writer has died"), "{}", process.log());
    let process = installation.serve().await;
    process.person(&customer.pam).post(APPS, form).await.expect(201);
    process.stop().await;
    installation.holds_together();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_on_which_nobody_says_anything_is_closed_after_a_while() {
    let installation = Installation::on_sqlite();
    let process = installation.start("serve", &["--idle-seconds", "1"], &[]).await;
    let mut silent = TcpStream::connect(process.base_url.strip_prefix("http://").unwrap()).unwrap();
    silent.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let heard = tokio::task::block_in_place(|| silent.read_to_end(&mut Vec::new()));
    assert!(heard.is_ok(), "it is open still: {heard:?}");
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_is_older_than_its_database_refuses_to_start_and_to_rebuild() {
    for installation in [Installation::on_sqlite(), Installation::on_postgres().await] {
        installation.serve().await.stop().await;
        let database = installation.database().await;
        let mut transaction = database.begin(gatebook::store::ConnectionPurpose::Write).await.unwrap();
        let newer = "update projections set fold_version = fold_version + 1 where name = 'groups'";
        transaction.script(newer).await.unwrap();
        transaction.commit().await.unwrap();
        let rows = database
            .rows(gatebook_projections::sql::Query::new(
                "select generation from projections",
                [],
            ))
            .await;
        for arguments in [
            &["serve", "--listen", "127.0.0.1:0"][..],
            &["migrate"],
            &["projections", "rebuild", "groups"],
            &["projections", "rebuild", "groups", "--fresh"],
        ] {
            let finished = installation.run(arguments);
            assert_eq!(finished.code, Some(1), "{finished:#?}");
            assert!(finished.err.contains("newer version of this program"), "{finished:#?}");
        }
        let after = database
            .rows(gatebook_projections::sql::Query::new(
                "select generation from projections",
                [],
            ))
            .await;
        assert_eq!(after.unwrap(), rows.unwrap());
    }
}
