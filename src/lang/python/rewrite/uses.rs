//! How the code of one file uses a name.

use ruff_python_parser::parse_unchecked_source;

use super::names::{Kind, MODULE};
use super::visit;
use crate::fix::edit::Uses;

/// The uses of `name`; all there may be, where the text does not parse.
pub(super) fn of(text: &str, name: &str) -> Uses {
    let parsed = parse_unchecked_source(text, ruff_python_ast::PySourceType::Python);
    if !parsed.has_valid_syntax() {
        return Uses {
            late: true,
            bare: true,
        };
    }
    let names = visit::read(text, &parsed.syntax().body);
    let mut uses = Uses::default();
    for one in names.uses.get(name).into_iter().flatten() {
        let mut at = one.scope;
        while names.scopes[at].kind != Kind::Function && at != MODULE {
            at = names.scopes[at].parent;
        }
        let of_module = names.resolve(one.scope, name) == Some(MODULE);
        uses.late |= of_module && names.scopes[at].kind == Kind::Function;
        let is_object = names.objects.values().any(|object| object.root == one.span);
        uses.bare |= !is_object && !names.longest.contains_key(&one.span);
    }
    uses.late |= names.has_star && names.scopes.len() > 1;
    uses
}
