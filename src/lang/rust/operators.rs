//! Operations that run a method of a trait without naming it, where that method is the one they stand in.
//!
//! Owns what is certain: `self == other` in `PartialEq::eq`, `value.into()` in `From::from`. Everything is held against
//! the signature that it stands in, so that the types are those of the very implementation.

use syn::punctuated::Punctuated;
use syn::token::Comma;
use syn::visit::{self, Visit as _};
use syn::{BinOp, Expr, UnOp};

use super::expressions::ident_of;
use super::extract::{Extractor, Receiver, Resolved};
use super::items::{bare_path, type_arguments, type_text};
use crate::facts::{CallMode, Root, Slice};
use crate::span::Span;

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

impl Extractor<'_> {
    /// Whether the function at work is `method` of `of_trait` in an implementation.
    fn implements(&self, of_trait: &str, method: &str) -> bool {
        let is_method = self
            .functions
            .last()
            .is_some_and(|function| function.name == method && function.at.is_some());
        let class = self.classes.last().filter(|class| !class.is_trait);
        is_method
            && class
                .and_then(|class| class.of_trait.as_ref())
                .is_some_and(|found| found.name == of_trait)
    }

    /// Whether an implementation is without a method of its own by this name.
    fn leaves_out(&self, method: &str) -> bool {
        let class = self.classes.last();
        class.is_some_and(|class| !class.methods.iter().any(|own| own == method))
    }

    /// A call of the function at work by itself.
    fn own_call(&mut self, span: Span) {
        let Some(binding) = self.functions.last().map(|function| function.binding) else {
            return;
        };
        let callee = Resolved {
            root: Root::Bound(self.set(&[binding])),
            path: Slice::default(),
        };
        self.keep(callee, span, CallMode::Operator, false);
    }

    /// Whether an expression is the receiver itself, as the method got it.
    fn is_receiver(&self, expr: &Expr) -> bool {
        ident_of(expr).is_some_and(|ident| ident == "self")
            && self.functions.last().is_some_and(|function| {
                matches!(function.receiver, Receiver::Value | Receiver::Reference)
            })
    }

    /// Whether an expression is the parameter at `at`, as the function got it.
    pub(super) fn is_parameter(&mut self, expr: &Expr, at: usize) -> bool {
        let Some(ident) = ident_of(expr) else {
            return false;
        };
        let name = self.intern(ident);
        let Some(function) = self.functions.last() else {
            return false;
        };
        let known = self.locals[function.first_local..]
            .iter()
            .filter(|local| local.name == name);
        function.parameters.get(at) == Some(&Some(name)) && known.count() == 1
    }

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

    fn span_at(&self, expr: &Expr) -> Span {
        match ident_of(expr) {
            Some(ident) => self.span(ident.span()),
            None => Span::default(),
        }
    }

    /// Whether two sides are the receiver and the parameter, both as they came or both behind a `*`.
    fn are_operands(&mut self, left: &Expr, right: &Expr) -> bool {
        match (behind(left), behind(right)) {
            (Some(left), Some(right)) => self.is_receiver(left) && self.is_parameter(right, 0),
            (None, None) => self.is_receiver(left) && self.is_parameter(right, 0),
            _ => false,
        }
    }

    pub(super) fn compared(&mut self, binary: &syn::ExprBinary) {
        let runs_itself = match binary.op {
            BinOp::Eq(_) => self.implements("PartialEq", "eq"),
            BinOp::Ne(_) => {
                self.implements("PartialEq", "ne")
                    || self.implements("PartialEq", "eq") && self.leaves_out("ne")
            }
            BinOp::Lt(_) => self.orders("lt"),
            BinOp::Le(_) => self.orders("le"),
            BinOp::Gt(_) => self.orders("gt"),
            BinOp::Ge(_) => self.orders("ge"),
            _ => return self.computed(binary),
        };
        if runs_itself && self.are_operands(&binary.left, &binary.right) {
            let span = self.span_at(behind(&binary.left).unwrap_or(&binary.left));
            self.own_call(span);
        }
    }

    fn orders(&self, method: &str) -> bool {
        self.implements("PartialOrd", method)
            || self.implements("PartialOrd", "partial_cmp") && self.leaves_out(method)
    }

    fn computed(&mut self, binary: &syn::ExprBinary) {
        let (of_trait, method, assigns) = match binary.op {
            BinOp::Add(_) => ("Add", "add", false),
            BinOp::Sub(_) => ("Sub", "sub", false),
            BinOp::Mul(_) => ("Mul", "mul", false),
            BinOp::Div(_) => ("Div", "div", false),
            BinOp::Rem(_) => ("Rem", "rem", false),
            BinOp::BitAnd(_) => ("BitAnd", "bitand", false),
            BinOp::BitOr(_) => ("BitOr", "bitor", false),
            BinOp::BitXor(_) => ("BitXor", "bitxor", false),
            BinOp::Shl(_) => ("Shl", "shl", false),
            BinOp::Shr(_) => ("Shr", "shr", false),
            BinOp::AddAssign(_) => ("AddAssign", "add_assign", true),
            BinOp::SubAssign(_) => ("SubAssign", "sub_assign", true),
            BinOp::MulAssign(_) => ("MulAssign", "mul_assign", true),
            BinOp::DivAssign(_) => ("DivAssign", "div_assign", true),
            _ => return,
        };
        if !self.implements(of_trait, method) {
            return;
        }
        let left = if assigns {
            behind(&binary.left)
        } else {
            Some(&*binary.left)
        };
        if let Some(left) = left
            && self.is_receiver(left)
            && self.is_parameter(&binary.right, 0)
        {
            let span = self.span_at(left);
            self.own_call(span);
        }
    }

    pub(super) fn unary(&mut self, unary: &syn::ExprUnary) {
        let runs_itself = match &unary.op {
            UnOp::Neg(_) => self.implements("Neg", "neg") && self.is_receiver(&unary.expr),
            UnOp::Not(_) => self.implements("Not", "not") && self.is_receiver(&unary.expr),
            // `**self`: what is behind the reference, then what that gives.
            UnOp::Deref(_) => {
                (self.implements("Deref", "deref") || self.implements("DerefMut", "deref_mut"))
                    && behind(&unary.expr).is_some_and(|inner| self.is_receiver(inner))
            }
            _ => false,
        };
        if runs_itself {
            let inner = behind(&unary.expr).unwrap_or(&unary.expr);
            let span = self.span_at(inner);
            self.own_call(span);
        }
    }

    pub(super) fn indexed(&mut self, access: &syn::ExprIndex) {
        visit::visit_expr_index(self, access);
        let place = behind(&access.expr).unwrap_or(&access.expr);
        if (self.implements("Index", "index") || self.implements("IndexMut", "index_mut"))
            && self.is_receiver(place)
            && self.is_parameter(&access.index, 0)
        {
            let span = self.span_at(place);
            self.own_call(span);
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

    /// Whether a type of the file may have a method of its own under the name of a trait's.
    fn is_hidden(&mut self, method: &str) -> bool {
        let of = self.classes.last().map(|class| class.name.clone());
        let of = self.intern_text(of.as_deref().unwrap_or(""));
        let name = self.intern_text(method);
        self.inherent.contains(&(of, name)) || self.draft.dynamic.is_some()
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

    /// Formatting runs the implementation of what is formatted.
    pub(super) fn formatted(&mut self, mac: &syn::Macro, arguments: &Punctuated<Expr, Comma>) {
        let Some(name) = mac.path.segments.last().map(|last| last.ident.to_string()) else {
            return;
        };
        let at = match name.as_str() {
            "write" | "writeln" => 1,
            "format" | "format_args" | "print" | "println" | "eprint" | "eprintln" => 0,
            _ => return,
        };
        let Some(Expr::Lit(literal)) = arguments.iter().nth(at) else {
            return;
        };
        let syn::Lit::Str(text) = &literal.lit else {
            return;
        };
        let given: Vec<&Expr> = arguments.iter().skip(at + 1).collect();
        for placeholder in placeholders(&text.value()) {
            let of_trait = trait_of(&placeholder.kind);
            let is_receiver = match &placeholder.argument {
                Argument::Name(name) => {
                    name == "self"
                        || named(&given, name).is_some_and(|expr| self.is_formatted(expr))
                }
                Argument::Place(place) => given
                    .get(*place)
                    .is_some_and(|expr| self.is_formatted(expr)),
            };
            if is_receiver && self.implements(of_trait, "fmt") {
                let span = self.span(text.span());
                self.own_call(span);
            }
        }
    }

    /// Whether what is formatted is the receiver, however many references are taken of it.
    fn is_formatted(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Reference(inner) => self.is_formatted(&inner.expr),
            other => self.is_receiver(behind(other).unwrap_or(other)),
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

/// What stands behind a `*`.
fn behind(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => Some(&unary.expr),
        Expr::Paren(inner) => behind(&inner.expr),
        _ => None,
    }
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

/// A `{…}` of a format.
struct Placeholder {
    argument: Argument,
    kind: String,
}

enum Argument {
    Name(String),
    Place(usize),
}

fn trait_of(kind: &str) -> &'static str {
    match kind {
        "" => "Display",
        "?" => "Debug",
        "x" => "LowerHex",
        "X" => "UpperHex",
        "b" => "Binary",
        "o" => "Octal",
        "e" => "LowerExp",
        "E" => "UpperExp",
        "p" => "Pointer",
        _ => "",
    }
}

fn named<'e>(given: &[&'e Expr], name: &str) -> Option<&'e Expr> {
    given.iter().find_map(|expr| match expr {
        Expr::Assign(assign) if ident_of(&assign.left).is_some_and(|ident| ident == name) => {
            Some(&*assign.right)
        }
        _ => None,
    })
}

