//! Collects what calls hand over and what functions and classes ask for.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{self as ast, CmpOp, ExceptHandler, Expr, Stmt, UnaryOp};
use ruff_text_size::Ranged;

use super::extract::span;
use super::fallbacks::fallbacks;
use super::{STACK_RED_ZONE, STACK_SEGMENT};
use crate::signatures::{
    CallArguments, ClassFields, Field, FunctionDemands, Needed, Returns, Signatures,
};
use crate::span::Span;

/// Reads a module body.
pub(super) fn collect(body: &[Stmt]) -> Signatures {
    let mut collector = Collector::default();
    for statement in body {
        collector.visit_stmt(statement);
    }
    let mut found = collector.found;
    found.calls.sort_unstable_by_key(|call| call.callee);
    found
        .functions
        .sort_unstable_by_key(|function| function.name);
    found.classes.sort_unstable_by_key(|class| class.name);
    found.handed.sort_unstable();
    found.handed.dedup();
    found
}

#[derive(Default)]
struct Collector {
    found: Signatures,
    /// What the functions around return.
    returns: Vec<Returns>,
    /// Blocks around in which calls may well fail.
    failing: u32,
    /// The call that is a statement of its own.
    discarded: Option<Span>,
}

impl<'a> Visitor<'a> for Collector {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        stacker::maybe_grow(STACK_RED_ZONE, STACK_SEGMENT, || self.statement(statement));
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        stacker::maybe_grow(STACK_RED_ZONE, STACK_SEGMENT, || {
            match expr {
                Expr::Call(call) => self.call(call),
                // What a lambda does is done when it is called.
                Expr::Lambda(_) => {
                    let failing = std::mem::take(&mut self.failing);
                    walk_expr(self, expr);
                    self.failing = failing;
                    return;
                }
                _ => {}
            }
            walk_expr(self, expr);
        });
    }
}

/// Builtins that change nothing about a class that they are handed.
const LOOKING: [&str; 8] = [
    "getattr",
    "hasattr",
    "id",
    "isinstance",
    "issubclass",
    "print",
    "repr",
    "super",
];

impl Collector {
    fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Expr(inner) => {
                self.discarded = Some(span(inner.value.range()));
                walk_stmt(self, statement);
            }
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => {
                self.found.classes.extend(fields(class));
                walk_stmt(self, statement);
            }
            Stmt::Return(inner) => {
                if let Some(returns) = self.returns.last_mut() {
                    note_return(returns, inner.value.as_deref());
                }
                walk_stmt(self, statement);
            }
            Stmt::With(with) => {
                let expects = with
                    .items
                    .iter()
                    .any(|item| expects_failure(&item.context_expr));
                self.failing += u32::from(expects);
                walk_stmt(self, statement);
                self.failing -= u32::from(expects);
            }
            Stmt::Try(inner) => {
                self.found.fallbacks.extend(fallbacks(inner));
                let handled = inner.handlers.iter().any(|handler| {
                    let ExceptHandler::ExceptHandler(handler) = handler;
                    handler.type_.as_deref().is_some_and(names_type_error)
                });
                self.failing += u32::from(handled);
                for statement in &inner.body {
                    self.visit_stmt(statement);
                }
                self.failing -= u32::from(handled);
                for handler in &inner.handlers {
                    let ExceptHandler::ExceptHandler(handler) = handler;
                    for statement in &handler.body {
                        self.visit_stmt(statement);
                    }
                }
                for statement in inner.orelse.iter().chain(&inner.finalbody) {
                    self.visit_stmt(statement);
                }
            }
            _ => walk_stmt(self, statement),
        }
    }

    fn function(&mut self, function: &ast::StmtFunctionDef) {
        let failing = std::mem::take(&mut self.failing);
        for decorator in &function.decorator_list {
            self.visit_expr(&decorator.expression);
        }
        for parameter in &*function.parameters {
            if let Some(default) = parameter.default() {
                self.visit_expr(default);
            }
        }
        self.returns.push(Returns::Known(Vec::new()));
        for statement in &function.body {
            self.visit_stmt(statement);
        }
        self.failing = failing;
        let returns = self.returns.pop().unwrap_or(Returns::Unknown);
        self.found.functions.push(FunctionDemands {
            name: function.name.range.start().to_u32(),
            needed: needed(function),
            returns,
            is_hollow: is_hollow(&function.body),
        });
    }

    fn call(&mut self, call: &ast::ExprCall) {
        let whole = span(call.range());
        let starred = call
            .arguments
            .args
            .iter()
            .filter(|arg| arg.is_starred_expr());
        let starred = starred.count();
        if let ("partial" | "partialmethod", Some(first)) =
            (last_name(&call.func), call.arguments.args.first())
        {
            self.found.partials.push(span(first.range()));
        }
        if !matches!(&*call.func, Expr::Name(name) if LOOKING.contains(&name.id.as_str())) {
            let keywords = call.arguments.keywords.iter();
            let values = keywords.map(|keyword| &keyword.value);
            let names = call.arguments.args.iter().chain(values).map(last_name);
            let names = names.filter(|name| !name.is_empty()).map(Box::from);
            self.found.handed.extend(names);
        }
        let keywords = call.arguments.keywords.iter();
        self.found.calls.push(CallArguments {
            callee: Span::new(whole.start, call.func.range().end().to_u32()),
            span: whole,
            positional: (call.arguments.args.len() - starred) as u32,
            starred: starred > 0,
            keywords: keywords
                .clone()
                .filter_map(|keyword| keyword.arg.as_ref())
                .map(|arg| arg.as_str().into())
                .collect(),
            unpacked: keywords.clone().any(|keyword| keyword.arg.is_none()),
            discarded: self.discarded == Some(whole),
            may_fail: self.failing > 0,
        });
    }
}

