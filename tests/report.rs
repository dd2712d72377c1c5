//! Every format on one hand-made report, and what must hold for any report.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use ssot::config::Gate;
use ssot::diagnostic::{Applicability, Edit, Evidence, Finding, Fix, Location, Severity};
use ssot::fingerprint::identify;
use ssot::report::{
    FORMATS, Fixes, Format, Options, Report, Style, Unresolved, render, score_json, score_text,
};
use ssot::score::{Area, Score, Tally};
use ssot::span::Position;

const CONSUMER: &str = "\
import os
from app.factories import (
    get_manager,
    Größe,
)
def f():
\treturn get_manager(\"ключ\", user)  # late
";

fn source(path: &str) -> Option<Arc<str>> {
    match path {
        "app/x.py" => Some(CONSUMER.into()),
        "app/long.py" => Some(format!("x = [{}, os.environ]\n", "1, ".repeat(400)).into()),
        _ => None,
    }
}

fn location(path: &str, start: (u32, u32), end: (u32, u32)) -> Location {
    let at = |(line, column)| Position { line, column };
    Location {
        path: path.into(),
        start: at(start),
        end: at(end),
    }
}

fn hop(path: &str, line: u32, message: &str) -> Evidence {
    Evidence {
        location: location(path, (line, 1), (line, 9)),
        message: message.to_owned(),
    }
}

fn noncanonical() -> Finding {
    let mut finding = Finding::new(
        "noncanonical-import",
        Severity::Error,
        location("app/x.py", (3, 5), (3, 16)),
        "`get_manager` is imported from `app.factories`, which re-exports it: the same object"
            .to_owned(),
    );
    finding.rule = Some("ws-factory".into());
    finding.priority = Some("P0".into());
    finding.symbol = Some("app.core:get_manager".to_owned());
    finding.local = Some("get_manager".to_owned());
    finding.same_object = Some(true);
    finding.evidence = vec![
        hop("app/factories/__init__.py", 2, "re-exported here"),
        hop("app/core.py", 10, "defined here"),
    ];
    finding.fix = Some(Fix {
        applicability: Applicability::Safe,
        message: "import it from `app.core`".to_owned(),
        edits: vec![Edit {
            path: "app/x.py".into(),
            start: 10,
            end: 74,
            content: "from app.core import get_manager\nfrom app.factories import Größe\n"
                .to_owned(),
        }],
        deletes: Vec::new(),
    });
    finding
}

fn findings() -> Vec<Finding> {
    let mut unresolved = Finding::new(
        "unresolved-import",
        Severity::Warning,
        location("app/x.py", (2, 1), (5, 2)),
        "`app.factories` has no name `Größe`: 100% sure, see line 4".to_owned(),
    );
    unresolved.refusal = Some("the name is not defined anywhere".to_owned());
    let mut recursion = Finding::new(
        "self-recursion",
        Severity::Error,
        location("app/x.py", (7, 9), (7, 34)),
        "every path of `f` calls it again".to_owned(),
    );
    recursion.symbol = Some("app.x:f".to_owned());
    recursion.cycle = vec!["app.x:f".to_owned()];
    recursion.class = Some("unconditional");
    recursion.help = Some("call the import under another name".to_owned());
    let wide = Finding::new(
        "gateway",
        Severity::Info,
        location("app/long.py", (1, 1208), (1, 1218)),
        "`os.environ` is read outside its gateway".to_owned(),
    );
    let gone = Finding::new(
        "registry-drift",
        Severity::Warning,
        location("docs/a,b:c.md", (4, 1), (4, 3)),
        "the registry names\na module that is gone".to_owned(),
    );
    vec![noncanonical(), gone, wide, recursion, unresolved]
}

fn report(findings: Vec<Finding>) -> Report {
    let counts = [
        (Area::Imports, Tally::new(7, 8)),
        (Area::Recursion, Tally::new(2999, 3000)),
        (Area::Retirement, Tally::new(0, 0)),
        (Area::Integrity, Tally::new(4, 4)),
    ];
    Report {
        files: vec!["app/long.py".into(), "app/x.py".into()],
        lines: 120,
        score: Score::new(counts, &BTreeMap::new()),
        gate: Gate {
            min_score: Some(95.0),
            fail_on: Some(Severity::Error),
        },
        findings: identify(findings),
        baselined: 1,
        suppressed: 2,
        unresolved: Unresolved {
            imports: BTreeMap::from([("third-party".to_owned(), 12)]),
            calls: BTreeMap::from([("dynamic".to_owned(), 40)]),
        },
        victims: 3,
        fixes: None,
        notes: vec![],
    }
}

fn options() -> Options<'static> {
    Options {
        sources: &source,
        style: Style { color: false },
        summary: true,
        verbose: false,
        statistics: false,
    }
}

fn format(name: &str) -> &'static Format {
    FORMATS.iter().find(|format| format.name == name).unwrap()
}

fn rendered(name: &str, options: &Options<'_>) -> String {
    render(format(name), &report(findings()), options)
}

#[test]
fn full() {
    insta::assert_snapshot!(rendered("full", &options()));
}

#[test]
fn concise() {
    insta::assert_snapshot!(rendered("concise", &options()));
}

#[test]
fn json() {
    // The version changes with every release; the rest is the contract.
    let text = rendered("json", &options()).replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::assert_snapshot!(text);
}

#[test]
fn github() {
    insta::assert_snapshot!(rendered("github", &options()));
}

#[test]
fn statistics() {
    let options = Options {
        statistics: true,
        verbose: true,
        ..options()
    };
    let text = rendered("full", &options);
    assert_eq!(text, rendered("concise", &options));
    insta::assert_snapshot!(text);
}

