//! Who caused an event, and from where.

use gatebook_aggregates::metadata::Actor;

/// Who acts, and from where (R28).
#[derive(Clone, Debug)]
pub struct Origin {
    /// Who.
    pub actor: Actor,
    /// The address the request came from.
    pub ip_address: String,
    /// The request.
    pub request_id: String,
    /// Whether nothing is to be written, whatever is decided: the answer is all that is asked for.
    pub read_only: bool,
}

impl Origin {
    /// The same, with whoever acts called by another name, if there is one.
    pub fn called(&self, name: Option<String>) -> Self {
        let mut origin = self.clone();
        if let Some(name) = name {
            origin.actor.actor_name = name;
        }
        origin
    }
}
