//! The values that variables are said to have, each once.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::Reason;
use super::program::{Class, Code, Text, Var};
use crate::facts::{Slice, index_type};
use crate::index::ModuleId;
use crate::values::{DescriptorKind, LiteralKind};

index_type! {
    /// A value.
    pub(super) Obj;
    /// A dotted path outside the project.
    pub External;
    /// A container that an operation makes.
    pub(super) ContainerId;
    /// A descriptor.
    pub(super) DescriptorId;
    /// A call of `functools.partial`.
    pub(super) PartialId;
}

impl Obj {
    /// Set on what came out of a function through the decorator that wraps it.
    const PASSED: u32 = 1 << 31;

    /// The value, as one that a wrapper handed on.
    ///
    /// All functions under one decorator share its wrapper. What goes through it is moved past it, from the call to
    /// the function that is decorated there; what has gone through it as well is not taken a second time, for all of
    /// them.
    pub(super) const fn passed(self) -> Self {
        Self(self.0 | Self::PASSED)
    }

    pub(super) const fn is_passed(self) -> bool {
        self.0 & Self::PASSED != 0
    }

    /// The value, wherever it came from.
    pub(super) const fn plain(self) -> Self {
        Self(self.0 & !Self::PASSED)
    }
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Object {
    /// A function of the project.
    Function(Code),
    /// A callable with its receiver, and why it is said to be there.
    Bound {
        function: Obj,
        receiver: Obj,
        reason: Reason,
    },
    /// This very class.
    Class(Class),
    /// The class or one below it: `type[C]`.
    ClassOrBelow(Class),
    /// The receiver of a class method.
    ReceiverClass(Class),
    /// An instance of this very class.
    Instance(Class),
    /// An instance of the class or of one below, as an annotation says.
    Annotated(Class),
    /// The receiver of a method: an instance of the class or of one below.
    Receiver(Class),
    /// An instance of the class or of one below, as its use suggests.
    Duck(Class),
    /// `super()` in a method of this class.
    Super(Class),
    /// A module of the project.
    Module(ModuleId),
    /// A name outside the project.
    External(External),
    /// An instance of a class outside the project.
    ExternalInstance(External),
    /// An attribute of such an instance: it may be called, but what it has is not guessed.
    ExternalMember(External),
    /// What a function outside the project returned.
    ExternalResult,
    /// A string constant.
    Text(Text),
    /// A string that begins so.
    Prefix(Text),
    /// An integer constant.
    Integer(i32),
    /// Another value of a builtin type.
    Literal(LiteralKind),
    /// A container.
    Container(ContainerId),
    /// What calling a generator function gives; the receiver when it is a method.
    Generator(Code, Option<Obj>),
    /// What calling a coroutine function gives.
    Coroutine(Code, Option<Obj>),
    /// A property or the like in a class body.
    Descriptor(DescriptorId),
    /// A callable with some of its arguments.
    Partial(PartialId),
    /// `f.register` of a `singledispatch` function.
    Register(Obj),
    /// What a decorator made of a function: it is called, and as far as values go the function is.
    Decorated { by: Obj, function: Obj },
    /// A method of a value of a builtin type.
    Method { of: Obj, name: Text },
}

/// A kind of value, of which a variable has only so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Function,
    Class,
    Instance,
    Constant,
    Container,
    External,
    Suspended,
}

impl Kind {
    /// How many kinds there are.
    pub(super) const COUNT: usize = 7;

    /// How many values of the kind a variable has at most. A table of handlers is long; that many unlike instances
    /// in one place only show that everything meets there. The more work was done, the less room such hubs get.
    pub(super) const fn most(self, pressure: Pressure) -> u8 {
        match (self, pressure) {
            (Self::Function, Pressure::None) => 40,
            (Self::Class | Self::Instance, Pressure::None) => 16,
            (Self::Constant, Pressure::None) => 8,
            (_, Pressure::None) => 6,
            (Self::Function, Pressure::Some) => 12,
            (Self::Class | Self::Instance, Pressure::Some) => 5,
            (_, Pressure::Some) => 3,
            (_, Pressure::High) => 1,
        }
    }
}

