//! What each name is at the point that lowering has reached: versions, joins of branches, closures.
//!
//! A version is a variable, or a join that becomes one when it is read: most joins never are. Branches are undone by
//! a log, so a branch costs what it changes.

use super::Lowerer;
use super::symbols::{Cell, ScopeKind};
use crate::facts::NameId;
use crate::lang::python::is_builtin;
use crate::values::{Op, VarId};

/// A variable, a join ([`JOIN`] and its index), or none ([`UNBOUND`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Version(u32);

pub(super) const UNBOUND: Version = Version(u32::MAX);
const JOIN: u32 = 1 << 31;
const NOWHERE: u32 = u32::MAX;
const END: u32 = u32::MAX;

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
    mode: Mode,
    /// Index of what it hides in [`Environment::hidden`].
    outer: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Read here only.
    Local,
    /// Every version goes to the shared variable as well.
    Captured,
    /// The last version goes to the shared variable.
    Module,
    /// Read from and written to the shared variable.
    Fixed,
}

const FREE: Slot = Slot {
    scope: NOWHERE,
    version: UNBOUND,
    shared: None,
    mode: Mode::Local,
    outer: END,
};

struct Join {
    var: Option<VarId>,
    /// The last of its inputs.
    inputs: u32,
}

struct Input {
    from: Version,
    next: u32,
}

/// A branch that was walked and undone.
pub(super) struct Branch {
    pub(super) changes: Vec<(NameId, Version)>,
    /// Whether control falls out of its end.
    pub(super) is_live: bool,
}

/// State of the names, and the working memory for it.
#[derive(Default)]
pub(super) struct Environment {
    slots: Vec<Slot>,
    hidden: Vec<(NameId, Slot)>,
    log: Vec<(NameId, Version)>,
    /// All that was bound since the outermost `try` began.
    pub(super) writes: Vec<(NameId, Version)>,
    pub(super) tries: u32,
    joins: Vec<Join>,
    inputs: Vec<Input>,
    /// Joins that are read and not written out yet.
    pending: Vec<u32>,
    stamps: Vec<u32>,
    stamp: u32,
    /// Where in the list being made a stamped name stands.
    places: Vec<u32>,
    merges: Vec<Merge>,
}

struct Merge {
    name: NameId,
    /// The one version that all branches agree on so far.
    version: Version,
    differs: bool,
    branches: u32,
    inputs: u32,
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
        self.stamps.clear();
        self.stamp = 0;
        self.places.clear();
        self.merges.clear();
    }

    pub(super) fn mark(&self) -> usize {
        self.log.len()
    }

    pub(super) fn slot(&self, name: NameId) -> Slot {
        self.slots.get(name.index()).copied().unwrap_or(FREE)
    }

    fn slot_mut(&mut self, name: NameId) -> &mut Slot {
        if name.index() >= self.slots.len() {
            self.slots.resize(name.index() + 1, FREE);
        }
        &mut self.slots[name.index()]
    }

    fn new_stamp(&mut self) -> u32 {
        self.stamp += 1;
        self.stamp
    }

    /// Whether `name` was not stamped yet.
    fn stamp(&mut self, name: NameId, stamp: u32) -> bool {
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

    fn join(&mut self) -> (u32, Version) {
        let at = self.joins.len() as u32;
        self.joins.push(Join {
            var: None,
            inputs: END,
        });
        (at, Version(JOIN | at))
    }

    /// Adds `from` to what the join `to` may be.
    fn input(&mut self, to: Version, from: Version) {
        if from == UNBOUND || from == to {
            return;
        }
        let join = &mut self.joins[(to.0 & !JOIN) as usize];
        self.inputs.push(Input {
            from,
            next: join.inputs,
        });
        join.inputs = self.inputs.len() as u32 - 1;
    }

    /// Undoes all changes since `mark` and gives them.
    pub(super) fn cut(&mut self, mark: usize) -> Vec<(NameId, Version)> {
        let mut changes = Vec::new();
        if self.log.len() == mark {
            return changes;
        }
        let stamp = self.new_stamp();
        for at in mark..self.log.len() {
            let (name, _) = self.log[at];
            if self.stamp(name, stamp) {
                changes.push((name, self.slots[name.index()].version));
            }
        }
        while self.log.len() > mark {
            if let Some((name, before)) = self.log.pop() {
                self.slots[name.index()].version = before;
            }
        }
        changes
    }

    pub(super) fn apply(&mut self, changes: &[(NameId, Version)]) {
        for &(name, version) in changes {
            self.set(name, version);
        }
    }
}

