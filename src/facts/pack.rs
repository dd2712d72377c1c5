//! Collecting facts: a draft of the file at hand, and packs of the facts of many files.
//!
//! Facts live as long as the program, syntax trees as long as a file. Facts of many files in few big arrays stay out
//! of the memory that trees come and go in, and waste nothing to rounding.

use std::sync::Arc;

use super::{
    Binding, BindingId, Call, Definition, DefinitionId, Dynamic, Exports, FileFacts, FlowNode,
    Import, Member, ModuleDeclaration, NameBuffer, NameId, Parameter, Reference, ReferenceId,
    Scope, StringTarget, Suppression, SyntaxError, UnresolvedCalls,
};
use crate::run::Run;
use crate::span::{LineBuffer, Mark, Span, WideRun};
use crate::values::Values;

/// Facts of one file while they are collected; see [`FileFacts`] for what each is. It keeps its memory from file to
/// file.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "the fields are those of `FileFacts`")]
pub struct Draft {
    pub names: NameBuffer,
    pub lines: LineBuffer,
    pub scopes: Vec<Scope>,
    pub imports: Vec<Import>,
    pub definitions: Vec<Definition>,
    pub bindings: Vec<Binding>,
    pub members: Vec<Member>,
    pub binding_sets: Vec<BindingId>,
    pub paths: Vec<NameId>,
    pub references: Vec<Reference>,
    pub calls: Vec<Call>,
    pub parameters: Vec<Parameter>,
    pub flow_nodes: Vec<FlowNode>,
    pub flow_edges: Vec<u32>,
    pub assigned_attributes: Vec<(DefinitionId, NameId)>,
    /// Whether `__all__` is open, where there is one.
    pub exports: Option<bool>,
    pub export_names: Vec<(NameId, Span)>,
    pub exports_by_hash: Vec<(u32, NameId)>,
    pub export_extends: Vec<ReferenceId>,
    pub string_targets: Vec<StringTarget>,
    pub suppressions: Vec<Suppression>,
    pub errors: Vec<SyntaxError>,
    pub unresolved_calls: UnresolvedCalls,
    pub dynamic: Option<Dynamic>,
    pub values: Option<Box<Values>>,
    pub modules: Vec<ModuleDeclaration>,
    pub unit_names: Vec<BindingId>,
}

/// The arrays of many files, for each kind of fact one behind the other.
#[derive(Debug, Default)]
pub struct Pack {
    arrays: Arrays,
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

/// Entries in an array from which on it takes no more files: far below where offsets would end.
const FULL: usize = 1 << 22;

/// Declares [`Arrays`] and [`Lens`] and what is done with each array alike. A line names the array, its elements, its
/// place in a [`Draft`] and in [`Packed`].
macro_rules! arrays {
    ($($array:ident: $element:ty, $($draft:ident).+ => $($packed:ident).+;)*) => {
        #[derive(Debug, Default)]
        struct Arrays {
            text: String,
            $($array: Vec<$element>,)*
        }

        #[derive(Clone, Copy, Debug, Default)]
        struct Lens {
            text: usize,
            $($array: usize,)*
        }

        impl Arrays {
            /// Moves the entries of `draft` to the ends of the arrays.
            fn append(&mut self, draft: &mut Draft) -> Lens {
                let lens = Lens {
                    text: draft.names.text.len(),
                    $($array: draft.$($draft).+.len(),)*
                };
                self.text.push_str(&draft.names.text);
                draft.names.text.clear();
                $(self.$array.append(&mut draft.$($draft).+);)*
                lens
            }

            /// Whether there is room for `draft` too.
            fn takes(&self, draft: &Draft) -> bool {
                self.text.len() + draft.names.text.len() <= FULL
                    $(&& self.$array.len() + draft.$($draft).+.len() <= FULL)*
            }

            /// Copies the arrays, each in one block of exactly its size, and gives every file its runs of them.
            fn share(&mut self, files: &mut [Packed]) {
                let text: Arc<str> = self.text.as_str().into();
                let mut start = 0;
                for file in &mut *files {
                    file.facts.names.text = Some(Arc::clone(&text));
                    file.facts.names.start = start as u32;
                    start += file.lens.text;
                }
                self.text.clear();
                $(
                    let all: Arc<[$element]> = self.$array.as_slice().into();
                    let mut start = 0;
                    for file in &mut *files {
                        file.$($packed).+ = Run::new(&all, start, file.lens.$array);
                        start += file.lens.$array;
                    }
                    self.$array.clear();
                )*
            }
        }
    };
}

arrays! {
    name_ends: u32, names.ends => facts.names.ends;
    line_steps: u8, lines.steps => facts.lines.steps;
    line_marks: Mark, lines.marks => facts.lines.marks;
    scopes: Scope, scopes => facts.scopes;
    imports: Import, imports => facts.imports;
    definitions: Definition, definitions => facts.definitions;
    bindings: Binding, bindings => facts.bindings;
    members: Member, members => facts.members;
    binding_sets: BindingId, binding_sets => facts.binding_sets;
    paths: NameId, paths => facts.paths;
    references: Reference, references => facts.references;
    calls: Call, calls => facts.calls;
    parameters: Parameter, parameters => facts.parameters;
    flow_nodes: FlowNode, flow_nodes => facts.flow.nodes;
    flow_edges: u32, flow_edges => facts.flow.edges;
    assigned_attributes: (DefinitionId, NameId), assigned_attributes => facts.assigned_attributes;
    wide: WideRun, lines.wide => facts.lines.wide;
    export_names: (NameId, Span), export_names => exports.names;
    exports_by_hash: (u32, NameId), exports_by_hash => exports.by_hash;
    export_extends: ReferenceId, export_extends => exports.extends;
    string_targets: StringTarget, string_targets => facts.string_targets;
}

impl Pack {
    /// Adds the facts of a file and leaves the draft empty.
    pub fn add(&mut self, draft: &mut Draft) {
        if !self.arrays.takes(draft) {
            self.share();
        }
        let mut facts = FileFacts {
            suppressions: std::mem::take(&mut draft.suppressions),
            errors: std::mem::take(&mut draft.errors),
            unresolved_calls: std::mem::take(&mut draft.unresolved_calls),
            dynamic: draft.dynamic.take(),
            values: draft.values.take(),
            modules: std::mem::take(&mut draft.modules),
            unit_names: std::mem::take(&mut draft.unit_names),
            ..FileFacts::default()
        };
        facts.lines.shape = std::mem::take(&mut draft.lines.shape);
        let exports = draft.exports.take();
        self.open.push(Packed {
            facts,
            exports: Exports {
                open: exports.unwrap_or_default(),
                ..Exports::default()
            },
            has_exports: exports.is_some(),
            lens: self.arrays.append(draft),
        });
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
        self.arrays.share(&mut self.open);
        let done = self.open.drain(..).map(|file| FileFacts {
            exports: file.has_exports.then_some(file.exports),
            ..file.facts
        });
        self.sealed.extend(done);
    }
}
