//! `ssot why`: a shortest path between two modules or functions, or why there is none.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use crate::Graphs;
use crate::facts::{Call, CallId, DefinitionId, DefinitionKind, Root};
use crate::graph::calls::{CallGraph, FunctionId};
use crate::graph::paths::{call_path, import_path};
use crate::index::{Entity, FileId, Index};
use crate::report::graph::{Answer, Hop};
use crate::suggest::did_you_mean;

/// A shortest path between two modules, or between two functions.
pub(super) fn why(index: &Index, graphs: &Graphs, from: &str, to: &str) -> Result<Answer> {
    let names_function = |path: &str| {
        let is_module = || index.modules.by_name(path).is_some();
        path.contains(':') && !(path.contains("::") && is_module())
    };
    if names_function(from) != names_function(to) {
        bail!("name two modules (`a.b`, `a::b`) or two functions (`a.b:f`, `a::b::f`)");
    }
    if names_function(from) {
        calls(index, &graphs.calls, from, to)
    } else {
        imports(index, graphs, from, to)
    }
}

fn imports(index: &Index, graphs: &Graphs, from: &str, to: &str) -> Result<Answer> {
    let module = |name: &str| match index.modules.by_name(name) {
        Some(id) => Ok(id),
        None => Err(no_module(index, name)),
    };
    let path = import_path(index, &graphs.imports, module(from)?, module(to)?);
    Ok(match path {
        Some(edges) => Answer::Path(
            edges
                .iter()
                .map(|edge| {
                    let import = &index.facts(edge.file).imports[edge.import.index()];
                    Hop {
                        from: index.module(edge.importer).name.to_string(),
                        verb: "imports",
                        to: index.module(edge.imported).name.to_string(),
                        path: index.file(edge.file).path.to_string(),
                        line: index.facts(edge.file).lines.line(import.statement.start),
                    }
                })
                .collect(),
        ),
        None => Answer::None(format!("No path leads from `{from}` to `{to}`.")),
    })
}

fn calls(index: &Index, calls: &CallGraph, from: &str, to: &str) -> Result<Answer> {
    let (start, end) = (find_function(index, from)?, find_function(index, to)?);
    let Some(hops) = call_path(index, calls, start, end) else {
        return Ok(Answer::None(no_path(index, calls, start, end)));
    };
    let told = hops.iter().map(|hop| {
        let file = hop.caller.file;
        let call = &index.facts(file).calls[hop.call.index()];
        Hop {
            from: path(index, hop.caller),
            verb: "calls",
            to: path(index, hop.callee),
            path: index.file(file).path.to_string(),
            line: index.facts(file).lines.line(call.callee.span.start),
        }
    });
    Ok(Answer::Path(told.collect()))
}

/// Why a function does not lead back to itself though it looks as if it did; none where nothing looks so.
pub(super) fn not_recursive(
    index: &Index,
    calls: &CallGraph,
    function: FunctionId,
) -> Option<String> {
    if call_path(index, calls, function, function).is_some_and(|hops| !hops.is_empty()) {
        return None;
    }
    let text = no_path(index, calls, function, function);
    let why = text.split_once("` is not recursive: ")?.1;
    Some(format!("none: {}", why.trim_end_matches('.')))
}

fn path(index: &Index, function: FunctionId) -> String {
    index.definition_path(function.file, function.definition)
}

fn no_module(index: &Index, name: &str) -> anyhow::Error {
    let names = index.modules.all().iter().map(|module| &*module.name);
    anyhow::anyhow!("there is no module `{name}`{}", did_you_mean(name, names))
}

/// The function at `path`: by the place of its definition, or by any path that leads to it.
pub(super) fn find_function(index: &Index, path: &str) -> Result<FunctionId> {
    let (module, name) = split(index, path);
    let mut names = Vec::new();
    let mut found = None;
    for file in index.file_ids() {
        let is_elsewhere = index.module_name(file) != module;
        if is_elsewhere && index.facts(file).modules.is_empty() {
            continue;
        }
        for (at, definition) in index.facts(file).definitions.iter().enumerate() {
            if definition.kind == DefinitionKind::Class {
                continue;
            }
            let of = index.module_at(file, definition.parent);
            if is_elsewhere && of.is_none_or(|of| *index.module(of).name != *module) {
                continue;
            }
            let definition = DefinitionId(at as u32);
            let name = index.definition_path(file, definition);
            if name == path {
                // Of several the last is what the name is in the end.
                found = Some(FunctionId { file, definition });
            }
            names.push(name);
        }
    }
    let name = name.replace("::", ".");
    if let Some(found) = found.or_else(|| through_names(index, module, &name)) {
        return Ok(found);
    }
    if index.modules.by_name(module).is_none() && names.is_empty() {
        return Err(no_module(index, module));
    }
    bail!(
        "there is no function `{path}`{}",
        did_you_mean(path, names.iter().map(String::as_str))
    )
}

