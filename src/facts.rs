//! Facts: what a front end knows of one source file once its syntax tree is gone.
//!
//! Plain data, the same for every language. Names are interned per file ([`NameTable`]); the index maps them to
//! global ids. References arrive with the language's scope rules already applied: a name is the set of bindings
//! it may have at that place, or free. Nothing here knows another file.

mod effects;
mod pack;

use std::hash::BuildHasher;
use std::num::NonZeroU32;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

pub use pack::{Draft, Pack};

use crate::emissions::Emissions;
use crate::run::{Run, Tail};
use crate::signatures::Signatures;
use crate::span::{LineIndex, Span};
use crate::values::Values;

/// Declares a `u32` index newtype.
macro_rules! index_type {
    ($($(#[$doc:meta])* $vis:vis $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $vis struct $name($vis u32);

        impl $name {
            /// The index as `usize`.
            #[must_use]
            #[allow(dead_code, reason = "not every index is used as one")]
            $vis const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}
pub(crate) use index_type;

index_type! {
    /// A name in one file's [`NameTable`].
    pub NameId;
    /// A scope of one file; 0 is the module's.
    pub ScopeId;
    /// A binding of one file.
    pub BindingId;
    /// A definition of one file.
    pub DefinitionId;
    /// An imported name of one file.
    pub ImportId;
    /// A reference kept for a file.
    pub ReferenceId;
    /// A call of one file.
    pub CallId;
}

impl ScopeId {
    /// The module's own scope.
    pub const MODULE: Self = Self(0);
}

/// The names of one file, each once, in the order of first use.
#[derive(Clone, Debug, Default)]
pub struct NameTable {
    /// The text of all names, one behind the other, from `start` on: files share it.
    text: Option<Arc<str>>,
    start: u32,
    /// Where each name ends, counted from `start`.
    ends: Run<u32>,
}

impl NameTable {
    /// The text of `id`.
    #[must_use]
    pub fn get(&self, id: NameId) -> &str {
        let begin =
            id.0.checked_sub(1)
                .map_or(0, |before| self.ends[before as usize]);
        let range = self.start + begin..self.start + self.ends[id.index()];
        let text = self.text.as_deref().unwrap_or("");
        &text[range.start as usize..range.end as usize]
    }

    /// All names, by id.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len() as u32).map(|id| self.get(NameId(id)))
    }

    /// Number of names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

impl NameTable {
    /// A table of its own with these names.
    #[must_use]
    pub fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut buffer = NameBuffer::default();
        for name in names {
            buffer.push(name);
        }
        Self {
            text: Some(buffer.share()),
            start: 0,
            ends: buffer.ends.into(),
        }
    }
}

/// A [`NameTable`] while it is made, behind those of other files.
#[derive(Debug, Default)]
pub struct NameBuffer {
    text: String,
    /// Where the text of this one starts.
    start: usize,
    ends: Tail<u32>,
}

impl NameBuffer {
    /// Appends `name`, which the caller knows to be new, and gives its id.
    pub fn push(&mut self, name: &str) -> NameId {
        self.text.push_str(name);
        self.ends.push((self.text.len() - self.start) as u32);
        NameId(self.ends.len() as u32 - 1)
    }

    /// Leaves the text to the buffer and starts anew behind it; gives its length. The ends are sealed by themselves.
    fn seal(&mut self) -> usize {
        let len = self.text.len() - self.start;
        self.start = self.text.len();
        len
    }

    /// Copies the text of all and empties the buffer.
    fn share(&mut self) -> Arc<str> {
        let text = self.text.as_str().into();
        self.text.clear();
        self.start = 0;
        text
    }
}

/// A run of entries in one of the arenas of [`FileFacts`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Slice {
    /// First entry.
    pub start: u32,
    /// Number of entries.
    pub len: u32,
}

impl Slice {
    /// Whether the run is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The run as a `usize` range.
    #[must_use]
    pub const fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }
}

/// What to read of each file besides what every run needs.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each asks for facts of its own"
)]
pub struct ReadOptions {
    /// How values move, [`FileFacts::values`], in the place of calls by name.
    pub values: bool,
    /// Which strings calls are handed: [`FileFacts::emissions`].
    pub emissions: bool,
    /// What calls hand over: [`FileFacts::signatures`].
    pub signatures: bool,
    /// Where results of calls are put to stay: [`FileFacts::keeps`].
    pub keeps: bool,
    /// What is written for several versions: [`FileFacts::variants`] and [`FileFacts::fallbacks`].
    pub versions: bool,
}

