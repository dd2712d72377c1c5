//! Constant text that `eval` and `exec` are given: what of it is names, attributes and calls runs where they stand.

use ruff_python_ast::{self as ast, Expr};
use ruff_python_parser::parse_expression;

use super::Lowerer;
use crate::values::{Argument, ArgumentKind, Constant, Op, VarId};

/// How long such a text may be, in bytes.
const LONGEST: usize = 4096;

impl Lowerer<'_> {
    /// What `eval("…")` gives.
    pub(super) fn evaluated(&mut self, call: &ast::ExprCall, to: VarId, site: u32) {
        let ([Expr::StringLiteral(text)], []) = (&*call.arguments.args, &*call.arguments.keywords)
        else {
            return;
        };
        let text = text.value.to_str();
        if self.quoted > 0 || text.len() > LONGEST {
            return;
        }
        let Ok(parsed) = parse_expression(text.trim()) else {
            return;
        };
        self.quoted += 1;
        let value = self.value_in_text(&parsed.syntax().body, site);
        self.quoted -= 1;
        if let Some(value) = value {
            self.copy(value, to);
        }
    }

    /// The value of an expression in a text; none for one that is not followed.
    fn value_in_text(&mut self, expr: &Expr, site: u32) -> Option<VarId> {
        match expr {
            Expr::Name(name) => {
                let name = self.name_of(name);
                Some(self.read(name))
            }
            Expr::Attribute(attribute) => {
                let base = self.deeper(|this| this.value_in_text(&attribute.value, site))?;
                let name = self.names.intern(attribute.attr.id.as_str());
                let to = self.var();
                self.emit(Op::GetAttribute {
                    base,
                    name,
                    to,
                    site,
                });
                Some(to)
            }
            Expr::Call(call) => {
                let callee = self.deeper(|this| this.value_in_text(&call.func, site))?;
                let start = self.argument_stack.len();
                for argument in &call.arguments.args {
                    let value = self.deeper(|this| this.value_in_text(argument, site));
                    let kind = if argument.is_starred_expr() {
                        ArgumentKind::Spread
                    } else {
                        ArgumentKind::Positional(Constant::Unknown)
                    };
                    let value = value.unwrap_or_else(|| self.nothing());
                    self.argument_stack.push(Argument { kind, value });
                }
                for keyword in &call.arguments.keywords {
                    let value = self.deeper(|this| this.value_in_text(&keyword.value, site));
                    let kind = match &keyword.arg {
                        Some(name) => ArgumentKind::Keyword(
                            self.names.intern(name.id.as_str()),
                            Constant::Unknown,
                        ),
                        None => ArgumentKind::KeywordSpread,
                    };
                    let value = value.unwrap_or_else(|| self.nothing());
                    self.argument_stack.push(Argument { kind, value });
                }
                let arguments = self.take_arguments(start);
                let to = self.var();
                self.emit(Op::Call {
                    callee,
                    arguments,
                    to,
                    site,
                });
                Some(to)
            }
            _ => None,
        }
    }
}
