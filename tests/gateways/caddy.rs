//! Caddy with `forward_auth`.

use std::process::Command;

use super::place::Place;
use super::private_proxy::{PrivateProxy, Site, shipped, written};
use super::story::{Manner, whole_story};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caddy_lets_through_what_gatebook_allows_and_nothing_else() {
    let place = Place::guarded().await;
    let caddy = PrivateProxy::start(&place, command).await;
    let manner = Manner {
        reasons: true,
        away: 503,
        retry_after: "7",
        application: "x-app-id",
    };
    whole_story(place, &caddy, &manner).await;
}

fn command(site: &Site) -> Command {
    let port = site.listen.trim_start_matches("127.0.0.1:");
    let configuration = shipped(
        "caddy/Caddyfile",
        &[
            ("http://:8088 {", &format!("http://:{port} {{")),
            ("127.0.0.1:8080", &site.gatebook),
            ("127.0.0.1:8081", &site.service),
        ],
    );
    let configuration = written(site, "Caddyfile", &configuration);
    let mut command = Command::new("/usr/bin/caddy");
    command
        .args(["run", "--config", &configuration, "--adapter", "caddyfile"])
        .env("GATEBOOK_GATEWAY_BASIC", &site.basic)
        .env("XDG_DATA_HOME", &site.folder)
        .env("XDG_CONFIG_HOME", &site.folder);
    command
}
