//! The credentials that the waiting appends are based on, as they are under the log's lock, and as the appends of the
//! same batch leave them.

use std::collections::BTreeMap;

use super::append::{CredentialChange, CredentialGuard};

/// Owner and digest of each credential that an append is based on; those that there are not are not in it.
#[derive(Default)]
pub(super) struct CredentialState(BTreeMap<(&'static str, String), Known>);

struct Known {
    owner: String,
    digest: String,
}

impl CredentialState {
    /// Takes note of a credential that there is.
    pub(super) fn found(&mut self, (kind, id): (&'static str, String), owner: String, digest: String) {
        self.0.insert((kind, id), Known { owner, digest });
    }

    /// Whether the credential is still what the decision was based on.
    pub(super) fn holds(&self, guard: &CredentialGuard) -> bool {
        let known = self.0.get(&(guard.kind.into(), guard.id.clone()));
        known.is_some_and(|known| known.digest == guard.digest)
    }

    /// Takes note of a change that an append of the batch makes.
    pub(super) fn change(&mut self, change: &CredentialChange) {
        match change {
            CredentialChange::Put(new) => {
                let (owner, digest) = (new.owner.clone(), new.digest.clone());
                self.0
                    .insert((new.kind.into(), new.id.clone()), Known { owner, digest });
            }
            CredentialChange::Delete { kind, id } => {
                self.0.remove(&(kind.into(), id.clone()));
            }
            CredentialChange::DeleteOwned { kind, owner } => {
                let kind = <&str>::from(*kind);
                self.0.retain(|(of, _), known| *of != kind || known.owner != *owner);
            }
        }
    }
}
