//! What was refused, as it stands in the log, and how it gets there.

use gatebook::application::{Caller, Failure, Gatebook, PortalClient, SignInForm, Who};
use gatebook::throttle::ACCOUNT_BURST;
use gatebook_projections::sql::{self, Query};
use serde_json::Value;

use crate::support::World;
use crate::support::log::Row;

pub const LOG: &str = "/api/v1/activity-log";
pub const WRONG: &str = "wrong horse battery staple";

/// The lines about what was refused, as they stand in a log.
pub async fn refused(world: &World, admin: &crate::support::Person, path: &str) -> Vec<Row> {
    world.gatebook.write_refusals(false).await;
    let mut rows = admin.csv(path).await;
    rows.retain(|row| row["summary"].contains("refused "));
    rows
}

pub fn message(rows: &[Row]) -> Vec<(&str, &str)> {
    rows.iter()
        .map(|row| (row["event"].as_str(), row["summary"].as_str()))
        .collect()
}

/// Somebody at this address who has not said who they are.
pub fn stranger() -> Caller {
    Caller {
        ip_address: "192.0.2.66".to_owned(),
        ..Caller::command_line("r-1".to_owned()).with(Who::Nobody)
    }
}

/// As many wrong passwords as are looked at, and one more.
pub const TOO_MANY: usize = ACCOUNT_BURST as usize + 1;

/// Tries to log in to the portal until nobody looks at the password any more.
pub async fn logs_in_too_often(gatebook: &Gatebook, email: &str) {
    for number in 1..=TOO_MANY {
        let log_in = gatebook
            .log_in(&stranger(), PortalClient::Pages, email, WRONG, "")
            .await;
        let too_many = matches!(log_in, Err(Failure::TooManyRequests { .. }));
        assert_eq!(too_many, number == TOO_MANY, "{number}");
    }
}

/// The payloads of what was refused in the streams whose id begins so.
pub async fn refused_in(world: &World, stream: &str) -> Vec<Value> {
    world.gatebook.write_refusals(false).await;
    let sql = format!(
        "select cast(payload as text) from events where aggregate_type = 'RefusedAttempts' \
         and aggregate_id like '{stream}%' order by position"
    );
    let rows = world.database().rows(Query::new(sql, [])).await.unwrap();
    let texts = rows.into_iter().flatten().map(|value| match value {
        sql::Value::Text(text) => serde_json::from_str(&text).unwrap(),
        other => panic!("{other:?}"),
    });
    texts.collect()
}

pub async fn tries_to_sign_in(world: &World, email: &str, password: &str) {
    let form = SignInForm {
        email: email.to_owned(),
        password: password.to_owned(),
        group_id: None,
        device: String::new(),
    };
    assert!(world.gatebook.sign_in(&stranger(), &form).await.is_err());
}
