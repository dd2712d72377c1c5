//! `ssot where`: the whereabouts of a name, as the report wants them.

use std::fmt::Write as _;

use anyhow::Result;

use super::Status;
use super::args::{Global, Where, WhereFormat};
use super::check::setup;
use super::console::Console;
use super::engine::Engine;
use super::why;
use crate::checks::whereabouts::{Whereabouts, find, names};
use crate::config::Config;
use crate::facts::{BindingValue, Definition, DefinitionFlags, DefinitionId, DefinitionKind};
use crate::graph::calls::FunctionId;
use crate::graph::recursion;
use crate::index::{FileId, Index, SymbolId};
use crate::report::{Importer, Located, Place, Symbol, whereabouts_json, whereabouts_text};
use crate::suggest::did_you_mean;
use crate::{Graphs, Project};

/// `where`. A name that is nowhere fails.
pub(super) fn run(
    args: &Where,
    global: &Global,
    engine: &dyn Engine,
    console: &mut Console<'_>,
) -> Result<Status> {
    match engine.locate(&setup(global), &args.name)? {
        Located::Found(symbols) => {
            console.print(&match args.output_format {
                WhereFormat::Full => whereabouts_text(&symbols, console.env.out(global.color)),
                WhereFormat::Json => whereabouts_json(&symbols),
            })?;
            Ok(Status::Passed)
        }
        Located::Unknown(why) => {
            console.tell(&format!("{why}\n"));
            Ok(Status::Failed)
        }
    }
}

/// Where the symbols are that `name` may mean.
pub(super) fn locate(project: &Project, name: &str) -> Located {
    let (index, config) = (&project.index, &project.config);
    let found = find(index, &config.canonical, name);
    let mut symbols: Vec<Symbol> = found.symbols.iter().map(|it| symbol(index, it)).collect();
    symbols.extend(found.members.iter().map(|it| member(index, it.0, it.1)));
    if symbols.is_empty() {
        return Located::Unknown(match found.module {
            Some(module) => format!("`{module}` is a module: name a symbol in it"),
            None => unknown(index, config, name),
        });
    }
    let functions: Vec<Option<FunctionId>> = found
        .symbols
        .iter()
        .map(|it| it.origin.last().and_then(|origin| function(index, *origin)))
        .chain(
            found
                .members
                .iter()
                .map(|it| as_function(index, it.0, it.1)),
        )
        .collect();
    if functions.iter().any(Option::is_some) {
        recursion(index, &functions, &mut symbols);
    }
    Located::Found(symbols)
}

fn unknown(index: &Index, config: &Config, name: &str) -> String {
    let last = name.rsplit(['.', ':']).next().unwrap_or(name);
    let names = names(index, &config.canonical);
    let meant = did_you_mean(last, names.iter().copied().filter(|it| *it != last));
    format!("there is no symbol `{name}`{meant}")
}

fn symbol(index: &Index, it: &Whereabouts) -> Symbol {
    let first = it.symbol.name.split('.').next().unwrap_or("");
    let rule = it.rule.as_ref();
    let uses = it.uses.iter().map(|site| Importer {
        path: index.file(site.file).path.to_string(),
        line: index.facts(site.file).lines.line(site.span.start),
        through: site.path.to_string(),
        canonical: site.canonical,
        same_object: site.same_object,
    });
    let places = it.places.iter();
    Symbol {
        symbol: it.symbol.to_string(),
        import: format!("from {} import {first}", it.symbol.module),
        rule: rule.map(|rule| rule.id.to_string()),
        priority: rule.and_then(|rule| rule.priority.as_ref().map(ToString::to_string)),
        reason: rule.and_then(|rule| rule.reason.clone()),
        origin: it.origin.iter().map(|it| origin(index, *it)).collect(),
        definitions: places
            .map(|(symbol, kind)| place(index, *symbol, (*kind).to_owned()))
            .collect(),
        importers: uses.collect(),
        recursion: None,
    }
}

/// A method or nested definition: whoever uses it got there by way of what it stands in.
fn member(index: &Index, file: FileId, id: DefinitionId) -> Symbol {
    let facts = index.facts(file);
    let definition = &facts.definitions[id.index()];
    let path = index.definition_path(file, id);
    let (module, name) = path.split_once(':').unwrap_or((&path, ""));
    let first = name.split('.').next().unwrap_or("");
    Symbol {
        import: format!("from {module} import {first}"),
        rule: None,
        priority: None,
        reason: None,
        origin: vec![Place {
            path: index.file(file).path.to_string(),
            line: facts.lines.line(definition.name_span.start),
            kind: word(definition).to_owned(),
        }],
        definitions: Vec::new(),
        importers: Vec::new(),
        recursion: None,
        symbol: path,
    }
}

fn origin(index: &Index, symbol: SymbolId) -> Place {
    let kind = match index.binding(symbol).value {
        BindingValue::Definition(_) => index.definition(symbol).map_or("", |(_, it)| word(it)),
        BindingValue::Result(_) => "the result of a call",
        _ => "value",
    };
    place(index, symbol, kind.to_owned())
}

const fn word(definition: &Definition) -> &'static str {
    let is_async = definition.flags.contains(DefinitionFlags::ASYNC);
    match definition.kind {
        DefinitionKind::Class => "class",
        _ if is_async => "async function",
        _ => "function",
    }
}

fn place(index: &Index, symbol: SymbolId, kind: String) -> Place {
    let start = index.binding(symbol).span.start;
    Place {
        path: index.file(symbol.file).path.to_string(),
        line: index.facts(symbol.file).lines.line(start),
        kind,
    }
}

fn function(index: &Index, symbol: SymbolId) -> Option<FunctionId> {
    let (id, _) = index.definition(symbol)?;
    as_function(index, symbol.file, id)
}

fn as_function(index: &Index, file: FileId, definition: DefinitionId) -> Option<FunctionId> {
    let kind = index.facts(file).definitions[definition.index()].kind;
    (kind != DefinitionKind::Class).then_some(FunctionId { file, definition })
}

/// Says of each function whether it calls itself.
fn recursion(index: &Index, functions: &[Option<FunctionId>], symbols: &mut [Symbol]) {
    let graphs = Graphs::build(index);
    let cycles = recursion::find(index, &graphs.calls, true).cycles;
    for (function, symbol) in functions.iter().zip(symbols) {
        let Some(function) = *function else { continue };
        let mut own = cycles.iter().filter(|it| it.functions.contains(&function));
        let cycle = own
            .clone()
            .find(|it| it.unconditional)
            .or_else(|| own.next());
        symbol.recursion = match cycle {
            Some(cycle) => {
                let call = cycle.calls.iter().find(|it| it.caller == function);
                let mut text = if cycle.unconditional {
                    "every path of it leads back to it: it never ends".to_owned()
                } else {
                    "it may lead back to itself, and need not".to_owned()
                };
                if let Some(call) = call {
                    let facts = index.facts(function.file);
                    let span = facts.calls[call.call.index()].callee.span;
                    let path = &index.file(function.file).path;
                    let _ = write!(text, " ({path}:{})", facts.lines.line(span.start));
                }
                Some(text)
            }
            None => why::not_recursive(index, &graphs.calls, function),
        };
    }
}