#[test]
fn a_fix_says_what_it_did_and_what_it_refused_and_why() {
    let mut report = report(Vec::new());
    let mut fixes = Fixes {
        fixed: 1204,
        sites: 1310,
        files: 87,
        run: Some(3),
        ..Fixes::default()
    };
    let chain = |names: &[&str]| {
        let hops: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        format!(
            "{} needs this module while it is imported: {}",
            hops[0],
            hops.join(" → ")
        )
    };
    for line in 1..=6 {
        fixes
            .refused
            .add(&chain(&["app.core", "app.db"]), format!("app/db.py:{line}"));
    }
    for (reason, place) in [
        (chain(&["app.core", "app.web", "app.site"]), "app/site.py:2"),
        (
            "tests/test_web.py:31 replaces it by its old path".to_owned(),
            "app/late.py:9",
        ),
        (
            "the canonical one takes (user, mode=…), this one (user=…); called in app/a.py:3, app/b.py:4".to_owned(),
            "app/old.py:12",
        ),
        ("the file is read-only".to_owned(), "vendor/x.py:1"),
    ] {
        fixes.refused.add(&reason, place.to_owned());
    }
    report.fixes = Some(fixes);
    insta::assert_snapshot!(render(format("concise"), &report, &options()));
}

#[test]
fn score_alone() {
    let report = report(vec![]);
    let (text, json) = (score_text(&report, Style::default()), score_json(&report));
    insta::assert_snapshot!(format!("{text}\n{json}"));
}

#[test]
fn colour_only_adds_escape_codes() {
    let painted = Options {
        style: Style { color: true },
        ..options()
    };
    let codes = regex::Regex::new("\x1b\\[[0-9;]*m").unwrap();
    for name in ["full", "concise"] {
        let text = rendered(name, &painted);
        assert!(text.contains('\x1b'), "{name}");
        assert_eq!(codes.replace_all(&text, ""), rendered(name, &options()));
    }
}

#[test]
fn without_summary_only_findings_are_left() {
    let quiet = Options {
        summary: false,
        ..options()
    };
    assert_eq!(rendered("concise", &quiet).lines().count(), 5);
    let nothing = render(format("full"), &report(vec![]), &quiet);
    assert_eq!(nothing, "");
}

#[test]
fn no_rules_mean_no_score() {
    let mut report = report(vec![]);
    report.score = Score::default();
    report.gate.min_score = None;
    let json: serde_json::Value = serde_json::from_str(&score_json(&report)).unwrap();
    assert_eq!(
        json,
        serde_json::json!({"overall": null, "min": null, "passed": true, "areas": []})
    );
    assert!(score_text(&report, Style::default()).contains("nothing is governed"));
}

#[test]
fn text_cannot_drive_the_terminal() {
    let mut finding = noncanonical();
    finding.message = "evil \x1b]0;title\x07 \x1b[2J\nerror: forged".to_owned();
    let report = report(vec![finding]);
    for name in ["full", "concise", "json"] {
        let text = render(format(name), &report, &options());
        assert!(!text.contains('\x1b') && !text.contains('\x07'), "{name}");
        assert!(!text.contains("\nerror: forged"), "{name}");
    }
}

fn any_finding() -> impl Strategy<Value = Finding> {
    let check = prop::sample::select(vec!["gateway", "self-recursion", "contract"]);
    let severity = prop::sample::select(vec![Severity::Info, Severity::Warning, Severity::Error]);
    let place = (
        "[ab]\\.py|\\PC{0,5}",
        0_u32..9,
        0_u32..40,
        0_u32..9,
        0_u32..40,
    );
    let texts = (
        any::<String>(),
        any::<Option<String>>(),
        any::<Option<String>>(),
    );
    let rest = (
        any::<Option<bool>>(),
        prop::option::of("P[0-3]"),
        any::<bool>(),
    );
    (check, severity, place, texts, rest).prop_map(
        |(
            check,
            severity,
            (path, line, column, end_line, end_column),
            (message, symbol, help),
            (same_object, priority, guarded),
        )| {
            let place = location(&path, (line, column), (end_line, end_column));
            let mut finding = Finding::new(check, severity, place.clone(), message.clone());
            finding.symbol = symbol;
            finding.help = help;
            finding.same_object = same_object;
            finding.priority = priority.map(Into::into);
            finding.class = guarded.then_some("guarded");
            finding.evidence = vec![Evidence {
                location: place,
                message,
            }];
            finding
        },
    )
}

proptest! {
    #[test]
    fn any_report_is_deterministic_and_valid(
        findings in prop::collection::vec(any_finding(), 0..12),
        seed in any::<prop::sample::Index>(),
    ) {
        let mut shuffled = findings.clone();
        shuffled.reverse();
        if !shuffled.is_empty() {
            let at = seed.index(shuffled.len());
            shuffled.rotate_left(at);
        }
        let text = |_: &str| Some(Arc::from("import a\n\tb = 'é'\r\nc"));
        let options = Options { sources: &text, ..options() };
        let (one, other) = (report(findings), report(shuffled));
        for format in FORMATS {
            prop_assert_eq!(render(format, &one, &options), render(format, &other, &options));
        }
        let json: serde_json::Value =
            serde_json::from_str(&render(format("json"), &one, &options)).unwrap();
        let overall = json["score"]["overall"].as_f64().unwrap();
        prop_assert!((0.0..=100.0).contains(&overall));
        let listed = json["findings"].as_array().unwrap();
        prop_assert_eq!(listed.len(), one.findings.len());
        let prints: BTreeSet<_> =
            listed.iter().map(|it| it["fingerprint"].as_str().unwrap()).collect();
        prop_assert_eq!(prints.len(), listed.len());
    }
}
