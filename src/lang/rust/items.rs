//! Items: what they declare, then what is in them.

use proc_macro2::Span as TokenSpan;
use syn::parse::Parser as _;
use syn::visit::{self, Visit};
use syn::{Ident, Item};

use super::attributes::Attributes;
use super::extract::{Class, Entry, Extractor, FrameKind, LocalKind, TraitUse};
use super::paths::plain_type;
use super::uses::Waiting;
use crate::facts::{
    BindingValue, Definition, DefinitionFlags, DefinitionId, DefinitionKind, Dynamic, Ending,
    ModuleDeclaration, Root, ScopeKind, Shape, Slice, Visibility,
};
use crate::span::Span;

/// Who may take an item from its module.
pub(super) fn visibility(written: &syn::Visibility) -> Visibility {
    match written {
        syn::Visibility::Public(_) => Visibility::Public,
        syn::Visibility::Restricted(restricted) if restricted.path.is_ident("self") => {
            Visibility::Private
        }
        syn::Visibility::Restricted(restricted) if restricted.path.is_ident("crate") => {
            Visibility::Unit
        }
        syn::Visibility::Restricted(_) => Visibility::Part,
        syn::Visibility::Inherited => Visibility::Private,
    }
}

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

    /// Makes the names of an item known.
    pub(super) fn declare(&mut self, item: &Item, waiting: &mut Vec<Waiting>) {
        match item {
            Item::Use(item) => self.declare_use(item, waiting),
            Item::ExternCrate(item) => self.declare_extern_crate(item),
            Item::Fn(item) => self.declare_name(&item.sig.ident, &item.attrs, &item.vis),
            Item::Struct(item) => self.declare_name(&item.ident, &item.attrs, &item.vis),
            Item::Enum(item) => self.declare_name(&item.ident, &item.attrs, &item.vis),
            Item::Union(item) => self.declare_name(&item.ident, &item.attrs, &item.vis),
            Item::Trait(item) => self.declare_name(&item.ident, &item.attrs, &item.vis),
            Item::TraitAlias(item) => self.declare_name(&item.ident, &item.attrs, &item.vis),
            Item::Type(item) => self.declare_name(&item.ident, &item.attrs, &item.vis),
            Item::Const(item) if item.ident == "_" => {}
            Item::Const(item) => self.declare_name(&item.ident, &item.attrs, &item.vis),
            Item::Static(item) => self.declare_name(&item.ident, &item.attrs, &item.vis),
            Item::ForeignMod(item) => {
                for foreign in &item.items {
                    match foreign {
                        syn::ForeignItem::Fn(item) => {
                            self.declare_name(&item.sig.ident, &item.attrs, &item.vis);
                        }
                        syn::ForeignItem::Static(item) => {
                            self.declare_name(&item.ident, &item.attrs, &item.vis);
                        }
                        syn::ForeignItem::Type(item) => {
                            self.declare_name(&item.ident, &item.attrs, &item.vis);
                        }
                        _ => {}
                    }
                }
            }
            Item::Mod(item) => {
                let name = self.intern(&item.ident);
                self.enter(name, Entry::Module);
            }
            Item::Macro(item) => self.declare_macro(item),
            _ => {}
        }
    }

    fn declare_name(
        &mut self,
        ident: &Ident,
        attributes: &[syn::Attribute],
        vis: &syn::Visibility,
    ) {
        let attributes = Attributes::of(attributes);
        let name = self.intern(ident);
        let span = self.span(ident.span());
        let conditional = attributes.conditional || self.conditional;
        let kind = (conditional, visibility(vis));
        let binding = self.bind(name, span, BindingValue::Value, kind);
        self.enter(name, Entry::Binding(binding));
        self.declared.insert(span.start, binding);
        if attributes.rewrites {
            // A macro may put other items in its place.
            self.draft.dynamic.get_or_insert(Dynamic::Globals);
        }
    }

    fn declare_macro(&mut self, item: &syn::ItemMacro) {
        let Some(ident) = &item.ident else {
            // What it makes is not known.
            let last = item.mac.path.segments.last();
            if last.is_some_and(|last| last.ident == "thread_local") {
                self.declare_thread_locals(item);
            } else if last.is_none_or(|last| last.ident != "cfg_if") {
                self.draft.dynamic.get_or_insert(Dynamic::Globals);
            }
            return;
        };
        let attributes = Attributes::of(&item.attrs);
        let visibility = if attributes.exported {
            Visibility::Public
        } else {
            Visibility::Unit
        };
        let name = self.intern(ident);
        let span = self.span(ident.span());
        let kind = (attributes.conditional, visibility);
        let binding = self.bind(name, span, BindingValue::Value, kind);
        if attributes.exported {
            self.draft.unit_names.push(binding);
        }
        self.enter(name, Entry::Binding(binding));
    }

    /// What `thread_local!` declares: as many `static` as stand in it.
    fn declare_thread_locals(&mut self, item: &syn::ItemMacro) {
        let names =
            |input: syn::parse::ParseStream<'_>| -> syn::Result<Vec<(Ident, syn::Visibility)>> {
                let mut found = Vec::new();
                while !input.is_empty() {
                    input.call(syn::Attribute::parse_outer)?;
                    let visibility: syn::Visibility = input.parse()?;
                    input.parse::<syn::Token![static]>()?;
                    let ident: Ident = input.parse()?;
                    found.push((ident, visibility));
                    while !input.is_empty() && !input.peek(syn::Token![;]) {
                        input.parse::<proc_macro2::TokenTree>()?;
                    }
                    input.parse::<Option<syn::Token![;]>>()?;
                }
                Ok(found)
            };
        match names.parse2(item.mac.tokens.clone()) {
            Ok(found) => {
                for (ident, visibility) in found {
                    self.declare_name(&ident, &item.attrs, &visibility);
                }
            }
            Err(_) => {
                self.draft.dynamic.get_or_insert(Dynamic::Globals);
            }
        }
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

    /// Visits the body of a class-like item in a scope of its own.
    fn class_body(&mut self, class: Class, visit: impl FnOnce(&mut Self)) {
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

    fn whole_function(
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

    fn trait_item(&mut self, item: &syn::ItemTrait) {
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

/// The names of a path without their arguments.
pub(super) fn bare_path<'p>(segments: impl Iterator<Item = &'p syn::PathSegment>) -> String {
    let names: Vec<String> = segments
        .map(|segment| super::uses::bare(&segment.ident))
        .collect();
    names.join("::")
}

/// The items that `cfg_if!` chooses between.
fn chosen_items(item: &Item) -> Vec<Item> {
    let Item::Macro(item) = item else {
        return Vec::new();
    };
    let name = item.mac.path.segments.last();
    if item.ident.is_some() || name.is_none_or(|last| last.ident != "cfg_if") {
        return Vec::new();
    }
    let groups = item
        .mac
        .tokens
        .clone()
        .into_iter()
        .filter_map(|token| match token {
            proc_macro2::TokenTree::Group(group)
                if group.delimiter() == proc_macro2::Delimiter::Brace =>
            {
                Some(group.stream())
            }
            _ => None,
        });
    groups
        .filter_map(|stream| syn::parse2::<syn::File>(stream).ok())
        .flat_map(|file| file.items)
        .collect()
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

/// A type as text that can be compared: names and punctuation without spaces or lifetimes.
pub(super) fn type_text(written: &syn::Type) -> String {
    match written {
        syn::Type::Path(path) if path.qself.is_none() => tokens_of(&path.path),
        syn::Type::Reference(reference) => {
            let mutable = if reference.mutability.is_some() {
                "mut "
            } else {
                ""
            };
            format!("&{mutable}{}", type_text(&reference.elem))
        }
        syn::Type::Paren(inner) => type_text(&inner.elem),
        syn::Type::Group(inner) => type_text(&inner.elem),
        syn::Type::Tuple(tuple) if tuple.elems.is_empty() => "()".to_owned(),
        // Never the same as another.
        _ => "?".to_owned(),
    }
}

/// The type arguments behind a name as text that can be compared; lifetimes are left out.
pub(super) fn type_arguments(arguments: &syn::PathArguments) -> Option<String> {
    let syn::PathArguments::AngleBracketed(list) = arguments else {
        return None;
    };
    let arguments: Vec<String> = list
        .args
        .iter()
        .filter_map(|argument| match argument {
            syn::GenericArgument::Type(written) => Some(type_text(written)),
            syn::GenericArgument::Lifetime(_) => None,
            _ => Some("?".to_owned()),
        })
        .collect();
    (!arguments.is_empty()).then(|| arguments.join(","))
}

fn tokens_of(path: &syn::Path) -> String {
    let mut text = String::new();
    for (at, segment) in path.segments.iter().enumerate() {
        if at > 0 {
            text.push_str("::");
        }
        text.push_str(&super::uses::bare(&segment.ident));
        match &segment.arguments {
            syn::PathArguments::Parenthesized(_) => text.push('?'),
            arguments => {
                if let Some(arguments) = type_arguments(arguments) {
                    text.push('<');
                    text.push_str(&arguments);
                    text.push('>');
                }
            }
        }
    }
    text
}
