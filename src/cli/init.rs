//! `init`: a rules file proposed from the code, best founded first.
//!
//! What evidence alone can settle becomes a rule: the one home of a symbol that several paths lead to. What is for people
//! to decide (which factory stays, which shim goes) stands there as a comment, ready to be made a rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::{Context, Result, bail};
use rustc_hash::FxHashMap;

use super::Status;
use super::args::{Global, Init};
use super::check::setup;
use super::console::Console;
use super::engine::Engine;
use crate::checks::find;
use crate::config::Config;
use crate::facts::{BindingValue, ImportId, ImportTarget, ScopeId};
use crate::index::{Entity, FileId, Index, ModuleId, ModuleRef, SymbolId};
use crate::{Graphs, Project, analyze};

/// How many proposals of a kind are made; a file that nobody reads helps nobody.
const MOST: usize = 20;

/// `init`.
pub(super) fn run(
    args: &Init,
    global: &Global,
    engine: &dyn Engine,
    console: &mut Console<'_>,
) -> Result<Status> {
    let setup = setup(global);
    let proposal = engine.propose(&setup)?;
    if !args.write {
        console.print(&proposal)?;
        return Ok(Status::Passed);
    }
    let config = engine.config(&setup)?;
    if let Some(file) = &config.file {
        bail!("there are rules already, in {file}");
    }
    let path = config.root.join("ssot.toml");
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).open(&path);
    file.and_then(|mut file| file.write_all(proposal.as_bytes()))
        .with_context(|| format!("cannot create {}", path.display()))?;
    console.print("Wrote ssot.toml. `ssot check` shows what it finds.\n")?;
    Ok(Status::Passed)
}

/// `config` without what the rules there are say of symbols and modules.
pub(super) fn without_rules(mut config: Config) -> Config {
    config.canonical.clear();
    config.retired.clear();
    config.contracts.clear();
    config.checks.clear();
    config
}

/// The proposal for a project, as text.
pub(super) fn propose(project: &Project) -> String {
    let index = &project.index;
    let graphs = Graphs::build(index);
    let mut text =
        "# Proposed from the code by `ssot init`. Read each line, keep what is true.\n".to_owned();
    let uses = uses(index);
    let symbols = scattered(index, &uses);
    section(
        &mut text,
        "Symbols that several paths lead to, most used first: one home each",
        &symbols,
    );
    let factories = from_findings(project, &graphs, "duplicate-definition", |finding| {
        let mut text = format!("# {}; say which one counts:\n", plain(&finding.message));
        for place in &finding.evidence {
            let at = &place.location;
            let _ = writeln!(
                text,
                "#   {}:{}: {}",
                plain(&at.path),
                at.start.line,
                place.message
            );
        }
        let symbol = finding.symbol.as_deref().unwrap_or("");
        let _ = write!(text, "# [[canonical]]\n# symbol = \"{symbol}\"\n");
        text
    });
    section(&mut text, "Factories that exist more than once", &factories);
    section(
        &mut text,
        "Modules that only pass on what others define, or warn; retire those that are leftovers",
        &shims(index, &graphs),
    );
    section(
        &mut text,
        "Classes whose objects seem to belong to one request or user; if so, nothing may hold one for all",
        &per_request(index, &uses),
    );
    let cycles = from_findings(project, &graphs, "import-cycle", |finding| {
        format!("# {}\n", plain(&finding.message))
    });
    if cycles.is_empty() {
        text.push_str(
            "\n# There is no import cycle: let it stay so.\n[checks]\nimport-cycle = \"error\"\n",
        );
    } else {
        section(
            &mut text,
            "Import cycles; once they are cut, make this a rule",
            &cycles,
        );
        text.push_str("# [checks]\n# import-cycle = \"error\"\n");
    }
    text
}

fn section(text: &mut String, title: &str, blocks: &[String]) {
    if blocks.is_empty() {
        return;
    }
    let _ = write!(text, "\n# --- {title}\n");
    for block in blocks.iter().take(MOST) {
        let _ = write!(text, "\n{block}");
    }
    if blocks.len() > MOST {
        let _ = write!(text, "\n# … and {} more\n", blocks.len() - MOST);
    }
}

/// The findings of one check, told by `tell`.
fn from_findings(
    project: &Project,
    graphs: &Graphs,
    check: &str,
    tell: impl Fn(&crate::diagnostic::Finding) -> String,
) -> Vec<String> {
    let checks: Vec<_> = find(check).into_iter().collect();
    let mut findings = analyze(project, graphs, &checks, false).findings;
    findings.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    findings.iter().map(tell).collect()
}

