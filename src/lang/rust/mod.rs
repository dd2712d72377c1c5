//! Rust: facts from the tree of `syn`.
//!
//! The only module that names `syn` and `proc_macro2`. Extraction is total: whatever the text, facts come out, with
//! the errors among them, and the tree is dropped.

mod attributes;
mod classes;
mod comments;
mod conversions;
mod declare;
mod depth;
mod expressions;
mod extract;
mod finish;
mod flow;
mod formats;
mod functions;
mod items;
mod layout;
mod macros;
mod names;
mod operators;
mod paths;
mod rewrite;
mod statements;
mod types;
mod uses;

pub use layout::{child_folder, join, submodule_files};
pub use rewrite::rewrite;

use crate::facts::{Draft, Dynamic, Pack, Scope, ScopeId, ScopeKind, SyntaxError, SyntaxErrorKind};
use crate::span::Span;
use extract::Extractor;

/// Bytes of stack that a level of nesting takes at most while a tree is parsed, visited and dropped.
const BYTES_PER_LEVEL: usize = if cfg!(debug_assertions) {
    32 * 1024
} else {
    8 * 1024
};

/// Stack for what is not nested.
const BASE: usize = 512 * 1024;

/// Nesting beyond which a file is not read. No one writes such a file, and no compiler reads it.
const TOO_DEEP: u32 = 20_000;

/// Reads `text` as Rust and adds its facts to `pack`.
pub fn extract(text: &str, pack: &mut Pack) {
    let draft = pack.draft();
    draft.lines.fill(text);
    let depth = depth::bound(text);
    if depth > TOO_DEEP {
        unread(
            draft,
            Span::at(0),
            "nested too deeply to be read".to_owned(),
        );
    } else {
        let stack = BASE + depth as usize * BYTES_PER_LEVEL;
        stacker::maybe_grow(stack, stack + BASE, || read(text, draft));
        // Each thread keeps the text of all it parsed until told that no span is left.
        proc_macro2::extra::invalidate_current_thread_spans();
    }
    pack.add();
}

fn read(text: &str, draft: &mut Draft) {
    let start = code_start(text);
    match syn::parse_file(&text[start..]) {
        Ok(file) => Extractor::new(start as u32, draft).file(&file),
        Err(error) => {
            let at = error.span().byte_range();
            let span = Span::new((start + at.start) as u32, (start + at.end) as u32);
            unread(draft, span, error.to_string());
        }
    }
    if crate::lang::suppressions::has_marks(text) {
        draft.suppressions = comments::suppressions(text);
    }
}

/// Where the code starts behind a `#!` line, which the parser takes off and counts from there, and behind the manifest
/// that a script may carry between lines of dashes.
fn code_start(text: &str) -> usize {
    let is_shebang = text.starts_with("#!") && !text[2..].trim_start().starts_with('[');
    let start = if is_shebang {
        text.find('\n').unwrap_or(text.len())
    } else {
        0
    };
    let rest = text[start..].trim_start();
    let name = rest.trim_start_matches('-');
    let dashes = &rest[..rest.len() - name.len()];
    if dashes.len() < 3 {
        return start;
    }
    let opened = text.len() - name.len();
    let closed = text[opened..].match_indices('\n').find_map(|(at, _)| {
        let line = opened + at + 1;
        let behind = text[line..].strip_prefix(dashes)?;
        let is_end = behind.lines().next().unwrap_or_default().trim().is_empty();
        is_end.then_some(line + dashes.len())
    });
    closed.unwrap_or(start)
}