/// The module of a function's path, and its name there.
fn split<'p>(index: &Index, path: &'p str) -> (&'p str, &'p str) {
    let cuts = path.rmatch_indices("::").map(|(at, _)| at);
    let known = cuts
        .clone()
        .find(|&at| index.modules.by_name(&path[..at]).is_some());
    match known.or(cuts.last()) {
        Some(at) => (&path[..at], &path[at + 2..]),
        None => path.split_once(':').unwrap_or((path, "")),
    }
}

/// What `name`, perhaps with attributes, is in a module, where that is one function.
fn through_names(index: &Index, module: &str, name: &str) -> Option<FunctionId> {
    let module = index.modules.by_name(module)?;
    let mut parts = name.split('.');
    let mut entities = index.member(module, parts.next()?).entities;
    for part in parts {
        let [Entity::Symbol(symbol)] = entities[..] else {
            return None;
        };
        let members = index.class_member(symbol, part)?;
        entities = members.into_iter().map(Entity::Symbol).collect();
    }
    let [Entity::Symbol(symbol)] = entities[..] else {
        return None;
    };
    let (definition, what) = index.definition(symbol)?;
    (what.kind != DefinitionKind::Class).then_some(FunctionId {
        file: symbol.file,
        definition,
    })
}

/// That no call path leads from one function to another; where a call bears the name of the one looked for, what that
/// name is instead.
fn no_path(index: &Index, calls: &CallGraph, from: FunctionId, to: FunctionId) -> String {
    let mut text = if from == to {
        format!("`{}` is not recursive", path(index, from))
    } else {
        format!(
            "No path leads from `{}` to `{}`",
            path(index, from),
            path(index, to)
        )
    };
    let facts = index.facts(from.file);
    let wanted = index
        .facts(to.file)
        .name(index.facts(to.file).definitions[to.definition.index()].name);
    let place = |call: &Call| {
        format!(
            "{}:{}",
            index.file(from.file).path,
            facts.lines.line(call.callee.span.start)
        )
    };
    let back = if from == to {
        "which does not lead back"
    } else {
        "which does not lead there"
    };
    let named = facts.calls.iter().enumerate().find(|(_, call)| {
        calls.caller(from.file, call) == Some(from.definition)
            && called_name(index, from.file, call) == Some(wanted)
    });
    if let Some((at, call)) = named {
        let what = meaning(index, calls, from.file, CallId(at as u32));
        let at = place(call);
        let _ = match what {
            Some(what) => write!(
                text,
                ": the `{wanted}` that it calls at {at} is {what}, {back}"
            ),
            None => write!(
                text,
                ": what the `{wanted}` that it calls at {at} is cannot be told from here"
            ),
        };
    } else if is_parameter(index, from, wanted) {
        let _ = write!(text, ": `{wanted}` is a parameter there");
    }
    text.push('.');
    text
}

/// The name by which a call calls.
fn called_name<'i>(index: &'i Index, file: FileId, call: &Call) -> Option<&'i str> {
    let facts = index.facts(file);
    if let Some(&last) = facts.path(call.callee.path).last() {
        return Some(facts.name(last));
    }
    match call.callee.root {
        Root::Free(name) => Some(facts.name(name)),
        Root::Bound(set) => {
            let first = facts.binding_set(set).first()?;
            Some(facts.name(facts.bindings[first.index()].name))
        }
        _ => None,
    }
}

/// What a call runs, in words.
fn meaning(index: &Index, calls: &CallGraph, file: FileId, call: CallId) -> Option<String> {
    let targets = calls.functions(file, calls.targets(file, call));
    let known = targets.iter().map(|&function| {
        let facts = index.facts(function.file);
        let definition = &facts.definitions[function.definition.index()];
        format!(
            "`{}` ({}:{})",
            path(index, function),
            index.file(function.file).path,
            facts.lines.line(definition.name_span.start)
        )
    });
    let mut all: Vec<String> = known.collect();
    let outside = super::views::external_paths(index, file, call).into_iter();
    all.extend(outside.map(|path| format!("`{path}`, outside the project")));
    (!all.is_empty()).then(|| all.join(" or "))
}

fn is_parameter(index: &Index, function: FunctionId, name: &str) -> bool {
    let facts = index.facts(function.file);
    let definition = &facts.definitions[function.definition.index()];
    facts.parameters[definition.parameters.range()]
        .iter()
        .any(|parameter| facts.name(parameter.name) == name)
}
