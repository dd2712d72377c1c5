//! Collecting facts: a draft of the file at hand, and packs of the facts of many files.
//!
//! Facts live as long as the program, syntax trees as long as a file. Facts of many files in few big arrays stay out
//! of the memory that trees come and go in, and waste nothing to rounding.

use std::sync::Arc;

use super::{
    Binding, BindingId, Call, Definition, DefinitionId, Dynamic, Exports, FileFacts, FlowNode,
    Import, Keep, Member, ModuleDeclaration, NameBuffer, NameId, Parameter, Reference, ReferenceId,
    Scope, StringTarget, Suppression, SyntaxError, UnresolvedCalls,
};
use crate::emissions::Emissions;
use crate::run::{Run, Tail};
use crate::signatures::Signatures;
use crate::span::{LineBuffer, Span};
use crate::values::Values;

/// Facts of one file while they are collected; see [`FileFacts`] for what each is.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "the fields are those of `FileFacts`")]
pub struct Draft {
    pub names: NameBuffer,
    pub lines: LineBuffer,
    pub scopes: Tail<Scope>,
    pub imports: Tail<Import>,
    pub definitions: Tail<Definition>,
    pub bindings: Tail<Binding>,
    pub members: Tail<Member>,
    pub binding_sets: Tail<BindingId>,
    pub paths: Tail<NameId>,
    pub references: Tail<Reference>,
    pub calls: Tail<Call>,
    pub parameters: Tail<Parameter>,
    pub flow_nodes: Tail<FlowNode>,
    pub flow_edges: Tail<u32>,
    pub assigned_attributes: Tail<(DefinitionId, NameId)>,
    /// Whether `__all__` is open, where there is one.
    pub exports: Option<bool>,
    pub export_names: Tail<(NameId, Span)>,
    pub exports_by_hash: Tail<(u32, NameId)>,
    pub export_extends: Tail<ReferenceId>,
    pub string_targets: Tail<StringTarget>,
    pub keeps: Tail<Keep>,
    pub variants: Tail<Span>,
    pub fallbacks: Tail<Span>,
    pub suppressions: Vec<Suppression>,
    pub errors: Vec<SyntaxError>,
    pub unresolved_calls: UnresolvedCalls,
    pub dynamic: Option<Dynamic>,
    pub values: Option<Box<Values>>,
    pub emissions: Option<Box<Emissions>>,
    pub signatures: Option<Box<Signatures>>,
    pub modules: Vec<ModuleDeclaration>,
    pub unit_names: Vec<BindingId>,
}

/// The facts of many files, for each kind of fact one behind the other.
#[derive(Debug, Default)]
pub struct Pack {
    /// What is collected: the arrays of all open files, and the file at hand at their ends.
    draft: Draft,
    /// The files that are in the arrays.
    open: Vec<Packed>,
    /// The files of arrays that were full.
    sealed: Vec<FileFacts>,
}

/// A file in a [`Pack`]: what is not in its arrays, and how many entries are.
#[derive(Debug)]
struct Packed {
    facts: FileFacts,
    exports: Exports,
    has_exports: bool,
    lens: Lens,
}

/// Entries in an array from which on it takes no more files. Each adds less than its text has bytes, so that offsets
/// never end.
const FULL: usize = 1 << 22;

/// Declares [`Lens`] and what is done with each array alike. A line names the number of its entries, its place in a
/// [`Draft`] and in [`Packed`].
macro_rules! arrays {
    ($($array:ident: $($draft:ident).+ => $($packed:ident).+;)*) => {
        #[derive(Clone, Copy, Debug, Default)]
        struct Lens {
            text: usize,
            $($array: usize,)*
        }

        impl Draft {
            /// Leaves all entries to the arrays; gives how many there were, and whether the arrays are full now.
            fn seal(&mut self) -> (Lens, bool) {
                let lens = Lens {
                    text: self.names.seal(),
                    $($array: self.$($draft).+.seal(),)*
                };
                let full = self.names.text.len() >= FULL $(|| self.$($draft).+.sealed() >= FULL)*;
                (lens, full)
            }

            /// Gives every file its runs of the arrays, which are empty then.
            fn share(&mut self, files: &mut [Packed]) {
                $(
                    let all = self.$($draft).+.share();
                    let mut start = 0;
                    for file in &mut *files {
                        file.$($packed).+ = Run::new(&all, start, file.lens.$array);
                        start += file.lens.$array;
                    }
                )*
            }
        }
    };
}

arrays! {
    name_ends: names.ends => facts.names.ends;
    line_ends: lines.ends => facts.lines.ends;
    lines_before: lines.before => facts.lines.before;
    scopes: scopes => facts.scopes;
    imports: imports => facts.imports;
    definitions: definitions => facts.definitions;
    bindings: bindings => facts.bindings;
    members: members => facts.members;
    binding_sets: binding_sets => facts.binding_sets;
    paths: paths => facts.paths;
    references: references => facts.references;
    calls: calls => facts.calls;
    parameters: parameters => facts.parameters;
    flow_nodes: flow_nodes => facts.flow.nodes;
    flow_edges: flow_edges => facts.flow.edges;
    assigned_attributes: assigned_attributes => facts.assigned_attributes;
    wide: lines.wide => facts.lines.wide;
    export_names: export_names => exports.names;
    exports_by_hash: exports_by_hash => exports.by_hash;
    export_extends: export_extends => exports.extends;
    string_targets: string_targets => facts.string_targets;
    keeps: keeps => facts.keeps;
    variants: variants => facts.variants;
    fallbacks: fallbacks => facts.fallbacks;
}

impl Pack {
    /// Where the facts of the next file go.
    pub fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    /// Adds the file whose facts are in the draft, and leaves that empty.
    pub fn add(&mut self) {
        let draft = &mut self.draft;
        let mut facts = FileFacts {
            suppressions: std::mem::take(&mut draft.suppressions),
            errors: std::mem::take(&mut draft.errors),
            unresolved_calls: std::mem::take(&mut draft.unresolved_calls),
            dynamic: draft.dynamic.take(),
            values: draft.values.take(),
            emissions: draft.emissions.take(),
            signatures: draft.signatures.take(),
            modules: std::mem::take(&mut draft.modules),
            unit_names: std::mem::take(&mut draft.unit_names),
            ..FileFacts::default()
        };
        facts.lines.shape = std::mem::take(&mut draft.lines.shape);
        let exports = draft.exports.take();
        let (lens, full) = draft.seal();
        self.open.push(Packed {
            facts,
            exports: Exports {
                open: exports.unwrap_or_default(),
                ..Exports::default()
            },
            has_exports: exports.is_some(),
            lens,
        });
        if full {
            self.share();
        }
    }

    /// Adds facts that are complete.
    pub fn add_complete(&mut self, facts: FileFacts) {
        self.share();
        self.sealed.push(facts);
    }

    /// The facts of all files, in the order they were added; the pack is empty and keeps its memory.
    pub fn take(&mut self) -> Vec<FileFacts> {
        self.share();
        std::mem::take(&mut self.sealed)
    }

    fn share(&mut self) {
        let text = self.draft.names.share();
        let mut start = 0;
        for file in &mut self.open {
            file.facts.names.text = Some(Arc::clone(&text));
            file.facts.names.start = start as u32;
            start += file.lens.text;
        }
        self.draft.share(&mut self.open);
        let done = self.open.drain(..).map(|file| FileFacts {
            exports: file.has_exports.then_some(file.exports),
            ..file.facts
        });
        self.sealed.extend(done);
    }
}
