//! Names while a file is visited: interned by text.

use std::fmt::Write as _;

use rustc_hash::FxHashMap;
use syn::Ident;

use crate::facts::{Draft, NameId};

/// The names of one file.
#[derive(Default)]
pub(super) struct Names {
    ids: FxHashMap<Box<str>, NameId>,
    texts: Vec<Box<str>>,
    buffer: String,
}

impl Names {
    /// The id of an identifier; `r#type` is the name `type`.
    pub(super) fn ident(&mut self, ident: &Ident, draft: &mut Draft) -> NameId {
        self.buffer.clear();
        // Writing to a string cannot fail.
        let _ = write!(self.buffer, "{ident}");
        let buffer = std::mem::take(&mut self.buffer);
        let id = self.text(buffer.strip_prefix("r#").unwrap_or(&buffer), draft);
        self.buffer = buffer;
        id
    }

    /// The id of a text.
    pub(super) fn text(&mut self, text: &str, draft: &mut Draft) -> NameId {
        if let Some(&known) = self.ids.get(text) {
            return known;
        }
        let id = draft.names.push(text);
        self.ids.insert(text.into(), id);
        self.texts.push(text.into());
        id
    }

    /// The text of a name.
    pub(super) fn get(&self, id: NameId) -> &str {
        &self.texts[id.index()]
    }
}

/// Whether a name is written as types and variants are.
pub(super) fn is_capitalised(name: &str) -> bool {
    let bare = name.trim_start_matches('_');
    bare.starts_with(char::is_uppercase)
}

/// Types that are always there.
pub(super) fn is_primitive(name: &str) -> bool {
    matches!(
        name,
        "bool"
            | "char"
            | "str"
            | "u8"
            | "u16"
            | "u32"
            | "u64"
            | "u128"
            | "usize"
            | "i8"
            | "i16"
            | "i32"
            | "i64"
            | "i128"
            | "isize"
            | "f32"
            | "f64"
    )
}
