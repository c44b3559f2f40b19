//! Prediction and truth: what a change would have stopped, told from counts, and told by replaying each call through the gate
//! after the change has really happened.

mod history;

use std::collections::BTreeMap;

use gatebook_aggregates::gate::Verdict;
use gatebook_aggregates::rehearsal::{CallSum, Effect, Rehearsal};

use history::{ENTITIES, History, entity};

#[test]
fn a_thousand_random_changes_stop_what_was_predicted() {
    let mut met: BTreeMap<String, u32> = BTreeMap::new();
    let mut meet = |what: &str, is_met: bool| *met.entry(what.to_owned()).or_default() += u32::from(is_met);
    for seed in 0..1_000 {
        let mut history = History::new(seed);
        let (before, counts) = (history.facts(), history.counts());
        let (kind, predicted_facts, facts) = history.rehearse_and_do(&before);
        let entities = ENTITIES.map(entity);
        let rehearsal = Rehearsal {
            before: &before,
            after: &predicted_facts,
            entities: &entities,
            now: history.now,
        };
        let (predicted, truth) = (rehearsal.of(&counts), history.truth(&before, &facts));
        assert_eq!(predicted, truth, "{seed}: {kind:?}");

        // What was told for certain is true of each call as it really was, also where the counts do not tell its secret.
        for call in &history.calls {
            let really = call.verdict(&facts, call.secret, history.now);
            let counted = counts.iter().find(|counts| {
                (&counts.entity, counts.access, counts.client_secret_id)
                    == (&call.entity, call.access, call.counted_secret())
            });
            let was_live = call.verdict(&before, call.secret, history.now) != Verdict::SecretRetired;
            match rehearsal.effect(counted.unwrap()) {
                Effect::Stops(_) if was_live => assert_ne!(really, Verdict::Ok, "{seed}: {kind:?}"),
                Effect::None if was_live => assert_eq!(really, Verdict::Ok, "{seed}: {kind:?}"),
                _ => {}
            }
        }
        meet(kind.as_str(), true);
        meet("stops", predicted.stopped_in_all() != CallSum::default());
        meet("stopped already", predicted.stopped_already.calls > 0);
        meet("without entity", predicted.without_entity.calls > 0);
        meet("without secret", predicted.without_secret.calls > 0);
        meet("unaffected", predicted.unaffected.calls > 0);
        for stopped in predicted.stopped.keys() {
            meet(stopped.verdict.code(), true);
        }
    }
    // A thousand cases of nothing would prove nothing.
    for what in [
        "change_entities",
        "suspend",
        "revoke",
        "retire_client_secret",
        "revoke_developer_access",
        "remove_entity",
        "change_plan",
        "narrow_permission",
        "stops",
        "stopped already",
        "without entity",
        "without secret",
        "unaffected",
        "secret_retired",
        "app_suspended",
        "app_revoked",
        "group_not_on_plan",
        "entity_not_assigned",
        "access_not_permitted",
    ] {
        assert!(met.get(what).copied().unwrap_or_default() >= 20, "{what}: {met:?}");
    }
}
