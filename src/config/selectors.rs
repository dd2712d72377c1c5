//! Judges `[[selector]]` tables and finds the selectors that rules name.
//!
//! A rule may name selectors of its own file and of those that its file extends; a selector those above it.

use std::sync::Arc;

use super::layer::Lowering;
use super::model::{DeclaredSelector, ModuleMatcher, ModulePattern, Selector};
use super::names::{closest, one_of};
use super::paths;
use super::problem::Place;
use super::raw::{self, At};

/// The selectors known so far, in the order they were read.
#[derive(Debug, Default)]
pub(super) struct Selectors(Vec<Known>);

#[derive(Debug)]
struct Known {
    selector: Arc<Selector>,
    place: Place,
    used: bool,
}

impl Selectors {
    fn find(&mut self, name: &str) -> Option<&mut Known> {
        self.0.iter_mut().find(|known| known.selector.name == name)
    }

    /// All of them, with whether anything names them.
    pub(super) fn into_declared(self) -> Vec<DeclaredSelector> {
        let declared = self.0.into_iter().map(|known| DeclaredSelector {
            selector: known.selector,
            used: known.used,
        });
        declared.collect()
    }
}

impl Lowering<'_> {
    /// Judges one selector and remembers it.
    pub(super) fn selector(&mut self, raw: &raw::Selector) {
        let name = raw.name.get();
        let place = self.place(&raw.name);
        let modules = self.patterns("modules", &raw.modules);
        let except = raw.except.iter();
        let except = except.filter_map(|at| self.pattern(at, at.get())).collect();
        let fits = |ch: char| ch.is_alphanumeric() || matches!(ch, '_' | '-');
        if name.is_empty() || !name.chars().all(fits) {
            self.problems
                .add(place, format!("`{name}` is no name of a selector"))
                .help("letters, digits, `_` and `-` make one, without the `@` that rules write");
            return;
        }
        if let Some(first) = self.selectors.find(name) {
            let first = first.place;
            self.problems
                .add(place, format!("two selectors are called `{name}`"))
                .related(first, "the other one");
            return;
        }
        let selector = Selector {
            name: name.clone(),
            modules,
            except,
            location: self.sources.location(place),
            pack: self.sources.file(self.file).pack.clone(),
        };
        self.selectors.0.push(Known {
            selector: Arc::new(selector),
            place,
            used: false,
        });
    }

    /// Reads a glob over modules, or `@` and a selector's name, that stands at `at`.
    pub(super) fn pattern(&mut self, at: &At<String>, text: &str) -> Option<ModulePattern> {
        let Some(name) = paths::selector(text) else {
            return self.checked(at, paths::module_pattern(text));
        };
        if let Some(known) = self.selectors.find(name) {
            known.used = true;
            return Some(ModulePattern {
                text: text.to_owned(),
                matcher: ModuleMatcher::Selector(Arc::clone(&known.selector)),
            });
        }
        self.no_selector(at, name);
        None
    }

    fn no_selector(&mut self, at: &At<String>, name: &str) {
        let place = self.place(at);
        let known = || self.selectors.0.iter().map(|it| it.selector.name.as_str());
        let help = match closest(name, known()) {
            Some(meant) => format!("did you mean `@{meant}`?"),
            None if known().next().is_none() => {
                format!("define it: `[[selector]]` with `name = \"{name}\"` and `modules`")
            }
            None => format!("it may be {}", one_of(known())),
        };
        self.problems
            .add(place, format!("there is no selector `{name}`"))
            .help(help);
    }
}