/// All facts of one file.
#[derive(Clone, Debug, Default)]
pub struct FileFacts {
    /// Names used by the other facts.
    pub names: NameTable,
    /// Line and column arithmetic.
    pub lines: LineIndex,
    /// Scopes; the first is the module's. Comprehensions have none of their own: what runs in them belongs to
    /// the scope around them.
    pub scopes: Run<Scope>,
    /// Imported names, in source order.
    pub imports: Run<Import>,
    /// Definitions, in source order.
    pub definitions: Run<Definition>,
    /// Bindings of module and class scopes, and those bindings of functions that references need.
    pub bindings: Run<Binding>,
    /// What each name of a module or class scope may be bound to once the scope's body has run: sorted by scope,
    /// then by [`Member::hash`].
    pub members: Run<Member>,
    /// Arena behind [`Member::bindings`] and [`Root::Bound`].
    pub binding_sets: Run<BindingId>,
    /// Arena behind attribute paths.
    pub paths: Run<NameId>,
    /// References that are not calls: aliases, bases, decorators, attribute chains that start at an import.
    pub references: Run<Reference>,
    /// Calls whose target can be named, in source order; in files that are read for how values move, none.
    pub calls: Run<Call>,
    /// Arena behind [`Definition::parameters`].
    pub parameters: Run<Parameter>,
    /// Arena behind [`Ending::Depends`].
    pub flow: FlowArena,
    /// `__all__`, where the file has one.
    pub exports: Option<Exports>,
    /// Attributes assigned on instances or classes from outside the class body (`self.x = …`), sorted: what a
    /// class body defines under that name may be hidden.
    pub assigned_attributes: Run<(DefinitionId, NameId)>,
    /// Strings that name modules or attributes.
    pub string_targets: Run<StringTarget>,
    /// Results of calls that are put where they stay, besides [`BindingValue::Result`]; where that was asked for.
    pub keeps: Run<Keep>,
    /// Statements and expressions written for several versions of what they use: outermost only, in source order, where
    /// that was asked for.
    pub variants: Run<Span>,
    /// The same for what is imported in them only: `try` statements whose handlers are there for a missing import.
    pub fallbacks: Run<Span>,
    /// Suppression comments.
    pub suppressions: Vec<Suppression>,
    /// Errors found while reading the file.
    pub errors: Vec<SyntaxError>,
    /// Calls that cannot be named, by reason; they are not in `calls`.
    pub unresolved_calls: UnresolvedCalls,
    /// Why the module's names cannot all be known.
    pub dynamic: Option<Dynamic>,
    /// How values move, where that was asked for.
    pub values: Option<Box<Values>>,
    /// Which strings calls are handed, where that was asked for.
    pub emissions: Option<Box<Emissions>>,
    /// What calls hand over and functions ask for, where that was asked for.
    pub signatures: Option<Box<Signatures>>,
    /// Modules that the file declares below its own, in languages where modules are declared.
    pub modules: Vec<ModuleDeclaration>,
    /// Names that are known at the top of the whole unit of compilation, whichever module makes them.
    pub unit_names: Vec<BindingId>,
}

impl FileFacts {
    /// The facts of a file that could not be read: nothing is known of its names.
    #[must_use]
    pub fn unread() -> Self {
        Self {
            lines: LineIndex::new(""),
            scopes: vec![Scope {
                kind: ScopeKind::Module,
                parent: ScopeId::MODULE,
                definition: None,
            }]
            .into(),
            dynamic: Some(Dynamic::Recovered),
            ..Self::default()
        }
    }

