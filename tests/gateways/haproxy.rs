//! HAProxy with our own Lua over its HTTP client.

use std::process::Command;

use super::place::Place;
use super::private_proxy::{PrivateProxy, Site, shipped, written};
use super::story::{Manner, whole_story};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_lets_through_what_gatebook_allows_and_nothing_else() {
    let place = Place::guarded().await;
    let haproxy = PrivateProxy::start(&place, command).await;
    let manner = Manner {
        reasons: true,
        away: 503,
        retry_after: "7",
        application: "x-app-id",
    };
    whole_story(place, &haproxy, &manner).await;
}

fn command(site: &Site) -> Command {
    let lua = written(site, "gatebook.lua", &shipped("haproxy/gatebook.lua", &[]));
    let configuration = shipped(
        "haproxy/haproxy.cfg",
        &[
            ("127.0.0.1:8088", &site.listen),
            ("127.0.0.1:8081", &site.service),
            ("/etc/haproxy/gatebook.lua", &lua),
        ],
    );
    let configuration = written(site, "haproxy.cfg", &configuration);
    let mut command = Command::new("/usr/sbin/haproxy");
    command
        .args(["-db", "-f", &configuration])
        .env("GATEBOOK_URL", format!("http://{}", site.gatebook))
        .env("GATEBOOK_GATEWAY_BASIC", &site.basic);
    command
}
