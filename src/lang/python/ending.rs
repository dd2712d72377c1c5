//! How a function ends, given which of its calls can be named.

use super::extract::TempCall;
use super::finish::filled;
use super::flow::{FlowBuilder, Node, Step};
use crate::span::Span;

/// How a function ends, before ids are given.
#[derive(Clone, Copy)]
pub(super) enum TempEnding {
    Always(u32),
    Never,
    /// On calls: the graph is in [`Walker::nodes`].
    Depends,
}

/// What walks fill, kept from file to file.
#[derive(Default)]
pub(super) struct Memory {
    /// Where those calls start, ascending.
    starts: Vec<u32>,
    /// The walk that last saw each node.
    seen: Vec<u32>,
    walk: u32,
    stack: Vec<Node>,
    /// Number given to each node of the present function.
    numbers: Vec<u32>,
    /// The nodes of the present function's graph in number order, each with the end of its successors.
    graph: Vec<(Step, u32)>,
    /// The successors of those nodes, by number.
    successors: Vec<u32>,
    order: Vec<Node>,
    next: Vec<Node>,
}

/// Walks the flow graphs of one file.
pub(super) struct Walker<'e> {
    flow: &'e FlowBuilder,
    /// Whether each visited call may stop control: its target can be named.
    blocks: &'e [bool],
    memory: Memory,
    /// The operations that the present function evaluates before any call that may stop it.
    pub(super) operations: u8,
}

impl<'e> Walker<'e> {
    pub(super) fn new(
        flow: &'e FlowBuilder,
        calls: &[TempCall],
        blocks: &'e [bool],
        mut memory: Memory,
    ) -> Self {
        let nameable = calls.iter().zip(blocks).filter(|(_, blocks)| **blocks);
        memory.starts.clear();
        memory
            .starts
            .extend(nameable.map(|(call, _)| call.callee.span.start));
        memory.starts.sort_unstable();
        memory.seen = filled(memory.seen, flow.steps.len(), 0);
        // A number is read only after it was given.
        memory.numbers.resize(flow.steps.len(), 0);
        memory.walk = 0;
        memory.stack.clear();
        Self {
            flow,
            blocks,
            memory,
            operations: 0,
        }
    }

    /// Gives the memory back.
    pub(super) fn into_memory(self) -> Memory {
        self.memory
    }

    /// Whether a nameable call stands in a statement: as an answer to what ends a function it would mislead.
    fn holds_call(&self, statement: Span) -> bool {
        let first = self
            .memory
            .starts
            .partition_point(|&start| start < statement.start);
        self.memory
            .starts
            .get(first)
            .is_some_and(|&start| start < statement.end)
    }

    fn is_blocked(&self, node: Node) -> bool {
        matches!(self.flow.steps[node as usize], Step::Call(call) if self.blocks[call as usize])
    }

    fn visit(&mut self, node: Node) {
        if self.memory.seen[node as usize] != self.memory.walk {
            self.memory.seen[node as usize] = self.memory.walk;
            self.memory.stack.push(node);
        }
    }

    /// How the function that starts at `entry` ends.
    pub(super) fn ending(&mut self, entry: Node) -> TempEnding {
        self.memory.walk += 1;
        self.visit(entry);
        let mut exit = None;
        let mut blocked = false;
        self.operations = 0;
        while let Some(node) = self.memory.stack.pop() {
            if let Step::Exit { statement, raises } = self.flow.steps[node as usize] {
                let rank = (self.holds_call(statement), raises, statement.start);
                exit = Some(exit.map_or(rank, |best: (bool, bool, u32)| best.min(rank)));
            }
            if self.is_blocked(node) {
                blocked = true;
                continue;
            }
            let flow = self.flow;
            self.operations |= flow.operations[node as usize];
            for next in flow.successors(node) {
                self.visit(next);
            }
        }
        match exit {
            Some((_, _, offset)) => TempEnding::Always(offset),
            None if blocked => {
                self.draw(entry);
                TempEnding::Depends
            }
            None => TempEnding::Never,
        }
    }

    /// The node that control really gets to: joins with one way on are passed.
    fn skip_joins(&self, node: Node) -> Node {
        let mut at = node;
        // A cycle of joins is an endless loop; the bound only has to end the walk on one.
        for _ in 0..self.flow.steps.len() {
            let step = self.flow.steps[at as usize];
            if self.is_blocked(at) || matches!(step, Step::Exit { .. } | Step::Raised(_)) {
                return at;
            }
            let mut successors = self.flow.successors(at);
            let (Some(only), None) = (successors.next(), successors.next()) else {
                return at;
            };
            at = only;
        }
        at
    }

    /// The graph drawn last: nodes with their successors, the entry first.
    pub(super) fn nodes(&self) -> impl Iterator<Item = (Step, &[u32])> {
        let mut start = 0;
        self.memory.graph.iter().map(move |&(step, end)| {
            let next = &self.memory.successors[start as usize..end as usize];
            start = end;
            (step, next)
        })
    }

    /// Draws the graph of what control may reach from `entry`.
    fn draw(&mut self, entry: Node) {
        self.memory.walk += 1;
        self.memory.graph.clear();
        self.memory.successors.clear();
        self.memory.order.clear();
        let first = self.skip_joins(entry);
        self.memory.order.push(first);
        self.memory.seen[first as usize] = self.memory.walk;
        self.memory.numbers[first as usize] = 0;
        let mut at = 0;
        while let Some(&node) = self.memory.order.get(at) {
            at += 1;
            let mut next = std::mem::take(&mut self.memory.next);
            next.clear();
            next.extend(self.flow.successors(node).map(|next| self.skip_joins(next)));
            next.sort_unstable();
            next.dedup();
            for &next in &next {
                if self.memory.seen[next as usize] != self.memory.walk {
                    self.memory.seen[next as usize] = self.memory.walk;
                    self.memory.numbers[next as usize] = self.memory.order.len() as u32;
                    self.memory.order.push(next);
                }
                self.memory
                    .successors
                    .push(self.memory.numbers[next as usize]);
            }
            self.memory.next = next;
            let step = match self.flow.steps[node as usize] {
                Step::Call(call) if !self.blocks[call as usize] => Step::Join,
                step => step,
            };
            self.memory
                .graph
                .push((step, self.memory.successors.len() as u32));
        }
    }
}
