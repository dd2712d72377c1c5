//! Expressions: calls, control flow, and the names that patterns bind.

use syn::visit::{self, Visit};
use syn::{BinOp, Expr, Pat};

use super::extract::{Extractor, Found, FrameKind, Function, LocalKind, Loop, Receiver, Resolved};
use super::names::is_capitalised;
use crate::facts::{Call, CallMode, NameId, Reference, Root, Usage};
use crate::span::Span;

impl<'ast> Visit<'ast> for Extractor<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        self.item(item);
    }

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.macro_call(mac);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.path_use(path);
        visit::visit_path(self, path);
    }

    fn visit_expr_path(&mut self, expr: &'ast syn::ExprPath) {
        self.qualified(expr.qself.as_ref(), &expr.path);
    }

    fn visit_type_path(&mut self, written: &'ast syn::TypePath) {
        self.qualified(written.qself.as_ref(), &written.path);
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        self.block(block);
    }

    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        let name = self.intern(&pattern.ident);
        let is_constant = pattern.by_ref.is_none()
            && pattern.mutability.is_none()
            && pattern.subpat.is_none()
            && is_capitalised(self.names.get(name));
        if !is_constant {
            self.local(name, LocalKind::Value);
        }
        if let Some((_, inner)) = &pattern.subpat {
            self.visit_pat(inner);
        }
    }

    fn visit_pat(&mut self, pattern: &'ast Pat) {
        visit::visit_pat(self, pattern);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Call(call) => self.call(call, Some(expr)),
            Expr::MethodCall(call) => self.method_call(call, CallMode::Plain, Some(expr)),
            Expr::Index(access) => self.indexed(access),
            Expr::Await(inner) => self.awaited(inner),
            Expr::If(branch) => self.branch(branch),
            Expr::Match(switch) => self.switch(switch),
            Expr::While(cycle) => self.while_loop(cycle),
            Expr::Loop(cycle) => self.endless_loop(cycle),
            Expr::ForLoop(cycle) => self.for_loop(cycle),
            Expr::Block(block) => self.labelled_block(block),
            Expr::Return(leave) => self.leave(leave),
            Expr::Break(jump) => self.jump_out(jump),
            Expr::Continue(jump) => self.jump_back(jump),
            Expr::Try(attempt) => {
                self.visit_expr(&attempt.expr);
                let offset = self.span(attempt.question_token.span).start;
                self.may_exit(offset);
            }
            Expr::Binary(binary) => self.binary(binary),
            Expr::Unary(unary) => {
                self.visit_expr(&unary.expr);
                self.unary(unary);
            }
            Expr::Struct(made) => self.made(made),
            Expr::Closure(closure) => self.closure(closure),
            Expr::Async(block) => self.apart(|this| this.block(&block.block)),
            Expr::Macro(call) => self.macro_call(&call.mac),
            // It runs when the program is compiled.
            Expr::Const(block) => self.apart(|this| this.block(&block.block)),
            other => visit::visit_expr(self, other),
        }
    }
}

