//! How the project's own sorter of imports lays them out, as its settings say: ruff's, isort's, else black's width.
//!
//! Owns the reading of those settings only. What they are silent about, the files themselves have to tell.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::model::ImportStyle;

/// What one tool says.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    /// Whether the tool is set up at all.
    is_there: bool,
    width: Option<u32>,
    single_line: Option<bool>,
    combine_as: Option<bool>,
}

impl Said {
    /// Fills in from another tool what this one is silent about.
    fn or(self, other: Self) -> Self {
        Self {
            is_there: self.is_there || other.is_there,
            width: self.width.or(other.width),
            single_line: self.single_line.or(other.single_line),
            combine_as: self.combine_as.or(other.combine_as),
        }
    }
}

/// The style of the project at `root`; `read` gives the text of a file that is there.
pub(super) fn of(root: &Path, read: impl Fn(&Path) -> Option<String>) -> ImportStyle {
    let text = |name: &str| read(&root.join(name)).unwrap_or_default();
    let pyproject = text("pyproject.toml");
    let ruff = ruff(&text(".ruff.toml"), &[])
        .or(self::ruff(&text("ruff.toml"), &[]))
        .or(self::ruff(&pyproject, &["tool", "ruff"]));
    let isort = ini(&text(".isort.cfg"), "settings")
        .or(isort(&pyproject))
        .or(ini(&text("setup.cfg"), "isort"))
        .or(ini(&text("tox.ini"), "isort"));
    let parts_as = (ruff.is_there || isort.is_there).then_some(false);
    let said = ruff.or(isort).or(black(&pyproject));
    let default = ImportStyle::default();
    ImportStyle {
        width: said.width.unwrap_or(default.width),
        single_line: said.single_line.unwrap_or(default.single_line),
        combine_as: said.combine_as.or(parts_as),
    }
}

/// What stands at a path of keys in a TOML text, as `take` reads it.
pub(super) fn lookup<T>(
    text: &str,
    keys: &[&str],
    take: impl Fn(&DeValue<'_>) -> Option<T>,
) -> Option<T> {
    let document = DeTable::parse(text).ok()?;
    let document = DeValue::Table(document.into_inner());
    let mut value = &document;
    for key in keys {
        value = value.get(*key)?.get_ref();
    }
    take(value)
}

fn switch_at(value: &DeValue<'_>) -> Option<bool> {
    value.as_bool()
}

fn number(value: &DeValue<'_>) -> Option<u32> {
    value.as_integer()?.as_str().parse().ok()
}

fn ruff(text: &str, prefix: &[&str]) -> Said {
    let at = |keys: &[&'static str]| -> Vec<&str> { [prefix, keys].concat() };
    let switch = |name: &'static str| {
        let lint = at(&["lint", "isort", name]);
        let older = at(&["isort", name]);
        lookup(text, &lint, switch_at).or_else(|| lookup(text, &older, switch_at))
    };
    Said {
        is_there: !text.is_empty() && lookup(text, prefix, |_| Some(())).is_some(),
        width: lookup(text, &at(&["line-length"]), number),
        single_line: switch("force-single-line"),
        combine_as: switch("combine-as-imports"),
    }
}

fn isort(text: &str) -> Said {
    let switch = |name| lookup(text, &["tool", "isort", name], switch_at);
    let profile = |value: &DeValue<'_>| value.as_str().map(str::to_owned);
    let profile = lookup(text, &["tool", "isort", "profile"], profile);
    Said {
        is_there: lookup(text, &["tool", "isort"], |_| Some(())).is_some(),
        width: lookup(text, &["tool", "isort", "line_length"], number),
        single_line: switch("force_single_line"),
        combine_as: switch("combine_as_imports"),
    }
    .or(profile_of(profile.as_deref()))
}

/// What an isort profile stands for, of those that differ.
fn profile_of(name: Option<&str>) -> Said {
    let (width, single_line) = match name {
        Some("black" | "attrs") => (Some(88), None),
        Some("google") => (Some(80), Some(true)),
        Some("open_stack" | "plone") => (None, Some(true)),
        _ => (None, None),
    };
    Said {
        width,
        single_line,
        ..Said::default()
    }
}

fn black(text: &str) -> Said {
    Said {
        width: lookup(text, &["tool", "black", "line-length"], number),
        ..Said::default()
    }
}

/// isort's section of an INI file.
fn ini(text: &str, section: &str) -> Said {
    let header = format!("[{section}]");
    let lines = text
        .lines()
        .skip_while(|line| line.trim() != header)
        .skip(1)
        .take_while(|line| !line.starts_with('['));
    let mut said = Said {
        is_there: text.lines().any(|line| line.trim() == header),
        ..Said::default()
    };
    let mut profile = None;
    for (key, value) in lines.filter_map(|line| line.split_once('=')) {
        let value = value.trim();
        let switch = || {
            Some(matches!(
                value.to_ascii_lowercase().as_str(),
                "1" | "true" | "yes"
            ))
        };
        match key.trim() {
            "line_length" => said.width = value.parse().ok(),
            "force_single_line" => said.single_line = switch(),
            "combine_as_imports" => said.combine_as = switch(),
            "profile" => profile = Some(value),
            _ => {}
        }
    }
    said.or(profile_of(profile))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(files: &[(&str, &str)]) -> ImportStyle {
        of(Path::new("root"), |path| {
            let file = files
                .iter()
                .find(|(name, _)| path == Path::new("root").join(name));
            file.map(|(_, text)| (*text).to_owned())
        })
    }

    #[test]
    fn settings_of_each_tool_are_read_where_it_keeps_them() {
        let wide = ImportStyle {
            width: 100,
            single_line: true,
            combine_as: Some(true),
        };
        for (file, text) in [
            (
                "pyproject.toml",
                "[tool.ruff]\nline-length = 100\n[tool.ruff.lint.isort]\nforce-single-line = true\ncombine-as-imports = true\n",
            ),
            (
                "ruff.toml",
                "line-length = 100\n[isort]\nforce-single-line = true\ncombine-as-imports = true\n",
            ),
            (
                "pyproject.toml",
                "[tool.isort]\nline_length = 100\nforce_single_line = true\ncombine_as_imports = true\n",
            ),
            (
                "setup.cfg",
                "[metadata]\nname = x\n[isort]\nline_length = 100\nforce_single_line = True\ncombine_as_imports=yes\n[x]\nline_length = 3\n",
            ),
            (
                ".isort.cfg",
                "[settings]\nprofile = google\nline_length = 100\ncombine_as_imports = 1\n",
            ),
        ] {
            assert_eq!(style(&[(file, text)]), wide, "{file}: {text}");
        }
    }

    #[test]
    fn what_is_not_said_or_not_readable_is_as_usual() {
        let usual = ImportStyle::default();
        assert_eq!(style(&[]), usual);
        assert_eq!(
            style(&[("pyproject.toml", "[tool.ruff\nline-length = 3")]),
            usual
        );
        let odd = style(&[("pyproject.toml", "[tool.ruff]\nline-length = 'x'\n")]);
        assert_eq!(odd.width, usual.width);
        let black = style(&[("pyproject.toml", "[tool.black]\nline-length = 79\n")]);
        assert_eq!(black.width, 79);
        let both = "[tool.black]\nline-length = 79\n[tool.ruff]\nline-length = 120\n";
        let both = style(&[("pyproject.toml", both)]);
        assert_eq!((both.width, both.combine_as), (120, Some(false)));
    }
}
