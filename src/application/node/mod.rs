//! What a running node keeps in memory and shares among its requests. Nothing here is needed for a decision to be right:
//! another node, or this one after a restart, works without it.

pub(super) mod background_tasks;
pub(super) mod gate_memory;
pub(super) mod last_used;
pub(super) mod locks;
pub(super) mod read_slots;
pub(super) mod readiness;
pub(super) mod refusal_counter;
pub(super) mod refused;
pub(super) mod replay_job;
pub(super) mod revocations;
pub(super) mod search_slots;
pub(super) mod state;
