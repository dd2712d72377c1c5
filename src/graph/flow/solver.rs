//! The worklist: what every variable may be, until nothing new comes.
//!
//! Inclusion-based points-to analysis (Andersen 1994) with difference propagation (Pearce, Kelly, Hankin 2003):
//! a variable hands on only what it has gained since its last turn. Operations of the files are static constraints;
//! what solving finds out about callees and attributes is added as links.

use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::rc::Rc;

use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::containers::ContainerData;
use super::fields::Attributes;
use super::hierarchy::Classes;
use super::objects::{Descriptor, Externals, Kind, Obj, Object, Objects, Partial, Pressure};
use super::program::{Class, Code, OpId, Program, Text, Var};
use super::wrappers::Hand;
use super::{Callee, FlowCall, Reason};
use crate::facts::{Slice, index_type};
use crate::values::{CodeFlags, Constant, Owner};

index_type! {
    /// A place where something is called or read.
    pub(super) SiteId;
}

/// The variable that nobody reads.
pub(super) const NOWHERE: Var = Var(u32::MAX);

/// The site of an operation that has none.
pub(super) const NO_SITE: SiteId = SiteId(u32::MAX);

/// How many links solving may make: so many for any project, and one more for so many variables.
const LEAST_LINKS: usize = 1_500_000;
const VARIABLES_PER_LINK: usize = 4;
/// How far a call leads to calls of its own before it is given up: partials of partials, attributes of attributes.
pub(super) const MOST_DERIVED: u8 = 12;

/// What a variable may be.
#[derive(Default)]
struct Set {
    items: SmallVec<[Obj; 4]>,
    /// How many of the items were handed on.
    done: u32,
    is_queued: bool,
    /// How many values of each kind there are.
    counts: [u8; Kind::COUNT],
}

/// A constraint found while solving: where the values of a variable go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Link {
    /// To another variable.
    Copy(Var),
    /// To another variable, as what a wrapper hands on.
    Pass(Var),
    /// To another variable, but for what a wrapper handed on.
    Own(Var),
    /// From a function's result to the variable that the call fills; the receiver stands for what the method
    /// returned as its own.
    Return {
        to: Var,
        class: Class,
        receiver: Obj,
    },
    /// They are found as an attribute and read or called at this site.
    Member {
        site: SiteId,
        receiver: Option<Obj>,
        reason: Reason,
    },
    /// As `Member`, bound to the receiver whatever it is.
    Forced {
        site: SiteId,
        receiver: Obj,
        reason: Reason,
    },
    /// They are called.
    Invoke { site: SiteId, reason: Reason },
    /// They are bases outside the project that the site's name is looked up in.
    ExternalBase { site: SiteId },
    /// They are bases outside the project that are constructed.
    ExternalInit { site: SiteId },
    /// They are the metaclass of the class that is called.
    Metaclass { site: SiteId, class: Obj },
    /// They are iterators: their elements go to the site's variable.
    Next { site: SiteId },
    /// They are iterated over.
    Iterate { site: SiteId },
    /// They are awaited, and what comes of it goes on.
    Await(Var),
    /// They are handed to `*args` of a call: from this position on.
    Spread {
        callee: Code,
        position: u32,
        hand: Hand,
    },
    /// They are handed to `**kwargs` of a call.
    KeywordSpread { callee: Code, hand: Hand },
    /// They are containers that are taken over into this one.
    TakeOver { into: super::objects::ContainerId },
    /// They are pairs of a key and a value that are entries of this dictionary.
    Pair { into: super::objects::ContainerId },
    /// They are keys under which `value` is put into the container.
    Key {
        container: super::objects::ContainerId,
        value: Var,
    },
    /// They are functions, decorated: what the decorator made of them is `by`.
    Decorated { by: Obj, to: Var },
    /// They are what a decorator made of `target`.
    DecoratedBy { target: Var, to: Var },
    /// They are registered for the dispatching function.
    Register(Obj),
    /// They are what `__new__` made of the class that is called.
    Made {
        site: SiteId,
        class: Obj,
        reason: Reason,
    },
    /// Instances of them go on.
    InstanceOf(Var),
    /// They are the type that the site constructs or returns: `type(x)`.
    TypeOf(Var),
    /// They are converted, by a special method of theirs.
    Convert {
        site: SiteId,
        conversion: super::special::Conversion,
    },
}

