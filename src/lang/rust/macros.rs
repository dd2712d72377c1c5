//! Macro calls: what is known of those of the standard library.
//!
//! Of any other macro nothing is known: what stands in it is text, and it may leave the function.

use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::visit::Visit as _;
use syn::{Expr, Token};

use super::extract::Extractor;

/// What a macro does besides evaluating its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Nothing that matters here.
    Plain,
    /// It may panic.
    Asserts,
    /// It panics.
    Panics,
    Unknown,
}

fn kind(path: &syn::Path) -> Kind {
    let std = match path.segments.len() {
        1 => true,
        2 => {
            let first = &path.segments[0].ident;
            first == "std" || first == "core" || first == "alloc"
        }
        _ => false,
    };
    let Some(last) = path.segments.last().filter(|_| std) else {
        return Kind::Unknown;
    };
    match last.ident.to_string().as_str() {
        "print" | "println" | "eprint" | "eprintln" | "write" | "writeln" | "format"
        | "format_args" | "vec" | "dbg" | "matches" | "concat" | "stringify" | "line" | "file"
        | "column" | "module_path" | "cfg" | "env" | "option_env" | "include_str"
        | "include_bytes" => Kind::Plain,
        "assert" | "assert_eq" | "assert_ne" | "debug_assert" | "debug_assert_eq"
        | "debug_assert_ne" => Kind::Asserts,
        "panic" | "todo" | "unimplemented" | "unreachable" => Kind::Panics,
        _ => Kind::Unknown,
    }
}

/// Whether a macro does nothing but panic.
pub(super) fn always_panics(path: &syn::Path) -> bool {
    kind(path) == Kind::Panics
}

impl Extractor<'_> {
    pub(super) fn macro_call(&mut self, mac: &syn::Macro) {
        self.macro_path(&mac.path);
        let start = || mac.path.segments.first().map(|first| first.ident.span());
        match kind(&mac.path) {
            Kind::Unknown => {
                if let Some(start) = start() {
                    let offset = self.span(start).start;
                    self.may_exit(offset);
                }
            }
            Kind::Plain => self.macro_arguments(mac),
            Kind::Asserts => {
                self.macro_arguments(mac);
                if let Some(start) = start() {
                    let offset = self.span(start).start;
                    self.may_exit(offset);
                }
            }
            Kind::Panics => {
                self.macro_arguments(mac);
                if let Some(start) = start() {
                    let offset = self.span(start).start;
                    self.may_exit(offset);
                }
                self.stop();
            }
        }
    }

    /// A macro's own path counts as a use of it where it names its module.
    pub(super) fn macro_path(&mut self, path: &syn::Path) {
        if path.segments.len() > 1 {
            self.path_use(path);
        }
    }

    fn macro_arguments(&mut self, mac: &syn::Macro) {
        let tokens = mac.tokens.clone();
        let list = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens.clone());
        if let Ok(list) = list {
            for argument in &list {
                match argument {
                    // `name = value` in a format.
                    Expr::Assign(assign) => self.visit_expr(&assign.right),
                    other => self.visit_expr(other),
                }
            }
            self.formatted(mac, &list);
            return;
        }
        // `vec![x; n]`, `matches!(x, …)`.
        let first = |input: syn::parse::ParseStream<'_>| {
            let first: Expr = input.parse()?;
            input.parse::<proc_macro2::TokenStream>()?;
            Ok(first)
        };
        if let Ok(first) = first.parse2(tokens) {
            self.visit_expr(&first);
        }
    }
}
