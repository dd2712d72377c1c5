//! The rules file as it is written: serde types that also are its JSON Schema.
//!
//! Doc comments here are the descriptions that editors show. What values mean is judged in `lower`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::names::{AREAS, CHECKS};
use crate::span::Span;

/// A value with its place in the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct At<T>(toml::Spanned<T>);

impl<T> At<T> {
    pub(super) fn get(&self) -> &T {
        self.0.get_ref()
    }

    pub(super) fn span(&self) -> Span {
        let range = self.0.span();
        Span::new(range.start as u32, range.end as u32)
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// The rules of a project: one definition and one import path for every shared symbol.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct Rules {
    /// Rules to start from: built-in packs by name, files by path relative to this file. Their rules come first; where
    /// both set the same key, this file wins.
    pub(super) extend: Vec<At<String>>,
    /// What the project is made of.
    pub(super) project: Project,
    /// When a run fails.
    pub(super) gate: Gate,
    /// The severity of each check.
    pub(super) checks: Checks,
    /// Which functions are factories.
    pub(super) factories: Factories,
    /// The weight of each area in the overall score.
    pub(super) score: Score,
    /// Named sets of modules, for use in rules.
    pub(super) selector: Vec<At<Selector>>,
    /// One symbol, one home: the only path it may be imported from.
    pub(super) canonical: Vec<At<Canonical>>,
    /// Modules and symbols that must go.
    pub(super) retired: Vec<At<Retired>>,
    /// Symbols whose instances must not be shared between requests or users.
    pub(super) per_request: Vec<At<PerRequest>>,
    /// Sets of events that code must emit.
    pub(super) events: Vec<At<Events>>,
    /// Symbols that only certain modules may use.
    pub(super) gateway: Vec<At<Gateway>>,
    /// Import contracts between modules.
    pub(super) contract: Vec<At<Contract>>,
    /// Dated exceptions, each with its reason.
    pub(super) allow: Vec<At<Allow>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct Project {
    /// Folders that absolute imports resolve from, relative to the project's root. Worked out when left out.
    pub(super) roots: Option<Vec<At<String>>>,
    /// Globs of paths to leave out, on top of .gitignore and the usual virtualenv and build folders. A pattern without
    /// a slash matches at any depth.
    pub(super) exclude: Option<Vec<At<String>>>,
    /// Globs of paths that are test code. By default `**/tests/**`, `**/test_*.py`, `**/*_test.py` and
    /// `**/conftest.py`.
    pub(super) tests: Option<Vec<At<String>>>,
    /// The import registry document, a path relative to the project's root.
    pub(super) registry: Option<At<String>>,
    /// Whether the import lines of the registry count as `[[canonical]]` rules.
    pub(super) registry_as_rules: Option<At<bool>>,
    /// The oldest Python that must run the code, such as `3.11`. Taken from `requires-python` when left out.
    pub(super) target_version: Option<At<String>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct Gate {
    /// Fail when the overall score is lower than this.
    #[schemars(range(min = 0, max = 100))]
    pub(super) min_score: Option<At<f64>>,
    /// Fail when a finding is at least this grave. `error` by default.
    pub(super) fail_on: Option<FailOn>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "severity")]
pub(super) enum FailOn {
    Error,
    Warning,
    Never,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "severity")]
pub(super) enum Severity {
    Error,
    Warning,
    Info,
    Off,
}

#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Checks(pub(super) BTreeMap<String, Severity>);

impl JsonSchema for Checks {
    fn schema_name() -> Cow<'static, str> {
        "Checks".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let severity = generator.subschema_for::<Severity>();
        named_properties(CHECKS, &severity)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Score(pub(super) BTreeMap<String, At<f64>>);

impl JsonSchema for Score {
    fn schema_name() -> Cow<'static, str> {
        "Score".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        named_properties(AREAS, &json_schema!({"type": "number", "minimum": 0}))
    }
}

/// An object whose keys are `names`, each with its description, and whose values are all alike.
fn named_properties(names: &[(&str, &str)], value: &Schema) -> Schema {
    let properties: serde_json::Map<String, serde_json::Value> = names
        .iter()
        .map(|(name, description)| {
            let mut property = value.clone();
            property.insert("description".to_owned(), (*description).into());
            ((*name).to_owned(), property.to_value())
        })
        .collect();
    json_schema!({"type": "object", "properties": properties, "additionalProperties": false})
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct Factories {
    /// A regular expression that the names of factories match. By default `^(get|create|make|build)_\w+$`.
    pub(super) pattern: Option<At<String>>,
    /// Names, or globs over names, that are no factories after all.
    pub(super) allow: Option<Vec<At<String>>>,
}

/// A check by its name.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct CheckName(pub(super) String);

impl JsonSchema for CheckName {
    fn schema_name() -> Cow<'static, str> {
        "CheckName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = CHECKS.iter().map(|(name, _)| *name).collect();
        json_schema!({"title": "check", "type": "string", "enum": names})
    }
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "language")]
pub(super) enum Language {
    Python,
    Rust,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "kind")]
