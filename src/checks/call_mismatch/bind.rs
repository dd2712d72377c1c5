//! Binds the arguments of a call to parameters as `CPython` does (`inspect.Signature.bind`).

use crate::facts::ParameterKind;
use crate::signatures::CallArguments;

/// A parameter of what is called, the receiver left out.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: Box<str>,
    pub(super) kind: ParameterKind,
    pub(super) has_default: bool,
}

impl Parameter {
    pub(super) fn is_positional(&self) -> bool {
        matches!(
            self.kind,
            ParameterKind::PositionalOnly | ParameterKind::Positional
        )
    }
}

/// Why arguments do not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mismatch {
    /// More positional arguments than there are parameters for them.
    TooMany { given: usize, most: usize },
    /// Parameters without default that get no argument.
    Missing(Vec<Box<str>>),
    /// A keyword that names no parameter.
    Unexpected(Box<str>),
    /// A parameter that gets two arguments.
    Twice(Box<str>),
    /// A keyword that names a parameter which takes no keyword.
    PositionalOnly(Box<str>),
}

/// Whether the arguments fit. What stars may hide is given the benefit of the doubt.
pub(super) fn bind(parameters: &[Parameter], arguments: &CallArguments) -> Result<(), Mismatch> {
    let positional: Vec<&Parameter> = parameters
        .iter()
        .filter(|one| one.is_positional())
        .collect();
    let has = |kind| parameters.iter().any(|one| one.kind == kind);
    let given = arguments.positional as usize;
    if given > positional.len() && !has(ParameterKind::VarPositional) {
        return Err(Mismatch::TooMany {
            given,
            most: positional.len(),
        });
    }
    let takes_any_keyword = has(ParameterKind::VarKeyword);
    for keyword in &arguments.keywords {
        let at = parameters.iter().find(|one| {
            one.name == *keyword
                && !matches!(
                    one.kind,
                    ParameterKind::VarPositional | ParameterKind::VarKeyword
                )
        });
        match at {
            Some(one) if one.kind == ParameterKind::PositionalOnly => {
                if !takes_any_keyword {
                    return Err(Mismatch::PositionalOnly(keyword.clone()));
                }
            }
            Some(one) => {
                let taken = positional[..given.min(positional.len())]
                    .iter()
                    .any(|other| other.name == one.name);
                if taken {
                    return Err(Mismatch::Twice(keyword.clone()));
                }
            }
            None if takes_any_keyword => {}
            None => return Err(Mismatch::Unexpected(keyword.clone())),
        }
    }
    let missing: Vec<Box<str>> = parameters
        .iter()
        .filter(|one| !one.has_default)
        .filter(|one| {
            let by_keyword = || arguments.keywords.contains(&one.name) || arguments.unpacked;
            let by_position = || {
                let at = positional.iter().position(|other| other.name == one.name);
                arguments.starred || at.is_some_and(|at| at < given)
            };
            match one.kind {
                ParameterKind::PositionalOnly => !by_position(),
                ParameterKind::Positional => !by_position() && !by_keyword(),
                ParameterKind::KeywordOnly => !by_keyword(),
                ParameterKind::VarPositional | ParameterKind::VarKeyword => false,
            }
        })
        .map(|one| one.name.clone())
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Mismatch::Missing(missing))
    }
}