    /// Whether `offset`, where an import stands or not, lies in code written for several versions of what it uses.
    #[must_use]
    pub fn has_variants_at(&self, offset: u32, is_import: bool) -> bool {
        let covers = |spans: &[Span]| {
            let after = spans.partition_point(|span| span.start <= offset);
            after > 0 && spans[after - 1].contains(offset)
        };
        covers(&self.variants) || is_import && covers(&self.fallbacks)
    }

    /// The text of a name.
    #[must_use]
    pub fn name(&self, id: NameId) -> &str {
        self.names.get(id)
    }

    /// The attribute path of a reference.
    #[must_use]
    pub fn path(&self, slice: Slice) -> &[NameId] {
        &self.paths[slice.range()]
    }

    /// What the `metaclass=` of a class names.
    #[must_use]
    pub fn metaclass(&self, class: &Definition) -> Option<&Reference> {
        let named = class.flags.contains(DefinitionFlags::NAMED_METACLASS);
        named.then(|| &self.references[class.bases.range().end])
    }

    /// The scope of the module around `scope`.
    #[must_use]
    pub fn module_scope(&self, scope: ScopeId) -> ScopeId {
        if self.modules.is_empty() {
            return ScopeId::MODULE;
        }
        let mut at = scope;
        while self.scopes[at.index()].kind != ScopeKind::Module {
            at = self.scopes[at.index()].parent;
        }
        at
    }

    /// A run of binding ids.
    #[must_use]
    pub fn binding_set(&self, slice: Slice) -> &[BindingId] {
        &self.binding_sets[slice.range()]
    }

    /// The member of `scope` named `name`.
    #[must_use]
    pub fn member(&self, scope: ScopeId, name: &str) -> Option<&Member> {
        let hash = hash_name(name);
        let first = self
            .members
            .partition_point(|member| (member.scope, member.hash) < (scope, hash));
        self.members[first..]
            .iter()
            .take_while(|member| member.scope == scope && member.hash == hash)
            .find(|member| self.name(member.name) == name)
    }

    /// The names bound in a scope that is a module's or a class's.
    pub fn members_of(&self, scope: ScopeId) -> impl Iterator<Item = &Member> {
        let first = self.members.partition_point(|member| member.scope < scope);
        self.members[first..]
            .iter()
            .take_while(move |member| member.scope == scope)
    }

    /// Whether the parser had to recover from errors: facts after the error may be misplaced.
    #[must_use]
    pub fn is_recovered(&self) -> bool {
        self.errors
            .iter()
            .any(|error| error.kind == SyntaxErrorKind::Invalid)
    }
}

/// A module that a file declares below its own: `mod name { … }`, `mod name;`.
#[derive(Clone, Debug)]
pub struct ModuleDeclaration {
    /// Its name.
    pub name: NameId,
    /// The name token.
    pub span: Span,
    /// The module scope that it is declared in.
    pub scope: ScopeId,
    /// Its own scope, when its text stands in this file.
    pub body: Option<ScopeId>,
    /// The path that the declaration gives for its file.
    pub path: Option<Box<str>>,
    /// Whether it is there for tests only.
    pub test_only: bool,
    /// Whether it may be left out, and another stand for it.
    pub conditional: bool,
    /// Who may name it.
    pub visibility: Visibility,
}

/// A scope of names.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// What opens it.
    pub kind: ScopeKind,
    /// The scope around it; the module's is its own parent.
    pub parent: ScopeId,
    /// The function or class whose body it is.
    pub definition: Option<DefinitionId>,
}

/// What opens a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    /// A file.
    Module,
    /// A class body.
    Class,
    /// A function or lambda body.
    Function,
}

/// When a statement runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum When {
    /// When the module is imported.
    Import,
    /// Never at run time: under `TYPE_CHECKING`, or in a stub file.
    TypeChecking,
    /// When a function is called.
    Deferred,
}

