//! Collects the edits of all changes and brings them in order.

use rustc_hash::FxHashMap;

use crate::fix::edit::{Refused, Rewritten, TextEdit};
use crate::span::Span;

/// A requested change, by its place in the request.
pub(super) type ChangeId = usize;

/// An edit and the changes that need it.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) span: Span,
    pub(super) content: String,
    pub(super) serves: Vec<ChangeId>,
}

impl Draft {
    pub(super) fn new(span: Span, content: impl Into<String>, serves: &[ChangeId]) -> Self {
        Self {
            span,
            content: content.into(),
            serves: serves.to_vec(),
        }
    }
}

/// All edits so far, and the changes that were refused.
#[derive(Debug)]
pub(super) struct Plan {
    drafts: Vec<Draft>,
    /// Where each change is reported.
    places: Vec<Span>,
    refused: Vec<Option<String>>,
    /// Modules that were imported beside others: by block and module, the edit.
    imports: FxHashMap<((usize, usize), String), (Span, String)>,
}

impl Plan {
    pub(super) fn new(places: Vec<Span>) -> Self {
        Self {
            drafts: Vec::new(),
            refused: vec![None; places.len()],
            places,
            imports: FxHashMap::default(),
        }
    }

    pub(super) fn refuse(&mut self, changes: &[ChangeId], reason: &str) {
        for &change in changes {
            self.refused[change].get_or_insert_with(|| reason.to_owned());
        }
    }

    pub(super) fn add(&mut self, drafts: impl IntoIterator<Item = Draft>) {
        self.drafts.extend(drafts);
    }

    /// Notes that `line`, put at `place`, imports a module among the imports of `block`.
    pub(super) fn add_import(
        &mut self,
        block: (usize, usize),
        module: &str,
        place: Span,
        line: &str,
    ) {
        let key = (block, module.to_owned());
        self.imports.insert(key, (place, line.to_owned()));
    }

    /// Lets the edit that imports a module among the imports of `block` serve `change` too; false when there is none.
    pub(super) fn share_import(
        &mut self,
        block: (usize, usize),
        module: &str,
        change: ChangeId,
    ) -> bool {
        let Some((place, line)) = self.imports.get(&(block, module.to_owned())) else {
            return false;
        };
        let found = self
            .drafts
            .iter_mut()
            .find(|draft| draft.span == *place && draft.content == *line);
        if let Some(draft) = found {
            draft.serves.push(change);
            return true;
        }
        false
    }

    /// Refuses every change.
    pub(super) fn refuse_all(mut self, reason: &str) -> Rewritten {
        self.drafts.clear();
        let all: Vec<ChangeId> = (0..self.places.len()).collect();
        self.refuse(&all, reason);
        self.finish()
    }

    /// Sorts the edits, joins insertions at one place; refuses everything if any overlap.
    pub(super) fn finish(mut self) -> Rewritten {
        self.drafts
            .sort_by_key(|draft| (draft.span.start, draft.span.end));
        let mut joined: Vec<Draft> = Vec::with_capacity(self.drafts.len());
        let mut overlap = false;
        for draft in std::mem::take(&mut self.drafts) {
            match joined.last_mut() {
                Some(last) if last.span == draft.span && draft.span.start == draft.span.end => {
                    last.content.push_str(&draft.content);
                    last.serves.extend(draft.serves);
                }
                Some(last) => {
                    overlap |= last.span.end > draft.span.start;
                    joined.push(draft);
                }
                None => joined.push(draft),
            }
        }
        if overlap {
            return self.refuse_all("two changes of this file touch the same text");
        }
        self.report(joined)
    }

    fn report(self, drafts: Vec<Draft>) -> Rewritten {
        let mut needs: Vec<Vec<usize>> = vec![Vec::new(); self.places.len()];
        for (index, draft) in drafts.iter().enumerate() {
            for &change in &draft.serves {
                if needs[change].last() != Some(&index) {
                    needs[change].push(index);
                }
            }
        }
        let mut out = Rewritten {
            edits: drafts
                .into_iter()
                .map(|draft| TextEdit {
                    span: draft.span,
                    content: draft.content,
                })
                .collect(),
            ..Rewritten::default()
        };
        let answers = self.places.into_iter().zip(self.refused).zip(needs);
        for (change, ((at, refusal), needs)) in answers.enumerate() {
            match refusal {
                Some(reason) => out.refused.push(Refused { change, at, reason }),
                None => out.by_change.push((at, needs)),
            }
        }
        out
    }
}
