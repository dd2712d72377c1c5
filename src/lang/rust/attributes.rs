//! Attributes: what they say of the item that they stand on.

use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Lit, Meta, Path, Token};

/// What the attributes of an item amount to.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a trait of its own")]
pub(super) struct Attributes {
    /// It may be left out: `cfg`.
    pub(super) conditional: bool,
    /// It is there for tests only: `cfg(test)`, `test`.
    pub(super) test_only: bool,
    /// `path = "…"`.
    pub(super) path: Option<Box<str>>,
    /// The paths that it has under some condition.
    pub(super) other_paths: Vec<Box<str>>,
    /// Something that may replace the item, or make others beside it.
    pub(super) rewrites: bool,
    /// `macro_export`.
    pub(super) exported: bool,
}

impl Attributes {
    pub(super) fn of(attributes: &[Attribute]) -> Self {
        let mut found = Self::default();
        for attribute in attributes {
            found.one(attribute);
        }
        found
    }

    fn one(&mut self, attribute: &Attribute) {
        let path = attribute.path();
        let Some(name) = path.get_ident() else {
            // `rustfmt::skip`, `tokio::main`: tools change nothing, macros may change all.
            let tool = path.segments.first().map(|first| first.ident.to_string());
            let is_tool = matches!(
                tool.as_deref(),
                Some("rustfmt" | "clippy" | "rustdoc" | "diagnostic" | "miri")
            );
            self.rewrites |= !is_tool;
            self.test_only |= path
                .segments
                .last()
                .is_some_and(|last| last.ident == "test");
            return;
        };
        if name == "doc" {
            return;
        }
        let name = name.to_string();
        match name.as_str() {
            "cfg" => {
                self.conditional = true;
                self.test_only |= attribute
                    .parse_args::<Meta>()
                    .is_ok_and(|condition| needs_test(&condition));
            }
            "cfg_attr" => self.conditional_attribute(attribute),
            "test" | "bench" => self.test_only = true,
            "path" => self.path = text_of(&attribute.meta),
            "macro_export" => self.exported = true,
            "derive" => self.rewrites |= !derives_only_impls(attribute),
            _ => self.rewrites |= !is_inert(&name),
        }
    }

    fn conditional_attribute(&mut self, attribute: &Attribute) {
        let list = attribute
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .unwrap_or_default();
        for meta in list.iter().skip(1) {
            let Some(name) = meta.path().get_ident().map(ToString::to_string) else {
                self.rewrites = true;
                continue;
            };
            match name.as_str() {
                // Another path under another condition: none of them is certain.
                "path" => {
                    self.conditional = true;
                    self.other_paths.extend(text_of(meta));
                }
                "derive" => {}
                name => self.rewrites |= !is_inert(name),
            }
        }
    }
}

/// Whether a condition only holds in tests.
fn needs_test(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => list
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|all| all.iter().any(needs_test)),
        Meta::List(list) if list.path.is_ident("any") => list
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|any| !any.is_empty() && any.iter().all(needs_test)),
        _ => false,
    }
}

fn text_of(meta: &Meta) -> Option<Box<str>> {
    let Meta::NameValue(pair) = meta else {
        return None;
    };
    match &pair.value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value().into()),
            _ => None,
        },
        _ => None,
    }
}

/// Derives that add implementations of traits and no other names.
fn derives_only_impls(attribute: &Attribute) -> bool {
    let list = attribute
        .parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)
        .unwrap_or_default();
    list.iter().all(|path| {
        let last = path.segments.last().map(|last| last.ident.to_string());
        matches!(
            last.as_deref(),
            Some(
                "Clone"
                    | "Copy"
                    | "Debug"
                    | "Default"
                    | "PartialEq"
                    | "Eq"
                    | "PartialOrd"
                    | "Ord"
                    | "Hash"
                    | "Serialize"
                    | "Deserialize"
                    | "Error"
                    | "Parser"
                    | "Subcommand"
                    | "Args"
                    | "ValueEnum"
                    | "JsonSchema"
            )
        )
    })
}

/// Attributes that leave the item what it is: those of the compiler, and helpers of derives.
fn is_inert(name: &str) -> bool {
    matches!(
        name,
        "allow"
            | "arg"
            | "automatically_derived"
            | "clap"
            | "cold"
            | "command"
            | "coverage"
            | "default"
            | "deny"
            | "deprecated"
            | "doc"
            | "error"
            | "expect"
            | "export_name"
            | "feature"
            | "forbid"
            | "global_allocator"
            | "group"
            | "ignore"
            | "inline"
            | "link"
            | "link_name"
            | "link_section"
            | "macro_use"
            | "must_use"
            | "naked"
            | "no_implicit_prelude"
            | "no_link"
            | "no_mangle"
            | "no_std"
            | "non_exhaustive"
            | "optimize"
            | "panic_handler"
            | "proc_macro"
            | "proc_macro_attribute"
            | "proc_macro_derive"
            | "recursion_limit"
            | "repr"
            | "rustc_const_stable"
            | "schemars"
            | "serde"
            | "should_panic"
            | "stable"
            | "target_feature"
            | "track_caller"
            | "type_length_limit"
            | "unstable"
            | "used"
            | "value"
            | "warn"
            | "windows_subsystem"
    )
}
