//! Judges the rules of one file, one by one. What several rules say against each other is for `conflicts`.

use std::sync::Arc;

use globset::GlobSet;

use super::layer::{Layer, Lowered, Lowering, severity_of};
use super::model::{
    Allow, Canonical, Events, Gateway, Language, ModulePattern, PerRequest, Replacement, Retired,
    RetiredTarget, RuleMeta, SymbolKind, SymbolPath,
};
use super::paths::{self, PathError};
use super::problem::Place;
use super::raw::{self, At, Common};

/// Adds the rules of `raw` to `layer`.
pub(super) fn lower(raw: &raw::Rules, lowering: &mut Lowering<'_>, layer: &mut Layer) {
    for selector in &raw.selector {
        lowering.selector(selector.get());
    }
    layer.canonical = each(&raw.canonical, |rule| lowering.canonical(rule.get()));
    layer.retired = each(&raw.retired, |rule| lowering.retired(rule));
    layer.per_request = each(&raw.per_request, |rule| lowering.per_request(rule.get()));
    layer.events = each(&raw.events, |rule| lowering.events(rule.get()));
    layer.gateways = each(&raw.gateway, |rule| lowering.gateway(rule.get()));
    layer.contracts = each(&raw.contract, |rule| lowering.contract(rule));
    layer.allow = each(&raw.allow, |rule| Some(lowering.allow(rule)));
}

fn each<R, T>(rules: &[At<R>], lower: impl FnMut(&At<R>) -> Option<T>) -> Vec<T> {
    rules.iter().filter_map(lower).collect()
}

