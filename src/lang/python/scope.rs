//! Scopes, branches and bindings of one file while it is visited, and what a name may be bound to at a place.
//!
//! Owns Python's scope rules: class scopes hidden from functions, `global` and `nonlocal`, the last binding that
//! was reached. Works on the file alone.

use rustc_hash::FxHashMap;

use crate::facts::{DefinitionId, ImportId, MOST_BINDINGS, NameId};
use crate::span::Span;

/// A scope as visited. Comprehensions and type-parameter lists have scopes of their own here.
#[derive(Clone, Copy, Debug)]
pub(super) struct TempScope {
    pub(super) kind: TempScopeKind,
    pub(super) parent: u32,
    pub(super) definition: Option<DefinitionId>,
    /// The branch that the scope's body starts in.
    pub(super) branch: u32,
    /// The nearest scope, this one included, that is in the facts: module, class or function.
    pub(super) kept: u32,
    /// The nearest function or module scope, this one included, whose code runs in one go.
    pub(super) frame: u32,
    /// The branch around it that it was opened in, and the number of bindings made before.
    opened: (u32, u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TempScopeKind {
    Module,
    Class,
    Function,
    /// Comprehensions and type parameters: their names are hidden from outside.
    Inner,
}

/// A stretch of code that may or may not run.
#[derive(Clone, Copy, Debug)]
struct Branch {
    parent: u32,
    construct: u32,
    arm: u16,
    /// Whether control never leaves its end.
    ends: bool,
}

/// A statement with branches.
#[derive(Clone, Copy, Debug)]
struct Construct {
    kind: ConstructKind,
    arms: u16,
    /// Whether one of the arms always runs.
    exhaustive: bool,
    /// First binding number after it.
    end: u32,
    /// Arms that end without falling through, as a bit set.
    ended: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConstructKind {
    /// Arms exclude one another.
    Choice,
    /// Arm 0 may stop anywhere and go on in another arm.
    Try,
    /// Arm 0 may run again.
    Loop,
}

const NO_CONSTRUCT: u32 = u32::MAX;

/// The scope of the module, the first that is opened.
const MODULE: u32 = 0;

/// A binding as visited.
#[derive(Clone, Copy, Debug)]
pub(super) struct TempBinding {
    pub(super) name: NameId,
    pub(super) scope: u32,
    pub(super) span: Span,
    pub(super) branch: u32,
    pub(super) value: TempValue,
    /// The frame whose code makes it: another than the scope's own after `global` and `nonlocal`.
    pub(super) maker: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TempValue {
    Import(ImportId),
    Definition(DefinitionId),
    /// Index of a reference as visited.
    Alias(u32),
    /// Index of a call as visited.
    Result(u32),
    Value,
    Declared,
    Deleted,
    /// The first parameter of a method: an instance of the class.
    Instance(DefinitionId),
    /// The first parameter of a class method: the class.
    Class(DefinitionId),
}

impl TempValue {
    /// Whether more can be said of it than that it is a value.
    fn can_be_named(self) -> bool {
        !matches!(
            self,
            Self::Value | Self::Declared | Self::Deleted | Self::Result(_)
        )
    }
}

/// Where and when a name is looked up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) scope: u32,
    pub(super) branch: u32,
    /// Number of bindings made so far.
    pub(super) order: u32,
}

/// All scopes, branches and bindings of a file.
#[derive(Default)]
pub(super) struct Scopes {
    #[expect(clippy::struct_field_names, reason = "`Scopes` owns more than scopes")]
    pub(super) scopes: Vec<TempScope>,
    branches: Vec<Branch>,
    constructs: Vec<Construct>,
    pub(super) bindings: Vec<TempBinding>,
    /// Bindings by name, then scope, then source order.
    sorted: Vec<u32>,
    /// The scope of each binding in `sorted`.
    homes: Vec<u32>,
    /// Where each name's bindings start in `sorted`.
    starts: Vec<u32>,
    /// Whether some binding of each name is to something that can be named.
    nameable: Vec<bool>,
    /// `global` and `nonlocal` declarations: from scope and name to the scope meant.
    redirects: FxHashMap<(u32, NameId), u32>,
}

impl Scopes {
    pub(super) fn clear(&mut self) {
        self.scopes.clear();
        self.branches.clear();
        self.constructs.clear();
        self.bindings.clear();
        self.sorted.clear();
        self.homes.clear();
        self.starts.clear();
        self.nameable.clear();
        self.redirects.clear();
    }

    pub(super) fn open(
        &mut self,
        kind: TempScopeKind,
        parent: u32,
        definition: Option<DefinitionId>,
        branch: u32,
    ) -> u32 {
        let id = self.scopes.len() as u32;
        let (kept, frame) = match kind {
            TempScopeKind::Inner => {
                let outer = self.scopes[parent as usize];
                (outer.kept, outer.frame)
            }
            TempScopeKind::Class => (id, self.scopes[parent as usize].frame),
            TempScopeKind::Module | TempScopeKind::Function => (id, id),
        };
        let around = branch;
        // A function's body starts afresh; a class body or comprehension goes on where it stands.
        let branch = match kind {
            TempScopeKind::Module | TempScopeKind::Function => self.push_branch(Branch {
                parent: self.branches.len() as u32,
                construct: NO_CONSTRUCT,
                arm: 0,
                ends: false,
            }),
            TempScopeKind::Class | TempScopeKind::Inner => branch,
        };
        self.scopes.push(TempScope {
            kind,
            parent,
            definition,
            branch,
            kept,
            frame,
            opened: (around, self.bindings.len() as u32),
        });
        id
    }

    fn push_branch(&mut self, branch: Branch) -> u32 {
        self.branches.push(branch);
        self.branches.len() as u32 - 1
    }

    pub(super) fn open_construct(&mut self, kind: ConstructKind, exhaustive: bool) -> u32 {
        self.constructs.push(Construct {
            kind,
            arms: 0,
            exhaustive,
            end: u32::MAX,
            ended: 0,
        });
        self.constructs.len() as u32 - 1
    }

    /// Opens the next arm of `construct` below `parent`.
    pub(super) fn open_arm(&mut self, construct: u32, parent: u32) -> u32 {
        let arms = &mut self.constructs[construct as usize].arms;
        let arm = *arms;
        // Past 64 arms none are told apart any more.
        *arms = arms.saturating_add(1);
        self.push_branch(Branch {
            parent,
            construct,
            arm,
            ends: false,
        })
    }

    /// Closes an arm; `ends` when control never falls out of it.
    pub(super) fn close_arm(&mut self, branch: u32, ends: bool) {
        let Branch { construct, arm, .. } = self.branches[branch as usize];
        // What the body of a `try` bound before it left is still there in its handlers and after them.
        let is_try_body =
            self.constructs[construct as usize].kind == ConstructKind::Try && arm == 0;
        self.branches[branch as usize].ends = ends && !is_try_body;
        if ends && arm < 64 {
            self.constructs[construct as usize].ended |= 1 << arm;
        }
    }

    pub(super) fn close_construct(&mut self, construct: u32) {
        self.constructs[construct as usize].end = self.bindings.len() as u32;
    }

    /// Says after the fact that one of the arms always runs.
    pub(super) fn make_exhaustive(&mut self, construct: u32) {
        self.constructs[construct as usize].exhaustive = true;
    }

    pub(super) fn redirect(&mut self, scope: u32, name: NameId, target: u32) {
        self.redirects.insert((scope, name), target);
    }

    fn redirected(&self, scope: u32, name: NameId) -> Option<u32> {
        self.redirects.get(&(scope, name)).copied()
    }

    /// Records a binding of `name` made in `scope`.
    pub(super) fn bind(
        &mut self,
        scope: u32,
        name: NameId,
        span: Span,
        branch: u32,
        value: TempValue,
    ) -> u32 {
        let target = if self.redirects.is_empty() {
            None
        } else {
            self.redirected(scope, name)
        };
        self.bindings.push(TempBinding {
            name,
            scope: target.unwrap_or(scope),
            span,
            branch,
            value,
            maker: self.scopes[scope as usize].frame,
        });
        self.bindings.len() as u32 - 1
    }

    /// Whether a binding is made from another frame than its scope's: it happens at some other time.
    pub(super) fn is_foreign(&self, binding: &TempBinding) -> bool {
        binding.maker != self.scopes[binding.scope as usize].frame
    }

    /// Groups the bindings by name and scope; look-ups work from here on. `names` is the number of names.
    pub(super) fn seal(&mut self, names: usize) {
        let bindings = &self.bindings;
        self.starts.resize(names + 1, 0);
        self.nameable.resize(names, false);
        for binding in bindings {
            self.starts[binding.name.index() + 1] += 1;
            self.nameable[binding.name.index()] |= binding.value.can_be_named();
        }
        for at in 0..names {
            self.starts[at + 1] += self.starts[at];
        }
        let mut next = self.starts.clone();
        self.sorted.resize(bindings.len(), 0);
        for (at, binding) in bindings.iter().enumerate() {
            let place = &mut next[binding.name.index()];
            self.sorted[*place as usize] = at as u32;
            *place += 1;
        }
        for name in 0..names {
            let group =
                &mut self.sorted[self.starts[name] as usize..self.starts[name + 1] as usize];
            // Mostly so already: scopes open in source order.
            if !group.is_sorted_by_key(|&at| bindings[at as usize].scope) {
                group.sort_unstable_by_key(|&at| (bindings[at as usize].scope, at));
            }
        }
        let scopes = self.sorted.iter().map(|&at| bindings[at as usize].scope);
        self.homes.extend(scopes);
    }

    /// All bindings of `name` in `scope`, in source order.
    pub(super) fn run(&self, scope: u32, name: NameId) -> &[u32] {
        // A name that came up only once the bindings were grouped has none.
        let (Some(&start), Some(&end)) = (
            self.starts.get(name.index()),
            self.starts.get(name.index() + 1),
        ) else {
            return &[];
        };
        let scopes = &self.homes[start as usize..end as usize];
        let first = scopes.partition_point(|&other| other < scope);
        let len = scopes[first..].partition_point(|&other| other == scope);
        let start = start as usize + first;
        &self.sorted[start..start + len]
    }

    /// Whether `name` in `scope` is certain to be a local of a function or comprehension around, and is never bound to
    /// anything with a name: what most names are, told without asking which binding is meant.
    pub(super) fn is_plain_local(&self, scope: u32, name: NameId) -> bool {
        if self.nameable.get(name.index()) != Some(&false) || !self.redirects.is_empty() {
            return false;
        }
        let mut at = scope;
        let mut in_function = false;
        loop {
            let here = self.scopes[at as usize];
            match here.kind {
                TempScopeKind::Function | TempScopeKind::Inner => {
                    if !self.run(at, name).is_empty() {
                        return true;
                    }
                    in_function |= here.kind == TempScopeKind::Function;
                }
                // What a class binds its methods do not see.
                TempScopeKind::Class if in_function => {}
                TempScopeKind::Class | TempScopeKind::Module => return false,
            }
            at = here.parent;
        }
    }

    /// Whether code of `scope` runs after the module around it did, and nothing but that binds `name`: then the name is
    /// the same thing in all such scopes, or no scope binds it at all.
    pub(super) fn is_global(&self, scope: u32, name: NameId) -> bool {
        if self.scopes[scope as usize].frame == MODULE || !self.redirects.is_empty() {
            return false;
        }
        let (Some(start), Some(&end)) = (
            self.starts.get(name.index()),
            self.starts.get(name.index() + 1),
        ) else {
            return true;
        };
        // Homes ascend, and the module is the first.
        *start == end || self.homes[end as usize - 1] == MODULE
    }

    /// Every scope and name with bindings, once each, by name.
    pub(super) fn all_runs(&self) -> impl Iterator<Item = (u32, NameId)> {
        let keys = self.sorted.iter().map(|&at| {
            let binding = &self.bindings[at as usize];
            (binding.scope, binding.name)
        });
        let mut last = None;
        keys.filter(move |&key| last.replace(key) != Some(key))
    }

    /// What `name` may be bound to at `place`: fills `found` (latest first) and tells whether any scope of the
    /// file binds it there.
    pub(super) fn look_up(&self, place: Place, name: NameId, found: &mut Vec<u32>) -> bool {
        found.clear();
        let frame = self.scopes[place.scope as usize].frame;
        let mut scope = place.scope;
        let mut first = true;
        let mut inner = (place.branch, place.order);
        loop {
            let here = self.scopes[scope as usize];
            let visible = first || here.kind != TempScopeKind::Class;
            if let Some(target) = self.redirected_in(scope, name)
                && target != scope
            {
                return self.look_up_redirected(target, name, place, found);
            }
            let run = if visible { self.run(scope, name) } else { &[] };
            if !run.is_empty() {
                let now = here.frame == frame;
                let covered = match (now, here.kind) {
                    (true, _) => self.reaching(run, place.branch, place.order, frame, found),
                    // A closure sees what its function holds when it runs, as far as its own branch leads there.
                    (false, TempScopeKind::Function) => {
                        self.reaching_closure(run, inner, here.frame, found)
                    }
                    (false, _) => self.reaching(run, here.branch, u32::MAX, here.frame, found),
                };
                // A function's local name never falls through to an outer scope; a class's or module's does.
                let falls_through = match here.kind {
                    TempScopeKind::Class => !covered,
                    TempScopeKind::Module | TempScopeKind::Function | TempScopeKind::Inner => false,
                };
                if here.kind == TempScopeKind::Module && found.is_empty() && now {
                    return false;
                }
                if !falls_through {
                    return true;
                }
            }
            if here.kind == TempScopeKind::Module {
                return !found.is_empty();
            }
            first &= here.kind == TempScopeKind::Inner;
            if here.kind == TempScopeKind::Function {
                inner = here.opened;
            }
            scope = here.parent;
        }
    }

    fn redirected_in(&self, scope: u32, name: NameId) -> Option<u32> {
        if self.redirects.is_empty() {
            None
        } else {
            self.redirected(scope, name)
        }
    }

    /// A name that its function declares `global` or `nonlocal`: what the function itself bound it to before, or
    /// else what stands there.
    fn look_up_redirected(
        &self,
        target: u32,
        name: NameId,
        place: Place,
        found: &mut Vec<u32>,
    ) -> bool {
        let frame = self.scopes[place.scope as usize].frame;
        let own: Vec<u32> = self
            .run(target, name)
            .iter()
            .copied()
            .filter(|&at| self.bindings[at as usize].maker == frame)
            .collect();
        if !self.reaching(&own, place.branch, place.order, frame, found) {
            let here = self.scopes[target as usize];
            let mut rest = Vec::new();
            self.reaching(
                self.run(target, name),
                here.branch,
                u32::MAX,
                here.frame,
                &mut rest,
            );
            found.extend(rest.into_iter().filter(|at| !own.contains(at)));
        }
        !found.is_empty()
    }

    /// What `name` may be bound to once the body of `scope` has run; tells whether it is certainly bound.
    pub(super) fn at_end(&self, scope: u32, name: NameId, found: &mut Vec<u32>) -> bool {
        let start = found.len();
        let here = self.scopes[scope as usize];
        let covered = self.reaching(
            self.run(scope, name),
            here.branch,
            u32::MAX,
            here.frame,
            found,
        );
        found[start..].reverse();
        covered
    }

    /// What a closure that was opened at `opened` (branch and order) in `frame` may find: what stands at the end,
    /// but nothing that its branch does not lead to.
    fn reaching_closure(
        &self,
        run: &[u32],
        opened: (u32, u32),
        frame: u32,
        found: &mut Vec<u32>,
    ) -> bool {
        let (branch, order) = opened;
        let ahead = |at: u32| {
            at < order
                || self.relation(branch, self.bindings[at as usize].branch) != Relation::Unreachable
        };
        if run.iter().all(|&at| ahead(at)) {
            return self.reaching(run, branch, u32::MAX, frame, found);
        }
        let run: Vec<u32> = run.iter().copied().filter(|&at| ahead(at)).collect();
        self.reaching(&run, branch, u32::MAX, frame, found)
    }

    /// The bindings of `run` that may be in force at `branch` of `frame` when `order` bindings have been made, latest
    /// first. Tells whether one of them certainly is.
    fn reaching(
        &self,
        run: &[u32],
        branch: u32,
        order: u32,
        frame: u32,
        found: &mut Vec<u32>,
    ) -> bool {
        let is_foreign = |at: &u32| self.bindings[*at as usize].maker != frame;
        if let [only] = run
            && *only < order
            && !is_foreign(only)
            && self.is_ancestor(self.bindings[*only as usize].branch, branch)
        {
            found.push(*only);
            return true;
        }
        // What other code binds may stand there at any time; only `global` and `nonlocal` let it.
        let start = found.len();
        if !self.redirects.is_empty() {
            found.extend(run.iter().copied().filter(is_foreign).take(MOST_BINDINGS));
        }
        let certain = found.len() == start;
        self.reaching_own(run, branch, order, frame, found) && certain
    }

    fn reaching_own(
        &self,
        run: &[u32],
        branch: u32,
        order: u32,
        frame: u32,
        found: &mut Vec<u32>,
    ) -> bool {
        let mut covered: Vec<u32> = Vec::new();
        let mut masks: Vec<(u32, u64)> = Vec::new();
        let run = &run[..self.reachable(run, branch, order)];
        for &at in run.iter().rev() {
            if found.len() >= MOST_BINDINGS {
                return false;
            }
            let binding = &self.bindings[at as usize];
            if binding.maker != frame {
                continue;
            }
            if at >= order {
                if self.runs_again(branch, at) {
                    found.push(at);
                }
                continue;
            }
            match self.relation(binding.branch, branch) {
                Relation::Unreachable => {}
                Relation::Before => {
                    found.push(at);
                    return true;
                }
                Relation::Maybe(meeting) => {
                    if self.is_covered(binding.branch, meeting, &covered) {
                        continue;
                    }
                    found.push(at);
                    if self.cover(binding.branch, meeting, &mut covered, &mut masks) {
                        return true;
                    }
                }
            }
        }
        false
    }

    /// How many bindings of `run`, from its start, may be in force at `branch`: those made before, and those that a
    /// loop comes back from.
    fn reachable(&self, run: &[u32], branch: u32, order: u32) -> usize {
        if !self.redirects.is_empty() {
            return run.len();
        }
        let mut end = order;
        let mut here = branch;
        loop {
            let Branch {
                parent, construct, ..
            } = self.branches[here as usize];
            if construct != NO_CONSTRUCT {
                let around = &self.constructs[construct as usize];
                if around.kind == ConstructKind::Loop {
                    end = end.max(around.end);
                }
            }
            if parent == here {
                return run.partition_point(|&at| at < end);
            }
            here = parent;
        }
    }

    /// Whether `ancestor` is `branch` or encloses it.
    fn is_ancestor(&self, ancestor: u32, branch: u32) -> bool {
        let mut at = branch;
        loop {
            if at == ancestor {
                return true;
            }
            let parent = self.branches[at as usize].parent;
            if parent == at {
                return false;
            }
            at = parent;
        }
    }

    /// Whether a loop around `branch` comes back past binding `at`.
    fn runs_again(&self, branch: u32, at: u32) -> bool {
        let mut here = branch;
        loop {
            let Branch {
                parent, construct, ..
            } = self.branches[here as usize];
            if construct != NO_CONSTRUCT {
                let around = &self.constructs[construct as usize];
                if around.kind == ConstructKind::Loop && at < around.end {
                    return true;
                }
            }
            if parent == here {
                return false;
            }
            here = parent;
        }
    }

    /// How code in `from` (earlier in the source) relates to code in `to`.
    fn relation(&self, from: u32, to: u32) -> Relation {
        if self.is_ancestor(from, to) {
            return Relation::Before;
        }
        // Climb from `from` to the arm whose parent also encloses `to`.
        let mut arm = from;
        loop {
            let here = self.branches[arm as usize];
            if here.parent == arm {
                // Another function's code: it may have run.
                return Relation::Maybe(arm);
            }
            if here.ends && !self.in_same_construct(here.construct, to) {
                return Relation::Unreachable;
            }
            if self.is_ancestor(here.parent, to) {
                break;
            }
            arm = here.parent;
        }
        let construct = self.branches[arm as usize].construct;
        if let Some(other) = self.arm_of(construct, to) {
            let exclusive = match self.constructs[construct as usize].kind {
                ConstructKind::Choice => true,
                // What the body of a `try` bound is there in its handlers; what one handler bound is not in
                // another.
                ConstructKind::Try => self.branches[arm as usize].arm != 0,
                ConstructKind::Loop => false,
            };
            if exclusive && other != arm {
                return Relation::Unreachable;
            }
        }
        Relation::Maybe(self.branches[arm as usize].parent)
    }

    fn in_same_construct(&self, construct: u32, branch: u32) -> bool {
        self.arm_of(construct, branch).is_some()
    }

    /// The arm of `construct` that encloses `branch`.
    fn arm_of(&self, construct: u32, branch: u32) -> Option<u32> {
        let mut at = branch;
        loop {
            let here = self.branches[at as usize];
            if here.construct == construct {
                return Some(at);
            }
            if here.parent == at {
                return None;
            }
            at = here.parent;
        }
    }

    /// Whether `branch`, up to `meeting`, lies in an arm that a later binding covers.
    fn is_covered(&self, branch: u32, meeting: u32, covered: &[u32]) -> bool {
        let mut at = branch;
        while at != meeting {
            if covered.contains(&at) {
                return true;
            }
            at = self.branches[at as usize].parent;
        }
        false
    }

    /// Notes that `branch` certainly rebinds the name; tells whether every way to `meeting` now does.
    fn cover(
        &self,
        branch: u32,
        meeting: u32,
        covered: &mut Vec<u32>,
        masks: &mut Vec<(u32, u64)>,
    ) -> bool {
        let mut at = branch;
        loop {
            if at == meeting {
                return true;
            }
            covered.push(at);
            let Branch {
                parent,
                construct,
                arm,
                ..
            } = self.branches[at as usize];
            if construct == NO_CONSTRUCT || arm >= 64 {
                return false;
            }
            let about = &self.constructs[construct as usize];
            let known = masks.iter().position(|(of, _)| *of == construct);
            let known = known.unwrap_or_else(|| {
                masks.push((construct, about.ended));
                masks.len() - 1
            });
            let mask = &mut masks[known].1;
            *mask |= 1 << arm;
            // More arms than the mask has bits are never known to cover all ways.
            let all = 1u64.checked_shl(about.arms.into()).map(|bit| bit - 1);
            if !about.exhaustive || Some(*mask) != all {
                return false;
            }
            at = parent;
        }
    }

    /// Whether `branch` lies in a branch of its frame.
    pub(super) fn is_conditional(&self, scope: u32, branch: u32) -> bool {
        let frame = self.scopes[scope as usize].frame;
        branch != self.scopes[frame as usize].branch
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    /// It ran, on every way.
    Before,
    /// It may have run; the branch is the innermost one that both share.
    Maybe(u32),
    /// It cannot have run on a way that leads there.
    Unreachable,
}
