//! Whether a module that nothing imports may be missed after all: because it does something when it is loaded, or
//! because modules are loaded by names that no text spells.

use rustc_hash::FxHashSet;

use super::Context;
use super::retired::externals;
use crate::config::{Replacement, Retired, SymbolPath};
use crate::diagnostic::{Relocation, Site};
use crate::facts::{FileFacts, Root, StringTargetKind};
use crate::index::FileId;

/// Functions that load modules by computed names, as they are called.
const LOADERS: [&str; 11] = [
    "__import__",
    "exec",
    "exec_module",
    "import_module",
    "import_string",
    "iter_modules",
    "load_module",
    "run_module",
    "run_path",
    "spec_from_file_location",
    "walk_packages",
];

/// The deletion of a module that nothing uses, which stands in `file` first.
pub(super) fn deletion(
    context: &Context<'_>,
    module: &str,
    rule: &Retired,
    file: FileId,
) -> Relocation {
    let successor = match &rule.replacement {
        Some(Replacement::Module(module)) => module.clone(),
        _ => String::new(),
    };
    Relocation {
        file,
        site: Site::Module,
        to: SymbolPath {
            module: module.to_owned(),
            name: successor,
        },
        local: module.to_owned(),
        same_object: is_inert(context, module),
        vouched: false,
    }
}

/// Whether a module and those below it do nothing but define names, and nothing loads modules by computed names.
fn is_inert(context: &Context<'_>, module: &str) -> bool {
    let index = context.index;
    let below = |name: &str| {
        name.strip_prefix(module)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let own: FxHashSet<FileId> = index
        .modules
        .all()
        .iter()
        .filter(|one| below(&one.name))
        .filter_map(|one| one.file)
        .collect();
    let mut own_files = own.iter().map(|&file| index.file(file));
    let is_quiet = own_files.all(|file| {
        let is_started = file.path.ends_with("__main__.py") || file.is_test;
        !is_started && only_defines(&file.facts)
    });
    let mut files = index.file_ids().filter(|file| !own.contains(file));
    is_quiet && !files.any(|file| loads_by_name(context, file))
}

/// Whether loading a file does nothing but bind names.
fn only_defines(facts: &FileFacts) -> bool {
    let unnamed = facts.unresolved_calls;
    facts.errors.is_empty()
        && facts.dynamic.is_none()
        && !facts.runs_more_than_definitions()
        && unnamed.expression == 0
        && unnamed.local_value == 0
        && !facts.imports.iter().any(|import| import.as_script)
}

/// Whether a file loads modules by names that are not literals.
fn loads_by_name(context: &Context<'_>, file: FileId) -> bool {
    let facts = context.index.facts(file);
    if !facts.names.iter().any(|name| LOADERS.contains(&name)) {
        return false;
    }
    let is_loader = |path: &str| LOADERS.contains(&path.rsplit('.').next().unwrap_or(path));
    let loads = facts.calls.iter().filter(|call| {
        let written = match (facts.path(call.callee.path).last(), call.callee.root) {
            (Some(last), _) => Some(facts.name(*last)),
            (None, Root::Free(name)) => Some(facts.name(name)),
            _ => None,
        };
        let found = context.index.reference(file, &call.callee);
        written.is_some_and(is_loader) || externals(context.index, &found).any(is_loader)
    });
    let constant = facts
        .string_targets
        .iter()
        .filter(|target| target.kind == StringTargetKind::ImportModule);
    loads.count() > constant.count()
}
