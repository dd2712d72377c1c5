//! Items: what they define, then what is in them.

use proc_macro2::Span as TokenSpan;
use syn::visit::{self, Visit};
use syn::{Ident, Item};

use super::attributes::Attributes;
use super::declare::{chosen_items, visibility};
use super::extract::{Class, Extractor, FrameKind, LocalKind};
use crate::facts::{
    BindingValue, Definition, DefinitionFlags, DefinitionId, DefinitionKind, Dynamic, Ending,
    ModuleDeclaration, Root, ScopeKind, Shape, Slice, Visibility,
};
use crate::span::Span;

impl Extractor<'_> {
    /// Visits the items of a module, which know each other whatever their order.
    pub(super) fn module_items(&mut self, items: &[Item]) {
        let chosen: Vec<Item> = items.iter().flat_map(chosen_items).collect();
        self.framed(FrameKind::Module, |this| {
            let mut waiting = Vec::new();
            let was = this.conditional;
            for item in items {
                this.declare(item, &mut waiting);
            }
            this.conditional = true;
            for item in &chosen {
                this.declare(item, &mut waiting);
            }
            this.conditional = was;
            this.settle_uses(waiting);
            for item in items {
                this.visit_item(item);
            }
            this.conditional = true;
            for item in &chosen {
                this.visit_item(item);
            }
            this.conditional = was;
        });
    }

    /// A definition; its binding, if it was declared, gets its value. The present scope is its parent.
    pub(super) fn define(
        &mut self,
        kind: DefinitionKind,
        (name, name_span): (&str, Span),
        span: Span,
        attributes: &Attributes,
    ) -> DefinitionId {
        let mut flags = DefinitionFlags::default();
        if attributes.conditional || self.conditional {
            flags.insert(DefinitionFlags::CONDITIONAL);
        }
        if attributes.rewrites {
            flags.insert(DefinitionFlags::UNKNOWN_DECORATOR);
        }
        if attributes.test_only || self.test_only {
            flags.insert(DefinitionFlags::TEST);
        }
        let id = DefinitionId(self.draft.definitions.len() as u32);
        let name = self.intern_text(name);
        self.draft.definitions.push(Definition {
            kind,
            name,
            parent: self.scope,
            body: self.scope,
            span,
            name_span,
            decorators: Slice::default(),
            bases: Slice::default(),
            parameters: Slice::default(),
            flags,
            shape: Shape::Ordinary,
            ending: Ending::Always(span.start),
        });
        if let Some(binding) = self.declared.get(&name_span.start) {
            self.draft.bindings[binding.index()].value = BindingValue::Definition(id);
        }
        id
    }

    pub(super) fn item(&mut self, item: &Item) {
        match item {
            Item::Fn(item) => self.function(
                &item.attrs,
                &item.vis,
                &item.sig,
                Some(&item.block),
                self.whole_function(
                    &item.attrs,
                    &item.vis,
                    &item.sig,
                    item.block.brace_token.span.close(),
                ),
            ),
            Item::Struct(item) => {
                let last = match (&item.fields, item.semi_token) {
                    (syn::Fields::Named(fields), _) => fields.brace_token.span.close(),
                    (_, Some(semi)) => semi.span,
                    (_, None) => item.ident.span(),
                };
                let first = item.struct_token.span;
                let whole = self.whole(&item.attrs, &item.vis, first, last);
                self.data_type(&item.ident, &item.attrs, &item.generics, whole, |this| {
                    this.visit_fields(&item.fields);
                });
            }
            Item::Union(item) => {
                let first = item.union_token.span;
                let last = item.fields.brace_token.span.close();
                let whole = self.whole(&item.attrs, &item.vis, first, last);
                self.data_type(&item.ident, &item.attrs, &item.generics, whole, |this| {
                    this.visit_fields_named(&item.fields);
                });
            }
            Item::Enum(item) => {
                let first = item.enum_token.span;
                let last = item.brace_token.span.close();
                let whole = self.whole(&item.attrs, &item.vis, first, last);
                self.data_type(&item.ident, &item.attrs, &item.generics, whole, |this| {
                    for variant in &item.variants {
                        let attributes = Attributes::of(&variant.attrs);
                        let name = this.intern(&variant.ident);
                        let span = this.span(variant.ident.span());
                        let kind = (attributes.conditional, Visibility::Public);
                        let binding = this.bind(name, span, BindingValue::Value, kind);
                        this.members.push((this.scope, name, binding));
                        visit::visit_variant(this, variant);
                    }
                });
            }
            Item::Trait(item) => self.trait_item(item),
            Item::Impl(item) => self.impl_block(item),
            Item::Mod(item) => self.module(item),
            Item::Type(item) => self.type_alias(item),
            Item::Const(item) => {
                self.apart(|this| visit::visit_item_const(this, item));
            }
            Item::Static(item) => {
                self.apart(|this| visit::visit_item_static(this, item));
            }
            // Declared already.
            Item::Use(_) | Item::ExternCrate(_) => {}
            Item::Macro(item) => {
                if item.ident.is_none() {
                    self.macro_path(&item.mac.path);
                }
            }
            other => visit::visit_item(self, other),
        }
    }

    fn data_type(
        &mut self,
        ident: &Ident,
        attributes: &[syn::Attribute],
        generics: &syn::Generics,
        whole: Span,
        visit: impl FnOnce(&mut Self),
    ) {
        let attributes = Attributes::of(attributes);
        let name = ident.to_string();
        let name_span = self.span(ident.span());
        let id = self.define(
            DefinitionKind::Class,
            (&super::uses::bare(ident), name_span),
            whole,
            &attributes,
        );
        let class = Class {
            definition: id,
            name: name.clone(),
            of_trait: None,
            is_trait: false,
            self_type: Some(name),
            methods: Vec::new(),
            rewrites: attributes.rewrites,
            test_only: attributes.test_only,
        };
        self.class_body(class, |this| {
            this.framed(FrameKind::Item, |this| {
                this.type_parameters(generics);
                visit(this);
            });
        });
    }

    fn type_alias(&mut self, item: &syn::ItemType) {
        let plain = match &*item.ty {
            syn::Type::Path(path) if path.qself.is_none() && item.generics.params.is_empty() => {
                let bare = path
                    .path
                    .segments
                    .iter()
                    .all(|segment| segment.arguments.is_none());
                bare.then_some(&path.path)
            }
            _ => None,
        };
        let start = self.span(item.ident.span()).start;
        if let (Some(path), Some(&binding)) = (plain, self.declared.get(&start))
            && let Some(resolved) = self.resolve_path(path)
            && !matches!(resolved.root, Root::Free(_))
        {
            let span = self.path_span(path);
            let reference = self.reference(resolved, span);
            self.draft.bindings[binding.index()].value = BindingValue::Alias(reference);
            return;
        }
        self.framed(FrameKind::Item, |this| {
            this.type_parameters(&item.generics);
            this.visit_type(&item.ty);
        });
    }

    fn module(&mut self, item: &syn::ItemMod) {
        let attributes = Attributes::of(&item.attrs);
        let name = self.intern(&item.ident);
        let span = self.span(item.ident.span());
        if attributes.rewrites {
            self.draft.dynamic.get_or_insert(Dynamic::Globals);
        }
        let body = item
            .content
            .as_ref()
            .map(|_| self.open_scope(ScopeKind::Module, None));
        self.draft.modules.push(ModuleDeclaration {
            name,
            span,
            scope: self.scope,
            body,
            path: attributes.path.clone(),
            test_only: attributes.test_only || self.test_only,
            conditional: attributes.conditional || self.conditional,
            visibility: visibility(&item.vis),
        });
        for path in attributes.other_paths {
            self.draft.modules.push(ModuleDeclaration {
                name,
                span,
                scope: self.scope,
                body: None,
                path: Some(path),
                test_only: attributes.test_only || self.test_only,
                conditional: true,
                visibility: visibility(&item.vis),
            });
        }
        let (Some(body), Some((_, items))) = (body, &item.content) else {
            return;
        };
        let around = std::mem::replace(&mut self.scope, body);
        let was_test = self.test_only;
        self.test_only |= attributes.test_only;
        // Code of a module inside a function is no part of that function.
        let functions = std::mem::take(&mut self.functions);
        let classes = std::mem::take(&mut self.classes);
        self.module_items(items);
        self.functions = functions;
        self.classes = classes;
        self.test_only = was_test;
        self.scope = around;
    }

    /// Visits the body of a class-like item in a scope of its own.
    pub(super) fn class_body(&mut self, class: Class, visit: impl FnOnce(&mut Self)) {
        let id = class.definition;
        let scope = self.open_scope(ScopeKind::Class, Some(id));
        self.draft.definitions[id.index()].body = scope;
        let around = std::mem::replace(&mut self.scope, scope);
        let was_test = self.test_only;
        self.test_only |= class.test_only;
        self.classes.push(class);
        visit(self);
        self.classes.pop();
        self.test_only = was_test;
        self.scope = around;
    }

    pub(super) fn type_parameters(&mut self, generics: &syn::Generics) {
        for parameter in &generics.params {
            match parameter {
                syn::GenericParam::Type(parameter) => {
                    let name = self.intern(&parameter.ident);
                    self.local(name, LocalKind::Type);
                }
                syn::GenericParam::Const(parameter) => {
                    let name = self.intern(&parameter.ident);
                    self.local(name, LocalKind::Value);
                }
                syn::GenericParam::Lifetime(_) => {}
            }
        }
        self.visit_generics(generics);
    }

    /// The span of an item from its first attribute on.
    pub(super) fn whole(
        &self,
        attributes: &[syn::Attribute],
        vis: &syn::Visibility,
        first: TokenSpan,
        last: TokenSpan,
    ) -> Span {
        let first = match (attributes.first(), vis) {
            (Some(attribute), _) => attribute.pound_token.span,
            (None, syn::Visibility::Public(public)) => public.span,
            (None, syn::Visibility::Restricted(restricted)) => restricted.pub_token.span,
            (None, syn::Visibility::Inherited) => first,
        };
        self.between(first, last)
    }

    pub(super) fn whole_function(
        &self,
        attributes: &[syn::Attribute],
        vis: &syn::Visibility,
        signature: &syn::Signature,
        last: TokenSpan,
    ) -> Span {
        let qualifiers = [
            signature.constness.map(|token| token.span),
            signature.asyncness.map(|token| token.span),
            signature.unsafety.map(|token| token.span),
            signature.abi.as_ref().map(|abi| abi.extern_token.span),
        ];
        let first = qualifiers.into_iter().flatten().next();
        let first = first.unwrap_or(signature.fn_token.span);
        self.whole(attributes, vis, first, last)
    }

    /// Visits code that does not run with the function around.
    pub(super) fn apart(&mut self, visit: impl FnOnce(&mut Self)) {
        let mark = self.flow.mark();
        let was = self
            .functions
            .last_mut()
            .and_then(|function| function.at.take());
        visit(self);
        if let Some(function) = self.functions.last_mut() {
            function.at = was;
        }
        self.flow.forget(mark);
    }
}
