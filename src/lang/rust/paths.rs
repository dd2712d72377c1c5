//! Paths in code: `a::b::f`, `Self::new`, `crate::x::Y`.

use syn::punctuated::Punctuated;
use syn::{PathSegment, Token};

use super::extract::{Extractor, Found, LocalKind, Resolved};
use super::names::{is_capitalised, is_primitive};
use crate::facts::{NameId, Root, Slice};
use crate::span::Span;

impl Extractor<'_> {
    /// What a path of several names starts at; none when that is not known. Where it is written out from a crate or
    /// module on, it counts as an import at that place.
    pub(super) fn resolve_path(&mut self, path: &syn::Path) -> Option<Resolved> {
        let segments = &path.segments;
        let first = segments.first()?;
        if path.leading_colon.is_some() {
            return self.written_out(segments, "::");
        }
        if segments.len() == 1 {
            return self.resolve_single(&first.ident);
        }
        if first.ident == "Self" {
            let class = self.classes.last()?.definition;
            let rest: Vec<NameId> = segments
                .iter()
                .skip(1)
                .map(|segment| self.names.ident(&segment.ident, self.draft))
                .collect();
            let path = self.path_of(&rest);
            return Some(Resolved {
                root: Root::Class(class),
                path,
            });
        }
        if first.ident == "crate" || first.ident == "self" || first.ident == "super" {
            return self.written_out(segments, "");
        }
        let name = self.intern(&first.ident);
        let root = match self.look_up(name, true) {
            Found::Local(_) | Found::Unknown => return None,
            Found::Bound(set) => Root::Bound(set),
            Found::Module => return self.written_out(segments, "self::"),
            Found::Nothing => {
                let text = self.names.get(name);
                if !is_capitalised(text) {
                    let is_type = is_primitive(text);
                    return (!is_type).then(|| self.written_out(segments, "")).flatten();
                }
                if !self.has_glob() {
                    return None;
                }
                Root::Free(name)
            }
        };
        let rest: Vec<NameId> = segments
            .iter()
            .skip(1)
            .map(|segment| self.names.ident(&segment.ident, self.draft))
            .collect();
        let path = self.path_of(&rest);
        Some(Resolved { root, path })
    }

    fn resolve_single(&mut self, ident: &syn::Ident) -> Option<Resolved> {
        let path = Slice::default();
        if ident == "Self" {
            let class = self.classes.last()?.definition;
            let root = Root::Class(class);
            return Some(Resolved { root, path });
        }
        let name = self.intern(ident);
        let found = match self.look_up(name, false) {
            // A type is written as one name, too.
            Found::Nothing if is_capitalised(self.names.get(name)) => self.look_up(name, true),
            found => found,
        };
        let root = match found {
            Found::Bound(set) => Root::Bound(set),
            Found::Nothing if self.has_glob() => Root::Free(name),
            _ => return None,
        };
        Some(Resolved { root, path })
    }

    /// The names of a path that starts at an item of this file.
    pub(super) fn resolve_names(&mut self, names: &[NameId], _span: Span) -> Option<Resolved> {
        let (first, rest) = names.split_first()?;
        let root = match self.look_up(*first, true) {
            Found::Bound(set) => Root::Bound(set),
            Found::Nothing if self.has_glob() => Root::Free(*first),
            _ => return None,
        };
        let path = self.path_of(rest);
        Some(Resolved { root, path })
    }

    /// A path that names its modules: an import of the first type on the way, or of the last name.
    fn written_out(
        &mut self,
        segments: &Punctuated<PathSegment, Token![::]>,
        before: &str,
    ) -> Option<Resolved> {
        let last = segments.len() - 1;
        let from = usize::from(before.is_empty());
        let at = (from..last)
            .find(|&at| is_capitalised(&segments[at].ident.to_string()))
            .unwrap_or(last);
        let mut module = before.to_owned();
        for (place, segment) in segments.iter().take(at).enumerate() {
            if place > 0 {
                module.push_str("::");
            }
            module.push_str(&super::uses::bare(&segment.ident));
        }
        // `self::name`, where `name` alone is what was written.
        if at == 0 {
            module.truncate(module.len().saturating_sub(2));
            if module.is_empty() {
                return None;
            }
        }
        let name = self.intern(&segments[at].ident);
        let first = self.span(segments[0].ident.span());
        let end = self.span(segments[at].ident.span()).end;
        let binding = self.path_import(Span::new(first.start, end), &module, name);
        let rest: Vec<NameId> = segments
            .iter()
            .skip(at + 1)
            .map(|segment| self.names.ident(&segment.ident, self.draft))
            .collect();
        let root = Root::Bound(self.set(&[binding]));
        let path = self.path_of(&rest);
        Some(Resolved { root, path })
    }

    /// Notes a path that is used other than by a call.
    pub(super) fn path_use(&mut self, path: &syn::Path) {
        if path.segments.len() < 2 && !self.has_glob() {
            return;
        }
        let Some(resolved) = self.resolve_path(path) else {
            return;
        };
        let is_noted = match resolved.root {
            Root::Bound(_) => !resolved.path.is_empty(),
            // What a glob may have brought.
            Root::Free(_) => true,
            _ => false,
        };
        if !is_noted {
            return;
        }
        let span = self.path_span(path);
        self.reference(resolved, span);
    }

    /// From the first name of a path to its last.
    pub(super) fn path_span(&self, path: &syn::Path) -> Span {
        match (path.segments.first(), path.segments.last()) {
            (Some(first), Some(last)) => self.between(first.ident.span(), last.ident.span()),
            _ => Span::default(),
        }
    }

    /// The type of a variable as a path, seen through references.
    pub(super) fn type_of(&mut self, written: &syn::Type) -> Option<LocalKind> {
        let path = plain_type(written)?;
        let resolved = match path.get_ident() {
            Some(ident) if ident == "Self" => self.resolve_single(ident)?,
            Some(ident) => {
                let name = self.intern(ident);
                match self.look_up(name, true) {
                    Found::Bound(set) => Resolved {
                        root: Root::Bound(set),
                        path: Slice::default(),
                    },
                    _ => return None,
                }
            }
            None if path.segments.len() == 1 => {
                let name = self.intern(&path.segments[0].ident);
                match self.look_up(name, true) {
                    Found::Bound(set) => Resolved {
                        root: Root::Bound(set),
                        path: Slice::default(),
                    },
                    _ => return None,
                }
            }
            None => return None,
        };
        self.types.push(resolved);
        Some(LocalKind::Typed(self.types.len() as u32 - 1))
    }
}

/// The path of a type, seen through references and brackets.
pub(super) fn plain_type(written: &syn::Type) -> Option<&syn::Path> {
    match written {
        syn::Type::Reference(reference) => plain_type(&reference.elem),
        syn::Type::Paren(inner) => plain_type(&inner.elem),
        syn::Type::Group(inner) => plain_type(&inner.elem),
        syn::Type::Path(path) if path.qself.is_none() => Some(&path.path),
        _ => None,
    }
}
