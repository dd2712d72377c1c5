//! The rules file: what it means.

#![allow(clippy::unwrap_used)]

mod rules_file {
    pub(crate) mod mistakes;
    pub(crate) mod support;
}

use std::fs;
use std::path::Path;

use rules_file::support::{load_file, load_from, read, tree, version};
use ssot::config::{
    ContractKind, Language, LoadOptions, Replacement, RetiredTarget, SymbolKind, load, pack_names,
    parse, schema,
};
use ssot::diagnostic::Severity;

/// The example of the documentation.
const EXAMPLE: &str = include_str!("rules_file/example.toml");

#[test]
fn the_documented_example_is_understood() {
    let dir = tree(&[
        ("ssot.toml", EXAMPLE),
        (
            "rules/websocket-manager.toml",
            "[[gateway]]\nsymbol = 'unittest:mock'\nonly-in = ['tests.**']",
        ),
    ]);
    let loaded = load_from(dir.path()).unwrap_or_else(|error| panic!("{}", error.render(false)));
    let config = loaded.config;
    let paths: Vec<&str> = loaded.files.iter().map(|file| &*file.path).collect();
    assert_eq!(
        paths,
        [
            "ssot.toml",
            "<pack python-stdlib>",
            "rules/websocket-manager.toml"
        ]
    );
    assert_eq!(config.file.as_deref(), Some("ssot.toml"));
    assert_eq!(config.project.roots, ["."]);
    assert!(config.project.exclude.is_match("backups/a/b.py"));
    assert!(config.project.tests.is_match("a/test_b.py"));
    assert_eq!(
        config.project.registry.as_deref(),
        Some("docs/SSOT_IMPORT_REGISTRY.md")
    );
    assert_eq!(config.project.target_version, Some(version(11)));
    assert_eq!(config.gate.min_score, Some(90.0));
    assert_eq!(config.gate.fail_on, Some(Severity::Error));
    assert_eq!(config.checks["import-cycle"], Some(Severity::Error));
    assert!(config.factories.pattern.is_match("get_x"));
    assert!(config.factories.allow.is_match("build_wheel"));
    assert!(!config.factories.allow.is_match("get_x"));

    let mut canonical = config.canonical.iter();
    let factory = canonical
        .find(|rule| &*rule.meta.id == "ws-factory")
        .unwrap();
    assert_eq!(factory.symbol.name, "get_websocket_manager");
    assert_eq!(factory.replaces.len(), 1);
    assert_eq!(factory.requires, ["user_context"]);
    assert_eq!(factory.meta.priority.as_deref(), Some("P0"));
    assert_eq!(factory.meta.reason.as_deref(), Some("Issue 824"));
    assert_eq!(&*factory.meta.location.path, "ssot.toml");
    assert_eq!(factory.meta.pack, None);
    let own = config.canonical.last().unwrap();
    assert_eq!(
        &*own.meta.id,
        "canonical:netra_backend.app.websocket_core.websocket_manager:WebSocketManager"
    );

    let retired = config.retired.iter().filter(|r| r.meta.pack.is_none());
    let retired: Vec<_> = retired.collect();
    assert!(matches!(
        retired[0].replacement,
        Some(Replacement::Symbol(_))
    ));
    assert!(matches!(
        retired[1].replacement,
        Some(Replacement::Module(_))
    ));
    let RetiredTarget::Symbol { module, name, kind } = &retired[2].target else {
        panic!("a symbol is retired");
    };
    assert!(module.matches("any.module"));
    assert_eq!(name, "WebSocketManagerAdapter");
    assert_eq!(*kind, Some(SymbolKind::Class));

    assert_eq!(config.per_request.len(), 1);
    assert_eq!(config.events[0].names.len(), 5);
    let emitters = &config.events[0].modules[0];
    assert!(emitters.matches("netra_backend.app.agents.x.y"));
    assert!(emitters.matches("netra_backend.app.agents"));
    assert_eq!(config.gateways[0].symbol.to_string(), "unittest:mock");
    assert_eq!(config.gateways[1].symbol.to_string(), "os:environ");
    assert!(
        matches!(&config.contracts[0].kind, ContractKind::Layers(layers) if layers.layers.len() == 3)
    );
    let allow = &config.allow[0];
    assert_eq!(allow.check.as_deref(), Some("noncanonical-import"));
    assert!(allow.paths.is_match("legacy/x.py"));
    assert_eq!(allow.until.as_deref(), Some("2027-06-30"));
}

