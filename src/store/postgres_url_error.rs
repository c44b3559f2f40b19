//! What a database URL asks for, and why it cannot be used.

use thiserror::Error;

/// Which of several servers is wanted. Gatebook needs the one that takes writes, whatever the URL says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TargetSession {
    /// `any`, or no parameter.
    #[default]
    Any,
    /// `read-write`: a server whose transactions may write.
    ReadWrite,
    /// `primary`: a server that is not in recovery.
    Primary,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PostgresUrlError {
    /// The URL has no valid reading, or more than one.
    #[error(
        "the database URL cannot be read; write postgres://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETER=VALUE and \
         percent-encode in user and password what has a meaning of its own: `/` is %2F, `@` is %40, `#` is %23, `?` is \
         %3F, `:` is %3A, `%` is %25"
    )]
    Unreadable,
    #[error("a port in the database URL is not a number from 1 to 65535")]
    Port,
    /// The numbers of hosts and ports do not match.
    #[error("the database URL names {hosts} hosts and {ports} ports; name one port for all, or one for each host")]
    Ports {
        /// How many hosts the URL names.
        hosts: usize,
        /// How many ports the URL names.
        ports: usize,
    },
    #[error("the database URL has a comma too many in its list of hosts: one of them is empty")]
    EmptyHost,
    /// A parameter that Gatebook does not know.
    #[error("the database URL has a parameter `{0}`, which Gatebook does not know")]
    UnknownParameter(String),
    #[error("the database URL has the parameter `{0}` twice")]
    Twice(String),
    /// A known parameter with an unsupported value.
    #[error("the database URL's parameter `{name}` {advice}")]
    Value {
        name: &'static str,
        /// The supported values.
        advice: &'static str,
    },
}
