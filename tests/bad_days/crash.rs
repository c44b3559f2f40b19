//! `kill -9` between any two steps of a command: after the next start there is everything of it, or nothing.

use reqwest::Method;
use serde_json::{Value, json};

use super::installation::{Customer, Installation, Process, sent, word};
use crate::support::eventually::eventually;
use crate::support::{APPS, Person, World};

/// What a restart finds of a command that was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StoredRows {
    Everything,
    Nothing,
}
use StoredRows::{Everything, Nothing};

/// Each point of the writer at which the process can die, as a test on both databases.
macro_rules! killed {
    ($story:ident { $($name:ident: $point:literal => $stored:expr,)* }) => {
        mod on_sqlite {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $story(Installation::on_sqlite(), $point, $stored).await;
            })*
        }
        mod on_postgres {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $story(Installation::on_postgres().await, $point, $stored).await;
            })*
        }
    };
}

mod a_creation {
    use super::*;

    killed!(killed_creation {
        killed_when_its_transaction_has_begun_leaves_nothing: "begun" => Nothing,
        killed_when_it_has_read_the_log_leaves_nothing: "read" => Nothing,
        killed_when_its_events_are_written_leaves_nothing: "events_written" => Nothing,
        killed_when_its_rows_are_written_leaves_nothing: "rows_written" => Nothing,
        killed_when_its_name_is_written_leaves_nothing: "names_written" => Nothing,
        killed_when_its_emails_are_written_leaves_nothing: "emails_written" => Nothing,
        killed_before_its_commit_leaves_nothing: "before_commit" => Nothing,
        killed_after_its_commit_is_there_and_a_repeat_answers_like_the_first: "after_commit" => Everything,
    });
}

mod a_sign_up {
    use super::*;

    killed!(killed_sign_up {
        killed_when_its_events_are_written_can_be_done_again_with_the_same_code: "events_written" => Nothing,
        killed_before_its_commit_can_be_done_again_with_the_same_code: "before_commit" => Nothing,
        killed_after_its_commit_is_done: "after_commit" => Everything,
    });
}

/// The tables that a command writes to, counted.
#[derive(Debug, PartialEq, Eq)]
struct Traces {
    head: i64,
    events: i64,
    rows: i64,
    names: i64,
    keys: i64,
    emails: i64,
    passwords: i64,
}

impl Traces {
    async fn of(installation: &Installation) -> Self {
        let count = async |sql: &str| installation.number(sql).await;
        Self {
            head: count("select position from log_head").await,
            events: count("select count(*) from events").await,
            rows: count(
                "select (select count(*) from app_list) + (select count(*) from portal_apps) \
                 + (select count(*) from token_gate) + (select count(*) from developers)",
            )
            .await,
            names: count("select count(*) from reservations").await,
            keys: count("select count(*) from idempotency_keys").await,
            emails: count("select count(*) from outbox").await,
            passwords: count("select count(*) from credentials where kind = 'developer_password'").await,
        }
    }
}

async fn killed_creation(installation: Installation, point: &str, stored: StoredRows) {
    let (process, fault) = mortal(&installation, point).await;
    let customer = Customer::settle(&installation, &process).await;
    let before = Traces::of(&installation).await;
    let (form, key) = (World::new_integration("Payroll Bridge"), [("idempotency-key", "k1")]);

    std::fs::write(&fault, "").unwrap();
    let answer = sent(&process.person(&customer.pam), Method::POST, APPS, &form, &key).await;
    assert!(answer.is_none(), "{answer:?}");
    assert_eq!(
        process.ended().await.code(),
        None,
        "it was to die, not to end: {}",
        process.log()
    );

    let process = installation.serve().await;
    let pam = process.person(&customer.pam);
    let whole = Traces {
        head: before.head + 2,
        events: before.events + 2,
        rows: before.rows + 3,
        names: before.names + 2,
        keys: before.keys + 1,
        emails: before.emails + 1,
        passwords: 0,
    };
    let expected = if stored == Everything { &whole } else { &before };
    assert_eq!(Traces::of(&installation).await, *expected);
    assert_eq!(
        names(&pam).await,
        vec!["Payroll Bridge"; usize::from(stored == Everything)]
    );
    installation.holds_together();

    let created = pam
        .send(Method::POST, APPS, Some(form.clone()), &key)
        .await
        .expect(201)
        .json();
    assert_eq!(word(&created["verification"], "otp").len(), 9);
    assert_eq!(
        Traces::of(&installation).await,
        whole,
        "the repeat makes it whole, once"
    );
    let again = pam.send(Method::POST, APPS, Some(form), &key).await.expect(201).json();
    assert_eq!(again, created);
    let other_case = World::new_integration("payroll BRIDGE");
    pam.post(APPS, other_case).await.refused(409, "name_taken");
    assert_eq!(names(&pam).await, ["Payroll Bridge"]);
    installation.mail(1, "dev@example.com").await;
    assert_eq!(installation.mails().len(), 1, "one invitation");
    installation.holds_together();
    process.stop().await;
}

