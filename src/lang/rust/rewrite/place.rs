//! Where the names of a file's `use` declarations go: into a declaration that is there, or into one of their own.
//!
//! Only declarations of one block or module, with one visibility and the same attributes, take names from each other.

use std::collections::BTreeMap;

use super::cut;
use super::declarations::{Declaration, Declarations, Leaf};
use crate::fix::edit::TextEdit;
use crate::span::Span;

/// A name that must come from elsewhere.
pub(super) struct Request {
    /// The change that asks for it.
    pub(super) change: usize,
    /// The declaration that has it, or that it must stand beside.
    pub(super) declaration: usize,
    /// What stands for it there, if that goes.
    pub(super) leaf: Option<usize>,
    /// Where it must come from.
    pub(super) module: String,
    /// What must stand for it: its name there, perhaps with `as`.
    pub(super) name: String,
}

/// Where a name goes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    /// Into a group of a declaration, by a path from there.
    Group(usize, usize, String),
    /// Beside a name that stands alone.
    Leaf(usize, usize),
    /// Into a new declaration, by its place among those.
    New(usize),
}

/// A declaration that was not there.
struct New {
    /// The declaration that it is like, and that it stands beside or replaces.
    like: usize,
    replaces: bool,
    module: String,
    /// Whether others may join it.
    is_open: bool,
}

/// The work on one file's declarations.
pub(super) struct Placing<'p> {
    text: &'p str,
    /// The file's own module, as `crate::…`.
    own: String,
    /// Whether all paths start at the top of the crate, as before 2018.
    is_rootward: bool,
    all: &'p Declarations<'p>,
    requests: &'p [Request],
    new: Vec<New>,
    targets: BTreeMap<Target, Vec<&'p Request>>,
    /// An edit for each change that needs it.
    pub(super) edits: Vec<(usize, TextEdit)>,
    /// Changes that cannot be made, and why.
    pub(super) refused: Vec<(usize, String)>,
}

impl<'p> Placing<'p> {
    pub(super) fn of(
        text: &'p str,
        (own, edition): (String, u16),
        all: &'p Declarations<'p>,
        requests: &'p [Request],
    ) -> Self {
        Self {
            text,
            own,
            is_rootward: (1..2018).contains(&edition),
            all,
            requests,
            new: Vec::new(),
            targets: BTreeMap::new(),
            edits: Vec::new(),
            refused: Vec::new(),
        }
    }

    pub(super) fn make(&mut self) {
        for at in 0..self.all.found.len() {
            let own: Vec<&Request> = self
                .requests
                .iter()
                .filter(|one| one.declaration == at)
                .collect();
            if own.is_empty() {
                continue;
            }
            if self.is_gone(at, self.all.found[at].tree) {
                self.replace(at, &own);
            } else {
                self.split(at, &own);
            }
        }
        self.write();
    }

    /// Whether all names of a part of a declaration go.
    fn is_gone(&self, declaration: usize, part: Span) -> bool {
        let leaves = self.all.found[declaration].leaves.iter().enumerate();
        let mut inside = leaves.filter(|(_, leaf)| part.contains(leaf.alias.start));
        inside.all(|(at, _)| {
            let mut all = self.requests.iter();
            all.any(|one| one.declaration == declaration && one.leaf == Some(at))
        })
    }

