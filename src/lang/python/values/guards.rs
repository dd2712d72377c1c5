//! Parameters that may be left out, and what is returned where they are.
//!
//! `def decorator(function=None, *, option=1)` gives back another decorator when it is called with options alone;
//! `def __call__(self, nodes=None, data=False)` its own instance when it is called with nothing.

use ruff_python_ast::{self as ast, BoolOp, CmpOp, Expr, Number, UnaryOp};

use super::Lowerer;
use super::environment::Version;
use crate::facts::{ParameterKind, Slice};
use crate::values::{Code, CodeFlags, CodeId, Constant, FlowParameter, Guard, GuardTest, VarId};

/// Parameters that a test asks for.
struct Asked {
    tests: Vec<GuardTest>,
    /// Whether it asks for something else besides.
    is_partial: bool,
    /// Whether all of the tests hold where the whole does, or where it does not.
    holds: bool,
}

impl Lowerer<'_> {
    /// Whether a test holds where the code's guard does (true) or where it does not (false); nothing when it asks for
    /// something else. What is asked first is the guard.
    pub(super) fn guard_of(&mut self, test: &Expr) -> Option<bool> {
        if self.code == CodeId::MODULE {
            return None;
        }
        let asked = self.asked(test)?;
        let Some(guard) = self.out.codes[self.code.index()].guard else {
            // What is returned whatever was passed would be told apart no more.
            if !self.has_returned {
                self.add_guard(&asked);
                return Some(asked.holds);
            }
            return None;
        };
        let known = &self.out.guard_tests[guard.tests.range()];
        if asked.tests == known && asked.is_partial == guard.is_partial {
            return Some(asked.holds);
        }
        match (
            known,
            &asked.tests[..],
            guard.is_partial || asked.is_partial,
        ) {
            ([known], [test], false) if flipped(*test) == *known => Some(!asked.holds),
            _ => None,
        }
    }

    fn add_guard(&mut self, asked: &Asked) {
        let start = self.out.guard_tests.len() as u32;
        self.out.guard_tests.extend_from_slice(&asked.tests);
        let guard = Guard {
            tests: Slice {
                start,
                len: asked.tests.len() as u32,
            },
            is_partial: asked.is_partial,
            holds: self.var(),
            fails: self.var(),
            other: self.var(),
        };
        let code = &mut self.out.codes[self.code.index()];
        code.guard = Some(guard);
        let result = code.result;
        for from in [guard.holds, guard.fails, guard.other] {
            self.copy(from, result);
        }
    }

    fn asked(&mut self, test: &Expr) -> Option<Asked> {
        let Expr::BoolOp(op) = test else {
            let test = self.asked_one(test)?;
            return Some(Asked {
                tests: vec![test],
                is_partial: false,
                holds: true,
            });
        };
        // Not any is all the other way round.
        let holds = op.op == BoolOp::And;
        let mut tests = Vec::new();
        for value in &op.values {
            tests.extend(self.asked_one(value));
        }
        let is_partial = tests.len() < op.values.len();
        if !holds {
            tests = tests.into_iter().map(flipped).collect();
        }
        (!tests.is_empty()).then_some(Asked {
            tests,
            is_partial,
            holds,
        })
    }

    /// The test of one parameter that is still what was passed.
    fn asked_one(&mut self, test: &Expr) -> Option<GuardTest> {
        let (name, constant, is) = compared(test)?;
        let name = self.name_of(name);
        let code = self.out.codes[self.code.index()];
        let parameters = &self.out.parameters[code.parameters.range()];
        let found = parameters.iter().zip(0..).find_map(|(parameter, at)| {
            let default = parameter.default.filter(|_| parameter.name == name)?;
            Some((at, parameter.var, default))
        });
        let (parameter, var, default) = found?;
        if self.env.slot(name).version != var.into() {
            return None;
        }
        let test = GuardTest {
            parameter,
            constant,
            is,
            absent: None,
        };
        // A default that is no literal most often stands for nothing.
        let default = match default {
            Constant::Unknown => Constant::None,
            known => known,
        };
        Some(GuardTest {
            absent: test.of(default),
            ..test
        })
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
        let to = match (code.guard, self.guarded) {
            (None, _) => code.result,
            (Some(guard), None) => guard.other,
            (Some(guard), Some(true)) => guard.holds,
            (Some(guard), Some(false)) => guard.fails,
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

/// The opposite of a test.
fn flipped(test: GuardTest) -> GuardTest {
    GuardTest {
        is: !test.is,
        absent: test.absent.map(|holds| !holds),
        ..test
    }
}

/// The name that a test compares, the constant, and whether the name has to be it. What is callable is true.
fn compared(test: &Expr) -> Option<(&ast::ExprName, Constant, bool)> {
    match test {
        Expr::Name(name) => Some((name, Constant::Truthy, true)),
        Expr::UnaryOp(unary) if unary.op == UnaryOp::Not => {
            let (name, constant, is) = compared(&unary.operand)?;
            Some((name, constant, !is))
        }
        Expr::Compare(compare) => {
            let ([op], Expr::Name(name), [other]) =
                (&*compare.ops, &*compare.left, &*compare.comparators)
            else {
                return None;
            };
            let constant = match constant_of(other) {
                Constant::Truthy | Constant::Unknown => return None,
                constant => constant,
            };
            match op {
                CmpOp::Is => Some((name, constant, true)),
                CmpOp::IsNot => Some((name, constant, false)),
                _ => None,
            }
        }
        Expr::Call(call) => match (&*call.func, &*call.arguments.args) {
            (Expr::Name(callee), [Expr::Name(name)]) if callee.id.as_str() == "callable" => {
                Some((name, Constant::Truthy, true))
            }
            _ => None,
        },
        _ => None,
    }
}

/// What a literal is.
pub(super) fn constant_of(expr: &Expr) -> Constant {
    match expr {
        Expr::NoneLiteral(_) => Constant::None,
        Expr::BooleanLiteral(literal) if literal.value => Constant::True,
        Expr::BooleanLiteral(_) => Constant::False,
        Expr::StringLiteral(literal) if !literal.value.is_empty() => Constant::Truthy,
        Expr::NumberLiteral(number) => match &number.value {
            Number::Int(int) if *int != ast::Int::ZERO => Constant::Truthy,
            Number::Float(float) if *float != 0.0 => Constant::Truthy,
            _ => Constant::Unknown,
        },
        _ => Constant::Unknown,
    }
}
