//! What each name is at the point that lowering has reached: its versions, and who else reads it.

use super::Lowerer;
use super::joins::{Input, Join, Merge};
use super::symbols::ScopeKind;
use crate::facts::NameId;
use crate::lang::python::is_builtin;
use crate::values::{Op, VarId};

/// A variable, a join ([`JOIN`] and its index), or none ([`UNBOUND`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Version(pub(super) u32);

pub(super) const UNBOUND: Version = Version(u32::MAX);
pub(super) const JOIN: u32 = 1 << 31;
pub(super) const NOWHERE: u32 = u32::MAX;
pub(super) const END: u32 = u32::MAX;

impl From<VarId> for Version {
    fn from(var: VarId) -> Self {
        Self(var.0)
    }
}

/// What a name stands for just now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    /// The scope that binds it.
    pub(super) scope: u32,
    pub(super) version: Version,
    /// The variable that others read it from.
    pub(super) shared: Option<VarId>,
    pub(super) mode: Mode,
    /// Index of what it hides in [`Environment::hidden`].
    pub(super) outer: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Read here only.
    Local,
    /// Every version goes to the shared variable as well.
    Captured,
    /// The last version goes to the shared variable.
    Module,
    /// Read from and written to the shared variable.
    Fixed,
}

pub(super) const FREE: Slot = Slot {
    scope: NOWHERE,
    version: UNBOUND,
    shared: None,
    mode: Mode::Local,
    outer: END,
};
/// State of the names, and the working memory for it.
#[derive(Default)]
pub(super) struct Environment {
    pub(super) slots: Vec<Slot>,
    pub(super) hidden: Vec<(NameId, Slot)>,
    pub(super) log: Vec<(NameId, Version)>,
    /// All that was bound since the outermost `try` began.
    pub(super) writes: Vec<(NameId, Version)>,
    pub(super) tries: u32,
    pub(super) joins: Vec<Join>,
    pub(super) inputs: Vec<Input>,
    /// Joins that are read and not written out yet.
    pub(super) pending: Vec<u32>,
    /// Joins that are returned.
    pub(super) returned: Vec<Version>,
    pub(super) stamps: Vec<u32>,
    pub(super) stamp: u32,
    /// Where in the list being made a stamped name stands.
    pub(super) places: Vec<u32>,
    pub(super) merges: Vec<Merge>,
    pub(super) merged: Vec<Input>,
}

impl Environment {
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.hidden.clear();
        self.log.clear();
        self.writes.clear();
        self.tries = 0;
        self.joins.clear();
        self.inputs.clear();
        self.pending.clear();
        self.returned.clear();
        self.stamps.clear();
        self.stamp = 0;
        self.places.clear();
        self.merges.clear();
        self.merged.clear();
    }

    pub(super) fn mark(&self) -> usize {
        self.log.len()
    }

    pub(super) fn slot(&self, name: NameId) -> Slot {
        self.slots.get(name.index()).copied().unwrap_or(FREE)
    }

    pub(super) fn slot_mut(&mut self, name: NameId) -> &mut Slot {
        if name.index() >= self.slots.len() {
            self.slots.resize(name.index() + 1, FREE);
        }
        &mut self.slots[name.index()]
    }

    pub(super) fn new_stamp(&mut self) -> u32 {
        self.stamp += 1;
        self.stamp
    }

    /// Whether `name` was not stamped yet.
    pub(super) fn stamp(&mut self, name: NameId, stamp: u32) -> bool {
        if name.index() >= self.stamps.len() {
            self.stamps.resize(name.index() + 1, 0);
            self.places.resize(name.index() + 1, 0);
        }
        std::mem::replace(&mut self.stamps[name.index()], stamp) != stamp
    }

    /// Gives `name` a version that is no binding: a join, or a narrower view of what it is.
    pub(super) fn set(&mut self, name: NameId, version: Version) {
        let slot = self.slot_mut(name);
        let before = std::mem::replace(&mut slot.version, version);
        self.log.push((name, before));
    }
}

impl Lowerer<'_> {
    /// Reads a name.
    pub(super) fn read(&mut self, name: NameId) -> VarId {
        let mut slot = self.visible(name);
        loop {
            if slot.scope == NOWHERE {
                return self.free(name);
            }
            if slot.version != UNBOUND {
                return self.var_of(slot.version);
            }
            match self.kind(slot.scope) {
                ScopeKind::Class => slot = self.hidden(slot),
                ScopeKind::Module => {
                    return match slot.shared {
                        Some(shared) if !is_builtin(self.names.get(name)) => shared,
                        _ => self.free(name),
                    };
                }
                ScopeKind::Function | ScopeKind::Comprehension => return self.nothing(),
            }
        }
    }

    /// Binds a name to what `var` is.
    pub(super) fn bind(&mut self, name: NameId, var: VarId) {
        let slot = self.env.slot(name);
        match slot.mode {
            Mode::Fixed => {
                if let Some(shared) = slot.shared {
                    self.copy(var, shared);
                    if slot.version != shared.into() {
                        self.env.set(name, shared.into());
                    }
                }
                return;
            }
            Mode::Captured => {
                if let Some(shared) = slot.shared {
                    self.copy(var, shared);
                }
            }
            Mode::Local | Mode::Module => {}
        }
        self.env.set(name, var.into());
        if self.env.tries > 0 {
            self.env.writes.push((name, var.into()));
        }
    }

    pub(super) fn unbind(&mut self, name: NameId) {
        if self.env.slot(name).mode != Mode::Fixed {
            self.env.set(name, UNBOUND);
        }
    }

    /// Whether versions of `name` are kept here, so that loops and joins are of use.
    pub(super) fn has_versions(&self, name: NameId) -> bool {
        let slot = self.env.slot(name);
        slot.scope != NOWHERE && slot.mode != Mode::Fixed
    }

    /// The variable that names of the module and of closures are read from, if `name` has one here.
    pub(super) fn narrow(&mut self, name: NameId, var: VarId) {
        let slot = self.env.slot(name);
        if slot.scope == NOWHERE {
            return;
        }
        self.narrowed.insert(var.into(), slot.version);
        self.env.set(name, var.into());
    }

    pub(super) fn free(&mut self, name: NameId) -> VarId {
        if name.index() >= self.free_vars.len() {
            self.free_vars.resize(name.index() + 1, None);
        }
        if let Some(var) = self.free_vars[name.index()] {
            return var;
        }
        let to = self.var();
        self.free_vars[name.index()] = Some(to);
        self.emit(Op::Free { name, to });
        to
    }
}
