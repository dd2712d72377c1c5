//! The one visit of a file's tree: what is collected on the way, and which names are in scope.
//!
//! Owns scopes, frames and bindings. Items, statements and expressions are visited in the files beside this one.

use proc_macro2::Span as TokenSpan;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use syn::Ident;

use super::flow::{Flow, Node};
use super::names::Names;
use crate::facts::{
    Binding, BindingId, BindingValue, CallId, DefinitionId, Draft, Import, ImportId, ImportTarget,
    NameId, Reference, ReferenceId, Root, Scope, ScopeId, ScopeKind, Slice, Usage, Visibility,
    When,
};
use crate::span::Span;

/// What a name of an item may be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entry {
    /// Something that is bound.
    Binding(BindingId),
    /// A declared module.
    Module,
}

/// A name that only a part of a function knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Local {
    pub(super) name: NameId,
    pub(super) kind: LocalKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LocalKind {
    /// A variable.
    Value,
    /// A variable whose type is one of [`Extractor::types`].
    Typed(u32),
    /// A type parameter.
    Type,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameKind {
    /// Names beyond it are not in scope.
    Module,
    /// Locals beyond it are not in scope.
    Item,
    Block,
}

/// A part of the text with names of its own.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: FrameKind,
    pub(super) items: FxHashMap<NameId, SmallVec<[Entry; 1]>>,
    /// Whether it has a glob import: names may be others than they seem.
    pub(super) glob: bool,
    locals: usize,
}

/// What a name is where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found {
    Local(LocalKind),
    /// These bindings, a run of the binding sets.
    Bound(Slice),
    /// A declared module of the module around.
    Module,
    /// No frame has it.
    Nothing,
    /// An inner glob import may hide what an outer frame has.
    Unknown,
}

/// A path with its start looked up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resolved {
    pub(super) root: Root,
    pub(super) path: Slice,
}

/// The type or trait whose body is visited.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) definition: DefinitionId,
    /// The last name of the type.
    pub(super) name: String,
    /// The trait that is implemented, by its last name.
    pub(super) of_trait: Option<TraitUse>,
    pub(super) is_trait: bool,
    /// The type itself, as written without references; none where it is no path.
    pub(super) self_type: Option<String>,
    /// The methods that it spells out, by name.
    pub(super) methods: Vec<String>,
    pub(super) rewrites: bool,
    pub(super) test_only: bool,
}

/// The trait of an implementation.
#[derive(Clone, Debug)]
pub(super) struct TraitUse {
    /// Its last name.
    pub(super) name: String,
    /// Its path as written, without arguments.
    pub(super) path: String,
    /// Its type arguments, as written.
    pub(super) argument: Option<String>,
    /// Whether its methods can be called here without naming it.
    pub(super) in_scope: bool,
}

/// How a method takes its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Receiver {
    None,
    Value,
    Reference,
    /// Through something like `Box<Self>`.
    Other,
}

/// The function whose body is visited.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) binding: BindingId,
    pub(super) name: String,
    pub(super) receiver: Receiver,
    /// Its parameters besides the receiver; none where one is a pattern.
    pub(super) parameters: Vec<Option<NameId>>,
    /// Whether it may change what it is given before it hands it on: some of it is behind `&mut`.
    pub(super) may_change: bool,
    /// Where its locals start among all.
    pub(super) first_local: usize,
    /// The expressions whose value it gives; compared by address only.
    pub(super) tails: Vec<*const syn::Expr>,
    /// Where control is; none in code that runs at some other time.
    pub(super) at: Option<Node>,
    pub(super) loops: Vec<Loop>,
}

/// A loop or labelled block around.
#[derive(Clone, Debug)]
pub(super) struct Loop {
    pub(super) label: Option<String>,
    pub(super) head: Option<Node>,
    pub(super) after: Node,
}

/// Everything collected while visiting a file.
pub(super) struct Extractor<'d> {
    /// Where the parsed text starts in the file.
    start: u32,
    pub(super) draft: &'d mut Draft,
    pub(super) names: Names,
    pub(super) frames: Vec<Frame>,
    pub(super) locals: Vec<Local>,
    /// Types of locals.
    pub(super) types: Vec<Resolved>,
    pub(super) scope: ScopeId,
    pub(super) classes: Vec<Class>,
    pub(super) functions: Vec<Function>,
    pub(super) flow: Flow,
    /// The bindings of names that are declared before their items are visited, by the offset of the name.
    pub(super) declared: FxHashMap<u32, BindingId>,
    pub(super) members: Vec<(ScopeId, NameId, BindingId)>,
    /// Imports of types that `use` goes through to their variants, by offset.
    pub(super) through: FxHashMap<u32, BindingId>,
    /// Associated functions that give an instance of their type.
    pub(super) constructors: FxHashSet<(NameId, NameId)>,
    /// Methods that types of the file have of their own, by the last name of the type.
    pub(super) inherent: FxHashSet<(NameId, NameId)>,
    /// Whether one of them is `to_string`.
    pub(super) has_inherent_to_string: bool,
    /// The one-element binding sets made so far.
    singles: FxHashMap<BindingId, Slice>,
    /// Whether what is visited may be left out.
    pub(super) conditional: bool,
    /// Whether what is visited is there for tests only.
    pub(super) test_only: bool,
}

