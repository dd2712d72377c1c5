//! Control flow of one function, built while its body is visited.
//!
//! Owns the graph of calls and exits and the rules for exceptions: which operation may reach which handler. Knows
//! nothing of names; which calls can be named is decided once the file is read.

use crate::span::Span;

/// A node number within the file's [`FlowBuilder`].
pub(super) type Node = u32;

const NONE: u32 = u32::MAX;

/// What stands at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Join,
    /// Index of a call among the file's calls as visited.
    Call(u32),
    /// The call before it failed, and handlers that name one of these operations' exceptions take over.
    Raised(u8),
    /// The function ends here.
    Exit {
        statement: Span,
        raises: bool,
    },
}

#[derive(Clone, Copy)]
struct Edge {
    to: Node,
    next: u32,
}

/// The flow graphs of all functions of a file, in one arena.
#[derive(Default)]
pub(super) struct FlowBuilder {
    pub(super) steps: Vec<Step>,
    /// For each node, the operations evaluated there, as [`Operation::bit`]s.
    pub(super) operations: Vec<u8>,
    first_edge: Vec<u32>,
    edges: Vec<Edge>,
}

impl FlowBuilder {
    pub(super) fn clear(&mut self) {
        self.steps.clear();
        self.operations.clear();
        self.first_edge.clear();
        self.edges.clear();
    }

    pub(super) fn node(&mut self, step: Step) -> Node {
        self.steps.push(step);
        self.operations.push(0);
        self.first_edge.push(NONE);
        self.steps.len() as Node - 1
    }

    pub(super) fn link(&mut self, from: Node, to: Node) {
        let first = self.first_edge[from as usize];
        if first != NONE && self.edges[first as usize].to == to {
            return;
        }
        self.edges.push(Edge { to, next: first });
        self.first_edge[from as usize] = self.edges.len() as u32 - 1;
    }

    pub(super) fn successors(&self, node: Node) -> impl Iterator<Item = Node> {
        let mut at = self.first_edge[node as usize];
        std::iter::from_fn(move || {
            let edge = *self.edges.get(at as usize)?;
            at = edge.next;
            Some(edge.to)
        })
    }
}

/// Operations that may raise without saying so, by what they naturally raise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// Attribute access.
    Attribute,
    /// Indexing.
    Subscript,
    /// Arithmetic and comparison.
    Arithmetic,
    /// Runs code that is not known: a call, iteration, an import.
    Code,
    /// Reads a name that may not be there.
    Name,
    /// Asks a value whether it is true.
    Truth,
}

impl Operation {
    fn natural(self) -> &'static [&'static str] {
        match self {
            Self::Attribute => &["AttributeError"],
            Self::Subscript => &["KeyError", "IndexError", "LookupError", "TypeError"],
            Self::Arithmetic => &[
                "TypeError",
                "ZeroDivisionError",
                "OverflowError",
                "ArithmeticError",
                "ValueError",
            ],
            Self::Name => &["NameError", "UnboundLocalError"],
            Self::Truth => &["ValueError", "TypeError"],
            Self::Code => &[],
        }
    }

    /// Its place in a set of operations; those that fail too seldom to count beyond their own `try` have none.
    const fn bit(self) -> u8 {
        match self {
            Self::Attribute => 1,
            Self::Subscript => 1 << 1,
            Self::Arithmetic => 1 << 2,
            Self::Code => 1 << 3,
            Self::Name | Self::Truth => 0,
        }
    }
}

/// What a handler catches: the last segments of the exception names, or everything.
#[derive(Clone, Debug, Default)]
pub(super) struct Catches<'a> {
    /// Bare `except:` or something that is no name.
    pub(super) anything: bool,
    pub(super) names: Vec<&'a str>,
}

/// Whether a handler takes an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    No,
    Maybe,
    Certain,
}

