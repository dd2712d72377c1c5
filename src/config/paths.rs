//! Module and symbol paths as they are written in the rules file, for Python and Rust.
//!
//! Python: `a.b`, `a.b:Name`, `a.b:Class.method`. Rust: `crate_name::a::b`, `crate_name::a::b::Name`; there the name
//! begins at the first segment with a capital, else it is the last one (`m::Type::new` is `Type.new` of `m`). A single
//! colon may always part the two: `crate_name::a:name`.

use globset::GlobBuilder;

use super::model::{ModuleMatcher, ModulePattern, SymbolPath};

/// Why a path cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PathError {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl PathError {
    fn new(message: String) -> Self {
        Self {
            message,
            help: None,
        }
    }

    fn help(message: String, help: String) -> Self {
        Self {
            message,
            help: Some(help),
        }
    }
}

/// Reads the path of a symbol.
pub(super) fn symbol(text: &str) -> Result<SymbolPath, PathError> {
    let (module, name) = split_symbol(text)?;
    let module = self::module(&module)?;
    Ok(SymbolPath { module, name })
}

/// Parts the path of a symbol, whose module may be a pattern.
pub(super) fn symbol_pattern(text: &str) -> Result<(String, String), PathError> {
    split_symbol(text)
}

/// The name of the selector that `text` stands for.
pub(super) fn selector(text: &str) -> Option<&str> {
    text.strip_prefix('@')
}

/// Reads the path of a module.
pub(super) fn module(text: &str) -> Result<String, PathError> {
    if selector(text).is_some() {
        return Err(PathError::new(format!(
            "`{text}` is a selector, but one module must be named here"
        )));
    }
    if text.contains(WILDCARDS) {
        return Err(PathError::new(format!(
            "`{text}` is a pattern, but one module must be named here"
        )));
    }
    let segments = module_segments(text)?;
    match segments.iter().find(|segment| !is_identifier(segment)) {
        Some(segment) => Err(bad_segment(text, segment)),
        None => Ok(text.to_owned()),
    }
}

/// Reads a glob over module paths.
pub(super) fn module_pattern(text: &str) -> Result<ModulePattern, PathError> {
    if !text.contains(WILDCARDS) {
        module(text)?;
    }
    let segments = pattern_segments(text)?;
    for segment in &segments {
        if segment.contains("**") && *segment != "**" {
            return Err(PathError::help(
                format!("`{text}`: `**` must be a whole segment"),
                "`*` stands for any part of one segment".to_owned(),
            ));
        }
        if segment.is_empty() || !segment.chars().all(is_pattern_char) {
            return Err(bad_segment(text, segment));
        }
    }
    let path = segments.join("/");
    let glob = match path.strip_suffix("/**") {
        Some(above) => format!("{{{above},{path}}}"),
        None => path,
    };
    let glob = GlobBuilder::new(&glob)
        .literal_separator(true)
        .build()
        .map_err(|error| PathError::new(format!("`{text}` is no pattern: {}", error.kind())))?;
    Ok(ModulePattern {
        text: text.to_owned(),
        matcher: ModuleMatcher::Glob(glob.compile_matcher()),
    })
}

/// Whether `text` is written as a symbol rather than as a module. A Rust path without a single colon is a symbol when
/// its last segment has a capital.
pub(super) fn looks_like_symbol(text: &str) -> bool {
    if single_colon(text).is_some() {
        return true;
    }
    text.contains("::") && text.rsplit("::").next().is_some_and(is_capitalised)
}

const WILDCARDS: [char; 4] = ['*', '?', '[', '{'];

fn split_symbol(text: &str) -> Result<(String, String), PathError> {
    if let Some(at) = single_colon(text) {
        let (module, name) = (&text[..at], &text[at + 1..]);
        if let Some(dotted) = module_of_file(module) {
            return Err(PathError::help(
                format!("`{text}` names a file, not a module"),
                format!("write `{dotted}:{name}`"),
            ));
        }
        return Ok((module.to_owned(), checked_name(text, name)?));
    }
    if text.contains("::") {
        return split_rust(text);
    }
    let message = format!("`{text}` is no symbol: a colon must part its module from its name");
    Err(match text.rsplit_once('.') {
        Some(_) => PathError::help(message, format!("write `{}`", with_colon(text))),
        None if text.is_empty() => PathError::new("a symbol cannot be empty".to_owned()),
        None => PathError::help(message, format!("write `package.module:{text}`")),
    })
}

/// `a.b.Name` as `a.b:Name`; a method's class is where the name begins.
fn with_colon(text: &str) -> String {
    let segments: Vec<&str> = text.split('.').collect();
    let last = segments.len() - 1;
    let name = (1..last)
        .find(|&at| is_capitalised(segments[at]))
        .unwrap_or(last);
    format!(
        "{}:{}",
        segments[..name].join("."),
        segments[name..].join(".")
    )
}

fn split_rust(text: &str) -> Result<(String, String), PathError> {
    let segments: Vec<&str> = text.split("::").collect();
    let last = segments.len() - 1;
    let name = (1..last)
        .find(|&at| is_capitalised(segments[at]))
        .unwrap_or(last);
    let module = segments[..name].join("::");
    Ok((module, checked_name(text, &segments[name..].join("."))?))
}

fn checked_name(text: &str, name: &str) -> Result<String, PathError> {
    if name.contains(WILDCARDS) {
        return Err(PathError::help(
            format!("`{text}`: a name cannot be a pattern"),
            "only the module may be one, in `[[retired]]`".to_owned(),
        ));
    }
    if name.contains(':') {
        return Err(PathError::new(format!("`{text}` has more than one colon")));
    }
    match name.split('.').find(|part| !is_identifier(part)) {
        Some("") => Err(PathError::new(format!("`{text}` lacks a name"))),
        Some(part) => Err(bad_segment(text, part)),
        None => Ok(name.to_owned()),
    }
}