impl<'d> Extractor<'d> {
    pub(super) fn new(start: u32, draft: &'d mut Draft) -> Self {
        Self {
            start,
            draft,
            names: Names::default(),
            frames: Vec::new(),
            locals: Vec::new(),
            types: Vec::new(),
            scope: ScopeId::MODULE,
            classes: Vec::new(),
            functions: Vec::new(),
            flow: Flow::default(),
            declared: FxHashMap::default(),
            members: Vec::new(),
            through: FxHashMap::default(),
            constructors: FxHashSet::default(),
            inherent: FxHashSet::default(),
            has_inherent_to_string: false,
            singles: FxHashMap::default(),
            conditional: false,
            test_only: false,
        }
    }

    pub(super) fn file(mut self, file: &syn::File) {
        self.draft.scopes.push(Scope {
            kind: ScopeKind::Module,
            parent: ScopeId::MODULE,
            definition: None,
        });
        self.find_constructors(&file.items);
        self.module_items(&file.items);
        self.finish();
    }

    /// The bytes of the file that a token or tree covers.
    pub(super) fn span(&self, span: TokenSpan) -> Span {
        let range = span.byte_range();
        Span::new(
            range.start as u32 + self.start,
            range.end as u32 + self.start,
        )
    }

    pub(super) fn between(&self, from: TokenSpan, to: TokenSpan) -> Span {
        Span::new(self.span(from).start, self.span(to).end)
    }

    pub(super) fn intern(&mut self, ident: &Ident) -> NameId {
        self.names.ident(ident, self.draft)
    }

    pub(super) fn intern_text(&mut self, text: &str) -> NameId {
        self.names.text(text, self.draft)
    }

    pub(super) fn open_scope(
        &mut self,
        kind: ScopeKind,
        definition: Option<DefinitionId>,
    ) -> ScopeId {
        let id = ScopeId(self.draft.scopes.len() as u32);
        self.draft.scopes.push(Scope {
            kind,
            parent: self.scope,
            definition,
        });
        id
    }

    /// Visits what has names of its own.
    pub(super) fn framed<R>(&mut self, kind: FrameKind, visit: impl FnOnce(&mut Self) -> R) -> R {
        self.frames.push(Frame {
            kind,
            items: FxHashMap::default(),
            glob: false,
            locals: self.locals.len(),
        });
        let result = visit(self);
        if let Some(frame) = self.frames.pop() {
            self.locals.truncate(frame.locals);
        }
        result
    }

    pub(super) fn local(&mut self, name: NameId, kind: LocalKind) {
        self.locals.push(Local { name, kind });
    }

    /// What `name` is here. `as_type`: in front of `::`, or where a type stands.
    pub(super) fn look_up(&mut self, name: NameId, as_type: bool) -> Found {
        let mut sees_locals = true;
        let mut hidden = false;
        let mut end = self.locals.len();
        for at in (0..self.frames.len()).rev() {
            let frame = &self.frames[at];
            if sees_locals {
                let found = self.locals[frame.locals..end]
                    .iter()
                    .rev()
                    .find(|local| local.name == name && (local.kind == LocalKind::Type) == as_type);
                if let Some(local) = found {
                    return Found::Local(local.kind);
                }
            }
            end = frame.locals;
            if let Some(entries) = frame.items.get(&name) {
                if hidden {
                    return Found::Unknown;
                }
                if as_type && entries.iter().any(|entry| matches!(entry, Entry::Module)) {
                    return Found::Module;
                }
                let bindings: SmallVec<[BindingId; 4]> = entries
                    .iter()
                    .filter_map(|entry| match entry {
                        Entry::Binding(binding) => Some(*binding),
                        Entry::Module => None,
                    })
                    .collect();
                return match &bindings[..] {
                    [] => Found::Module,
                    bindings => Found::Bound(self.set(bindings)),
                };
            }
            match frame.kind {
                FrameKind::Module => break,
                FrameKind::Item => sees_locals = false,
                FrameKind::Block => {}
            }
            hidden |= frame.glob;
        }
        if hidden {
            Found::Unknown
        } else {
            Found::Nothing
        }
    }

