//! Functions and methods: what they take, and how their bodies end.

use syn::visit::Visit as _;

use super::attributes::Attributes;
use super::declare::visibility;
use super::extract::{Extractor, FrameKind, Function, LocalKind, Receiver};
use crate::facts::{
    BindingValue, CallId, DefinitionFlags, DefinitionId, DefinitionKind, Ending, NameId, Parameter,
    ParameterKind, ScopeKind, Shape, Slice,
};
use crate::span::Span;

impl Extractor<'_> {
    /// Visits a function; without a body it is a promise that others keep.
    pub(super) fn function(
        &mut self,
        attributes: &[syn::Attribute],
        vis: &syn::Visibility,
        signature: &syn::Signature,
        body: Option<&syn::Block>,
        whole: Span,
    ) {
        let attributes = Attributes::of(attributes);
        let name = super::uses::bare(&signature.ident);
        let name_span = self.span(signature.ident.span());
        let id = self.define(
            DefinitionKind::Function,
            (&name, name_span),
            whole,
            &attributes,
        );
        let binding = if let Some(&binding) = self.declared.get(&name_span.start) {
            binding
        } else {
            let interned = self.intern_text(&name);
            let kind = (attributes.conditional, visibility(vis));
            let binding = self.bind(interned, name_span, BindingValue::Definition(id), kind);
            self.members.push((self.scope, interned, binding));
            binding
        };
        let receiver = receiver_of(signature);
        self.flags(id, signature, body, receiver);
        self.framed(FrameKind::Item, |this| {
            this.type_parameters(&signature.generics);
            let scope = this.open_scope(ScopeKind::Function, Some(id));
            let around = std::mem::replace(&mut this.scope, scope);
            this.draft.definitions[id.index()].body = scope;
            let was_test = this.test_only;
            this.test_only |= attributes.test_only;
            let mark = this.flow.mark();
            let entry = this.flow.join();
            let mut tails = Vec::new();
            if let Some(body) = body {
                super::conversions::tails(body, &mut tails);
            }
            let first_local = this.locals.len();
            this.functions.push(Function {
                binding,
                name,
                receiver,
                parameters: Vec::new(),
                may_change: signature.inputs.iter().any(is_changeable),
                first_local,
                tails,
                at: Some(entry),
                loops: Vec::new(),
            });
            this.parameters(id, signature);
            this.visit_return_type(&signature.output);
            if let Some(body) = body {
                let first_call = this.draft.calls.len();
                this.function_body(body);
                let end = this.span(body.brace_token.span.close()).start;
                this.may_exit(end);
                let ending = this.flow.ending(entry, this.draft);
                let shape = this.shape(body, first_call);
                let definition = &mut this.draft.definitions[id.index()];
                definition.ending = ending;
                definition.shape = shape;
            } else {
                this.draft.definitions[id.index()].ending = Ending::Always(whole.start);
            }
            this.functions.pop();
            this.flow.forget(mark);
            this.test_only = was_test;
            this.scope = around;
        });
    }

    fn flags(
        &mut self,
        id: DefinitionId,
        signature: &syn::Signature,
        body: Option<&syn::Block>,
        receiver: Receiver,
    ) {
        let in_class = !self.classes.is_empty()
            && self.draft.scopes[self.scope.index()].kind == ScopeKind::Class;
        let rewrites = in_class && self.classes.last().is_some_and(|class| class.rewrites);
        let flags = &mut self.draft.definitions[id.index()].flags;
        if signature.asyncness.is_some() {
            flags.insert(DefinitionFlags::ASYNC);
        }
        if in_class && receiver == Receiver::None {
            flags.insert(DefinitionFlags::STATIC);
        }
        if in_class && body.is_none() {
            flags.insert(DefinitionFlags::ABSTRACT);
        }
        if rewrites {
            flags.insert(DefinitionFlags::UNKNOWN_DECORATOR);
        }
        if matches!(receiver, Receiver::Value | Receiver::Other) {
            flags.insert(DefinitionFlags::BY_VALUE);
        }
    }

    fn parameters(&mut self, id: DefinitionId, signature: &syn::Signature) {
        let start = self.draft.parameters.len() as u32;
        let mut names: Vec<Option<NameId>> = Vec::new();
        for typed in typed(signature) {
            let name = match &*typed.pat {
                syn::Pat::Ident(ident) => Some(self.intern(&ident.ident)),
                _ => None,
            };
            // One that may be assigned to need not be what came.
            let is_fixed =
                matches!(&*typed.pat, syn::Pat::Ident(ident) if ident.mutability.is_none());
            names.push(name.filter(|_| is_fixed));
            let shown = match name {
                Some(name) => name,
                None => self.intern_text("_"),
            };
            self.draft.parameters.push(Parameter {
                name: shown,
                kind: ParameterKind::PositionalOnly,
                has_default: false,
            });
            self.visit_type(&typed.ty);
            self.bind_typed(&typed.pat, &typed.ty);
        }
        self.draft.definitions[id.index()].parameters = Slice {
            start,
            len: self.draft.parameters.len() as u32 - start,
        };
        if let Some(function) = self.functions.last_mut() {
            function.parameters = names;
        }
    }

    /// Binds what a pattern names, knowing its type.
    pub(super) fn bind_typed(&mut self, pattern: &syn::Pat, written: &syn::Type) {
        match pattern {
            syn::Pat::Ident(ident) if ident.subpat.is_none() => {
                let name = self.intern(&ident.ident);
                let kind = self.type_of(written).unwrap_or(LocalKind::Value);
                self.local(name, kind);
            }
            other => self.visit_pat(other),
        }
    }

    /// What a body amounts to. `first_call` is the first call that was kept of it.
    fn shape(&self, body: &syn::Block, first_call: usize) -> Shape {
        let only = match &body.stmts[..] {
            [] => return Shape::Empty,
            [syn::Stmt::Macro(only)] => return macro_shape(&only.mac),
            [syn::Stmt::Expr(only, _)] => only,
            _ => return Shape::Ordinary,
        };
        let arguments = match only {
            syn::Expr::Macro(only) => return macro_shape(&only.mac),
            syn::Expr::Call(call) => &call.args,
            syn::Expr::MethodCall(call) => &call.args,
            _ => return Shape::Ordinary,
        };
        // The call itself is met after all that is in its arguments.
        match (arguments.iter().all(is_plain), self.draft.calls.len()) {
            (true, count) if count > first_call => Shape::Forwards(CallId(count as u32 - 1)),
            _ => Shape::Ordinary,
        }
    }
}

