//! The score: how much of what the rules govern complies, and whether that passes the gate.
//!
//! Owns the arithmetic; what counts as governed is for the checks to say.

use std::collections::BTreeMap;

use crate::config::Gate;
use crate::diagnostic::Severity;

/// What is scored on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Area {
    /// Governed import sites.
    Imports,
    /// Governed symbols and factory names.
    Definitions,
    /// Functions.
    Recursion,
    /// Retired items.
    Retirement,
    /// Modules outside import-time cycles, contracts.
    Structure,
    /// Per-request symbols, gateways, events.
    Isolation,
    /// First-party imports that resolve, files that parse.
    Integrity,
}

impl Area {
    /// All areas, in the order of every report.
    pub const ALL: [Self; 7] = [
        Self::Imports,
        Self::Definitions,
        Self::Recursion,
        Self::Retirement,
        Self::Structure,
        Self::Isolation,
        Self::Integrity,
    ];

    /// The word used in every format and as a key of `[score]`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Imports => "imports",
            Self::Definitions => "definitions",
            Self::Recursion => "recursion",
            Self::Retirement => "retirement",
            Self::Structure => "structure",
            Self::Isolation => "isolation",
            Self::Integrity => "integrity",
        }
    }

    /// The weight that holds unless `[score]` names another.
    #[must_use]
    pub const fn default_weight(self) -> f64 {
        match self {
            Self::Imports | Self::Definitions => 3.0,
            Self::Recursion | Self::Retirement | Self::Structure | Self::Isolation => 2.0,
            Self::Integrity => 1.0,
        }
    }
}

/// How many of a population comply. Never more than there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    compliant: u64,
    governed: u64,
}

impl Tally {
    /// `compliant` of `governed`; a greater `compliant` counts as all of them.
    #[must_use]
    pub const fn new(compliant: u64, governed: u64) -> Self {
        let compliant = if compliant < governed {
            compliant
        } else {
            governed
        };
        Self {
            compliant,
            governed,
        }
    }

    /// All of `governed` but `violations`, which may name one member more than once.
    #[must_use]
    pub const fn all_but(violations: u64, governed: u64) -> Self {
        Self::new(governed.saturating_sub(violations), governed)
    }

    /// Both populations together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self::new(
            self.compliant.saturating_add(other.compliant),
            self.governed.saturating_add(other.governed),
        )
    }

    /// How many comply.
    #[must_use]
    pub const fn compliant(self) -> u64 {
        self.compliant
    }

    /// How many there are.
    #[must_use]
    pub const fn governed(self) -> u64 {
        self.governed
    }

    /// The share that complies, 0 to 1; `None` of nothing.
    #[allow(clippy::cast_precision_loss)] // Populations are far below 2^52.
    fn share(self) -> Option<f64> {
        (self.governed > 0).then(|| self.compliant as f64 / self.governed as f64)
    }
}

/// One area's score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AreaScore {
    /// Which area.
    pub area: Area,
    /// How many of it comply.
    pub tally: Tally,
    /// What it weighs in the overall score.
    pub weight: f64,
}

impl AreaScore {
    /// 0 to 100, exactly 100 only when all comply; `None` when nothing is governed.
    #[must_use]
    pub fn score(&self) -> Option<f64> {
        let share = self.tally.share()?;
        Some(percent(
            share,
            self.tally.compliant() == self.tally.governed(),
        ))
    }
}

/// The scores of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    areas: Vec<AreaScore>,
}

impl Score {
    /// Scores the areas counted, with `weights` (by area name) before the defaults.
    ///
    /// An area counted twice is added up; one with nothing governed is left out.
    #[must_use]
    pub fn new(
        counts: impl IntoIterator<Item = (Area, Tally)>,
        weights: &BTreeMap<String, f64>,
    ) -> Self {
        let mut tallies: BTreeMap<Area, Tally> = BTreeMap::new();
        for (area, tally) in counts {
            let sum = tallies.entry(area).or_default();
            *sum = sum.and(tally);
        }
        let areas = tallies
            .into_iter()
            .filter(|(_, tally)| tally.governed() > 0)
            .map(|(area, tally)| AreaScore {
                area,
                tally,
                weight: weight(area, weights),
            })
            .collect();
        Self { areas }
    }

    /// The areas that have a score, in the order of [`Area::ALL`].
    #[must_use]
    pub fn areas(&self) -> &[AreaScore] {
        &self.areas
    }

    /// The weighted mean, 0 to 100, exactly 100 only when everything weighed complies; `None` when nothing is
    /// governed or nothing weighs anything.
    #[must_use]
    pub fn overall(&self) -> Option<f64> {
        let heaviest = self
            .areas
            .iter()
            .map(|area| area.weight)
            .fold(0.0, f64::max);
        if heaviest <= 0.0 {
            return None;
        }
        let mut sum = 0.0;
        let mut total = 0.0;
        let mut complete = true;
        for area in &self.areas {
            // Relative to the heaviest, so that no sum can overflow.
            let weight = area.weight / heaviest;
            sum += weight * area.tally.share().unwrap_or(1.0);
            total += weight;
            complete &= weight <= 0.0 || area.tally.compliant() == area.tally.governed();
        }
        Some(percent(sum / total, complete))
    }
}

/// The weight of `area`; what is no weight at all counts as zero.
fn weight(area: Area, weights: &BTreeMap<String, f64>) -> f64 {
    let weight = weights
        .get(area.as_str())
        .copied()
        .unwrap_or(area.default_weight());
    if weight.is_finite() {
        weight.max(0.0)
    } else {
        0.0
    }
}