async fn killed_sign_up(installation: Installation, point: &str, stored: StoredRows) {
    let (process, fault) = mortal(&installation, point).await;
    let customer = Customer::settle(&installation, &process).await;
    let form = World::new_integration("Payroll Bridge");
    process.person(&customer.pam).post(APPS, form).await.expect(201);
    let form = sign_up_form(&installation, &process).await;
    // Until the outbox has noted that both mails are gone, it has something to write.
    let open = "select count(*) from outbox where state = 'pending'";
    eventually("empty outbox", async || {
        (installation.number(open).await == 0).then_some(())
    })
    .await;
    let before = Traces::of(&installation).await;

    std::fs::write(&fault, "").unwrap();
    let answer = sent(&process.anybody(), Method::POST, "/portal/api/v1/sign-up", &form, &[]).await;
    assert!(answer.is_none(), "{answer:?}");
    assert_eq!(
        process.ended().await.code(),
        None,
        "it was to die, not to end: {}",
        process.log()
    );

    let process = installation.serve().await;
    let whole = Traces {
        head: before.head + 2,
        events: before.events + 2,
        rows: before.rows + 1,
        names: before.names + 1,
        passwords: 1,
        ..Traces {
            keys: before.keys,
            emails: before.emails,
            ..before
        }
    };
    let expected = if stored == Everything { &whole } else { &before };
    assert_eq!(Traces::of(&installation).await, *expected);
    let again = process.anybody().post("/portal/api/v1/sign-up", form).await;
    match stored {
        Nothing => drop(again.expect(201)),
        // R18: the link has been used; what the first answer would have said, the log-in shows.
        Everything => drop(again.refused(404, "invite_unknown")),
    }
    assert_eq!(Traces::of(&installation).await, whole);
    let log_in = json!({"email": "dev@example.com", "password": crate::support::world::PASSWORD});
    process
        .anybody()
        .post("/portal/api/v1/session", log_in)
        .await
        .expect(200);
    installation.holds_together();
    process.stop().await;
}

/// A process that dies at a point as soon as there is a certain file.
async fn mortal(installation: &Installation, point: &str) -> (Process, std::path::PathBuf) {
    let fault = installation.folder().join("now");
    let environment = [
        ("GATEBOOK_FAULT", point),
        ("GATEBOOK_FAULT_FILE", fault.to_str().unwrap()),
    ];
    (installation.start("serve", &[], &environment).await, fault)
}

/// The invited developer asks for a code, and fills in the form.
pub async fn sign_up_form(installation: &Installation, process: &Process) -> Value {
    let invite_token = installation.mail(1, "dev@example.com").await.invite_token();
    let asked = json!({"invite_token": invite_token});
    process
        .anybody()
        .post("/portal/api/v1/sign-up/code", asked)
        .await
        .expect(202);
    let code = installation.mail(2, "dev@example.com").await.code();
    let password = crate::support::world::PASSWORD;
    json!({"invite_token": invite_token, "code": code, "full_name": "Dev Eloper", "password": password})
}

/// The names of all applications.
async fn names(pam: &Person) -> Vec<String> {
    let page = pam.get(APPS).await.expect(200).json();
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|app| word(app, "name"))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_before_a_kill_under_load_is_there_after_it_on_sqlite() {
    kills_under_load(Installation::on_sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_before_a_kill_under_load_is_there_after_it_on_postgres() {
    kills_under_load(Installation::on_postgres().await).await;
}

const APPS_STORED: &str = "select count(*) from app_list";

/// Eight callers create while the process is killed; then whole sets are counted.
async fn kills_under_load(installation: Installation) {
    let process = installation.serve().await;
    let customer = Customer::settle(&installation, &process).await;
    process.stop().await;
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        let process = installation.serve().await;
        let callers: Vec<_> = (0..8)
            .map(|caller| tokio::spawn(create_until_cut_off(process.person(&customer.pam), round, caller)))
            .collect();
        let enough = acknowledged.len() as i64 + 10;
        eventually("load", async || {
            (installation.number(APPS_STORED).await > enough).then_some(())
        })
        .await;
        process.kill().await;
        for caller in callers {
            acknowledged.extend(caller.await.unwrap());
        }
    }
    let process = installation.serve().await;
    let stored = installation.number(APPS_STORED).await;
    assert!(
        stored >= acknowledged.len() as i64,
        "{stored} of {} are there",
        acknowledged.len()
    );
    for id in &acknowledged {
        process
            .person(&customer.pam)
            .get(&format!("{APPS}/{id}"))
            .await
            .expect(200);
    }
    for (what, count) in [
        (
            "creations",
            "select count(*) from events where event_type = 'NewIntegrationCreated'",
        ),
        (
            "invitations",
            "select count(*) from events where event_type = 'DeveloperInvited'",
        ),
        ("outbox", "select count(*) from outbox where kind = 'invitation'"),
        ("names", "select count(*) from reservations where key like 'app_name:%'"),
        ("keys", "select count(*) from idempotency_keys"),
    ] {
        assert_eq!(installation.number(count).await, stored, "{what}");
    }
    installation.holds_together();
    process.stop().await;
}

/// Creates one application after the other; the ids of those that were acknowledged.
async fn create_until_cut_off(pam: Person, round: usize, caller: usize) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for number in 0.. {
        let name = format!("Bridge {round} {caller} {number}");
        let key = name.replace(' ', "-");
        let key = [("idempotency-key", key.as_str())];
        match sent(&pam, Method::POST, APPS, &World::new_integration(&name), &key).await {
            Some(answer) => acknowledged.push(word(&answer.expect(201).json(), "id")),
            None => break,
        }
    }
    acknowledged
}
