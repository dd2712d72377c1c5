//! Collects the strings that calls are handed, and the constants that stand for strings.

use std::collections::HashMap;

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{self as ast, Expr, Operator, Stmt};
use ruff_text_size::Ranged;

use super::extract::span;
use super::{STACK_RED_ZONE, STACK_SEGMENT};
use crate::emissions::{Constant, Emissions, Handed, Part, Text};
use crate::span::Span;

/// How many parts of an expression are looked at.
const MOST_STEPS: usize = 512;

/// Reads a module body.
pub(super) fn collect(body: &[Stmt]) -> Emissions {
    let mut collector = Collector::default();
    for statement in body {
        collector.visit_stmt(statement);
    }
    let mut found = collector.found;
    found.constants.sort_by_key(|constant| constant.name);
    found
}

#[derive(Default)]
struct Collector<'a> {
    found: Emissions,
    /// The classes around, by name; none for a function.
    around: Vec<Option<&'a str>>,
    /// What the names of each function around were given.
    locals: Vec<HashMap<&'a str, Vec<&'a Expr>>>,
    /// Names that calls of each function around were handed.
    passed: Vec<Vec<&'a str>>,
}

impl<'a> Visitor<'a> for Collector<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        stacker::maybe_grow(STACK_RED_ZONE, STACK_SEGMENT, || self.statement(statement));
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        stacker::maybe_grow(STACK_RED_ZONE, STACK_SEGMENT, || {
            match expr {
                Expr::Call(call) if !self.locals.is_empty() => self.call(call),
                Expr::Yield(inner) => {
                    if let Some(value) = &inner.value {
                        self.hand(value);
                    }
                }
                _ => {}
            }
            walk_expr(self, expr);
        });
    }
}

