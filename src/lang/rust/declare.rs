//! Makes the names of items known, before anything in the items is visited.
//!
//! Owns what an item declares, the items that macros are known to make among them.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::Parser as _;
use syn::{Ident, Item};

use super::attributes::Attributes;
use super::extract::{Entry, Extractor};
use super::uses::Waiting;
use crate::facts::{BindingValue, Dynamic, Visibility};

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
            } else if !is_read(item) {
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
}

/// The items that a macro chooses between, or leaves in or out: `cfg_if!`, and by their name `cfg_unix! { mod unix; }`.
pub(super) fn chosen_items(item: &Item) -> Vec<Item> {
    let Item::Macro(item) = item else {
        return Vec::new();
    };
    let tokens = item.mac.tokens.clone();
    let found = match chooser(item) {
        None => return Vec::new(),
        Some(Chooser::Between) => branches(tokens),
        Some(Chooser::Whether) => items(tokens).unwrap_or_default(),
    };
    let inner: Vec<Item> = found.iter().flat_map(chosen_items).collect();
    found.into_iter().chain(inner).collect()
}

/// Whether all that a macro makes stands in it as items.
fn is_read(item: &syn::ItemMacro) -> bool {
    match chooser(item) {
        Some(Chooser::Between) => true,
        Some(Chooser::Whether) => items(item.mac.tokens.clone()).is_some(),
        None => false,
    }
}

/// What a macro does with the items in it.
enum Chooser {
    Between,
    Whether,
}

fn chooser(item: &syn::ItemMacro) -> Option<Chooser> {
    let last = item.mac.path.segments.last()?;
    if item.ident.is_some() {
        return None;
    }
    match last.ident.to_string().as_str() {
        "cfg_if" => Some(Chooser::Between),
        name if name.starts_with("cfg_") => Some(Chooser::Whether),
        _ => None,
    }
}

fn items(tokens: TokenStream) -> Option<Vec<Item>> {
    let file = syn::parse2::<syn::File>(tokens).ok()?;
    Some(file.items)
}

/// The items in each pair of braces.
fn branches(tokens: TokenStream) -> Vec<Item> {
    let groups = tokens.into_iter().filter_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group.stream()),
        _ => None,
    });
    groups.filter_map(items).flatten().collect()
}
