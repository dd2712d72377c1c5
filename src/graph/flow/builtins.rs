//! What functions and methods outside the project do with values, as far as it matters for calls.
//!
//! Everything else outside is a sink: it is named where it is called, and what it returns is not looked into.

use super::objects::{External, Obj, Object};
use super::program::Var;
use super::solver::{Link, NOWHERE, PassedKind, Role, Site, SiteId, Solver};
use super::special::Conversion;
use super::{Callee, Reason};
use crate::facts::Slice;
use crate::values::{Container, DescriptorKind, LiteralKind};

/// The literal that a builtin type's instances are.
pub(super) fn literal(path: &str) -> Option<LiteralKind> {
    Some(match path.strip_prefix("<builtin>.")? {
        "str" => LiteralKind::Text,
        "bytes" => LiteralKind::Bytes,
        "int" => LiteralKind::Integer,
        "float" => LiteralKind::Float,
        "complex" => LiteralKind::Complex,
        "bool" => LiteralKind::Bool,
        _ => return None,
    })
}

/// Whether the last segment of a path is written like a class.
pub(super) fn is_class_like(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path);
    last.trim_start_matches('_')
        .starts_with(|first: char| first.is_ascii_uppercase())
}

/// The container that calling a function makes from the elements of its arguments.
fn collected(path: &str) -> Option<Container> {
    Some(match path {
        "<builtin>.list" | "<builtin>.sorted" | "collections.deque" | "<builtin>.reversed"
        | "heapq.nlargest" | "heapq.nsmallest" => Container::List,
        "<builtin>.tuple" => Container::Tuple,
        "<builtin>.set" | "<builtin>.frozenset" => Container::Set,
        "<builtin>.iter"
        | "<builtin>.filter"
        | "itertools.chain"
        | "itertools.islice"
        | "itertools.cycle"
        | "itertools.takewhile"
        | "itertools.dropwhile"
        | "itertools.filterfalse" => Container::Generator,
        _ => return None,
    })
}

/// Which of its positional arguments a function calls with elements of the others.
fn callback(path: &str) -> Option<usize> {
    Some(match path {
        "<builtin>.map"
        | "<builtin>.filter"
        | "functools.reduce"
        | "itertools.starmap"
        | "itertools.takewhile"
        | "itertools.dropwhile"
        | "itertools.filterfalse" => 0,
        "itertools.accumulate" | "itertools.groupby" | "re.sub" | "re.subn" => 1,
        _ => return None,
    })
}

/// Whether a function goes through all elements of its arguments.
fn iterates(path: &str) -> bool {
    matches!(
        path,
        "<builtin>.all" | "<builtin>.any" | "<builtin>.sum" | "<builtin>.min" | "<builtin>.max"
    ) || collected(path).is_some()
}

/// Whether a function gives its first argument back.
fn gives_back(path: &str) -> bool {
    matches!(
        path,
        "copy.copy"
            | "copy.deepcopy"
            | "functools.update_wrapper"
            | "functools.cmp_to_key"
            | "functools.singledispatch"
            | "functools.lru_cache"
            | "functools.cache"
            | "contextlib.contextmanager"
            | "contextlib.asynccontextmanager"
            | "contextlib.nullcontext"
            | "contextlib.closing"
            | "contextlib.aclosing"
            | "asyncio.create_task"
            | "asyncio.ensure_future"
            | "asyncio.shield"
            | "asyncio.wait_for"
            | "weakref.proxy"
            | "types.MappingProxyType"
            | "types.coroutine"
            | "atexit.register"
            | "inspect.unwrap"
    )
}

/// Whether all that a function outside the project gives is known.
fn is_modelled(path: &str) -> bool {
    matches!(
        path,
        "functools.partial"
            | "functools.partialmethod"
            | "functools.cached_property"
            | "functools.reduce"
            | "collections.defaultdict"
    ) || gives_back(path)
        || collected(path).is_some()
}

/// Whether a method of a container does nothing but put its arguments there.
pub(super) fn moves_values(method: &str) -> bool {
    matches!(
        method,
        "append" | "appendleft" | "add" | "extend" | "extendleft" | "insert" | "update"
    )
}

