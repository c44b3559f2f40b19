//! What operators do with the installation itself.

mod system;

pub use system::TokensEnded;
