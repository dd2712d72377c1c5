//! Containers: a variable for each constant index or key, one for what stands anywhere, one for all of it.

use super::arguments::named;
use super::objects::{ContainerId, Obj, Object};
use super::program::{Code, OpId, Var};
use super::solver::{Link, Role, SiteId, Solver};
use super::wrappers::Hand;
use crate::facts::ParameterKind;
use crate::index::FileId;
use crate::values::{Container, Item, ItemKey, Op};

/// How many constant keys a container keeps apart.
const MOST_SLOTS: usize = 256;

/// What stands under a constant key.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    pub(super) key: Obj,
    pub(super) var: Var,
    pub(super) shown: Shown,
}

/// Whether an entry is found where the key is not known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// Nothing was put there.
    Empty,
    /// Only assignments put something there, this code the first: not before it is known who else fills the container.
    Assigned(Code),
    /// It is found.
    Yes,
}

/// A container that an operation makes.
pub(super) struct ContainerData {
    pub(super) kind: Container,
    /// Number of entries, where it is fixed.
    pub(super) length: Option<u32>,
    pub(super) slots: Vec<Slot>,
    /// What may stand anywhere.
    anywhere: Option<Var>,
    /// Everything in it.
    elements: Option<Var>,
    /// Its keys.
    keys: Option<Var>,
    pub(super) watches: Vec<Watch>,
    /// The display whose items have not been looked at yet.
    pending: Option<(FileId, u32)>,
}

/// What is to happen with entries, those there and those to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watch {
    /// They are arguments by position, from this one on.
    Spread {
        callee: Code,
        position: u32,
        hand: Hand,
    },
    /// They are arguments by name.
    KeywordSpread { callee: Code, hand: Hand },
    /// They are entries of another container, moved down by an offset, in a range.
    Into {
        container: ContainerId,
        from: i32,
        until: i32,
        offset: i32,
    },
    /// They are entries of another container, but for this key.
    Except { container: ContainerId, key: Obj },
}