/// One imported name: `from m import a, b` makes two.
#[derive(Clone, Copy, Debug)]
pub struct Import {
    /// The whole statement.
    pub statement: Span,
    /// The part that stands for this name: `X as Y`, `a.b as c`, `*`.
    pub alias: Span,
    /// The module path as written, without leading dots; empty in `from . import x`.
    pub module: NameId,
    /// Leading dots of a relative import; 0 for an absolute one.
    pub level: u32,
    /// What is taken from the module.
    pub target: ImportTarget,
    /// The local binding; none for a star.
    pub binding: Option<BindingId>,
    /// The scope it binds in.
    pub scope: ScopeId,
    /// When it runs.
    pub when: When,
    /// Whether it runs only when the file is started as a program.
    pub as_script: bool,
    /// Whether a missing module is handled: inside `try` with a handler that catches the import error, or under
    /// `contextlib.suppress`.
    pub guarded: bool,
    /// Who may take the name on from here.
    pub visibility: Visibility,
}

/// What an import takes from its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportTarget {
    /// `import a.b`: binds the first segment.
    Module,
    /// `import a.b as c`: binds the module itself.
    ModuleAs,
    /// `from m import name`, perhaps under another local name.
    Name(NameId),
    /// `from m import *`.
    Star,
}

/// A place where a name gets a value.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// The name bound.
    pub name: NameId,
    /// The scope it lives in (after `global` and `nonlocal`).
    pub scope: ScopeId,
    /// The name token (or the alias, for imports).
    pub span: Span,
    /// The value.
    pub value: BindingValue,
    /// Whether it stands in a branch: it may not have happened.
    pub conditional: bool,
    /// Who may take it from its module.
    pub visibility: Visibility,
}

/// Who may take a name from its module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Visibility {
    /// Everybody, as far as the language says.
    #[default]
    Public,
    /// The unit of compilation.
    Unit,
    /// A part of the unit: at least what lies below the module around.
    Part,
    /// The module and those below it.
    Private,
}

/// What a binding binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingValue {
    /// An imported name.
    Import(ImportId),
    /// A `def` or `class` (undecorated, or decorated by what keeps it callable as itself).
    Definition(DefinitionId),
    /// `A = B` or `A = m.B`: the same object.
    Alias(ReferenceId),
    /// The value of a call, `A = f(...)`, where the call could be named.
    Result(CallId),
    /// Any other value: the binding is itself the definition.
    Value,
    /// An annotation without value in a stub or class body.
    Declared,
    /// `del`: the name is gone.
    Deleted,
}

/// The hash that members are sorted by: the same for a text on every machine.
#[must_use]
pub fn hash_name(name: &str) -> u32 {
    (FxBuildHasher.hash_one(name) >> 32) as u32
}

/// The bindings one name may have at the end of its scope.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// The scope.
    pub scope: ScopeId,
    /// The name.
    pub name: NameId,
    /// [`hash_name`] of its text: members are looked up by it.
    pub hash: u32,
    /// The bindings, in source order.
    pub bindings: Slice,
    /// Whether the name may also be unbound there (only bound in some branches).
    pub maybe_unbound: bool,
}

/// The number of bindings of one name in force at one place from which on it is unknown what the name is: to list
/// them all for every use would take time and memory without bound. A [`Member`] lists no more than these.
pub const MOST_BINDINGS: usize = 128;

/// What stands at the start of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Root {
    /// A name with these possible bindings, a run of [`FileFacts::binding_sets`].
    Bound(Slice),
    /// A name that no scope of the file binds: a builtin, or from a star import.
    Free(NameId),
    /// The receiver of a method: `self`. The definition is the method's class.
    Instance(DefinitionId),
    /// The receiver of a class method: `cls`, or `__class__`, `type(self)`.
    Class(DefinitionId),
    /// `super()` in a method of this class.
    Super(DefinitionId),
    /// A literal of a builtin type, such as `str` or `dict`; the name is the type's.
    Literal(NameId),
}

/// A use of a name with the attributes behind it: `root.a.b`.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    /// What the chain starts at.
    pub root: Root,
    /// The attribute names, a run of [`FileFacts::paths`].
    pub path: Slice,
    /// From the root to the last attribute.
    pub span: Span,
    /// The scope the use stands in.
    pub scope: ScopeId,
    /// What is done with it.
    pub usage: Usage,
}

