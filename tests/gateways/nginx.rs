//! nginx with `auth_request`.

use std::process::Command;

use super::place::Place;
use super::private_proxy::{PrivateProxy, Site, shipped, written};
use super::story::{Manner, whole_story};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_lets_through_what_gatebook_allows_and_nothing_else() {
    let place = Place::guarded().await;
    let nginx = PrivateProxy::start(&place, command).await;
    let manner = Manner {
        reasons: true,
        away: 503,
        retry_after: "5",
        application: "x-app-id",
    };
    whole_story(place, &nginx, &manner).await;
}

fn command(site: &Site) -> Command {
    let basic = ("CREDENTIALS\"", &*format!("{}\"", site.basic));
    let credentials = shipped("nginx/gatebook-credentials.conf", &[basic]);
    let credentials = written(site, "gatebook-credentials.conf", &credentials);
    let folder = site.folder.display();
    let configuration = shipped(
        "nginx/nginx.conf",
        &[
            ("127.0.0.1:8088", &site.listen),
            ("127.0.0.1:8080", &site.gatebook),
            ("127.0.0.1:8081", &site.service),
            ("/etc/nginx/gatebook-credentials.conf", &credentials),
            ("/run/nginx.pid", &format!("{folder}/pid")),
            ("/var/log/nginx/error.log", &format!("{folder}/error.log")),
            ("http {\n", &format!("http {{\n{}", temporary_paths(site))),
        ],
    );
    started(site, &configuration)
}

/// nginx on a configuration, in the foreground.
pub fn started(site: &Site, configuration: &str) -> Command {
    let configuration = written(site, "nginx.conf", configuration);
    let mut command = Command::new("/usr/sbin/nginx");
    command
        .args(["-c", &configuration, "-g", "daemon off;", "-e"])
        .arg(site.folder.join("error.log"));
    command
}

/// Only root can write where Debian's nginx keeps bodies.
pub fn temporary_paths(site: &Site) -> String {
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let line = |kind| format!("{kind}_temp_path {}/{kind};\n", site.folder.display());
    kinds.map(line).concat()
}
