//! Branches and loops: what a name is where several ways meet.
//!
//! A join becomes a variable when it is read: most joins never are. Branches are undone by a log, so a branch costs
//! what it changes.

use ruff_python_ast::Expr;

use super::Lowerer;
use super::environment::{END, Environment, JOIN, NOWHERE, UNBOUND, Version};
use super::symbols::ScopeKind;
use crate::facts::NameId;
use crate::lang::python::is_builtin;
use crate::values::VarId;

/// What a name is where ways meet.
pub(super) struct Join {
    var: Option<VarId>,
    /// The last of its inputs.
    inputs: u32,
}

/// Into how many variables a join that is returned is taken apart.
const MOST_LEAVES: usize = 32;

/// One of the things that a join may be, and the one before.
#[derive(Clone, Copy)]
pub(super) struct Input {
    from: Version,
    next: u32,
}

/// A branch that was walked and undone.
pub(super) struct Branch {
    pub(super) changes: Vec<(NameId, Version)>,
    /// Whether control falls out of its end.
    pub(super) is_live: bool,
}

/// A name that branches changed.
pub(super) struct Merge {
    name: NameId,
    /// How many branches did.
    branches: u32,
    /// The last of its versions there.
    inputs: u32,
}

impl Environment {
    fn new_join(&mut self) -> Version {
        let at = self.joins.len() as u32;
        self.joins.push(Join {
            var: None,
            inputs: END,
        });
        Version(JOIN | at)
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

    /// The join that an expression, `var`, reads.
    pub(super) fn join_at(&mut self, expr: &Expr, var: VarId) -> Option<Version> {
        let Expr::Name(name) = expr else {
            return None;
        };
        let name = self.name_of(name);
        let version = self.visible(name).version;
        let join = self.env.joins.get((version.0 & !JOIN) as usize)?;
        (version != UNBOUND && version.0 & JOIN != 0 && join.var == Some(var)).then_some(version)
    }

    /// The variables that meet in a join, or nothing when they are many.
    pub(super) fn leaves(&self, join: Version) -> Option<Vec<VarId>> {
        let mut joins = vec![join];
        let mut leaves = Vec::new();
        let mut at = 0;
        while let Some(&join) = joins.get(at) {
            at += 1;
            let mut next = self.env.joins[(join.0 & !JOIN) as usize].inputs;
            while next != END {
                let Input { from, next: before } = self.env.inputs[next as usize];
                next = before;
                let leaf = VarId(from.0);
                if from.0 & JOIN != 0 && !joins.contains(&from) {
                    joins.push(from);
                } else if from.0 & JOIN == 0 && !leaves.contains(&leaf) {
                    leaves.push(leaf);
                }
            }
            if joins.len() + leaves.len() > MOST_LEAVES {
                return None;
            }
        }
        Some(leaves)
    }

    /// Writes out the joins that are read; those of a code end with it.
    pub(super) fn flush_joins(&mut self) {
        for join in std::mem::take(&mut self.env.returned) {
            self.return_join(join);
        }
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

    /// What `name` is when it is unbound in one of several branches.
    fn unbound(&mut self, name: NameId) -> Version {
        let slot = self.env.slot(name);
        if slot.scope == NOWHERE {
            return UNBOUND;
        }
        match self.kind(slot.scope) {
            ScopeKind::Module if is_builtin(self.names.get(name)) => self.free(name).into(),
            ScopeKind::Class => match self.hidden(slot) {
                outer if outer.scope == NOWHERE => {
                    if is_builtin(self.names.get(name)) {
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
        let mut inputs = std::mem::take(&mut self.env.merged);
        for branch in [first, second].into_iter().chain(live) {
            for &(name, version) in &branch.changes {
                if self.env.stamp(name, stamp) {
                    self.env.places[name.index()] = merges.len() as u32;
                    merges.push(Merge {
                        name,
                        branches: 0,
                        inputs: END,
                    });
                }
                let merge = &mut merges[self.env.places[name.index()] as usize];
                merge.branches += 1;
                inputs.push(Input {
                    from: version,
                    next: merge.inputs,
                });
                merge.inputs = inputs.len() as u32 - 1;
            }
        }
        let mut versions = Vec::new();
        for merge in merges.drain(..) {
            let base = self.env.slot(merge.name).version;
            versions.clear();
            let mut next = merge.inputs;
            while let Some(input) = inputs.get(next as usize) {
                versions.push(input.from);
                next = input.next;
            }
            if merge.branches < count {
                versions.push(base);
            }
            self.merge(merge.name, base, &versions);
        }
        inputs.clear();
        self.env.merged = inputs;
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
        // What passes a test and what fails it are together what stood before.
        let whole = match self.narrowed.get(&base) {
            Some(&wider) if self.rests.contains(&base) => wider,
            _ => base,
        };
        if versions.iter().any(|version| self.rests.contains(version))
            && versions.windows(2).any(|pair| pair[0] != pair[1])
            && versions
                .iter()
                .all(|&version| self.widened(version, whole) == whole)
        {
            self.env.set(name, whole);
            return;
        }
        if versions.windows(2).all(|pair| pair[0] == pair[1]) {
            self.env.set(name, versions[0]);
            return;
        }
        let join = self.new_join();
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
                let join = self.env.new_join();
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
                let join = self.env.new_join();
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
        self.env.new_join()
    }
}
