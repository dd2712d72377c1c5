//! Attributes of classes and their instances, kept by class and name; looking one up merges those of the order.

use rustc_hash::{FxHashMap, FxHashSet};

use super::objects::{Obj, Object};
use super::program::{Class, Code, Program, Text, Var};
use super::solver::{Link, SiteId, Solver};
use crate::values::{CodeId, Op, Owner};

/// How many overriding methods a call through a base class is said to reach.
pub(super) const MOST_OVERRIDES: usize = 128;

/// Attributes that are no members of class bodies.
#[derive(Default)]
pub(super) struct Attributes {
    /// Names that some statement stores.
    stored: FxHashSet<Text>,
    /// Names that code outside of class bodies stores.
    stored_by: FxHashSet<(Code, Text)>,
    /// Where what is assigned goes, each in the order of [`Assigned`].
    assigned: [Owned; Assigned::ALL.len()],
    shapes: FxHashMap<(Class, Text, bool), Shape>,
    watchers: FxHashMap<Text, Vec<Watcher>>,
    /// Attributes of functions and modules assigned from outside.
    pub(super) loose: FxHashMap<(Obj, Text), Var>,
    /// What bases outside the project the classes have.
    pub(super) external_bases: FxHashMap<Class, Var>,
}

/// What an attribute is assigned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assigned {
    /// An instance.
    Field,
    /// The class itself, from outside its body.
    Patch,
    /// One instance, from outside its class, over a method: the others keep theirs.
    Graft,
}

impl Assigned {
    const ALL: [Self; 3] = [Self::Field, Self::Patch, Self::Graft];
}

/// The variables of assigned attributes.
#[derive(Default)]
struct Owned {
    vars: FxHashMap<(Class, Text), Var>,
    classes: FxHashMap<Text, Vec<Class>>,
}

impl Owned {
    fn insert(&mut self, class: Class, name: Text, var: Var) {
        self.vars.insert((class, name), var);
        self.classes.entry(name).or_default().push(class);
    }
}

/// Who wants to know of attributes to come.
#[derive(Clone, Copy)]
struct Watcher {
    class: Class,
    or_below: bool,
    /// What hears of what is assigned, in the order of [`Assigned`].
    to: [Var; Assigned::ALL.len()],
}

/// Where an attribute of a class's instances is found.
#[derive(Clone, Copy, Default)]
pub(super) struct Shape {
    /// Assigned on instances.
    pub(super) fields: Option<Var>,
    /// Bound by a class body of the order.
    pub(super) own: Option<Var>,
    /// Assigned on the class.
    pub(super) patches: Option<Var>,
    /// Assigned over methods of single instances.
    pub(super) grafts: Option<Var>,
    /// Bound by class bodies below.
    pub(super) below: Option<Var>,
}

impl Shape {
    pub(super) fn is_empty(&self) -> bool {
        self.own.is_none() && self.below.is_none() && self.fields.is_none()
    }
}

impl Attributes {
    pub(super) fn new(program: &Program<'_>) -> Self {
        let mut attributes = Self::default();
        for file in program.file_ids() {
            let Some(values) = program.values(file) else {
                continue;
            };
            for (at, body) in values.codes.iter().enumerate() {
                let code = program.code(file, CodeId(at as u32));
                for op in &values.ops[body.ops.range()] {
                    if let Op::SetAttribute { name, .. } = op {
                        let name = program.text(file, *name);
                        attributes.stored.insert(name);
                        if matches!(body.owner, Owner::Code(_)) {
                            attributes.stored_by.insert((code, name));
                        }
                    }
                }
            }
            for (at, body) in values.classes.iter().enumerate() {
                let class = program.class(file, crate::values::ClassIx(at as u32));
                for field in &values.members[body.fields.range()] {
                    let name = program.text(file, field.name);
                    attributes.stored.insert(name);
                    let var = program.var(file, field.var);
                    attributes.assigned[Assigned::Field as usize].insert(class, name, var);
                }
            }
        }
        attributes
    }

    /// Whether some statement stores a name on something.
    pub(super) fn is_stored(&self, name: Text) -> bool {
        self.stored.contains(&name)
    }
}

