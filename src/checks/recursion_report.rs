//! How recursion cycles are told: one finding a cycle, at its recursive call, with every hop.

use std::fmt::Write as _;
use std::sync::Arc;

use super::trail::{HopKind, trail};
use super::{Check, Context, Outcome};
use crate::config::RuleMeta;
use crate::diagnostic::{Evidence, Finding, Severity};
use crate::facts::{
    Binding, BindingValue, CallMode, Ending, FlowStep, ImportId, ImportTarget, Root,
};
use crate::graph::calls::FunctionId;
use crate::graph::recursion::{Cycle, CycleCall, Doubt};
use crate::index::{ClassId, Entity, FileId, Index, ModuleRef, SymbolId};

/// Reports the cycles that `wanted` admits.
pub(super) fn run(
    context: &Context<'_>,
    check: &Check,
    wanted: impl Fn(&Cycle) -> bool,
) -> Outcome {
    let cycles = context
        .recursion
        .cycles
        .iter()
        .filter(|cycle| wanted(cycle));
    Outcome {
        findings: cycles
            .filter_map(|cycle| finding(context, check, cycle))
            .collect(),
        tallies: Vec::new(),
    }
}

fn finding(context: &Context<'_>, check: &Check, cycle: &Cycle) -> Option<Finding> {
    let first = cycle.calls.first()?;
    let call = &context.index.facts(first.caller.file).calls[first.call.index()];
    let location = context.location(first.caller.file, call.callee.span);
    let mut finding = context.finding(check, None, location, message(context, cycle, *first))?;
    finding.tags = tags(context.index, cycle);
    if !cycle.unconditional {
        finding.severity = finding.severity.min(guarded_severity(&finding.tags));
    }
    finding.symbol = Some(path(context.index, cycle.functions[0]));
    finding.cycle = cycle
        .functions
        .iter()
        .map(|&function| path(context.index, function))
        .collect();
    finding.class = Some(if cycle.unconditional {
        "unconditional"
    } else {
        "guarded"
    });
    finding.evidence = evidence(context, cycle);
    if let Some(rule) = governing(context, cycle) {
        finding.rule = Some(Arc::clone(&rule.id));
        finding.priority.clone_from(&rule.priority);
    }
    Some(finding)
}

/// The rule about a symbol whose functions, or those that bear its name, are in a cycle: it is as urgent as that.
fn governing<'a>(context: &'a Context<'_>, cycle: &Cycle) -> Option<&'a RuleMeta> {
    let index = context.index;
    let functions = cycle.functions.iter();
    let symbols: Vec<SymbolId> = functions
        .filter_map(|function| index.symbol_of_definition(function.file, function.definition))
        .collect();
    let governed = context.governed.symbols.iter().find(|governed| {
        symbols.iter().any(|&symbol| {
            let mut places = governed.places.iter();
            governed.origin.contains(&Entity::Symbol(symbol))
                || places.any(|place| place.symbol == symbol && place.kind.competes())
        })
    });
    governed.map(|governed| &governed.rule.meta)
}

/// How grave a cycle is that some path ends. One that hands on every argument ends only if something else changes.
fn guarded_severity(tags: &[&str]) -> Severity {
    if tags.contains(&SAME_ARGUMENTS) && !tags.contains(&UNCERTAIN) {
        Severity::Warning
    } else {
        Severity::Info
    }
}

const SAME_ARGUMENTS: &str = "same_args";
const SWALLOWED: &str = "swallowed";
const UNCERTAIN: &str = "uncertain";

fn path(index: &Index, function: FunctionId) -> String {
    index.definition_path(function.file, function.definition)
}

fn short_name(index: &Index, function: FunctionId) -> String {
    index.name_in_module(function.file, function.definition)
}

fn message(context: &Context<'_>, cycle: &Cycle, first: CycleCall) -> String {
    let index = context.index;
    let name = short_name(index, cycle.functions[0]);
    let mut message = match (&cycle.functions[..], cycle.unconditional) {
        ([_], true) => format!("every path of `{name}` {} it again", verb(index, first)),
        ([_], false) if cycle.doubt.is_some() => {
            format!("`{name}` may {} itself", plain_verb(index, first))
        }
        ([_], false) => format!("`{name}` {} itself", verb(index, first)),
        (functions, unconditional) => {
            let names: Vec<String> = functions
                .iter()
                .map(|&function| path(index, function))
                .collect();
            let may = if cycle.doubt.is_some() { "may " } else { "" };
            let how = if unconditional { " on every path" } else { "" };
            format!(
                "{} {may}call each other{how}: {} → {}",
                list(index, functions),
                names.join(" → "),
                names[0]
            )
        }
    };
    if let Some(class) = cycle.receiver {
        let _ = write!(message, ", for instances of `{}`", class_name(index, class));
    }
    let mut add = |why: String| {
        message.push_str("; ");
        message.push_str(&why);
    };
    if cycle.functions.len() == 1
        && let Some(why) = resolution(context, first)
    {
        add(why);
    }
    if cycle.unconditional {
        if let Some((file, offset)) = swallowed(index, cycle) {
            let line = context.line(file, offset);
            add(format!("the `except` on line {line} swallows the failure"));
        }
        return message;
    }
    if let Some(doubt) = cycle.doubt {
        add(doubtful(context, first, doubt));
    }
    if let Some((file, offset)) = ending(index, cycle) {
        add(format!("line {} ends it", context.line(file, offset)));
    }
    message
}

