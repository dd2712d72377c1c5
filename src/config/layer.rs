//! One rules file after its values have been judged: only what the file says, no defaults yet.

use std::collections::BTreeMap;

use globset::GlobSet;
use regex::Regex;

use super::globs;
use super::model::{
    Allow, Canonical, Contract, Events, Gateway, PerRequest, PythonVersion, Retired, RuleMeta,
};
use super::problem::{Place, Problems, Sources};
use super::raw::{self, At};
use super::selectors::Selectors;
use super::{python_version, rules};
use crate::diagnostic::Severity;

/// What one file says, or several merged.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub(super) roots: Option<Vec<(String, Place)>>,
    pub(super) exclude: Option<GlobSet>,
    pub(super) tests: Option<GlobSet>,
    pub(super) registry: Option<String>,
    pub(super) registry_as_rules: Option<(bool, Place)>,
    pub(super) target_version: Option<PythonVersion>,
    pub(super) min_score: Option<f64>,
    /// `Some(None)` is `never`.
    #[allow(clippy::option_option, reason = "not said, never, or a severity")]
    pub(super) fail_on: Option<Option<Severity>>,
    pub(super) checks: BTreeMap<String, Option<Severity>>,
    pub(super) pattern: Option<Regex>,
    pub(super) factories_allow: Option<GlobSet>,
    pub(super) weights: BTreeMap<String, f64>,
    pub(super) canonical: Vec<Lowered<Canonical>>,
    pub(super) retired: Vec<Lowered<Retired>>,
    pub(super) per_request: Vec<Lowered<PerRequest>>,
    pub(super) events: Vec<Lowered<Events>>,
    pub(super) gateways: Vec<Lowered<Gateway>>,
    pub(super) contracts: Vec<Lowered<Contract>>,
    pub(super) allow: Vec<Allow>,
}

/// A rule with the places that contradictions point at.
#[derive(Debug)]
pub(super) struct Lowered<T> {
    pub(super) rule: T,
    /// Where what the rule is about is named.
    pub(super) subject: Place,
    /// Where the other things it names stand: `replaces` in order, or `use`.
    pub(super) others: Vec<Place>,
    /// Where the user gave its id; none when it is made up.
    pub(super) id: Option<Place>,
    /// The Python from which on it holds; none when it always does.
    pub(super) since: Option<PythonVersion>,
}

impl Layer {
    /// Takes over what `nearer` says: its settings win, its rules come after.
    pub(super) fn extend(&mut self, nearer: Self) {
        fn win<T>(mine: &mut Option<T>, nearer: Option<T>) {
            if nearer.is_some() {
                *mine = nearer;
            }
        }
        win(&mut self.roots, nearer.roots);
        win(&mut self.exclude, nearer.exclude);
        win(&mut self.tests, nearer.tests);
        win(&mut self.registry, nearer.registry);
        win(&mut self.registry_as_rules, nearer.registry_as_rules);
        win(&mut self.target_version, nearer.target_version);
        win(&mut self.min_score, nearer.min_score);
        win(&mut self.fail_on, nearer.fail_on);
        win(&mut self.pattern, nearer.pattern);
        win(&mut self.factories_allow, nearer.factories_allow);
        self.checks.extend(nearer.checks);
        self.weights.extend(nearer.weights);
        self.canonical.extend(nearer.canonical);
        self.retired.extend(nearer.retired);
        self.per_request.extend(nearer.per_request);
        self.events.extend(nearer.events);
        self.gateways.extend(nearer.gateways);
        self.contracts.extend(nearer.contracts);
        self.allow.extend(nearer.allow);
    }

    /// Every rule's meta data with the place of its id, kind by kind.
    pub(super) fn metas(&mut self) -> Vec<(&mut RuleMeta, Option<Place>)> {
        let mut metas = Vec::new();
        metas.extend(self.canonical.iter_mut().map(|r| (&mut r.rule.meta, r.id)));
        metas.extend(self.retired.iter_mut().map(|r| (&mut r.rule.meta, r.id)));
        metas.extend(
            self.per_request
                .iter_mut()
                .map(|r| (&mut r.rule.meta, r.id)),
        );
        metas.extend(self.events.iter_mut().map(|r| (&mut r.rule.meta, r.id)));
        metas.extend(self.gateways.iter_mut().map(|r| (&mut r.rule.meta, r.id)));
        metas.extend(self.contracts.iter_mut().map(|r| (&mut r.rule.meta, r.id)));
        metas
    }
}

/// Judges the values of one file.
pub(super) fn lower(
    raw: &raw::Rules,
    file: usize,
    sources: &Sources,
    selectors: &mut Selectors,
    problems: &mut Problems,
) -> Layer {
    let mut layer = Layer::default();
    let mut lowering = Lowering {
        file,
        sources,
        selectors,
        problems,
    };
    lowering.project(&raw.project, &mut layer);
    lowering.gate(&raw.gate, &mut layer);
    lowering.factories(&raw.factories, &mut layer);
    lowering.score(&raw.score, &mut layer);
    for (check, severity) in &raw.checks.0 {
        layer.checks.insert(check.clone(), severity_of(*severity));
    }
    rules::lower(raw, &mut lowering, &mut layer);
    layer
}