/// `share` as 0 to 100: 100 when and only when `complete`, whatever floating point makes of the sum.
fn percent(share: f64, complete: bool) -> f64 {
    if complete {
        100.0
    } else {
        (100.0 * share).clamp(0.0, 100.0_f64.next_down())
    }
}

/// `score` to one decimal, as shown: never 100.0 when it is less.
#[must_use]
pub fn rounded(score: f64) -> f64 {
    let tenths = (score * 10.0).round() / 10.0;
    if score < 100.0 {
        tenths.min(99.9)
    } else {
        tenths
    }
}

/// The overall score to one decimal, as shown beside the score it must reach: one that is too low never looks as if
/// it had reached it.
#[must_use]
pub fn rounded_against(score: f64, min: Option<f64>) -> f64 {
    let shown = rounded(score);
    match min {
        Some(min) if score < min && shown >= min => (score * 10.0).floor() / 10.0,
        _ => shown,
    }
}

/// Why the gate does not pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Failure {
    /// The overall score is below the one asked for.
    Score {
        /// The overall score, not rounded.
        overall: f64,
        /// What it must reach.
        min: f64,
    },
    /// There are findings that the gate does not let pass.
    Findings {
        /// How many.
        count: usize,
        /// From which severity on they count.
        from: Severity,
    },
}

/// What the gate says. Empty when it passes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Why it does not pass.
    pub failures: Vec<Failure>,
}

impl Verdict {
    /// Whether the gate passes.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Holds a run's score and the severities of its findings against `gate`. No score at all passes.
#[must_use]
pub fn judge(
    gate: &Gate,
    overall: Option<f64>,
    severities: impl IntoIterator<Item = Severity>,
) -> Verdict {
    let mut failures = Vec::new();
    if let (Some(min), Some(overall)) = (gate.min_score, overall)
        && overall < min
    {
        failures.push(Failure::Score { overall, min });
    }
    if let Some(from) = gate.fail_on {
        let count = severities
            .into_iter()
            .filter(|severity| *severity >= from)
            .count();
        if count > 0 {
            failures.push(Failure::Findings { count, from });
        }
    }
    Verdict { failures }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn overall(counts: &[(Area, u64, u64)]) -> Option<f64> {
        let counts = counts
            .iter()
            .map(|&(area, compliant, governed)| (area, Tally::new(compliant, governed)));
        Score::new(counts, &BTreeMap::new()).overall()
    }

    #[test]
    fn nothing_governed_has_no_score() {
        assert_eq!(overall(&[]), None);
        assert_eq!(overall(&[(Area::Imports, 0, 0)]), None);
        let score = Score::new([(Area::Imports, Tally::new(0, 0))], &BTreeMap::new());
        assert!(score.areas().is_empty());
    }

    #[test]
    fn areas_are_weighed() {
        // (3 * 0.5 + 1 * 1.0) / 4
        let counts = [(Area::Imports, 1, 2), (Area::Integrity, 9, 9)];
        assert_eq!(overall(&counts), Some(62.5));
        let weights = BTreeMap::from([("imports".to_owned(), 0.0)]);
        let score = Score::new(
            counts.map(|(area, compliant, governed)| (area, Tally::new(compliant, governed))),
            &weights,
        );
        assert_eq!(score.overall(), Some(100.0));
    }

    #[test]
    fn more_than_all_is_all() {
        assert_eq!(Tally::new(9, 4), Tally::new(4, 4));
        assert_eq!(Tally::all_but(9, 4), Tally::new(0, 4));
    }

    #[test]
    fn a_near_miss_never_looks_perfect() {
        let near = overall(&[(Area::Imports, 99_999, 100_000)]).unwrap();
        assert_eq!(rounded(near), 99.9);
        assert_eq!(rounded(100.0), 100.0);
        assert_eq!(rounded(66.666), 66.7);
        assert_eq!(rounded_against(89.96, Some(90.0)), 89.9);
        assert_eq!(rounded_against(89.96, Some(80.0)), 90.0);
    }

    #[test]
    fn the_gate_compares_the_exact_score() {
        let gate = Gate {
            min_score: Some(90.0),
            fail_on: Some(Severity::Error),
        };
        assert!(!judge(&gate, Some(89.999), []).passed());
        assert!(judge(&gate, Some(90.0), []).passed());
        assert!(judge(&gate, None, []).passed());
    }

    #[test]
    fn the_gate_counts_what_is_grave_enough() {
        let mut gate = Gate {
            min_score: None,
            fail_on: Some(Severity::Error),
        };
        let found = [Severity::Warning, Severity::Info];
        assert!(judge(&gate, None, found).passed());
        gate.fail_on = Some(Severity::Warning);
        assert!(!judge(&gate, None, found).passed());
        gate.fail_on = None;
        assert!(judge(&gate, None, [Severity::Error]).passed());
    }

    proptest! {
        #[test]
        fn scores_stay_within_0_and_100(
            counts in prop::collection::vec((0_usize..7, any::<u64>(), any::<u64>()), 0..20),
            weights in prop::collection::btree_map(
                prop::sample::select(Area::ALL.map(|area| area.as_str().to_owned()).to_vec()),
                any::<f64>(),
                0..7,
            ),
        ) {
            let counts = counts
                .into_iter()
                .map(|(at, compliant, governed)| (Area::ALL[at], Tally::new(compliant, governed)));
            let score = Score::new(counts, &weights);
            for area in score.areas() {
                prop_assert!(area.tally.compliant() <= area.tally.governed());
            }
            let all = score.areas().iter().filter_map(AreaScore::score).chain(score.overall());
            for value in all {
                prop_assert!((0.0..=100.0).contains(&value), "{value}");
                prop_assert!((0.0..=100.0).contains(&rounded(value)), "{value}");
            }
        }
    }
}