fn class_name(index: &Index, class: ClassId) -> String {
    index.name_in_module(class.file, class.definition)
}

/// Why a call may lead elsewhere, in words.
fn doubtful(context: &Context<'_>, first: CycleCall, doubt: Doubt) -> String {
    let index = context.index;
    match doubt {
        Doubt::Decorator(function) => {
            let facts = index.facts(function.file);
            let definition = &facts.definitions[function.definition.index()];
            let decorator = facts.references[definition.decorators.range()].first();
            let at = decorator.map_or(definition.span.start, |decorator| decorator.span.start);
            let line = context.line(function.file, at);
            format!("the decorator on line {line} may put something else in its place")
        }
        Doubt::Overridden(class) => format!(
            "`{}` overrides a method of the circle",
            class_name(index, class)
        ),
        Doubt::Attributes(class) => format!(
            "attributes of `{}` are set by name, so that something else may stand there",
            class_name(index, class)
        ),
        Doubt::Stored(file, span) => {
            let line = context.line(file, span.start);
            if file == first.caller.file {
                format!("line {line} stores something else there")
            } else {
                let path = &index.file(file).path;
                format!("{path}:{line} stores something else there")
            }
        }
        Doubt::Several => "the name may be something else, too".to_owned(),
    }
}

fn verb(index: &Index, call: CycleCall) -> &'static str {
    match index.facts(call.caller.file).calls[call.call.index()].mode {
        CallMode::PropertyGet => "reads",
        CallMode::PropertySet => "sets",
        CallMode::Awaited => "awaits",
        CallMode::Plain | CallMode::Driven | CallMode::Operator => "calls",
    }
}

/// The verb after `may`.
fn plain_verb(index: &Index, call: CycleCall) -> &'static str {
    let verb = verb(index, call);
    verb.strip_suffix('s').unwrap_or(verb)
}

/// `` `a`, `b` and `c` ``.
fn list(index: &Index, functions: &[FunctionId]) -> String {
    let names: Vec<String> = functions
        .iter()
        .map(|&function| format!("`{}`", short_name(index, function)))
        .collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// Why the name called resolves as it does, where that is not plain to see.
fn resolution(context: &Context<'_>, call: CycleCall) -> Option<String> {
    let file = call.caller.file;
    let facts = context.index.facts(file);
    let callee = &facts.calls[call.call.index()].callee;
    let Root::Bound(set) = callee.root else {
        return None;
    };
    let &[only] = facts.binding_set(set) else {
        return None;
    };
    let binding = &facts.bindings[only.index()];
    let line = |binding: &Binding| context.line(file, binding.span.start);
    match binding.value {
        BindingValue::Import(id) => {
            let import = &facts.imports[id.index()];
            Some(format!(
                "the import on line {} leads back to it",
                context.line(file, import.statement.start)
            ))
        }
        BindingValue::Alias(_) => Some(format!(
            "`{}` is another name for it since line {}",
            facts.name(binding.name),
            line(binding)
        )),
        BindingValue::Definition(_) => {
            let replaced = facts
                .bindings
                .iter()
                .take(only.index())
                .rev()
                .find(|earlier| {
                    earlier.name == binding.name
                        && earlier.scope == binding.scope
                        && matches!(earlier.value, BindingValue::Import(_))
                })?;
            Some(format!(
                "the `def` on line {} replaces the import on line {}",
                line(binding),
                line(replaced)
            ))
        }
        _ => None,
    }
}

fn calls_of<'i>(
    index: &'i Index,
    cycle: &'i Cycle,
) -> impl Iterator<Item = (CycleCall, &'i crate::facts::Call)> {
    cycle.calls.iter().map(|edge| {
        (
            *edge,
            &index.facts(edge.caller.file).calls[edge.call.index()],
        )
    })
}

fn swallowed(index: &Index, cycle: &Cycle) -> Option<(FileId, u32)> {
    calls_of(index, cycle)
        .find_map(|(edge, call)| Some((edge.caller.file, call.swallowed_by?.get())))
}

fn tags(index: &Index, cycle: &Cycle) -> Vec<&'static str> {
    let mut tags = Vec::new();
    if calls_of(index, cycle).all(|(_, call)| call.same_arguments) {
        tags.push(SAME_ARGUMENTS);
    }
    if swallowed(index, cycle).is_some() {
        tags.push(SWALLOWED);
    }
    if cycle.doubt.is_some() {
        tags.push(UNCERTAIN);
    }
    tags
}

