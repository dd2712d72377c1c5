//! Value flow: what a front end knows of how values move through one source file.
//!
//! A small program of [`Op`]s over variables, made from the syntax tree beside [`crate::facts`] when a call graph by
//! value flow is asked for. The language's scope rules are applied: every variable is one version of a name, or the
//! value of one expression. Control flow is gone: a variable that is reached on several ways is copied to from each.
//! Knows no other file; `graph::flow` puts the programs together and solves them.

use crate::facts::{NameId, NameTable, ParameterKind, Slice, index_type};

index_type! {
    /// A variable of one file: what one version of a name or one expression may be.
    pub VarId;
    /// A piece of code of one file that runs in one go; 0 is the module's.
    pub CodeId;
    /// A class of one file.
    pub ClassIx;
}

impl CodeId {
    /// The module's own code.
    pub const MODULE: Self = Self(0);
}

/// How values move in one file.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// Texts used below: names of attributes, keywords, members, and string constants.
    pub texts: NameTable,
    /// Module, functions and lambdas; a parent stands before its children.
    pub codes: Vec<Code>,
    /// Classes, in source order; one that holds another stands before it.
    pub classes: Vec<ClassBody>,
    /// Number of variables.
    pub vars: u32,
    /// Operations; each code has a run of them.
    pub ops: Vec<Op>,
    /// Arena behind the arguments of calls.
    pub arguments: Vec<Argument>,
    /// Tests of parameters.
    pub guard_tests: Vec<GuardTest>,
    /// Arena behind [`Op::Display`].
    pub items: Vec<Item>,
    /// Arena behind [`Code::parameters`].
    pub parameters: Vec<FlowParameter>,
    /// Arena behind [`Values::globals`], [`ClassBody::members`] and [`ClassBody::fields`]: each name once in a run,
    /// in the order of first binding.
    pub members: Vec<FlowMember>,
    /// What the names of the module's scope are once it has run.
    pub globals: Slice,
    /// Arena behind [`ClassBody::bases`] and [`Declared::classes`].
    pub bases: Vec<VarId>,
    /// Parameters and results whose annotations leave nothing open.
    pub declared: Vec<Declared>,
}

/// A name of a module or class with the variable that holds it at the end.
#[derive(Clone, Copy, Debug)]
pub struct FlowMember {
    /// The name.
    pub name: NameId,
    /// Its value.
    pub var: VarId,
}

/// What a piece of code or a class stands in directly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A module or function body.
    Code(CodeId),
    /// A class body.
    Class(ClassIx),
}

/// A module, function or lambda.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// Its name; `<lambda>` for a lambda, empty for the module.
    pub name: NameId,
    /// What it stands in; the module stands in itself.
    pub owner: Owner,
    /// Offset of the name token (of the keyword for a lambda); equals the start of the definition's `name_span`.
    pub offset: u32,
    /// Traits.
    pub flags: CodeFlags,
    /// Parameters, receivers included, a run of [`Values::parameters`].
    pub parameters: Slice,
    /// What it returns, besides parameters as they were passed.
    pub result: VarId,
    /// Which of its first 32 parameters it returns as they were passed, a bit each.
    pub returned: u32,
    /// What it yields.
    pub yields: VarId,
    /// How what it returns hangs on its parameters.
    pub guard: Option<Guard>,
    /// Its operations. What class bodies and comprehensions in it do is among them.
    pub ops: Slice,
}

/// A test of parameters that some of a function's `return`s hang on: `def wrap(f=None): if f is None: return wrap`.
///
/// [`Code::result`] is what all of them return.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    /// What is asked, all of it, a run of [`Values::guard_tests`].
    pub tests: Slice,
    /// Whether it asks for something else besides, so that it is never certain to hold.
    pub is_partial: bool,
    /// What is returned only where it holds.
    pub holds: VarId,
    /// What is returned only where it does not.
    pub fails: VarId,
    /// What is returned either way.
    pub other: VarId,
}

/// Whether a parameter that may be left out is a certain constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuardTest {
    /// Which parameter, counted from 0, receivers included.
    pub parameter: u32,
    /// The constant; [`Constant::Truthy`] where truth is asked for.
    pub constant: Constant,
    /// Whether the parameter has to be it, or anything else.
    pub is: bool,
    /// What comes of it where no argument is passed, if that is known.
    pub absent: Option<bool>,
}

/// What a literal is, as far as tests tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constant {
    /// `None`.
    None,
    /// `False`.
    False,
    /// `True`.
    True,
    /// Another literal that is true.
    Truthy,
    /// Anything.
    Unknown,
}

impl GuardTest {
    /// What comes of the test where the parameter is `given`, if that is known.
    #[must_use]
    pub fn of(self, given: Constant) -> Option<bool> {
        let same = match (self.constant, given) {
            (_, Constant::Unknown) => return None,
            (Constant::Truthy, given) => matches!(given, Constant::True | Constant::Truthy),
            (constant, given) => given == constant,
        };
        Some(same == self.is)
    }
}

/// Traits of a piece of code, as a bit set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodeFlags(pub u8);