impl Extractor<'_> {
    /// A path, perhaps of a type in brackets: `<T as Trait>::name`.
    fn qualified(&mut self, qself: Option<&syn::QSelf>, path: &syn::Path) {
        match qself {
            None => self.visit_path(path),
            Some(qself) => {
                self.visit_type(&qself.ty);
                if qself.position > 0 {
                    let of_trait = syn::Path {
                        leading_colon: path.leading_colon,
                        segments: path.segments.iter().take(qself.position).cloned().collect(),
                    };
                    self.path_use(&of_trait);
                }
                visit::visit_path(self, path);
            }
        }
    }

    fn call(&mut self, call: &syn::ExprCall, expr: Option<&Expr>) {
        let Expr::Path(function) = &*call.func else {
            self.visit_expr(&call.func);
            self.arguments(&call.args);
            self.draft.unresolved_calls.expression += 1;
            return;
        };
        if function.qself.is_some() {
            self.visit_expr_path(function);
            self.arguments(&call.args);
            if !self.qualified_call(function, call) {
                self.draft.unresolved_calls.expression += 1;
            }
            return;
        }
        // Generic arguments hold types; the path itself is the call's.
        for segment in &function.path.segments {
            self.visit_path_segment(segment);
        }
        let callee = self.callee(&function.path);
        self.arguments(&call.args);
        if self.trait_call(&function.path, call, expr) {
            return;
        }
        match callee {
            Some(resolved) => {
                let span = self.path_span(&function.path);
                let same = self.same_arguments(&call.args);
                self.keep(resolved, span, CallMode::Plain, same);
            }
            None => self.draft.unresolved_calls.local_value += 1,
        }
    }

    /// What a called path starts at.
    fn callee(&mut self, path: &syn::Path) -> Option<Resolved> {
        let resolved = self.resolve_path(path)?;
        // Tuple structs and variants are made, not called.
        let last = path.segments.last()?;
        let is_made = is_capitalised(&last.ident.to_string());
        if is_made {
            if !resolved.path.is_empty() && matches!(resolved.root, Root::Bound(_)) {
                let span = self.path_span(path);
                self.reference(resolved, span);
            }
            return None;
        }
        Some(resolved)
    }

    fn arguments(&mut self, arguments: &syn::punctuated::Punctuated<Expr, syn::token::Comma>) {
        for argument in arguments {
            self.visit_expr(argument);
        }
    }

    /// Keeps a call that can be named, and puts it where control is.
    pub(super) fn keep(&mut self, callee: Resolved, span: Span, mode: CallMode, same: bool) {
        let id = crate::facts::CallId(self.draft.calls.len() as u32);
        self.draft.calls.push(Call {
            callee: Reference {
                root: callee.root,
                path: callee.path,
                span,
                scope: self.scope,
                usage: Usage::Load,
            },
            mode,
            same_arguments: same,
            swallowed_by: None,
        });
        self.flow_call(id);
    }

    fn same_arguments(
        &mut self,
        arguments: &syn::punctuated::Punctuated<Expr, syn::token::Comma>,
    ) -> bool {
        let function = self.functions.last();
        let may_be = |function: &Function| {
            !function.may_change && function.parameters.len() == arguments.len()
        };
        function.is_some_and(may_be)
            && (0..)
                .zip(arguments)
                .all(|(at, argument)| self.is_parameter(argument, at))
    }

    fn method_call(&mut self, call: &syn::ExprMethodCall, mode: CallMode, expr: Option<&Expr>) {
        self.visit_expr(&call.receiver);
        if let Some(generics) = &call.turbofish {
            self.visit_angle_bracketed_generic_arguments(generics);
        }
        self.arguments(&call.args);
        if self.conversion(call, expr) {
            return;
        }
        let name = self.intern(&call.method);
        match self.receiver(&call.receiver, name) {
            Some(resolved) => {
                let end = self.span(call.method.span()).end;
                let start = match ident_of(&call.receiver) {
                    Some(ident) => self.span(ident.span()).start,
                    None => end,
                };
                let is_own = ident_of(&call.receiver).is_some_and(|ident| ident == "self");
                let same = is_own && self.same_arguments(&call.args);
                self.keep(resolved, Span::new(start, end), mode, same);
            }
            None => self.draft.unresolved_calls.expression += 1,
        }
    }

    /// What the method of a receiver starts at, where the receiver's type is plain.
    fn receiver(&mut self, receiver: &Expr, method: NameId) -> Option<Resolved> {
        let ident = ident_of(receiver)?;
        if ident == "self" {
            let function = self.functions.last()?;
            if !matches!(function.receiver, Receiver::Value | Receiver::Reference) {
                return None;
            }
            let root = Root::Instance(self.classes.last()?.definition);
            let path = self.path_of(&[method]);
            return Some(Resolved { root, path });
        }
        let name = self.intern(ident);
        let Found::Local(LocalKind::Typed(at)) = self.look_up(name, false) else {
            return None;
        };
        if is_by_value(self.names.get(method)) {
            return None;
        }
        let mut resolved = self.types[at as usize];
        // The path of a type is empty: one name, looked up already.
        resolved.path = self.path_of(&[method]);
        Some(resolved)
    }

    fn awaited(&mut self, inner: &syn::ExprAwait) {
        match &*inner.base {
            Expr::MethodCall(call) => self.method_call(call, CallMode::Awaited, None),
            Expr::Call(call) => {
                let before = self.draft.calls.len();
                self.call(call, None);
                if let Some(last) = self.draft.calls[before..].last_mut() {
                    let callee = call.func.as_ref();
                    if matches!(callee, Expr::Path(_)) && last.mode == CallMode::Plain {
                        last.mode = CallMode::Awaited;
                    }
                }
            }
            other => self.visit_expr(other),
        }
    }

    fn branch(&mut self, branch: &syn::ExprIf) {
        let at = self.framed(FrameKind::Block, |this| {
            this.visit_expr(&branch.cond);
            let at = this.position();
            this.block(&branch.then_branch);
            at
        });
        let then_end = self.position();
        if let Some(at) = at {
            self.go_to(at);
        }
        if let Some((_, other)) = &branch.else_branch {
            self.visit_expr(other);
        }
        self.meet(then_end);
    }

    /// Goes on where this way and another one meet.
    fn meet(&mut self, other: Option<u32>) {
        if let (Some(here), Some(other)) = (self.position(), other) {
            let join = self.flow.join();
            self.flow.link(here, join);
            self.flow.link(other, join);
            self.go_to(join);
        }
    }

    fn switch(&mut self, switch: &syn::ExprMatch) {
        self.visit_expr(&switch.expr);
        let after = self.position().map(|_| self.flow.join());
        let mut at = self.position();
        for arm in &switch.arms {
            self.framed(FrameKind::Block, |this| {
                if let Some(at) = at {
                    this.go_to(at);
                }
                this.visit_pat(&arm.pat);
                if let Some((_, guard)) = &arm.guard {
                    this.visit_expr(guard);
                    if let (Some(from), Some(guarded)) = (at, this.position()) {
                        // Neither pattern nor guard may hold.
                        let next = this.flow.join();
                        this.flow.link(from, next);
                        this.flow.link(guarded, next);
                        at = Some(next);
                    }
                }
                this.visit_expr(&arm.body);
                if let (Some(end), Some(after)) = (this.position(), after) {
                    this.flow.link(end, after);
                }
            });
        }
        if let Some(after) = after {
            self.go_to(after);
        }
    }

    fn looping(&mut self, label: Option<&syn::Label>, head: Option<u32>, after: u32) {
        let label = label.map(|label| label.name.ident.to_string());
        if let Some(function) = self.functions.last_mut() {
            function.loops.push(Loop { label, head, after });
        }
    }

    fn end_loop(&mut self) {
        if let Some(function) = self.functions.last_mut() {
            function.loops.pop();
        }
    }

    fn head(&mut self) -> (u32, u32) {
        let head = self.flow.join();
        let after = self.flow.join();
        if let Some(at) = self.position() {
            self.flow.link(at, head);
            self.go_to(head);
        }
        (head, after)
    }

    fn while_loop(&mut self, cycle: &syn::ExprWhile) {
        let (head, after) = self.head();
        self.framed(FrameKind::Block, |this| {
            this.visit_expr(&cycle.cond);
            if let Some(at) = this.position() {
                this.flow.link(at, after);
            }
            this.looping(cycle.label.as_ref(), Some(head), after);
            this.block(&cycle.body);
            this.end_loop();
        });
        self.close_loop(head, after);
    }

    fn for_loop(&mut self, cycle: &syn::ExprForLoop) {
        self.visit_expr(&cycle.expr);
        let (head, after) = self.head();
        self.flow.link(head, after);
        self.framed(FrameKind::Block, |this| {
            this.visit_pat(&cycle.pat);
            this.looping(cycle.label.as_ref(), Some(head), after);
            this.block(&cycle.body);
            this.end_loop();
        });
        self.close_loop(head, after);
    }

    fn endless_loop(&mut self, cycle: &syn::ExprLoop) {
        let (head, after) = self.head();
        self.looping(cycle.label.as_ref(), Some(head), after);
        self.block(&cycle.body);
        self.end_loop();
        self.close_loop(head, after);
    }

    fn close_loop(&mut self, head: u32, after: u32) {
        if let Some(at) = self.position() {
            self.flow.link(at, head);
            self.go_to(after);
        }
    }

    fn labelled_block(&mut self, block: &syn::ExprBlock) {
        if block.label.is_none() {
            return self.block(&block.block);
        }
        let after = self.flow.join();
        self.looping(block.label.as_ref(), None, after);
        self.block(&block.block);
        self.end_loop();
        if let Some(at) = self.position() {
            self.flow.link(at, after);
            self.go_to(after);
        }
    }

    fn leave(&mut self, leave: &syn::ExprReturn) {
        if let Some(value) = &leave.expr {
            self.visit_expr(value);
        }
        let offset = self.span(leave.return_token.span).start;
        self.may_exit(offset);
        self.stop();
    }

    fn target(&self, label: Option<&syn::Lifetime>) -> Option<&Loop> {
        let loops = &self.functions.last()?.loops;
        match label {
            None => loops.iter().rev().find(|around| around.head.is_some()),
            Some(label) => {
                let label = label.ident.to_string();
                let mut loops = loops.iter().rev();
                loops.find(|around| around.label.as_deref() == Some(&label))
            }
        }
    }

    fn jump_out(&mut self, jump: &syn::ExprBreak) {
        if let Some(value) = &jump.expr {
            self.visit_expr(value);
        }
        let after = self.target(jump.label.as_ref()).map(|around| around.after);
        if let (Some(at), Some(after)) = (self.position(), after) {
            self.flow.link(at, after);
        }
        self.stop();
    }

    fn jump_back(&mut self, jump: &syn::ExprContinue) {
        let head = self
            .target(jump.label.as_ref())
            .and_then(|around| around.head);
        if let (Some(at), Some(head)) = (self.position(), head) {
            self.flow.link(at, head);
        }
        self.stop();
    }

    fn binary(&mut self, binary: &syn::ExprBinary) {
        self.visit_expr(&binary.left);
        if matches!(binary.op, BinOp::And(_) | BinOp::Or(_)) {
            let left = self.position();
            self.visit_expr(&binary.right);
            self.meet(left);
            return;
        }
        self.visit_expr(&binary.right);
        self.compared(binary);
    }

    fn closure(&mut self, closure: &syn::ExprClosure) {
        self.framed(FrameKind::Block, |this| {
            for input in &closure.inputs {
                match input {
                    Pat::Type(typed) => {
                        this.visit_type(&typed.ty);
                        this.bind_typed(&typed.pat, &typed.ty);
                    }
                    other => this.visit_pat(other),
                }
            }
            // Who calls it, and when, is not known.
            this.apart(|this| this.visit_expr(&closure.body));
        });
    }
}

/// The name that an expression is, seen through brackets.
pub(super) fn ident_of(expr: &Expr) -> Option<&syn::Ident> {
    match expr {
        Expr::Path(path) if path.qself.is_none() => path.path.get_ident(),
        Expr::Paren(inner) => ident_of(&inner.expr),
        Expr::Group(inner) => ident_of(&inner.expr),
        _ => None,
    }
}

/// Methods that traits of the standard library take by value: through a reference they may be another type's.
fn is_by_value(method: &str) -> bool {
    matches!(
        method,
        "into_iter" | "into" | "try_into" | "add" | "sub" | "mul" | "div" | "rem" | "neg" | "not"
    )
}
