//! What a fix comes to: for the summary, for the journal, and for the project that is judged afterwards.

use std::collections::{BTreeMap, BTreeSet};

use crate::Project;
use crate::diagnostic::Finding;
use crate::fix::FixRun;
use crate::fix::apply::NewContents;
use crate::fix::transaction::About;
use crate::index::File;
use crate::lang::Language;
use crate::report::Fixes;

/// What there is to say of a run.
pub(super) fn tell(run: &FixRun, findings: &[Finding]) -> Fixes {
    let mut fixes = Fixes {
        fixed: run.applied as u64,
        sites: run.sites as u64,
        files: run.contents.len() as u64,
        ..Fixes::default()
    };
    for (at, finding) in findings.iter().enumerate() {
        let late = run.refused.iter().find(|(refused, _)| *refused == at);
        let reason = late.map(|(_, reason)| reason).or(finding.refusal.as_ref());
        if let (Some(reason), Err(_)) = (reason, run.fixed.binary_search(&at)) {
            fixes.refuse(reason);
        }
    }
    fixes
}

/// What a run was for.
pub(super) fn about(run: &FixRun, findings: &[Finding]) -> About {
    let fixed = || run.fixed.iter().map(|&at| &findings[at]);
    let checks: BTreeSet<&str> = fixed().map(|finding| finding.check).collect();
    let rules: BTreeSet<&str> = fixed()
        .filter_map(|finding| finding.rule.as_deref())
        .collect();
    About {
        findings: run.applied as u64,
        checks: checks.into_iter().map(str::to_owned).collect(),
        rules: rules.into_iter().map(str::to_owned).collect(),
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
