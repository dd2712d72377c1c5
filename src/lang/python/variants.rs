//! Code that is written for several versions of what it uses: a `try` that is ready for a missing import or name, an
//! `if` that asks for a version.

use ruff_python_ast::{ExceptHandler, ExceptHandlerExceptHandler, Expr, Stmt, StmtTry};
use ruff_text_size::{Ranged, TextRange};

use super::extract::{Extractor, span};
use crate::span::Span;

impl Extractor<'_> {
    /// Notes a `try` whose handlers are there for what other versions lack: for a missing import in its body, or for a
    /// missing name in all of it. What a handler does instead is for other versions, whatever it is.
    pub(super) fn note_fallback(&mut self, stmt: &StmtTry) {
        if !self.read.versions {
            return;
        }
        let only_imports = stmt
            .body
            .iter()
            .all(|stmt| matches!(stmt, Stmt::Import(_) | Stmt::ImportFrom(_)));
        let handlers = stmt.handlers.iter().map(|handler| {
            let ExceptHandler::ExceptHandler(handler) = handler;
            handler
        });
        if handlers
            .clone()
            .any(|handler| expects(handler, &["AttributeError"]))
        {
            self.variants.push(span(stmt.range()));
            return;
        }
        for handler in handlers {
            if only_imports || expects(handler, &["ImportError", "ModuleNotFoundError"]) {
                self.fallbacks.push(span(stmt.range()));
                self.variants.push(span(handler.range()));
            }
        }
    }

    /// Notes a choice whose test asks for a version.
    pub(super) fn note_choice(&mut self, test: &Expr, choice: TextRange) {
        if self.read.versions && asks_for_version(test, 0) {
            self.variants.push(span(choice));
        }
    }
}

/// The outermost of the stretches noted, in source order.
pub(super) fn outermost(noted: &[Span]) -> Vec<Span> {
    let mut sorted = noted.to_vec();
    sorted.sort_unstable_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut end = 0;
    sorted.retain(|span| {
        let is_outside = span.start >= end;
        end = end.max(span.end);
        is_outside
    });
    sorted
}

/// Whether a handler names one of these exceptions.
fn expects(handler: &ExceptHandlerExceptHandler, exceptions: &[&str]) -> bool {
    let is_one =
        |type_: &Expr| matches!(type_, Expr::Name(name) if exceptions.contains(&name.id.as_str()));
    match handler.type_.as_deref() {
        Some(Expr::Tuple(tuple)) => tuple.elts.iter().any(is_one),
        Some(type_) => is_one(type_),
        None => false,
    }
}

/// How deep in a test a version is looked for: people write it near the top, programs nest without end.
const DEEPEST: u32 = 8;

fn asks_for_version(test: &Expr, depth: u32) -> bool {
    if depth > DEEPEST {
        return false;
    }
    let asks = |inner: &Expr| asks_for_version(inner, depth + 1);
    match test {
        Expr::Name(name) => names_version(name.id.as_str()),
        Expr::Attribute(attribute) => {
            names_version(attribute.attr.id.as_str()) || asks(&attribute.value)
        }
        Expr::Compare(compare) => asks(&compare.left) || compare.comparators.iter().any(asks),
        Expr::BoolOp(op) => op.values.iter().any(asks),
        Expr::UnaryOp(op) => asks(&op.operand),
        Expr::Subscript(subscript) => asks(&subscript.value),
        Expr::Call(call) => {
            let asks_for_name =
                matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "hasattr");
            asks_for_name || asks(&call.func) || call.arguments.args.iter().any(asks)
        }
        _ => false,
    }
}

/// Whether a name stands for a version: `sys.version_info`, `np.__version__`, `NumpyVersion`, `find_spec`, or a constant
/// with a number such as `PY38`, `NUMPY_2`.
fn names_version(name: &str) -> bool {
    let constant = || {
        let mut bytes = name.bytes();
        bytes.clone().any(|byte| byte.is_ascii_digit())
            && bytes.clone().any(|byte| byte.is_ascii_uppercase())
            && bytes.all(|byte| !byte.is_ascii_lowercase())
    };
    name == "find_spec"
        || name.contains("version")
        || name.contains("Version")
        || name.contains("VERSION")
        || constant()
}