/// What is done with a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// Read.
    Load,
    /// Read to be held by a `partial`: what that makes calls it, but is another object.
    Held,
    /// Assigned to, in whole (`m.x = …`).
    Store,
    /// Deleted.
    Delete,
}

/// How the value of a call is used: it decides whether a coroutine or generator runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallMode {
    /// Called; the value goes anywhere.
    Plain,
    /// Awaited on the spot.
    Awaited,
    /// Iterated on the spot: `for`, `yield from`, `list(…)`.
    Driven,
    /// Not a call but the read of an attribute that is a property of the class.
    PropertyGet,
    /// Not a call but the assignment of an attribute that has a property setter.
    PropertySet,
    /// Not written as a call but an operation on an instance that runs a special method: `self[key]`, `len(self)`.
    Operator,
}

/// A call whose target can be named. Those of builtins may be left out: see [`UnresolvedCalls::builtin`].
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// The callee expression.
    pub callee: Reference,
    /// How its value is used.
    pub mode: CallMode,
    /// Whether every parameter of the function around it is handed on unchanged, and nothing else.
    pub same_arguments: bool,
    /// Offset of the `except` clause that would swallow a failure of this call, if one would.
    pub swallowed_by: Option<NonZeroU32>,
}

/// What a definition makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefinitionKind {
    /// A function or method.
    Function,
    /// An anonymous function.
    Lambda,
    /// A class (or another type with members).
    Class,
}

/// A function or class.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// What it makes.
    pub kind: DefinitionKind,
    /// Its name; for a lambda `<lambda>`.
    pub name: NameId,
    /// The scope it is defined in.
    pub parent: ScopeId,
    /// The scope of its body.
    pub body: ScopeId,
    /// The whole statement, decorators included.
    pub span: Span,
    /// The name token (for a lambda the keyword).
    pub name_span: Span,
    /// Decorators as references, a run of [`FileFacts::references`]; those that cannot be named are missing and
    /// set [`DefinitionFlags::OPAQUE_DECORATOR`].
    pub decorators: Slice,
    /// Base classes as references, likewise; others set [`DefinitionFlags::OPAQUE_BASE`].
    pub bases: Slice,
    /// Parameters, a run of [`FileFacts::parameters`].
    pub parameters: Slice,
    /// Traits of it.
    pub flags: DefinitionFlags,
    /// What the body amounts to.
    pub shape: Shape,
    /// How it ends.
    pub ending: Ending,
}

/// How a function ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It reaches the exit at this offset whatever its nameable calls do.
    Always(u32),
    /// Every way to an exit leads through a nameable call: a run of [`FlowArena::nodes`].
    Depends(Slice),
    /// No exit can be reached at all: an endless loop.
    Never,
}

/// Traits of a definition, as a bit set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DefinitionFlags(pub u32);

