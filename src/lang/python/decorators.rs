//! What well-known decorators make of a definition.

use crate::facts::{DefinitionFlags, DefinitionKind};

/// Adds to `flags` what the decorator at `path` says; a path that starts with `.` is of the same file, none cannot
/// be named.
pub(super) fn apply(path: Option<&str>, kind: DefinitionKind, flags: &mut DefinitionFlags) {
    let path = path.unwrap_or("");
    let last = path.rsplit('.').next().unwrap_or("");
    let known_home = !path.contains('.')
        || matches!(
            path.split('.').next(),
            Some(
                "functools"
                    | "typing"
                    | "typing_extensions"
                    | "abc"
                    | "builtins"
                    | "enum"
                    | "dataclasses"
                    | "cached_property"
            )
        );
    if path.ends_with(".setter") {
        flags.insert(DefinitionFlags::SETTER);
    } else if path.ends_with(".getter") {
        flags.insert(DefinitionFlags::PROPERTY);
    } else if path.ends_with(".deleter") {
        // Deleting an attribute is no call that this follows.
    } else if last == "overload" {
        flags.insert(DefinitionFlags::OVERLOAD);
    } else if !known_home || path.is_empty() {
        match last {
            "cached_property" => {
                flags.insert(DefinitionFlags::PROPERTY);
                flags.insert(DefinitionFlags::CACHED);
            }
            _ => flags.insert(DefinitionFlags::UNKNOWN_DECORATOR),
        }
    } else {
        match last {
            "cached_property" => {
                flags.insert(DefinitionFlags::PROPERTY);
                flags.insert(DefinitionFlags::CACHED);
            }
            "property" | "abstractproperty" => {
                flags.insert(DefinitionFlags::PROPERTY);
            }
            "staticmethod" | "abstractstaticmethod" => flags.insert(DefinitionFlags::STATIC),
            "classmethod" | "abstractclassmethod" => flags.insert(DefinitionFlags::CLASS_METHOD),
            "abstractmethod" => flags.insert(DefinitionFlags::ABSTRACT),
            "lru_cache" | "cache" | "wraps" | "final" | "override" | "no_type_check"
            | "runtime_checkable" | "total_ordering" | "deprecated" => {}
            "dataclass" | "unique" if kind == DefinitionKind::Class => {}
            _ => flags.insert(DefinitionFlags::UNKNOWN_DECORATOR),
        }
    }
}
