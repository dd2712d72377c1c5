//! How a function ends, given which of its calls can be named.

use super::flow::{FlowBuilder, Node, Step};

/// How a function ends, before ids are given.
pub(super) enum TempEnding {
    Always(u32),
    Never,
    /// Nodes with their successors, the entry first.
    Depends(Vec<(Step, Vec<u32>)>),
}

/// Walks the flow graphs of one file.
pub(super) struct Walker<'e> {
    flow: &'e FlowBuilder,
    /// Whether each visited call may stop control: its target can be named.
    blocks: &'e [bool],
    /// The walk that last saw each node.
    seen: Vec<u32>,
    walk: u32,
    stack: Vec<Node>,
    /// Number given to each node of the present function.
    numbers: Vec<u32>,
}

impl<'e> Walker<'e> {
    pub(super) fn new(flow: &'e FlowBuilder, blocks: &'e [bool]) -> Self {
        Self {
            flow,
            blocks,
            seen: vec![0; flow.steps.len()],
            walk: 0,
            stack: Vec::new(),
            numbers: vec![0; flow.steps.len()],
        }
    }

    fn is_blocked(&self, node: Node) -> bool {
        matches!(self.flow.steps[node as usize], Step::Call(call) if self.blocks[call as usize])
    }

    fn visit(&mut self, node: Node) {
        if self.seen[node as usize] != self.walk {
            self.seen[node as usize] = self.walk;
            self.stack.push(node);
        }
    }

    /// How the function that starts at `entry` ends.
    pub(super) fn ending(&mut self, entry: Node) -> TempEnding {
        self.walk += 1;
        self.visit(entry);
        let mut exit = None;
        let mut blocked = false;
        while let Some(node) = self.stack.pop() {
            if let Step::Exit { offset, .. } = self.flow.steps[node as usize] {
                exit = Some(exit.map_or(offset, |first: u32| first.min(offset)));
            }
            if self.is_blocked(node) {
                blocked = true;
                continue;
            }
            let flow = self.flow;
            for next in flow.successors(node) {
                self.visit(next);
            }
        }
        match exit {
            Some(offset) => TempEnding::Always(offset),
            None if blocked => TempEnding::Depends(self.graph(entry)),
            None => TempEnding::Never,
        }
    }

    /// The node that control really gets to: joins with one way on are passed.
    fn skip_joins(&self, node: Node) -> Node {
        let mut at = node;
        // A cycle of joins is an endless loop; the bound only has to end the walk on one.
        for _ in 0..self.flow.steps.len() {
            if self.is_blocked(at) || matches!(self.flow.steps[at as usize], Step::Exit { .. }) {
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

    fn graph(&mut self, entry: Node) -> Vec<(Step, Vec<u32>)> {
        self.walk += 1;
        let mut order = vec![self.skip_joins(entry)];
        self.seen[order[0] as usize] = self.walk;
        self.numbers[order[0] as usize] = 0;
        let mut nodes = Vec::new();
        let mut at = 0;
        while let Some(&node) = order.get(at) {
            at += 1;
            let mut successors: Vec<Node> = self
                .flow
                .successors(node)
                .map(|next| self.skip_joins(next))
                .collect();
            successors.sort_unstable();
            successors.dedup();
            for &next in &successors {
                if self.seen[next as usize] != self.walk {
                    self.seen[next as usize] = self.walk;
                    self.numbers[next as usize] = order.len() as u32;
                    order.push(next);
                }
            }
            let step = match self.flow.steps[node as usize] {
                Step::Call(call) if !self.blocks[call as usize] => Step::Join,
                step => step,
            };
            let next = successors
                .iter()
                .map(|&next| self.numbers[next as usize])
                .collect();
            nodes.push((step, next));
        }
        nodes
    }
}
