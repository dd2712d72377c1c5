//! The scopes of a file and what each binds, found in one walk before anything is lowered.
//!
//! Owns Python's rules on which scope a name belongs to; numbers codes and classes in source order. The walk leaves
//! the id of each scope, loop and name in its node, so that lowering need not look them up.

use ruff_python_ast::{AtomicNodeIndex, Expr, NodeIndex};
use rustc_hash::FxHashMap;

use super::super::interner::Interner;
use crate::facts::{NameId, Slice};
use crate::values::VarId;

/// A scope as Python sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    pub(super) kind: ScopeKind,
    pub(super) parent: u32,
    /// The code or class that it is the body of.
    pub(super) body: u32,
    /// Names bound, each time they are: a run of [`Symbols::stores`].
    pub(super) stores: Slice,
    /// Names of functions around that are read here: a run of [`Symbols::frees`].
    pub(super) frees: Slice,
    /// Names declared `global`: a run of [`Symbols::globals`].
    pub(super) globals: Slice,
    pub(super) is_generator: bool,
    /// Whether functions in it read its names.
    pub(super) has_cells: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScopeKind {
    Module,
    Class,
    Function,
    Comprehension,
}

impl ScopeKind {
    /// Whether functions inside see its names.
    const fn is_closed_over(self) -> bool {
        matches!(self, Self::Function | Self::Comprehension)
    }
}

/// The variable behind a name that inner functions read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) var: VarId,
    /// Whether inner functions write it too.
    pub(super) is_shared: bool,
}

/// All scopes of a file.
#[derive(Default)]
pub(super) struct Symbols {
    pub(super) scopes: Vec<Scope>,
    pub(super) stores: Vec<NameId>,
    pub(super) frees: Vec<NameId>,
    pub(super) globals: Vec<NameId>,
    /// What each loop binds: a run of its scope's stores, counted from their start.
    pub(super) loops: Vec<Slice>,
    pub(super) cells: FxHashMap<(u32, NameId), Cell>,
    /// Names that functions declare `global`.
    pub(super) declared: Vec<NameId>,
    pub(super) codes: u32,
    pub(super) classes: u32,
}

impl Symbols {
    pub(super) fn clear(&mut self) {
        self.scopes.clear();
        self.stores.clear();
        self.frees.clear();
        self.globals.clear();
        self.loops.clear();
        self.cells.clear();
        self.declared.clear();
        self.codes = 0;
        self.classes = 0;
    }
}

/// Where an open scope's entries start on the stacks.
pub(super) struct Open {
    pub(super) scope: u32,
    pub(super) kind: ScopeKind,
    pub(super) stores: usize,
    pub(super) loads: usize,
    pub(super) inner: usize,
    pub(super) globals: usize,
    pub(super) nonlocals: usize,
    pub(super) walruses: usize,
    /// Whether a function or comprehension is around it.
    pub(super) is_enclosed: bool,
    /// Whether the names it reads may be those of a function around.
    pub(super) keeps_loads: bool,
    pub(super) is_generator: bool,
}

/// The stacks of the walk, kept from file to file.
#[derive(Default)]
pub(super) struct Stacks {
    pub(super) open: Vec<Open>,
    pub(super) stores: Vec<NameId>,
    pub(super) loads: Vec<NameId>,
    /// Names that inner functions read, and whether they write them.
    pub(super) inner: Vec<(NameId, bool)>,
    pub(super) globals: Vec<NameId>,
    pub(super) nonlocals: Vec<NameId>,
    pub(super) walruses: Vec<NameId>,
    pub(super) bound: Vec<u32>,
    pub(super) seen: Vec<u32>,
    pub(super) seen_count: u32,
}

/// The walk.
pub(super) struct Collector<'a> {
    pub(super) names: &'a mut Interner,
    pub(super) symbols: &'a mut Symbols,
    pub(super) stacks: &'a mut Stacks,
    /// Number of variables given out.
    pub(super) vars: &'a mut u32,
}

/// Notes `value` in a node.
pub(super) fn mark(node: &AtomicNodeIndex, value: u32) {
    // Ids stay far below the values that an index cannot take: files are below 4 GiB.
    node.set(NodeIndex::from(value.min(u32::MAX / 2)));
}

/// What [`Collector`] noted in a node.
pub(super) fn noted(node: &AtomicNodeIndex) -> Option<u32> {
    node.load().as_u32()
}
/// The scope that [`Collector`] noted in a lambda or comprehension.
pub(super) fn noted_expr(expr: &Expr) -> Option<u32> {
    noted(match expr {
        Expr::Lambda(expr) => &expr.node_index,
        Expr::ListComp(expr) => &expr.node_index,
        Expr::SetComp(expr) => &expr.node_index,
        Expr::DictComp(expr) => &expr.node_index,
        Expr::Generator(expr) => &expr.node_index,
        _ => return None,
    })
}

