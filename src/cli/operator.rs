//! Names the user of the command line as far as the machine knows. It is shown in the log; no decision uses it.

use std::{env, fs};

use rustix::process::{geteuid, getuid};

/// The most characters of each name that the log shows.
const LENGTH_MAX: usize = 64;

/// The system user and the machine, as in `olga@node-1`. With `sudo` also the user that it reports, as in `root (sudo
/// by olga)@node-1`: in addition to the system user, never instead, because anybody can set that variable.
pub fn name() -> String {
    let sudo = plain(env::var("SUDO_USER").ok());
    let machine =
        plain(fs::read_to_string("/proc/sys/kernel/hostname").ok()).or_else(|| plain(env::var("HOSTNAME").ok()));
    message(&system_user(), sudo.as_deref(), machine.as_deref())
}

/// The user's name in the password database, or its number if it has no name, as in a container.
fn system_user() -> String {
    let user = getuid();
    // The library looks up the effective user's name.
    let looked_up = (user == geteuid()).then(|| whoami::fallible::username().ok());
    plain(looked_up.flatten()).unwrap_or_else(|| user.as_raw().to_string())
}

fn message(user: &str, sudo: Option<&str>, machine: Option<&str>) -> String {
    let by = sudo.map(|by| format!(" (sudo by {by})")).unwrap_or_default();
    let at = machine.map(|machine| format!("@{machine}")).unwrap_or_default();
    format!("{user}{by}{at}")
}

/// Keeps only characters of user and machine names, so that an invented name cannot look like a different entry.
fn plain(text: Option<String>) -> Option<String> {
    let plain = text?
        .trim()
        .chars()
        .filter(|c| c.is_alphanumeric() || "._-+@$\\".contains(*c))
        .take(LENGTH_MAX)
        .collect::<String>();
    Some(plain).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_user_stands_first_and_sudos_word_beside_it() {
        assert_eq!(message("olga", None, Some("node-1")), "olga@node-1");
        assert_eq!(
            message("root", Some("olga"), Some("node-1")),
            "root (sudo by olga)@node-1"
        );
        assert_eq!(message("1000", None, None), "1000");
    }

    #[test]
    fn a_name_that_is_made_up_looks_like_nothing_else() {
        let made_up = |text: &str| plain(Some(text.to_owned()));
        assert_eq!(made_up(" olga.o-1_x$\n").as_deref(), Some("olga.o-1_x$"));
        assert_eq!(
            made_up("olga@node-1) (sudo by\tben").as_deref(),
            Some("olga@node-1sudobyben")
        );
        assert_eq!(made_up("\u{202e} "), None);
        assert_eq!(made_up(&"x".repeat(100)).unwrap().len(), LENGTH_MAX);
    }
}
