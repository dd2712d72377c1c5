//! Fixes that were refused, like with like: counted by reason, each with the first places.
//!
//! Owns which reasons are alike: those that differ in names, places and chains alone.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

/// Places that a reason keeps.
const KEPT: usize = 3;

/// Refused fixes by kind of reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusals(BTreeMap<String, Refused>);

/// The fixes refused for one kind of reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// How many.
    pub count: u64,
    /// The first places, `path:line`.
    pub places: Vec<String>,
}

impl Refusals {
    /// Adds a fix at `place` that was refused because of `reason`.
    pub fn add(&mut self, reason: &str, place: String) {
        let refused = self.0.entry(kind(reason)).or_default();
        refused.count += 1;
        if refused.places.len() < KEPT && !refused.places.contains(&place) {
            refused.places.push(place);
        }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.values().map(|refused| refused.count).sum()
    }

    /// The kinds of reasons, the commonest first.
    #[must_use]
    pub fn sorted(&self) -> Vec<(&str, &Refused)> {
        let all = self
            .0
            .iter()
            .map(|(kind, refused)| (kind.as_str(), refused));
        let mut all: Vec<(&str, &Refused)> = all.collect();
        all.sort_by_key(|&(kind, refused)| (std::cmp::Reverse(refused.count), kind));
        all
    }

    /// How many of each kind.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&str, u64> {
        let all = self.0.iter();
        all.map(|(kind, refused)| (kind.as_str(), refused.count))
            .collect()
    }
}

/// What is left of a reason without what it names.
fn kind(reason: &str) -> String {
    // Each shortens what the one before has left.
    static PARTS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let parts = [
            (r"`[^`]*`", "`…`"),
            (r"(?:`…` → )+`…`", "`…` → …"),
            (r"`…`(?:, `…`)+", "`…`, …"),
            (r"\S+:\d+", "…"),
            (r"…(?:, …)+", "…"),
            (r"\([^()]*[=*,][^()]*\)|\(\w*\)", "(…)"),
            (r"; called in .*", ""),
            (r"\bline \d+", "line …"),
        ];
        let compiled = parts
            .into_iter()
            .filter_map(|(pattern, instead)| Some((Regex::new(pattern).ok()?, instead)));
        compiled.collect()
    });
    PARTS
        .iter()
        .fold(reason.to_owned(), |text, (part, instead)| {
            part.replace_all(&text, *instead).into_owned()
        })
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test]
    fn names_places_and_chains_make_no_difference() {
        for (reason, expected) in [
            (
                "`a.b` needs this module while it is imported: `a.b` → `c` → `d`",
                "`…` needs this module while it is imported: `…` → …",
            ),
            (
                "`a.b` needs this module while it is imported: `a.b` → `c`",
                "`…` needs this module while it is imported: `…` → …",
            ),
            (
                "tests/test_a.py:12 replaces it by its old path",
                "… replaces it by its old path",
            ),
            (
                "the canonical one takes (user, mode=…), this one (user=…); called in a.py:3, b.py:4",
                "the canonical one takes (…), this one (…)",
            ),
            ("the file is read-only", "the file is read-only"),
            (
                "line 3 would read a name that does not exist",
                "line … would read a name that does not exist",
            ),
        ] {
            assert_eq!(kind(reason), expected);
        }
    }
}
