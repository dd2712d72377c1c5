//! The passes of a fix, and what they come to: for the summary, for the journal, for the project judged afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::Project;
use crate::diagnostic::Finding;
use crate::fix::FixRun;
use crate::fix::apply::NewContents;
use crate::fix::pending::Pending;
use crate::fix::transaction::About;
use crate::index::File;
use crate::lang::Language;
use crate::report::Fixes;

/// Passes after which no more fixes are made. Each finds what the one before made possible; few trees need three.
const MOST_PASSES: usize = 16;

/// What the passes of one run come to: fixes are made, the tree they lead to is checked, until it needs no more.
#[derive(Debug, Default)]
pub(super) struct Passes {
    pending: Pending,
    fixes: Fixes,
    checks: BTreeSet<&'static str>,
    rules: BTreeSet<Arc<str>>,
    made: usize,
    /// The states of the tree so far.
    seen: BTreeSet<u64>,
    /// Why no pass may follow, once one may not.
    stop: Option<&'static str>,
}

/// All passes together.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) contents: Vec<NewContents>,
    pub(super) fixes: Fixes,
    pub(super) about: About,
}

impl Passes {
    /// The tree as the passes so far leave it.
    pub(super) fn pending(&self) -> &Pending {
        &self.pending
    }

    /// Whether what a pass does is to be kept, and another one is to follow.
    pub(super) fn goes_on(&self, run: &FixRun) -> bool {
        !run.contents.is_empty() && self.stop.is_none()
    }

    /// Keeps what a pass does for `findings`.
    pub(super) fn take_in(&mut self, run: FixRun, findings: &[Finding]) {
        self.fixes.fixed += run.applied as u64;
        self.fixes.sites += run.sites as u64;
        for finding in run.fixed.iter().map(|&at| &findings[at]) {
            self.checks.insert(finding.check);
            self.rules.extend(finding.rule.clone());
        }
        if self.seen.is_empty() {
            self.seen.insert(self.pending.digest());
        }
        self.pending.take_in(run.contents);
        self.made += 1;
        if !self.seen.insert(self.pending.digest()) {
            self.stop = Some("the rules send it round in a circle");
        } else if self.made == MOST_PASSES {
            self.stop = Some("too many fixes in a row led to others");
        }
    }

    /// Says of `findings`, those of the tree in the end, why the last pass, which is not kept, repairs none of them.
    pub(super) fn end(&mut self, run: &FixRun, findings: &mut [Finding]) {
        let stopped = self.stop.into_iter().flat_map(|reason| {
            let fixed = run.fixed.iter();
            fixed.map(move |&at| (at, reason.to_owned()))
        });
        let late: Vec<(usize, String)> = run.refused.iter().cloned().chain(stopped).collect();
        for (at, reason) in late {
            findings[at].fix = None;
            findings[at].refusal = Some(reason);
        }
        for finding in findings.iter() {
            if let Some(reason) = &finding.refusal {
                let at = &finding.location;
                let place = format!("{}:{}", at.path, at.start.line);
                self.fixes.refused.add(reason, place);
            }
        }
    }

    /// What all of it comes to.
    pub(super) fn done(self) -> Done {
        let contents = self.pending.into_contents();
        Done {
            fixes: Fixes {
                files: contents.len() as u64,
                ..self.fixes
            },
            about: About {
                findings: contents.first().map_or(0, |_| self.fixes.fixed),
                checks: self.checks.into_iter().map(str::to_owned).collect(),
                rules: self.rules.iter().map(ToString::to_string).collect(),
            },
            contents,
        }
    }
}

/// The project with some files changed.
pub(super) fn after(project: Project, contents: &[NewContents]) -> Project {
    let target = project.config.project.target_version;
    let mut new: BTreeMap<String, &NewContents> = contents
        .iter()
        .map(|one| (one.path.to_string_lossy().replace('\\', "/"), one))
        .collect();
    let same_files = contents
        .iter()
        .all(|one| one.original.is_some() && one.bytes.is_some());
    let read = |bytes: &[u8], language: Language| {
        let text = crate::source::decode(bytes.to_vec(), language);
        language.extract(&text.text, target)
    };
    if same_files {
        let index = &project.index;
        let changed = index.file_ids().filter_map(|id| {
            let file = index.file(id);
            let bytes = new.get(&*file.path)?.bytes.as_ref()?;
            Some((id, read(bytes, file.language)))
        });
        let index = index.with_facts(changed.collect::<Vec<_>>());
        return Project { index, ..project };
    }
    let mut files = Vec::new();
    for mut file in project.index.files {
        match new.remove(&*file.path).map(|one| &one.bytes) {
            None => {}
            Some(None) => continue,
            Some(Some(bytes)) => file.facts = read(bytes, file.language).into(),
        }
        files.push(file);
    }
    for (path, one) in new {
        let Some((language, bytes)) = Language::of_path(&path).zip(one.bytes.as_ref()) else {
            continue;
        };
        files.push(File {
            is_test: project.config.project.tests.is_match(&path),
            path: path.into(),
            language,
            facts: read(bytes, language).into(),
        });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Project::index(project.config, files, project.problems, project.layout)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn run(old: &str, new: &str) -> FixRun {
        FixRun {
            contents: vec![NewContents {
                path: "m.py".into(),
                original: Some(old.into()),
                bytes: Some(new.into()),
            }],
            ..FixRun::default()
        }
    }

    #[test]
    fn passes_end_where_they_come_back_to() {
        let mut passes = Passes::default();
        for (old, new) in [("a", "b"), ("b", "c"), ("c", "b")] {
            assert!(passes.goes_on(&run(old, new)), "{old} to {new}");
            passes.take_in(run(old, new), &[]);
        }
        assert!(!passes.goes_on(&run("b", "c")));
        let contents = passes.done().contents;
        assert_eq!(contents, run("a", "b").contents);
    }

    #[test]
    fn changes_that_cancel_out_are_none() {
        let mut passes = Passes::default();
        passes.take_in(run("a", "b"), &[]);
        passes.take_in(run("b", "a"), &[]);
        assert!(passes.done().contents.is_empty());
    }

    #[test]
    fn passes_are_not_endless() {
        let mut passes = Passes::default();
        let mut made = 0;
        while passes.goes_on(&run(&made.to_string(), &(made + 1).to_string())) {
            passes.take_in(run(&made.to_string(), &(made + 1).to_string()), &[]);
            made += 1;
        }
        assert_eq!(made, MOST_PASSES);
    }
}
