//! The world that people act in: a clock that is moved, a mailbox that is opened, and a server that really listens.

pub mod answer;
pub mod browser;
pub mod chromium;
pub mod database;
pub mod described;
pub mod eventually;
pub mod foreign_event;
pub mod happenings;
pub mod interrupted;
pub mod log;
pub mod log_lines;
pub mod mail_server;
pub mod mailbox;
pub mod moving_address;
pub mod node;
pub mod paths;
pub mod people;
pub mod postgres_cluster;
pub mod processes;
pub mod proxy;
pub mod quiet_road;
pub mod roles;
pub mod traces;
pub mod watched_write;
pub mod world;

pub use answer::Answer;
pub use paths::{APPS, PORTAL, app_at, id, portal_at};
pub use people::Person;
pub use world::World;

/// Runs each story once on SQLite and once on PostgreSQL.
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* $story:ident),* $(,)?) => {
        mod on_sqlite {
            $($(#[$meta])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story($crate::support::World::on_sqlite().await).await;
            })*
        }
        mod on_postgres {
            $($(#[$meta])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story($crate::support::World::on_postgres().await).await;
            })*
        }
    };
}

pub(crate) use on_both_databases;
