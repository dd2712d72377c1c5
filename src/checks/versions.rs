//! What packs do not speak of: code written for several versions of a library, and what the project has itself.

use crate::config::RuleMeta;
use crate::facts::{BindingValue, FileFacts, ImportId};
use crate::index::Index;
use crate::span::Span;

/// Whether the place `at` of a file may leave a rule aside: the rule comes from a pack, and the code there chooses
/// between versions by itself. `import` is the import that stands there, if one does.
pub(super) fn chooses(
    rule: &RuleMeta,
    facts: &FileFacts,
    at: Span,
    import: Option<ImportId>,
) -> bool {
    rule.pack.is_some()
        && (facts.has_variants_at(at.start, import.is_some())
            || import.is_some_and(|import| is_alternative(facts, import)))
}

/// Whether an import is one of several that a name may come from, each in a branch.
fn is_alternative(facts: &FileFacts, import: ImportId) -> bool {
    let Some(own) = facts.imports[import.index()].binding else {
        return false;
    };
    let binding = facts.bindings[own.index()];
    let Some(member) = facts.member(binding.scope, facts.name(binding.name)) else {
        return false;
    };
    let all = facts.binding_set(member.bindings);
    let imports = all.iter().filter(|id| {
        let other = facts.bindings[id.index()];
        other.conditional && matches!(other.value, BindingValue::Import(_))
    });
    all.contains(&own) && imports.count() > 1
}

/// Whether a pack's rule about `module` misses its library: the project has a module of that name itself.
pub(super) fn is_of_the_project(rule: &RuleMeta, index: &Index, module: &str) -> bool {
    let has_file = |id| index.module(id).file.is_some();
    rule.pack.is_some() && index.modules.by_name(module).is_some_and(has_file)
}
