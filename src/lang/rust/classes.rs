//! `impl` blocks and traits: classes, their bases and their methods.

use syn::Item;
use syn::visit::{self, Visit};

use super::attributes::Attributes;
use super::extract::{Class, Extractor, FrameKind, TraitUse};
use super::paths::plain_type;
use super::types::{bare_path, tokens_of, type_arguments};
use crate::facts::{DefinitionFlags, DefinitionId, DefinitionKind, Slice};

impl Extractor<'_> {
    /// Notes which associated functions of a file's types give an instance, and which methods are their own.
    pub(super) fn find_constructors(&mut self, items: &[Item]) {
        for item in items {
            if let Item::Mod(item) = item
                && let Some((_, items)) = &item.content
            {
                self.find_constructors(items);
            }
            let Item::Impl(item) = item else { continue };
            let Some(path) = plain_type(&item.self_ty) else {
                continue;
            };
            let Some(last) = path.segments.last() else {
                continue;
            };
            for inner in &item.items {
                let syn::ImplItem::Fn(method) = inner else {
                    continue;
                };
                if item.trait_.is_none() {
                    let of = self.intern(&last.ident);
                    let name = self.intern(&method.sig.ident);
                    self.inherent.insert((of, name));
                    self.has_inherent_to_string |= method.sig.ident == "to_string";
                }
                let syn::ReturnType::Type(_, output) = &method.sig.output else {
                    continue;
                };
                let gives_self = matches!(&**output, syn::Type::Path(output)
                    if output.path.is_ident("Self") || output.path.is_ident(&last.ident));
                if gives_self {
                    let of = self.intern(&last.ident);
                    let name = self.intern(&method.sig.ident);
                    self.constructors.insert((of, name));
                }
            }
        }
    }

    pub(super) fn impl_block(&mut self, item: &syn::ItemImpl) {
        let attributes = Attributes::of(&item.attrs);
        let none = syn::Visibility::Inherited;
        let first = item
            .defaultness
            .map(|token| token.span)
            .or(item.unsafety.map(|token| token.span));
        let first = first.unwrap_or(item.impl_token.span);
        let whole = self.whole(&item.attrs, &none, first, item.brace_token.span.close());
        let type_span = match plain_type(&item.self_ty) {
            Some(path) => self.path_span(path),
            None => self.span(item.impl_token.span),
        };
        let self_path = match &*item.self_ty {
            syn::Type::Path(path) if path.qself.is_none() => Some(&path.path),
            _ => None,
        };
        let name = self_path.and_then(|path| path.segments.last());
        let name = name.map_or_else(
            || "<impl>".to_owned(),
            |last| super::uses::bare(&last.ident),
        );
        let id = self.define(
            DefinitionKind::Class,
            (&name, type_span),
            whole,
            &attributes,
        );
        self.draft.definitions[id.index()]
            .flags
            .insert(DefinitionFlags::PART);
        self.framed(FrameKind::Item, |this| {
            this.type_parameters(&item.generics);
            this.impl_bases(id, self_path, item);
            let of_trait = item
                .trait_
                .as_ref()
                .and_then(|(_, path, _)| trait_use(path));
            let class = Class {
                definition: id,
                name,
                of_trait,
                is_trait: false,
                self_type: plain_type(&item.self_ty)
                    .filter(|_| self_path.is_some())
                    .map(tokens_of),
                methods: item
                    .items
                    .iter()
                    .filter_map(|item| match item {
                        syn::ImplItem::Fn(method) => Some(super::uses::bare(&method.sig.ident)),
                        _ => None,
                    })
                    .collect(),
                rewrites: attributes.rewrites,
                test_only: attributes.test_only,
            };
            this.class_body(class, |this| {
                this.visit_type(&item.self_ty);
                if let Some((_, path, _)) = &item.trait_ {
                    this.visit_path(path);
                }
                for inner in &item.items {
                    this.impl_item(inner);
                }
            });
        });
    }

    fn impl_item(&mut self, item: &syn::ImplItem) {
        match item {
            syn::ImplItem::Fn(method) => self.function(
                &method.attrs,
                &method.vis,
                &method.sig,
                Some(&method.block),
                self.whole_function(
                    &method.attrs,
                    &method.vis,
                    &method.sig,
                    method.block.brace_token.span.close(),
                ),
            ),
            syn::ImplItem::Macro(_) => {
                // It may bring methods of any name.
                if let Some(class) = self.classes.last() {
                    let id = class.definition;
                    self.draft.definitions[id.index()]
                        .flags
                        .insert(DefinitionFlags::DYNAMIC_MEMBERS);
                }
            }
            other => visit::visit_impl_item(self, other),
        }
    }

    /// The type that an implementation is for, then the trait.
    fn impl_bases(
        &mut self,
        id: DefinitionId,
        self_path: Option<&syn::Path>,
        item: &syn::ItemImpl,
    ) {
        let start = self.draft.references.len();
        let mut flags = DefinitionFlags::default();
        let paths = [self_path, item.trait_.as_ref().map(|(_, path, _)| path)];
        let mut resolved = Vec::new();
        for path in paths.into_iter().flatten() {
            match self.resolve_path(path) {
                Some(found) => resolved.push((found, self.path_span(path))),
                None => flags.insert(DefinitionFlags::OPAQUE_BASE),
            }
            if resolved.is_empty() {
                break;
            }
        }
        if self_path.is_none() {
            flags.insert(DefinitionFlags::OPAQUE_BASE);
            resolved.clear();
        }
        // Looking the paths up made no references, so these stand together.
        debug_assert_eq!(start, self.draft.references.len());
        for (found, span) in &resolved {
            self.reference(*found, *span);
        }
        let definition = &mut self.draft.definitions[id.index()];
        definition.flags.insert(flags);
        definition.bases = Slice {
            start: start as u32,
            len: resolved.len() as u32,
        };
    }

    pub(super) fn trait_item(&mut self, item: &syn::ItemTrait) {
        let attributes = Attributes::of(&item.attrs);
        let first = item
            .unsafety
            .map_or(item.trait_token.span, |token| token.span);
        let last = item.brace_token.span.close();
        let whole = self.whole(&item.attrs, &item.vis, first, last);
        let name_span = self.span(item.ident.span());
        let name = super::uses::bare(&item.ident);
        let id = self.define(
            DefinitionKind::Class,
            (&name, name_span),
            whole,
            &attributes,
        );
        self.draft.definitions[id.index()]
            .flags
            .insert(DefinitionFlags::TRAIT);
        self.framed(FrameKind::Item, |this| {
            this.type_parameters(&item.generics);
            this.supertraits(id, item);
            let class = Class {
                definition: id,
                name: name.clone(),
                of_trait: Some(TraitUse {
                    path: name.clone(),
                    name,
                    argument: None,
                    in_scope: true,
                }),
                is_trait: true,
                self_type: None,
                methods: Vec::new(),
                rewrites: attributes.rewrites,
                test_only: attributes.test_only,
            };
            this.class_body(class, |this| {
                for bound in &item.supertraits {
                    this.visit_type_param_bound(bound);
                }
                for inner in &item.items {
                    match inner {
                        syn::TraitItem::Fn(method) => this.function(
                            &method.attrs,
                            &item.vis,
                            &method.sig,
                            method.default.as_ref(),
                            {
                                let last = match &method.default {
                                    Some(body) => body.brace_token.span.close(),
                                    None => method.sig.paren_token.span.close(),
                                };
                                let none = syn::Visibility::Inherited;
                                this.whole_function(&method.attrs, &none, &method.sig, last)
                            },
                        ),
                        other => visit::visit_trait_item(this, other),
                    }
                }
            });
        });
    }

    fn supertraits(&mut self, id: DefinitionId, item: &syn::ItemTrait) {
        let start = self.draft.references.len();
        let mut resolved = Vec::new();
        for bound in &item.supertraits {
            if let syn::TypeParamBound::Trait(bound) = bound {
                let found = self.resolve_path(&bound.path);
                resolved.extend(found.map(|found| (found, self.path_span(&bound.path))));
            }
        }
        debug_assert_eq!(start, self.draft.references.len());
        for (found, span) in &resolved {
            self.reference(*found, *span);
        }
        self.draft.definitions[id.index()].bases = Slice {
            start: start as u32,
            len: resolved.len() as u32,
        };
    }
}

fn trait_use(path: &syn::Path) -> Option<TraitUse> {
    let last = path.segments.last()?;
    let argument = type_arguments(&last.arguments);
    let name = super::uses::bare(&last.ident);
    let in_prelude = matches!(
        name.as_str(),
        "Clone"
            | "PartialEq"
            | "PartialOrd"
            | "Ord"
            | "Eq"
            | "From"
            | "Into"
            | "TryFrom"
            | "TryInto"
            | "AsRef"
            | "AsMut"
            | "Default"
            | "Drop"
            | "Extend"
            | "FromIterator"
            | "Iterator"
            | "IntoIterator"
            | "ToString"
            | "ToOwned"
    );
    Some(TraitUse {
        in_scope: in_prelude || path.segments.len() == 1,
        path: bare_path(path.segments.iter()),
        name,
        argument,
    })
}
