//! Calls that run a method of a trait without naming whose, where that method is the one they stand in: `value.into()`
//! in `From::from`, `Self::from(value)`, `..Default::default()`.
//!
//! Owns what is certain by the signature around: what a parameter is, what is given back.

use syn::Expr;
use syn::visit::{self, Visit as _};

use super::extract::{Extractor, Found, Receiver};
use super::types::{bare_path, type_arguments, type_text};
use crate::facts::BindingValue;

/// Methods of traits that one type may implement many times over: which of them is meant is for the types to say.
fn is_overloaded(method: &str) -> bool {
    matches!(
        method,
        "from"
            | "into"
            | "try_from"
            | "try_into"
            | "from_iter"
            | "extend"
            | "eq"
            | "ne"
            | "partial_cmp"
            | "lt"
            | "le"
            | "gt"
            | "ge"
            | "as_ref"
            | "as_mut"
            | "borrow"
            | "borrow_mut"
            | "index"
            | "index_mut"
            | "add"
            | "sub"
            | "mul"
            | "div"
            | "rem"
            | "parse"
            | "fmt"
    )
}

/// Methods that types of the standard library have of their own, such as `Option::as_ref`.
fn is_inherent_elsewhere(method: &str) -> bool {
    matches!(
        method,
        "as_ref" | "as_mut" | "borrow" | "borrow_mut" | "parse" | "add" | "sub"
    )
}