impl<'a> Collector<'a> {
    fn statement(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => {
                self.around.push(Some(class.name.as_str()));
                let (locals, passed) = (
                    std::mem::take(&mut self.locals),
                    std::mem::take(&mut self.passed),
                );
                class.body.iter().for_each(|inner| self.visit_stmt(inner));
                (self.locals, self.passed) = (locals, passed);
                self.around.pop();
            }
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.assign(target, &assign.value);
                }
                walk_stmt(self, statement);
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.assign(&assign.target, value);
                    self.visit_expr(value);
                }
            }
            Stmt::For(inner) => {
                self.assign(&inner.target, &inner.iter);
                walk_stmt(self, statement);
            }
            Stmt::Expr(inner) => {
                if let (Expr::Call(call), true) = (&*inner.value, self.locals.is_empty()) {
                    self.call(call);
                }
                walk_stmt(self, statement);
            }
            _ => walk_stmt(self, statement),
        }
    }

    /// Decorators register handlers: what they are handed is not emitted.
    fn function(&mut self, function: &'a ast::StmtFunctionDef) {
        let mut own: HashMap<&str, Vec<&Expr>> = HashMap::new();
        for parameter in function.parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                own.entry(parameter.parameter.name.as_str())
                    .or_default()
                    .push(default);
            }
        }
        self.locals.push(own);
        self.passed.push(Vec::new());
        self.around.push(None);
        function
            .body
            .iter()
            .for_each(|inner| self.visit_stmt(inner));
        self.around.pop();
        let own = self.locals.pop().unwrap_or_default();
        for name in self.passed.pop().unwrap_or_default() {
            for value in own.get(name).into_iter().flatten() {
                self.hand(value);
            }
        }
    }

    fn assign(&mut self, target: &'a Expr, value: &'a Expr) {
        let Expr::Name(name) = target else { return };
        if let Some(own) = self.locals.last_mut() {
            own.entry(name.id.as_str()).or_default().push(value);
            return;
        }
        let at = name.range.start().to_u32();
        if let (Some(Some(_)), Expr::Call(call)) = (self.around.last(), value)
            && last_name(&call.func) == "auto"
        {
            // `StrEnum` makes the value of the name.
            let text = name.id.as_str().to_lowercase();
            self.found.constants.push(Constant {
                name: at,
                value: vec![Part::Literal(text.into())],
                span: span(name.range),
            });
        }
        for (value, span) in self.texts(value) {
            self.found.constants.push(Constant {
                name: at,
                value,
                span,
            });
        }
    }

    fn call(&mut self, call: &'a ast::ExprCall) {
        if only_looks(&call.func) {
            return;
        }
        let keywords = call.arguments.keywords.iter().map(|keyword| &keyword.value);
        for value in call.arguments.args.iter().chain(keywords) {
            self.hand(value);
        }
    }

    fn hand(&mut self, value: &'a Expr) {
        for (value, span) in self.texts(value) {
            if let ([Part::Name(path)], Some(passed)) = (&value[..], self.passed.last_mut())
                && let Some(own) = self.locals.last()
                && let Some((&name, _)) = own.get_key_value(&*path[0])
                && !passed.contains(&name)
            {
                passed.push(name);
            }
            self.found.handed.push(Handed { value, span });
        }
    }

    /// The texts that an expression may be or hold.
    fn texts(&self, expr: &'a Expr) -> Vec<(Text, Span)> {
        let mut found = Vec::new();
        let mut waiting = vec![expr];
        for _ in 0..MOST_STEPS {
            let Some(next) = waiting.pop() else { break };
            match next {
                Expr::Dict(dict) => waiting.extend(dict.items.iter().map(|item| &item.value)),
                Expr::List(ast::ExprList { elts, .. })
                | Expr::Tuple(ast::ExprTuple { elts, .. })
                | Expr::Set(ast::ExprSet { elts, .. }) => waiting.extend(elts),
                Expr::Starred(inner) => waiting.push(&inner.value),
                Expr::Await(inner) => waiting.push(&inner.value),
                Expr::Named(inner) => waiting.push(&inner.value),
                Expr::Subscript(inner) => waiting.push(&inner.value),
                Expr::BoolOp(op) => waiting.extend(&op.values),
                Expr::If(choice) => waiting.extend([&*choice.body, &*choice.orelse]),
                other => {
                    let text = self.text(other);
                    if !text.is_empty() && text.iter().any(|part| *part != Part::Any) {
                        found.push((text, span(other.range())));
                    }
                }
            }
        }
        found
    }

    fn text(&self, expr: &'a Expr) -> Text {
        let mut parts = Vec::new();
        let mut waiting = vec![expr];
        for _ in 0..MOST_STEPS {
            let Some(next) = waiting.pop() else { break };
            match next {
                Expr::StringLiteral(literal) => {
                    parts.push(Part::Literal(literal.value.to_str().into()));
                }
                Expr::BinOp(op) if op.op == Operator::Add => {
                    waiting.extend([&*op.right, &*op.left]);
                }
                Expr::FString(string) => {
                    for part in &string.value {
                        match part {
                            ast::FStringPart::Literal(literal) => {
                                parts.push(Part::Literal(literal.value.clone()));
                            }
                            ast::FStringPart::FString(inner) => {
                                for element in &inner.elements {
                                    parts.push(match element {
                                        ast::InterpolatedStringElement::Literal(literal) => {
                                            Part::Literal(literal.value.clone())
                                        }
                                        ast::InterpolatedStringElement::Interpolation(inner) => {
                                            self.named(&inner.expression)
                                        }
                                    });
                                }
                            }
                        }
                    }
                }
                other => parts.push(self.named(other)),
            }
        }
        parts
    }

    /// The dotted name that an expression is.
    fn named(&self, expr: &'a Expr) -> Part {
        let mut path: Vec<Box<str>> = Vec::new();
        let mut at = expr;
        while let Expr::Attribute(attribute) = at {
            path.push(attribute.attr.id.as_str().into());
            at = &attribute.value;
        }
        let Expr::Name(root) = at else {
            return Part::Any;
        };
        let class = self.around.iter().rev().find_map(|around| *around);
        match (root.id.as_str(), class) {
            ("self" | "cls", Some(class)) => path.push(class.into()),
            (name, _) => path.push(name.into()),
        }
        path.reverse();
        Part::Name(path)
    }
}

/// The last name of what is called.
fn last_name(func: &Expr) -> &str {
    match func {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.id.as_str(),
        _ => "",
    }
}

/// Whether a call of that name reads, compares, logs or waits for what it is handed, but emits nothing.
fn only_looks(func: &Expr) -> bool {
    let owner = match func {
        Expr::Attribute(attribute) => last_name(&attribute.value),
        _ => "",
    };
    match last_name(func) {
        "get"
        | "pop"
        | "startswith"
        | "endswith"
        | "hasattr"
        | "getattr"
        | "isinstance"
        | "index"
        | "count"
        | "find"
        | "replace"
        | "print"
        | "on"
        | "once"
        | "off"
        | "subscribe"
        | "unsubscribe"
        | "listen"
        | "add_listener"
        | "remove_listener"
        | "add_event_listener"
        | "remove_event_listener" => true,
        "debug" | "info" | "warning" | "warn" | "error" | "exception" | "critical" | "log" => {
            owner.to_lowercase().contains("log")
        }
        _ => false,
    }
}
