//! Strings that spell dotted paths: each that moves spells what was meant, and each that replaces a name replaces it
//! for the same readers.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Change, Proof, Violation};
use crate::diagnostic::Site;
use crate::facts::StringTargetKind;
use crate::fix::patched::Readers;
use crate::fix::through::{Patches, Place, replaced_through};
use crate::index::{FileId, Index};

impl Proof<'_> {
    /// Every string that moves spells the new path.
    pub(super) fn texts(&self, change: &Change<'_>, found: &mut Vec<Violation>) {
        let texts = change
            .moves
            .iter()
            .filter_map(|(at, one)| match one.relocation.site {
                Site::Text(span) => Some((*at, *one, span)),
                _ => None,
            });
        let (old, new) = (self.old.facts(change.file), self.new.facts(change.file));
        for (at, one, span) in texts {
            let place = old
                .string_targets
                .iter()
                .position(|target| target.span == span);
            let spelled = place
                .filter(|_| old.string_targets.len() == new.string_targets.len())
                .map(|place| new.name(new.string_targets[place].value));
            if spelled != Some(&*one.dotted()) {
                found.push((at, format!("the string would not spell `{}`", one.dotted())));
            }
        }
    }

    /// Every string that replaces a name still replaces it for those who read it when functions run, and for no
    /// others. Only looked at where such strings move.
    pub(super) fn patches(&self, found: &mut Vec<Violation>) {
        let replaces = |file: FileId, span| {
            let targets = &self.old.facts(file).string_targets;
            targets
                .iter()
                .any(|target| target.span == span && target.kind != StringTargetKind::ImportModule)
        };
        let moved: Vec<usize> = self
            .changes
            .iter()
            .flat_map(|change| change.moves)
            .filter(|(_, one)| match one.relocation.site {
                Site::Text(span) => replaces(one.relocation.file, span),
                Site::Import(id) => !replaced_through(self.old, one.relocation.file, id).is_empty(),
                _ => false,
            })
            .map(|(at, _)| *at)
            .collect();
        if moved.is_empty() {
            return;
        }
        let (before, now) = (replaced_for(self.old), replaced_for(self.new));
        let is_wrong = before
            .iter()
            .any(|(string, readers)| now.get(string) != Some(readers));
        if is_wrong {
            let reason = "a string would replace a name for other readers";
            found.extend(moved.into_iter().map(|at| (at, reason.to_owned())));
        }
    }
}

/// For each string that replaces a name, by file and number, the files that read that name late.
fn replaced_for(index: &Index) -> FxHashMap<(FileId, usize), Vec<FileId>> {
    let patches = Patches::collect(index);
    let names: FxHashSet<(Place, String)> = patches.iter().map(|(name, _)| name.clone()).collect();
    let readers = Readers::collect(index, &names);
    let mut all: FxHashMap<(FileId, usize), Vec<FileId>> = FxHashMap::default();
    for (name, patches) in patches.iter() {
        for patch in patches.iter().filter(|patch| patch.text.is_some()) {
            let targets = &index.facts(patch.file).string_targets;
            let number = targets.iter().position(|one| one.span == patch.span);
            if let Some(number) = number {
                let entry = all.entry((patch.file, number)).or_default();
                entry.extend(readers.files_of(name));
                entry.sort_unstable();
            }
        }
    }
    all
}