pub(super) enum Kind {
    Class,
    Function,
    Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "contract type")]
pub(super) enum ContractType {
    Layers,
    Forbidden,
    Independence,
    Protected,
}

impl ContractType {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Layers => "layers",
            Self::Forbidden => "forbidden",
            Self::Independence => "independence",
            Self::Protected => "protected",
        }
    }
}

/// One string or several.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct OneOrMany(pub(super) Vec<At<String>>);

impl JsonSchema for OneOrMany {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "OneOrMany".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // Reading turns the one into a list of one, see `shape`.
        json_schema!({"anyOf": [
            {"type": "string"},
            {"type": "array", "items": {"type": "string"}},
        ]})
    }
}

/// A named set of modules: rules write `@name` where they take globs over modules.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Selector {
    /// The name; letters, digits, `_` and `-`.
    pub(super) name: At<String>,
    /// Globs over the modules it selects, as in `**.*_utils`; selectors above this one, too.
    pub(super) modules: At<Vec<At<String>>>,
    /// Globs over modules that it leaves out all the same.
    #[serde(default)]
    pub(super) except: Vec<At<String>>,
}

/// What every rule may say besides its own keys.
pub(super) struct Common<'a> {
    pub(super) id: Option<&'a At<String>>,
    pub(super) reason: Option<&'a str>,
    pub(super) priority: Option<&'a str>,
    pub(super) severity: Option<Severity>,
    pub(super) lang: Option<Language>,
    pub(super) since: Option<&'a At<String>>,
}

/// A rule's table: its own keys and those that every rule may have. (`serde(flatten)` would lose the places.)
macro_rules! rule {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        pub(super) struct $name {
            $($(#[$field_doc])* pub(super) $field: $type,)*
            /// A name for the rule, unique among all rules. Made from the rule when left out.
            pub(super) id: Option<At<String>>,
            /// Why the rule is there; shown with its findings.
            pub(super) reason: Option<String>,
            /// How urgent its findings are, such as `P0`; orders the work list.
            pub(super) priority: Option<String>,
            /// The severity of its findings, instead of the check's.
            pub(super) severity: Option<Severity>,
            /// The only language whose code the rule speaks about.
            pub(super) lang: Option<Language>,
            /// The Python from which on the rule holds, such as `3.12`: it is not in effect while `target-version` is
            /// older, or not known.
            pub(super) since: Option<At<String>>,
        }

        impl $name {
            pub(super) fn common(&self) -> Common<'_> {
                Common {
                    id: self.id.as_ref(),
                    reason: self.reason.as_deref(),
                    priority: self.priority.as_deref(),
                    severity: self.severity,
                    lang: self.lang,
                    since: self.since.as_ref(),
                }
            }
        }
    };
}

