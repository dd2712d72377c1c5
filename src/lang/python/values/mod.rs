//! Lowers a syntax tree to [`Values`]: how values move through the file.
//!
//! Owns what Python's syntax means for values. What a call reaches, what an attribute is, and other files are none of
//! its concern.

mod annotations;
mod branches;
mod calls;
mod classes;
mod collector;
mod containers;
mod declared;
mod environment;
mod evaluated;
mod expressions;
mod functions;
mod guards;
mod joins;
mod narrowing;
mod operators;
mod patterns;
mod scopes;
mod statements;
mod symbols;
mod targets;
mod texts;

use std::cell::Cell;
use std::collections::VecDeque;

use ruff_python_ast::{Expr, Identifier, Stmt, StmtFunctionDef};
use rustc_hash::{FxHashMap, FxHashSet};

use super::interner::Interner;
use super::{STACK_RED_ZONE, STACK_SEGMENT};
use crate::facts::{NameId, Slice};
use crate::values::{
    Argument, ClassBody, ClassIx, Code, CodeFlags, CodeId, FlowMember, FlowParameter, Item,
    ItemKey, LiteralKind, Op, Owner, Values, VarId,
};
use branches::Loop;
use containers::Known;
use environment::{Environment, Version};
use symbols::{Collector, ScopeKind, Stacks, Symbols, noted};

thread_local! {
    /// The working memory of this thread's visits.
    static SCRATCH: Cell<Scratch> = Cell::default();
}

/// Entries beyond which a table is not kept for the next file.
const MANY: usize = 4096;

/// Lowers the module `body`.
pub(super) fn lower(body: &[Stmt]) -> Values {
    let mut lowerer = Lowerer::new(SCRATCH.take());
    lowerer.collect(body);
    lowerer.module(body);
    let (values, scratch) = lowerer.finish();
    SCRATCH.set(scratch);
    values
}

/// Memory kept from file to file.
#[derive(Default)]
struct Scratch {
    names: Interner,
    symbols: Symbols,
    stacks: Stacks,
    env: Environment,
    ops: Vec<Op>,
    arguments: Vec<Argument>,
    items: Vec<Item>,
    argument_stack: Vec<Argument>,
    item_stack: Vec<Item>,
    text_vars: Vec<Option<VarId>>,
    free_vars: Vec<Option<VarId>>,
}

/// A body that is lowered once the one around it is.
enum Body<'a> {
    Function(&'a StmtFunctionDef),
    Lambda(&'a Expr),
}

struct Pending<'a> {
    body: Body<'a>,
    code: CodeId,
    scope: u32,
    class: Option<ClassIx>,
}

/// What is known of a variable's value from where it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Import,
    Class(ClassIx),
}

struct Lowerer<'a> {
    names: Interner,
    symbols: Symbols,
    stacks: Stacks,
    env: Environment,
    out: Values,
    queue: VecDeque<Pending<'a>>,
    /// The code being lowered, and the class that it is a method of.
    code: CodeId,
    class: Option<ClassIx>,
    /// The innermost scope.
    scope: u32,
    /// Whether control reaches this point.
    is_live: bool,
    loops: Vec<Loop>,
    /// Copies that the jumps of loops may still cost.
    jump_budget: usize,
    write_budget: usize,
    /// From a narrower view of a name to the version it is a view of.
    narrowed: FxHashMap<Version, Version>,
    /// Those of them that are what a test left.
    rests: FxHashSet<Version>,
    origins: FxHashMap<VarId, Origin>,
    class_vars: Vec<VarId>,
    known: Known,
    argument_stack: Vec<Argument>,
    item_stack: Vec<Item>,
    parameter_stack: Vec<FlowParameter>,
    text_vars: Vec<Option<VarId>>,
    free_vars: Vec<Option<VarId>>,
    integer_vars: FxHashMap<i32, VarId>,
    integer_values: FxHashMap<VarId, i32>,
    /// The annotated names of the class body being lowered.
    fields: Vec<FlowMember>,
    literal_vars: [Option<VarId>; 6],
    nothing: Option<VarId>,
    /// How deep in annotations that are strings.
    quoted: u32,
    /// Whether the class being lowered is a `Protocol`.
    in_protocol: bool,
    /// Here the code's guard holds, or does not.
    guarded: Option<bool>,
    /// Whether what the code being lowered returns is known in part.
    has_returned: bool,
}

