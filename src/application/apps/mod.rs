//! What is done with applications.

pub(super) mod search_slots;