impl Extractor<'_> {
    fn is_tail(&self, expr: &Expr) -> bool {
        let function = self.functions.last();
        function.is_some_and(|function| function.tails.contains(&std::ptr::from_ref(expr)))
    }

    /// Notes an expression that must be of the type that a conversion is to give.
    pub(super) fn note_own_type(&mut self, written: &syn::Type, expr: &Expr) {
        if !self.implements("From", "from") {
            return;
        }
        let written = type_text(written);
        let own = self
            .classes
            .last()
            .and_then(|class| class.self_type.as_deref());
        if (written == "Self" || own == Some(&*written))
            && let Some(function) = self.functions.last_mut()
        {
            function.tails.push(std::ptr::from_ref(expr));
        }
    }

    /// Method calls that the types of a signature settle. Tells whether this was one, or one that cannot be told.
    pub(super) fn conversion(&mut self, call: &syn::ExprMethodCall, expr: Option<&Expr>) -> bool {
        let method = call.method.to_string();
        let span = self.span(call.method.span());
        let in_tail = expr.is_some_and(|expr| self.is_tail(expr));
        let converts = match method.as_str() {
            "into" => self.implements("From", "from"),
            "try_into" => self.implements("TryFrom", "try_from"),
            "parse" => self.implements("FromStr", "from_str"),
            _ => false,
        };
        if converts && call.turbofish.is_none() && in_tail && self.is_parameter(&call.receiver, 0) {
            self.own_call(span);
            return true;
        }
        if method == "to_string"
            && self.implements("Display", "fmt")
            && self.is_receiver(&call.receiver)
            && !self.has_inherent_to_string
        {
            self.own_call(span);
            return true;
        }
        if !is_overloaded(&method) {
            return false;
        }
        let function = self.functions.last();
        let is_own = self.is_receiver(&call.receiver)
            && function.is_some_and(|function| function.name == method && function.at.is_some())
            && self
                .classes
                .last()
                .and_then(|class| class.of_trait.as_ref())
                .is_some_and(|found| found.in_scope);
        let hands_on = match call.args.first() {
            Some(argument) => self.is_parameter(argument, 0),
            // What it gives is for the types to say.
            None => in_tail,
        };
        if is_own && hands_on && !self.is_hidden(&method) {
            self.own_call(span);
        }
        true
    }

    /// Whether a type may have a method of its own under the name of a trait's: that one goes first.
    fn is_hidden(&mut self, method: &str) -> bool {
        if is_inherent_elsewhere(method) && self.is_foreign_type() {
            return true;
        }
        let of = self.classes.last().map(|class| class.name.clone());
        let of = self.intern_text(of.as_deref().unwrap_or(""));
        let name = self.intern_text(method);
        self.inherent.contains(&(of, name)) || self.draft.dynamic.is_some()
    }

    /// Whether the type that is implemented for comes from elsewhere, or from the language.
    fn is_foreign_type(&mut self) -> bool {
        let of = self.classes.last().map(|class| class.name.clone());
        let of = self.intern_text(of.as_deref().unwrap_or(""));
        let Found::Bound(set) = self.look_up(of, true) else {
            return true;
        };
        let mut bindings = self.draft.binding_sets[set.range()].iter();
        bindings.any(|binding| {
            let value = self.draft.bindings[binding.index()].value;
            matches!(value, BindingValue::Import(_))
        })
    }

    /// `<Self as Trait>::method(…)`. Tells whether it was told.
    pub(super) fn qualified_call(&mut self, path: &syn::ExprPath, _call: &syn::ExprCall) -> bool {
        let (Some(qself), Some(class)) = (&path.qself, self.classes.last()) else {
            return false;
        };
        let Some(of_trait) = class.of_trait.as_ref() else {
            return false;
        };
        let written = type_text(&qself.ty);
        let is_self = written == "Self" || class.self_type.as_deref() == Some(&*written);
        let segments = &path.path.segments;
        let Some(named) = qself
            .position
            .checked_sub(1)
            .and_then(|at| segments.get(at))
        else {
            return false;
        };
        if matches!(named.arguments, syn::PathArguments::Parenthesized(_)) {
            return false;
        }
        let argument = type_arguments(&named.arguments);
        let is_known = !argument
            .as_ref()
            .is_some_and(|argument| argument.contains(['?', '_']));
        let written = bare_path(segments.iter().take(qself.position));
        let is_trait = written == of_trait.path
            && is_known
            && (argument == of_trait.argument || argument.is_none() && !is_generic(&of_trait.name));
        let is_method = segments.len() == qself.position + 1
            && self.functions.last().is_some_and(|function| {
                function.at.is_some()
                    && segments
                        .last()
                        .is_some_and(|last| last.ident == function.name.as_str())
            });
        if is_self && is_trait && is_method {
            let span = self.path_span(&path.path);
            self.own_call(span);
            return true;
        }
        false
    }

    /// Calls whose target the signature settles: `Trait::method(self)`, `Self::from(value)`. Tells whether the call is
    /// told, or cannot be.
    pub(super) fn trait_call(
        &mut self,
        path: &syn::Path,
        call: &syn::ExprCall,
        expr: Option<&Expr>,
    ) -> bool {
        let segments = &path.segments;
        let Some(last) = segments.last().filter(|_| segments.len() > 1) else {
            return false;
        };
        let of = &segments[segments.len() - 2];
        let before = of.ident.to_string();
        let method = super::uses::bare(&last.ident);
        let is_same = self
            .functions
            .last()
            .is_some_and(|function| function.name == method && function.at.is_some());
        let class = self.classes.last();
        let of_trait = class.and_then(|class| class.of_trait.as_ref());
        let written = bare_path(segments.iter().take(segments.len() - 1));
        let names_trait = of_trait.is_some_and(|found| found.path == written);
        let names_type = written == "Self"
            || class.is_some_and(|class| class.self_type.as_deref() == Some(&*before))
                && segments.len() == 2;
        // A trait with arguments is as many traits: which of them is for the types to say, or written out.
        let is_that_one = match &of.arguments {
            syn::PathArguments::None => of_trait.is_none_or(|found| {
                found.argument.is_none() || is_settled_by_parameter(&found.name)
            }),
            _ => false,
        };
        if !names_trait && of_trait.is_some_and(|found| found.name == before) {
            // Perhaps the same by another path, perhaps another of the name.
            return true;
        }
        let in_trait = of_trait.is_some();
        let has_receiver = call
            .args
            .first()
            .is_some_and(|first| self.is_receiver(first));
        let has_parameter = match call.args.first() {
            Some(first) => self.is_parameter(first, 0),
            None => true,
        };
        let in_tail = expr.is_some_and(|expr| self.is_tail(expr));
        let takes_receiver = self
            .functions
            .last()
            .is_some_and(|function| function.receiver != Receiver::None);
        let span = self.path_span(path);
        if is_same && names_trait && !is_that_one {
            return true;
        }
        if names_type && is_overloaded(&method) && self.is_hidden(&method) {
            return false;
        }
        if is_same && names_trait {
            // The trait leaves the type open: the receiver tells it, or what is given back.
            let settled = if takes_receiver {
                has_receiver && (call.args.len() < 2 || self.is_parameter(&call.args[1], 0))
            } else {
                has_parameter && in_tail
            };
            if settled {
                self.own_call(span);
            }
            return true;
        }
        if !is_overloaded(&method) || !(names_type || names_trait) {
            return false;
        }
        let settled = is_same
            && in_trait
            && if takes_receiver {
                has_receiver
                    && call
                        .args
                        .get(1)
                        .is_none_or(|second| self.is_parameter(second, 0))
            } else {
                !call.args.is_empty() && has_parameter
            };
        if settled {
            self.own_call(span);
        }
        true
    }

    pub(super) fn made(&mut self, made: &syn::ExprStruct) {
        let name = made.path.get_ident().map(ToString::to_string);
        let class = self.classes.last();
        let is_self = name.as_deref().is_some_and(|name| {
            name == "Self" || class.is_some_and(|class| class.self_type.as_deref() == Some(name))
        });
        let rest = made.rest.as_deref();
        let fills = is_self
            && self.implements("Default", "default")
            && matches!(rest, Some(Expr::Call(call)) if is_default(&call.func));
        if !fills {
            return visit::visit_expr_struct(self, made);
        }
        for field in &made.fields {
            self.visit_field_value(field);
        }
        if let Some(Expr::Call(call)) = rest
            && let Expr::Path(path) = &*call.func
        {
            let span = self.path_span(&path.path);
            self.own_call(span);
        }
    }
}