impl Solver<'_> {
    pub(super) fn new_container(&mut self, kind: Container) -> ContainerId {
        self.containers.push(ContainerData {
            kind,
            length: None,
            slots: Vec::new(),
            anywhere: None,
            elements: None,
            keys: None,
            watches: Vec::new(),
            pending: None,
        });
        ContainerId(self.containers.len() as u32 - 1)
    }

    /// The container that an operation makes.
    pub(super) fn container_for(&mut self, op: OpId, role: Role, kind: Container) -> ContainerId {
        if let Some(&known) = self.container_of.get(&(op, role)) {
            return known;
        }
        let container = self.new_container(kind);
        self.container_of.insert((op, role), container);
        container
    }

    /// A display: its items are looked at when somebody does.
    pub(super) fn display(&mut self, file: FileId, op: u32, kind: Container) -> ContainerId {
        let container = self.new_container(kind);
        self.containers[container.index()].pending = Some((file, op));
        container
    }

    fn open(&mut self, container: ContainerId) {
        let Some((file, op)) = self.containers[container.index()].pending.take() else {
            return;
        };
        let Some(values) = self.program.values(file) else {
            return;
        };
        let Op::Display { items, .. } = values.ops[op as usize] else {
            return;
        };
        let items: &[Item] = &values.items[items.range()];
        let is_fixed = items
            .iter()
            .all(|item| matches!(item.key, ItemKey::Index(_)));
        if is_fixed {
            self.containers[container.index()].length = Some(items.len() as u32);
        }
        for item in items {
            let value = self.program.var(file, item.value);
            match item.key {
                ItemKey::Index(index) => {
                    let key = self.intern(Object::Integer(index as i32));
                    self.put_under(container, key, value);
                }
                ItemKey::Key(key) => {
                    let key = self.program.var(file, key);
                    self.link(key, Link::Key { container, value });
                    let keys = self.keys(container);
                    self.link(key, Link::Copy(keys));
                    let elements = self.elements(container);
                    self.link(value, Link::Copy(elements));
                }
                ItemKey::Any => self.put_anywhere(container, value),
                ItemKey::Spread => self.link(value, Link::TakeOver { into: container }),
            }
        }
    }

    pub(super) fn container_kind(&self, container: ContainerId) -> Container {
        self.containers[container.index()].kind
    }

    pub(super) fn container_length(&mut self, container: ContainerId) -> Option<u32> {
        self.open(container);
        self.containers[container.index()].length
    }

    /// Everything in a container.
    pub(super) fn elements(&mut self, container: ContainerId) -> Var {
        self.open(container);
        if let Some(known) = self.containers[container.index()].elements {
            return known;
        }
        let var = self.fresh();
        let data = &mut self.containers[container.index()];
        data.elements = Some(var);
        let parts: Vec<Var> = data
            .slots
            .iter()
            .filter(|slot| slot.shown == Shown::Yes)
            .map(|slot| slot.var)
            .chain(data.anywhere)
            .collect();
        for part in parts {
            self.link(part, Link::Copy(var));
        }
        var
    }

    pub(super) fn keys(&mut self, container: ContainerId) -> Var {
        self.open(container);
        if let Some(known) = self.containers[container.index()].keys {
            return known;
        }
        let var = self.fresh();
        self.containers[container.index()].keys = Some(var);
        var
    }

    pub(super) fn anywhere(&mut self, container: ContainerId) -> Var {
        self.open(container);
        if let Some(known) = self.containers[container.index()].anywhere {
            return known;
        }
        let var = self.fresh();
        let data = &mut self.containers[container.index()];
        data.anywhere = Some(var);
        let slots: Vec<Var> = data.slots.iter().map(|slot| slot.var).collect();
        let elements = data.elements;
        let watches = data.watches.clone();
        // What stands anywhere may stand at each known place.
        for slot in slots {
            self.link(var, Link::Copy(slot));
        }
        if let Some(elements) = elements {
            self.link(var, Link::Copy(elements));
        }
        for watch in watches {
            self.entry_anywhere(watch, var);
        }
        var
    }

    /// The variable of a constant key, to be read.
    pub(super) fn slot(&mut self, container: ContainerId, key: Obj) -> Var {
        self.open(container);
        let key = key.plain();
        let data = &self.containers[container.index()];
        if let Some(slot) = data.slots.iter().find(|slot| slot.key == key) {
            return slot.var;
        }
        if data.slots.len() >= MOST_SLOTS {
            return self.anywhere(container);
        }
        let var = self.fresh();
        let data = &mut self.containers[container.index()];
        data.slots.push(Slot {
            key,
            var,
            shown: Shown::Empty,
        });
        let (anywhere, keys) = (data.anywhere, data.keys);
        if let Some(anywhere) = anywhere {
            self.link(anywhere, Link::Copy(var));
        }
        if let Some(keys) = keys {
            self.add(keys, key);
        }
        var
    }

    /// The variable of a constant key, to be filled.
    pub(super) fn filled_slot(&mut self, container: ContainerId, key: Obj) -> Var {
        let var = self.slot(container, key);
        self.show(container, key.plain());
        var
    }

    /// What stands under a key is found where the key is not known.
    pub(super) fn show(&mut self, container: ContainerId, key: Obj) {
        let data = &mut self.containers[container.index()];
        let slot = data.slots.iter_mut().find(|slot| slot.key == key);
        let Some(slot) = slot.filter(|slot| slot.shown != Shown::Yes) else {
            return;
        };
        slot.shown = Shown::Yes;
        let (var, elements, watches) = (slot.var, data.elements, data.watches.clone());
        if let Some(elements) = elements {
            self.link(var, Link::Copy(elements));
        }
        for watch in watches {
            self.entry(watch, key, var, None);
        }
    }

    pub(super) fn put_under(&mut self, container: ContainerId, key: Obj, value: Var) {
        match self.object(key) {
            Object::Text(_) | Object::Integer(_) => {
                let slot = self.filled_slot(container, key);
                self.link(value, Link::Copy(slot));
            }
            _ => self.put_anywhere(container, value),
        }
    }

    pub(super) fn put_anywhere(&mut self, container: ContainerId, value: Var) {
        let anywhere = self.anywhere(container);
        self.link(value, Link::Copy(anywhere));
    }

    /// `container[key]`, for one key.
    pub(super) fn item(&mut self, container: ContainerId, key: Obj, to: Var) {
        let from = match self.object(key) {
            Object::Text(_) => self.slot(container, key),
            Object::Integer(index) if index >= 0 => self.slot(container, key),
            Object::Integer(index) => match self.container_length(container) {
                Some(length) if index.unsigned_abs() <= length => {
                    let index = length as i32 + index;
                    let key = self.intern(Object::Integer(index));
                    self.slot(container, key)
                }
                _ => self.elements(container),
            },
            _ => self.elements(container),
        };
        self.link(from, Link::Copy(to));
    }

    pub(super) fn watch_container(&mut self, container: ContainerId, watch: Watch) {
        self.open(container);
        let data = &mut self.containers[container.index()];
        if data.watches.contains(&watch) {
            return;
        }
        data.watches.push(watch);
        let slots = data.slots.clone();
        let anywhere = data.anywhere;
        if let Some(to) = self.filled_by(watch) {
            for by in self.writers.get(&container).cloned().unwrap_or_default() {
                self.note_writer(to, by);
            }
        }
        for slot in slots {
            match slot.shown {
                Shown::Empty => {}
                Shown::Assigned(by) => self.entry(watch, slot.key, slot.var, Some(by)),
                Shown::Yes => self.entry(watch, slot.key, slot.var, None),
            }
        }
        if let Some(anywhere) = anywhere {
            self.entry_anywhere(watch, anywhere);
        }
    }

    /// Hands an entry on, where it is not shown yet with the code that assigned it.
    pub(super) fn entry(&mut self, watch: Watch, key: Obj, value: Var, by: Option<Code>) {
        match (watch, self.object(key)) {
            (
                Watch::Spread {
                    callee,
                    position,
                    hand,
                },
                Object::Integer(index),
            ) if index >= 0 => {
                let targets = self.targets(callee);
                let at = position + index as u32;
                if at > 0 || !self.is_seeded(callee) {
                    self.link_position(&targets, at, value, hand);
                }
            }
            (Watch::KeywordSpread { callee, hand }, Object::Text(name)) => {
                let targets = self.targets(callee);
                match self.filled_by(watch) {
                    Some(rest) if by.is_some() && named(&targets, name).is_none() => {
                        self.hand_over(rest, key, value, by);
                    }
                    _ => self.link_keyword(&targets, name, value, hand),
                }
            }
            (
                Watch::Into {
                    container,
                    from,
                    until,
                    offset,
                },
                Object::Integer(index),
            ) if offset != i32::MIN && (from..until).contains(&index) => {
                let key = self.intern(Object::Integer(index - offset));
                self.put_under(container, key, value);
            }
            // An entry outside the range.
            (Watch::Into { offset, .. }, Object::Integer(_)) if offset != i32::MIN => {}
            (
                Watch::Into {
                    container, offset, ..
                },
                _,
            ) => {
                if offset == i32::MIN {
                    self.put_anywhere(container, value);
                } else {
                    self.hand_over(container, key, value, by);
                }
            }
            (
                Watch::Except {
                    container,
                    key: replaced,
                },
                _,
            ) if key != replaced => self.hand_over(container, key, value, by),
            _ => {}
        }
    }

    /// The container that what is watched fills: another one, or that of `**kwargs`.
    pub(super) fn filled_by(&self, watch: Watch) -> Option<ContainerId> {
        match watch {
            Watch::Into { container, .. } | Watch::Except { container, .. } => Some(container),
            Watch::KeywordSpread {
                callee,
                hand: Hand::Over,
            } => {
                let targets = self.targets(callee);
                let mut rest = targets.iter();
                let rest = rest.find(|target| target.kind == ParameterKind::VarKeyword)?;
                self.varargs.get(&rest.var).copied()
            }
            Watch::KeywordSpread { .. } | Watch::Spread { .. } => None,
        }
    }

    fn hand_over(&mut self, container: ContainerId, key: Obj, value: Var, by: Option<Code>) {
        match by {
            Some(by) => self.assign_item(container, key, value, by),
            None => self.put_under(container, key, value),
        }
    }

    fn entry_anywhere(&mut self, watch: Watch, value: Var) {
        match watch {
            Watch::Spread {
                callee,
                position,
                hand,
            } => {
                let targets = self.targets(callee);
                let from = position.max(u32::from(self.is_seeded(callee)));
                self.link_somewhere(&targets, from, value, hand);
            }
            Watch::KeywordSpread { .. } => {}
            Watch::Into { container, .. } | Watch::Except { container, .. } => {
                self.put_anywhere(container, value);
            }
        }
    }

    /// All entries of `obj`, a container, are entries of `into` as well.
    pub(super) fn take_over(&mut self, into: ContainerId, obj: Obj) {
        match self.object(obj) {
            Object::Container(from) if from != into => {
                let is_keyed = |container| self.container_kind(container) == Container::Dict;
                match (is_keyed(from), is_keyed(into)) {
                    (true, false) => {
                        let keys = self.keys(from);
                        self.put_anywhere(into, keys);
                    }
                    (false, true) => {
                        let pairs = self.elements(from);
                        self.link(pairs, Link::Pair { into });
                    }
                    (true, true) => self.take_entries(into, from, 0),
                    (false, false) => self.take_entries(into, from, i32::MIN),
                }
            }
            Object::Generator(code, receiver) => {
                let var = self.fresh();
                let (file, body) = self.program.code_body(code);
                let yields = self.program.var(file, body.yields);
                self.link_returned(yields, code, receiver, var);
                if self.container_kind(into) == Container::Dict {
                    self.link(var, Link::Pair { into });
                } else {
                    self.put_anywhere(into, var);
                }
            }
            _ => {}
        }
    }

    fn take_entries(&mut self, into: ContainerId, from: ContainerId, offset: i32) {
        self.watch_container(
            from,
            Watch::Into {
                container: into,
                from: 0,
                until: i32::MAX,
                offset,
            },
        );
    }

    /// A pair of a key and a value is an entry of a dictionary.
    pub(super) fn take_pair(&mut self, into: ContainerId, pair: Obj) {
        let Object::Container(pair) = self.object(pair) else {
            return;
        };
        if self.container_kind(pair) == Container::Dict {
            return;
        }
        let (first, second) = (
            self.intern(Object::Integer(0)),
            self.intern(Object::Integer(1)),
        );
        let keys = self.keys(into);
        self.item(pair, first, keys);
        let anywhere = self.anywhere(into);
        self.item(pair, second, anywhere);
    }

    /// The container that has the entries of `from` but for `key`.
    pub(super) fn replace(&mut self, into: ContainerId, from: ContainerId, key: Obj) {
        let key = key.plain();
        if into != from {
            self.watch_container(
                from,
                Watch::Except {
                    container: into,
                    key,
                },
            );
        }
    }

    /// A slice of a container.
    pub(super) fn slice(
        &mut self,
        into: ContainerId,
        obj: Obj,
        from: Option<i32>,
        until: Option<i32>,
    ) {
        let Object::Container(source) = self.object(obj) else {
            return;
        };
        if source == into {
            return;
        }
        let watch = if let (Some(from @ 0..), Some(until @ 0..)) = (from, until) {
            Watch::Into {
                container: into,
                from,
                until,
                offset: from,
            }
        } else {
            Watch::Into {
                container: into,
                from: 0,
                until: i32::MAX,
                offset: i32::MIN,
            }
        };
        self.watch_container(source, watch);
    }

    pub(super) fn site_elements(&mut self, site: SiteId, container: ContainerId) {
        let to = self.sites[site.index()].to;
        let from = if self.container_kind(container) == Container::Dict {
            self.keys(container)
        } else {
            self.elements(container)
        };
        self.link(from, Link::Copy(to));
    }
}