impl DefinitionFlags {
    /// `async def`.
    pub const ASYNC: Self = Self(1);
    /// Its body yields.
    pub const GENERATOR: Self = Self(1 << 1);
    /// `@overload`.
    pub const OVERLOAD: Self = Self(1 << 2);
    /// A property (or cached property) getter.
    pub const PROPERTY: Self = Self(1 << 3);
    /// A property setter.
    pub const SETTER: Self = Self(1 << 4);
    /// `@staticmethod`.
    pub const STATIC: Self = Self(1 << 5);
    /// `@classmethod`, or a method that is one by definition.
    pub const CLASS_METHOD: Self = Self(1 << 6);
    /// Stands in a branch: another definition may stand for it.
    pub const CONDITIONAL: Self = Self(1 << 7);
    /// Has a decorator that is no plain name or call of one.
    pub const OPAQUE_DECORATOR: Self = Self(1 << 8);
    /// Has a base that is no plain name, or a starred one.
    pub const OPAQUE_BASE: Self = Self(1 << 9);
    /// A class with a `metaclass=` other than the abstract base class machinery.
    pub const METACLASS: Self = Self(1 << 10);
    /// A class whose members are assigned from outside or by `setattr`.
    pub const DYNAMIC_MEMBERS: Self = Self(1 << 11);
    /// `@abstractmethod`.
    pub const ABSTRACT: Self = Self(1 << 12);
    /// A protocol class.
    pub const PROTOCOL: Self = Self(1 << 13);
    /// A property whose value is kept on the instance and found there the next time.
    pub const CACHED: Self = Self(1 << 15);
    /// Has a decorator whose effect on calls is not known.
    pub const UNKNOWN_DECORATOR: Self = Self(1 << 14);
    /// A trait: who implements it may bring methods of its own.
    pub const TRAIT: Self = Self(1 << 16);
    /// Not a class but a part of one that stands elsewhere: the first base says of which.
    pub const PART: Self = Self(1 << 17);
    /// There for tests only.
    pub const TEST: Self = Self(1 << 18);
    /// A method that takes its receiver by value.
    pub const BY_VALUE: Self = Self(1 << 19);
    /// A class whose metaclass is in [`FileFacts::references`], behind its bases.
    pub const NAMED_METACLASS: Self = Self(1 << 20);

    /// Whether all of `other` is set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The flags that say which kinds of operations a function evaluates, before any call that may stop it, that may
    /// raise without saying so.
    #[must_use]
    pub const fn raising(operations: u8) -> Self {
        Self((operations as u32) << Self::RAISING)
    }

    /// The operations of [`DefinitionFlags::raising`].
    #[must_use]
    pub const fn operations(self) -> u8 {
        (self.0 >> Self::RAISING) as u8
    }

    const RAISING: u32 = 24;

    /// Sets `other`.
    pub fn insert(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// What a function or class body amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Anything.
    Ordinary,
    /// Every path through it raises.
    Raises,
    /// It does nothing but hand its call on to this one.
    Forwards(CallId),
    /// Nothing but docstring, `pass` or `...`.
    Empty,
}

/// One parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: NameId,
    /// How it takes arguments.
    pub kind: ParameterKind,
    /// Whether it has a default.
    pub has_default: bool,
}

/// How a parameter takes arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// By position only.
    PositionalOnly,
    /// By position or name.
    Positional,
    /// `*args`.
    VarPositional,
    /// By name only.
    KeywordOnly,
    /// `**kwargs`.
    VarKeyword,
}

/// The control flow of functions, as far as the recursion proof needs it: calls that may not come back, and what
/// lies behind them.
#[derive(Clone, Debug, Default)]
pub struct FlowArena {
    /// Nodes; each function's run starts with its entry.
    pub nodes: Run<FlowNode>,
    /// Arena behind [`FlowNode::next`]: node numbers counted from the start of the function's run.
    pub edges: Run<u32>,
}

/// A point of a function's control flow.
#[derive(Clone, Copy, Debug)]
pub struct FlowNode {
    /// What happens here.
    pub step: FlowStep,
    /// Where control goes afterwards, by value or exception alike: a run of [`FlowArena::edges`].
    pub next: Slice,
}

/// What happens at a point of a function's control flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowStep {
    /// Nothing: paths meet or part.
    Join,
    /// This call; control goes on only if it may come back.
    Call(CallId),
    /// What the call before it raised is taken by a handler: of what its callee does not say it raises, the failures
    /// of these operations (see [`DefinitionFlags::operations`]).
    Raised(u8),
    /// The function ends; the offset is that of the statement that ends it.
    Exit(u32),
}

/// `__all__` of a module.
#[derive(Clone, Debug, Default)]
pub struct Exports {
    /// The names, in order.
    pub names: Run<(NameId, Span)>,
    /// The names by [`hash_name`]: long lists are asked for many names.
    by_hash: Run<(u32, NameId)>,
    /// Whether it was built by something this does not follow: more names are possible.
    pub open: bool,
    /// Modules whose own `__all__` is added: `__all__ += other.__all__`.
    pub extends: Run<ReferenceId>,
}

