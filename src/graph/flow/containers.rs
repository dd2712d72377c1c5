//! Containers: a variable for each constant index or key, one for what stands anywhere, one for all of it.

use super::objects::{ContainerId, Obj, Object};
use super::program::{Code, OpId, Var};
use super::solver::{Link, Role, SiteId, Solver};
use super::wrappers::Hand;
use crate::index::FileId;
use crate::values::{Container, Item, ItemKey, Op};

/// How many constant keys a container keeps apart.
const MOST_SLOTS: usize = 256;

/// A container that an operation makes.
pub(super) struct ContainerData {
    pub(super) kind: Container,
    /// Number of entries, where it is fixed.
    pub(super) length: Option<u32>,
    slots: Vec<(Obj, Var)>,
    /// What may stand anywhere.
    anywhere: Option<Var>,
    /// Everything in it.
    elements: Option<Var>,
    /// Its keys.
    keys: Option<Var>,
    watches: Vec<Watch>,
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
            .map(|(_, slot)| *slot)
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
        let slots: Vec<Var> = data.slots.iter().map(|(_, slot)| *slot).collect();
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

    /// The variable of a constant key.
    pub(super) fn slot(&mut self, container: ContainerId, key: Obj) -> Var {
        self.open(container);
        let key = key.plain();
        let data = &self.containers[container.index()];
        if let Some((_, slot)) = data.slots.iter().find(|(known, _)| *known == key) {
            return *slot;
        }
        if data.slots.len() >= MOST_SLOTS {
            return self.anywhere(container);
        }
        let var = self.fresh();
        let data = &mut self.containers[container.index()];
        data.slots.push((key, var));
        let (anywhere, elements, keys) = (data.anywhere, data.elements, data.keys);
        let watches = data.watches.clone();
        if let Some(anywhere) = anywhere {
            self.link(anywhere, Link::Copy(var));
        }
        if let Some(elements) = elements {
            self.link(var, Link::Copy(elements));
        }
        if let Some(keys) = keys {
            self.add(keys, key);
        }
        for watch in watches {
            self.entry(watch, key, var);
        }
        var
    }

    pub(super) fn put_under(&mut self, container: ContainerId, key: Obj, value: Var) {
        match self.object(key) {
            Object::Text(_) | Object::Integer(_) => {
                let slot = self.slot(container, key);
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
        for (key, slot) in slots {
            self.entry(watch, key, slot);
        }
        if let Some(anywhere) = anywhere {
            self.entry_anywhere(watch, anywhere);
        }
    }

    fn entry(&mut self, watch: Watch, key: Obj, value: Var) {
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
                self.link_keyword(&targets, name, value, hand);
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
                    self.put_under(container, key, value);
                }
            }
            (
                Watch::Except {
                    container,
                    key: replaced,
                },
                _,
            ) if key != replaced => self.put_under(container, key, value),
            _ => {}
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
                let is_keyed = self.container_kind(from) == Container::Dict;
                self.watch_container(
                    from,
                    Watch::Into {
                        container: into,
                        from: 0,
                        until: i32::MAX,
                        offset: if is_keyed { 0 } else { i32::MIN },
                    },
                );
            }
            Object::Generator(code, receiver) => {
                let var = self.fresh();
                let (file, body) = self.program.code_body(code);
                let yields = self.program.var(file, body.yields);
                self.link_returned(yields, code, receiver, var);
                self.put_anywhere(into, var);
            }
            _ => {}
        }
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