/// Traits that take the other type as a parameter.
fn is_generic(of_trait: &str) -> bool {
    matches!(
        of_trait,
        "From"
            | "Into"
            | "TryFrom"
            | "TryInto"
            | "AsRef"
            | "AsMut"
            | "Borrow"
            | "BorrowMut"
            | "FromIterator"
            | "Extend"
            | "Index"
            | "IndexMut"
    )
}

/// Traits whose argument is the type of what their methods take.
fn is_settled_by_parameter(of_trait: &str) -> bool {
    matches!(
        of_trait,
        "From"
            | "TryFrom"
            | "PartialEq"
            | "PartialOrd"
            | "Index"
            | "IndexMut"
            | "Add"
            | "Sub"
            | "Mul"
            | "Div"
    )
}

fn is_default(function: &Expr) -> bool {
    let Expr::Path(path) = function else {
        return false;
    };
    let segments = &path.path.segments;
    path.qself.is_none()
        && segments.len() == 2
        && segments[0].ident == "Default"
        && segments[1].ident == "default"
}

/// The expressions whose value a block gives, as the function's own.
pub(super) fn tails(block: &syn::Block, found: &mut Vec<*const Expr>) {
    if let Some(syn::Stmt::Expr(last, None)) = block.stmts.last() {
        tail(last, found);
    }
    // An early way out gives a value, too.
    for stmt in &block.stmts {
        if let syn::Stmt::Expr(Expr::Return(leave), _) = stmt
            && let Some(value) = &leave.expr
        {
            tail(value, found);
        }
    }
}

fn tail(expr: &Expr, found: &mut Vec<*const Expr>) {
    match expr {
        Expr::Paren(inner) => tail(&inner.expr, found),
        Expr::Return(leave) => {
            if let Some(value) = &leave.expr {
                tail(value, found);
            }
        }
        Expr::Block(block) if block.label.is_none() => tails(&block.block, found),
        Expr::If(branch) => {
            tails(&branch.then_branch, found);
            if let Some((_, other)) = &branch.else_branch {
                tail(other, found);
            }
        }
        Expr::Match(switch) => {
            for arm in &switch.arms {
                tail(&arm.body, found);
            }
        }
        other => found.push(std::ptr::from_ref(other)),
    }
}