    /// All names of a declaration go.
    fn replace(&mut self, at: usize, own: &[&'p Request]) {
        let declaration = &self.all.found[at];
        if declaration.holds_comment {
            let reason = if declaration.leaves.len() == 1 {
                "a comment stands in the path"
            } else {
                "a comment stands among the names"
            };
            let all = own.iter().map(|one| (one.change, reason.to_owned()));
            self.refused.extend(all);
            return;
        }
        let is_commented = cut::is_commented(self.text, declaration);
        let mut is_replaced = false;
        for one in own {
            let elsewhere = if is_commented && !is_replaced {
                None
            } else {
                self.target(one)
            };
            let target = elsewhere.unwrap_or_else(|| {
                let target = self.open(one, !is_replaced, !is_commented);
                is_replaced = true;
                target
            });
            self.targets.entry(target).or_default().push(one);
        }
        let gone = if is_replaced {
            None
        } else {
            Some(cut::declaration(self.text, declaration))
        };
        for one in own {
            if let Some(span) = gone {
                self.edit(one.change, span, String::new());
            }
        }
    }

    /// Some names of a declaration go, or come to stand beside it.
    fn split(&mut self, at: usize, own: &[&'p Request]) {
        for one in own {
            let leaf = one.leaf.map(|leaf| &self.all.found[at].leaves[leaf]);
            if let Some(leaf) = leaf {
                match self.take_out(at, leaf) {
                    Ok(span) => self.edit(one.change, span, String::new()),
                    Err(reason) => {
                        self.refused.push((one.change, reason));
                        continue;
                    }
                }
            }
            let target = self
                .target(one)
                .or_else(|| leaf.and_then(|leaf| self.nested(one, leaf)))
                .unwrap_or_else(|| self.open(one, false, true));
            self.targets.entry(target).or_default().push(one);
        }
    }

    /// What goes with a name: it, and the groups that it leaves empty.
    fn take_out(&self, at: usize, leaf: &Leaf) -> Result<Span, String> {
        let outermost = leaf
            .around
            .iter()
            .rev()
            .find(|element| self.is_gone(at, element.span));
        let outermost = outermost.ok_or("it is no part of a group")?;
        let group = &self.all.found[at].groups[outermost.group];
        let mut elements = group.elements.iter();
        let place = elements.position(|one| *one == outermost.span);
        let place = place.ok_or("it is no part of a group")?;
        cut::element(self.text, group, place, |span| self.is_gone(at, span))
    }

    /// A declaration that takes a name without more ado.
    fn target(&self, request: &Request) -> Option<Target> {
        let like = request.declaration;
        let there = || (0..self.all.found.len()).filter(|&at| self.may_join(like, at));
        let group = there().find_map(|at| {
            let groups = self.all.found[at].groups.iter();
            let found = groups.enumerate().find(|(_, group)| {
                self.absolute(at, &group.path).as_deref() == Some(&request.module)
                    && group.elements.iter().any(|one| !self.is_gone(at, *one))
            });
            found.map(|(group, _)| Target::Group(at, group, String::new()))
        });
        if group.is_some() || self.keeps_apart(like) {
            return group;
        }
        let leaf = there().find_map(|at| {
            let leaves = self.all.found[at].leaves.iter();
            let found = leaves.enumerate().find(|(_, leaf)| {
                is_name(leaf)
                    && self.absolute(at, &leaf.path).as_deref() == Some(&request.module)
                    && !self.is_gone(at, leaf.alias)
            });
            found.map(|(leaf, _)| Target::Leaf(at, leaf))
        });
        leaf.or_else(|| {
            let found = self.new.iter().position(|new| {
                new.is_open && new.module == request.module && self.may_join(like, new.like)
            });
            found.map(Target::New)
        })
    }

    /// A group around a name that may take it in by a longer path, if the declaration has such paths.
    fn nested(&self, request: &Request, leaf: &Leaf) -> Option<Target> {
        let at = request.declaration;
        let declaration = &self.all.found[at];
        let elements = declaration.groups.iter().flat_map(|group| &group.elements);
        let is_nested = elements
            .into_iter()
            .any(|one| self.text[one.range()].contains("::"));
        if !is_nested || declaration.holds_comment {
            return None;
        }
        leaf.around.iter().find_map(|element| {
            let group = &declaration.groups[element.group];
            let path = self.absolute(at, &group.path)?;
            let rest = request.module.strip_prefix(&path)?.strip_prefix("::")?;
            let mut elements = group.elements.iter();
            elements
                .any(|one| !self.is_gone(at, *one))
                .then(|| Target::Group(at, element.group, rest.to_owned()))
        })
    }

    /// A new declaration.
    fn open(&mut self, request: &Request, replaces: bool, is_open: bool) -> Target {
        self.new.push(New {
            like: request.declaration,
            replaces,
            module: request.module.clone(),
            is_open: is_open && !self.keeps_apart(request.declaration),
        });
        Target::New(self.new.len() - 1)
    }

    /// Whether names of one declaration may stand in another.
    fn may_join(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.all.found[one], &self.all.found[other]);
        one.suite == other.suite
            && one.visibility.trim_end() == other.visibility.trim_end()
            && self.attributes(one).trim_end() == self.attributes(other).trim_end()
            && !other.holds_comment
    }

    fn attributes(&self, one: &Declaration) -> &'p str {
        &self.text[one.start as usize..one.span.start as usize]
    }