impl Solver<'_> {
    /// Where an attribute of instances of a class, or of those below too, is found.
    pub(super) fn shape(&mut self, class: Class, name: Text, or_below: bool) -> Shape {
        let or_below = or_below && !self.classes.below(class).is_empty();
        if let Some(&known) = self.attributes.shapes.get(&(class, name, or_below)) {
            return known;
        }
        let mut shape = Shape {
            own: self.classes.member(class, name, 0).map(|(_, var)| var),
            ..Shape::default()
        };
        if or_below {
            let below = self.classes.members_below(class, name);
            if !below.is_empty() {
                self.dropped += below.len().saturating_sub(MOST_OVERRIDES) as u64;
                let merged = self.fresh();
                for var in below.into_iter().take(MOST_OVERRIDES) {
                    self.link(var, Link::Copy(merged));
                }
                shape.below = Some(merged);
            }
        }
        if self.attributes.stored.contains(&name) {
            let watcher = Watcher {
                class,
                or_below,
                to: [self.fresh(), self.fresh(), self.fresh()],
            };
            shape.fields = Some(watcher.to[Assigned::Field as usize]);
            shape.patches = Some(watcher.to[Assigned::Patch as usize]);
            shape.grafts = Some(watcher.to[Assigned::Graft as usize]);
            self.watch(name, watcher);
        }
        self.attributes
            .shapes
            .insert((class, name, or_below), shape);
        shape
    }

    /// What the class's order binds, unless instances must have something else there.
    pub(super) fn own_of(&self, shape: Shape, obj: Obj) -> Option<Var> {
        shape.own.filter(|own| {
            matches!(self.object(obj), Object::Instance(_)) || !self.declared_only.contains(own)
        })
    }

    fn watch(&mut self, name: Text, watcher: Watcher) {
        for to in Assigned::ALL {
            let owned = &self.attributes.assigned[to as usize];
            let classes = owned.classes.get(&name).cloned().unwrap_or_default();
            for class in classes {
                if self.concerns(watcher, class) {
                    let var = self.attributes.assigned[to as usize].vars[&(class, name)];
                    self.link(var, Link::Copy(watcher.to[to as usize]));
                }
            }
        }
        self.attributes
            .watchers
            .entry(name)
            .or_default()
            .push(watcher);
    }

    fn concerns(&self, watcher: Watcher, class: Class) -> bool {
        self.classes.is_subclass(watcher.class, class)
            || (watcher.or_below && self.classes.is_subclass(class, watcher.class))
    }

    /// The variable of an attribute assigned on instances of a class, or on the class.
    pub(super) fn assigned(&mut self, to: Assigned, class: Class, name: Text) -> Var {
        if let Some(&known) = self.attributes.assigned[to as usize]
            .vars
            .get(&(class, name))
        {
            return known;
        }
        let var = self.fresh();
        self.attributes.assigned[to as usize].insert(class, name, var);
        self.attributes.stored.insert(name);
        let watchers = self.attributes.watchers.get(&name).cloned();
        for watcher in watchers.unwrap_or_default() {
            if self.concerns(watcher, class) {
                self.link(var, Link::Copy(watcher.to[to as usize]));
            }
        }
        var
    }

    /// How an attribute of an instance is assigned at a site.
    pub(super) fn assignment(&self, class: Class, name: Text, site: SiteId) -> Assigned {
        let is_own = self.is_of_family(self.sites[site.index()].caller, class);
        let is_over_method = || {
            self.classes.member(class, name, 0).is_some_and(|(_, var)| {
                self.values(var).iter().any(|&obj| {
                    matches!(
                        self.object(obj),
                        Object::Function(_) | Object::Decorated { .. }
                    )
                })
            })
        };
        if !is_own && is_over_method() {
            Assigned::Graft
        } else {
            Assigned::Field
        }
    }

    /// Whether an instance may be one that had a method replaced: where this very code replaces it, and in methods of
    /// its own class. What was made here keeps its own, and of what is only guessed no more is said.
    pub(super) fn may_be_grafted(&self, obj: Obj, class: Class, name: Text, site: SiteId) -> bool {
        let caller = self.sites[site.index()].caller;
        self.attributes.stored_by.contains(&(caller, name))
            || (matches!(self.object(obj), Object::Receiver(_)) && self.is_of_family(caller, class))
    }

    /// Whether a code is a method of a class that is related to `class`.
    fn is_of_family(&self, code: Code, class: Class) -> bool {
        self.program
            .class_of_method(code)
            .is_some_and(|own| self.classes.family(own) == self.classes.family(class))
    }

    /// Whether some class of the order, or one below, has `name` assigned on its instances.
    pub(super) fn has_field(&self, class: Class, name: Text) -> bool {
        self.attributes.assigned[Assigned::Field as usize]
            .classes
            .get(&name)
            .is_some_and(|classes| {
                classes.iter().any(|&of| {
                    self.classes.is_subclass(class, of) || self.classes.is_subclass(of, class)
                })
            })
    }
}
