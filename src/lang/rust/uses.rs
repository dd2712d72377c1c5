//! `use` declarations and `extern crate`: imports and the names that they bind.

use syn::{Ident, UseTree};

use super::attributes::Attributes;
use super::declare::visibility;
use super::extract::{Entry, Extractor, Resolved};
use super::names::is_capitalised;
use crate::facts::{
    BindingId, BindingValue, ImportId, ImportTarget, NameId, ReferenceId, Root, Visibility,
};
use crate::span::Span;

/// A name that `use` takes out of a type that stands in the same file: it waits until that is declared.
pub(super) struct Waiting {
    binding: BindingId,
    path: Vec<NameId>,
    span: Span,
}

/// What all leaves of one declaration share.
struct Declaration {
    statement: Span,
    absolute: bool,
    conditional: bool,
    visibility: Visibility,
}

impl Extractor<'_> {
    pub(super) fn declare_use(&mut self, item: &syn::ItemUse, waiting: &mut Vec<Waiting>) {
        let attributes = Attributes::of(&item.attrs);
        let (first, last) = (item.use_token.span, item.semi_token.span);
        let declaration = Declaration {
            statement: self.whole(&[], &item.vis, first, last),
            absolute: item.leading_colon.is_some(),
            conditional: attributes.conditional || self.conditional,
            visibility: visibility(&item.vis),
        };
        self.use_tree(&item.tree, &mut Vec::new(), &declaration, waiting);
    }

    fn use_tree<'t>(
        &mut self,
        tree: &'t UseTree,
        prefix: &mut Vec<&'t Ident>,
        declaration: &Declaration,
        waiting: &mut Vec<Waiting>,
    ) {
        match tree {
            UseTree::Path(path) => {
                prefix.push(&path.ident);
                self.use_tree(&path.tree, prefix, declaration, waiting);
                prefix.pop();
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.use_tree(tree, prefix, declaration, waiting);
                }
            }
            UseTree::Name(name) => {
                let alias = self.span(name.ident.span());
                let local = if name.ident == "self" {
                    prefix.last().copied()
                } else {
                    Some(&name.ident)
                };
                let local = local.map(|local| (local, alias));
                self.use_leaf(&name.ident, local, alias, prefix, declaration, waiting);
            }
            UseTree::Rename(rename) => {
                let alias = self.between(rename.ident.span(), rename.rename.span());
                let local = (rename.rename != "_").then_some((&rename.rename, alias));
                self.use_leaf(&rename.ident, local, alias, prefix, declaration, waiting);
            }
            UseTree::Glob(glob) => {
                let alias = self.span(glob.star_token.span);
                self.use_glob(alias, prefix, declaration);
            }
        }
    }

    fn use_glob(&mut self, alias: Span, prefix: &[&Ident], declaration: &Declaration) {
        if let Some(frame) = self.frames.last_mut() {
            frame.glob = true;
        }
        self.note_type(prefix, declaration);
        let module = if prefix.is_empty() {
            "crate".to_owned()
        } else {
            module_text(prefix, declaration.absolute)
        };
        let place = (declaration.statement, alias);
        let import = self.import(place, &module, ImportTarget::Star, None);
        self.mark(import, declaration);
    }

    /// One name of a declaration; `local` is what it is called here, if it can be.
    fn use_leaf(
        &mut self,
        name: &Ident,
        local: Option<(&Ident, Span)>,
        alias: Span,
        prefix: &[&Ident],
        declaration: &Declaration,
        waiting: &mut Vec<Waiting>,
    ) {
        // `a::{self}` is `a`.
        let (name, prefix) = match (name == "self", prefix.split_last()) {
            (true, Some((last, before))) => (*last, before),
            _ => (name, prefix),
        };
        let kind = (declaration.conditional, declaration.visibility);
        let binding = local.map(|(local, span)| {
            let local = self.intern(local);
            let binding = self.bind(local, span, BindingValue::Declared, kind);
            self.enter(local, Entry::Binding(binding));
            binding
        });
        if let Some(hidden) = self.note_type(prefix, declaration) {
            if let Some(binding) = binding {
                let mut path: Vec<NameId> = prefix[hidden.1..]
                    .iter()
                    .map(|ident| self.intern(ident))
                    .collect();
                path.push(self.intern(name));
                match hidden.0 {
                    Some(hidden) => {
                        let root = Root::Bound(self.set(&[hidden]));
                        let path = self.path_of(&path);
                        let reference = self.reference(Resolved { root, path }, alias);
                        self.set_alias(binding, reference);
                    }
                    None => waiting.push(Waiting {
                        binding,
                        path,
                        span: alias,
                    }),
                }
            }
            return;
        }
        let place = (declaration.statement, alias);
        let import = if prefix.is_empty() {
            let text = module_text(&[name], declaration.absolute);
            self.import(place, &text, ImportTarget::ModuleAs, binding)
        } else {
            let target = ImportTarget::Name(self.intern(name));
            let module = module_text(prefix, declaration.absolute);
            self.import(place, &module, target, binding)
        };
        self.mark(import, declaration);
        if let Some(binding) = binding {
            self.draft.bindings[binding.index()].value = BindingValue::Import(import);
        }
    }

    /// Where a path leads through a type: the import of that type, once for all its names, and how far it reaches.
    fn note_type(
        &mut self,
        prefix: &[&Ident],
        declaration: &Declaration,
    ) -> Option<(Option<BindingId>, usize)> {
        let at = prefix
            .iter()
            .position(|ident| is_capitalised(&ident.to_string()))?;
        if at == 0 {
            return Some((None, 0));
        }
        let span = self.span(prefix[at].span());
        if let Some(&known) = self.through.get(&span.start) {
            return Some((Some(known), at + 1));
        }
        let name = self.intern(prefix[at]);
        let module = module_text(&prefix[..at], declaration.absolute);
        let kind = (declaration.conditional, Visibility::Private);
        let binding = self.bind(name, span, BindingValue::Value, kind);
        let place = (declaration.statement, span);
        let target = ImportTarget::Name(name);
        let import = self.import(place, &module, target, Some(binding));
        self.mark(import, declaration);
        self.draft.bindings[binding.index()].value = BindingValue::Import(import);
        self.through.insert(span.start, binding);
        Some((Some(binding), at + 1))
    }

    fn mark(&mut self, import: ImportId, declaration: &Declaration) {
        let import = &mut self.draft.imports[import.index()];
        import.guarded = declaration.conditional;
        import.visibility = declaration.visibility;
    }

    fn set_alias(&mut self, binding: BindingId, reference: ReferenceId) {
        self.draft.bindings[binding.index()].value = BindingValue::Alias(reference);
    }

    /// Resolves the names that `use` takes out of types of this file.
    pub(super) fn settle_uses(&mut self, waiting: Vec<Waiting>) {
        for Waiting {
            binding,
            path,
            span,
        } in waiting
        {
            if let Some(resolved) = self.resolve_names(&path, span) {
                let reference = self.reference(resolved, span);
                self.set_alias(binding, reference);
            }
        }
    }

    pub(super) fn declare_extern_crate(&mut self, item: &syn::ItemExternCrate) {
        let attributes = Attributes::of(&item.attrs);
        let local = item.rename.as_ref().map_or(&item.ident, |(_, name)| name);
        let end = local.span();
        let statement = self.whole(&[], &item.vis, item.extern_token.span, item.semi_token.span);
        let alias = self.between(item.ident.span(), end);
        let kind = (attributes.conditional, visibility(&item.vis));
        let binding = (local != "_" && local != "self").then(|| {
            let name = self.intern(local);
            let binding = self.bind(name, alias, BindingValue::Declared, kind);
            self.enter(name, Entry::Binding(binding));
            binding
        });
        let module = if item.ident == "self" {
            "crate".to_owned()
        } else {
            format!("::{}", bare(&item.ident))
        };
        let place = (statement, alias);
        let import = self.import(place, &module, ImportTarget::ModuleAs, binding);
        if let Some(binding) = binding {
            self.draft.bindings[binding.index()].value = BindingValue::Import(import);
        }
    }
}

/// An identifier without `r#`.
pub(super) fn bare(ident: &Ident) -> String {
    let text = ident.to_string();
    match text.strip_prefix("r#") {
        Some(bare) => bare.to_owned(),
        None => text,
    }
}

fn module_text(prefix: &[&Ident], absolute: bool) -> String {
    let mut text = String::new();
    for (at, ident) in prefix.iter().enumerate() {
        if at > 0 || absolute {
            text.push_str("::");
        }
        text.push_str(&bare(ident));
    }
    text
}
