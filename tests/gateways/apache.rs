//! Apache: with mod_oauth2, which introspects each token, and with mod_lua, which asks the gate.

use std::process::Command;

use super::place::Place;
use super::private_proxy::{PrivateProxy, Site, shipped, written};
use super::story::{Manner, whole_story};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn apache_with_mod_lua_lets_through_what_gatebook_allows_and_nothing_else() {
    let place = Place::guarded().await;
    let apache = PrivateProxy::start(&place, with_mod_lua).await;
    let manner = Manner {
        reasons: true,
        away: 503,
        retry_after: "7",
        application: "x-app-id",
    };
    whole_story(place, &apache, &manner).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn apache_with_mod_oauth2_lets_through_what_gatebook_allows_and_nothing_else() {
    let place = Place::guarded().await;
    let (id, secret) = place.customer.gateway.clone();
    let apache = PrivateProxy::start(&place, |site| with_mod_oauth2(site, &id, &secret)).await;
    let manner = Manner {
        // mod_oauth2 knows no reason, and a token that cannot be introspected is a bad one to it.
        reasons: false,
        away: 401,
        retry_after: "",
        application: "x-client-id",
    };
    whole_story(place, &apache, &manner).await;
}

fn with_mod_lua(site: &Site) -> Command {
    let lua = written(site, "gatebook.lua", &shipped("apache/gatebook.lua", &[]));
    let vhost = shipped(
        "apache/soap-forward-auth.conf",
        &[
            ("127.0.0.1:8088", &site.listen),
            ("127.0.0.1:8081", &site.service),
            ("/etc/apache2/gatebook.lua", &lua),
        ],
    );
    started(site, &["lua"], &vhost)
}

fn with_mod_oauth2(site: &Site, id: &str, secret: &str) -> Command {
    let vhost = shipped(
        "apache/soap-oauth2.conf",
        &[
            ("127.0.0.1:8088", &site.listen),
            ("127.0.0.1:8080", &site.gatebook),
            ("127.0.0.1:8081", &site.service),
            ("=CLIENT_ID&", &format!("={id}&")),
            ("=CLIENT_SECRET&", &format!("={secret}&")),
        ],
    );
    started(site, &["oauth2", "rewrite", "authz_user"], &vhost)
}

/// Apache with a site, in the foreground. Around the site stands what Debian's own configuration says around each.
fn started(site: &Site, modules: &[&str], vhost: &str) -> Command {
    let folder = site.folder.display();
    let mut configuration = format!(
        "ServerRoot {folder}\nServerName localhost\nPidFile {folder}/pid\nErrorLog {folder}/error.log\n\
         Mutex file:{folder} default\nUser www-data\nGroup www-data\n"
    );
    let usual = [
        "mpm_event",
        "authn_core",
        "authz_core",
        "headers",
        "macro",
        "proxy",
        "proxy_http",
    ];
    for name in usual.iter().chain(modules) {
        let library = format!("/usr/lib/apache2/modules/mod_{name}.so");
        configuration += &format!("LoadModule {name}_module {library}\n");
    }
    configuration += vhost;
    let configuration = written(site, "apache2.conf", &configuration);
    let mut command = Command::new("/usr/sbin/apache2");
    command
        .args(["-f", &configuration, "-DFOREGROUND"])
        .env("GATEBOOK_ADDRESS", &site.gatebook)
        .env("GATEBOOK_GATEWAY_BASIC", &site.basic);
    command
}