impl<'a> Lowerer<'a> {
    fn new(scratch: Scratch) -> Self {
        Self {
            names: scratch.names,
            symbols: scratch.symbols,
            stacks: scratch.stacks,
            env: scratch.env,
            out: Values {
                ops: scratch.ops,
                arguments: scratch.arguments,
                items: scratch.items,
                ..Values::default()
            },
            queue: VecDeque::new(),
            code: CodeId::MODULE,
            class: None,
            scope: 0,
            is_live: true,
            loops: Vec::new(),
            jump_budget: branches::MOST_JUMP_COPIES,
            write_budget: branches::MOST_LOOKED_BACK,
            narrowed: FxHashMap::default(),
            rests: FxHashSet::default(),
            origins: FxHashMap::default(),
            class_vars: Vec::new(),
            known: Known::default(),
            argument_stack: scratch.argument_stack,
            item_stack: scratch.item_stack,
            parameter_stack: Vec::new(),
            text_vars: scratch.text_vars,
            free_vars: scratch.free_vars,
            integer_vars: FxHashMap::default(),
            integer_values: FxHashMap::default(),
            fields: Vec::new(),
            literal_vars: [None; 6],
            nothing: None,
            quoted: 0,
            in_protocol: false,
            guarded: None,
            has_returned: false,
        }
    }

    fn collect(&mut self, body: &[Stmt]) {
        let mut collector = Collector {
            names: &mut self.names,
            symbols: &mut self.symbols,
            stacks: &mut self.stacks,
            vars: &mut self.out.vars,
        };
        collector.module(body);
        let unnamed = self.names.intern("");
        for _ in 0..self.symbols.codes {
            let code = Code {
                name: unnamed,
                owner: Owner::Code(CodeId::MODULE),
                offset: 0,
                flags: CodeFlags::default(),
                parameters: Slice::default(),
                result: self.var(),
                returned: 0,
                yields: self.var(),
                guard: None,
                ops: Slice::default(),
            };
            self.out.codes.push(code);
        }
        for _ in 0..self.symbols.classes {
            let var = self.var();
            self.class_vars.push(var);
            self.out.classes.push(ClassBody {
                name: unnamed,
                owner: Owner::Code(CodeId::MODULE),
                offset: 0,
                bases: Slice::default(),
                metaclass: None,
                members: Slice::default(),
                fields: Slice::default(),
                has_generated_init: false,
                is_protocol: false,
            });
        }
    }

    fn module(&mut self, body: &'a [Stmt]) {
        let entered = self.enter(0);
        self.share_declared();
        self.body(body);
        self.out.globals = self.close_members(&entered);
        self.end_code(0);
        while let Some(pending) = self.queue.pop_front() {
            self.pending_body(&pending);
        }
        self.leave(&entered);
    }

    fn end_code(&mut self, start: usize) {
        self.flush_joins();
        self.narrowed.clear();
        self.rests.clear();
        self.known.clear();
        self.out.codes[self.code.index()].ops = Slice {
            start: start as u32,
            len: (self.out.ops.len() - start) as u32,
        };
    }

    fn finish(mut self) -> (Values, Scratch) {
        let mut scratch = Scratch {
            names: self.names,
            symbols: self.symbols,
            stacks: self.stacks,
            env: self.env,
            ops: Vec::new(),
            arguments: Vec::new(),
            items: Vec::new(),
            argument_stack: self.argument_stack,
            item_stack: self.item_stack,
            text_vars: self.text_vars,
            free_vars: self.free_vars,
        };
        let mut out = self.out;
        // Copies of the right size; the grown arenas serve the next file.
        scratch.ops = std::mem::take(&mut out.ops);
        scratch.arguments = std::mem::take(&mut out.arguments);
        scratch.items = std::mem::take(&mut out.items);
        out.ops = scratch.ops.as_slice().into();
        out.arguments = scratch.arguments.as_slice().into();
        out.items = scratch.items.as_slice().into();
        out.guard_tests.shrink_to_fit();
        out.parameters.shrink_to_fit();
        out.members.shrink_to_fit();
        out.bases.shrink_to_fit();
        out.declared.shrink_to_fit();
        out.texts = scratch.names.table();
        if scratch.ops.capacity() > MANY * 64 {
            scratch = Scratch::default();
        }
        scratch.names.clear();
        scratch.symbols.clear();
        scratch.env.clear();
        scratch.ops.clear();
        scratch.arguments.clear();
        scratch.items.clear();
        scratch.argument_stack.clear();
        scratch.item_stack.clear();
        scratch.text_vars.clear();
        scratch.free_vars.clear();
        self.queue.clear();
        (out, scratch)
    }