struct LinkEntry {
    link: Link,
    next: u32,
}

const NO_LINK: u32 = u32::MAX;

/// A variable.
#[derive(Clone, Copy)]
struct Node {
    /// What it may be: a place in the pool, 0 for nothing so far.
    set: u32,
    /// The last of its links.
    links: u32,
}

impl Node {
    const NEW: Self = Self {
        set: 0,
        links: NO_LINK,
    };
}

/// Whether a value is among those of a variable. They are few enough ([`Kind::most`]) to look at each, eight at a time.
fn has(items: &[Obj], obj: Obj) -> bool {
    let (blocks, rest) = items.as_chunks::<8>();
    let is_in = |block: &[Obj; 8]| block.iter().map(|&item| u8::from(item == obj)).max() == Some(1);
    blocks.iter().any(is_in) || rest.contains(&obj)
}

/// Where something is called or read.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "traits that do not exclude each other"
)]
pub(super) struct Site {
    /// The code that does it.
    pub(super) caller: Code,
    /// Where it stands.
    pub(super) offset: u32,
    /// Where the value goes.
    pub(super) to: Var,
    /// The attribute's name.
    pub(super) name: Option<Text>,
    /// Arguments, a run of [`Solver::arguments`].
    pub(super) arguments: Slice,
    /// Whether what is found is called.
    pub(super) is_call: bool,
    /// Whether a value is assigned here: only setters act.
    pub(super) is_store: bool,
    /// Whether the callee stands there by its own name.
    pub(super) is_named: bool,
    /// Whether the arguments are those that the program writes, all of them.
    pub(super) is_written: bool,
    /// Whether a wrapper is called, past which arguments and results are moved.
    pub(super) is_wrapped: bool,
    /// Whether some callee takes the call as it is written.
    pub(super) is_taken: bool,
    /// How many sites it was derived through.
    pub(super) depth: u8,
    /// How many functions it calls; beyond what matters they are not counted.
    pub(super) callees: u16,
}

/// An argument of a site.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passed {
    pub(super) kind: PassedKind,
    pub(super) value: Var,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PassedKind {
    /// With the literal that it is.
    Positional(Constant),
    Spread,
    /// Likewise.
    Keyword(Text, Constant),
    KeywordSpread,
}

/// What a derived site or variable is for; with the operation or site it tells it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Role {
    Own,
    Getter,
    Init,
    New,
    PostInit,
    Iterator,
    Next,
    Item,
    Enter,
    Exit,
    Reflected,
    Special(u8),
    Convert(super::special::Conversion),
    Bound(u32),
    Argument(u8),
    Result,
    Wrapper,
}

/// Names that the solver itself looks up.
pub(super) struct Names {
    pub(super) init: Option<Text>,
    pub(super) new: Option<Text>,
    pub(super) call: Option<Text>,
    pub(super) get: Option<Text>,
}

