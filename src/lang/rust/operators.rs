//! Operations that run a method of a trait without naming it.

use syn::Expr;
use syn::punctuated::Punctuated;
use syn::token::Comma;

use super::extract::Extractor;

impl Extractor<'_> {
    /// Formatting runs the implementation of what is formatted.
    pub(super) fn formatted(&mut self, _mac: &syn::Macro, _arguments: &Punctuated<Expr, Comma>) {}
}

impl Extractor<'_> {
    pub(super) fn unary(&mut self, _unary: &syn::ExprUnary) {}
    pub(super) fn compared(&mut self, _binary: &syn::ExprBinary) {}
    pub(super) fn conversion(&mut self, _call: &syn::ExprMethodCall) -> bool {
        false
    }
    pub(super) fn qualified_call(&mut self, _f: &syn::ExprPath, _call: &syn::ExprCall) -> bool {
        false
    }
    pub(super) fn trait_call(&mut self, _path: &syn::Path, _call: &syn::ExprCall) -> bool {
        false
    }
    pub(super) fn made(&mut self, made: &syn::ExprStruct) {
        syn::visit::visit_expr_struct(self, made);
    }
}
