//! Tests database URLs as people write them.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::{PostgresUrl, PostgresUrlError, TargetSession, postgres_address};

/// Reads a URL with an empty environment.
fn parse(url: &str) -> Result<PostgresUrl, PostgresUrlError> {
    PostgresUrl::parse_beside(url, &|_| None)
}

fn addresses(url: &str) -> Vec<String> {
    let parsed = parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
    parsed.hosts().iter().map(postgres_address).collect()
}

/// sqlx offers no other way to read the password.
fn password(options: &PgConnectOptions) -> Option<String> {
    let url = options.to_url_lossy();
    let decoded = percent_decode_str(url.password()?).decode_utf8().unwrap();
    Some(decoded.into_owned())
}

fn refusal(url: &str) -> String {
    match parse(url) {
        Err(error) => error.to_string(),
        Ok(parsed) => panic!("{url} was read as {parsed:?}"),
    }
}

#[test]
fn user_password_host_port_and_database_are_read() {
    let parsed = parse("postgres://gb:s3cret@db.example.com:6432/book").unwrap();
    let [only] = parsed.hosts() else { panic!("{parsed:?}") };
    assert_eq!(only.get_username(), "gb");
    assert_eq!(password(only).as_deref(), Some("s3cret"));
    assert_eq!(only.get_host(), "db.example.com");
    assert_eq!(only.get_port(), 6432);
    assert_eq!(only.get_database(), Some("book"));
    assert_eq!(only.get_application_name(), Some("gatebook"));
    assert_eq!(parsed.target(), TargetSession::Any);
}

#[test]
fn several_hosts_differ_in_host_and_port_only() {
    let url = "postgresql://u:p@h1:5433,h2,[::1]:5434/db?target_session_attrs=read-write&sslmode=require";
    let parsed = parse(url).unwrap();
    assert_eq!(addresses(url), ["h1:5433", "h2:5432", "[::1]:5434"]);
    assert_eq!(parsed.target(), TargetSession::ReadWrite);
    assert_eq!(password(&parsed.hosts()[0]).as_deref(), Some("p"));
    assert_eq!(password(&parsed.hosts()[1]).as_deref(), Some("p"));
    for host in parsed.hosts() {
        assert_eq!(host.get_username(), "u");
        assert_eq!(host.get_database(), Some("db"));
        assert!(matches!(host.get_ssl_mode(), PgSslMode::Require));
    }
}

#[test]
fn hosts_and_ports_in_the_query_are_lists_too() {
    assert_eq!(addresses("postgres:///db?host=a,b&port=1,2"), ["a:1", "b:2"]);
    assert_eq!(addresses("postgres:///db?host=a,b&port=7"), ["a:7", "b:7"]);
    assert_eq!(addresses("postgres://u@x:9/db?host=a"), ["a:9"]);
    assert_eq!(
        addresses("postgres:///db?hostaddr=10.0.0.1,::1"),
        ["10.0.0.1:5432", "[::1]:5432"]
    );
    let ports = refusal("postgres:///db?host=a,b,c&port=1,2");
    assert!(ports.contains("3 hosts and 2 ports"), "{ports}");
}

#[test]
fn sockets_are_named_in_the_query_or_percent_encoded() {
    let socket = ["/run/postgresql/.s.PGSQL.5432"];
    assert_eq!(addresses("postgres://gb:x@/gb?host=/run/postgresql"), socket);
    assert_eq!(addresses("postgres:///gb?host=%2Frun%2Fpostgresql"), socket);
    assert_eq!(addresses("postgres://%2Frun%2Fpostgresql/gb"), socket);
    let two = ["/a/.s.PGSQL.5433", "h2:5432"];
    assert_eq!(addresses("postgres://gb@%2Fa:5433,h2/gb"), two);
}