#[test]
fn an_empty_file_means_the_defaults() {
    let config = read("");
    assert!(config.project.roots.is_empty());
    assert!(config.project.exclude.is_empty());
    for test in [
        "tests/x.py",
        "a/tests/b/x.py",
        "test_x.py",
        "a/x_test.py",
        "conftest.py",
    ] {
        assert!(config.project.tests.is_match(test), "{test}");
    }
    for code in ["a/contest.py", "a/latest.py", "testing/x.py"] {
        assert!(!config.project.tests.is_match(code), "{code}");
    }
    assert_eq!(config.project.target_version, None);
    assert_eq!(config.gate.min_score, None);
    assert_eq!(config.gate.fail_on, Some(Severity::Error));
    assert!(config.factories.pattern.is_match("create_x"));
    assert!(!config.factories.pattern.is_match("creates_x"));
    assert!(!config.factories.pattern.is_match("get_"));
}

#[test]
fn every_table_of_every_check_is_read() {
    let rules = r#"
        [project]
        registry = "docs/registry.md"
        registry-as-rules = true
        [gate]
        min-score = 80
        fail-on = "never"
        [checks]
        shadowed-module = "off"
        [score]
        imports = 3
        recursion = 0.5
        [[canonical]]
        symbol = "crate::store::open"
        lang = "rust"
        severity = "off"
        [[contract]]
        type = "forbidden"
        modules = ["a.**"]
        forbidden = ["b"]
        [[contract]]
        type = "independence"
        modules = ["a", "b"]
        id = "apart"
        [[contract]]
        type = "protected"
        modules = ["a.db"]
        importers = ["a.store.*"]
        [[contract]]
        type = "forbidden"
        modules = ["a.**"]
        forbidden = ["c"]
        [[allow]]
        path = ["a/**", "b"]
        reason = "old"
        until = "2030-01-31"
        [[allow]]
        symbol = "a.b:Name"
        reason = "old"
    "#;
    let dir = tree(&[("ssot.toml", rules), ("docs/registry.md", "")]);
    let config = load_from(dir.path()).unwrap().config;
    assert!(config.project.registry_as_rules);
    assert_eq!(config.gate.min_score, Some(80.0));
    assert_eq!(config.gate.fail_on, None);
    assert_eq!(config.checks["shadowed-module"], None);
    assert_eq!(config.weights.len(), 2);
    let rule = &config.canonical[0];
    assert_eq!(rule.symbol.module, "crate::store");
    assert_eq!(rule.symbol.name, "open");
    assert_eq!(rule.meta.lang, Some(Language::Rust));
    assert_eq!(rule.meta.severity, Some(None));
    let ids: Vec<&str> = config.contracts.iter().map(|rule| &*rule.meta.id).collect();
    assert_eq!(
        ids,
        [
            "contract:forbidden:a.**",
            "apart",
            "contract:protected:a.db",
            "contract:forbidden:a.**-2"
        ]
    );
    assert!(config.allow[0].paths.is_match("b/x.py"));
    assert_eq!(config.allow[0].until.as_deref(), Some("2030-01-31"));
    assert!(config.allow[1].paths.is_empty());
}

#[test]
fn a_rule_stands_where_its_subject_does() {
    let config = read("# é\n[[canonical]]\nreason = 'x'\nsymbol = 'a.b:C'\n");
    let location = &config.canonical[0].meta.location;
    assert_eq!((location.start.line, location.start.column), (4, 10));
    assert_eq!((location.end.line, location.end.column), (4, 17));
}

