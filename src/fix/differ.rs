//! How a competitor differs from the canonical object, in words.

use crate::facts::{Definition, DefinitionFlags, DefinitionKind, FileFacts, ParameterKind};
use crate::index::{Entity, Index};

/// What is said of two functions that a call cannot tell apart.
const SAME: &str = "both take the same arguments";

/// What a caller would notice of `canonical` taking the place of `other`.
pub(super) fn difference(index: &Index, other: &[Entity], canonical: &[Entity]) -> Option<String> {
    let (other_facts, other) = definition(index, other)?;
    let (canonical_facts, canonical) = definition(index, canonical)?;
    if other.kind != canonical.kind {
        return Some(format!(
            "the canonical one is a {}, this one a {}",
            kind(canonical.kind),
            kind(other.kind)
        ));
    }
    if other.kind == DefinitionKind::Class {
        return None;
    }
    let mut parts = kinds_apart(other, canonical);
    let wanted = signature(canonical_facts, canonical);
    let given = signature(other_facts, other);
    if wanted != given {
        parts.push(format!(
            "the canonical one takes {wanted}, this one {given}"
        ));
    }
    if parts.is_empty() {
        parts.push(SAME.to_owned());
    }
    Some(parts.join("; "))
}

/// Whether one is async or a generator and the other is not: then no call of `other` works with `canonical`.
pub(super) fn apart(index: &Index, other: &[Entity], canonical: &[Entity]) -> Option<String> {
    let (_, other) = definition(index, other)?;
    let (_, canonical) = definition(index, canonical)?;
    let is_class = [other, canonical].map(|one| one.kind == DefinitionKind::Class);
    let parts = kinds_apart(other, canonical);
    (is_class == [false; 2] && !parts.is_empty()).then(|| parts.join("; "))
}

fn kinds_apart(other: &Definition, canonical: &Definition) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for (flag, is, is_not) in [
        (DefinitionFlags::ASYNC, "async", "not async"),
        (DefinitionFlags::GENERATOR, "a generator", "not a generator"),
    ] {
        match (canonical.flags.contains(flag), other.flags.contains(flag)) {
            (true, false) => parts.push(format!("the canonical one is {is}, this one is not")),
            (false, true) => parts.push(format!("the canonical one is {is_not}, this one is")),
            _ => {}
        }
    }
    parts
}

/// Why calls of `other` would not all work with `canonical`: one of them is async or a generator, or what they take
/// differs.
pub(super) fn conflict(index: &Index, other: &[Entity], canonical: &[Entity]) -> Option<String> {
    let words = difference(index, other, canonical);
    let is_same = words.as_deref() == Some(SAME);
    (!is_same).then(|| words.unwrap_or_else(|| "the two cannot be compared".to_owned()))
}

/// The one function or class behind a name.
fn definition<'a>(
    index: &'a Index,
    entities: &[Entity],
) -> Option<(&'a FileFacts, &'a Definition)> {
    let [Entity::Symbol(symbol)] = entities else {
        return None;
    };
    let (_, definition) = index.definition(*symbol)?;
    Some((index.facts(symbol.file), definition))
}

fn kind(kind: DefinitionKind) -> &'static str {
    match kind {
        DefinitionKind::Class => "class",
        DefinitionKind::Function | DefinitionKind::Lambda => "function",
    }
}

/// A parameter list as Python writes it, defaults as `…`.
fn signature(facts: &FileFacts, definition: &Definition) -> String {
    let parameters = &facts.parameters[definition.parameters.range()];
    let mut parts: Vec<String> = Vec::with_capacity(parameters.len());
    let mut has_star = false;
    for (at, parameter) in parameters.iter().enumerate() {
        let name = facts.name(parameter.name);
        let default = if parameter.has_default { "=…" } else { "" };
        match parameter.kind {
            ParameterKind::VarPositional => {
                has_star = true;
                parts.push(format!("*{name}"));
            }
            ParameterKind::VarKeyword => parts.push(format!("**{name}")),
            ParameterKind::KeywordOnly => {
                if !std::mem::replace(&mut has_star, true) {
                    parts.push("*".to_owned());
                }
                parts.push(format!("{name}{default}"));
            }
            ParameterKind::Positional => parts.push(format!("{name}{default}")),
            ParameterKind::PositionalOnly => {
                parts.push(format!("{name}{default}"));
                let next = parameters.get(at + 1).map(|next| next.kind);
                if next != Some(ParameterKind::PositionalOnly) {
                    parts.push("/".to_owned());
                }
            }
        }
    }
    format!("({})", parts.join(", "))
}