/// The state of solving.
pub(super) struct Solver<'a> {
    pub(super) is_builtin: fn(&str) -> bool,
    pub(super) program: Program<'a>,
    pub(super) classes: Classes,
    pub(super) objects: Objects,
    pub(super) externals: Externals,
    pub(super) attributes: Attributes,
    pub(super) declared: super::declared::DeclaredTypes,
    /// Calls that their callees do not take.
    pub(super) refused: Vec<(SiteId, Code)>,
    /// Where what `__new__` gives goes, and the instance that is assumed where that is not known.
    pub(super) unmade: Vec<(Var, Obj)>,
    /// Members of class bodies that no instance has.
    pub(super) declared_only: FxHashSet<Var>,
    /// Functions that are called through a wrapper.
    pub(super) wrapped: FxHashSet<Code>,
    /// Generators and coroutines that are wrappers.
    pub(super) wrappers: FxHashSet<Code>,
    /// Calls of functions that may be wrapped, whose arguments have not been looked at yet.
    pub(super) set_aside: Vec<(SiteId, Code)>,
    pub(super) forwarding: FxHashMap<Code, super::wrappers::Forwarding>,
    pub(super) containers: Vec<ContainerData>,
    /// Which code puts something under constant keys of a container, up to a few.
    pub(super) writers: FxHashMap<super::objects::ContainerId, SmallVec<[Code; 4]>>,
    pub(super) container_of: FxHashMap<(OpId, Role), super::objects::ContainerId>,
    pub(super) descriptors: Vec<Descriptor>,
    pub(super) partials: Vec<Partial>,
    pub(super) registered: FxHashMap<Code, Var>,
    /// Functions that some decorator is put on.
    pub(super) targets_of_decorators: FxHashSet<Code>,
    /// Classes that some decorator is put on.
    pub(super) decorated_classes: FxHashSet<Class>,
    /// Variables that decorators are put on.
    pub(super) decorated: FxHashSet<Var>,
    pub(super) names: Names,
    /// Class attributes that methods call and classes below bind to other classes.
    pub(super) parts: FxHashMap<Class, Rc<[Text]>>,
    nodes: Vec<Node>,
    pool: Vec<Set>,
    pressure: Pressure,
    is_seeding_over: bool,
    /// How many links there may be.
    budget: usize,
    links: Vec<LinkEntry>,
    /// Hashes of the links there are: with 64 bits, that two share one is less likely than a fault of the memory.
    known_links: FxHashSet<u64>,
    queue: VecDeque<Var>,
    pub(super) sites: Vec<Site>,
    /// The site of each operation that has one for itself; [`NO_SITE`] for the others.
    pub(super) own_sites: Vec<SiteId>,
    pub(super) site_of_op: FxHashMap<(OpId, Role), SiteId>,
    pub(super) derived: FxHashMap<(SiteId, Role), SiteId>,
    pub(super) arguments: Vec<Passed>,
    pub(super) linked: FxHashSet<(SiteId, Code)>,
    /// Hashes of calls, callees and receivers whose results were linked.
    pub(super) returned: FxHashSet<u64>,
    pub(super) varargs: FxHashMap<Var, super::objects::ContainerId>,
    /// What calls what.
    pub(super) calls: Vec<FlowCall>,
    /// Places in `calls`, by what calls what where.
    recorded: HashTable<u32>,
    /// Values that were dropped because a variable had too many.
    pub(super) dropped: u64,
}

impl<'a> Solver<'a> {
    pub(super) fn new(mut program: Program<'a>, is_builtin: fn(&str) -> bool) -> Self {
        for name in super::special::NAMES {
            program.texts.intern(name);
        }
        let classes = Classes::new(&program);
        let (vars, ops) = (program.vars(), program.op_count());
        let names = Names {
            init: program.texts.find("__init__"),
            new: program.texts.find("__new__"),
            call: program.texts.find("__call__"),
            get: program.texts.find("__get__"),
        };
        let attributes = Attributes::new(&program);
        let declared = super::declared::DeclaredTypes::new(&program);
        Self {
            is_builtin,
            program,
            classes,
            objects: Objects::default(),
            externals: Externals::default(),
            attributes,
            declared,
            refused: Vec::new(),
            unmade: Vec::new(),
            declared_only: FxHashSet::default(),
            wrapped: FxHashSet::default(),
            wrappers: FxHashSet::default(),
            set_aside: Vec::new(),
            forwarding: FxHashMap::default(),
            containers: Vec::new(),
            writers: FxHashMap::default(),
            container_of: FxHashMap::default(),
            descriptors: Vec::new(),
            partials: Vec::new(),
            registered: FxHashMap::default(),
            targets_of_decorators: FxHashSet::default(),
            decorated_classes: FxHashSet::default(),
            decorated: FxHashSet::default(),
            names,
            parts: FxHashMap::default(),
            nodes: {
                // Solving adds variables; what is not used of the room costs nothing.
                let mut nodes = Vec::with_capacity(vars + vars / 2);
                nodes.resize(vars, Node::NEW);
                nodes
            },
            pool: {
                let mut pool = Vec::with_capacity(vars);
                pool.push(Set::default());
                pool
            },
            pressure: Pressure::None,
            is_seeding_over: false,
            budget: LEAST_LINKS + vars / VARIABLES_PER_LINK,
            links: Vec::with_capacity(LEAST_LINKS + vars / VARIABLES_PER_LINK),
            known_links: FxHashSet::default(),
            queue: VecDeque::new(),
            sites: Vec::new(),
            own_sites: vec![NO_SITE; ops],
            site_of_op: FxHashMap::default(),
            derived: FxHashMap::default(),
            arguments: Vec::new(),
            linked: FxHashSet::default(),
            returned: FxHashSet::default(),
            varargs: FxHashMap::default(),
            calls: Vec::new(),
            recorded: HashTable::new(),
            dropped: 0,
        }
    }