impl Catches<'_> {
    fn has(&self, names: &[&str]) -> bool {
        self.names.iter().any(|name| names.contains(name))
    }

    fn catches_everything(&self) -> bool {
        self.anything || self.has(&["Exception", "BaseException"])
    }

    /// Whether an implicit failure of `operation` may end up here.
    pub(super) fn takes_operation(&self, operation: Operation) -> bool {
        match operation {
            // They hardly ever fail: only who names their exceptions expects it.
            Operation::Name | Operation::Truth => self.has(operation.natural()),
            _ => self.catches_everything() || self.takes_by_name(operation),
        }
    }

    /// Whether it takes what `operation` raises because it names it, and not everything.
    fn takes_by_name(&self, operation: Operation) -> bool {
        operation == Operation::Code || self.has(operation.natural())
    }

    /// The operations whose failure in a function called ends up here, as far as its exceptions are named. Who takes
    /// everything, or what endless recursion raises, waits for no certain one.
    fn awaited_operations(&self) -> u8 {
        let recursion = |name: &&str| matches!(*name, "RuntimeError" | "RecursionError");
        if self.catches_everything() || self.names.iter().all(recursion) {
            return 0;
        }
        [
            Operation::Attribute,
            Operation::Subscript,
            Operation::Arithmetic,
            Operation::Code,
        ]
        .into_iter()
        .filter(|&operation| self.takes_by_name(operation))
        .fold(0, |set, operation| set | operation.bit())
    }

    /// Whether endless recursion would end up here.
    pub(super) fn takes_recursion_error(&self) -> bool {
        self.catches_everything() || self.has(&["RuntimeError", "RecursionError"])
    }

    /// Whether a failing import ends up here.
    pub(super) fn takes_import_error(&self) -> bool {
        self.catches_everything() || self.has(&["ImportError", "ModuleNotFoundError"])
    }

    /// Whether an explicit `raise` of the exception named ends up here; `None` is an exception without a name.
    pub(super) fn takes_raise(&self, raised: Option<&str>) -> Match {
        if self.anything || self.has(&["BaseException"]) {
            return Match::Certain;
        }
        let Some(raised) = raised else {
            return Match::Maybe;
        };
        if self.names.contains(&raised) {
            return Match::Certain;
        }
        if self.has(&["Exception"]) {
            return if raised == "BaseException" || is_exit_exception(raised) {
                Match::No
            } else {
                Match::Certain
            };
        }
        if self.names.iter().any(|name| is_subclass(raised, name)) {
            return Match::Certain;
        }
        // Two builtin exceptions without relation cannot meet; anything else may derive from anything.
        if is_builtin(raised) && self.names.iter().all(|name| is_builtin(name)) {
            Match::No
        } else {
            Match::Maybe
        }
    }
}

fn is_exit_exception(name: &str) -> bool {
    matches!(name, "SystemExit" | "KeyboardInterrupt" | "GeneratorExit")
}

/// The builtin exceptions that explicit raises meet in practice, each with its base.
const HIERARCHY: &[(&str, &str)] = &[
    ("ArithmeticError", "Exception"),
    ("AssertionError", "Exception"),
    ("AttributeError", "Exception"),
    ("BlockingIOError", "OSError"),
    ("BrokenPipeError", "ConnectionError"),
    ("BufferError", "Exception"),
    ("ConnectionAbortedError", "ConnectionError"),
    ("ConnectionError", "OSError"),
    ("ConnectionRefusedError", "ConnectionError"),
    ("ConnectionResetError", "ConnectionError"),
    ("EOFError", "Exception"),
    ("Exception", "BaseException"),
    ("FileExistsError", "OSError"),
    ("FileNotFoundError", "OSError"),
    ("FloatingPointError", "ArithmeticError"),
    ("GeneratorExit", "BaseException"),
    ("ImportError", "Exception"),
    ("IndexError", "LookupError"),
    ("InterruptedError", "OSError"),
    ("IsADirectoryError", "OSError"),
    ("KeyError", "LookupError"),
    ("KeyboardInterrupt", "BaseException"),
    ("LookupError", "Exception"),
    ("MemoryError", "Exception"),
    ("ModuleNotFoundError", "ImportError"),
    ("NameError", "Exception"),
    ("NotADirectoryError", "OSError"),
    ("NotImplementedError", "RuntimeError"),
    ("OSError", "Exception"),
    ("OverflowError", "ArithmeticError"),
    ("PermissionError", "OSError"),
    ("ProcessLookupError", "OSError"),
    ("RecursionError", "RuntimeError"),
    ("ReferenceError", "Exception"),
    ("RuntimeError", "Exception"),
    ("StopAsyncIteration", "Exception"),
    ("StopIteration", "Exception"),
    ("SyntaxError", "Exception"),
    ("SystemError", "Exception"),
    ("SystemExit", "BaseException"),
    ("TimeoutError", "OSError"),
    ("TypeError", "Exception"),
    ("UnboundLocalError", "NameError"),
    ("UnicodeDecodeError", "UnicodeError"),
    ("UnicodeEncodeError", "UnicodeError"),
    ("UnicodeError", "ValueError"),
    ("ValueError", "Exception"),
    ("ZeroDivisionError", "ArithmeticError"),
];

