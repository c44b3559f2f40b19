//! Running the program: draining it before it ends, and what is measured of it.

mod draining;
mod measurements;

pub use draining::Draining;
pub use measurements::Measurements;