/// A path to a symbol: the module and the name in it.
type Path<'i> = (&'i str, &'i str);

/// Who imports each definition by which path.
type Uses<'i> = FxHashMap<SymbolId, BTreeMap<Path<'i>, BTreeSet<FileId>>>;

fn uses(index: &Index) -> Uses<'_> {
    let mut uses: Uses<'_> = FxHashMap::default();
    for file in index.file_ids() {
        let facts = index.facts(file);
        for (at, import) in facts.imports.iter().enumerate() {
            let module = index.imported_module(file, ImportId(at as u32));
            let (ImportTarget::Name(name), ModuleRef::Known(module), Some(binding)) =
                (import.target, module, import.binding)
            else {
                continue;
            };
            let (entities, unknown, _) = index.binding_entities(SymbolId { file, binding });
            if let ([Entity::Symbol(symbol)], None) = (&entities[..], unknown) {
                let path = (&*index.module(module).name, facts.name(name));
                let by_path = uses.entry(*symbol).or_default();
                by_path.entry(path).or_default().insert(file);
            }
        }
    }
    uses
}

/// Rules for symbols that are imported by several paths.
fn scattered(index: &Index, uses: &Uses<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for (&symbol, paths) in uses {
        let mut paths = paths.clone();
        let is_made = matches!(index.binding(symbol).value, BindingValue::Definition(_));
        if !is_made || index.file(symbol.file).is_test || index.module_of(symbol.file).is_none() {
            continue;
        }
        // Who is imported from passes the symbol on, and is no consumer.
        let passing: BTreeSet<&str> = paths.keys().map(|(module, _)| *module).collect();
        for files in paths.values_mut() {
            files.retain(|file| !passing.contains(index.module_name(*file)));
        }
        paths.retain(|_, files| !files.is_empty());
        let total: usize = paths.values().map(BTreeSet::len).sum();
        if paths.len() > 1 && !index.symbol_name(symbol).starts_with('_') {
            found.push((
                std::cmp::Reverse(total),
                index.symbol_path(symbol),
                symbol,
                paths,
            ));
        }
    }
    found.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    let tell = |(total, _, symbol, paths): &(_, _, SymbolId, BTreeMap<Path<'_>, _>)| {
        let std::cmp::Reverse(total): &std::cmp::Reverse<usize> = total;
        rule(index, *total, *symbol, paths)
    };
    found.iter().map(tell).collect()
}

fn rule(
    index: &Index,
    total: usize,
    symbol: SymbolId,
    paths: &BTreeMap<Path<'_>, BTreeSet<FileId>>,
) -> String {
    let mut ranked: Vec<_> = paths
        .iter()
        .map(|(path, files)| (path, files.len()))
        .collect();
    ranked.sort_by_key(|(path, count)| (std::cmp::Reverse(*count), **path));
    let told: Vec<String> = ranked
        .iter()
        .map(|((module, name), count)| format!("{count} by {module}:{name}"))
        .collect();
    let defined = (index.module_name(symbol.file), index.symbol_name(symbol));
    let is_private = |path: &Path<'_>| path.0.split('.').any(|part| part.starts_with('_'));
    // What lies in a private module is made to be imported from elsewhere.
    let public = ranked
        .iter()
        .map(|(path, _)| **path)
        .find(|path| !is_private(path));
    let home = public.filter(|_| is_private(&defined)).unwrap_or(defined);
    let line = index
        .facts(symbol.file)
        .lines
        .line(index.binding(symbol).span.start);
    format!(
        "# imported {total} times: {}; defined at {}:{line}\n[[canonical]]\nsymbol = \"{}:{}\"\n",
        told.join(", "),
        plain(&index.file(symbol.file).path),
        home.0,
        home.1
    )
}

/// Modules that define nothing and only pass on; packages do that for a living.
fn shims(index: &Index, graphs: &Graphs) -> Vec<String> {
    let mut found = Vec::new();
    for module in index.modules.ids() {
        let info = index.module(module);
        let Some(file) = info.file.filter(|_| !info.is_package) else {
            continue;
        };
        let sources = passed_on(index, file);
        let warns = warns(index, graphs, file);
        if (sources.is_empty() && !warns) || index.file(file).is_test {
            continue;
        }
        let edges = graphs.imports.edges.iter();
        let users: BTreeSet<ModuleId> = edges
            .filter(|edge| edge.imported == module && edge.importer != module)
            .map(|edge| edge.importer)
            .collect();
        // What only passes on and nobody here uses may be what others import.
        if users.is_empty() && !warns {
            continue;
        }
        let used = match users.len() {
            0 => "no module uses".to_owned(),
            1 => "1 module uses".to_owned(),
            more => format!("{more} modules use"),
        };
        let mut text = format!(
            "# {}: {}; {used} it\n# [[retired]]\n# module = \"{}\"\n",
            plain(&index.file(file).path),
            if warns {
                "warns when it is imported"
            } else {
                "defines nothing"
            },
            info.name
        );
        let mut only = sources.iter();
        if let (Some(source), None) = (only.next(), only.next()) {
            let _ = writeln!(text, "# use = \"{}\"", index.module(*source).name);
        }
        found.push((std::cmp::Reverse(users.len()), module, text));
    }
    found.sort();
    found.into_iter().map(|(.., text)| text).collect()
}

