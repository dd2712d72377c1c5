//! The words the rules file knows: checks and score areas, and which of them a misspelt one was meant to be.

/// Every check that can be named in a rules file, with what it finds, in the order of the documentation.
pub const CHECKS: &[(&str, &str)] = &[
    (
        "noncanonical-import",
        "A governed symbol reached by another path than its canonical one.",
    ),
    (
        "duplicate-definition",
        "A governed symbol or a factory name with more than one implementation.",
    ),
    (
        "self-recursion",
        "A function that calls itself without a way out.",
    ),
    (
        "mutual-recursion",
        "A call cycle over several functions without a way out.",
    ),
    (
        "import-cycle",
        "Modules that import each other at import time.",
    ),
    (
        "unresolved-import",
        "A first-party import of something that does not exist.",
    ),
    (
        "retired-module",
        "A retired module that is still there or still imported.",
    ),
    (
        "retired-symbol",
        "A retired symbol that is still there or still used.",
    ),
    (
        "call-mismatch",
        "A call of a governed factory or class that cannot work.",
    ),
    (
        "stub-implementation",
        "A fallback that lacks what the canonical implementation does.",
    ),
    (
        "shared-instance",
        "An object that must be per request or per user, held where it is shared.",
    ),
    (
        "gateway",
        "Use of a symbol outside the only modules that may use it.",
    ),
    (
        "missing-event",
        "A required event that no code in the named modules emits.",
    ),
    ("contract", "An import that breaks an import contract."),
    (
        "registry-drift",
        "The import registry document disagrees with the rules or the code.",
    ),
    (
        "shadowed-module",
        "A module file that a package of the same name hides.",
    ),
    (
        "syntax-error",
        "A file that does not parse under the target version.",
    ),
    ("unused-rule", "A rule that matches nothing."),
    ("unused-suppression", "A suppression that hides nothing."),
];

/// The areas of the score that `[score]` can weigh, with what each measures.
pub const AREAS: &[(&str, &str)] = &[
    (
        "imports",
        "Governed import sites that use the canonical path.",
    ),
    (
        "definitions",
        "Governed symbols and factory names defined once.",
    ),
    (
        "recursion",
        "Functions outside recursion without a way out.",
    ),
    ("retirement", "Retired items that are gone."),
    (
        "structure",
        "Modules outside import cycles, and contracts kept.",
    ),
    (
        "isolation",
        "Per-request symbols, gateways and events in order.",
    ),
    (
        "integrity",
        "First-party imports that resolve and files that parse.",
    ),
];

/// The candidate that `word` most likely was meant to be, or none when all are far off.
pub(super) fn closest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = normal(word);
    let length = word.chars().count();
    let limit = (length / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&word, &normal(candidate)), candidate))
        .filter(|(distance, candidate)| {
            let is_short_form = length >= 3 && normal(candidate).starts_with(&word);
            *distance <= limit || is_short_form
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A word with the differences taken out that nobody means: case, and underscores for hyphens.
fn normal(word: &str) -> String {
    word.trim().to_lowercase().replace(['_', ' '], "-")
}

/// `` `a`, `b` and `c` `` for messages.
pub(super) fn all_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    listed(words, "and")
}

/// `` `a`, `b` or `c` `` for messages.
pub(super) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    listed(words, "or")
}

fn listed<'a>(words: impl IntoIterator<Item = &'a str>, last_joined_by: &str) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} {last_joined_by} {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        let keys = ["only-in", "symbol", "replaces"];
        assert_eq!(closest("only_in", keys), Some("only-in"));
        assert_eq!(closest("Symbols", keys), Some("symbol"));
        assert_eq!(closest("replace", keys), Some("replaces"));
        assert_eq!(closest("sym", keys), Some("symbol"));
        assert_eq!(closest("name", keys), None);
        assert_eq!(closest("x", keys), None);
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(all_of([]), "");
        assert_eq!(one_of(["a"]), "`a`");
        assert_eq!(all_of(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(one_of(["a", "b"]), "`a` or `b`");
    }
}
