//! Rules that wait: those whose `since` names a later Python than the project's oldest.

use std::collections::BTreeMap;

use super::layer::{Layer, Lowered};
use super::model::PythonVersion;

/// Takes the rules out of `layer` that do not hold for `target`, and counts them by the version that each waits for.
/// Where the target is not known, nothing is taken for granted.
pub(super) fn set_aside(
    layer: &mut Layer,
    target: Option<PythonVersion>,
) -> BTreeMap<PythonVersion, usize> {
    let mut waiting = BTreeMap::new();
    keep(&mut layer.canonical, target, &mut waiting);
    keep(&mut layer.retired, target, &mut waiting);
    keep(&mut layer.per_request, target, &mut waiting);
    keep(&mut layer.events, target, &mut waiting);
    keep(&mut layer.gateways, target, &mut waiting);
    keep(&mut layer.contracts, target, &mut waiting);
    waiting
}

fn keep<T>(
    rules: &mut Vec<Lowered<T>>,
    target: Option<PythonVersion>,
    waiting: &mut BTreeMap<PythonVersion, usize>,
) {
    rules.retain(|lowered| {
        let Some(since) = lowered.since else {
            return true;
        };
        let holds = target.is_some_and(|target| target >= since);
        if !holds {
            *waiting.entry(since).or_default() += 1;
        }
        holds
    });
}
