//! What applications are used for, on pages: the charts, and the sections that the console and the portal share.

mod plot;
mod reasons;
mod refusals;
mod section;
mod spark;

pub use plot::plot;
pub use refusals::refusals;
pub use section::{EntityNames, by_entity, by_reason, section};
pub use spark::spark;
