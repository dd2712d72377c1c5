//! Questions about single pieces of syntax, answered without looking around.

use ruff_python_ast::{self as ast, Expr, Pattern, Stmt};
use ruff_text_size::Ranged;

use super::flow::Catches;

pub(super) fn first_segment(module: &str) -> &str {
    module.split_once('.').map_or(module, |(first, _)| first)
}

/// The end of a compound statement's header; none for a simple statement.
pub(super) fn header_end(stmt: &Stmt) -> Option<u32> {
    let body = match stmt {
        Stmt::FunctionDef(stmt) => &stmt.body,
        Stmt::ClassDef(stmt) => &stmt.body,
        Stmt::If(stmt) => &stmt.body,
        Stmt::For(stmt) => &stmt.body,
        Stmt::While(stmt) => &stmt.body,
        Stmt::With(stmt) => &stmt.body,
        Stmt::Try(stmt) => &stmt.body,
        Stmt::Match(stmt) => return Some(stmt.subject.end().to_u32()),
        _ => return None,
    };
    body.first()
        .map(|first| first.start().to_u32().saturating_sub(1))
}

/// The last segment of the exception that a `raise` names.
pub(super) fn exception_name(exc: &Expr) -> Option<&str> {
    let callee = match exc {
        Expr::Call(call) => &*call.func,
        other => other,
    };
    match callee {
        Expr::Name(name) if name.id.as_str().starts_with(char::is_uppercase) => {
            Some(name.id.as_str())
        }
        Expr::Attribute(attribute) => Some(attribute.attr.id.as_str()),
        _ => None,
    }
}

pub(super) fn catches(type_: Option<&Expr>) -> Catches<'_> {
    let mut catches = Catches::default();
    match type_ {
        None => catches.anything = true,
        Some(Expr::Tuple(tuple)) => tuple
            .elts
            .iter()
            .for_each(|elt| add_caught(&mut catches, elt)),
        Some(other) => add_caught(&mut catches, other),
    }
    catches
}

pub(super) fn add_caught<'a>(catches: &mut Catches<'a>, expr: &'a Expr) {
    match expr {
        Expr::Name(name) => catches.names.push(name.id.as_str()),
        Expr::Attribute(attribute) => catches.names.push(attribute.attr.id.as_str()),
        _ => catches.anything = true,
    }
}

/// What `contextlib.suppress(…)`, `pytest.raises(…)` and `self.assertRaises(…)` catch.
pub(super) fn suppressed(context: &Expr) -> Option<Catches<'_>> {
    let Expr::Call(call) = context else {
        return None;
    };
    let name = match &*call.func {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.id.as_str(),
        _ => return None,
    };
    if !matches!(
        name,
        "suppress" | "raises" | "assertRaises" | "assertRaisesRegex"
    ) {
        return None;
    }
    let mut catches = Catches::default();
    let classes = match name {
        // Only the first is a class; what follows is a pattern.
        "assertRaisesRegex" => call.arguments.args.get(..1).unwrap_or_default(),
        _ => &*call.arguments.args,
    };
    for class in classes {
        match class {
            Expr::Tuple(tuple) => tuple
                .elts
                .iter()
                .for_each(|elt| add_caught(&mut catches, elt)),
            other => add_caught(&mut catches, other),
        }
    }
    Some(catches)
}

/// Whether a context manager may swallow what its body raises, as far as can be told from here: one made on the spot
/// may, but for a few that are known. Those that exist already (`with lock:`) are resources.
pub(super) fn may_suppress(context: &Expr) -> bool {
    let Expr::Call(call) = context else {
        return false;
    };
    let name = match &*call.func {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.id.as_str(),
        _ => return true,
    };
    !matches!(
        name,
        "open"
            | "closing"
            | "aclosing"
            | "nullcontext"
            | "redirect_stdout"
            | "redirect_stderr"
            | "catch_warnings"
            | "localcontext"
            | "TemporaryDirectory"
            | "NamedTemporaryFile"
            | "TemporaryFile"
            | "ThreadPoolExecutor"
            | "ProcessPoolExecutor"
            | "TaskGroup"
            | "timeout"
    )
}

/// `Some(true)` for `TYPE_CHECKING`, `Some(false)` for `not TYPE_CHECKING`.
pub(super) fn type_checking_test(test: &Expr) -> Option<bool> {
    match test {
        Expr::Name(name) => (name.id.as_str() == "TYPE_CHECKING").then_some(true),
        Expr::Attribute(attribute) => {
            (attribute.attr.id.as_str() == "TYPE_CHECKING").then_some(true)
        }
        Expr::UnaryOp(unary) if unary.op == ast::UnaryOp::Not => {
            type_checking_test(&unary.operand).map(|is| !is)
        }
        Expr::BoolOp(op) if op.op == ast::BoolOp::And => {
            let mut tests = op.values.iter().map(type_checking_test);
            tests.any(|test| test == Some(true)).then_some(true)
        }
        _ => None,
    }
}