fn base_of(name: &str) -> Option<&'static str> {
    let at = HIERARCHY
        .binary_search_by(|(child, _)| child.cmp(&name))
        .ok()?;
    Some(HIERARCHY[at].1)
}

fn is_builtin(name: &str) -> bool {
    name == "BaseException" || base_of(name).is_some()
}

fn is_subclass(name: &str, ancestor: &str) -> bool {
    let mut at = base_of(name);
    while let Some(base) = at {
        if base == ancestor {
            return true;
        }
        at = base_of(base);
    }
    false
}

/// A handler of a `try` that is being visited.
pub(super) struct Handler<'a> {
    pub(super) catches: Catches<'a>,
    pub(super) entry: Node,
    pub(super) offset: u32,
    /// Whether its body ends by raising again: what it catches is not swallowed.
    pub(super) raises: bool,
}

/// A `try` whose body is being visited.
pub(super) struct TryContext<'a> {
    /// Empty while handlers and `else` are visited: they are not protected by their own `try`.
    pub(super) handlers: Vec<Handler<'a>>,
    /// Entry of the `finally` suite.
    pub(super) finally: Option<Node>,
    /// Whether some path enters `finally` on its way out of the function, and where that way began.
    pub(super) leaves: Option<(Span, bool)>,
    /// The exit taken when what fails here is swallowed by a context manager that may do so.
    pub(super) swallowed: Option<Node>,
}

struct LoopContext {
    head: Node,
    after: Node,
    /// Whether a `break` leads to `after`.
    broken: bool,
}

/// The function being visited.
pub(super) struct FunctionFlow<'a> {
    pub(super) entry: Node,
    /// Where control is; none after `return`, `raise`, `continue`, `break`.
    current: Option<Node>,
    tries: Vec<TryContext<'a>>,
    loops: Vec<LoopContext>,
    /// Number of `break` and `continue` seen so far.
    pub(super) jumps: u32,
    /// Whether some exit returns, falls off the end or yields.
    pub(super) returns: bool,
    /// Whether some exit raises.
    pub(super) raises: bool,
}

impl<'a> FunctionFlow<'a> {
    pub(super) fn new(flow: &mut FlowBuilder) -> Self {
        let entry = flow.node(Step::Join);
        Self {
            entry,
            current: Some(entry),
            tries: Vec::new(),
            loops: Vec::new(),
            jumps: 0,
            returns: false,
            raises: false,
        }
    }

    pub(super) fn is_reachable(&self) -> bool {
        self.current.is_some()
    }

    /// Takes the present point away, to come back to it or join it later.
    pub(super) fn fork(&self) -> Option<Node> {
        self.current
    }

    pub(super) fn goto(&mut self, at: Option<Node>) {
        self.current = at;
    }

    /// Goes on from wherever any of `ends` got to.
    pub(super) fn join(&mut self, flow: &mut FlowBuilder, ends: &[Option<Node>]) {
        let mut live = ends.iter().flatten();
        let (Some(&first), second) = (live.next(), live.next()) else {
            self.current = None;
            return;
        };
        if second.is_none() {
            self.current = Some(first);
            return;
        }
        let join = flow.node(Step::Join);
        for &end in ends.iter().flatten() {
            if end != join {
                flow.link(end, join);
            }
        }
        self.current = Some(join);
    }

