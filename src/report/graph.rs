//! Graphs: imports between modules, calls between functions, and the paths found in them.
//!
//! Holds them as plain data and renders them. Building them is the graph stage's job.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use serde::Serialize;

use super::json::to_json;

/// Which modules import which.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ImportGraph {
    /// The modules, by name.
    pub modules: BTreeMap<String, Module>,
    /// The imports, sorted as their fields compare.
    pub imports: Vec<Import>,
}

/// A module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Module {
    /// Its file, from the project root with `/`; none for an external module.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// One import of one name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Import {
    /// The module that imports.
    pub importer: String,
    /// The module that its statement reaches.
    pub imported: String,
    /// The name imported; none for a plain import.
    pub name: Option<String>,
    /// The statement's line.
    pub line: u32,
    /// `import`, `type-checking` or `deferred`.
    pub when: &'static str,
}

/// Which functions call which.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CallGraph {
    /// The functions, by name.
    pub functions: BTreeMap<Arc<str>, Function>,
    /// The calls, sorted as their fields compare.
    pub calls: Vec<Call>,
    /// The same graph under the dotted names of call-graph benchmarks: who calls whom.
    #[serde(skip)]
    pub adjacency: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    /// What the analysis left out.
    pub omitted: Omitted,
}

/// How much the analysis left out, rather than say it without knowing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Omitted {
    /// Values dropped because a variable could be too many things.
    pub values: u64,
    /// Calls left out because their receivers could be of too many unrelated classes, or the methods only raise where
    /// those of kindred classes do something.
    pub calls: u64,
}

/// A function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Function {
    /// Its file, from the project root with `/`.
    pub path: Arc<str>,
    /// The line it starts at.
    pub line: u32,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Call {
    /// The function that calls.
    pub caller: Arc<str>,
    /// The function called.
    pub callee: Arc<str>,
    /// The line of the call.
    pub line: u32,
    /// Why this is said to be a call.
    pub reason: &'static str,
}

impl ImportGraph {
    /// `json`.
    #[must_use]
    pub fn json(&self) -> String {
        to_json(self)
    }

    /// `dot`, for Graphviz: an edge a pair of modules; dashed where no import runs at import time.
    #[must_use]
    pub fn dot(&self) -> String {
        dot("imports", self.names(), &self.pairs())
    }

    /// `mermaid`: as [`Self::dot`].
    #[must_use]
    pub fn mermaid(&self) -> String {
        mermaid(self.names(), &self.pairs())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.modules.keys().map(String::as_str)
    }

    /// Each pair of modules once, and whether an import between them runs at import time.
    fn pairs(&self) -> Pairs<'_> {
        let mut pairs = Pairs::new();
        for import in &self.imports {
            let eager = pairs
                .entry((&import.importer, &import.imported))
                .or_default();
            *eager |= import.when == "import";
        }
        pairs
    }
}

impl CallGraph {
    /// `json`.
    #[must_use]
    pub fn json(&self) -> String {
        to_json(self)
    }

    /// `adjacency`: `{"caller": ["callee"]}`.
    #[must_use]
    pub fn adjacency(&self) -> String {
        to_json(&self.adjacency)
    }

    /// `dot`, for Graphviz: an edge a pair of functions.
    #[must_use]
    pub fn dot(&self) -> String {
        dot("calls", self.names(), &self.pairs())
    }

    /// `mermaid`: as [`Self::dot`].
    #[must_use]
    pub fn mermaid(&self) -> String {
        mermaid(self.names(), &self.pairs())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(|name| &**name)
    }

    fn pairs(&self) -> Pairs<'_> {
        self.calls
            .iter()
            .map(|call| ((&*call.caller, &*call.callee), true))
            .collect()
    }
}

/// Edges, each with whether it is solid.
type Pairs<'a> = BTreeMap<(&'a str, &'a str), bool>;

fn dot<'a>(name: &str, nodes: impl Iterator<Item = &'a str>, edges: &Pairs<'a>) -> String {
    let mut text = format!("digraph {name} {{\n  rankdir=LR;\n  node [shape=box];\n");
    let nodes: BTreeSet<&str> = nodes
        .chain(edges.keys().flat_map(|&(from, to)| [from, to]))
        .collect();
    for node in nodes {
        let _ = writeln!(text, "  {};", dot_quoted(node));
    }
    for (&(from, to), &solid) in edges {
        let style = if solid { "" } else { " [style=dashed]" };
        let _ = writeln!(text, "  {} -> {}{style};", dot_quoted(from), dot_quoted(to));
    }
    text.push_str("}\n");
    text
}

fn dot_quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

