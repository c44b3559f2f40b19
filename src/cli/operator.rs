//! Who sits at the command line, as far as the machine can say. It is for reading in the log; no decision stands on it.

use std::env;
use std::fs;

/// The variables in which a login, and `sudo` for somebody else, leave the name.
const USER: [&str; 3] = ["SUDO_USER", "LOGNAME", "USER"];
/// So many characters of each name stand in the log.
const LENGTH_MAX: usize = 64;

/// The user and the machine, as in `olga@node-1`.
pub fn name() -> String {
    let user = USER.iter().find_map(|name| plain(env::var(name).ok()));
    let machine =
        plain(fs::read_to_string("/proc/sys/kernel/hostname").ok()).or_else(|| plain(env::var("HOSTNAME").ok()));
    match (user, machine) {
        (Some(user), Some(machine)) => format!("{user}@{machine}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "unknown".to_owned(),
    }
}

fn plain(text: Option<String>) -> Option<String> {
    let printable = text?
        .chars()
        .filter(|c| !c.is_control())
        .take(LENGTH_MAX)
        .collect::<String>();
    Some(printable.trim().to_owned()).filter(|text| !text.is_empty())
}
