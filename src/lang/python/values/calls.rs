//! Calls, and the builtins that say more of their arguments than a call does.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use super::guards::constant_of;
use super::{Lowerer, Origin};
use crate::values::{Argument, ArgumentKind, Op, VarId};

impl<'a> Lowerer<'a> {
    pub(super) fn call(&mut self, call: &'a ast::ExprCall) -> VarId {
        let site = call.range().start().to_u32();
        match &*call.func {
            Expr::Attribute(callee) => {
                let base = self.expr(&callee.value);
                let start = self.arguments(&call.arguments);
                if matches!(&*callee.value, Expr::StringLiteral(_)) {
                    self.format_arguments(call, callee, start);
                }
                let arguments = self.take_arguments(start);
                let name = self.names.intern(callee.attr.id.as_str());
                let to = self.var();
                self.emit(Op::CallMethod {
                    base,
                    name,
                    arguments,
                    to,
                    site,
                });
                self.format_prefix(call, to);
                if callee.attr.id.as_str() == "cast" {
                    self.cast(call, to);
                }
                to
            }
            func => {
                let callee = self.expr(func);
                let start = self.arguments(&call.arguments);
                let first: Vec<VarId> = self.argument_stack[start..]
                    .iter()
                    .take(3)
                    .map(|argument| argument.value)
                    .collect();
                let arguments = self.take_arguments(start);
                let to = self.var();
                self.emit(Op::Call {
                    callee,
                    arguments,
                    to,
                    site,
                });
                if self.is_builtin_call(call, "eval") || self.is_builtin_call(call, "exec") {
                    self.evaluated(call, to, site);
                }
                if let Expr::Name(name) = func {
                    self.special_call(call, name, &first, to);
                }
                to
            }
        }
    }

    /// Evaluates arguments onto the stack; gives where they start.
    fn arguments(&mut self, arguments: &'a ast::Arguments) -> usize {
        let start = self.argument_stack.len();
        for argument in &arguments.args {
            let argument = match argument {
                Expr::Starred(starred) => Argument {
                    kind: ArgumentKind::Spread,
                    value: self.expr(&starred.value),
                },
                other => Argument {
                    kind: ArgumentKind::Positional(constant_of(other)),
                    value: self.expr(other),
                },
            };
            self.argument_stack.push(argument);
        }
        for keyword in &arguments.keywords {
            let value = self.expr(&keyword.value);
            let kind = match &keyword.arg {
                Some(arg) => ArgumentKind::Keyword(
                    self.names.intern(arg.id.as_str()),
                    constant_of(&keyword.value),
                ),
                None => ArgumentKind::KeywordSpread,
            };
            self.argument_stack.push(Argument { kind, value });
        }
        start
    }

    fn format_arguments(
        &mut self,
        call: &'a ast::ExprCall,
        callee: &'a ast::ExprAttribute,
        start: usize,
    ) {
        if callee.attr.id.as_str() != "format" {
            return;
        }
        let keywords = call.arguments.keywords.iter().map(|keyword| &keyword.value);
        for (at, argument) in call.arguments.args.iter().chain(keywords).enumerate() {
            if let Some(value) = self.argument_stack.get(start + at).map(|given| given.value)
                && !argument.is_starred_expr()
            {
                self.format_of(argument, value);
            }
        }
    }

    /// Whether `call` calls the builtin `name`.
    pub(super) fn is_builtin_call(&mut self, call: &ast::ExprCall, name: &str) -> bool {
        match &*call.func {
            Expr::Name(func) if func.id.as_str() == name => {
                let id = self.name_of(func);
                self.is_free(id)
            }
            _ => false,
        }
    }

    /// Whether `expr` names something that was imported.
    pub(super) fn is_imported(&mut self, mut expr: &Expr) -> bool {
        while let Expr::Attribute(attribute) = expr {
            expr = &attribute.value;
        }
        let Expr::Name(name) = expr else {
            return false;
        };
        let name = self.name_of(name);
        if self.is_free(name) {
            return false;
        }
        let var = self.read(name);
        self.origins.get(&var) == Some(&Origin::Import)
    }

    fn special_call(
        &mut self,
        call: &'a ast::ExprCall,
        name: &'a ast::ExprName,
        arguments: &[VarId],
        to: VarId,
    ) {
        let text = name.id.as_str();
        if !matches!(text, "super" | "getattr" | "setattr" | "cast" | "str") {
            return;
        }
        let id = self.name_of(name);
        let is_free = self.is_free(id);
        let site = call.range().start().to_u32();
        let given = &*call.arguments.args;
        if given.iter().any(Expr::is_starred_expr) {
            return;
        }
        match (text, arguments) {
            ("cast", _) if self.is_imported(&call.func) => self.cast(call, to),
            _ if !is_free => {}
            ("super", _) if given.is_empty() => {
                if let Some(class) = self.class {
                    self.emit(Op::Super { class, to });
                }
            }
            ("super", &[first, ..]) => {
                let named = match self.origins.get(&first) {
                    Some(&Origin::Class(class)) => Some(class),
                    _ => None,
                };
                if let Some(class) = named.or(self.class) {
                    self.emit(Op::Super { class, to });
                }
            }
            ("getattr", &[base, key, ref rest @ ..]) if given.len() >= 2 => {
                self.emit(Op::GetNamed {
                    base,
                    key,
                    to,
                    site,
                });
                if let &[default] = rest {
                    self.copy(default, to);
                }
            }
            ("setattr", &[base, key, from]) if given.len() == 3 => {
                self.emit(Op::SetNamed {
                    base,
                    key,
                    from,
                    site,
                });
            }
            ("str", &[base]) if given.len() == 1 => self.format_of(&given[0], base),
            _ => {}
        }
    }

    /// `cast(T, x)` says what it gives.
    fn cast(&mut self, call: &'a ast::ExprCall, to: VarId) {
        if let [annotation, _] = &*call.arguments.args {
            self.annotation(annotation, to);
        }
    }
}