impl Lowerer<'_> {
    /// The variable of a version that is read.
    pub(super) fn var_of(&mut self, version: Version) -> VarId {
        if version.0 & JOIN == 0 {
            return VarId(version.0);
        }
        let at = version.0 & !JOIN;
        if let Some(var) = self.env.joins[at as usize].var {
            return var;
        }
        let var = self.var();
        self.env.joins[at as usize].var = Some(var);
        self.env.pending.push(at);
        // Where a name may be imported, as a rule the other branch makes up for it.
        let mut next = self.env.joins[at as usize].inputs;
        while next != END {
            let input = &self.env.inputs[next as usize];
            if let Some(&origin) = self.origins.get(&VarId(input.from.0)) {
                self.origins.insert(var, origin);
            }
            next = input.next;
        }
        var
    }

    /// Writes out the joins that are read; those of a code end with it.
    pub(super) fn flush_joins(&mut self) {
        while let Some(at) = self.env.pending.pop() {
            let Join { var, inputs } = self.env.joins[at as usize];
            let mut next = inputs;
            while next != END {
                let input = &self.env.inputs[next as usize];
                let from = input.from;
                next = input.next;
                let from = self.var_of(from);
                if let Some(to) = var {
                    self.copy(from, to);
                }
            }
        }
        self.env.joins.clear();
        self.env.inputs.clear();
    }

    fn kind(&self, scope: u32) -> ScopeKind {
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

    fn hidden(&self, slot: Slot) -> Slot {
        self.env
            .hidden
            .get(slot.outer as usize)
            .map_or(FREE, |&(_, slot)| slot)
    }

    /// Whether no scope of the file binds `name`.
    pub(super) fn is_free(&self, name: NameId) -> bool {
        self.visible(name).scope == NOWHERE
    }

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
                        Some(shared) if !is_builtin(self.names.table.get(name)) => shared,
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

    /// Whether `name` is bound by the innermost scope, with versions of its own.
    pub(super) fn is_local(&self, name: NameId) -> bool {
        let slot = self.env.slot(name);
        slot.scope == self.scope && slot.mode != Mode::Fixed && slot.version != UNBOUND
    }

    /// Whether versions of `name` are kept here, so that loops and joins are of use.
    fn has_versions(&self, name: NameId) -> bool {
        let slot = self.env.slot(name);
        slot.scope != NOWHERE && slot.mode != Mode::Fixed
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
        let mut keep = entered.writes.min(env.writes.len());
        for at in keep..env.writes.len() {
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

    /// What `name` is when it is unbound in one of several branches.
    fn unbound(&mut self, name: NameId) -> Version {
        let slot = self.env.slot(name);
        if slot.scope == NOWHERE {
            return UNBOUND;
        }
        match self.kind(slot.scope) {
            ScopeKind::Module if is_builtin(self.names.table.get(name)) => self.free(name).into(),
            ScopeKind::Class => match self.hidden(slot) {
                outer if outer.scope == NOWHERE => {
                    if is_builtin(self.names.table.get(name)) {
                        self.free(name).into()
                    } else {
                        UNBOUND
                    }
                }
                outer => outer.version,
            },
            _ => UNBOUND,
        }
    }

    /// Goes on after `branches`, all of which start here.
    pub(super) fn join(&mut self, branches: &[Branch]) {
        let mut live = branches.iter().filter(|branch| branch.is_live);
        let Some(first) = live.next() else {
            self.is_live = false;
            return;
        };
        self.is_live = true;
        let Some(second) = live.next() else {
            self.env.apply(&first.changes);
            return;
        };
        let count = 2 + live.clone().count() as u32;
        let stamp = self.env.new_stamp();
        let mut merges = std::mem::take(&mut self.env.merges);
        let mut inputs: Vec<(u32, Version)> = Vec::new();
        for branch in [first, second].into_iter().chain(live) {
            for &(name, version) in &branch.changes {
                if self.env.stamp(name, stamp) {
                    self.env.places[name.index()] = merges.len() as u32;
                    merges.push(Merge {
                        name,
                        version,
                        differs: false,
                        branches: 0,
                        inputs: END,
                    });
                }
                let place = self.env.places[name.index()];
                let merge = &mut merges[place as usize];
                merge.branches += 1;
                merge.differs |= merge.version != version;
                inputs.push((merge.inputs, version));
                merge.inputs = inputs.len() as u32 - 1;
            }
        }
        for merge in merges.drain(..) {
            let base = self.env.slot(merge.name).version;
            let is_partial = merge.branches < count;
            let mut versions = Vec::new();
            let mut next = merge.inputs;
            while next != END {
                let (before, version) = inputs[next as usize];
                versions.push(version);
                next = before;
            }
            if is_partial {
                versions.push(base);
            }
            versions.reverse();
            self.merge(merge.name, base, &versions);
        }
        self.env.merges = merges;
    }

    fn merge(&mut self, name: NameId, base: Version, versions: &[Version]) {
        // A narrower view of what stood before says nothing more where that is possible, too.
        if versions.contains(&base)
            && versions
                .iter()
                .all(|&version| self.widened(version, base) == base)
        {
            return;
        }
        let first = versions[0];
        if versions.iter().all(|&version| version == first) {
            self.env.set(name, first);
            return;
        }
        let (_, join) = self.env.join();
        for &version in versions {
            let version = if version == UNBOUND {
                self.unbound(name)
            } else {
                version
            };
            self.env.input(join, version);
        }
        self.env.set(name, join);
    }

    /// `base` where `version` is a narrower view of it.
    fn widened(&self, mut version: Version, base: Version) -> Version {
        while version != base {
            match self.narrowed.get(&version) {
                Some(&wider) => version = wider,
                None => break,
            }
        }
        version
    }

    /// Goes on as if all since `mark` may not have happened.
    pub(super) fn maybe(&mut self, mark: usize) {
        if self.env.mark() == mark {
            return;
        }
        let is_live = self.is_live;
        let changes = self.env.cut(mark);
        self.join(&[
            Branch {
                changes,
                is_live: true,
            },
            Branch {
                changes: Vec::new(),
                is_live: true,
            },
        ]);
        self.is_live = is_live;
    }

    /// A branch of all that happened since `mark`, undone.
    pub(super) fn branch(&mut self, mark: usize) -> Branch {
        Branch {
            changes: self.env.cut(mark),
            is_live: self.is_live,
        }
    }

    /// Gives each of `names` a join that starts as what the name is now.
    pub(super) fn open_joins(&mut self, names: &[NameId]) -> Vec<(NameId, Version)> {
        let stamp = self.env.new_stamp();
        let mut opened = Vec::new();
        for &name in names {
            if self.env.stamp(name, stamp) && self.has_versions(name) {
                let before = self.env.slot(name).version;
                let (_, join) = self.env.join();
                self.env.input(join, before);
                self.env.set(name, join);
                opened.push((name, join));
            }
        }
        opened
    }

    /// Adds what the names are now to their joins.
    pub(super) fn feed_joins(&mut self, joins: &[(NameId, Version)]) {
        for &(name, join) in joins {
            let now = self.env.slot(name).version;
            self.env.input(join, now);
        }
    }

    /// Joins of what stands now with `writes`, one a name; not set yet.
    pub(super) fn joins_of_writes(&mut self, from: usize, to: usize) -> Vec<(NameId, Version)> {
        let stamp = self.env.new_stamp();
        let mut joins: Vec<(NameId, Version)> = Vec::new();
        // In a pile of `try`s each asks for all that the ones inside bind.
        if self.write_budget < to - from {
            return joins;
        }
        self.write_budget -= to - from;
        for at in from..to {
            let (name, version) = self.env.writes[at];
            if self.env.stamp(name, stamp) {
                let base = self.env.slot(name).version;
                let (_, join) = self.env.join();
                self.env.input(join, base);
                self.env.places[name.index()] = joins.len() as u32;
                joins.push((name, join));
            }
            let (_, join) = joins[self.env.places[name.index()] as usize];
            self.env.input(join, version);
        }
        joins
    }

    pub(super) fn add_to_join(&mut self, join: Version, version: Version) {
        self.env.input(join, version);
    }

    pub(super) fn new_join(&mut self) -> Version {
        self.env.join().1
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

/// What [`Lowerer::leave`] needs to close a scope.
pub(super) struct Entered {
    around: u32,
    pub(super) hidden: usize,
    log: usize,
    writes: usize,
}
