//! Opening and closing scopes: whose names are seen where, and from which variable others read them.

use super::Lowerer;
use super::environment::{END, FREE, Mode, NOWHERE, Slot, UNBOUND, Version};
use super::symbols::{Cell, ScopeKind};
use crate::facts::NameId;
use crate::values::VarId;

/// What [`Lowerer::leave`] needs to close a scope.
pub(super) struct Entered {
    around: u32,
    pub(super) hidden: usize,
    log: usize,
    writes: usize,
}

impl Lowerer<'_> {
    pub(super) fn kind(&self, scope: u32) -> ScopeKind {
        self.symbols.scopes[scope as usize].kind
    }

    /// What stands for `name` here: class bodies show their names to nobody but themselves.
    pub(super) fn visible(&self, name: NameId) -> Slot {
        let mut slot = self.env.slot(name);
        while slot.scope != NOWHERE
            && slot.scope != self.scope
            && self.kind(slot.scope) == ScopeKind::Class
        {
            slot = self.hidden(slot);
        }
        slot
    }

    pub(super) fn hidden(&self, slot: Slot) -> Slot {
        self.env
            .hidden
            .get(slot.outer as usize)
            .map_or(FREE, |&(_, slot)| slot)
    }

    /// Whether no scope of the file binds `name`.
    pub(super) fn is_free(&self, name: NameId) -> bool {
        self.visible(name).scope == NOWHERE
    }

    /// Whether `name` is bound by the innermost scope, with versions of its own.
    pub(super) fn is_local(&self, name: NameId) -> bool {
        let slot = self.env.slot(name);
        slot.scope == self.scope && slot.mode != Mode::Fixed && slot.version != UNBOUND
    }

    /// Opens a scope: its names hide those around.
    pub(super) fn enter(&mut self, scope: u32) -> Entered {
        let entered = Entered {
            around: self.scope,
            hidden: self.env.hidden.len(),
            log: self.env.log.len(),
            writes: self.env.writes.len(),
        };
        let here = self.symbols.scopes[scope as usize];
        let stamp = self.env.new_stamp();
        for at in here.globals.range() {
            let name = self.symbols.globals[at];
            let mut slot = self.env.slot(name);
            while slot.scope != NOWHERE && self.kind(slot.scope) != ScopeKind::Module {
                slot = self.hidden(slot);
            }
            if self.env.stamp(name, stamp) {
                self.hide(name, slot);
            }
        }
        for at in here.frees.range() {
            let name = self.symbols.frees[at];
            let Some(cell) = self.cell_around(here.parent, name) else {
                continue;
            };
            self.symbols.cells.insert((scope, name), cell);
            self.env.stamp(name, stamp);
            self.hide(
                name,
                Slot {
                    scope,
                    version: cell.var.into(),
                    shared: Some(cell.var),
                    mode: Mode::Fixed,
                    outer: END,
                },
            );
        }
        self.scope = scope;
        for at in here.stores.range() {
            let name = self.symbols.stores[at];
            if self.env.stamp(name, stamp) {
                self.open_name(scope, here.kind, here.has_cells, name);
            }
        }
        entered
    }

    /// The cell that a function inside `scope` finds `name` in.
    fn cell_around(&self, mut scope: u32, name: NameId) -> Option<Cell> {
        loop {
            if let Some(cell) = self.symbols.cells.get(&(scope, name)) {
                return Some(*cell);
            }
            let here = &self.symbols.scopes[scope as usize];
            // A function knows the cells of all functions around it.
            if matches!(here.kind, ScopeKind::Function | ScopeKind::Module) {
                return None;
            }
            scope = here.parent;
        }
    }

    fn open_name(&mut self, scope: u32, kind: ScopeKind, has_cells: bool, name: NameId) {
        let cell = if has_cells {
            self.symbols.cells.get(&(scope, name)).copied()
        } else {
            None
        };
        let mut slot = Slot {
            scope,
            version: UNBOUND,
            shared: cell.map(|cell| cell.var),
            mode: Mode::Local,
            outer: END,
        };
        if kind == ScopeKind::Module {
            slot.shared = Some(self.var());
            slot.mode = Mode::Module;
        } else if let Some(cell) = cell {
            slot.mode = Mode::Captured;
            if cell.is_shared {
                slot.mode = Mode::Fixed;
                slot.version = cell.var.into();
            }
        }
        self.hide(name, slot);
    }

    fn hide(&mut self, name: NameId, slot: Slot) {
        let outer = self.env.hidden.len() as u32;
        let before = std::mem::replace(self.env.slot_mut(name), Slot { outer, ..slot });
        self.env.hidden.push((name, before));
    }

    /// Makes module names that functions write the same everywhere.
    pub(super) fn share_declared(&mut self) {
        for at in 0..self.symbols.declared.len() {
            let name = self.symbols.declared[at];
            let slot = self.env.slot_mut(name);
            if let Some(shared) = slot.shared {
                slot.mode = Mode::Fixed;
                slot.version = shared.into();
            }
        }
    }

    /// The names of the scope that `entered` opened, with their versions and shared variables.
    pub(super) fn opened_names(&self, entered: &Entered) -> Vec<(NameId, Version, Option<VarId>)> {
        let opened = self.env.hidden[entered.hidden..].iter();
        opened
            .map(|&(name, _)| (name, self.env.slot(name)))
            .filter(|(_, slot)| slot.scope == self.scope)
            .map(|(name, slot)| (name, slot.version, slot.shared))
            .collect()
    }

    /// Makes the shared variable what `name` is from here on.
    pub(super) fn settle(&mut self, name: NameId, shared: VarId) {
        self.env.slot_mut(name).version = shared.into();
    }

    /// Closes a scope; names around it keep what happened to them.
    pub(super) fn leave(&mut self, entered: &Entered) {
        let scope = self.scope;
        let env = &mut self.env;
        let mut keep = entered.log;
        for at in entered.log..env.log.len() {
            let (name, _) = env.log[at];
            let outer = env.slots[name.index()].outer;
            if outer == END || outer < entered.hidden as u32 {
                env.log[keep] = env.log[at];
                keep += 1;
            }
        }
        env.log.truncate(keep);
        let first = entered.writes.min(env.writes.len());
        let mut keep = first;
        for at in first..env.writes.len() {
            let (name, _) = env.writes[at];
            if env.slots[name.index()].scope != scope {
                env.writes[keep] = env.writes[at];
                keep += 1;
            }
        }
        env.writes.truncate(keep);
        while env.hidden.len() > entered.hidden {
            if let Some((name, slot)) = env.hidden.pop() {
                env.slots[name.index()] = slot;
            }
        }
        self.scope = entered.around;
    }
}
