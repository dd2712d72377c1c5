//! Methods that do nothing but raise: they say that a class has no such thing.
//!
//! A call that leads to one beside a method of a kindred class that does something is there for that one. Such calls are
//! left out, and counted.

use smallvec::SmallVec;

use super::hierarchy::Classes;
use super::program::{Class, Program};
use super::{Callee, FlowCall, Reason};
use crate::facts::Shape;

/// Leaves out calls of methods that only raise; tells how many. The calls are sorted by caller and place.
pub(super) fn leave_out(
    calls: &mut Vec<FlowCall>,
    program: &Program<'_>,
    classes: &Classes,
) -> u64 {
    let mut kept = vec![true; calls.len()];
    let mut start = 0;
    for here in calls.chunk_by(|one, next| (one.caller, one.offset) == (next.caller, next.offset)) {
        if here.len() > 1 {
            mark(here, program, classes, &mut kept[start..start + here.len()]);
        }
        start += here.len();
    }
    let before = calls.len();
    let mut kept = kept.into_iter();
    calls.retain(|_| kept.next().unwrap_or(true));
    (before - calls.len()) as u64
}

/// Marks the calls of one place that only raise where others do something.
fn mark(here: &[FlowCall], program: &Program<'_>, classes: &Classes, kept: &mut [bool]) {
    let methods: SmallVec<[Option<(Class, bool)>; 8]> = here
        .iter()
        .map(|call| method(call, program, classes))
        .collect();
    for (at, found) in methods.iter().enumerate() {
        let Some((family, true)) = *found else {
            continue;
        };
        let is_named = matches!(here[at].reason, Reason::Direct | Reason::Annotation);
        kept[at] = is_named || !methods.contains(&Some((family, false)));
    }
}

/// The family of the class that a callee is a method of, and whether it only raises.
fn method(call: &FlowCall, program: &Program<'_>, classes: &Classes) -> Option<(Class, bool)> {
    let Callee::Function(code) = call.callee else {
        return None;
    };
    let class = program.class_of_method(code)?;
    let (file, body) = program.code_body(code);
    let definition = program.definition(file, body.offset)?;
    let shape = program.facts(file).definitions[definition.index()].shape;
    Some((classes.family(class), shape == Shape::Raises))
}
