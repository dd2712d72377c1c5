//! Strongly connected components of a graph in compressed sparse rows, without recursion.

/// A directed graph: the successors of node `n` are `targets[offsets[n]..offsets[n + 1]]`.
#[derive(Clone, Debug, Default)]
pub struct Csr {
    offsets: Vec<u32>,
    targets: Vec<u32>,
}

impl Csr {
    /// Builds the graph of `nodes` nodes from its edges; parallel edges are kept once.
    #[must_use]
    pub fn new(nodes: usize, mut edges: Vec<(u32, u32)>) -> Self {
        edges.sort_unstable();
        edges.dedup();
        let mut offsets = vec![0; nodes + 1];
        for (from, _) in &edges {
            offsets[*from as usize + 1] += 1;
        }
        for at in 0..nodes {
            offsets[at + 1] += offsets[at];
        }
        Self {
            offsets,
            targets: edges.into_iter().map(|(_, to)| to).collect(),
        }
    }

    /// Number of nodes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Whether there are no nodes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The successors of a node, ascending.
    #[must_use]
    pub fn successors(&self, node: u32) -> &[u32] {
        let node = node as usize;
        &self.targets[self.offsets[node] as usize..self.offsets[node + 1] as usize]
    }

    /// The components that hold a cycle: more than one node, or a node with an edge to itself. Nodes within a
    /// component and the components themselves are in ascending order.
    ///
    /// Tarjan's algorithm (1972) with an explicit stack.
    #[must_use]
    pub fn cyclic_components(&self) -> Vec<Vec<u32>> {
        const UNSEEN: u32 = u32::MAX;
        let nodes = self.len();
        let mut order = vec![UNSEEN; nodes];
        let mut low = vec![0; nodes];
        let mut on_stack = vec![false; nodes];
        let mut stack: Vec<u32> = Vec::new();
        let mut work: Vec<(u32, usize)> = Vec::new();
        let mut next = 0;
        let mut components = Vec::new();
        for start in 0..nodes as u32 {
            if order[start as usize] != UNSEEN {
                continue;
            }
            work.push((start, 0));
            while let Some(&mut (node, ref mut edge)) = work.last_mut() {
                let at = node as usize;
                if *edge == 0 && order[at] == UNSEEN {
                    order[at] = next;
                    low[at] = next;
                    next += 1;
                    stack.push(node);
                    on_stack[at] = true;
                }
                if let Some(&to) = self.successors(node).get(*edge) {
                    *edge += 1;
                    if order[to as usize] == UNSEEN {
                        work.push((to, 0));
                    } else if on_stack[to as usize] {
                        low[at] = low[at].min(order[to as usize]);
                    }
                    continue;
                }
                work.pop();
                if let Some(&(above, _)) = work.last() {
                    low[above as usize] = low[above as usize].min(low[at]);
                }
                if low[at] == order[at] {
                    let first = stack.iter().rposition(|&on| on == node).unwrap_or(0);
                    let mut component = stack.split_off(first);
                    for &member in &component {
                        on_stack[member as usize] = false;
                    }
                    if component.len() > 1 || self.successors(node).contains(&node) {
                        component.sort_unstable();
                        components.push(component);
                    }
                }
            }
        }
        components.sort_unstable();
        components
    }

    /// A shortest path from `from` to `to` that takes at least one edge, over nodes that `allowed` admits; ties go
    /// to lower nodes.
    #[must_use]
    pub fn shortest_path(
        &self,
        from: u32,
        to: u32,
        allowed: impl Fn(u32) -> bool,
    ) -> Option<Vec<u32>> {
        let mut before = vec![u32::MAX; self.len()];
        let mut queue = std::collections::VecDeque::from([from]);
        while let Some(node) = queue.pop_front() {
            for &next in self.successors(node) {
                if next == to {
                    let mut path = vec![to, node];
                    let mut at = node;
                    while at != from {
                        at = before[at as usize];
                        path.push(at);
                    }
                    path.reverse();
                    return Some(path);
                }
                if next != from && before[next as usize] == u32::MAX && allowed(next) {
                    before[next as usize] = node;
                    queue.push_back(next);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_cycles_and_only_cycles() {
        let graph = Csr::new(
            7,
            vec![(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 4), (5, 6)],
        );
        assert_eq!(graph.cyclic_components(), vec![vec![0, 1, 2], vec![4]]);
        assert_eq!(graph.shortest_path(0, 0, |_| true), Some(vec![0, 1, 2, 0]));
        assert_eq!(graph.shortest_path(5, 0, |_| true), None);
    }

    #[test]
    fn depth_needs_no_stack() {
        let nodes = 200_000;
        let edges = (0..nodes).map(|at| (at, (at + 1) % nodes)).collect();
        assert_eq!(Csr::new(nodes as usize, edges).cyclic_components().len(), 1);
    }
}