fn last_name(expr: &Expr) -> &str {
    match expr {
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        Expr::Name(name) => name.id.as_str(),
        _ => "",
    }
}

/// `pytest.raises(…)`, `self.assertRaises(…)`, `contextlib.suppress(…)` and the like.
fn expects_failure(context: &Expr) -> bool {
    let Expr::Call(call) = context else {
        return false;
    };
    let name = last_name(&call.func);
    name == "raises" || name == "suppress" || name.starts_with("assertRaises")
}

fn names_type_error(handled: &Expr) -> bool {
    match handled {
        Expr::Tuple(tuple) => tuple.elts.iter().any(names_type_error),
        other => last_name(other) == "TypeError",
    }
}

fn note_return(returns: &mut Returns, value: Option<&Expr>) {
    let Returns::Known(calls) = returns else {
        return;
    };
    match value {
        None
        | Some(
            Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::FString(_)
            | Expr::List(_)
            | Expr::Dict(_)
            | Expr::Set(_)
            | Expr::Tuple(_)
            | Expr::ListComp(_)
            | Expr::DictComp(_)
            | Expr::SetComp(_),
        ) => {}
        Some(Expr::Call(call)) => calls.push(Span::new(
            call.range().start().to_u32(),
            call.func.range().end().to_u32(),
        )),
        Some(_) => *returns = Returns::Unknown,
    }
}

/// Whether a body does no more than log, pass or return a constant.
fn is_hollow(body: &[Stmt]) -> bool {
    body.iter().all(|statement| match statement {
        Stmt::Pass(_) | Stmt::Import(_) | Stmt::ImportFrom(_) => true,
        Stmt::Return(inner) => inner.value.as_deref().is_none_or(is_constant),
        Stmt::Expr(inner) => match &*inner.value {
            Expr::Call(call) => is_log(&call.func),
            other => is_constant(other),
        },
        _ => false,
    })
}

fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::List(list) => list.elts.is_empty(),
        Expr::Tuple(tuple) => tuple.elts.is_empty(),
        Expr::Dict(dict) => dict.items.is_empty(),
        other => other.is_literal_expr() || other.is_ellipsis_literal_expr(),
    }
}

/// `logger.warning(…)`, `self.log.info(…)`, `print(…)`, `warnings.warn(…)`.
fn is_log(callee: &Expr) -> bool {
    match callee {
        Expr::Name(name) => matches!(name.id.as_str(), "print" | "warn"),
        Expr::Attribute(attribute) => {
            let owner = last_name(&attribute.value)
                .trim_start_matches('_')
                .to_lowercase();
            let method = attribute.attr.as_str();
            (owner.starts_with("log")
                && matches!(
                    method,
                    "debug"
                        | "info"
                        | "warning"
                        | "warn"
                        | "error"
                        | "exception"
                        | "critical"
                        | "log"
                ))
                || (owner == "warnings" && method == "warn")
        }
        _ => false,
    }
}

/// The parameters whose default the first statements of a function refuse.
fn needed(function: &ast::StmtFunctionDef) -> Vec<Needed> {
    let mut needed = Vec::new();
    for statement in &function.body {
        match statement {
            Stmt::If(test) if matches!(&test.body[..], [Stmt::Raise(_)]) => {
                let [raise] = &test.body[..] else { break };
                let mut names = Vec::new();
                absent(&test.test, &mut names);
                for (name, by_truth) in names {
                    if refuses_default(function, name, by_truth) {
                        needed.push(Needed {
                            name: name.into(),
                            raise: span(raise.range()),
                        });
                    }
                }
            }
            // Nothing that could give a parameter another value, or leave.
            Stmt::Expr(inner) if !matches!(&*inner.value, Expr::Await(_) | Expr::Yield(_)) => {}
            Stmt::Import(_) | Stmt::ImportFrom(_) | Stmt::Pass(_) | Stmt::Assert(_) => {}
            _ => break,
        }
    }
    needed
}

