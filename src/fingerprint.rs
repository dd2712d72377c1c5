//! Fingerprints: names for findings that survive edits elsewhere in the file.
//!
//! Owns the order of findings too, since a repeated finding is told apart by its turn.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

use crate::diagnostic::Finding;

/// A line-free name for a finding; prints as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub u64);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A finding and its name.
#[derive(Clone, Debug)]
pub struct Identified {
    /// The finding.
    pub finding: Finding,
    /// Its name, unique among the findings it was identified with.
    pub fingerprint: Fingerprint,
}

/// Sorts `findings` and names each one.
///
/// Give it all findings of a run at once, before a baseline takes some away: findings that differ in nothing but
/// their line are numbered in order.
#[must_use]
pub fn identify(mut findings: Vec<Finding>) -> Vec<Identified> {
    findings.sort_by(|a, b| {
        a.sort_key()
            .cmp(&b.sort_key())
            .then_with(|| tie_break(a).cmp(&tie_break(b)))
    });
    let mut seen: HashMap<u64, u64> = HashMap::new();
    findings
        .into_iter()
        .map(|finding| {
            let base = hash_finding(&finding);
            let ordinal = seen.entry(base).or_default();
            let fingerprint = Fingerprint(fnv1a(base, &ordinal.to_le_bytes()));
            *ordinal += 1;
            Identified {
                finding,
                fingerprint,
            }
        })
        .collect()
}

/// Orders findings that [`Finding::sort_key`] holds equal, so that the order they were found in never shows.
fn tie_break(finding: &Finding) -> impl Ord + '_ {
    (
        finding.location.end,
        finding.severity,
        &finding.rule,
        &finding.symbol,
        &finding.local,
        &finding.cycle,
        (&finding.priority, &finding.help, &finding.refusal),
        finding
            .evidence
            .iter()
            .map(|hop| (&hop.location, &hop.message))
            .collect::<Vec<_>>(),
        finding
            .fix
            .as_ref()
            .map(|fix| (fix.applicability, &fix.message, &fix.edits)),
        (finding.same_object, finding.class, &finding.tags),
    )
}

fn hash_finding(finding: &Finding) -> u64 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    let message = without_lines(&finding.message);
    [
        finding.check,
        finding.rule.as_deref().unwrap_or(""),
        &finding.location.path,
        finding.symbol.as_deref().unwrap_or(""),
        &message,
    ]
    .iter()
    // The zero byte keeps neighbouring fields apart.
    .fold(OFFSET_BASIS, |hash, field| {
        fnv1a(fnv1a(hash, field.as_bytes()), &[0])
    })
}

/// FNV-1a, 64 bits: the same on every platform and in every version, as a stored baseline needs.
fn fnv1a(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// `message` without `line 4`, `lines 3-5`, `:12`, `:12:3`.
fn without_lines(message: &str) -> std::borrow::Cow<'_, str> {
    #[allow(clippy::unwrap_used)] // A constant pattern, compiled by the tests.
    static LINES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\blines?\s+\d+(?:(?:\s*[-–,]\s*|\s+(?:and|to)\s+)\d+)*\b|:\d+(?::\d+)?\b")
            .unwrap()
    });
    LINES.replace_all(message, "")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::diagnostic::{Location, Severity};
    use crate::span::Position;

    fn finding(path: &str, line: u32, message: &str) -> Finding {
        let at = Position { line, column: 1 };
        let location = Location {
            path: path.into(),
            start: at,
            end: at,
        };
        Finding::new("gateway", Severity::Error, location, message.to_owned())
    }

    fn prints(findings: Vec<Finding>) -> Vec<Fingerprint> {
        identify(findings)
            .into_iter()
            .map(|it| it.fingerprint)
            .collect()
    }

    #[test]
    fn the_hash_is_fnv1a() {
        assert_eq!(
            fnv1a(0xcbf2_9ce4_8422_2325, b"foobar"),
            0x8594_4171_f739_67e8
        );
    }

    #[test]
    fn a_moved_finding_keeps_its_name() {
        let before = prints(vec![finding(
            "a.py",
            3,
            "the `def` on line 4, see b.py:7:1",
        )]);
        let after = prints(vec![finding(
            "a.py",
            30,
            "the `def` on line 41, see b.py:70:12",
        )]);
        assert_eq!(before, after);
    }

    #[test]
    fn other_numbers_still_count() {
        let two = prints(vec![finding("a.py", 3, "takes 2 arguments")]);
        let three = prints(vec![finding("a.py", 3, "takes 3 arguments")]);
        assert_ne!(two, three);
        assert_eq!(without_lines("pipeline 3, lines 3-5 and 8"), "pipeline 3, ");
        assert_eq!(without_lines("line4 and pkg:name2"), "line4 and pkg:name2");
    }

    #[test]
    fn repeats_are_told_apart() {
        let both = prints(vec![finding("a.py", 9, "m"), finding("a.py", 3, "m")]);
        assert_ne!(both[0], both[1]);
        let first = prints(vec![finding("a.py", 5, "m")]);
        assert_eq!(first[0], both[0]);
    }

    #[test]
    fn fields_do_not_run_together() {
        let mut a = finding("a.py", 1, "m");
        a.rule = Some("x".into());
        let mut b = finding("xa.py", 1, "m");
        b.rule = None;
        assert_ne!(prints(vec![a]), prints(vec![b]));
    }
}
