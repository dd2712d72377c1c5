//! "Did you mean": the known name that a mistyped one most resembles.

/// How many candidates are looked at: who has more of them has generated them.
const MOST_CANDIDATES: usize = 1_000;

/// The candidate closest to `name`, if one is close enough to be meant.
#[must_use]
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = spelling(name);
    let length = wanted.chars().count();
    let allowed = (length / 3).max(1);
    candidates
        .into_iter()
        .take(MOST_CANDIDATES)
        // Every character more or less is an edit.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= allowed)
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&wanted, &spelling(candidate)),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// What is left of a name when case and the choice of separator do not count.
fn spelling(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

/// The words `; did you mean ...?` for the closest candidate, or nothing.
#[must_use]
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    closest(name, candidates).map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["self-recursion", "mutual-recursion", "gateway"];

    #[test]
    fn a_typo_finds_its_name() {
        assert_eq!(closest("self-recursoin", NAMES), Some("self-recursion"));
        assert_eq!(closest("Self_Recursion", NAMES), Some("self-recursion"));
        assert_eq!(closest("gatway", NAMES), Some("gateway"));
    }

    #[test]
    fn case_and_underscores_cost_nothing() {
        assert_eq!(closest("MAX_SIZE", ["MAX_SIZES"]), Some("MAX_SIZES"));
    }

    #[test]
    fn another_word_finds_none() {
        assert_eq!(closest("unrelated", NAMES), None);
        assert_eq!(closest("", NAMES), None);
        assert_eq!(did_you_mean("x", NAMES), "");
    }
}