rule!(
    /// One symbol, one home.
    Canonical {
        /// The canonical path, `package.module:Name`, or `crate::module::Name` in Rust.
        symbol: At<String>,
        /// Old paths of the same thing, `package.module:Name`: you vouch that both are the same.
        #[serde(default)]
        replaces: Vec<At<String>>,
        /// Modules, or globs over modules, that may still define the name as long as all it does is raise.
        #[serde(default)]
        tombstones: Vec<At<String>>,
        /// Keyword arguments that every call must give.
        #[serde(default)]
        requires: Vec<At<String>>,
    }
);

rule!(
    /// Something that must go: either a module or a symbol.
    Retired {
        /// The retired module, `package.module`, with everything below it.
        module: Option<At<String>>,
        /// The retired symbol, `package.module:Name`; the module may be a glob, as in `**:Name`.
        symbol: Option<At<String>>,
        /// What to use instead: a symbol, or for a module also a module that every name moves to.
        #[serde(rename = "use")]
        replacement: Option<At<String>>,
        /// Only definitions of this kind; only with `symbol`.
        kind: Option<At<Kind>>,
    }
);

rule!(
    /// A symbol whose instances belong to one request or one user.
    PerRequest {
        /// The class or factory, `package.module:Name`.
        symbol: At<String>,
    }
);

rule!(
    /// Events that code must emit.
    Events {
        /// The events' names.
        names: At<Vec<At<String>>>,
        /// Globs over the modules that must emit them, as in `package.agents.**`.
        #[serde(rename = "in")]
        modules: At<Vec<At<String>>>,
    }
);

rule!(
    /// A symbol that only certain modules may use.
    Gateway {
        /// What is guarded, `package.module:Name`.
        symbol: At<String>,
        /// Globs over the only modules that may use it.
        only_in: At<Vec<At<String>>>,
    }
);

rule!(
    /// An import contract.
    Contract {
        /// What the contract demands. `layers`: each layer imports only those after it. `forbidden`: `modules` do not
        /// import `forbidden`. `independence`: none of `modules` imports another. `protected`: only `importers` import
        /// `modules`.
        #[serde(rename = "type")]
        kind: At<ContractType>,
        /// Layers from the highest to the lowest; for `layers`. `a | b` are siblings that do not import each other, `a : b`
        /// siblings that may; `(a)` may be missing.
        layers: Option<At<Vec<At<String>>>>,
        /// Packages that each have these layers, which are then named relative to them; for `layers`.
        containers: Option<At<Vec<At<String>>>>,
        /// Whether everything directly in a container must be in a layer; for `layers` with `containers`.
        exhaustive: Option<At<bool>>,
        /// What `exhaustive` does not ask for, by its name in the container.
        exhaustive_ignores: Option<At<Vec<At<String>>>>,
        /// Modules, or globs over modules, with all that lies below; for `forbidden`, `independence` and `protected`.
        modules: Option<At<Vec<At<String>>>>,
        /// Modules, or globs over modules, that must not be imported, of the project or not; for `forbidden`.
        forbidden: Option<At<Vec<At<String>>>>,
        /// Whether only direct imports count; for `forbidden`.
        allow_indirect_imports: Option<At<bool>>,
        /// Modules, or globs over modules, that alone may import; for `protected`.
        importers: Option<At<Vec<At<String>>>>,
        /// Imports that do not count, each `importer -> imported`, both modules or globs over modules.
        ignore_imports: Option<At<Vec<At<String>>>>,
        /// Whether imports under `TYPE_CHECKING` do not count.
        ignore_type_checking: Option<At<bool>>,
    }
);

/// A dated exception.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Allow {
    /// The check whose findings are allowed; every check when left out.
    pub(super) check: Option<At<CheckName>>,
    /// A glob, or several, of the files it covers, relative to the project's root; all when left out.
    pub(super) path: Option<OneOrMany>,
    /// Only findings about this symbol, `package.module:Name`, or module.
    pub(super) symbol: Option<At<String>>,
    /// Why it is allowed.
    pub(super) reason: At<String>,
    /// The last day it holds, `YYYY-MM-DD`.
    #[schemars(extend("format" = "date"))]
    pub(super) until: Option<At<String>>,
}