/// Parameters that say for whom an object is made.
const OWNERS: [&str; 14] = [
    "account",
    "account_id",
    "current_user",
    "request",
    "request_context",
    "request_id",
    "session_id",
    "tenant",
    "tenant_id",
    "user",
    "user_context",
    "user_id",
    "username",
    "websocket",
];

/// Classes that cannot be made without the request or the user they are for, most used first.
fn per_request(index: &Index, uses: &Uses<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for (&symbol, paths) in uses {
        let is_local = index.file(symbol.file).is_test || index.module_of(symbol.file).is_none();
        let name = index.symbol_name(symbol);
        let is_raised = name.ends_with("Error") || name.ends_with("Exception");
        if is_local || is_raised || name.starts_with('_') || index.class(symbol).is_none() {
            continue;
        }
        let Some(owner) = made_for(index, symbol) else {
            continue;
        };
        let files: BTreeSet<&FileId> = paths.values().flatten().collect();
        found.push((
            std::cmp::Reverse(files.len()),
            index.symbol_path(symbol),
            symbol,
            owner,
        ));
    }
    found.sort();
    let tell = |(count, path, symbol, owner): &(
        std::cmp::Reverse<usize>,
        String,
        SymbolId,
        &str,
    )| {
        let facts = index.facts(symbol.file);
        let line = facts.lines.line(index.binding(*symbol).span.start);
        format!(
            "# {}:{line}: made with `{owner}`; imported by {} file{}\n# [[per-request]]\n# symbol = \"{path}\"\n",
            plain(&index.file(symbol.file).path),
            count.0,
            if count.0 == 1 { "" } else { "s" },
        )
    };
    found.iter().map(tell).collect()
}

/// The parameter without a default that names who an object of a class is for.
fn made_for(index: &Index, class: SymbolId) -> Option<&str> {
    let makers = index.class_member(class, "__init__")?;
    let &[maker] = &makers[..] else { return None };
    let (_, init) = index.definition(maker)?;
    let facts = index.facts(maker.file);
    let needed = facts.parameters[init.parameters.range()].iter();
    let mut needed = needed.filter(|parameter| !parameter.has_default);
    needed.find_map(|parameter| {
        let name = facts.name(parameter.name);
        OWNERS.contains(&name).then_some(name)
    })
}

/// Whether importing a file calls `warnings.warn`.
fn warns(index: &Index, graphs: &Graphs, file: FileId) -> bool {
    let is_warning = |path: &str| path == "warnings.warn";
    index.facts(file).calls.iter().any(|call| {
        if graphs.calls.caller(file, call).is_some() {
            return false;
        }
        let found = index.reference(file, &call.callee);
        found.externals.iter().any(|path| is_warning(path))
            || found.entities.iter().any(|entity| {
                matches!(entity, Entity::External(id) if is_warning(index.origins.external(*id)))
            })
    })
}

/// Text that keeps to its line, as a comment must.
fn plain(text: &str) -> String {
    text.replace(char::is_control, "?")
}

/// The modules of the project that a file takes names from, if that is all it does.
fn passed_on(index: &Index, file: FileId) -> BTreeSet<ModuleId> {
    let facts = index.facts(file);
    let mut bindings = facts.bindings.iter();
    let only_imports = bindings.all(|binding| {
        binding.scope != ScopeId::MODULE
            || matches!(
                binding.value,
                BindingValue::Import(_) | BindingValue::Alias(_)
            )
            || facts.name(binding.name).starts_with("__")
    });
    if !only_imports || !facts.definitions.is_empty() || !facts.errors.is_empty() {
        return BTreeSet::new();
    }
    let imports = (0..facts.imports.len() as u32).map(ImportId);
    let names = imports.filter(|id| {
        matches!(
            facts.imports[id.index()].target,
            ImportTarget::Name(_) | ImportTarget::Star
        )
    });
    let modules = names.filter_map(|id| match index.imported_module(file, id) {
        ModuleRef::Known(module) => Some(module),
        _ => None,
    });
    modules.collect()
}
