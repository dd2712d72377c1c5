//! Control flow of the functions of a file: calls, exits, and what lies between.
//!
//! Owns the graph and how a function ends. Knows nothing of syntax.

use crate::facts::{CallId, Draft, Ending, FlowNode, FlowStep, Slice};

/// A node of [`Flow`].
pub(super) type Node = u32;

/// What stands at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Join,
    Call(CallId),
    /// The function ends; the offset is that of what ends it.
    Exit(u32),
}

const NONE: u32 = u32::MAX;

/// The graph of the function at work and of those around it: one behind the other.
#[derive(Debug, Default)]
pub(super) struct Flow {
    steps: Vec<Step>,
    first: Vec<u32>,
    /// Edges as (to, next edge of the same node).
    edges: Vec<(Node, u32)>,
}

/// The sizes of a [`Flow`], to go back to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    nodes: usize,
    edges: usize,
}

impl Flow {
    pub(super) fn mark(&self) -> Mark {
        Mark {
            nodes: self.steps.len(),
            edges: self.edges.len(),
        }
    }

    /// Forgets all that came after a mark.
    pub(super) fn forget(&mut self, mark: Mark) {
        self.steps.truncate(mark.nodes);
        self.first.truncate(mark.nodes);
        self.edges.truncate(mark.edges);
    }

    fn node(&mut self, step: Step) -> Node {
        self.steps.push(step);
        self.first.push(NONE);
        self.steps.len() as Node - 1
    }

    pub(super) fn join(&mut self) -> Node {
        self.node(Step::Join)
    }

    pub(super) fn link(&mut self, from: Node, to: Node) {
        let first = self.first[from as usize];
        if first != NONE && self.edges[first as usize].0 == to {
            return;
        }
        self.edges.push((to, first));
        self.first[from as usize] = self.edges.len() as u32 - 1;
    }

    /// A call behind `from`.
    pub(super) fn call(&mut self, from: Node, call: CallId) -> Node {
        let node = self.node(Step::Call(call));
        self.link(from, node);
        node
    }

    /// A way out behind `from`.
    pub(super) fn exit(&mut self, from: Node, offset: u32) {
        let node = self.node(Step::Exit(offset));
        self.link(from, node);
    }

    fn successors(&self, node: Node) -> impl Iterator<Item = Node> {
        let mut at = self.first[node as usize];
        std::iter::from_fn(move || {
            let (to, next) = *self.edges.get(at as usize)?;
            at = next;
            Some(to)
        })
    }

    /// How the function that starts at `entry` ends; draws its graph if calls decide that.
    pub(super) fn ending(&self, entry: Node, draft: &mut Draft) -> Ending {
        let base = entry as usize;
        let mut seen = vec![false; self.steps.len() - base];
        let mut stack = vec![entry];
        let mut exit: Option<u32> = None;
        let mut blocked = false;
        while let Some(node) = stack.pop() {
            if std::mem::replace(&mut seen[node as usize - base], true) {
                continue;
            }
            match self.steps[node as usize] {
                Step::Call(_) => blocked = true,
                Step::Exit(offset) => exit = Some(exit.map_or(offset, |known| known.min(offset))),
                Step::Join => stack.extend(self.successors(node)),
            }
        }
        match exit {
            Some(offset) => Ending::Always(offset),
            None if blocked => Ending::Depends(self.draw(entry, draft)),
            None => Ending::Never,
        }
    }

    /// The node that control really gets to: joins with one way on are passed.
    fn skip(&self, node: Node) -> Node {
        let mut at = node;
        for _ in 0..self.steps.len() {
            if self.steps[at as usize] != Step::Join {
                return at;
            }
            let mut successors = self.successors(at);
            let (Some(only), None) = (successors.next(), successors.next()) else {
                return at;
            };
            at = only;
        }
        at
    }

    fn draw(&self, entry: Node, draft: &mut Draft) -> Slice {
        let base = entry as usize;
        let mut numbers = vec![NONE; self.steps.len() - base];
        let first = self.skip(entry);
        let mut order = vec![first];
        numbers[first as usize - base] = 0;
        let start = draft.flow_nodes.len() as u32;
        let mut at = 0;
        let mut next: Vec<Node> = Vec::new();
        while let Some(&node) = order.get(at) {
            at += 1;
            next.clear();
            next.extend(self.successors(node).map(|next| self.skip(next)));
            next.sort_unstable();
            next.dedup();
            let edges = draft.flow_edges.len() as u32;
            for &to in &next {
                let number = &mut numbers[to as usize - base];
                if *number == NONE {
                    *number = order.len() as u32;
                    order.push(to);
                }
                draft.flow_edges.push(*number);
            }
            draft.flow_nodes.push(FlowNode {
                step: match self.steps[node as usize] {
                    Step::Join => FlowStep::Join,
                    Step::Call(call) => FlowStep::Call(call),
                    Step::Exit(offset) => FlowStep::Exit(offset),
                },
                next: Slice {
                    start: edges,
                    len: next.len() as u32,
                },
            });
        }
        Slice {
            start,
            len: order.len() as u32,
        }
    }
}
