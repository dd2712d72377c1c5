//! What is assumed where nothing is known, once everything that flows has flowed.
//!
//! Keys that no constant reaches, decorators that lead nowhere, receivers that nothing reaches.

use super::objects::Object;
use super::program::{Class, Text, Var};
use super::solver::{Link, Solver};
use crate::index::FileId;
use crate::values::{Op, VarId};

/// How often assumptions may lead to new ones.
const ROUNDS: usize = 4;
/// How many unrelated classes may fit the use of a receiver.
const MOST_FAMILIES: usize = 3;

/// What became of an operation that may need an assumption.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Settled {
    /// It needs none.
    Known,
    /// It was made.
    Assumed,
    /// What it would be about is not there yet.
    Open,
}

impl Solver<'_> {
    /// Makes assumptions and solves again, until there are none to make.
    pub(super) fn settle_unknowns(&mut self) {
        let mut open = Vec::new();
        for round in 0..ROUNDS {
            self.settle_set_aside();
            let mut any = self.settle_unmade() | self.settle_records();
            if round == 0 {
                self.run();
                for file in self.program.file_ids() {
                    any |= self.settle_file(file, &mut open);
                }
                // A receiver is guessed by its use only where all that is surer has come to nothing.
                self.run();
                for file in self.program.file_ids() {
                    any |= self.guess_receivers(file);
                }
            } else {
                open.retain(|&(file, at)| {
                    let settled = self.settle_item(file, at);
                    any |= settled == Settled::Assumed;
                    settled == Settled::Open
                });
            }
            self.run();
            if !any {
                break;
            }
        }
    }

    /// Classes whose `__new__` gives nothing that is known: instances, then.
    fn settle_unmade(&mut self) -> bool {
        let mut any = false;
        for (made, instance) in std::mem::take(&mut self.unmade) {
            if self.values(made).is_empty() {
                self.add(made, instance);
                any = true;
            }
        }
        any
    }

    /// Makes the assumptions of one file's operations; `open` gets those that have to be asked again.
    fn settle_file(&mut self, file: FileId, open: &mut Vec<(FileId, u32)>) -> bool {
        let Some(values) = self.program.values(file) else {
            return false;
        };
        let mut any = false;
        for (at, op) in values.ops.iter().enumerate() {
            match *op {
                Op::GetItem { .. } | Op::SetItem { .. } => {
                    match self.settle_item(file, at as u32) {
                        Settled::Assumed => any = true,
                        Settled::Open => open.push((file, at as u32)),
                        Settled::Known => {}
                    }
                }
                Op::Decorate {
                    decorator,
                    target,
                    to,
                    ..
                } => {
                    let decorator = self.program.var(file, decorator);
                    let to = self.program.var(file, to);
                    if self.values(decorator).is_empty() || self.values(to).is_empty() {
                        let target = self.program.var(file, target);
                        self.link(target, Link::Copy(to));
                        any = true;
                    }
                }
                _ => {}
            }
        }
        any
    }

    /// Guesses what the receivers of one file's calls are that nothing reaches.
    fn guess_receivers(&mut self, file: FileId) -> bool {
        let Some(values) = self.program.values(file) else {
            return false;
        };
        let mut any = false;
        for op in &values.ops {
            if let Op::CallMethod { base, name, .. } = *op {
                let var = self.program.var(file, base);
                if self.values(var).is_empty() {
                    let name = self.program.text(file, name);
                    any |= self.duck(file, var, base, name);
                }
            }
        }
        any
    }

    /// A key that no constant reaches may be any.
    fn settle_item(&mut self, file: FileId, at: u32) -> Settled {
        let Some(values) = self.program.values(file) else {
            return Settled::Known;
        };
        let op = values.ops[at as usize];
        let (Op::GetItem { base, key, .. } | Op::SetItem { base, key, .. }) = op else {
            return Settled::Known;
        };
        if !self.values(self.program.var(file, key)).is_empty() {
            return Settled::Known;
        }
        let bases = self.values(self.program.var(file, base));
        let container = bases.iter().find_map(|&obj| match self.object(obj) {
            Object::Container(container) => Some(container),
            _ => None,
        });
        let Some(container) = container else {
            return Settled::Open;
        };
        match op {
            Op::GetItem { to, .. } => {
                let elements = self.elements(container);
                self.link(elements, Link::Copy(self.program.var(file, to)));
            }
            Op::SetItem { from: value, .. } => {
                self.put_anywhere(container, self.program.var(file, value));
            }
            _ => {}
        }
        Settled::Assumed
    }

    /// A receiver that nothing reaches: it may be an instance of what has all the attributes used on it, when few
    /// classes do.
    fn duck(&mut self, file: FileId, var: Var, local: VarId, name: Text) -> bool {
        if is_common(self.program.texts.get(name)) {
            return false;
        }
        let definers = self.classes.definers(name);
        if definers.is_empty() || definers.len() > 64 {
            return false;
        }
        let wanted = self.attributes_used(file, var, local);
        let mut families: Vec<Class> = Vec::new();
        for &class in self.classes.definers(name) {
            let fits = wanted.iter().all(|&name| self.has_attribute(class, name));
            // Only the topmost of a family: the others are below it.
            let is_below = self
                .classes
                .order(class)
                .iter()
                .skip(1)
                .any(|&above| self.classes.own(above, name).is_some());
            if fits && !is_below {
                families.push(class);
            }
        }
        if families.is_empty() || families.len() > MOST_FAMILIES {
            return false;
        }
        for class in families {
            self.add_object(var, Object::Duck(class));
        }
        true
    }

    /// The attributes that operations use on a variable.
    fn attributes_used(&self, file: FileId, var: Var, local: VarId) -> Vec<Text> {
        let Some(values) = self.program.values(file) else {
            return Vec::new();
        };
        let mut names = Vec::new();
        for at in self.program.uses(file, var) {
            let name = match values.ops[self.program.use_at(file, at) as usize] {
                Op::GetAttribute { base, name, .. } | Op::CallMethod { base, name, .. }
                    if base == local =>
                {
                    self.program.text(file, name)
                }
                _ => continue,
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Whether instances of a class, or of one below, have an attribute.
    fn has_attribute(&self, class: Class, name: Text) -> bool {
        self.classes.member(class, name, 0).is_some()
            || self.has_field(class, name)
            || self.classes.is_open(class)
    }
}

/// Whether values of builtin types or of everyday libraries have a method of this name, so that it tells nothing.
fn is_common(name: &str) -> bool {
    name.starts_with("__")
        || matches!(
            name,
            "add"
                | "all"
                | "any"
                | "append"
                | "appendleft"
                | "apply"
                | "as_integer_ratio"
                | "bit_length"
                | "capitalize"
                | "cancel"
                | "casefold"
                | "clear"
                | "close"
                | "closed"
                | "commit"
                | "connect"
                | "copy"
                | "count"
                | "cursor"
                | "debug"
                | "decode"
                | "delete"
                | "difference"
                | "discard"
                | "done"
                | "emit"
                | "encode"
                | "endswith"
                | "error"
                | "exception"
                | "execute"
                | "exists"
                | "expandtabs"
                | "extend"
                | "fetchall"
                | "fetchone"
                | "fileno"
                | "filter"
                | "find"
                | "findall"
                | "finditer"
                | "first"
                | "flush"
                | "format"
                | "format_map"
                | "fullmatch"
                | "get"
                | "getvalue"
                | "group"
                | "groupdict"
                | "groups"
                | "hex"
                | "index"
                | "info"
                | "insert"
                | "intersection"
                | "is_dir"
                | "is_file"
                | "isalnum"
                | "isalpha"
                | "isatty"
                | "isdigit"
                | "isoformat"
                | "isspace"
                | "issubset"
                | "items"
                | "iterdir"
                | "join"
                | "keys"
                | "load"
                | "log"
                | "lower"
                | "lstrip"
                | "map"
                | "match"
                | "mean"
                | "mkdir"
                | "move_to_end"
                | "next"
                | "open"
                | "parse"
                | "partition"
                | "pop"
                | "popitem"
                | "popleft"
                | "post"
                | "put"
                | "read"
                | "readline"
                | "readlines"
                | "recv"
                | "release"
                | "acquire"
                | "remove"
                | "rename"
                | "replace"
                | "request"
                | "reshape"
                | "reset"
                | "result"
                | "reverse"
                | "rfind"
                | "rollback"
                | "rsplit"
                | "rstrip"
                | "run"
                | "save"
                | "search"
                | "seek"
                | "send"
                | "set"
                | "setdefault"
                | "shutdown"
                | "sort"
                | "span"
                | "split"
                | "splitlines"
                | "start"
                | "startswith"
                | "stat"
                | "stop"
                | "strftime"
                | "strip"
                | "sub"
                | "submit"
                | "sum"
                | "tell"
                | "title"
                | "tobytes"
                | "tolist"
                | "total_seconds"
                | "translate"
                | "truncate"
                | "union"
                | "unlink"
                | "update"
                | "upper"
                | "values"
                | "wait"
                | "warning"
                | "write"
                | "writelines"
                | "zfill"
        )
}