#[test]
fn the_nearest_file_is_found_upwards() {
    let dir = tree(&[
        ("ssot.toml", "[gate]\nmin-score = 1"),
        ("a/pyproject.toml", "[tool.ssot.gate]\nmin-score = 2"),
        (
            "a/b/pyproject.toml",
            "[tool.ruff]\nline-length = 100 # ssot",
        ),
        ("a/b/c/ssot.toml", "[gate]\nmin-score = 3"),
        ("a/b/c/pyproject.toml", "[tool.ssot.gate]\nmin-score = 4"),
        ("a/broken/pyproject.toml", "[tool.ruff # ssot\n"),
        ("d/x.py", ""),
    ]);
    for (start, score, root, file) in [
        ("", 1.0, "", "ssot.toml"),
        ("d", 1.0, "", "ssot.toml"),
        ("a", 2.0, "a", "pyproject.toml"),
        ("a/b", 2.0, "a", "pyproject.toml"),
        ("a/broken", 2.0, "a", "pyproject.toml"),
        ("a/b/c", 3.0, "a/b/c", "ssot.toml"),
        ("a/b/../../d", 1.0, "", "ssot.toml"),
    ] {
        let config = load_from(&dir.path().join(start)).unwrap().config;
        assert_eq!(config.gate.min_score, Some(score), "{start}");
        let same = |path: &Path| path.canonicalize().unwrap();
        assert_eq!(same(&config.root), same(&dir.path().join(root)), "{start}");
        assert_eq!(config.file.as_deref(), Some(file), "{start}");
    }
}

#[test]
fn a_file_given_by_name_leaves_the_root_at_the_start() {
    let dir = tree(&[
        (
            "conf/own.toml",
            "extend = ['base.toml']\n[[canonical]]\nsymbol = 'a:B'",
        ),
        ("conf/base.toml", "[gate]\nmin-score = 5"),
        ("src/ssot.toml", "[gate]\nmin-score = 1"),
        (
            "conf/pyproject.toml",
            "[tool.ssot]\n[project]\nrequires-python = '>=3.8'",
        ),
        (
            "src/pyproject.toml",
            "[project]\nrequires-python = '>=3.9,<4'",
        ),
    ]);
    let start = dir.path().join("src");
    let config = load_file(&start, "../conf/own.toml").unwrap().config;
    assert_eq!(config.root, start);
    assert_eq!(config.gate.min_score, Some(5.0));
    assert_eq!(config.file.as_deref(), Some("../conf/own.toml"));
    assert_eq!(&*config.canonical[0].meta.location.path, "../conf/own.toml");
    assert_eq!(config.project.target_version, Some(version(9)));

    let config = load_file(&start, "../conf/pyproject.toml").unwrap().config;
    assert_eq!(config.file.as_deref(), Some("../conf/pyproject.toml"));

    let isolated = LoadOptions {
        start: start.clone(),
        file: Some("../conf/own.toml".into()),
        isolated: true,
    };
    let config = load(&isolated).unwrap().config;
    assert_eq!(config.file, None);
    assert_eq!(config.gate.min_score, None);
}

#[test]
fn the_target_version_comes_from_the_rules_then_from_the_project() {
    let pyproject = |text: &str| {
        let dir = tree(&[("ssot.toml", ""), ("pyproject.toml", text)]);
        let config = load_from(dir.path()).unwrap().config;
        config.project.target_version
    };
    assert_eq!(
        pyproject("[project]\nrequires-python = '~=3.10'"),
        Some(version(10))
    );
    assert_eq!(
        pyproject("[tool.poetry.dependencies]\npython = '^3.9'"),
        Some(version(9))
    );
    assert_eq!(pyproject("[project]\nname = 'x'"), None);
    assert_eq!(pyproject("[project\n"), None);
    let both = tree(&[
        ("ssot.toml", "project.target-version = '3.12'"),
        ("pyproject.toml", "[project]\nrequires-python = '>=3.8'"),
    ]);
    let config = load_from(both.path()).unwrap().config;
    assert_eq!(config.project.target_version, Some(version(12)));
}

