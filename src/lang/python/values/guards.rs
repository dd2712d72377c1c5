//! Parameters that may be left out, and what is returned where they are.
//!
//! `def decorator(function=None, *, option=1)` gives back another decorator when it is called with options alone.

use ruff_python_ast::{self as ast, CmpOp, Expr, UnaryOp};

use super::Lowerer;
use super::environment::Version;
use crate::facts::ParameterKind;
use crate::values::{Code, CodeFlags, CodeId, FlowParameter, Guard, VarId};

impl Lowerer<'_> {
    /// Whether a test holds where an argument was passed for the code's guarded parameter (true) or where none was
    /// (false); nothing when it asks for something else. The first parameter asked for is the guarded one.
    pub(super) fn guard_of(&mut self, test: &Expr) -> Option<bool> {
        let (name, holds) = asked(test)?;
        if self.code == CodeId::MODULE {
            return None;
        }
        let name = self.name_of(name);
        let code = self.out.codes[self.code.index()];
        let parameters = &self.out.parameters[code.parameters.range()];
        let at = parameters
            .iter()
            .position(|parameter| parameter.name == name && !parameter.is_required)?;
        // Only as long as it is what was passed.
        if self.env.slot(name).version != parameters[at].var.into() {
            return None;
        }
        let parameter = at as u32;
        let guard = match code.guard {
            Some(guard) => guard,
            // What is returned whatever was passed would be told apart no more.
            None if self.has_returned => return None,
            None => {
                let guard = Guard {
                    parameter,
                    absent: self.var(),
                    present: self.var(),
                    other: self.var(),
                };
                self.out.codes[self.code.index()].guard = Some(guard);
                for from in [guard.absent, guard.present, guard.other] {
                    self.copy(from, code.result);
                }
                guard
            }
        };
        (guard.parameter == parameter).then_some(holds)
    }

    /// Control leaves the code with `from`.
    pub(super) fn returned(&mut self, from: VarId) {
        self.has_returned = true;
        let code = self.out.codes[self.code.index()];
        let is_suspended =
            code.flags.contains(CodeFlags::ASYNC) || code.flags.contains(CodeFlags::GENERATOR);
        let parameters = &self.out.parameters[code.parameters.range()];
        let passed = passed(parameters, from);
        if let (Some(at), None, false) = (passed, code.guard, is_suspended) {
            self.out.codes[self.code.index()].returned |= 1 << at;
            return;
        }
        let to = match (code.guard, self.presence) {
            (None, _) => code.result,
            (Some(guard), None) => guard.other,
            (Some(guard), Some(true)) => guard.present,
            (Some(guard), Some(false)) => guard.absent,
        };
        self.copy(from, to);
    }

    /// Control leaves the code with `from`, where ways meet that are all known only at the code's end.
    pub(super) fn returned_join(&mut self, join: Version, from: VarId) {
        let code = self.out.codes[self.code.index()];
        let is_suspended =
            code.flags.contains(CodeFlags::ASYNC) || code.flags.contains(CodeFlags::GENERATOR);
        if code.guard.is_some() || is_suspended {
            self.returned(from);
        } else {
            self.has_returned = true;
            self.env.returned.push(join);
        }
    }

    /// What meets in a join is returned: `if x is None: x = make()`, `return x` gives back what was passed or made.
    pub(super) fn return_join(&mut self, join: Version) {
        let Code {
            parameters, result, ..
        } = self.out.codes[self.code.index()];
        let place = |this: &Self, leaf| passed(&this.out.parameters[parameters.range()], leaf);
        let leaves = self
            .leaves(join)
            .filter(|leaves| leaves.iter().any(|&leaf| place(self, leaf).is_some()));
        let Some(leaves) = leaves else {
            let from = self.var_of(join);
            self.copy(from, result);
            return;
        };
        for leaf in leaves {
            match place(self, leaf) {
                Some(at) => self.out.codes[self.code.index()].returned |= 1 << at,
                None => self.copy(leaf, result),
            }
        }
    }
}

/// Which of the first 32 parameters a variable is as it was passed.
fn passed(parameters: &[FlowParameter], var: VarId) -> Option<usize> {
    parameters.iter().take(32).position(|parameter| {
        parameter.var == var
            && matches!(
                parameter.kind,
                ParameterKind::Positional | ParameterKind::PositionalOnly
            )
    })
}

/// The name that a test asks for, and whether it holds where that is something.
fn asked(test: &Expr) -> Option<(&ast::ExprName, bool)> {
    match test {
        Expr::Name(name) => Some((name, true)),
        Expr::UnaryOp(unary) if unary.op == UnaryOp::Not => match &*unary.operand {
            Expr::Name(name) => Some((name, false)),
            Expr::Call(_) => asked(&unary.operand).map(|(name, holds)| (name, !holds)),
            _ => None,
        },
        Expr::Compare(compare) => {
            let ([op], Expr::Name(name), [Expr::NoneLiteral(_)]) =
                (&*compare.ops, &*compare.left, &*compare.comparators)
            else {
                return None;
            };
            match op {
                CmpOp::Is => Some((name, false)),
                CmpOp::IsNot => Some((name, true)),
                _ => None,
            }
        }
        Expr::Call(call) => match (&*call.func, &*call.arguments.args) {
            (Expr::Name(callee), [Expr::Name(name)]) if callee.id.as_str() == "callable" => {
                Some((name, true))
            }
            _ => None,
        },
        _ => None,
    }
}