    /// A fresh node reached from the present point.
    pub(super) fn advance(&mut self, flow: &mut FlowBuilder, step: Step) -> Option<Node> {
        let from = self.current?;
        let node = flow.node(step);
        flow.link(from, node);
        self.current = Some(node);
        Some(node)
    }

    /// A call happens: afterwards control goes on, or to a handler that takes what the callee raised.
    pub(super) fn call(&mut self, flow: &mut FlowBuilder, call: u32) {
        let Some(node) = self.advance(flow, Step::Call(call)) else {
            return;
        };
        flow.operations[node as usize] |= Operation::Code.bit();
        if self.tries.is_empty() {
            return;
        }
        let raised = flow.node(Step::Raised(0));
        let mut awaited = 0;
        'out: for context in self.tries.iter().rev() {
            if let Some(exit) = context.swallowed {
                flow.link(raised, exit);
            }
            for handler in &context.handlers {
                flow.link(raised, handler.entry);
                if handler.catches.catches_everything() {
                    break 'out;
                }
                awaited |= handler.catches.awaited_operations();
            }
        }
        flow.steps[raised as usize] = Step::Raised(awaited);
        flow.link(node, raised);
    }

    /// The operation just evaluated may fail: handlers around that take its failure become reachable.
    pub(super) fn may_raise(&mut self, flow: &mut FlowBuilder, operation: Operation) {
        let Some(from) = self.current else { return };
        flow.operations[from as usize] |= operation.bit();
        for context in self.tries.iter().rev() {
            if let Some(exit) = context.swallowed {
                flow.link(from, exit);
            }
            for handler in &context.handlers {
                if handler.catches.takes_operation(operation) {
                    flow.link(from, handler.entry);
                    if handler.catches.catches_everything() {
                        return;
                    }
                }
            }
        }
    }

    /// Whether a handler around the present point waits for a name that is not there.
    pub(super) fn expects_missing_names(&self) -> bool {
        let handlers = self.tries.iter().flat_map(|context| &context.handlers);
        handlers
            .into_iter()
            .any(|handler| handler.catches.takes_operation(Operation::Name))
    }

    /// Offset of the `except` clause around the present point that would swallow endless recursion.
    pub(super) fn swallowing_handler(&self) -> Option<u32> {
        for context in self.tries.iter().rev() {
            for handler in &context.handlers {
                if handler.catches.takes_recursion_error() {
                    if handler.raises {
                        break;
                    }
                    return Some(handler.offset);
                }
            }
        }
        None
    }

    /// `raise`, or an assertion that fails: to the handlers that may take it, else out of the function.
    pub(super) fn raise(&mut self, flow: &mut FlowBuilder, raised: Option<&str>, statement: Span) {
        let Some(from) = self.current else { return };
        for at in (0..self.tries.len()).rev() {
            for handler in &self.tries[at].handlers {
                let matched = handler.catches.takes_raise(raised);
                if matched != Match::No {
                    flow.link(from, handler.entry);
                }
                if matched == Match::Certain {
                    self.current = None;
                    return;
                }
            }
            if let Some(finally) = self.tries[at].finally {
                flow.link(from, finally);
                let leaves = &mut self.tries[at].leaves;
                *leaves = leaves.or(Some((statement, true)));
                self.raises = true;
                self.current = None;
                return;
            }
        }
        self.exit(flow, from, statement, true);
        self.current = None;
    }

    /// `return`, falling off the end, or the first `yield`.
    pub(super) fn leave(&mut self, flow: &mut FlowBuilder, statement: Span) {
        let Some(from) = self.current else { return };
        self.leave_through(flow, from, self.tries.len(), statement, false);
        self.current = None;
    }

    /// A `yield`: the caller gets control back here, whatever follows.
    pub(super) fn pause(&mut self, flow: &mut FlowBuilder, statement: Span) {
        if let Some(from) = self.current {
            self.exit(flow, from, statement, false);
        }
    }

    fn leave_through(
        &mut self,
        flow: &mut FlowBuilder,
        from: Node,
        tries: usize,
        statement: Span,
        raises: bool,
    ) {
        for context in self.tries[..tries].iter_mut().rev() {
            if let Some(finally) = context.finally {
                flow.link(from, finally);
                // A plain return wins over a raise: it is the better word for how the function ends.
                if !matches!(context.leaves, Some((_, false))) {
                    context.leaves = Some((statement, raises));
                }
                self.returns |= !raises;
                self.raises |= raises;
                return;
            }
        }
        self.exit(flow, from, statement, raises);
    }

    fn exit(&mut self, flow: &mut FlowBuilder, from: Node, statement: Span, raises: bool) {
        let exit = flow.node(Step::Exit { statement, raises });
        flow.link(from, exit);
        self.returns |= !raises;
        self.raises |= raises;
    }

    pub(super) fn open_try(&mut self, context: TryContext<'a>) {
        self.tries.push(context);
    }

    /// The body of the innermost `try` is done: its handlers no longer protect, its `finally` still does.
    pub(super) fn take_handlers(&mut self) -> Vec<Handler<'a>> {
        self.tries
            .last_mut()
            .map(|context| std::mem::take(&mut context.handlers))
            .unwrap_or_default()
    }

    pub(super) fn close_try(&mut self) -> Option<TryContext<'a>> {
        self.tries.pop()
    }

    /// After a `finally` suite: paths that were leaving the function leave it now.
    pub(super) fn resume_leaving(&mut self, flow: &mut FlowBuilder, leaves: Option<(Span, bool)>) {
        if let (Some((statement, raises)), Some(from)) = (leaves, self.current) {
            self.leave_through(flow, from, self.tries.len(), statement, raises);
        }
    }

    /// Whether an import here is handled when it fails.
    pub(super) fn guards_import(&self) -> bool {
        self.tries
            .iter()
            .flat_map(|context| &context.handlers)
            .any(|handler| handler.catches.takes_import_error())
    }

    pub(super) fn open_loop(&mut self, head: Node, after: Node) {
        self.loops.push(LoopContext {
            head,
            after,
            broken: false,
        });
    }

    /// Ends the innermost loop; tells whether a `break` leaves it.
    pub(super) fn close_loop(&mut self) -> bool {
        self.loops.pop().is_some_and(|context| context.broken)
    }

    // A jump also runs the `finally` suites it crosses. Leaving them out only opens ways, never closes one.
    pub(super) fn break_loop(&mut self, flow: &mut FlowBuilder) {
        self.jumps += 1;
        if let (Some(from), Some(context)) = (self.current, self.loops.last_mut()) {
            flow.link(from, context.after);
            context.broken = true;
        }
        self.current = None;
    }

    pub(super) fn continue_loop(&mut self, flow: &mut FlowBuilder) {
        self.jumps += 1;
        if let (Some(from), Some(context)) = (self.current, self.loops.last()) {
            flow.link(from, context.head);
        }
        self.current = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catches<'a>(names: &[&'a str]) -> Catches<'a> {
        Catches {
            anything: false,
            names: names.to_vec(),
        }
    }

    #[test]
    fn the_hierarchy_is_sorted() {
        assert!(HIERARCHY.is_sorted());
    }

    #[test]
    fn handlers_take_what_python_gives_them() {
        assert_eq!(
            catches(&["LookupError"]).takes_raise(Some("KeyError")),
            Match::Certain
        );
        assert_eq!(
            catches(&["KeyError"]).takes_raise(Some("LookupError")),
            Match::No
        );
        assert_eq!(
            catches(&["Exception"]).takes_raise(Some("SystemExit")),
            Match::No
        );
        assert_eq!(
            catches(&["ValueError"]).takes_raise(Some("AppError")),
            Match::Maybe
        );
        assert!(catches(&["KeyError"]).takes_operation(Operation::Subscript));
        assert!(!catches(&["KeyError"]).takes_operation(Operation::Attribute));
        assert!(catches(&["RuntimeError"]).takes_recursion_error());
        assert!(!catches(&["ValueError"]).takes_recursion_error());
    }
}