    /// Whether the module around has a glob import: it may bring any name.
    pub(super) fn has_glob(&self) -> bool {
        let module = self
            .frames
            .iter()
            .rev()
            .find(|frame| frame.kind == FrameKind::Module);
        module.is_some_and(|frame| frame.glob)
    }

    pub(super) fn set(&mut self, bindings: &[BindingId]) -> Slice {
        if let [only] = bindings
            && let Some(known) = self.singles.get(only)
        {
            return *known;
        }
        let set = Slice {
            start: self.draft.binding_sets.len() as u32,
            len: bindings.len() as u32,
        };
        self.draft.binding_sets.extend(bindings.iter().copied());
        if let [only] = bindings {
            self.singles.insert(*only, set);
        }
        set
    }

    pub(super) fn bind(
        &mut self,
        name: NameId,
        span: Span,
        value: BindingValue,
        (conditional, visibility): (bool, Visibility),
    ) -> BindingId {
        let id = BindingId(self.draft.bindings.len() as u32);
        self.draft.bindings.push(Binding {
            name,
            scope: self.scope,
            span,
            value,
            conditional,
            visibility,
        });
        id
    }

    /// Makes a binding a member of the present scope and puts it into the innermost frame.
    pub(super) fn enter(&mut self, name: NameId, entry: Entry) {
        let kind = self.draft.scopes[self.scope.index()].kind;
        if let (Entry::Binding(binding), ScopeKind::Module | ScopeKind::Class) = (entry, kind) {
            self.members.push((self.scope, name, binding));
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.items.entry(name).or_default().push(entry);
        }
    }

    /// When code at this place runs.
    pub(super) fn when(&self) -> When {
        if self.functions.is_empty() {
            When::Import
        } else {
            When::Deferred
        }
    }

    pub(super) fn import(
        &mut self,
        (statement, alias): (Span, Span),
        module: &str,
        target: ImportTarget,
        binding: Option<BindingId>,
    ) -> ImportId {
        let id = ImportId(self.draft.imports.len() as u32);
        let module = self.intern_text(module);
        self.draft.imports.push(Import {
            statement,
            alias,
            module,
            level: 0,
            target,
            binding,
            scope: self.scope,
            when: self.when(),
            as_script: false,
            guarded: false,
            visibility: Visibility::Private,
        });
        id
    }

    /// An import for a path that stands where it is used, with a binding that no name leads to.
    pub(super) fn path_import(&mut self, span: Span, module: &str, name: NameId) -> BindingId {
        let binding = self.bind(
            name,
            span,
            BindingValue::Value,
            (false, Visibility::Private),
        );
        let target = ImportTarget::Name(name);
        let import = self.import((span, span), module, target, Some(binding));
        self.draft.bindings[binding.index()].value = BindingValue::Import(import);
        binding
    }

    pub(super) fn path_of(&mut self, names: &[NameId]) -> Slice {
        let slice = Slice {
            start: self.draft.paths.len() as u32,
            len: names.len() as u32,
        };
        self.draft.paths.extend(names.iter().copied());
        slice
    }

    pub(super) fn reference(&mut self, resolved: Resolved, span: Span) -> ReferenceId {
        let id = ReferenceId(self.draft.references.len() as u32);
        self.draft.references.push(Reference {
            root: resolved.root,
            path: resolved.path,
            span,
            scope: self.scope,
            usage: Usage::Load,
        });
        id
    }

    /// Puts a kept call into the flow of the function around.
    pub(super) fn flow_call(&mut self, call: CallId) {
        if let Some(at) = self.position() {
            let next = self.flow.call(at, call);
            self.go_to(next);
        }
    }

    /// Where control is in the function around, if this code runs with it.
    pub(super) fn position(&self) -> Option<Node> {
        self.functions.last().and_then(|function| function.at)
    }

    pub(super) fn go_to(&mut self, node: Node) {
        if let Some(function) = self.functions.last_mut()
            && function.at.is_some()
        {
            function.at = Some(node);
        }
    }

    /// Control may leave the function here.
    pub(super) fn may_exit(&mut self, offset: u32) {
        if let Some(at) = self.position() {
            self.flow.exit(at, offset);
        }
    }

    /// Nothing that follows is reached.
    pub(super) fn stop(&mut self) {
        if self.position().is_some() {
            let nowhere = self.flow.join();
            self.go_to(nowhere);
        }
    }
}
