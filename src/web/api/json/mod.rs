//! The JSON of requests and responses. Requests become arguments of the application layer, and its results become
//! responses. Business rules are not here: `gatebook_aggregates` decides which values are valid.

mod application;
mod apps_query;
mod catalog;
mod credentials;
mod cursor;
mod developer;
mod fields;
mod group;
mod listed;
mod page;
mod problems;
mod rehearsal;
mod usage;
mod versioned;

pub use application::{Application, ApplicationOfGroup, CreatedApplication};
pub use apps_query::{AppsQuery, AppsQuestion};
pub use catalog::Catalog;
pub use credentials::{
    ClientSecretRequest, ListedClientSecret, NamedBody, NewClientSecret, NewResourceServer, NewToken, NewTokenBody,
    ResourceServerJson,
};
pub use developer::{DeveloperAccess, DeveloperAccessGiven, VerificationJson};
pub use fields::{Fields, IsPresent, NoFields, Patch, flag, text};
pub use group::{GroupDetails, GroupJson, Named, User, UserDetails};
pub use listed::{ListOf, ListResult, Listed};
pub use page::{Items, Page, PageParameters, given};
pub use problems::{
    ChangeProblems, ListProblems, OperatorAppProblems, OperatorChangeProblems, OperatorReadProblems,
    PermissionProblems, ReadProblems, RehearsalProblems,
};
pub use rehearsal::{ChangeFields, RehearsalJson, UnusedGrantsJson};
pub use usage::{
    EntityUsage, RefusalsQuery, RefusedCheck, Usage, UsagePeriodQuery, UsageQuery, UsageStep, usage_steps,
};
pub use versioned::Versioned;

pub use cursor::{read as read_cursor, write as write_cursor};
