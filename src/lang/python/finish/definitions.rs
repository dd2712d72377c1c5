//! Definitions as facts have them, with how functions end.

use super::{Chosen, Finisher, Resolved, UNUSED};
use crate::facts::{
    CallId, Definition, DefinitionFlags, DefinitionKind, Ending, FlowNode, FlowStep, Shape, Slice,
};
use crate::lang::python::ending;
use crate::lang::python::extract::TempShape;
use crate::lang::python::flow::Step;

impl Finisher<'_, '_> {
    pub(super) fn emit_definitions(
        &mut self,
        flags: &[DefinitionFlags],
        reference_ids: &[u32],
        calls: &Chosen,
    ) {
        let call_ids = &calls.ids[..];
        let mut blocks = std::mem::take(&mut self.memory.blocks);
        blocks.clear();
        blocks.extend(calls.resolved.iter().zip(call_ids).map(|(call, id)| {
            *id != UNUSED && !matches!(call, Resolved::Free(_) | Resolved::Literal(_))
        }));
        let walks = std::mem::take(&mut self.memory.walks);
        let mut walker = ending::Walker::new(&self.from.flow, &self.from.calls, &blocks, walks);
        for (at, definition) in self.from.definitions.iter().enumerate() {
            let mut own_flags = flags[at];
            let decorators = kept_run(definition.decorators, reference_ids);
            let mut bases = kept_run(definition.bases, reference_ids);
            if decorators.len < definition.decorators.len {
                own_flags.insert(DefinitionFlags::OPAQUE_DECORATOR);
                own_flags.insert(DefinitionFlags::UNKNOWN_DECORATOR);
            }
            if bases.len < definition.bases.len {
                own_flags.insert(DefinitionFlags::OPAQUE_BASE);
            }
            if own_flags.contains(DefinitionFlags::NAMED_METACLASS) {
                match reference_ids[definition.bases.range().end] {
                    UNUSED => own_flags.0 &= !DefinitionFlags::NAMED_METACLASS.0,
                    id => bases.start = id - bases.len,
                }
            }
            let ending = match definition.entry {
                Some(entry) if definition.kind != DefinitionKind::Class => {
                    let ending = walker.ending(entry);
                    own_flags.insert(DefinitionFlags::raising(walker.operations));
                    self.ending(ending, &walker, call_ids)
                }
                _ => Ending::Never,
            };
            let shape = match definition.shape {
                TempShape::Ordinary => Shape::Ordinary,
                TempShape::Raises => Shape::Raises,
                TempShape::Empty => Shape::Empty,
                TempShape::Forwards(call) => match call_ids[call as usize] {
                    UNUSED => Shape::Ordinary,
                    id => Shape::Forwards(CallId(id)),
                },
            };
            let name = self.name(definition.name);
            let parent = self.scope(definition.parent);
            let body = self.scope(definition.body);
            self.facts.definitions.push(Definition {
                kind: definition.kind,
                name,
                parent,
                body,
                span: definition.span,
                name_span: definition.name_span,
                decorators,
                bases,
                parameters: definition.parameters,
                flags: own_flags,
                shape,
                ending,
            });
        }
        self.memory.walks = walker.into_memory();
        self.memory.blocks = blocks;
    }

    fn ending(
        &mut self,
        ending: ending::TempEnding,
        walker: &ending::Walker,
        call_ids: &[u32],
    ) -> Ending {
        match ending {
            ending::TempEnding::Always(offset) => return Ending::Always(offset),
            ending::TempEnding::Never => return Ending::Never,
            ending::TempEnding::Depends => {}
        }
        let facts = &mut *self.facts;
        let start = facts.flow_nodes.len() as u32;
        for (step, next) in walker.nodes() {
            let first = facts.flow_edges.len() as u32;
            facts.flow_edges.extend(next.iter().copied());
            facts.flow_nodes.push(FlowNode {
                step: match step {
                    Step::Call(call) if call_ids[call as usize] != UNUSED => {
                        FlowStep::Call(CallId(call_ids[call as usize]))
                    }
                    Step::Exit { statement, .. } => FlowStep::Exit(statement.start),
                    Step::Raised(operations) => FlowStep::Raised(operations),
                    Step::Call(_) | Step::Join => FlowStep::Join,
                },
                next: Slice {
                    start: first,
                    len: next.len() as u32,
                },
            });
        }
        Ending::Depends(Slice {
            start,
            len: facts.flow_nodes.len() as u32 - start,
        })
    }
}

/// The run of kept ids within a run of visited references.
fn kept_run(run: Slice, ids: &[u32]) -> Slice {
    let mut kept = ids[run.range()].iter().copied().filter(|&id| id != UNUSED);
    let Some(start) = kept.next() else {
        return Slice::default();
    };
    Slice {
        start,
        len: 1 + kept.count() as u32,
    }
}