/// Facts of a file of which only its error is known.
fn unread(draft: &mut Draft, span: Span, message: String) {
    draft.scopes.push(Scope {
        kind: ScopeKind::Module,
        parent: ScopeId::MODULE,
        definition: None,
    });
    draft.dynamic = Some(Dynamic::Recovered);
    draft.errors.push(SyntaxError {
        span,
        message,
        kind: SyntaxErrorKind::Invalid,
    });
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::facts::{BindingValue, FileFacts, ImportTarget, Visibility};
    use crate::lang::Language;

    fn facts(text: &str) -> FileFacts {
        Language::Rust.extract(text, None)
    }

    fn imports(text: &str) -> Vec<String> {
        let facts = facts(text);
        let imports = facts.imports.iter().map(|import| {
            let name = match import.target {
                ImportTarget::Name(name) => facts.name(name),
                ImportTarget::Star => "*",
                _ => "",
            };
            let local = import.binding.map_or("-", |binding| {
                facts.name(facts.bindings[binding.index()].name)
            });
            let alias = &text[import.alias.range()];
            format!("{} {name} {local} [{alias}]", facts.name(import.module))
        });
        imports.collect()
    }

    #[test]
    fn use_trees_are_taken_apart() {
        assert_eq!(
            imports("pub use a::{b::{self, c as d}, e::*, F as _};\nuse g;\nuse super::h::I;"),
            [
                "a b b [self]",
                "a::b c d [c as d]",
                "a::e * - [*]",
                "a F - [F as _]",
                "g  g [g]",
                "super::h I I [I]",
            ]
        );
        assert_eq!(imports("use ::a::r#type;"), ["::a type type [r#type]"]);
        assert_eq!(imports("extern crate a as b;"), ["::a  b [a as b]"]);
    }

    #[test]
    fn spans_are_bytes_whatever_stands_before() {
        let text =
            "#!/usr/bin/env run\n// größe 大きさ\r\nuse a::{Größe, b};\nfn f() { \"ü\"; c::d() }";
        assert_eq!(
            imports(text),
            ["a Größe Größe [Größe]", "a b b [b]", "c d d [c::d]"]
        );
        let facts = facts(text);
        assert_eq!(
            facts.lines.position(facts.imports[1].alias.start).column,
            16
        );
    }

    #[test]
    fn the_manifest_of_a_script_is_no_code() {
        for head in ["", "#!/usr/bin/env cargo\n", "\n"] {
            let text = format!("{head}---cargo\n[dependencies]\nx = \"--- 1\"\n---\nuse a::b;\n");
            assert_eq!(imports(&text), ["a b b [b]"], "{text}");
            assert!(facts(&text).errors.is_empty());
        }
        assert_eq!(facts("---\nuse a::b;\n").errors.len(), 1);
        assert_eq!(imports("use a::b;\nconst X: i8 = ---1;\n"), ["a b b [b]"]);
    }

    #[test]
    fn paths_in_code_are_imports_where_they_start_at_a_module() {
        let text = "use a::b;\nmod m;\nstruct S;\nfn f(x: std::io::Error) {\n    b::g();\n    m::h();\n    S::new();\n    u8::MAX;\n    super::T::make::<u8>();\n}";
        assert_eq!(
            imports(text),
            [
                "a b b [b]",
                "std::io Error Error [std::io::Error]",
                "self::m h h [m::h]",
                "super T T [super::T]",
            ]
        );
    }

    #[test]
    fn who_may_take_a_name_is_known() {
        let facts = facts("pub fn a() {}\npub(crate) fn b() {}\nfn c() {}\npub(self) fn d() {}");
        let all: Vec<Visibility> = facts.bindings.iter().map(|one| one.visibility).collect();
        assert_eq!(
            all,
            [
                Visibility::Public,
                Visibility::Unit,
                Visibility::Private,
                Visibility::Private
            ]
        );
    }

    #[test]
    fn modules_are_declared_with_what_they_say() {
        let facts = facts(
            "#[cfg(test)]\nmod tests {\n    #[path = \"x.rs\"]\n    mod a;\n}\n#[cfg(unix)]\nmod b;",
        );
        let all: Vec<String> = facts
            .modules
            .iter()
            .map(|one| {
                let name = facts.name(one.name);
                format!(
                    "{name} {} {} {:?}",
                    one.test_only, one.conditional, one.path
                )
            })
            .collect();
        assert_eq!(
            all,
            [
                "tests true true None",
                "a true false Some(\"x.rs\")",
                "b false true None"
            ]
        );
    }

    #[test]
    fn the_same_arguments_are_handed_on_only_where_nothing_can_change_them() {
        let same = |text: &str| -> Vec<bool> {
            let facts = facts(text);
            facts.calls.iter().map(|call| call.same_arguments).collect()
        };
        assert_eq!(same("fn f(a: u8) { f(a) }"), [true]);
        assert_eq!(same("fn f(a: u8) { f(a + 1) }"), [false]);
        assert_eq!(same("fn f(a: &mut Vec<u8>) { a.pop(); f(a) }"), [false]);
        let method = |body: &str| format!("struct S; impl S {{ {body} }}");
        assert_eq!(same(&method("fn f(&self, a: u8) { self.f(a) }")), [true]);
        assert_eq!(
            same(&method("fn f(&mut self, a: u8) { self.f(a) }")),
            [false]
        );
        assert_eq!(same(&method("fn f(&self, o: &S) { o.f(o) }")), [false]);
    }

    #[test]
    fn items_of_macros_that_leave_them_in_or_out_are_read() {
        let modules = |text: &str| -> Vec<(String, bool)> {
            let facts = facts(text);
            let all = facts.modules.iter();
            let all = all.map(|one| (facts.name(one.name).to_owned(), one.conditional));
            all.collect()
        };
        let text = "mod a; cfg_net! { pub mod b; cfg_unix! { mod c; } } other! { mod d; }";
        let expected = [("a", false), ("b", true), ("c", true)];
        let expected = expected.map(|(name, conditional)| (name.to_owned(), conditional));
        assert_eq!(modules(text), expected);
        assert!(facts("cfg_net! { pub mod b; }").dynamic.is_none());
        assert!(facts("cfg_net! { made of words }").dynamic.is_some());
    }

    #[test]
    fn any_text_gives_facts() {
        let texts = [
            String::new(),
            "fn".to_owned(),
            "\u{0}".to_owned(),
            "#!".to_owned(),
            "'".to_owned(),
            "r#\"".to_owned(),
            "/*".to_owned(),
            "use ::{};".to_owned(),
            "impl<T> X for [T] { type Y = <T as Z>::W; }".to_owned(),
            "}".repeat(100),
            "(".repeat(100_000),
        ];
        for text in texts {
            let facts = facts(&text);
            assert!(!facts.scopes.is_empty(), "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_survived() {
        for (open, close) in [
            ("(", ")"),
            ("!", ""),
            ("{", "}"),
            ("&", ""),
            ("if a {} else ", "{}"),
        ] {
            let inner = format!(
                "{}x{}",
                open.repeat(3000),
                close.repeat(if close.is_empty() { 0 } else { 3000 })
            );
            let inner = if open.starts_with("if") {
                format!("{}{{}}", open.repeat(3000))
            } else {
                inner
            };
            let facts = facts(&format!("fn f() {{ {inner} }}"));
            assert!(facts.errors.is_empty(), "{open}: {:?}", facts.errors);
        }
        let chain = facts(&format!("fn f() {{ x{}; }}", ".a()".repeat(3000)));
        assert!(chain.errors.is_empty());
        let sum = facts(&format!("fn f() {{ 1{}; }}", " + 1".repeat(3000)));
        assert!(sum.errors.is_empty());
        let deep = facts(&format!("fn f() {{ {}x }}", "!".repeat(50_000)));
        assert_eq!(deep.errors[0].message, "nested too deeply to be read");
    }

    #[test]
    fn definitions_are_bound_under_their_names() {
        let facts = facts(
            "pub struct A;\nenum B { C, D }\nimpl A { fn e(&self) {} }\nmacro_rules! f { () => {} }\nconst G: u8 = 1;",
        );
        let bound: Vec<(&str, bool)> = facts
            .bindings
            .iter()
            .map(|one| {
                let is_definition = matches!(one.value, BindingValue::Definition(_));
                (facts.name(one.name), is_definition)
            })
            .collect();
        assert_eq!(
            bound,
            [
                ("A", true),
                ("B", true),
                ("f", false),
                ("G", false),
                ("C", false),
                ("D", false),
                ("e", true)
            ]
        );
        let member = |name: &str| facts.member(ScopeId::MODULE, name).is_some();
        assert!(member("A") && member("f") && !member("C") && !member("e"));
    }
}