#[test]
fn the_nearer_file_wins_and_its_rules_come_last() {
    let dir = tree(&[
        (
            "ssot.toml",
            "extend = ['rules/one.toml', 'rules/two.toml']
            [gate]
            fail-on = 'warning'
            [checks]
            import-cycle = 'off'
            [project]
            exclude = ['mine']
            [[per-request]]
            symbol = 'm:Mine'",
        ),
        (
            "rules/one.toml",
            "extend = ['common.toml']
            [gate]
            min-score = 10
            [checks]
            import-cycle = 'error'
            contract = 'info'
            [project]
            exclude = ['theirs']
            [[per-request]]
            symbol = 'm:One'",
        ),
        (
            "rules/two.toml",
            "extend = ['common.toml']\n[gate]\nmin-score = 20\nfail-on = 'never'",
        ),
        ("rules/common.toml", "[[per-request]]\nsymbol = 'm:Common'"),
    ]);
    let config = load_from(dir.path()).unwrap().config;
    assert_eq!(config.gate.min_score, Some(20.0));
    assert_eq!(config.gate.fail_on, Some(Severity::Warning));
    assert_eq!(config.checks["import-cycle"], None);
    assert_eq!(config.checks["contract"], Some(Severity::Info));
    assert!(config.project.exclude.is_match("mine/x.py"));
    assert!(!config.project.exclude.is_match("theirs/x.py"));
    let rules = config.per_request.iter();
    let names: Vec<&str> = rules.map(|rule| &*rule.symbol.name).collect();
    assert_eq!(names, ["Common", "One", "Mine"]);
}

#[test]
fn every_built_in_pack_is_sound() {
    for name in pack_names() {
        let loaded = parse(Path::new("."), &format!("extend = ['{name}']")).unwrap();
        let rules = &loaded.config.canonical;
        assert!(!rules.is_empty(), "{name}");
        assert!(
            rules
                .iter()
                .all(|rule| rule.meta.pack.as_deref() == Some(name))
        );
        assert_eq!(
            &*rules[0].meta.location.path,
            format!("<pack {name}>").as_str()
        );
    }
}

#[test]
fn rules_that_only_look_alike_are_no_contradiction() {
    read(
        r#"
        [[canonical]]
        symbol = "a.b:X"
        replaces = ["c:X", "c:Y"]
        [[canonical]]
        symbol = "a.b:Y"
        replaces = ["d:X"]
        [[retired]]
        module = "a.bc"
        use = "a.b"
        [[retired]]
        module = "old"
        use = "c:X"
        [[retired]]
        symbol = "c.**:X"
        kind = "class"
        [[retired]]
        symbol = "c.**:X"
        kind = "function"
        [[retired]]
        module = "one"
        use = "two"
        [[retired]]
        module = "two"
        use = "three"
        [[gateway]]
        symbol = "a.b:X"
        only-in = ["a.b"]
        "#,
    );
}

#[test]
fn selectors_stand_for_modules_in_every_rule_that_takes_patterns() {
    let config = read(
        r#"
        [[selector]]
        name = "utils"
        modules = ["**.*_utils"]
        except = ["a.core_utils"]
        [[selector]]
        name = "low"
        modules = ["@utils", "b"]
        [[selector]]
        name = "unnamed"
        modules = ["c"]
        [[canonical]]
        symbol = "a.b:X"
        tombstones = ["@utils"]
        [[events]]
        names = ["e"]
        in = ["@low"]
        [[gateway]]
        symbol = "a.b:X"
        only-in = ["@utils", "d"]
        [[retired]]
        symbol = "@utils:Y"
        [[contract]]
        type = "protected"
        modules = ["@low"]
        importers = ["@utils"]
        ignore-imports = ["@low -> @utils"]
        "#,
    );
    let low = &config.events[0].modules[0];
    for module in ["a.my_utils", "my_utils", "b"] {
        assert!(low.matches(module) && low.covers(module), "{module}");
    }
    for module in ["a.core_utils", "a.utils", "b.c", "a.my_utils.x"] {
        assert!(!low.matches(module), "{module}");
    }
    assert!(low.covers("b.c") && low.covers("a.my_utils.x"));
    assert!(!low.covers("a.core_utils.x") && !low.covers("c"));
    assert!(!low.is_literal() && low.is_selector());
    assert!(config.canonical[0].tombstones[0].matches("x_utils"));
    assert!(config.gateways[0].only_in[1].matches("d"));
    let RetiredTarget::Symbol { module, .. } = &config.retired[0].target else {
        panic!("a symbol")
    };
    assert!(module.matches("x_utils") && !module.matches("a.core_utils"));
    assert!(config.contracts[0].ignored[0].importer.matches("b"));
    let used: Vec<(&str, bool)> = config
        .selectors
        .iter()
        .map(|it| (it.selector.name.as_str(), it.used))
        .collect();
    assert_eq!(used, [("utils", true), ("low", true), ("unnamed", false)]);
}