impl CodeFlags {
    /// `async def`.
    pub const ASYNC: Self = Self(1);
    /// Its body yields.
    pub const GENERATOR: Self = Self(1 << 1);
    /// A method without receiver: `@staticmethod`.
    pub const STATIC: Self = Self(1 << 2);
    /// A method whose receiver is the class: `@classmethod`, `__new__`, `__init_subclass__`, `__class_getitem__`.
    pub const CLASS_METHOD: Self = Self(1 << 3);
    /// `@abstractmethod`, or a body that does nothing but raise `NotImplementedError`.
    pub const ABSTRACT: Self = Self(1 << 4);
    /// A lambda.
    pub const LAMBDA: Self = Self(1 << 5);
    /// No instance has it: `@abstractmethod`, or what a `Protocol` only declares.
    pub const DECLARED_ONLY: Self = Self(1 << 6);

    /// Whether all of `other` is set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Sets `other`.
    pub fn insert(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// A parameter: arguments and the default are copied to its variable; for `*args` and `**kwargs` the variable holds
/// the tuple or dictionary.
#[derive(Clone, Copy, Debug)]
pub struct FlowParameter {
    /// Its name.
    pub name: NameId,
    /// How it takes arguments.
    pub kind: ParameterKind,
    /// Its first version.
    pub var: VarId,
    /// What literal it is where a call passes nothing for it; none where a call must.
    pub default: Option<Constant>,
}

/// A variable that its annotation says all of: an instance of one of some classes, a value of a builtin type, or
/// `None`.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// The variable.
    pub var: VarId,
    /// The classes that are no builtin types, a run of [`Values::bases`].
    pub classes: Slice,
}

/// A class.
#[derive(Clone, Copy, Debug)]
pub struct ClassBody {
    /// Its name.
    pub name: NameId,
    /// What it stands in.
    pub owner: Owner,
    /// Offset of the name token.
    pub offset: u32,
    /// Base classes, a run of [`Values::bases`]; a starred one is left out.
    pub bases: Slice,
    /// What `metaclass=` names.
    pub metaclass: Option<VarId>,
    /// The names its body binds, a run of [`Values::members`], with their last values.
    pub members: Slice,
    /// The names its body annotates, a run of [`Values::members`] in source order; the variable holds what the
    /// annotation says an instance has there (as [`Op::Annotated`] would give), and any default.
    pub fields: Slice,
    /// Whether a decorator named `dataclass`, `define`, `frozen`, `attrs` or `s` (of `attr`) makes the constructor from
    /// the fields, or a base named `NamedTuple` does.
    pub has_generated_init: bool,
    /// Whether it only says what others have: a base is named `Protocol`.
    pub is_protocol: bool,
}

/// A literal that is no text or integer constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LiteralKind {
    /// Text that is not wholly known.
    Text,
    /// Bytes.
    Bytes,
    /// An integer that is not wholly known.
    Integer,
    /// `1.0`.
    Float,
    /// `1j`.
    Complex,
    /// `True`, `False`.
    Bool,
}

/// A container that a display or comprehension makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Container {
    /// `[a, b]`.
    List,
    /// `(a, b)`; also what `*args` holds.
    Tuple,
    /// `{a, b}`.
    Set,
    /// `{a: b}`; also what `**kwargs` holds.
    Dict,
    /// `(a for a in b)`.
    Generator,
}

/// An entry of a container.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// Where it stands.
    pub key: ItemKey,
    /// What it is.
    pub value: VarId,
}

/// Where an entry stands in its container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKey {
    /// At this index.
    Index(u32),
    /// Under what this variable is.
    Key(VarId),
    /// Anywhere.
    Any,
    /// It is no entry but a container, all of whose entries are taken over: `*a`, `**a`.
    Spread,
}

/// An argument of a call.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// How it is passed.
    pub kind: ArgumentKind,
    /// What it is.
    pub value: VarId,
}

/// How an argument is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    /// By position, with the literal that it is.
    Positional(Constant),
    /// `*args`.
    Spread,
    /// By name, likewise.
    Keyword(NameId, Constant),
    /// `**kwargs`.
    KeywordSpread,
}

/// What a descriptor makes of a function in a class body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DescriptorKind {
    /// `staticmethod`.
    Static,
    /// `classmethod`.
    Class,
    /// `property`, `cached_property`: reading calls it.
    Getter,
    /// `@x.setter`: assigning calls it.
    Setter,
    /// `@x.deleter`.
    Deleter,
}

/// An operator with a special method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is named for its special method")]
pub enum Operator {
    Add,
    Sub,
    Mul,
    MatMul,
    TrueDiv,
    FloorDiv,
    Mod,
    Pow,
    LShift,
    RShift,
    And,
    Or,
    Xor,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    /// `right in left`: the container is `left`.
    Contains,
    /// Unary; `right` equals `left`.
    Neg,
    Pos,
    Invert,
}