    /// A variable that no file has.
    pub(super) fn fresh(&mut self) -> Var {
        let var = Var(self.nodes.len() as u32);
        self.nodes.push(Node::NEW);
        var
    }

    /// What a variable may be, as far as known.
    pub(super) fn values(&self, var: Var) -> &[Obj] {
        if var == NOWHERE {
            return &[];
        }
        &self.pool[self.nodes[var.index()].set as usize].items
    }

    pub(super) fn object(&self, obj: Obj) -> Object {
        self.objects.get(obj)
    }

    pub(super) fn intern(&mut self, object: Object) -> Obj {
        self.objects.intern(object)
    }

    /// A variable may be a value.
    pub(super) fn add(&mut self, var: Var, obj: Obj) {
        if var == NOWHERE {
            return;
        }
        if !self.is_allowed(var, obj) {
            return;
        }
        let mut at = self.nodes[var.index()].set as usize;
        if at == 0 {
            at = self.pool.len();
            self.pool.push(Set::default());
            self.nodes[var.index()].set = at as u32;
        }
        let kind = self.objects.get(obj).kind();
        let set = &mut self.pool[at];
        if set.counts[kind as usize] >= kind.most(self.pressure) {
            self.dropped += 1;
            return;
        }
        if has(&set.items, obj) {
            return;
        }
        set.items.push(obj);
        set.counts[kind as usize] += 1;
        if !set.is_queued {
            set.is_queued = true;
            self.queue.push_back(var);
        }
    }

    pub(super) fn add_object(&mut self, var: Var, object: Object) {
        let obj = self.intern(object);
        self.add(var, obj);
    }

    /// The values of `var` go where `link` says, those it has and those to come.
    pub(super) fn link(&mut self, var: Var, link: Link) {
        if var == NOWHERE {
            return;
        }
        if let Link::Copy(to) = link
            && (to == var || to == NOWHERE)
        {
            return;
        }
        if self.is_seeding_over && self.program.is_fixed(var) {
            let values: SmallVec<[Obj; 2]> = self.values(var).into();
            for obj in values {
                self.deliver(link, obj);
            }
            return;
        }
        if self.links.len() >= self.budget {
            self.dropped += 1;
            return;
        }
        if !self.known_links.insert(FxBuildHasher.hash_one((var, link))) {
            return;
        }
        self.pressure = match self.links.len() * 8 / self.budget {
            0..=3 => Pressure::None,
            4..=6 => Pressure::Some,
            _ => Pressure::High,
        };
        let node = &mut self.nodes[var.index()];
        let next = node.links;
        node.links = self.links.len() as u32;
        self.links.push(LinkEntry { link, next });
        let set = &self.pool[node.set as usize];
        if set.done > 0 {
            let seen: SmallVec<[Obj; 8]> = set.items[..set.done as usize].into();
            for obj in seen {
                self.deliver(link, obj);
            }
        }
    }

    /// Works until nothing new comes.
    pub(super) fn run(&mut self) {
        self.is_seeding_over = true;
        while let Some(var) = self.queue.pop_front() {
            let node = self.nodes[var.index()];
            let set = &mut self.pool[node.set as usize];
            set.is_queued = false;
            let gained: SmallVec<[Obj; 8]> = set.items[set.done as usize..].into();
            set.done = set.items.len() as u32;
            let mut at = node.links;
            if var.index() < self.program.vars() {
                let file = self.program.file_of_var(var);
                for using in self.program.uses(file, var) {
                    let op = self.program.use_at(file, using);
                    self.step(file, op, var, &gained);
                }
            }
            while at != NO_LINK {
                let LinkEntry { link, next } = self.links[at as usize];
                for &obj in &gained {
                    self.deliver(link, obj);
                }
                at = next;
            }
        }
    }

