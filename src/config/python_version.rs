//! Python versions: as rules files write them, and the oldest one that a `requires-python` admits.

use super::model::PythonVersion;

/// The oldest and the newest minor of Python 3 that are understood.
const MINORS: std::ops::RangeInclusive<u8> = 7..=15;

/// Reads `3.11`.
pub(super) fn parse(text: &str) -> Option<PythonVersion> {
    let (major, minor) = text.split_once('.')?;
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if major != "3" || !is_number(minor) {
        return None;
    }
    let minor = minor.parse().ok().filter(|minor| MINORS.contains(minor))?;
    Some(PythonVersion { major: 3, minor })
}

/// The version that was probably meant by what [`parse`] refuses: `py311`, `3.11.4`, `>=3.11`.
pub(super) fn guess(text: &str) -> Option<PythonVersion> {
    let start = text.find('3')?;
    let rest = &text[start + 1..];
    let rest = rest.strip_prefix(['.', '-', '_']).unwrap_or(rest);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    parse(&format!("3.{}", &rest[..digits]))
}

/// The oldest version that a version specifier admits: of PEP 440 (`>=3.9,<4`, `~=3.10`, `==3.11.*`) or of Poetry
/// (`^3.9`, `~3.9`, `3.11.*`, `^3.8 || ^3.10`). Bounds beyond the understood versions are moved to the nearest one.
/// None when it sets no lower bound.
pub(super) fn lower_bound(specifier: &str) -> Option<PythonVersion> {
    let alternatives = specifier.split('|').map(str::trim);
    let bounds: Option<Vec<(u32, u32)>> = alternatives
        .filter(|alternative| !alternative.is_empty())
        .map(|alternative| {
            clauses(alternative)
                .iter()
                .filter_map(|clause| clause_bound(clause))
                .max()
        })
        .collect();
    let (major, minor) = bounds?.into_iter().min()?;
    let minor = match major {
        0..=2 => *MINORS.start(),
        3 => u8::try_from(minor)
            .unwrap_or(u8::MAX)
            .clamp(*MINORS.start(), *MINORS.end()),
        _ => return None,
    };
    Some(PythonVersion { major: 3, minor })
}

/// The clauses of `>=3.9, <4` or Poetry's `>=3.9 <4`; an operator may stand apart from its version.
fn clauses(text: &str) -> Vec<String> {
    let mut clauses: Vec<String> = Vec::new();
    for part in text.split([',', ' ']).filter(|part| !part.is_empty()) {
        match clauses.last_mut() {
            Some(last) if !last.contains(|ch: char| ch.is_ascii_digit()) => last.push_str(part),
            _ => clauses.push(part.to_owned()),
        }
    }
    clauses
}

fn clause_bound(clause: &str) -> Option<(u32, u32)> {
    let version = clause.trim_start_matches(['=', '>', '<', '!', '~', '^']);
    let operator = &clause[..clause.len() - version.len()];
    if !matches!(
        operator,
        "" | "=" | "==" | "===" | ">=" | ">" | "~=" | "~" | "^"
    ) {
        return None;
    }
    let mut numbers = version.trim_start_matches('v').split('.');
    let major = numbers.next()?.parse().ok()?;
    let minor = match numbers.next() {
        None | Some("*") => 0,
        Some(minor) => {
            let digits = minor.bytes().take_while(u8::is_ascii_digit).count();
            minor[..digits].parse().ok()?
        }
    };
    Some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_minors_are_versions() {
        assert_eq!(
            parse("3.11"),
            Some(PythonVersion {
                major: 3,
                minor: 11
            })
        );
        for text in [
            "3", "3.6", "3.16", "2.7", "3.11.4", "3.", "3.+9", "py311", "",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        for text in ["py311", "3.11.4", ">=3.11", "python3.11"] {
            assert_eq!(guess(text), parse("3.11"), "{text}");
        }
        assert_eq!(guess("2.7"), None);
    }

    #[test]
    fn the_lower_bound_counts() {
        for (specifier, bound) in [
            (">=3.9,<4", "3.9"),
            ("<4,>=3.9", "3.9"),
            (">= 3.9, < 4", "3.9"),
            (">=3.8,>=3.10", "3.10"),
            ("~=3.10", "3.10"),
            ("~=3.10.2", "3.10"),
            ("==3.11.*", "3.11"),
            ("===3.11.2", "3.11"),
            (">3.8", "3.8"),
            ("^3.9", "3.9"),
            ("~3.9", "3.9"),
            ("3.11.*", "3.11"),
            ("3.12", "3.12"),
            ("^3.8 || ^3.10", "3.8"),
            (">=3.9 <3.13", "3.9"),
            (">=3.9.1,!=3.9.2", "3.9"),
            (">=3.13rc1", "3.13"),
            (">=3", "3.7"),
            (">=2.7", "3.7"),
            (">=3.6", "3.7"),
            (">=3.20", "3.15"),
        ] {
            assert_eq!(lower_bound(specifier), parse(bound), "{specifier}");
        }
        for specifier in ["", "*", "<4", "!=3.9", "nonsense", ">=4", "<4 || >=3.9"] {
            assert_eq!(lower_bound(specifier), None, "{specifier}");
        }
    }
}