/// One step of value flow. `to` may be what the operation gives, besides what other operations put there. `site` is
/// the offset of the expression, where a call that the operation makes stands.
#[derive(Clone, Copy, Debug)]
#[expect(
    missing_docs,
    reason = "fields are named alike and explained above and at the variants"
)]
pub enum Op {
    /// What `from` is.
    Copy { from: VarId, to: VarId },
    /// The function that `code` is the body of.
    Function { code: CodeId, to: VarId },
    /// The class.
    Class { class: ClassIx, to: VarId },
    /// A string constant.
    Text { text: NameId, to: VarId },
    /// A string that begins with `text`: `"visit_" + x`, `f"visit_{x}"`, `"visit_%s" % x`.
    Prefix { text: NameId, to: VarId },
    /// An integer constant.
    Integer { value: i32, to: VarId },
    /// Another literal.
    Literal { kind: LiteralKind, to: VarId },
    /// A new container with `items`.
    Display {
        kind: Container,
        items: Slice,
        to: VarId,
    },
    /// What the imported name whose alias starts at `alias` is.
    Import { alias: u32, to: VarId },
    /// A name that no scope of the file binds: a builtin, or from a star import.
    Free { name: NameId, to: VarId },
    /// `super()` in a method of `class`, or `super(class, …)`.
    Super { class: ClassIx, to: VarId },
    /// `base.name`.
    GetAttribute {
        base: VarId,
        name: NameId,
        to: VarId,
        site: u32,
    },
    /// `getattr(base, key)`.
    GetNamed {
        base: VarId,
        key: VarId,
        to: VarId,
        site: u32,
    },
    /// `base.name = from`.
    SetAttribute {
        base: VarId,
        name: NameId,
        from: VarId,
        site: u32,
    },
    /// `setattr(base, key, from)`.
    SetNamed {
        base: VarId,
        key: VarId,
        from: VarId,
        site: u32,
    },
    /// `del base.name`.
    DeleteAttribute {
        base: VarId,
        name: NameId,
        site: u32,
    },
    /// `base[key]`.
    GetItem {
        base: VarId,
        key: VarId,
        to: VarId,
        site: u32,
    },
    /// `base[from:until]`. A bound that is left out is 0 or `i32::MAX`; none is one that is not known, or a slice with
    /// a step.
    GetSlice {
        base: VarId,
        from: Option<i32>,
        until: Option<i32>,
        to: VarId,
        site: u32,
    },
    /// `base[key] = from`.
    SetItem {
        base: VarId,
        key: VarId,
        from: VarId,
        site: u32,
    },
    /// `del base[key]`.
    DeleteItem { base: VarId, key: VarId, site: u32 },
    /// The containers of `base` after `base[key] = value` has replaced what was there: stands beside a `SetItem`, for
    /// the next version of the name.
    Replaced {
        base: VarId,
        key: VarId,
        value: VarId,
        to: VarId,
    },
    /// `callee(arguments)`.
    Call {
        callee: VarId,
        arguments: Slice,
        to: VarId,
        site: u32,
    },
    /// `base.name(arguments)`.
    CallMethod {
        base: VarId,
        name: NameId,
        arguments: Slice,
        to: VarId,
        site: u32,
    },
    /// `@decorator` on `target`.
    Decorate {
        decorator: VarId,
        target: VarId,
        to: VarId,
        site: u32,
    },
    /// A built-in descriptor around `function`; `base` is the descriptor that `@x.setter` adds to.
    Descriptor {
        kind: DescriptorKind,
        function: VarId,
        base: Option<VarId>,
        to: VarId,
    },
    /// An element of what iterating over `base` gives.
    Iterate {
        base: VarId,
        is_async: bool,
        to: VarId,
        site: u32,
    },
    /// The element at `index` of the iterable `base`, from the end when negative. The iteration itself is an
    /// [`Op::Iterate`] of its own.
    Element { base: VarId, index: i32, to: VarId },
    /// A list of the elements of `base` without the first `front` and the last `back`.
    Rest {
        base: VarId,
        front: u32,
        back: u32,
        to: VarId,
    },
    /// What `with base` gives, entered and left.
    Enter {
        base: VarId,
        is_async: bool,
        to: VarId,
        site: u32,
    },
    /// What `base` is but instances of the class `annotation`.
    Except {
        base: VarId,
        annotation: VarId,
        to: VarId,
    },
    /// `await base`.
    Await { base: VarId, to: VarId, site: u32 },
    /// `yield from base` in `code`: what it yields is yielded, what it returns goes to `to`.
    Delegate {
        base: VarId,
        code: CodeId,
        to: VarId,
        site: u32,
    },
    /// `left operator right`. `is_in_place` for `left operator= right`.
    Operate {
        operator: Operator,
        left: VarId,
        right: VarId,
        is_in_place: bool,
        to: VarId,
        site: u32,
    },
    /// `if base`, `not base`, `base and …`.
    Truth { base: VarId, site: u32 },
    /// `f"{base}"`, `"%s" % base`, `str(base)`: turned into text.
    Format { base: VarId, site: u32 },
    /// `raise base`: a class is instantiated.
    Raise { base: VarId, site: u32 },
    /// `to` is annotated with the class `annotation`: an instance of it or of a subclass.
    Annotated { annotation: VarId, to: VarId },
    /// `to` is annotated with `type[annotation]`: the class or a subclass.
    AnnotatedType { annotation: VarId, to: VarId },
}