/// How much of its budget solving has used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pressure {
    None,
    Some,
    High,
}

impl Object {
    pub(super) const fn kind(self) -> Kind {
        match self {
            Self::Function(_)
            | Self::Bound { .. }
            | Self::Decorated { .. }
            | Self::Partial(_)
            | Self::Register(_)
            | Self::Descriptor(_) => Kind::Function,
            Self::Class(_) | Self::ClassOrBelow(_) | Self::ReceiverClass(_) | Self::Module(_) => {
                Kind::Class
            }
            Self::Instance(_)
            | Self::Annotated(_)
            | Self::Receiver(_)
            | Self::Duck(_)
            | Self::Super(_) => Kind::Instance,
            Self::Text(_) | Self::Prefix(_) | Self::Integer(_) | Self::Literal(_) => Kind::Constant,
            Self::Container(_) => Kind::Container,
            Self::External(_)
            | Self::ExternalInstance(_)
            | Self::ExternalMember(_)
            | Self::ExternalResult
            | Self::Method { .. } => Kind::External,
            Self::Generator(..) | Self::Coroutine(..) => Kind::Suspended,
        }
    }
}

/// A descriptor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Descriptor {
    /// What it does.
    pub(super) kind: DescriptorKind,
    /// The function in it.
    pub(super) function: Var,
    /// The descriptor that it adds to.
    pub(super) base: Option<Var>,
}

/// A call of `functools.partial`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Partial {
    /// What is called in the end.
    pub(super) function: Var,
    /// The arguments given already, a run of the solver's arguments.
    pub(super) arguments: Slice,
}

/// Dots in a path outside the project from which on attributes are not followed.
const MOST_SEGMENTS: usize = 8;

/// All values.
#[derive(Debug, Default)]
pub(super) struct Objects {
    known: HashTable<Obj>,
    list: Vec<Object>,
}

impl Objects {
    pub(super) fn intern(&mut self, object: Object) -> Obj {
        let list = &mut self.list;
        let hash = FxBuildHasher.hash_one(object);
        if let Some(&known) = self.known.find(hash, |known| list[known.index()] == object) {
            return known;
        }
        let next = Obj(list.len() as u32);
        list.push(object);
        self.known.insert_unique(hash, next, |known| {
            FxBuildHasher.hash_one(list[known.index()])
        });
        next
    }

    pub(super) fn get(&self, obj: Obj) -> Object {
        self.list[obj.plain().index()]
    }
}

/// Dotted paths outside the project, each once.
#[derive(Debug, Default)]
pub(super) struct Externals {
    known: FxHashMap<Box<str>, External>,
    list: Vec<Box<str>>,
    members: FxHashMap<(External, Text), External>,
}

impl Externals {
    pub(super) fn intern(&mut self, path: &str) -> External {
        if let Some(&known) = self.known.get(path) {
            return known;
        }
        let id = External(self.list.len() as u32);
        self.known.insert(path.into(), id);
        self.list.push(path.into());
        id
    }

    /// Whether a path is longer than any name that a module could have: a walk along `x = x.parent`.
    pub(super) fn is_too_long(&self, id: External) -> bool {
        self.list[id.index()].matches('.').count() > MOST_SEGMENTS
    }

    /// `of.name`.
    pub(super) fn member(&mut self, of: External, text: Text, name: &str) -> External {
        if let Some(&known) = self.members.get(&(of, text)) {
            return known;
        }
        let path = format!("{}.{name}", self.list[of.index()]);
        let id = self.intern(&path);
        self.members.insert((of, text), id);
        id
    }

    pub(super) fn path(&self, id: External) -> &str {
        &self.list[id.index()]
    }
}