pub(super) const fn severity_of(raw: raw::Severity) -> Option<Severity> {
    match raw {
        raw::Severity::Error => Some(Severity::Error),
        raw::Severity::Warning => Some(Severity::Warning),
        raw::Severity::Info => Some(Severity::Info),
        raw::Severity::Off => None,
    }
}

/// The file whose values are judged, and where mistakes go.
pub(super) struct Lowering<'a> {
    pub(super) file: usize,
    pub(super) sources: &'a Sources,
    pub(super) selectors: &'a mut Selectors,
    pub(super) problems: &'a mut Problems,
}

impl Lowering<'_> {
    pub(super) fn place<T>(&self, at: &At<T>) -> Place {
        Place {
            file: self.file,
            span: at.span(),
        }
    }

    pub(super) fn paths(&mut self, patterns: &[At<String>]) -> GlobSet {
        globs::paths(patterns, self.file, self.problems)
    }

    fn project(&mut self, raw: &raw::Project, layer: &mut Layer) {
        layer.roots = raw.roots.as_ref().map(|roots| {
            roots
                .iter()
                .filter_map(|root| self.relative(root))
                .collect()
        });
        layer.exclude = raw.exclude.as_ref().map(|globs| self.paths(globs));
        layer.tests = raw.tests.as_ref().map(|globs| self.paths(globs));
        layer.registry = raw
            .registry
            .as_ref()
            .and_then(|path| self.relative(path))
            .map(|(path, _)| path);
        layer.registry_as_rules = raw
            .registry_as_rules
            .as_ref()
            .map(|switch| (*switch.get(), self.place(switch)));
        layer.target_version = raw
            .target_version
            .as_ref()
            .and_then(|version| self.python_version(version));
    }

    /// A path below the project's root, with `/` and without `./`.
    fn relative(&mut self, raw: &At<String>) -> Option<(String, Place)> {
        let (text, place) = (raw.get(), self.place(raw));
        let path = text.replace('\\', "/");
        let parts: Vec<&str> = path
            .split('/')
            .filter(|part| !matches!(*part, "" | "."))
            .collect();
        let drive = parts.first().is_some_and(|part| part.ends_with(':'));
        if text.is_empty() || path.starts_with('/') || drive || parts.contains(&"..") {
            self.problems
                .add(place, format!("`{text}` is no path inside the project"))
                .help("write it relative to the project's root; the root itself is `.`");
            return None;
        }
        let path = if parts.is_empty() {
            ".".to_owned()
        } else {
            parts.join("/")
        };
        Some((path, place))
    }

    pub(super) fn python_version(&mut self, raw: &At<String>) -> Option<PythonVersion> {
        let version = python_version::parse(raw.get());
        if version.is_none() {
            let place = self.place(raw);
            let problem = self
                .problems
                .add(place, format!("bad Python version `{}`", raw.get()));
            match python_version::guess(raw.get()) {
                Some(meant) => problem.help(format!("did you mean `{meant}`?")),
                None => problem.help("it may be `3.7` to `3.15`"),
            };
        }
        version
    }

    fn gate(&mut self, raw: &raw::Gate, layer: &mut Layer) {
        layer.fail_on = raw.fail_on.map(|fail_on| match fail_on {
            raw::FailOn::Error => Some(Severity::Error),
            raw::FailOn::Warning => Some(Severity::Warning),
            raw::FailOn::Never => None,
        });
        let Some(score) = &raw.min_score else { return };
        if (0.0..=100.0).contains(score.get()) {
            layer.min_score = Some(*score.get());
        } else {
            let place = self.place(score);
            self.problems
                .add(place, "`min-score` must lie between 0 and 100");
        }
    }

    fn factories(&mut self, raw: &raw::Factories, layer: &mut Layer) {
        layer.factories_allow = raw
            .allow
            .as_ref()
            .map(|names| globs::names(names, self.file, self.problems));
        let Some(pattern) = &raw.pattern else { return };
        match Regex::new(pattern.get()) {
            Ok(regex) => layer.pattern = Some(regex),
            Err(error) => {
                let place = self.place(pattern);
                self.problems.add(
                    place,
                    format!("bad regular expression: {}", regex_reason(&error)),
                );
            }
        }
    }

    fn score(&mut self, raw: &raw::Score, layer: &mut Layer) {
        for (area, weight) in &raw.0 {
            if weight.get().is_finite() && *weight.get() >= 0.0 {
                layer.weights.insert(area.clone(), *weight.get());
            } else {
                let place = self.place(weight);
                self.problems.add(
                    place,
                    format!("the weight of `{area}` must be a number, 0 or more"),
                );
            }
        }
    }
}

/// The last line of the error is its reason; those before draw the pattern, which is underlined in the file anyway.
fn regex_reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}