impl Exports {
    /// The hashes of all names; none when more are possible.
    #[must_use]
    pub fn hashes(&self) -> Option<impl Iterator<Item = u32> + '_> {
        let closed = !self.open && self.extends.is_empty();
        closed.then(|| self.by_hash.iter().map(|(hash, _)| *hash))
    }

    /// Whether `name`, with this hash, is among the names; `names` are those of the file.
    #[must_use]
    pub fn contains(&self, names: &NameTable, name: &str, hash: u32) -> bool {
        let first = self.by_hash.partition_point(|(other, _)| *other < hash);
        self.by_hash[first..]
            .iter()
            .take_while(|(other, _)| *other == hash)
            .any(|(_, id)| names.get(*id) == name)
    }
}

/// A string that names a module or an attribute.
#[derive(Clone, Copy, Debug)]
pub struct StringTarget {
    /// What it is handed to.
    pub kind: StringTargetKind,
    /// The dotted text.
    pub value: NameId,
    /// The literal, quotes included.
    pub span: Span,
    /// The scope it stands in.
    pub scope: ScopeId,
    /// Whether it may name what is not there yet: `create=True`, `raising=False`.
    pub may_be_new: bool,
    /// Whether its first name is what imports bind, and nothing else, as a name of the file.
    pub is_imported: bool,
}

/// The last part of a naming string that stands for any name: it is worked out when the code runs.
pub const ANY_NAME: &str = "*";

/// What a naming string is handed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StringTargetKind {
    /// `mock.patch("a.b.X")`, `mocker.patch("a.b.X")`.
    Patch,
    /// `monkeypatch.setattr("a.b.X", …)`.
    Monkeypatch,
    /// `importlib.import_module("a.b")`, `__import__("a.b")`.
    ImportModule,
    /// `patch.object(m, "X")`, `monkeypatch.setattr(m, "X", …)`: the value is `m.X`, as names of the file.
    Attribute,
    /// `setattr(m, "X", …)` and `delattr`, likewise: an assignment.
    Assigned,
}

/// The result of a call, put where it outlives the code around the call.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    /// The call.
    pub call: CallId,
    /// Where its result is put.
    pub keeper: Keeper,
    /// Whether it is one of several: an item of a container.
    pub item: bool,
    /// The place as written; for a default the callee.
    pub span: Span,
}

/// What keeps the result of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// The default of a parameter.
    Default,
    /// A name of the module.
    Module(NameId),
    /// An attribute of a class.
    Class(DefinitionId, NameId),
}

/// A suppression comment.
#[derive(Clone, Debug)]
pub struct Suppression {
    /// The comment.
    pub span: Span,
    /// The lines (from 1, inclusive) that it covers; none means the file.
    pub lines: Option<(u32, u32)>,
    /// The checks named; empty means all.
    pub checks: Vec<String>,
    /// The text after the bracket.
    pub reason: String,
}

/// An error in a file.
#[derive(Clone, Debug)]
pub struct SyntaxError {
    /// Where.
    pub span: Span,
    /// The parser's words.
    pub message: String,
    /// What kind.
    pub kind: SyntaxErrorKind,
}

/// Kinds of file errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyntaxErrorKind {
    /// Not valid in any version; facts after it may be misplaced.
    Invalid,
    /// Valid, but not in the target version.
    Unsupported,
    /// The text could not be read as text at all.
    Undecodable,
}

/// Calls that cannot be named, counted by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnresolvedCalls {
    /// The callee is a parameter or local value.
    pub local_value: u32,
    /// The callee is the result of another expression.
    pub expression: u32,
    /// The callee is a builtin of the language, and nothing else asks for the call.
    pub builtin: u32,
}

/// Why a module's names cannot all be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dynamic {
    /// It defines `__getattr__`.
    ModuleGetattr,
    /// It writes `globals()`, `sys.modules`, `__dict__`, or runs `exec`.
    Globals,
    /// It changes `__path__`.
    Path,
    /// The file does not parse: names may be bound where the parser gave up.
    Recovered,
}
