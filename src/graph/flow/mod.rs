//! The call graph by value flow: who calls whom, through values as well as through names.
//!
//! A points-to analysis over [`crate::values`]. It shows every call it can make out, each with the reason why it is
//! said to be one; [`crate::graph::calls`] holds what can be proven by names alone, and the checks use that.

#![expect(
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "indices of containers count entries of displays: they are far below the limits"
)]

mod arguments;
mod attributes;
mod builtins;
mod calls;
mod construct;
mod containers;
mod declared;
mod decorators;
mod descriptors;
mod fields;
mod gaps;
mod hierarchy;
mod hubs;
mod items;
mod iteration;
mod methods;
mod objects;
mod operators;
mod program;
mod records;
mod results;
mod seeds;
mod solver;
mod special;
mod starts;
mod step;
mod unknown;
mod wrappers;

pub use objects::External;
pub use program::Code;

use crate::facts::DefinitionId;
use crate::index::{FileId, Index};
use objects::Externals;
use program::Program;
use solver::Solver;

/// Why a call is said to be one, the surest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The callee's name leads there.
    Direct,
    /// The callee is a value that gets there.
    Flow,
    /// An annotation says what the receiver is.
    Annotation,
    /// A class below the receiver's overrides the method.
    Override,
    /// The attribute's name begins so: `getattr(self, "visit_" + name)`.
    NamePrefix,
    /// Nothing but the attributes used tells what the receiver is.
    #[default]
    Duck,
}

impl Reason {
    /// The reason as reports write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Flow => "flow",
            Self::Annotation => "annotation",
            Self::Override => "override",
            Self::NamePrefix => "name-prefix",
            Self::Duck => "duck",
        }
    }
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Callee {
    /// A function of the project.
    Function(Code),
    /// A name outside the project.
    External(External),
}

/// A call.
#[derive(Clone, Copy, Debug)]
pub struct FlowCall {
    /// Whose code calls.
    pub caller: Code,
    /// What is called.
    pub callee: Callee,
    /// Offset of the call in the caller's file, in bytes.
    pub offset: u32,
    /// Why this is said.
    pub reason: Reason,
}

/// Counts of what the analysis left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Omissions {
    /// Values dropped because a variable could be too many things.
    pub values: u64,
    /// Calls left out because their receivers could be of too many unrelated classes, or the methods only raise where
    /// those of kindred classes do something.
    pub calls: u64,
}

/// All calls of the project.
pub struct FlowGraph<'a> {
    program: Program<'a>,
    externals: Externals,
    /// The calls, sorted by caller, place and callee.
    pub calls: Vec<FlowCall>,
    /// What was left out.
    pub omissions: Omissions,
}

impl<'a> FlowGraph<'a> {
    /// Works the graph out. The files' facts must have been read with [`crate::facts::FileFacts::values`];
    /// `is_builtin` tells names that the language itself binds.
    #[must_use]
    pub fn build(index: &'a Index, is_builtin: fn(&str) -> bool) -> Self {
        let mut solver = Solver::new(Program::new(index), is_builtin);
        solver.seed();
        solver.run();
        solver.settle_unknowns();
        solver.drop_refused();
        let Solver {
            program,
            externals,
            classes,
            mut calls,
            dropped,
            ..
        } = solver;
        calls.sort_unstable_by_key(|call| (call.caller, call.offset, call.callee));
        let mut left_out = hubs::leave_out(&mut calls, &program, &classes);
        left_out += gaps::leave_out(&mut calls, &program, &classes);
        Self {
            program,
            externals,
            calls,
            omissions: Omissions {
                values: dropped,
                calls: left_out,
            },
        }
    }

    /// All pieces of code.
    pub fn codes(&self) -> impl Iterator<Item = Code> + use<> {
        (0..self.program.code_count()).map(Code)
    }

    /// A piece of code, with its file.
    #[must_use]
    pub fn code(&self, code: Code) -> (FileId, &'a crate::values::Code) {
        self.program.code_body(code)
    }

    /// The definition that a piece of code is the body of; none for modules and lambdas.
    #[must_use]
    pub fn definition(&self, code: Code) -> Option<DefinitionId> {
        let (file, body) = self.program.code_body(code);
        self.program.definition(file, body.offset)
    }

    /// The dotted path of a name outside the project.
    #[must_use]
    pub fn external(&self, external: External) -> &str {
        self.externals.path(external)
    }
}