impl Lowering<'_> {
    /// A rule's meta data; `generated` is its id when it has none.
    pub(super) fn meta(
        &mut self,
        common: &Common<'_>,
        generated: String,
        subject: Place,
    ) -> RuleMeta {
        if let Some(id) = common.id.filter(|id| id.get().trim().is_empty()) {
            let place = self.place(id);
            self.problems.add(place, "an id cannot be empty");
        }
        let id = common.id.map_or(generated, |id| id.get().clone());
        RuleMeta {
            id: Arc::from(id),
            reason: common.reason.map(str::to_owned),
            priority: common.priority.map(Arc::from),
            severity: common.severity.map(severity_of),
            lang: common.lang.map(|lang| match lang {
                raw::Language::Python => Language::Python,
                raw::Language::Rust => Language::Rust,
            }),
            location: self.sources.location(subject),
            pack: self.sources.file(self.file).pack.clone(),
            from_registry: false,
        }
    }

    pub(super) fn lowered<T>(
        &mut self,
        rule: T,
        common: &Common<'_>,
        subject: Place,
    ) -> Lowered<T> {
        Lowered {
            rule,
            subject,
            others: Vec::new(),
            id: common.id.map(|id| self.place(id)),
            since: common.since.and_then(|since| self.python_version(since)),
        }
    }

    pub(super) fn checked<T>(
        &mut self,
        at: &At<String>,
        result: Result<T, PathError>,
    ) -> Option<T> {
        let place = self.place(at);
        match result {
            Ok(path) => Some(path),
            Err(error) => {
                let problem = self.problems.add(place, error.message);
                if let Some(help) = error.help {
                    problem.help(help);
                }
                None
            }
        }
    }

    fn symbol(&mut self, at: &At<String>) -> Option<SymbolPath> {
        self.checked(at, paths::symbol(at.get()))
    }

    pub(super) fn module(&mut self, at: &At<String>) -> Option<String> {
        self.checked(at, paths::module(at.get()))
    }

    /// Patterns of a list that must not be empty.
    pub(super) fn patterns(&mut self, key: &str, list: &At<Vec<At<String>>>) -> Vec<ModulePattern> {
        self.not_empty(key, list);
        list.get()
            .iter()
            .filter_map(|at| self.pattern(at, at.get()))
            .collect()
    }

    pub(super) fn not_empty<T>(&mut self, key: &str, list: &At<Vec<T>>) {
        if list.get().is_empty() {
            let place = self.place(list);
            self.problems
                .add(place, format!("`{key}` must not be empty"));
        }
    }

    fn identifiers(&mut self, names: &[At<String>]) -> Vec<String> {
        for name in names {
            if !paths::is_identifier(name.get()) {
                let place = self.place(name);
                self.problems
                    .add(place, format!("`{}` is no name of a parameter", name.get()));
            }
        }
        names.iter().map(|name| name.get().clone()).collect()
    }

    fn canonical(&mut self, raw: &raw::Canonical) -> Option<Lowered<Canonical>> {
        let symbol = self.symbol(&raw.symbol);
        let mut replaces = Vec::new();
        let mut others = Vec::new();
        for at in &raw.replaces {
            let Some(old) = self.symbol(at) else { continue };
            if symbol.as_ref() == Some(&old) {
                let (place, subject) = (self.place(at), self.place(&raw.symbol));
                self.problems
                    .add(place, format!("`{old}` is replaced by itself"))
                    .related(subject, "the canonical path");
                continue;
            }
            if let Some(first) = replaces.iter().position(|other| *other == old) {
                let (place, first) = (self.place(at), others[first]);
                self.problems
                    .add(place, format!("`{old}` is listed twice"))
                    .related(first, "here first");
                continue;
            }
            replaces.push(old);
            others.push(self.place(at));
        }
        let mut tombstones = Vec::new();
        for at in &raw.tombstones {
            let Some(module) = self.pattern(at, at.get()) else {
                continue;
            };
            if symbol
                .as_ref()
                .is_some_and(|symbol| module.is_literal() && symbol.module == module.text)
            {
                let place = self.place(at);
                self.problems.add(
                    place,
                    format!(
                        "`{}` is the canonical module and cannot be a tombstone",
                        module.text
                    ),
                );
            }
            tombstones.push(module);
        }
        let requires = self.identifiers(&raw.requires);
        let symbol = symbol?;
        let (common, subject) = (raw.common(), self.place(&raw.symbol));
        let rule = Canonical {
            meta: self.meta(&common, format!("canonical:{symbol}"), subject),
            symbol,
            replaces,
            tombstones,
            requires,
        };
        let mut lowered = self.lowered(rule, &common, subject);
        lowered.others = others;
        Some(lowered)
    }

    fn retired(&mut self, rule: &At<raw::Retired>) -> Option<Lowered<Retired>> {
        let raw = rule.get();
        let (target, subject) = match (&raw.module, &raw.symbol) {
            (Some(module), None) => (self.module(module).map(RetiredTarget::Module), module),
            (None, Some(symbol)) => (self.retired_symbol(symbol, raw.kind.as_ref()), symbol),
            (Some(module), Some(symbol)) => {
                let (place, module) = (self.place(symbol), self.place(module));
                self.problems
                    .add(
                        place,
                        "a `[[retired]]` rule retires a module or a symbol, not both",
                    )
                    .related(module, "the module")
                    .help("write two rules");
                return None;
            }
            (None, None) => {
                let place = self.place(rule);
                if !self.problems.is_damaged(place) {
                    self.problems
                        .add(place, "a `[[retired]]` rule needs `module` or `symbol`");
                }
                return None;
            }
        };
        if let (Some(kind), Some(_)) = (&raw.kind, &raw.module) {
            let place = self.place(kind);
            self.problems
                .add(place, "`kind` goes with `symbol`, not with `module`");
        }
        let replacement = raw
            .replacement
            .as_ref()
            .and_then(|at| self.replacement(at, subject, target.as_ref()));
        let subject = self.place(subject);
        let common = raw.common();
        let target = target?;
        let id = match &target {
            RetiredTarget::Module(module) => format!("retired:{module}"),
            RetiredTarget::Symbol { module, name, .. } => format!("retired:{}:{name}", module.text),
        };
        let rule = Retired {
            meta: self.meta(&common, id, subject),
            target,
            replacement,
        };
        let mut lowered = self.lowered(rule, &common, subject);
        lowered.others = raw.replacement.iter().map(|at| self.place(at)).collect();
        Some(lowered)
    }

    fn retired_symbol(
        &mut self,
        symbol: &At<String>,
        kind: Option<&At<raw::Kind>>,
    ) -> Option<RetiredTarget> {
        let (module, name) = self.checked(symbol, paths::symbol_pattern(symbol.get()))?;
        Some(RetiredTarget::Symbol {
            module: self.pattern(symbol, &module)?,
            name,
            kind: kind.map(|kind| match kind.get() {
                raw::Kind::Class => SymbolKind::Class,
                raw::Kind::Function => SymbolKind::Function,
                raw::Kind::Value => SymbolKind::Value,
            }),
        })
    }

    fn replacement(
        &mut self,
        at: &At<String>,
        subject: &At<String>,
        target: Option<&RetiredTarget>,
    ) -> Option<Replacement> {
        let place = self.place(at);
        let of_module = matches!(target, None | Some(RetiredTarget::Module(_)));
        let replacement = if !of_module || paths::looks_like_symbol(at.get()) {
            Replacement::Symbol(self.symbol(at)?)
        } else {
            Replacement::Module(self.module(at)?)
        };
        let retires_it = match (target, &replacement) {
            (Some(RetiredTarget::Module(old)), Replacement::Module(new)) => is_within(new, old),
            (Some(RetiredTarget::Module(old)), Replacement::Symbol(new)) => {
                is_within(&new.module, old)
            }
            (Some(RetiredTarget::Symbol { module, name, .. }), Replacement::Symbol(new)) => {
                module.matches(&new.module) && *name == new.name
            }
            _ => false,
        };
        if retires_it {
            let subject_place = self.place(subject);
            self.problems
                .add(
                    place,
                    format!("the rule retires `{}`, which it says to use", at.get()),
                )
                .related(subject_place, "retired here");
            return None;
        }
        Some(replacement)
    }

    fn per_request(&mut self, raw: &raw::PerRequest) -> Option<Lowered<PerRequest>> {
        let symbol = self.symbol(&raw.symbol)?;
        let (common, subject) = (raw.common(), self.place(&raw.symbol));
        let meta = self.meta(&common, format!("per-request:{symbol}"), subject);
        Some(self.lowered(PerRequest { meta, symbol }, &common, subject))
    }

    fn events(&mut self, raw: &raw::Events) -> Option<Lowered<Events>> {
        self.not_empty("names", &raw.names);
        let modules = self.patterns("in", &raw.modules);
        let mut names: Vec<String> = Vec::new();
        for at in raw.names.get() {
            let place = self.place(at);
            if at.get().is_empty() {
                self.problems.add(place, "an event cannot be empty");
            } else if names.contains(at.get()) {
                self.problems
                    .add(place, format!("`{}` is listed twice", at.get()));
            } else {
                names.push(at.get().clone());
            }
        }
        let (common, subject) = (raw.common(), self.place(&raw.names));
        let id = format!("events:{}", names.first()?);
        let rule = Events {
            meta: self.meta(&common, id, subject),
            names,
            modules,
        };
        Some(self.lowered(rule, &common, subject))
    }

    fn gateway(&mut self, raw: &raw::Gateway) -> Option<Lowered<Gateway>> {
        let symbol = self.symbol(&raw.symbol);
        let only_in = self.patterns("only-in", &raw.only_in);
        let (common, subject) = (raw.common(), self.place(&raw.symbol));
        let symbol = symbol?;
        let rule = Gateway {
            meta: self.meta(&common, format!("gateway:{symbol}"), subject),
            symbol,
            only_in,
        };
        Some(self.lowered(rule, &common, subject))
    }

    fn allow(&mut self, rule: &At<raw::Allow>) -> Allow {
        let raw = rule.get();
        let place = self.place(rule);
        let subject = (raw.check.as_ref().map(|at| self.place(at)))
            .or_else(|| raw.symbol.as_ref().map(|at| self.place(at)))
            .or_else(|| raw.path.as_ref()?.0.first().map(|at| self.place(at)));
        if subject.is_none() && !self.problems.is_damaged(place) {
            self.problems
                .add(
                    place,
                    "an `[[allow]]` without limits would allow everything",
                )
                .help("give it `check`, `path` or `symbol`");
        }
        if raw.reason.get().trim().is_empty() {
            let place = self.place(&raw.reason);
            self.problems.add(place, "an exception needs a reason");
        }
        let names_no_path = raw.path.as_ref().is_some_and(|path| path.0.is_empty());
        if subject.is_some() && names_no_path && !self.problems.is_damaged(place) {
            self.problems.add(place, "`path` must not be empty");
        }
        let symbol = raw.symbol.as_ref().and_then(|at| {
            if paths::looks_like_symbol(at.get()) {
                self.symbol(at).map(|symbol| symbol.to_string())
            } else {
                self.module(at)
            }
        });
        let until = raw.until.as_ref().and_then(|at| self.date(at));
        Allow {
            location: self.sources.location(subject.unwrap_or(place)),
            check: raw.check.as_ref().map(|check| check.get().0.clone()),
            paths: raw
                .path
                .as_ref()
                .map_or_else(GlobSet::empty, |globs| self.paths(&globs.0)),
            symbol,
            reason: raw.reason.get().clone(),
            until,
        }
    }

    fn date(&mut self, at: &At<String>) -> Option<String> {
        let parsed = at.get().parse::<toml::value::Datetime>();
        let is_date = parsed.is_ok_and(|date| date.date.is_some() && date.time.is_none());
        if is_date {
            return Some(at.get().clone());
        }
        let place = self.place(at);
        self.problems
            .add(place, format!("`{}` is no date", at.get()))
            .help("write it as year, month and day, such as `2027-06-30`");
        None
    }
}

/// Whether module `inner` is `outer` or lies below it.
pub(super) fn is_within(inner: &str, outer: &str) -> bool {
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with("::"))
}