/// The placeholders of a format string. One that takes its width from another argument is left out with all behind it.
fn placeholders(text: &str) -> Vec<Placeholder> {
    let mut found = Vec::new();
    let mut next = 0;
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let opens = rest.as_bytes()[at] == b'{';
        rest = &rest[at + 1..];
        if rest.starts_with(['{', '}']) && rest.as_bytes()[0] == if opens { b'{' } else { b'}' } {
            rest = &rest[1..];
            continue;
        }
        if !opens {
            continue;
        }
        let Some(end) = rest.find('}') else { break };
        let (argument, spec) = rest[..end].split_once(':').unwrap_or((&rest[..end], ""));
        if spec.contains(['$', '*']) {
            break;
        }
        let argument = match argument.trim() {
            "" => {
                next += 1;
                Argument::Place(next - 1)
            }
            number if number.starts_with(|ch: char| ch.is_ascii_digit()) => number
                .parse()
                .map_or(Argument::Place(usize::MAX), Argument::Place),
            name => Argument::Name(name.to_owned()),
        };
        let spec = spec.trim();
        let letters = spec
            .chars()
            .rev()
            .take_while(|ch| ch.is_alphabetic() || *ch == '?');
        let kind: String = letters.collect::<Vec<_>>().into_iter().rev().collect();
        found.push(Placeholder { argument, kind });
        rest = &rest[end + 1..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read_as_the_compiler_does() {
        let kinds = |text: &str| -> Vec<String> {
            let all = placeholders(text).into_iter();
            all.map(|one| {
                let argument = match one.argument {
                    Argument::Name(name) => name,
                    Argument::Place(place) => place.to_string(),
                };
                format!("{argument}:{}", one.kind)
            })
            .collect()
        };
        assert_eq!(kinds("a {} {{}} {:?} {self}"), ["0:", "1:?", "self:"]);
        assert_eq!(
            kinds("{0} {x:>8} {1:#x} {:>5.2}"),
            ["0:", "x:", "1:x", "0:"]
        );
        assert!(kinds("{:1$} {}").is_empty());
        assert!(kinds("}} {{").is_empty());
    }
}