/// The names whose absence makes a test true: `x is None`, `not x`, and either of them with `or`. With each, whether it
/// is its truth that is asked for.
fn absent<'a>(test: &'a Expr, names: &mut Vec<(&'a str, bool)>) {
    match test {
        Expr::BoolOp(op) if op.op == ast::BoolOp::Or => {
            // A test that comes first may raise or stop the others, but none makes a later one false.
            op.values.iter().for_each(|value| absent(value, names));
        }
        Expr::Compare(compare) => {
            if let (Expr::Name(name), [CmpOp::Is], [Expr::NoneLiteral(_)]) =
                (&*compare.left, &compare.ops[..], &compare.comparators[..])
            {
                names.push((name.id.as_str(), false));
            }
        }
        Expr::UnaryOp(op) if op.op == UnaryOp::Not => {
            if let Expr::Name(name) = &*op.operand {
                names.push((name.id.as_str(), true));
            }
        }
        _ => {}
    }
}

/// Whether a parameter has a default that is none, or, with `by_truth`, that is false.
fn refuses_default(function: &ast::StmtFunctionDef, name: &str, by_truth: bool) -> bool {
    let parameter = function.parameters.iter().find(|one| one.name() == name);
    match parameter.and_then(ast::AnyParameterRef::default) {
        Some(Expr::NoneLiteral(_)) => true,
        Some(Expr::BooleanLiteral(literal)) => by_truth && !literal.value,
        Some(Expr::StringLiteral(literal)) => by_truth && literal.value.is_empty(),
        _ => false,
    }
}

/// The fields of a class, in case its constructor is made from them.
fn fields(class: &ast::StmtClassDef) -> Option<ClassFields> {
    let mut found = ClassFields {
        name: class.name.range.start().to_u32(),
        fields: Vec::new(),
        options: Vec::new(),
        uncertain: false,
    };
    for decorator in &class.decorator_list {
        let Expr::Call(call) = &decorator.expression else {
            continue;
        };
        found.uncertain |= !call.arguments.args.is_empty();
        for keyword in &call.arguments.keywords {
            match (&keyword.arg, &keyword.value) {
                (Some(arg), Expr::BooleanLiteral(literal)) => {
                    found.options.push((arg.as_str().into(), literal.value));
                }
                _ => found.uncertain = true,
            }
        }
    }
    let mut keyword_only = false;
    for statement in &class.body {
        match statement {
            Stmt::AnnAssign(assign) => {
                let Expr::Name(name) = &*assign.target else {
                    continue;
                };
                let marker = match &*assign.annotation {
                    Expr::Subscript(subscript) => last_name(&subscript.value),
                    // In quotes, or with `from __future__ import annotations`, it is the same to the machinery.
                    Expr::StringLiteral(_) => {
                        found.uncertain = true;
                        ""
                    }
                    other => last_name(other),
                };
                if marker == "KW_ONLY" {
                    keyword_only = true;
                    continue;
                }
                let mut field = Field {
                    name: name.id.as_str().into(),
                    has_default: assign.value.is_some(),
                    // It takes the place of a field of that name further up.
                    in_constructor: marker != "ClassVar",
                    keyword_only,
                };
                if let Some(Expr::Call(call)) = assign.value.as_deref() {
                    found.uncertain |= !read_field(call, &mut field);
                }
                found.fields.push(field);
            }
            // A field in a branch, or names made by a loop.
            Stmt::If(_) | Stmt::For(_) | Stmt::With(_) | Stmt::Try(_) => found.uncertain = true,
            _ => {}
        }
    }
    (!found.fields.is_empty() || !class.decorator_list.is_empty()).then_some(found)
}

/// `field(default=…, init=False, kw_only=True)`; false when it says something that is no constant. Any other call is a
/// default like any other.
fn read_field(call: &ast::ExprCall, field: &mut Field) -> bool {
    if last_name(&call.func) != "field" {
        return true;
    }
    field.has_default = false;
    for keyword in &call.arguments.keywords {
        let Some(arg) = &keyword.arg else {
            return false;
        };
        match (arg.as_str(), &keyword.value) {
            ("default" | "default_factory", _) => field.has_default = true,
            ("init", Expr::BooleanLiteral(literal)) => field.in_constructor = literal.value,
            ("kw_only", Expr::BooleanLiteral(literal)) => field.keyword_only = literal.value,
            ("init" | "kw_only", _) => return false,
            _ => {}
        }
    }
    call.arguments.args.is_empty()
}