fn mermaid<'a>(nodes: impl Iterator<Item = &'a str>, edges: &Pairs<'a>) -> String {
    let nodes: BTreeSet<&str> = nodes
        .chain(edges.keys().flat_map(|&(from, to)| [from, to]))
        .collect();
    // Names hold characters that Mermaid reads as syntax, so that nodes go by number.
    let number: BTreeMap<&str, usize> = nodes.iter().copied().zip(0..).collect();
    let mut text = String::from("flowchart LR\n");
    for (node, number) in &number {
        let _ = writeln!(text, "  n{number}[\"{}\"]", mermaid_escaped(node));
    }
    for ((from, to), &solid) in edges {
        let arrow = if solid { "-->" } else { "-.->" };
        let _ = writeln!(text, "  n{} {arrow} n{}", number[from], number[to]);
    }
    text
}

fn mermaid_escaped(name: &str) -> String {
    name.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// What `why A B` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A shortest path, hop by hop; empty when A is B.
    Path(Vec<Hop>),
    /// There is none; the text says so and may say why.
    None(String),
}

/// One hop of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Where it starts.
    pub from: String,
    /// `imports` or `calls`.
    pub verb: &'static str,
    /// Where it leads.
    pub to: String,
    /// The file it stands in, from the project root.
    pub path: String,
    /// The line it stands on.
    pub line: u32,
}

impl Answer {
    /// The answer in words, a line a hop.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::None(reason) => format!("{reason}\n"),
            Self::Path(hops) if hops.is_empty() => "They are the same.\n".to_owned(),
            Self::Path(hops) => hops.iter().fold(String::new(), |mut text, hop| {
                let Hop {
                    from,
                    verb,
                    to,
                    path,
                    line,
                } = hop;
                let _ = writeln!(text, "{path}:{line}: {from} {verb} {to}");
                text
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports() -> ImportGraph {
        let module = |path: &str| Module {
            path: Some(path.to_owned()),
        };
        let import = |name: Option<&str>, when| Import {
            importer: "a.b".to_owned(),
            imported: "c.d".to_owned(),
            name: name.map(str::to_owned),
            line: 3,
            when,
        };
        ImportGraph {
            modules: BTreeMap::from([
                ("a.b".to_owned(), module("a/b.py")),
                ("c.d".to_owned(), module("c/d.py")),
            ]),
            imports: vec![import(Some("X"), "import"), import(None, "deferred")],
        }
    }

    #[test]
    fn json_is_as_documented() {
        let text: String = imports()
            .json()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        insta::assert_snapshot!(text, @r#"{ "modules": { "a.b": { "path": "a/b.py" }, "c.d": { "path": "c/d.py" } }, "imports": [ { "importer": "a.b", "imported": "c.d", "name": "X", "line": 3, "when": "import" }, { "importer": "a.b", "imported": "c.d", "name": null, "line": 3, "when": "deferred" } ] }"#);
    }

    #[test]
    fn a_pair_is_drawn_once() {
        insta::assert_snapshot!(imports().dot(), @r#"
        digraph imports {
          rankdir=LR;
          node [shape=box];
          "a.b";
          "c.d";
          "a.b" -> "c.d";
        }
        "#);
    }

    #[test]
    fn names_with_syntax_in_them_are_drawn() {
        let call = Call {
            caller: "m:f.<locals>.g".into(),
            callee: "m:f".into(),
            line: 1,
            reason: "direct",
        };
        let graph = CallGraph {
            calls: vec![call],
            adjacency: BTreeMap::from([
                ("m.f".into(), BTreeSet::new()),
                ("m.f.g".into(), BTreeSet::from(["m.f".into()])),
            ]),
            ..CallGraph::default()
        };
        insta::assert_snapshot!(graph.mermaid(), @r#"
        flowchart LR
          n0["m:f"]
          n1["m:f.&lt;locals&gt;.g"]
          n1 --> n0
        "#);
        assert!(graph.dot().contains("\"m:f.<locals>.g\" -> \"m:f\";"));
        let compact: String = graph.adjacency().split_whitespace().collect();
        assert_eq!(compact, r#"{"m.f":[],"m.f.g":["m.f"]}"#);
    }

    #[test]
    fn paths_are_told_hop_by_hop() {
        let hop = Hop {
            from: "a".to_owned(),
            verb: "imports",
            to: "b".to_owned(),
            path: "a.py".to_owned(),
            line: 2,
        };
        assert_eq!(Answer::Path(vec![hop]).text(), "a.py:2: a imports b\n");
        assert_eq!(Answer::None("no way".to_owned()).text(), "no way\n");
    }
}
