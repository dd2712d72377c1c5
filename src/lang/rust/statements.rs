//! Blocks and statements.

use syn::visit::{self, Visit as _};

use super::extract::{Extractor, FrameKind, LocalKind};

impl Extractor<'_> {
    pub(super) fn function_body(&mut self, block: &syn::Block) {
        self.block(block);
    }

    /// Visits a block: its items first, which all of it knows.
    pub(super) fn block(&mut self, block: &syn::Block) {
        self.framed(FrameKind::Block, |this| {
            let mut waiting = Vec::new();
            for stmt in &block.stmts {
                if let syn::Stmt::Item(item) = stmt {
                    this.declare(item, &mut waiting);
                }
            }
            this.settle_uses(waiting);
            for stmt in &block.stmts {
                this.stmt(stmt);
            }
        });
    }

    fn stmt(&mut self, stmt: &syn::Stmt) {
        match stmt {
            syn::Stmt::Local(local) => {
                self.let_statement(local);
            }
            syn::Stmt::Item(item) => {
                let mark = self.flow.mark();
                let at = self
                    .functions
                    .last_mut()
                    .and_then(|function| function.at.take());
                self.item(item);
                if let Some(function) = self.functions.last_mut() {
                    function.at = at;
                }
                self.flow.forget(mark);
            }
            syn::Stmt::Expr(expr, _) => {
                self.visit_expr(expr);
            }
            syn::Stmt::Macro(stmt) => {
                self.macro_call(&stmt.mac);
            }
        }
    }

    fn let_statement(&mut self, local: &syn::Local) {
        if let Some(init) = &local.init {
            if let syn::Pat::Type(typed) = &local.pat {
                self.note_own_type(&typed.ty, &init.expr);
            }
            self.visit_expr(&init.expr);
            if let Some((_, diverge)) = &init.diverge {
                let at = self.position();
                self.visit_expr(diverge);
                if let Some(at) = at {
                    self.go_to(at);
                }
            }
        }
        let init = local.init.as_ref().map(|init| &*init.expr);
        match &local.pat {
            syn::Pat::Type(typed) => {
                visit::visit_type(self, &typed.ty);
                self.bind_typed(&typed.pat, &typed.ty);
            }
            syn::Pat::Ident(ident) if ident.subpat.is_none() => {
                let kind = init.and_then(|init| self.made_type(init));
                let name = self.intern(&ident.ident);
                self.local(name, kind.unwrap_or(LocalKind::Value));
            }
            other => self.visit_pat(other),
        }
    }

    /// The type of what an expression makes, where that is plain: `T { … }`, `T::default()`, `T::new()` of this file.
    fn made_type(&mut self, expr: &syn::Expr) -> Option<LocalKind> {
        match expr {
            syn::Expr::Struct(made) if made.qself.is_none() => self.type_at(&made.path, 0),
            syn::Expr::Call(call) => {
                let syn::Expr::Path(function) = &*call.func else {
                    return None;
                };
                let segments = &function.path.segments;
                if function.qself.is_some() || segments.len() != 2 {
                    return None;
                }
                let of = self.intern(&segments[0].ident);
                let name = self.intern(&segments[1].ident);
                let gives_it =
                    segments[1].ident == "default" || self.constructors.contains(&(of, name));
                gives_it.then(|| self.type_at(&function.path, 1)).flatten()
            }
            syn::Expr::Paren(inner) => self.made_type(&inner.expr),
            syn::Expr::Reference(inner) => self.made_type(&inner.expr),
            _ => None,
        }
    }

    /// The type that a path of one name and `behind` more starts with.
    fn type_at(&mut self, path: &syn::Path, behind: usize) -> Option<LocalKind> {
        if path.segments.len() != behind + 1 || path.leading_colon.is_some() {
            return None;
        }
        let ident = &path.segments[0].ident;
        let path = syn::Path::from(ident.clone());
        let written = syn::Type::Path(syn::TypePath { qself: None, path });
        self.type_of(&written)
    }
}