    fn deliver(&mut self, link: Link, obj: Obj) {
        match link {
            Link::Copy(to) => self.add(to, obj),
            Link::Pass(to) => self.add(to, obj.passed()),
            Link::Own(to) => {
                if !obj.is_passed() {
                    self.add(to, obj);
                }
            }
            Link::Return {
                to,
                class,
                receiver,
            } => {
                if !self.is_part_of_another(obj, class, receiver) {
                    let obj = self.own_as_receiver(obj, class, receiver);
                    self.add(to, obj);
                }
            }
            Link::Member {
                site,
                receiver,
                reason,
            } => self.found(site, obj, receiver, reason),
            Link::Forced {
                site,
                receiver,
                reason,
            } => self.settle(site, obj, Some(receiver), reason),
            Link::Invoke { site, reason } => self.invoke(site, obj, None, reason),
            Link::ExternalBase { site } => self.external_base(site, obj),
            Link::ExternalInit { site } => self.external_init(site, obj),
            Link::Metaclass { site, class } => self.metaclass_call(site, obj, class),
            Link::Next { site } => self.next_of(site, obj),
            Link::Iterate { site } => self.iterate_one(site, obj),
            Link::Await(to) => self.await_one(to, obj),
            Link::Spread {
                callee,
                position,
                hand,
            } => self.spread(callee, position, hand, obj),
            Link::KeywordSpread { callee, hand } => self.keyword_spread(callee, hand, obj),
            Link::TakeOver { into } => self.take_over(into, obj),
            Link::Pair { into } => self.take_pair(into, obj),
            Link::Key { container, value } => self.put_under(container, obj, value),
            Link::Decorated { by, to } => self.decorated(by, obj, to),
            // What some other function gave is not what was made of this one.
            Link::DecoratedBy { .. } if obj.is_passed() => {}
            Link::DecoratedBy { target, to } => match self.object(obj) {
                Object::Function(_) if self.is_other_target(obj, target) => {}
                Object::Decorated { function, .. } if self.is_other_target(function, target) => {}
                Object::Function(_) | Object::Instance(_) | Object::Partial(_) => {
                    self.link(target, Link::Decorated { by: obj, to });
                }
                _ => self.add(to, obj),
            },
            Link::Register(function) => self.register(function, obj),
            Link::Made {
                site,
                class,
                reason,
            } => self.made(site, class, obj, reason),
            Link::InstanceOf(to) => {
                if let Some(instance) = self.instance_of(obj) {
                    self.add(to, instance);
                }
            }
            Link::TypeOf(to) => {
                if let Some(class) = self.class_of(obj) {
                    self.add(to, class);
                }
            }
            Link::Convert { site, conversion } => self.convert_one(site, conversion, obj),
        }
    }

    /// What a method returned: its own receiver is the caller's.
    pub(super) fn own_as_receiver(&mut self, obj: Obj, class: Class, receiver: Obj) -> Obj {
        let own = match self.object(obj) {
            Object::Receiver(own) if own == class => self.instance_of(receiver).unwrap_or(obj),
            Object::ReceiverClass(own) if own == class => self.class_of(receiver).unwrap_or(obj),
            _ => return obj,
        };
        if obj.is_passed() { own.passed() } else { own }
    }

    /// The instance that a receiver is or makes.
    pub(super) fn instance_of(&mut self, receiver: Obj) -> Option<Obj> {
        let object = match self.object(receiver) {
            Object::Instance(_) | Object::Annotated(_) | Object::Receiver(_) | Object::Duck(_) => {
                return Some(receiver);
            }
            Object::Class(class) => Object::Instance(class),
            Object::ClassOrBelow(class) => Object::Annotated(class),
            Object::ReceiverClass(class) => Object::Receiver(class),
            _ => return None,
        };
        Some(self.intern(object))
    }

    /// The class that a value is or has.
    pub(super) fn class_of(&mut self, receiver: Obj) -> Option<Obj> {
        let object = match self.object(receiver) {
            Object::Class(_) | Object::ClassOrBelow(_) | Object::ReceiverClass(_) => {
                return Some(receiver);
            }
            Object::Instance(class) => Object::Class(class),
            Object::Annotated(class) | Object::Duck(class) => Object::ClassOrBelow(class),
            Object::Receiver(class) => Object::ReceiverClass(class),
            Object::ExternalInstance(external) => Object::External(external),
            _ => return None,
        };
        Some(self.intern(object))
    }

    /// The project's class that a value is an instance of, and whether it may be one below.
    pub(super) fn instance_class(&self, obj: Obj) -> Option<(Class, bool)> {
        match self.object(obj) {
            Object::Instance(class) => Some((class, false)),
            Object::Annotated(class) | Object::Receiver(class) | Object::Duck(class) => {
                Some((class, true))
            }
            _ => None,
        }
    }