    /// Whether each name has a declaration of its own here, even those of one module.
    fn keeps_apart(&self, like: usize) -> bool {
        let mut seen = Vec::new();
        let all = self.all.found.iter().enumerate();
        all.filter(|(at, _)| self.may_join(like, *at))
            .filter_map(|(at, one)| match one.leaves.as_slice() {
                [leaf] if is_name(leaf) => self.absolute(at, &leaf.path),
                _ => None,
            })
            .any(|path| {
                let is_known = seen.contains(&path);
                seen.push(path);
                is_known
            })
    }

    /// A path without `self` and `super`; none where it leads out of the crate, or nowhere.
    fn absolute(&self, declaration: usize, path: &[String]) -> Option<String> {
        let mut rest = path;
        let within = &self.all.found[declaration].within;
        let mut found: Vec<&str> = match path.first()?.as_str() {
            "self" | "super" => {
                let own = self.own.split("::").filter(|name| !name.is_empty());
                own.chain(within.iter().map(String::as_str)).collect()
            }
            "crate" => Vec::new(),
            _ if self.is_rootward => vec!["crate"],
            _ => Vec::new(),
        };
        if let Some(("self", behind)) = rest
            .split_first()
            .map(|(first, rest)| (first.as_str(), rest))
        {
            rest = behind;
        }
        while let Some(("super", behind)) = rest
            .split_first()
            .map(|(first, rest)| (first.as_str(), rest))
        {
            found.pop()?;
            rest = behind;
        }
        found.extend(rest.iter().map(String::as_str));
        Some(found.join("::"))
    }

    fn edit(&mut self, change: usize, span: Span, content: String) {
        self.edits.push((change, TextEdit { span, content }));
    }

    /// Writes the names where they go.
    fn write(&mut self) {
        for (target, requests) in std::mem::take(&mut self.targets) {
            let names: Vec<&str> = requests.iter().map(|one| one.name.as_str()).collect();
            let edits = match &target {
                Target::Group(at, group, path) => self.in_group(*at, *group, path, &names),
                Target::Leaf(at, leaf) => {
                    let alias = self.all.found[*at].leaves[*leaf].alias;
                    vec![
                        (Span::at(alias.start), "{".to_owned()),
                        (Span::at(alias.end), format!(", {}}}", names.join(", "))),
                    ]
                }
                Target::New(at) => vec![self.written(&self.new[*at], &names)],
            };
            for one in requests {
                for (span, content) in &edits {
                    self.edit(one.change, *span, content.clone());
                }
            }
        }
    }

    fn in_group(&self, at: usize, group: usize, path: &str, names: &[&str]) -> Vec<(Span, String)> {
        let elements = &self.all.found[at].groups[group].elements;
        let last = elements.iter().rfind(|one| !self.is_gone(at, **one));
        let Some(last) = last else {
            return Vec::new();
        };
        let line = cut::line_start(self.text, last.start);
        let space = if cut::opens_line(self.text, last.start) {
            let indent = &self.text[line..last.start as usize];
            format!("{}{indent}", self.line_end())
        } else {
            " ".to_owned()
        };
        let added: Vec<String> = match (path, names) {
            ("", _) => names.iter().map(|name| (*name).to_owned()).collect(),
            _ => vec![joined(path, names)],
        };
        let added: Vec<String> = added.iter().map(|one| format!(",{space}{one}")).collect();
        vec![(Span::at(last.end), added.concat())]
    }

    /// A new declaration's text and place.
    fn written(&self, new: &New, names: &[&str]) -> (Span, String) {
        let like = &self.all.found[new.like];
        let tree = joined(&new.module, names);
        if new.replaces {
            return (like.tree, tree);
        }
        let line = &self.text[cut::line_start(self.text, like.start)..like.start as usize];
        let indent = if line.trim().is_empty() { line } else { "" };
        let end = like.span.end as usize;
        let behind = self.text[end..].lines().next().unwrap_or_default();
        let is_comment = behind.trim_start().starts_with("//");
        let at = if is_comment { end + behind.len() } else { end };
        let statement = format!("{}{}use {tree};", self.attributes(like), like.visibility);
        let text = format!("{}{indent}{statement}", self.line_end());
        (Span::at(at as u32), text)
    }

    fn line_end(&self) -> &'static str {
        if self.text.contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        }
    }
}

/// Whether a leaf is a name that another may stand beside.
fn is_name(leaf: &Leaf) -> bool {
    leaf.local != "*" && !leaf.is_self && !leaf.path.is_empty()
}

fn joined(path: &str, names: &[&str]) -> String {
    match names {
        [one] => format!("{path}::{one}"),
        _ => format!("{path}::{{{}}}", names.join(", ")),
    }
}
