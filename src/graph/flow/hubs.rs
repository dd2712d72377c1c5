//! Places where everything meets: a method called there on instances of many unrelated classes says no more than that
//! the values were mixed up on their way. Such calls are left out, and counted.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::hierarchy::Classes;
use super::program::{Class, Program, Text};
use super::{Callee, FlowCall, Reason};

/// To how many unrelated families of classes a method call leads at most.
const MOST_FAMILIES: usize = 3;

/// Leaves out calls at hubs; tells how many. The calls are sorted by caller and place.
pub(super) fn leave_out(
    calls: &mut Vec<FlowCall>,
    program: &Program<'_>,
    classes: &Classes,
) -> u64 {
    let methods: Vec<Option<(Text, Class)>> = calls
        .iter()
        .map(|call| method(call, program, classes))
        .collect();
    let mut kept = vec![true; calls.len()];
    let mut start = 0;
    while start < calls.len() {
        let place = (calls[start].caller, calls[start].offset);
        let end = start
            + calls[start..]
                .iter()
                .take_while(|call| (call.caller, call.offset) == place)
                .count();
        if end - start > MOST_FAMILIES {
            mark(&methods[start..end], &mut kept[start..end]);
        }
        start = end;
    }
    let before = calls.len();
    let mut kept = kept.into_iter();
    calls.retain(|_| kept.next().unwrap_or(true));
    (before - calls.len()) as u64
}

/// Marks the calls of one place that are too many.
fn mark(methods: &[Option<(Text, Class)>], kept: &mut [bool]) {
    let mut families: FxHashMap<Text, SmallVec<[Class; 4]>> = FxHashMap::default();
    for &(name, family) in methods.iter().flatten() {
        let families = families.entry(name).or_default();
        if !families.contains(&family) {
            families.push(family);
        }
    }
    for (method, kept) in methods.iter().zip(kept) {
        *kept = method.is_none_or(|(name, _)| families[&name].len() <= MOST_FAMILIES);
    }
}

/// The name of the method that a value led to, and the family of its class.
fn method(call: &FlowCall, program: &Program<'_>, classes: &Classes) -> Option<(Text, Class)> {
    let Callee::Function(code) = call.callee else {
        return None;
    };
    if matches!(call.reason, Reason::Direct | Reason::Annotation) {
        return None;
    }
    let class = program.class_of_method(code)?;
    let (file, body) = program.code_body(code);
    let name = program.text(file, body.name);
    // A table of classes is no mix-up.
    if matches!(
        program.texts.get(name),
        "__init__" | "__new__" | "__post_init__"
    ) {
        return None;
    }
    Some((name, classes.family(class)))
}