/// The exit that ends a guarded cycle: that of the first function that has one without a call of the cycle in the
/// same line.
fn ending(index: &Index, cycle: &Cycle) -> Option<(FileId, u32)> {
    cycle.functions.iter().find_map(|&function| {
        let lines = &index.facts(function.file).lines;
        let calls = cycle.calls.iter().filter(|edge| edge.caller == function);
        let taken: Vec<u32> = calls
            .map(|edge| {
                let call = &index.facts(function.file).calls[edge.call.index()];
                lines.line(call.callee.span.start)
            })
            .collect();
        let exits = reachable_exits(index, cycle, function);
        let exit = exits
            .into_iter()
            .find(|&exit| !taken.contains(&lines.line(exit)))?;
        Some((function.file, exit))
    })
}

/// The exits of a function that control reaches without a call of the cycle, in source order.
fn reachable_exits(index: &Index, cycle: &Cycle, function: FunctionId) -> Vec<u32> {
    let facts = index.facts(function.file);
    let run = match facts.definitions[function.definition.index()].ending {
        Ending::Always(offset) => return vec![offset],
        Ending::Depends(run) => run,
        Ending::Never => return Vec::new(),
    };
    let nodes = &facts.flow.nodes[run.range()];
    let mut seen = vec![false; nodes.len()];
    let mut stack = vec![0];
    let mut exits = Vec::new();
    while let Some(at) = stack.pop() {
        if std::mem::replace(&mut seen[at as usize], true) {
            continue;
        }
        let node = &nodes[at as usize];
        match node.step {
            FlowStep::Exit(offset) => exits.push(offset),
            FlowStep::Call(call)
                if cycle
                    .calls
                    .iter()
                    .any(|edge| edge.caller == function && edge.call == call) =>
            {
                continue;
            }
            FlowStep::Call(_) | FlowStep::Join | FlowStep::Raised(_) => {}
        }
        stack.extend_from_slice(&facts.flow.edges[node.next.range()]);
    }
    exits.sort_unstable();
    exits
}

fn evidence(context: &Context<'_>, cycle: &Cycle) -> Vec<Evidence> {
    let index = context.index;
    let mut evidence = Vec::new();
    for (edge, call) in calls_of(index, cycle) {
        let file = edge.caller.file;
        let facts = index.facts(file);
        let caller = short_name(index, edge.caller);
        let callee = path(index, edge.callee);
        let word = verb(index, edge);
        evidence.push(context.evidence(
            file,
            call.callee.span,
            format!("`{caller}` {word} `{callee}` here"),
        ));
        if let Root::Bound(set) = call.callee.root {
            for &binding in facts.binding_set(set) {
                let binding = &facts.bindings[binding.index()];
                let message = match binding.value {
                    BindingValue::Import(_) => "the name comes from this import",
                    BindingValue::Alias(_) => "the name is made here",
                    _ => continue,
                };
                evidence.push(context.evidence(file, binding.span, message));
                if let BindingValue::Import(import) = binding.value {
                    evidence.extend(import_hops(context, file, import, call));
                }
            }
        }
        let definition = &index.facts(edge.callee.file).definitions[edge.callee.definition.index()];
        evidence.push(context.evidence(
            edge.callee.file,
            definition.name_span,
            format!("`{callee}` is defined here"),
        ));
    }
    if cycle.unconditional {
        return evidence;
    }
    if let Some(Doubt::Stored(file, span)) = cycle.doubt {
        evidence.push(context.evidence(file, span, "something else is stored there here"));
    }
    if let Some((file, offset)) = ending(index, cycle) {
        evidence.push(context.evidence(file, crate::span::Span::at(offset), "this ends it"));
    }
    evidence
}

/// The modules that hand on what a call reaches through an import, up to where it is defined.
fn import_hops(
    context: &Context<'_>,
    file: FileId,
    import: ImportId,
    call: &crate::facts::Call,
) -> Vec<Evidence> {
    let index = context.index;
    let facts = index.facts(file);
    let taken = match facts.imports[import.index()].target {
        ImportTarget::Name(name) => Some(facts.name(name)),
        _ => None,
    };
    let start = match (index.imported_module(file, import), taken) {
        (ModuleRef::Known(module), Some(name)) => Some((module, name)),
        _ => None,
    };
    // `pkg.mod.f`: the last module on the way is the one that hands the name on.
    let attributes = (0..call.callee.path.len).filter_map(|len| {
        let path = crate::facts::Slice {
            len,
            ..call.callee.path
        };
        let owner = crate::facts::Reference {
            path,
            ..call.callee
        };
        match index.reference(file, &owner).entities[..] {
            [Entity::Module(module)] => {
                let name = facts.path(call.callee.path)[len as usize];
                Some((module, facts.name(name)))
            }
            _ => None,
        }
    });
    start
        .into_iter()
        .chain(attributes)
        .flat_map(|(module, name)| trail(index, module, name))
        .filter_map(|hop| {
            let message = match hop.kind {
                HopKind::ReExport => "it is re-exported here",
                HopKind::Star => "this star import passes it on",
                HopKind::Alias => "another name for it is made here",
                HopKind::Definition => return None,
            };
            Some(context.evidence(hop.file, hop.span, message))
        })
        .collect()
}