impl Solver<'_> {
    /// The variable of the argument at a position, or with a name.
    pub(super) fn argument(&self, site: SiteId, position: usize, name: &str) -> Option<Var> {
        let passed = self.passed(site);
        let by_position = passed
            .iter()
            .filter(|passed| matches!(passed.kind, PassedKind::Positional(_)))
            .nth(position);
        let by_name = || {
            passed.iter().find(|passed| match passed.kind {
                PassedKind::Keyword(text, _) => self.program.texts.get(text) == name,
                _ => false,
            })
        };
        by_position.or_else(by_name).map(|passed| passed.value)
    }

    /// Something outside the project is called.
    pub(super) fn call_external(&mut self, site: SiteId, external: External) {
        let at = self.sites[site.index()];
        self.record(
            at.caller,
            at.offset,
            Callee::External(external),
            at.surest(),
        );
        let path = self.externals.path(external).to_owned();
        self.make_instance(site, external);
        self.model(site, &path);
        if let Some(kind) = literal(&path) {
            self.add_object(at.to, Object::Literal(kind));
        } else if is_class_like(&path) {
            self.add_object(at.to, Object::ExternalInstance(external));
        } else if !path.starts_with("<builtin>.") && !is_modelled(&path) {
            self.add_object(at.to, Object::ExternalResult);
        }
    }

    fn model(&mut self, site: SiteId, path: &str) {
        let to = self.sites[site.index()].to;
        if let Some(conversion) = Conversion::of(path) {
            for passed in self.passed(site) {
                self.convert(site, passed.value, conversion);
            }
        }
        if callback(path).is_some() || iterates(path) {
            self.model_elements(site, path, to);
        }
        if gives_back(path)
            && let Some(first) = self.argument(site, 0, "")
        {
            self.link(first, Link::Copy(to));
        }
        match path {
            "<builtin>.next" => {
                if let Some(first) = self.argument(site, 0, "") {
                    let next = self.derive(site, Role::Next, |_, site| Site { ..site });
                    self.link(first, Link::Next { site: next });
                }
                if let Some(default) = self.argument(site, 1, "") {
                    self.link(default, Link::Copy(to));
                }
            }
            "<builtin>.type" if self.passed(site).len() == 1 => {
                if let Some(first) = self.argument(site, 0, "") {
                    self.link(first, Link::TypeOf(to));
                }
            }
            "<builtin>.enumerate" => self.model_rows(site, &[None, Some(0)], to),
            "<builtin>.zip" | "itertools.product" | "itertools.zip_longest" => {
                let count = self.passed(site).len();
                let columns: Vec<Option<usize>> = (0..count).map(Some).collect();
                self.model_rows(site, &columns, to);
            }
            "<builtin>.dict" | "collections.OrderedDict" | "collections.ChainMap" => {
                let container = self.result_container(site, Container::Dict);
                for passed in self.passed(site) {
                    match passed.kind {
                        PassedKind::Keyword(name, _) => {
                            let key = self.intern(Object::Text(name));
                            self.put_under(container, key, passed.value);
                        }
                        _ => self.link(passed.value, Link::TakeOver { into: container }),
                    }
                }
                self.add_object(to, Object::Container(container));
            }
            "collections.defaultdict" => {
                let container = self.result_container(site, Container::Dict);
                if let Some(factory) = self.argument(site, 0, "default_factory") {
                    let made = self.derive(site, Role::Result, |solver, site| Site {
                        arguments: Slice::default(),
                        to: solver.fresh(),
                        is_call: true,
                        name: None,
                        ..site
                    });
                    self.link(
                        factory,
                        Link::Invoke {
                            site: made,
                            reason: Reason::Flow,
                        },
                    );
                    let value = self.sites[made.index()].to;
                    self.put_anywhere(container, value);
                }
                self.add_object(to, Object::Container(container));
            }
            "functools.partial" | "functools.partialmethod" => {
                let passed = self.passed(site);
                if let Some(first) = passed.first() {
                    let slice = self.sites[site.index()].arguments;
                    let partial = super::objects::Partial {
                        function: first.value,
                        arguments: Slice {
                            start: slice.start + 1,
                            len: slice.len - 1,
                        },
                    };
                    self.partials.push(partial);
                    let id = super::objects::PartialId(self.partials.len() as u32 - 1);
                    self.add_object(to, Object::Partial(id));
                }
            }
            "<builtin>.property" | "functools.cached_property" => self.model_property(site, to),
            "<builtin>.staticmethod" | "<builtin>.classmethod" => {
                if let Some(function) = self.argument(site, 0, "") {
                    let kind = if path.ends_with("staticmethod") {
                        DescriptorKind::Static
                    } else {
                        DescriptorKind::Class
                    };
                    let descriptor = self.new_descriptor(super::objects::Descriptor {
                        kind,
                        function,
                        base: None,
                    });
                    self.add_object(to, descriptor);
                }
            }
            "asyncio.run" | "asyncio.gather" => {
                for passed in self.passed(site) {
                    self.link(passed.value, Link::Await(to));
                }
            }
            _ => {}
        }
    }

    fn model_property(&mut self, site: SiteId, to: Var) {
        let setter = self.argument(site, 1, "fset").map(|function| {
            let descriptor = self.new_descriptor(super::objects::Descriptor {
                kind: DescriptorKind::Setter,
                function,
                base: None,
            });
            let var = self.fresh();
            self.add_object(var, descriptor);
            var
        });
        if let Some(function) = self.argument(site, 0, "fget") {
            let descriptor = self.new_descriptor(super::objects::Descriptor {
                kind: DescriptorKind::Getter,
                function,
                base: setter,
            });
            self.add_object(to, descriptor);
        }
    }

    pub(super) fn convert(&mut self, site: SiteId, value: Var, conversion: Conversion) {
        self.link(value, Link::Convert { site, conversion });
    }

    /// A conversion runs a special method of a value.
    pub(super) fn convert_one(&mut self, site: SiteId, conversion: Conversion, obj: Obj) {
        let Some((class, or_below)) = self.instance_class(obj) else {
            return;
        };
        for name in conversion.methods() {
            let Some(text) = self.program.texts.find(name) else {
                continue;
            };
            let shape = self.shape(class, text, or_below);
            if shape.own.is_none() && shape.below.is_none() {
                continue;
            }
            let called = self.derive(site, Role::Convert(conversion), |_, site| Site {
                arguments: Slice::default(),
                to: NOWHERE,
                name: None,
                is_call: true,
                is_named: false,
                ..site
            });
            self.call_special(called, obj, shape);
            return;
        }
    }

    pub(super) fn result_container(
        &mut self,
        site: SiteId,
        kind: Container,
    ) -> super::objects::ContainerId {
        let key = (super::program::OpId(u32::MAX - site.0), Role::Result);
        self.container_for(key.0, key.1, kind)
    }

    /// The variable of the elements of one argument.
    pub(super) fn elements_of(&mut self, site: SiteId, at: usize, value: Var) -> Var {
        let iter = self.program.texts.find("__iter__");
        let each = self.derive(site, Role::Argument(at as u8), |solver, site| Site {
            arguments: Slice::default(),
            to: solver.fresh(),
            name: iter,
            is_call: true,
            ..site
        });
        self.link(value, Link::Iterate { site: each });
        self.sites[each.index()].to
    }

    /// Functions that go through their arguments' elements, call functions with them, or collect them.
    fn model_elements(&mut self, site: SiteId, path: &str, to: Var) {
        let passed = self.passed(site);
        let elements = self.derive(site, Role::Item, |solver, site| Site {
            to: solver.fresh(),
            ..site
        });
        let all = self.sites[elements.index()].to;
        // Data where the function should be: then it stands somewhere else.
        let is_swapped = callback(path)
            .and_then(|at| self.argument(site, at, ""))
            .is_some_and(|var| {
                self.values(var)
                    .iter()
                    .any(|&obj| matches!(self.object(obj), Object::Container(_)))
            });
        let mut keys = Vec::new();
        for (at, argument) in passed.iter().enumerate() {
            match argument.kind {
                PassedKind::Positional(_) | PassedKind::Spread => {
                    let each = self.elements_of(site, at, argument.value);
                    self.link(each, Link::Copy(all));
                    if is_swapped || callback(path) == Some(at) {
                        keys.push(argument.value);
                    }
                }
                PassedKind::Keyword(name, _)
                    if matches!(self.program.texts.get(name), "key" | "func" | "repl") =>
                {
                    keys.push(argument.value);
                }
                PassedKind::Keyword(name, _) if self.program.texts.get(name) == "default" => {
                    self.link(argument.value, Link::Copy(to));
                }
                _ => {}
            }
        }
        let called = self.derive(site, Role::Result, |solver, site| Site {
            arguments: solver.pass(&[all, all]),
            to: solver.fresh(),
            is_call: true,
            is_named: false,
            name: None,
            ..site
        });
        for key in keys {
            self.link(
                key,
                Link::Invoke {
                    site: called,
                    reason: Reason::Flow,
                },
            );
        }
        let results = self.sites[called.index()].to;
        match path {
            "<builtin>.map" | "itertools.starmap" => {
                let container = self.result_container(site, Container::Generator);
                self.put_anywhere(container, results);
                self.add_object(to, Object::Container(container));
            }
            "functools.reduce" => {
                self.link(results, Link::Copy(to));
                self.link(results, Link::Copy(all));
            }
            "<builtin>.min" | "<builtin>.max" => {
                self.link(all, Link::Copy(to));
                if passed.len() > 1 {
                    for argument in &passed {
                        if matches!(argument.kind, PassedKind::Positional(_)) {
                            self.link(argument.value, Link::Copy(to));
                        }
                    }
                }
                self.convert(site, all, Conversion::LESS);
            }
            "<builtin>.sum" => {
                self.convert(site, all, Conversion::ADD);
                self.convert(site, all, Conversion::ADDED);
            }
            _ => {
                if path == "<builtin>.sorted" {
                    self.convert(site, all, Conversion::LESS);
                }
                if let Some(kind) = collected(path) {
                    let container = self.result_container(site, kind);
                    self.put_anywhere(container, all);
                    self.add_object(to, Object::Container(container));
                }
            }
        }
    }

    /// Iterables of tuples: for each column the argument whose elements stand there.
    fn model_rows(&mut self, site: SiteId, columns: &[Option<usize>], to: Var) {
        let passed = self.passed(site);
        let rows = self.result_container(site, Container::Generator);
        let row = self.new_container(Container::Tuple);
        for (at, column) in columns.iter().enumerate() {
            let Some(argument) = column.and_then(|column| passed.get(column)) else {
                continue;
            };
            let each = self.elements_of(site, at, argument.value);
            let key = self.intern(Object::Integer(at as i32));
            self.put_under(row, key, each);
        }
        let var = self.fresh();
        self.add_object(var, Object::Container(row));
        self.put_anywhere(rows, var);
        self.add_object(to, Object::Container(rows));
    }
}