#[test]
fn selectors_of_a_file_serve_those_that_extend_it() {
    let dir = tree(&[
        (
            "ssot.toml",
            "extend = ['base.toml']\n[[gateway]]\nsymbol = 'a:B'\nonly-in = ['@low']\n",
        ),
        ("base.toml", "[[selector]]\nname = 'low'\nmodules = ['a']\n"),
    ]);
    let config = load_from(dir.path()).unwrap().config;
    assert!(config.gateways[0].only_in[0].matches("a"));
    assert!(config.selectors[0].used);
}

#[test]
fn the_registry_can_be_rules() {
    let registry = "Über\r\n```python\r\nfrom a.b import Äh, C  # verified\r\nfrom a.b import Own\r\nimport a.b\r\nfrom a import C  # deprecated\r\nfrom a.b import C\r\n```\r\n";
    let files = |rules: &str| {
        let rules = format!(
            "[project]\nregistry = 'R.md'\n{rules}\n[[canonical]]\nsymbol = 'a.b:Own'\nid = 'own'\n"
        );
        let dir = tree(&[("ssot.toml", &rules), ("R.md", registry)]);
        load_from(dir.path()).unwrap()
    };
    assert_eq!(files("").config.canonical.len(), 1);
    let loaded = files("registry-as-rules = true");
    let told: Vec<(String, &str, u32, u32)> = loaded
        .config
        .canonical
        .iter()
        .map(|rule| {
            let at = &rule.meta.location;
            (
                rule.symbol.to_string(),
                &*at.path,
                at.start.line,
                at.end.column,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("a.b:Own".to_owned(), "ssot.toml", 5, 19),
            ("a.b:Äh".to_owned(), "R.md", 3, 19),
            ("a.b:C".to_owned(), "R.md", 3, 22),
        ]
    );
    let from_registry: Vec<bool> = loaded
        .config
        .canonical
        .iter()
        .map(|rule| rule.meta.from_registry)
        .collect();
    assert_eq!(from_registry, [false, true, true]);
    assert_eq!(&*loaded.config.canonical[2].meta.id, "registry:a.b:C");
    assert!(loaded.files.iter().any(|file| &*file.path == "R.md"));
}

#[test]
fn no_damage_to_a_file_stops_the_report() {
    let dir = tree(&[]);
    let cuts = (0..EXAMPLE.len()).step_by(11);
    for at in cuts.map(|at| EXAMPLE.floor_char_boundary(at)) {
        let cut = EXAMPLE[..at].to_owned();
        let holed = format!("{cut}{}", EXAMPLE[at..].chars().skip(3).collect::<String>());
        let broken = format!("{cut}\u{1d11e}\t\"{}", &EXAMPLE[at..]);
        for text in [cut, holed, broken] {
            if let Err(error) = parse(dir.path(), &text) {
                assert!(!error.render(false).is_empty());
                assert!(!error.render(true).is_empty());
            }
        }
    }
}

#[test]
fn the_shipped_schema_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/ssot.schema.json");
    let current = schema();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, &current).unwrap();
    }
    let shipped = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        shipped.replace("\r\n", "\n") == current,
        "rules/ssot.schema.json is out of date; regenerate it with\n    UPDATE_SCHEMA=1 cargo test --test rules_file schema"
    );
}
