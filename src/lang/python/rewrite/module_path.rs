//! Module names as written in statements: absolute from relative and back.

/// Words that cannot be names.
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

/// Whether `name` may stand in an import statement.
pub(super) fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|first| first == '_' || first.is_alphabetic())
        && chars.all(|ch| ch == '_' || ch.is_alphanumeric())
        && !KEYWORDS.contains(&name)
}

/// Whether `module` is a dotted name.
pub(super) fn is_dotted(module: &str) -> bool {
    module.split('.').all(is_name)
}

/// The file whose statements are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Home<'c> {
    /// Its dotted module name; empty when it has none.
    pub(super) module: &'c str,
    /// Whether it is a package's own file.
    pub(super) is_package: bool,
}

impl<'c> Home<'c> {
    /// The segments of the package that relative imports start from.
    fn package(self) -> Vec<&'c str> {
        let mut parts: Vec<&str> = self
            .module
            .split('.')
            .filter(|part| !part.is_empty())
            .collect();
        if !self.is_package {
            parts.pop();
        }
        parts
    }

    /// The absolute name of what `from <level dots><module>` names; none when it leaves the top-level package.
    pub(super) fn absolute(self, level: u32, module: &str) -> Option<String> {
        if level == 0 {
            return Some(module.to_owned());
        }
        let mut parts = self.package();
        let keep = (parts.len() + 1).checked_sub(level as usize)?;
        if keep == 0 {
            return None;
        }
        parts.truncate(keep);
        parts.extend(module.split('.').filter(|part| !part.is_empty()));
        Some(parts.join("."))
    }

    /// `target` as a statement should write it: relative when the old one was and both lie in one top-level package.
    pub(super) fn written(self, target: &str, was_relative: bool) -> String {
        if was_relative {
            self.relative(target).unwrap_or_else(|| target.to_owned())
        } else {
            target.to_owned()
        }
    }

    fn relative(self, target: &str) -> Option<String> {
        let package = self.package();
        let wanted: Vec<&str> = target.split('.').collect();
        let common = package
            .iter()
            .zip(&wanted)
            .take_while(|(have, want)| have == want)
            .count();
        if common == 0 {
            return None;
        }
        let dots = ".".repeat(package.len() - common + 1);
        Some(format!("{dots}{}", wanted[common..].join(".")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_and_back() {
        let home = Home {
            module: "p.q.m",
            is_package: false,
        };
        for (level, module, absolute) in [
            (1, "", "p.q"),
            (1, "x", "p.q.x"),
            (2, "", "p"),
            (2, "r.s", "p.r.s"),
        ] {
            assert_eq!(home.absolute(level, module).as_deref(), Some(absolute));
            let written = format!("{}{module}", ".".repeat(level as usize));
            assert_eq!(home.written(absolute, true), written);
        }
        assert_eq!(home.absolute(3, "x"), None);
        assert_eq!(home.written("other.x", true), "other.x");
        assert_eq!(home.written("p.x", false), "p.x");
        let package = Home {
            module: "p",
            is_package: true,
        };
        assert_eq!(package.absolute(1, "x").as_deref(), Some("p.x"));
        assert_eq!(package.absolute(2, "x"), None);
    }

    #[test]
    fn names_are_checked() {
        assert!(is_dotted("a.b_1.é"));
        for bad in ["", "a..b", "a.class", "1a", "a b", "a-b"] {
            assert!(!is_dotted(bad), "{bad}");
        }
    }
}
