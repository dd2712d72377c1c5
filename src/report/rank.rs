//! The order that the priorities of rules give findings.

use crate::diagnostic::Finding;

/// When a finding's turn comes: by the number in its priority, and without one last. Other words come in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank<'a> {
    Number(u32),
    Word(&'a str),
    None,
}

impl<'a> Rank<'a> {
    /// That of a finding.
    pub(super) fn of(finding: &'a Finding) -> Self {
        let Some(priority) = finding.priority.as_deref() else {
            return Self::None;
        };
        let digits = priority.strip_prefix(['P', 'p']);
        match digits.and_then(|digits| digits.parse().ok()) {
            Some(number) => Self::Number(number),
            None => Self::Word(priority),
        }
    }

    /// The priority as text, where there is one.
    pub(super) fn known(self) -> Option<String> {
        (self != Self::None).then(|| self.title())
    }

    /// What people read.
    pub(super) fn title(self) -> String {
        match self {
            Self::Number(number) => format!("P{number}"),
            Self::Word(word) => word.to_owned(),
            Self::None => "without priority".to_owned(),
        }
    }
}
