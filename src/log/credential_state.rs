//! The credentials that the waiting appends are based on, as they are under the log's lock, and as the appends of the
//! same batch leave them.

use std::collections::{BTreeMap, BTreeSet};

use gatebook_projections::sql::{Query, Value};

use super::append::{Append, CredentialChange, CredentialGuard};
use crate::store::{StoreError, Transaction};

/// Owner and digest of each credential that an append is based on; those that there are not are not in it.
#[derive(Default)]
pub(super) struct CredentialState(BTreeMap<(&'static str, String), Known>);

struct Known {
    owner: String,
    digest: String,
}

impl CredentialState {
    /// Reads what the appends are based on.
    pub(super) async fn read(transaction: &mut dyn Transaction, appends: &[Append]) -> Result<Self, StoreError> {
        let mut ids: BTreeMap<&'static str, BTreeSet<&str>> = BTreeMap::new();
        for guard in appends.iter().flat_map(|append| &append.credential_guards) {
            ids.entry(guard.kind.into()).or_default().insert(&guard.id);
        }
        let mut state = Self::default();
        for (kind, ids) in ids {
            let sql = format!(
                "select id, owner, digest from credentials where kind = $1 and id in ({})",
                transaction.dialect().list("$2")
            );
            let rows = transaction
                .rows(Query::new(sql, [kind.into(), Value::json(&ids)]))
                .await?;
            for row in rows {
                if let [Value::Text(id), Value::Text(owner), Value::Text(digest)] = row.as_slice() {
                    let (owner, digest) = (owner.clone(), digest.clone());
                    state.0.insert((kind, id.clone()), Known { owner, digest });
                }
            }
        }
        Ok(state)
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