fn module_segments(text: &str) -> Result<Vec<&str>, PathError> {
    if single_colon(text).is_some() {
        return Err(PathError::help(
            format!("`{text}` is a symbol, but a module must be named here"),
            format!("write `{}`", text.split(':').next().unwrap_or(text)),
        ));
    }
    pattern_segments(text)
}

fn pattern_segments(text: &str) -> Result<Vec<&str>, PathError> {
    if text.is_empty() {
        return Err(PathError::new("a module cannot be empty".to_owned()));
    }
    if let Some(dotted) = module_of_file(text) {
        return Err(PathError::help(
            format!("`{text}` names a file, not a module"),
            format!("write `{dotted}`"),
        ));
    }
    if text.starts_with('.') {
        return Err(PathError::new(format!(
            "`{text}` is relative, but rules name modules by their absolute path"
        )));
    }
    Ok(if text.contains("::") {
        text.split("::").collect()
    } else {
        text.split('.').collect()
    })
}

/// The module that was meant by a path of a file or folder; none when `text` is no such path.
fn module_of_file(text: &str) -> Option<String> {
    let bare = text.strip_suffix(".py").unwrap_or(text);
    let is_path = bare.contains(['/', '\\']) || bare.len() < text.len();
    let parts = bare
        .split(['/', '\\'])
        .filter(|part| !matches!(*part, "" | "."));
    is_path.then(|| parts.collect::<Vec<_>>().join("."))
}

fn bad_segment(text: &str, segment: &str) -> PathError {
    PathError::new(match segment {
        "" => format!("`{text}` has an empty part"),
        _ => format!("`{text}`: `{segment}` is no identifier"),
    })
}

/// Offset of the first colon that is not half of a `::`.
fn single_colon(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b':', Some(b':')) => at += 2,
            (b':', _) => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// Whether `text` can be a name in Python or Rust, keywords aside.
pub(super) fn is_identifier(text: &str) -> bool {
    let text = text.strip_prefix("r#").unwrap_or(text);
    let mut chars = text.chars();
    chars
        .next()
        .is_some_and(|first| first == '_' || first.is_alphabetic())
        && chars.all(|ch| ch == '_' || ch.is_alphanumeric())
}

fn is_pattern_char(ch: char) -> bool {
    ch.is_alphanumeric()
        || matches!(
            ch,
            '_' | '*' | '?' | '[' | ']' | '{' | '}' | ',' | '!' | '-'
        )
}

fn is_capitalised(segment: &str) -> bool {
    segment
        .trim_start_matches('_')
        .starts_with(char::is_uppercase)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        symbol(text).unwrap().to_string()
    }

    fn help(text: &str) -> String {
        symbol(text).unwrap_err().help.unwrap()
    }

    #[test]
    fn symbols_of_both_languages_are_read() {
        assert_eq!(read("a.b:Name"), "a.b:Name");
        assert_eq!(read("a:C.m"), "a:C.m");
        assert_eq!(read("crate::a::b::Name"), "crate::a::b::Name");
        assert_eq!(read("crate::a::get"), "crate::a::get");
        assert_eq!(read("m::Type::new"), "m:Type.new");
        assert_eq!(read("m::a:get"), "m::a::get");
    }

    #[test]
    fn what_was_meant_is_suggested() {
        assert_eq!(help("a.b.Name"), "write `a.b:Name`");
        assert_eq!(help("a.b.Type.make"), "write `a.b:Type.make`");
        assert_eq!(help("a/b.py:Name"), "write `a.b:Name`");
        assert_eq!(help("Name"), "write `package.module:Name`");
        assert_eq!(module("a.b:Name").unwrap_err().help.unwrap(), "write `a.b`");
        assert_eq!(module("a/b.py").unwrap_err().help.unwrap(), "write `a.b`");
    }

    #[test]
    fn broken_paths_are_refused() {
        for text in [
            "", ":N", "a:", "a..b:N", "a.b:N:M", "a b:N", "a.*:N", "a:N*", ".a:N", "1a:N",
        ] {
            assert!(symbol(text).is_err(), "{text}");
        }
        for text in ["", "a.**b", "a..b", "a/b", "a.[b", "a b.*"] {
            assert!(module_pattern(text).is_err(), "{text}");
        }
    }

    #[test]
    fn patterns_match_by_segment() {
        let matches =
            |pattern: &str, module: &str| module_pattern(pattern).unwrap().matches(module);
        assert!(matches("a.**", "a"));
        assert!(matches("a.**", "a.b.c"));
        assert!(!matches("a.**", "ab"));
        assert!(matches("**", "a.b"));
        assert!(matches("a.*", "a.b"));
        assert!(!matches("a.*", "a.b.c"));
        assert!(matches("**.legacy_*", "x.y.legacy_z"));
        assert!(matches("a.**.z", "a.z"));
        assert!(matches("crate::a::**", "crate::a::b"));
        assert!(!matches("a", "a.b"));
    }

    #[test]
    fn only_paths_with_a_name_look_like_symbols() {
        assert!(looks_like_symbol("a.b:get"));
        assert!(looks_like_symbol("crate::a::Name"));
        assert!(!looks_like_symbol("crate::a::b"));
        assert!(!looks_like_symbol("a.b.Name"));
    }
}