    /// An annotation names a class: the variable holds an instance.
    pub(super) fn annotate(&mut self, to: Var, class: Obj) {
        let object = match self.object(class) {
            Object::Class(class) | Object::ClassOrBelow(class) | Object::ReceiverClass(class) => {
                Object::Annotated(class)
            }
            Object::External(external) => {
                match super::builtins::literal(self.externals.path(external)) {
                    Some(kind) => Object::Literal(kind),
                    None if super::builtins::is_class_like(self.externals.path(external)) => {
                        Object::ExternalInstance(external)
                    }
                    None => return,
                }
            }
            _ => return,
        };
        self.add_object(to, object);
    }

    /// Notes a call, once; the surest reason stays.
    pub(super) fn record(&mut self, caller: Code, offset: u32, callee: Callee, reason: Reason) {
        let key = |call: &FlowCall| (call.caller, call.offset, call.callee);
        let call = FlowCall {
            caller,
            callee,
            offset,
            reason,
        };
        let calls = &mut self.calls;
        let hash = FxBuildHasher.hash_one(key(&call));
        let known = self
            .recorded
            .find(hash, |&at| key(&calls[at as usize]) == key(&call));
        if let Some(&at) = known {
            let known = &mut calls[at as usize];
            known.reason = known.reason.min(reason);
            return;
        }
        let next = calls.len() as u32;
        calls.push(call);
        self.recorded.insert_unique(hash, next, |&at| {
            FxBuildHasher.hash_one(key(&calls[at as usize]))
        });
    }

    /// A site derived from another: same place, other purpose.
    pub(super) fn derive(
        &mut self,
        site: SiteId,
        role: Role,
        make: impl FnOnce(&mut Self, Site) -> Site,
    ) -> SiteId {
        if let Some(&known) = self.derived.get(&(site, role)) {
            return known;
        }
        let from = self.sites[site.index()];
        let mut made = make(self, from);
        let keeps_arguments = matches!(
            role,
            Role::New | Role::Init | Role::Bound(_) | Role::Wrapper
        );
        made.is_written &= keeps_arguments;
        made.is_wrapped &= matches!(role, Role::Bound(_) | Role::Wrapper);
        made.depth = from.depth.saturating_add(1);
        made.is_taken = false;
        made.callees = 0;
        let id = SiteId(self.sites.len() as u32);
        self.sites.push(made);
        self.derived.insert((site, role), id);
        id
    }

    /// The seeds that hang on no operation: receivers, and what `*args` and `**kwargs` hold.
    pub(super) fn seed_parameters(&mut self) {
        for number in 0..self.program.code_count() {
            let code = Code(number);
            let (file, body) = self.program.code_body(code);
            let Some(values) = self.program.values(file) else {
                continue;
            };
            let parameters = &values.parameters[body.parameters.range()];
            for parameter in parameters {
                use crate::facts::ParameterKind;
                let kind = match parameter.kind {
                    ParameterKind::VarPositional => crate::values::Container::Tuple,
                    ParameterKind::VarKeyword => crate::values::Container::Dict,
                    _ => continue,
                };
                let var = self.program.var(file, parameter.var);
                let container = self.new_container(kind);
                self.varargs.insert(var, container);
                self.add_object(var, Object::Container(container));
            }
            let (Owner::Class(class), Some(first)) = (body.owner, parameters.first()) else {
                continue;
            };
            if self.is_seeded(code) {
                let class = self.program.class(file, class);
                let object = if body.flags.contains(CodeFlags::CLASS_METHOD) {
                    Object::ReceiverClass(class)
                } else {
                    Object::Receiver(class)
                };
                let var = self.program.var(file, first.var);
                self.add_object(var, object);
            }
        }
    }

    /// Whether the first parameter of a code is a receiver whose class is known from where the code stands.
    pub(super) fn is_seeded(&self, code: Code) -> bool {
        use crate::facts::ParameterKind;
        let (file, body) = self.program.code_body(code);
        let Some(values) = self.program.values(file) else {
            return false;
        };
        matches!(body.owner, Owner::Class(_))
            && !body.flags.contains(CodeFlags::STATIC)
            && !body.flags.contains(CodeFlags::LAMBDA)
            && values.parameters[body.parameters.range()]
                .first()
                .is_some_and(|first| {
                    matches!(
                        first.kind,
                        ParameterKind::PositionalOnly | ParameterKind::Positional
                    )
                })
    }
}