fn macro_shape(mac: &syn::Macro) -> Shape {
    if super::macros::always_panics(&mac.path) {
        Shape::Raises
    } else {
        Shape::Ordinary
    }
}

/// Whether an argument only hands something on.
fn is_plain(argument: &syn::Expr) -> bool {
    match argument {
        syn::Expr::Path(_) | syn::Expr::Lit(_) => true,
        syn::Expr::Reference(inner) => is_plain(&inner.expr),
        syn::Expr::Field(inner) => is_plain(&inner.base),
        syn::Expr::Paren(inner) => is_plain(&inner.expr),
        _ => false,
    }
}

fn typed(signature: &syn::Signature) -> impl Iterator<Item = &syn::PatType> {
    signature.inputs.iter().filter_map(|input| match input {
        syn::FnArg::Typed(typed) => Some(typed),
        syn::FnArg::Receiver(_) => None,
    })
}

fn receiver_of(signature: &syn::Signature) -> Receiver {
    match signature.receiver() {
        None => Receiver::None,
        Some(receiver) if receiver.colon_token.is_some() => match &*receiver.ty {
            syn::Type::Reference(to) if is_self(&to.elem) => Receiver::Reference,
            written if is_self(written) => Receiver::Value,
            _ => Receiver::Other,
        },
        Some(receiver) if receiver.reference.is_some() => Receiver::Reference,
        Some(_) => Receiver::Value,
    }
}

/// Whether a function may change what it gets, so that handing it on is not to do the same again.
fn is_changeable(argument: &syn::FnArg) -> bool {
    let is_behind_mut = |written: &syn::Type| matches!(written, syn::Type::Reference(to) if to.mutability.is_some());
    match argument {
        syn::FnArg::Receiver(receiver) => {
            receiver.mutability.is_some() || is_behind_mut(&receiver.ty)
        }
        syn::FnArg::Typed(typed) => is_behind_mut(&typed.ty),
    }
}

fn is_self(written: &syn::Type) -> bool {
    matches!(written, syn::Type::Path(path) if path.path.is_ident("Self"))
}
