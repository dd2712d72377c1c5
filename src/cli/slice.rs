//! The part of a call graph around some functions: what they reach, what reaches them, the paths between.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::report::graph::CallGraph;

/// Which part of a call graph is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// Only what this function reaches, itself included.
    pub from: Option<String>,
    /// Only what reaches this function, itself included.
    pub to: Option<String>,
    /// Over at most so many calls; with both ends, over paths no longer than that.
    pub depth: Option<u32>,
}

impl Slice {
    /// Cuts everything else out of `graph`.
    pub(super) fn cut(&self, graph: &mut CallGraph) {
        if self.from.is_none() && self.to.is_none() {
            return;
        }
        let kept = {
            let calls = graph.calls.iter();
            let edges = calls.map(|call| (&*call.caller, &*call.callee));
            let ends = (self.from.as_deref(), self.to.as_deref());
            owned(&self.nodes(&edges.collect::<Vec<_>>(), ends))
        };
        graph.functions.retain(|name, _| kept.contains(&**name));
        graph
            .calls
            .retain(|call| kept.contains(&*call.caller) && kept.contains(&*call.callee));
        let kept = {
            let callers = graph.adjacency.iter();
            let edges = callers.flat_map(|(caller, callees)| {
                callees.iter().map(move |callee| (&**caller, &**callee))
            });
            let (from, to) = (self.from.as_deref(), self.to.as_deref());
            let (from, to) = (from.map(dotted), to.map(dotted));
            owned(&self.nodes(&edges.collect::<Vec<_>>(), (from.as_deref(), to.as_deref())))
        };
        graph.adjacency.retain(|name, _| kept.contains(&**name));
        for callees in graph.adjacency.values_mut() {
            callees.retain(|name| kept.contains(&**name));
        }
    }

    /// The nodes that lie within the slice.
    fn nodes<'n>(
        &self,
        edges: &[(&'n str, &'n str)],
        ends: (Option<&'n str>, Option<&'n str>),
    ) -> BTreeSet<&'n str> {
        let depth = self.depth.unwrap_or(u32::MAX);
        let forth = ends.0.map(|from| distances(edges, from));
        let back = ends.1.map(|to| {
            let turned: Vec<_> = edges.iter().map(|&(from, to)| (to, from)).collect();
            distances(&turned, to)
        });
        match (forth, back) {
            (Some(forth), Some(back)) => {
                let on_the_way = |(node, &before): (&&'n str, &u32)| {
                    let after = *back.get(node)?;
                    (before.saturating_add(after) <= depth).then_some(*node)
                };
                forth.iter().filter_map(on_the_way).collect()
            }
            (Some(one), None) | (None, Some(one)) => one
                .into_iter()
                .filter(|&(_, distance)| distance <= depth)
                .map(|(node, _)| node)
                .collect(),
            (None, None) => BTreeSet::new(),
        }
    }
}

/// How many edges it takes from `start` to each node that it reaches.
fn distances<'n>(edges: &[(&'n str, &'n str)], start: &'n str) -> BTreeMap<&'n str, u32> {
    let mut next: BTreeMap<&str, Vec<&'n str>> = BTreeMap::new();
    for &(from, to) in edges {
        next.entry(from).or_default().push(to);
    }
    let mut found = BTreeMap::from([(start, 0)]);
    let mut queue = VecDeque::from([(start, 0)]);
    while let Some((node, distance)) = queue.pop_front() {
        for &to in next.get(node).map_or(&[][..], Vec::as_slice) {
            if !found.contains_key(to) {
                found.insert(to, distance + 1);
                queue.push_back((to, distance + 1));
            }
        }
    }
    found
}

fn owned(names: &BTreeSet<&str>) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// A function's name as call-graph benchmarks write it.
fn dotted(path: &str) -> String {
    path.replace(".<locals>.", ".").replacen(':', ".", 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::graph::{Call, Function};

    fn graph() -> CallGraph {
        let mut graph = CallGraph::default();
        // m:a → m:b → m:c → m:d, m:a → m:d, m:x → m:b, m:d → m:a
        for (caller, callee) in ["ab", "bc", "cd", "ad", "xb", "da"].map(|pair| pair.split_at(1)) {
            graph.calls.push(Call {
                caller: format!("m:{caller}").into(),
                callee: format!("m:{callee}").into(),
                line: 1,
                reason: "direct",
            });
            for name in [caller, callee] {
                let function = Function {
                    path: "m.py".into(),
                    line: 1,
                };
                graph.functions.insert(format!("m:{name}").into(), function);
            }
            let callees = graph
                .adjacency
                .entry(format!("m.{caller}").into())
                .or_default();
            callees.insert(format!("m.{callee}").into());
        }
        graph
    }

    fn kept(from: Option<&str>, to: Option<&str>, depth: Option<u32>) -> (String, String) {
        let mut graph = graph();
        let slice = Slice {
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            depth,
        };
        slice.cut(&mut graph);
        let names = graph.functions.keys().map(|name| &name[2..]);
        let dotted = graph.adjacency.keys().map(|name| &name[2..]);
        (names.collect(), dotted.collect())
    }

    #[test]
    fn from_keeps_what_is_reached_and_to_what_reaches() {
        assert_eq!(kept(Some("m:b"), None, Some(1)).0, "bc");
        assert_eq!(kept(Some("m:b"), None, None).0, "abcd");
        assert_eq!(kept(None, Some("m:b"), Some(1)).0, "abx");
        assert_eq!(kept(None, Some("m:x"), None).0, "x");
        assert_eq!(kept(None, None, Some(1)).0, "abcdx");
    }

    #[test]
    fn both_keep_the_paths_between() {
        assert_eq!(kept(Some("m:a"), Some("m:d"), None).0, "abcd");
        assert_eq!(kept(Some("m:a"), Some("m:d"), Some(1)).0, "ad");
        assert_eq!(kept(Some("m:a"), Some("m:x"), None).0, "");
        assert_eq!(kept(Some("m:a"), Some("m:d"), Some(1)).1, "ad");
    }
}