#[test]
fn a_host_that_is_missing_is_libpqs_default() {
    let beside = |variables: &'static [(&str, &str)]| {
        let environment = |name: &str| {
            let found = variables.iter().find(|(one, _)| *one == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let parsed = PostgresUrl::parse_beside("postgres:///gb", &environment).unwrap();
        parsed.hosts().iter().map(postgres_address).collect::<Vec<_>>()
    };
    assert_eq!(beside(&[("PGHOST", "a,b"), ("PGPORT", "7,8")]), ["a:7", "b:8"]);
    assert_eq!(
        beside(&[("PGHOST", "/run/x"), ("PGPORT", "")]),
        ["/run/x/.s.PGSQL.5432"]
    );
    // No server on this machine has a socket for this port.
    assert_eq!(beside(&[("PGHOST", ""), ("PGPORT", "1")]), ["localhost:1"]);
}

#[test]
fn a_raw_password_is_read_where_it_can_mean_one_thing_only() {
    for raw in [
        "p@ss:w/rd",
        "a/b",
        "a@b",
        "a#b",
        "a?b",
        "a?b=c",
        "?",
        "/",
        "#",
        "@",
        "ä/ö",
        "a b",
    ] {
        let parsed = parse(&format!("postgres://gb:{raw}@127.0.0.1:5433/gb")).unwrap();
        assert_eq!(password(&parsed.hosts()[0]).as_deref(), Some(raw));
        assert_eq!(parsed.hosts()[0].get_host(), "127.0.0.1");
    }
    let azure = parse("postgres://me@tenant:pw@h/db").unwrap();
    assert_eq!(azure.hosts()[0].get_username(), "me@tenant");
}

#[test]
fn what_could_mean_two_things_is_refused_and_says_how_to_write_it() {
    for url in [
        "postgres://gb:5432/x@h",
        "postgres://gb:pw@h/x@y",
        "postgres://gb:pw@h/db?application_name=x@y",
        "postgres://gb:100%@h/db",
        "postgres://gb:pw@h/db/more",
        "postgres://gb:pw@h:port/db",
        "postgres://gb:pw@h/db?sslmode",
        "postgres://gb:pw@h,h 2/db",
    ] {
        let refusal = refusal(url);
        assert!(
            refusal.contains("percent-encode") && refusal.contains("`/` is %2F"),
            "{refusal}"
        );
        assert!(!refusal.contains("pw"), "{refusal}");
    }
}

/// A raw password is read correctly or refused without being shown. No part of it is ever taken for a host.
#[test]
#[expect(clippy::disallowed_methods, reason = "each run tries others")]
fn no_raw_password_is_ever_read_as_anything_else() {
    let seed: u64 = rand::rng().random();
    let mut random = StdRng::seed_from_u64(seed);
    let pieces = [
        "a",
        "7",
        ":",
        "/",
        "@",
        "#",
        "?",
        "&",
        "=",
        ",",
        "[",
        "]",
        ".",
        "h:5",
        "?sslmode=require",
        "@h/",
    ];
    let mut read = 0;
    for _ in 0..5_000 {
        let count = random.random_range(1..8);
        let raw: String = (0..count)
            .map(|_| pieces[random.random_range(0..pieces.len())])
            .collect();
        match parse(&format!("postgres://u:{raw}@h:1/db")) {
            Ok(parsed) => {
                read += 1;
                let host = &parsed.hosts()[0];
                assert_eq!(password(host).as_deref(), Some(raw.as_str()), "seed {seed}");
                assert_eq!(postgres_address(host), "h:1", "seed {seed}, {raw}");
            }
            Err(error) => assert_eq!(error, PostgresUrlError::Unreadable, "seed {seed}, {raw}"),
        }
    }
    assert!(read > 250, "seed {seed}: only {read}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "each run tries others")]
fn a_percent_encoded_password_is_always_read() {
    let seed: u64 = rand::rng().random();
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..500 {
        let raw: String = (0..random.random_range(1..12))
            .map(|_| random.random_range('\u{1}'..'\u{17f}'))
            .collect();
        let encoded = utf8_percent_encode(&raw, NON_ALPHANUMERIC);
        let places = [
            format!("postgres://u:{encoded}@h1,h2/db"),
            format!("postgres://u@h1,h2/db?password={encoded}"),
        ];
        for url in places {
            for host in parse(&url).unwrap().hosts() {
                assert_eq!(password(host).as_deref(), Some(raw.as_str()), "seed {seed}");
            }
        }
    }
}

#[test]
fn a_plus_is_a_plus() {
    let parsed = parse("postgres:///db?password=a+b&host=h").unwrap();
    assert_eq!(password(&parsed.hosts()[0]).as_deref(), Some("a+b"));
}

#[test]
fn parameters_are_carried_out_accepted_or_refused_by_name() {
    let url = "postgres://h/db?user=u&dbname=other&application_name=node1&options=-c%20geqo%3Doff&connect_timeout=3\
               &sslrootcert=/ca.pem&keepalives=1&channel_binding=prefer&target_session_attrs=primary";
    let parsed = parse(url).unwrap();
    let host = &parsed.hosts()[0];
    assert_eq!(host.get_username(), "u");
    assert_eq!(host.get_database(), Some("other"));
    assert_eq!(host.get_application_name(), Some("node1"));
    assert_eq!(host.get_options(), Some("-c geqo=off"));
    assert_eq!(parsed.target(), TargetSession::Primary);
    let asked = parse("postgres://h/db?sslmode=require&sslrootcert=/ca.pem").unwrap();
    assert!(
        matches!(asked.hosts()[0].get_ssl_mode(), PgSslMode::VerifyCa),
        "as in libpq"
    );
    let jdbc = parse("postgres://h/db?ssl=true").unwrap();
    assert!(matches!(jdbc.hosts()[0].get_ssl_mode(), PgSslMode::Require));

    for (query, named) in [
        (
            "target_session_attrs=standby",
            "`target_session_attrs` can be read-write, primary or any",
        ),
        ("sslmode=on", "`sslmode` can be disable"),
        ("channel_binding=require", "`channel_binding` can only be"),
        ("gssencmode=require", "`gssencmode`"),
        ("sslrootcert=system", "`sslrootcert` must be a file"),
        ("sslmod=require", "a parameter `sslmod`, which Gatebook does not know"),
        ("service=x", "`service`"),
        ("options[geqo]=off", "`options[geqo]`"),
        ("user=a&user=b", "`user` twice"),
        ("host=h&hostaddr=10.0.0.1", "`hostaddr` cannot stand beside `host`"),
        ("hostaddr=name", "`hostaddr` must be an IP address"),
        ("host=a,,b", "one of them is empty"),
        ("port=70000", "not a number from 1 to 65535"),
        ("port=0", "not a number from 1 to 65535"),
    ] {
        let refusal = refusal(&format!("postgres:///db?password=s3cret&{query}"));
        assert!(refusal.contains(named), "{query}: {refusal}");
        assert!(!refusal.contains("s3cret"), "{refusal}");
    }
}

#[test]
fn nothing_prints_the_password() {
    let parsed = parse("postgres://gb:s3cret@h/db").unwrap();
    assert_eq!(
        format!("{parsed:?}"),
        r#"PostgresUrl { hosts: ["h:5432"], target: Any }"#
    );
}