    fn var(&mut self) -> VarId {
        self.out.vars += 1;
        VarId(self.out.vars - 1)
    }

    /// A variable that is nothing: never written to.
    fn nothing(&mut self) -> VarId {
        if let Some(var) = self.nothing {
            return var;
        }
        let var = self.var();
        self.nothing = Some(var);
        var
    }

    fn emit(&mut self, op: Op) {
        self.out.ops.push(op);
    }

    fn copy(&mut self, from: VarId, to: VarId) {
        if from != to && Some(from) != self.nothing {
            self.emit(Op::Copy { from, to });
        }
    }

    fn literal(&mut self, kind: LiteralKind) -> VarId {
        if let Some(var) = self.literal_vars[kind as usize] {
            return var;
        }
        let to = self.var();
        self.literal_vars[kind as usize] = Some(to);
        self.emit(Op::Literal { kind, to });
        to
    }

    fn integer(&mut self, value: i32) -> VarId {
        if let Some(&var) = self.integer_vars.get(&value) {
            return var;
        }
        let to = self.var();
        self.integer_vars.insert(value, to);
        self.integer_values.insert(to, value);
        self.emit(Op::Integer { value, to });
        to
    }

    fn intern(&mut self, name: &Identifier) -> NameId {
        match noted(&name.node_index) {
            Some(id) => NameId(id),
            None => self.names.intern(name.id.as_str()),
        }
    }

    fn deeper<T>(&mut self, visit: impl FnOnce(&mut Self) -> T) -> T {
        stacker::maybe_grow(STACK_RED_ZONE, STACK_SEGMENT, || visit(self))
    }

    /// Moves the arguments above `start` from the stack to the arena.
    fn take_arguments(&mut self, start: usize) -> Slice {
        let run = Slice {
            start: self.out.arguments.len() as u32,
            len: (self.argument_stack.len() - start) as u32,
        };
        self.out
            .arguments
            .extend(self.argument_stack.drain(start..));
        run
    }

    fn take_items(&mut self, start: usize) -> Slice {
        let run = Slice {
            start: self.out.items.len() as u32,
            len: (self.item_stack.len() - start) as u32,
        };
        self.out.items.extend(self.item_stack.drain(start..));
        run
    }

    /// A container with one entry anywhere in it.
    fn container_of(&mut self, kind: crate::values::Container, value: VarId, to: VarId) {
        let start = self.out.items.len() as u32;
        self.out.items.push(Item {
            key: ItemKey::Any,
            value,
        });
        let items = Slice { start, len: 1 };
        self.emit(Op::Display { kind, items, to });
    }

    /// What definitions here stand in.
    fn owner(&self) -> Owner {
        match self.class_scope() {
            Some(class) => Owner::Class(class),
            None => Owner::Code(self.code),
        }
    }

    /// The class whose body this is.
    fn class_scope(&self) -> Option<ClassIx> {
        let mut scope = &self.symbols.scopes[self.scope as usize];
        while scope.kind == ScopeKind::Comprehension {
            scope = &self.symbols.scopes[scope.parent as usize];
        }
        (scope.kind == ScopeKind::Class).then_some(ClassIx(scope.body))
    }

    /// The members of the innermost scope, a module or class: its names with their last versions.
    fn close_members(&mut self, entered: &scopes::Entered) -> Slice {
        let start = self.out.members.len() as u32;
        for (name, version, shared) in self.opened_names(entered) {
            if version == environment::UNBOUND {
                continue;
            }
            let last = self.var_of(version);
            let var = match shared {
                Some(shared) => {
                    if let Some(&origin) = self.origins.get(&last) {
                        self.origins.insert(shared, origin);
                    }
                    self.copy(last, shared);
                    self.settle(name, shared);
                    shared
                }
                None => last,
            };
            self.out.members.push(FlowMember { name, var });
        }
        Slice {
            start,
            len: self.out.members.len() as u32 - start,
        }
    }
}