impl Collector<'_> {
    /// Makes a scope inside the one that is open.
    pub(super) fn scope(&mut self, kind: ScopeKind) -> u32 {
        let body = match kind {
            ScopeKind::Module | ScopeKind::Function => {
                self.symbols.codes += 1;
                self.symbols.codes - 1
            }
            ScopeKind::Class => {
                self.symbols.classes += 1;
                self.symbols.classes - 1
            }
            ScopeKind::Comprehension => 0,
        };
        let id = self.symbols.scopes.len() as u32;
        self.symbols.scopes.push(Scope {
            kind,
            parent: self.stacks.open.last().map_or(0, |open| open.scope),
            body,
            stores: Slice::default(),
            frees: Slice::default(),
            globals: Slice::default(),
            is_generator: false,
            has_cells: false,
        });
        id
    }

    pub(super) fn enter(&mut self, scope: u32) {
        let kind = self.symbols.scopes[scope as usize].kind;
        let stacks = &mut *self.stacks;
        let around = stacks.open.last();
        let is_enclosed =
            around.is_some_and(|around| around.is_enclosed || around.kind.is_closed_over());
        let keeps_loads = match kind {
            ScopeKind::Module => false,
            ScopeKind::Function => is_enclosed,
            ScopeKind::Class | ScopeKind::Comprehension => {
                around.is_some_and(|around| around.keeps_loads)
            }
        };
        stacks.open.push(Open {
            scope,
            kind,
            stores: stacks.stores.len(),
            loads: stacks.loads.len(),
            inner: stacks.inner.len(),
            globals: stacks.globals.len(),
            nonlocals: stacks.nonlocals.len(),
            walruses: stacks.walruses.len(),
            is_enclosed,
            keeps_loads,
            is_generator: false,
        });
    }

    pub(super) fn leave(&mut self) {
        let Some(open) = self.stacks.open.pop() else {
            return;
        };
        self.resolve(&open);
        let stacks = &mut *self.stacks;
        let symbols = &mut *self.symbols;
        let move_run = |from: &mut Vec<NameId>, start: usize, to: &mut Vec<NameId>| {
            let run = Slice {
                start: to.len() as u32,
                len: (from.len() - start) as u32,
            };
            to.extend(from.drain(start..));
            run
        };
        let stores = move_run(&mut stacks.stores, open.stores, &mut symbols.stores);
        let globals = move_run(&mut stacks.globals, open.globals, &mut symbols.globals);
        stacks.nonlocals.truncate(open.nonlocals);
        let scope = &mut symbols.scopes[open.scope as usize];
        scope.stores = stores;
        scope.globals = globals;
        scope.is_generator = open.is_generator;
        // `:=` in a comprehension binds around it.
        let is_comprehension = |open: &Open| open.kind == ScopeKind::Comprehension;
        if !stacks.open.last().is_some_and(is_comprehension) {
            stacks.stores.extend(stacks.walruses.drain(open.walruses..));
        }
    }

    /// Finds out which names of the scope inner functions read, and which it has from around itself.
    fn resolve(&mut self, open: &Open) {
        let stacks = &mut *self.stacks;
        let is_quiet = stacks.loads.len() == open.loads
            && stacks.inner.len() == open.inner
            && stacks.nonlocals.len() == open.nonlocals;
        if is_quiet || !open.kind.is_closed_over() {
            if !open.is_enclosed {
                stacks.inner.truncate(open.inner);
            }
            return;
        }
        let count = self.names.len();
        stacks.bound.resize(count, 0);
        stacks.seen.resize(count, 0);
        let bound_here = open.scope + 1;
        for name in &stacks.stores[open.stores..] {
            stacks.bound[name.index()] = bound_here;
        }
        for name in &stacks.nonlocals[open.nonlocals..] {
            stacks.bound[name.index()] = 0;
        }
        // Names declared `global` count as seen: they go no further.
        stacks.seen_count += 1;
        let seen_here = stacks.seen_count;
        for name in &stacks.globals[open.globals..] {
            stacks.bound[name.index()] = 0;
            stacks.seen[name.index()] = seen_here;
        }
        let mut kept = open.inner;
        for at in open.inner..stacks.inner.len() {
            let (name, writes) = stacks.inner[at];
            if stacks.bound[name.index()] == bound_here {
                self.symbols.scopes[open.scope as usize].has_cells = true;
                let cell = self.symbols.cells.entry((open.scope, name));
                let cell = cell.or_insert_with(|| {
                    *self.vars += 1;
                    Cell {
                        var: VarId(*self.vars - 1),
                        is_shared: false,
                    }
                });
                cell.is_shared |= writes;
            } else if stacks.seen[name.index()] != seen_here || writes {
                stacks.seen[name.index()] = seen_here;
                stacks.inner[kept] = (name, writes);
                kept += 1;
            }
        }
        stacks.inner.truncate(kept);
        let is_free = |name: &NameId| stacks.bound[name.index()] != bound_here;
        if open.kind == ScopeKind::Comprehension {
            let mut kept = open.loads;
            for at in open.loads..stacks.loads.len() {
                let name = stacks.loads[at];
                if is_free(&name) {
                    stacks.loads[kept] = name;
                    kept += 1;
                }
            }
            stacks.loads.truncate(kept);
            if !open.is_enclosed {
                stacks.inner.truncate(open.inner);
            }
            return;
        }
        for name in stacks.nonlocals.drain(open.nonlocals..) {
            stacks.seen[name.index()] = seen_here;
            stacks.inner.push((name, true));
        }
        for at in open.loads..stacks.loads.len() {
            let name = stacks.loads[at];
            if stacks.bound[name.index()] != bound_here && stacks.seen[name.index()] != seen_here {
                stacks.seen[name.index()] = seen_here;
                stacks.inner.push((name, false));
            }
        }
        stacks.loads.truncate(open.loads);
        if !open.is_enclosed {
            stacks.inner.truncate(open.inner);
            return;
        }
        let start = self.symbols.frees.len() as u32;
        let frees = stacks.inner[open.inner..].iter().map(|&(name, _)| name);
        self.symbols.frees.extend(frees);
        self.symbols.scopes[open.scope as usize].frees = Slice {
            start,
            len: self.symbols.frees.len() as u32 - start,
        };
    }
}