/// Whether a test is `__name__ == "__main__"`.
pub(super) fn is_script_test(test: &Expr) -> bool {
    let Expr::Compare(compare) = test else {
        return false;
    };
    let is_name = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id.as_str() == "__name__");
    let is_main = |expr: &Expr| match expr {
        Expr::StringLiteral(literal) => literal.value.to_str() == "__main__",
        _ => false,
    };
    let [ast::CmpOp::Eq] = *compare.ops else {
        return false;
    };
    let [right] = &*compare.comparators else {
        return false;
    };
    (is_name(&compare.left) && is_main(right)) || (is_main(&compare.left) && is_name(right))
}

/// The truth of a test that cannot be anything else.
pub(super) fn constant_truth(test: &Expr) -> Option<bool> {
    match test {
        Expr::BooleanLiteral(literal) => Some(literal.value),
        Expr::NumberLiteral(literal) => match &literal.value {
            ast::Number::Int(int) => Some(*int != ast::Int::ZERO),
            _ => None,
        },
        Expr::StringLiteral(literal) => Some(!literal.value.is_empty()),
        Expr::NoneLiteral(_) => Some(false),
        Expr::EllipsisLiteral(_) => Some(true),
        Expr::UnaryOp(unary) if unary.op == ast::UnaryOp::Not => {
            constant_truth(&unary.operand).map(|is| !is)
        }
        Expr::Name(name) if name.id.as_str() == "__debug__" => Some(true),
        _ => None,
    }
}

pub(super) fn is_irrefutable(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::MatchAs(pattern) => pattern.pattern.as_deref().is_none_or(is_irrefutable),
        Pattern::MatchOr(pattern) => pattern.patterns.iter().any(is_irrefutable),
        _ => false,
    }
}

/// A docstring, `pass` or `...`.
pub(super) fn is_filler(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Pass(_) => true,
        Stmt::Expr(stmt) => matches!(
            &*stmt.value,
            Expr::StringLiteral(_) | Expr::EllipsisLiteral(_)
        ),
        _ => false,
    }
}

/// `warnings.warn(...)`: a wrapper may announce that it is one.
pub(super) fn is_warning(stmt: &Stmt) -> bool {
    let Stmt::Expr(stmt) = stmt else { return false };
    let Expr::Call(call) = &*stmt.value else {
        return false;
    };
    match &*call.func {
        Expr::Name(name) => name.id.as_str() == "warn",
        Expr::Attribute(attribute) => matches!(attribute.attr.id.as_str(), "warn" | "warning"),
        _ => false,
    }
}

pub(super) fn is_plain_argument(expr: &Expr) -> bool {
    match expr {
        Expr::Starred(starred) => is_plain_argument(&starred.value),
        Expr::Attribute(attribute) => is_plain_argument(&attribute.value),
        Expr::Name(_)
        | Expr::StringLiteral(_)
        | Expr::NumberLiteral(_)
        | Expr::BooleanLiteral(_)
        | Expr::NoneLiteral(_) => true,
        _ => false,
    }
}

pub(super) fn has_properties(body: &[Stmt]) -> bool {
    body.iter().any(|stmt| match stmt {
        Stmt::FunctionDef(stmt) => {
            stmt.decorator_list
                .iter()
                .any(|decorator| match &decorator.expression {
                    Expr::Name(name) => matches!(name.id.as_str(), "property" | "cached_property"),
                    Expr::Attribute(attribute) => {
                        matches!(attribute.attr.id.as_str(), "cached_property" | "setter")
                    }
                    _ => false,
                })
        }
        _ => false,
    })
}

/// The special methods (`__len__`) that a class body defines.
pub(super) fn special_methods(body: &[Stmt]) -> Vec<&str> {
    body.iter()
        .filter_map(|stmt| match stmt {
            Stmt::FunctionDef(stmt) => Some(stmt.name.id.as_str()),
            _ => None,
        })
        .filter(|name| name.starts_with("__") && name.ends_with("__") && *name != "__init__")
        .collect()
}

/// What a class calls its receiver: the first parameter of a special method, which only instances are handed to.
pub(super) fn receiver_name(body: &[Stmt]) -> Option<&str> {
    body.iter().find_map(|stmt| {
        let Stmt::FunctionDef(stmt) = stmt else {
            return None;
        };
        let name = stmt.name.id.as_str();
        let of_class = matches!(name, "__new__" | "__init_subclass__" | "__class_getitem__");
        if of_class
            || !name.starts_with("__")
            || !name.ends_with("__")
            || !stmt.decorator_list.is_empty()
        {
            return None;
        }
        let parameters = &stmt.parameters;
        let first = parameters
            .posonlyargs
            .iter()
            .chain(&parameters.args)
            .next()?;
        Some(first.parameter.name.id.as_str())
    })
}
