//! What the handlers of a `try` put in the place of what it makes.
//!
//! One thing stands in for another where its result goes to the same place: it is returned like it, or bound to the same
//! name. Whether what is made is of any interest is for others to know.

use ruff_python_ast::{self as ast, ExceptHandler, Expr, Stmt};
use ruff_text_size::Ranged;

use super::extract::span;
use crate::signatures::Fallback;
use crate::span::Span;

/// Where the result of a call goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Returned,
    /// A name, or an attribute as it is written.
    Bound(String),
}

/// The fallbacks of a `try`.
pub(super) fn fallbacks(statement: &ast::StmtTry) -> Vec<Fallback> {
    let mut tried = Made::default();
    tried.block(&statement.body);
    tried.block(&statement.orelse);
    let mut instead = Made::default();
    let mut defined = Vec::new();
    for handler in &statement.handlers {
        let ExceptHandler::ExceptHandler(handler) = handler;
        instead.block(&handler.body);
        let classes = handler.body.iter().filter_map(|inner| match inner {
            Stmt::ClassDef(class) => Some(class.name.range.start().to_u32()),
            _ => None,
        });
        defined.extend(classes);
    }
    let (tried, instead) = (tried.placed(), instead.placed());
    let mut found: Vec<Fallback> = Vec::new();
    for place in places(&instead) {
        let same = tried.iter().filter(|(of, _)| takes(place, of));
        let callees: Vec<Span> = same.map(|(_, callee)| *callee).collect();
        if !callees.is_empty() {
            found.push(Fallback {
                tried: callees,
                imported: Vec::new(),
                instead: at(place, &instead),
                defined: Vec::new(),
            });
        }
    }
    let imports = statement.body.iter().filter_map(|inner| match inner {
        Stmt::ImportFrom(import) => Some(&import.names),
        _ => None,
    });
    for alias in imports.flatten() {
        let name = alias.asname.as_ref().unwrap_or(&alias.name);
        let instead = at(&Place::Bound(name.to_string()), &instead);
        if !(instead.is_empty() && defined.is_empty()) {
            found.push(Fallback {
                tried: Vec::new(),
                imported: vec![span(alias.range)],
                instead,
                defined: defined.clone(),
            });
        }
    }
    found
}

/// The places of some calls, each once, in order.
fn places(made: &[(Place, Span)]) -> Vec<&Place> {
    let mut places: Vec<&Place> = made.iter().map(|(place, _)| place).collect();
    places.sort_unstable();
    places.dedup();
    places
}

fn at(place: &Place, made: &[(Place, Span)]) -> Vec<Span> {
    let same = made.iter().filter(|(of, _)| of == place);
    same.map(|(_, callee)| *callee).collect()
}

/// Whether what a handler puts at `place` stands in for what goes to `of`. A handler that returns leaves nobody to use
/// what its `try` would have bound.
fn takes(place: &Place, of: &Place) -> bool {
    place == of || *place == Place::Returned
}

/// The calls whose results some blocks return or bind, as callees, and the names that are returned.
#[derive(Default)]
struct Made {
    calls: Vec<(Place, Span)>,
    returned: Vec<String>,
}

impl Made {
    fn block(&mut self, body: &[Stmt]) {
        let mut blocks = vec![body];
        while let Some(block) = blocks.pop() {
            for statement in block {
                match statement {
                    Stmt::Return(inner) => {
                        if let Some(value) = &inner.value {
                            self.returned.extend(written(value));
                            self.value(Some(Place::Returned), value);
                        }
                    }
                    Stmt::Assign(inner) => {
                        for target in &inner.targets {
                            self.value(written(target).map(Place::Bound), &inner.value);
                        }
                    }
                    Stmt::AnnAssign(inner) => {
                        if let Some(value) = &inner.value {
                            self.value(written(&inner.target).map(Place::Bound), value);
                        }
                    }
                    Stmt::If(inner) => {
                        blocks.push(&inner.body);
                        blocks.extend(inner.elif_else_clauses.iter().map(|one| &one.body[..]));
                    }
                    Stmt::With(inner) => blocks.push(&inner.body),
                    _ => {}
                }
            }
        }
    }

    fn value(&mut self, place: Option<Place>, value: &Expr) {
        let value = match value {
            Expr::Await(inner) => &*inner.value,
            other => other,
        };
        if let (Some(place), Expr::Call(call)) = (place, value) {
            let callee = Span::new(
                call.range().start().to_u32(),
                call.func.range().end().to_u32(),
            );
            self.calls.push((place, callee));
        }
    }

    /// The calls; what is bound to a name that is returned is returned, too.
    fn placed(self) -> Vec<(Place, Span)> {
        let mut calls = self.calls;
        let again: Vec<(Place, Span)> = calls
            .iter()
            .filter(
                |(place, _)| matches!(place, Place::Bound(name) if self.returned.contains(name)),
            )
            .map(|(_, callee)| (Place::Returned, *callee))
            .collect();
        calls.extend(again);
        calls
    }
}

/// A name, or a chain of attributes of one.
fn written(expr: &Expr) -> Option<String> {
    let mut parts = Vec::new();
    let mut at = expr;
    loop {
        match at {
            Expr::Name(name) => {
                parts.push(name.id.as_str());
                break;
            }
            Expr::Attribute(attribute) => {
                parts.push(attribute.attr.as_str());
                at = &attribute.value;
            }
            _ => return None,
        }
    }
    parts.reverse();
    Some(parts.join("."))
}
