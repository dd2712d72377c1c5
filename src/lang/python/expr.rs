//! Expressions: references, calls, and the bindings that assignments make.

use std::num::NonZeroU32;

use ruff_python_ast::{self as ast, Expr, ExprContext};
use ruff_text_size::{Ranged, TextRange};

use super::extract::{Extractor, TempCall, TempReference, TempRoot, TempShape, TempString, span};
use super::flow::{Operation, Step};
use super::scope::TempScopeKind;
use super::syntax::constant_truth;
use crate::facts::{
    ANY_NAME, CallMode, DefinitionFlags, DefinitionId, DefinitionKind, Dynamic, NameId,
    ParameterKind, Slice, StringTargetKind, Usage,
};
use crate::span::Span;

/// The most attributes that a chain may have to be one.
const LONGEST_CHAIN: usize = 16;

impl Extractor<'_> {
    pub(super) fn expr(&mut self, expr: &Expr) {
        self.expr_as(expr, CallMode::Plain);
    }

    /// Visits `expr`; if it is a call, `mode` says how its value is used.
    pub(super) fn expr_as(&mut self, expr: &Expr, mode: CallMode) {
        match expr {
            // Leaves and plain names need neither the stack check nor the depth.
            Expr::Name(name) => self.name(name),
            Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::IpyEscapeCommand(_) => {}
            _ => self.deeper(|this| this.compound(expr, mode)),
        }
    }

    pub(super) fn annotation(&mut self, annotation: &Expr) {
        self.expr(annotation);
    }

    fn compound(&mut self, expr: &Expr, mode: CallMode) {
        match expr {
            Expr::Call(call) => self.call(call, mode),
            Expr::Attribute(attribute) => self.attribute(expr, attribute),
            Expr::BoolOp(op) => self.bool_op(op),
            Expr::Named(named) => {
                self.expr_as(&named.value, mode);
                self.bind_value(&named.target, Some(&named.value), true);
            }
            Expr::BinOp(op) => {
                self.expr(&op.left);
                self.expr(&op.right);
                self.binary_operator(op);
                self.may_raise(Operation::Arithmetic);
            }
            Expr::UnaryOp(op) => {
                self.expr(&op.operand);
                self.unary_operator(op);
                self.may_raise(match op.op {
                    ast::UnaryOp::Not => Operation::Truth,
                    _ => Operation::Arithmetic,
                });
            }
            Expr::Lambda(lambda) => {
                self.lambda(lambda);
            }
            Expr::If(expr) => self.conditional(expr, mode),
            Expr::Dict(dict) => {
                for item in &dict.items {
                    if let Some(key) = &item.key {
                        self.expr(key);
                    }
                    self.expr(&item.value);
                }
                let plain = |key: &Option<Expr>| key.as_ref().is_some_and(Expr::is_literal_expr);
                if !dict.items.iter().all(|item| plain(&item.key)) {
                    self.may_raise(Operation::Arithmetic);
                }
            }
            Expr::Set(set) => {
                set.elts.iter().for_each(|elt| self.expr(elt));
                if !set.elts.iter().all(Expr::is_literal_expr) {
                    self.may_raise(Operation::Arithmetic);
                }
            }
            Expr::List(list) => list.elts.iter().for_each(|elt| self.expr(elt)),
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|elt| self.expr(elt)),
            Expr::ListComp(comp) => self.comprehension(&comp.generators, &[&comp.elt], true),
            Expr::SetComp(comp) => self.comprehension(&comp.generators, &[&comp.elt], true),
            Expr::DictComp(comp) => match &comp.key {
                Some(key) => self.comprehension(&comp.generators, &[key, &comp.value], true),
                None => self.comprehension(&comp.generators, &[&comp.value], true),
            },
            Expr::Generator(comp) => {
                self.comprehension(&comp.generators, &[&comp.elt], mode == CallMode::Driven);
            }
            Expr::Await(inner) => {
                self.expr_as(&inner.value, CallMode::Awaited);
                self.may_raise(Operation::Code);
            }
            Expr::Yield(inner) => {
                if let Some(value) = &inner.value {
                    self.expr(value);
                }
                self.yields(inner.range);
            }
            Expr::YieldFrom(inner) => {
                self.expr_as(&inner.value, CallMode::Driven);
                self.may_raise(Operation::Code);
                // What it yields first may come from the inner iterator, but only once that has run.
                self.yields(inner.range);
            }
            Expr::Compare(compare) => self.compare(compare),
            Expr::FString(string) => {
                for part in &string.value {
                    if let ast::FStringPart::FString(string) = part {
                        self.interpolations(&string.elements);
                    }
                }
            }
            Expr::TString(string) => {
                for part in &string.value {
                    self.interpolations(&part.elements);
                }
            }
            Expr::Subscript(subscript) => {
                self.expr(&subscript.value);
                self.expr(&subscript.slice);
                self.dynamic_store(subscript);
                self.subscript_operator(subscript);
                self.may_raise(Operation::Subscript);
            }
            Expr::Starred(starred) => {
                self.expr_as(&starred.value, CallMode::Driven);
                self.may_raise(Operation::Code);
            }
            Expr::Slice(slice) => {
                for part in [&slice.lower, &slice.upper, &slice.step]
                    .into_iter()
                    .flatten()
                {
                    self.expr(part);
                }
            }
            Expr::Name(_)
            | Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::IpyEscapeCommand(_) => {}
        }
    }

    fn yields(&mut self, at: TextRange) {
        self.mark_generator();
        let (now, flow) = self.now();
        now.pause(flow, span(at));
    }

    fn interpolations(&mut self, elements: &ast::InterpolatedStringElements) {
        for element in elements.interpolations() {
            self.expr(&element.expression);
            self.formatted(element);
            self.may_raise(Operation::Code);
            if let Some(spec) = &element.format_spec {
                self.interpolations(&spec.elements);
            }
        }
    }

    /// A bare name: files with star imports care, where it may come from the star, and handlers that wait for names
    /// that are missing.
    fn name(&mut self, name: &ast::ExprName) {
        if self.now().0.expects_missing_names() && !self.is_parameter(name) {
            self.may_raise(Operation::Name);
        }
        self.star_name(name);
    }

    fn star_name(&mut self, name: &ast::ExprName) {
        if self.has_star && name.ctx == ExprContext::Load {
            let root = TempRoot::Name(self.names.intern(name.id.as_str()));
            self.reference(root, Slice::default(), span(name.range), Usage::Load);
        }
    }

    fn is_parameter(&self, name: &ast::ExprName) -> bool {
        let name = self.names.find(name.id.as_str());
        let own = self.functions.last().map(|context| context.arguments);
        own.is_some_and(|own| {
            self.parameters[own.range()]
                .iter()
                .any(|parameter| Some(parameter.name) == name)
        })
    }

    pub(super) fn reference(&mut self, root: TempRoot, path: Slice, at: Span, usage: Usage) -> u32 {
        let place = self.place();
        self.references
            .push(TempReference::new(root, path, at, place, usage));
        self.references.len() as u32 - 1
    }

    /// Reads `expr` as `root.a.b`; none when it is anything else.
    pub(super) fn chain(&mut self, expr: &Expr) -> Option<(TempRoot, Slice)> {
        let start = self.paths.len();
        let mut at = expr;
        while let Expr::Attribute(attribute) = at {
            // A longer chain names nothing that a rule could govern.
            if self.paths.len() == start + LONGEST_CHAIN {
                self.paths.truncate(start);
                return None;
            }
            let name = self.written.name(&attribute.attr);
            self.paths.push(name);
            at = &attribute.value;
        }
        let Some(mut root) = self.chain_root(at) else {
            self.paths.truncate(start);
            return None;
        };
        if let (TempRoot::Name(name), Some(&"__class__")) = (root, self.paths[start..].last()) {
            root = TempRoot::TypeOf(name);
            self.paths.pop();
        }
        self.paths[start..].reverse();
        let path = Slice {
            start: start as u32,
            len: (self.paths.len() - start) as u32,
        };
        Some((root, path))
    }

    fn chain_root(&mut self, expr: &Expr) -> Option<TempRoot> {
        let literal = match expr {
            Expr::Name(name) => return Some(TempRoot::Name(self.names.intern(name.id.as_str()))),
            Expr::Call(call) => return self.call_root(call),
            Expr::StringLiteral(_) | Expr::FString(_) => "str",
            Expr::BytesLiteral(_) => "bytes",
            Expr::List(_) | Expr::ListComp(_) => "list",
            Expr::Dict(_) | Expr::DictComp(_) => "dict",
            Expr::Set(_) | Expr::SetComp(_) => "set",
            Expr::Tuple(_) => "tuple",
            _ => return None,
        };
        Some(TempRoot::Literal(self.names.intern(literal)))
    }

    /// `super()` and `type(x)` as the start of a chain.
    fn call_root(&mut self, call: &ast::ExprCall) -> Option<TempRoot> {
        let Expr::Name(func) = &*call.func else {
            return None;
        };
        match (func.id.as_str(), &*call.arguments.args) {
            ("super", [] | [_, _]) if call.arguments.keywords.is_empty() => Some(TempRoot::Super),
            ("type", [Expr::Name(name)]) if call.arguments.keywords.is_empty() => {
                Some(TempRoot::TypeOf(self.names.intern(name.id.as_str())))
            }
            _ => None,
        }
    }

    fn attribute(&mut self, expr: &Expr, attribute: &ast::ExprAttribute) {
        let usage = match attribute.ctx {
            ExprContext::Store => Usage::Store,
            ExprContext::Del => Usage::Delete,
            ExprContext::Load | ExprContext::Invalid => Usage::Load,
        };
        if let Some((root, path)) = self.chain(expr) {
            self.visit_chain_base(expr);
            if let (TempRoot::Literal(_), _) = (root, path) {
                return;
            }
            self.reference(root, path, span(attribute.range), usage);
            if usage == Usage::Store {
                self.path_store(root, path);
                self.class_store(root, path);
            }
            if self.in_class_with_properties()
                && matches!(root, TempRoot::Name(_))
                && usage != Usage::Delete
            {
                let mode = if usage == Usage::Store && path.len == 1 {
                    CallMode::PropertySet
                } else {
                    CallMode::PropertyGet
                };
                let first = Slice { len: 1, ..path };
                self.push_call(
                    root,
                    first,
                    span(attribute.range),
                    mode,
                    false,
                    attribute.range.end().to_u32(),
                );
            }
        } else {
            self.expr(&attribute.value);
        }
        if let Expr::Name(_) = &*attribute.value {
            self.attribute_operator(&attribute.value, attribute.ctx, attribute.range);
        }
        self.may_raise(Operation::Attribute);
    }

    /// The parts of a chain's root that are expressions of their own: arguments of `super(…)`, literal contents.
    fn visit_chain_base(&mut self, expr: &Expr) {
        let mut at = expr;
        while let Expr::Attribute(attribute) = at {
            at = &attribute.value;
        }
        match at {
            Expr::Name(_) => {}
            Expr::Call(call) => call.arguments.args.iter().for_each(|arg| self.expr(arg)),
            other => self.expr(other),
        }
    }

    /// `__path__ = …` through the module, `sys.modules` and the like make names unknown.
    fn path_store(&mut self, root: TempRoot, path: Slice) {
        let is_module = matches!(root, TempRoot::Name(name) if self.names.get(name) == "sys");
        let last = self.paths[path.range()].last().copied();
        if is_module && last == Some("modules") {
            self.dynamic.get_or_insert(Dynamic::Globals);
        }
    }

    /// `x.__class__ = …` and `x.__dict__ = …` may set any attribute.
    fn class_store(&mut self, root: TempRoot, path: Slice) {
        let last = path.range().next_back();
        let object = match (root, last) {
            (TempRoot::TypeOf(name), None) => name,
            (TempRoot::Name(name), Some(at)) if path.len == 1 && self.paths[at] == "__dict__" => {
                name
            }
            _ => return,
        };
        self.sets_attribute(object, "*");
    }

    /// Notes that some attribute of the object called `object` is set by other means than an assignment to it.
    fn sets_attribute(&mut self, object: NameId, attribute: &str) {
        let start = self.paths.len() as u32;
        self.paths.push(self.written.copy(attribute));
        let place = self.place();
        let path = Slice { start, len: 1 };
        let root = TempRoot::Name(object);
        let nowhere = Span::at(0);
        self.attributes_set
            .push(TempReference::new(root, path, nowhere, place, Usage::Store));
    }

    /// `setattr(x, name, …)` and `x.__dict__.update(…)`.
    fn attribute_call(&mut self, call: &ast::ExprCall, root: TempRoot, path: Slice) {
        let TempRoot::Name(name) = root else { return };
        let names: [&str; 3] = std::array::from_fn(|at| match at {
            0 => self.names.get(name),
            at if (at as u32) <= path.len => self.paths[path.start as usize + at - 1],
            _ => "",
        });
        match names {
            ["setattr", "", _] | ["object", "__setattr__", ""] => {
                let Some(Expr::Name(object)) = call.arguments.args.first() else {
                    return;
                };
                let object = self.names.intern(object.id.as_str());
                self.sets_attribute(object, attribute_name(call.arguments.args.get(1)));
            }
            [_, "__dict__", "update" | "setdefault"] => self.sets_attribute(name, "*"),
            _ => {}
        }
    }

    fn bool_op(&mut self, op: &ast::ExprBoolOp) {
        let first = self.ends.len();
        for (at, value) in op.values.iter().enumerate() {
            if at > 0 {
                // Whatever decides the value before may skip this one, unless it is constant.
                match constant_truth(&op.values[at - 1]) {
                    Some(truth) if truth == (op.op == ast::BoolOp::And) => {}
                    constant => {
                        self.note_end();
                        if constant.is_some() {
                            self.goto(None);
                        }
                    }
                }
            }
            self.expr(value);
        }
        self.note_end();
        self.join_noted(first);
    }

    fn conditional(&mut self, expr: &ast::ExprIf, mode: CallMode) {
        self.note_choice(&expr.test, expr.range());
        self.expr(&expr.test);
        let constant = constant_truth(&expr.test);
        let base = self.fork();
        self.goto(if constant == Some(false) { None } else { base });
        self.expr_as(&expr.body, mode);
        let then = self.fork();
        self.goto(if constant == Some(true) { None } else { base });
        self.expr_as(&expr.orelse, mode);
        let other = self.fork();
        self.join(&[then, other]);
    }

    fn compare(&mut self, compare: &ast::ExprCompare) {
        self.expr(&compare.left);
        let first = self.ends.len();
        for (at, value) in compare.comparators.iter().enumerate() {
            if at > 0 {
                self.note_end();
            }
            self.expr(value);
            let left = if at == 0 {
                &compare.left
            } else {
                &compare.comparators[at - 1]
            };
            self.comparison(left, compare.ops[at], value);
        }
        self.note_end();
        self.join_noted(first);
        self.may_raise(Operation::Arithmetic);
    }

    pub(super) fn lambda(&mut self, lambda: &ast::ExprLambda) -> DefinitionId {
        if let Some(parameters) = &lambda.parameters {
            self.signature(parameters);
        }
        let id = DefinitionId(self.definitions.len() as u32);
        let start = lambda.range.start().to_u32();
        let name = self.names.intern("<lambda>");
        self.definitions.push(super::extract::TempDefinition {
            kind: DefinitionKind::Lambda,
            name,
            parent: self.scope,
            body: self.scope,
            span: span(lambda.range),
            name_span: Span::new(start, start + "lambda".len() as u32),
            decorators: Slice::default(),
            bases: Slice::default(),
            parameters: Slice::default(),
            flags: DefinitionFlags::default(),
            shape: TempShape::Ordinary,
            entry: None,
            may_hand_on: false,
        });
        self.function_body(id, lambda.parameters.as_deref(), |this| {
            this.expr(&lambda.body);
            TempShape::Ordinary
        });
        id
    }

    fn comprehension(
        &mut self,
        generators: &[ast::Comprehension],
        elements: &[&Expr],
        driven: bool,
    ) {
        let around = self.scope;
        let first = self.ends.len();
        for (at, generator) in generators.iter().enumerate() {
            let mode = if driven {
                CallMode::Driven
            } else {
                CallMode::Plain
            };
            self.expr_as(&generator.iter, mode);
            if at == 0 {
                self.may_raise(Operation::Code);
                self.scope = self
                    .scopes
                    .open(TempScopeKind::Inner, around, None, self.branch);
            }
            self.note_end();
            self.target(&generator.target, None);
            for test in &generator.ifs {
                self.expr(test);
                self.note_end();
            }
        }
        for element in elements {
            self.expr(element);
        }
        self.scope = around;
        self.note_end();
        self.join_noted(first);
        // An element may fail after the first, with earlier ones already made.
        self.may_raise(Operation::Code);
    }

    fn call(&mut self, call: &ast::ExprCall, mode: CallMode) {
        // What a partial calls is known; the arguments it holds are of no matter here.
        let callee = partial_of(&call.func).unwrap_or(&call.func);
        let chain = self.chain(callee);
        match chain {
            Some(_) if std::ptr::eq(callee, &raw const *call.func) => {
                self.visit_chain_base_of_callee(callee);
            }
            _ => self.expr(&call.func),
        }
        let driver = driver(&call.func, mode);
        let first = self.calls.len();
        let first_only = driver == CallMode::Driven
            && matches!(&*call.func, Expr::Name(name)
                if matches!(name.id.as_str(), "enumerate" | "zip" | "iter" | "next"));
        for (at, argument) in call.arguments.args.iter().enumerate() {
            let mode = if at > 0 && first_only {
                CallMode::Plain
            } else {
                driver
            };
            self.expr_as(argument, mode);
        }
        for keyword in &call.arguments.keywords {
            self.expr(&keyword.value);
        }
        self.keep_in_container(call, first);
        let at = Span::new(
            call.range().start().to_u32(),
            call.func.range().end().to_u32(),
        );
        let end = call.range().end().to_u32();
        let Some((root, path)) = chain else {
            if matches!(&*call.func, Expr::Attribute(ast::ExprAttribute { value, .. })
                if matches!(&**value, Expr::Call(inner) if is_namespace_call(inner)))
            {
                self.dynamic.get_or_insert(Dynamic::Globals);
            }
            self.unresolved.expression += 1;
            self.anonymous_call();
            return;
        };
        self.builtin_operator(call);
        self.special_call(call, root, path);
        self.attribute_call(call, root, path);
        self.escaping_namespace(call);
        if self.is_known_exit(root, path) {
            let (now, flow) = self.now();
            now.raise(flow, Some("SystemExit"), at);
            return;
        }
        let same_arguments = self.hands_on(&call.arguments);
        if same_arguments {
            self.mark_handing_on();
        }
        self.push_call(root, path, at, mode, same_arguments, end);
        if path.len > 0 {
            // The object called on may itself come from a governed path: `factory.X()` reads `factory.X`.
            self.callee_property(root, path, at);
        }
    }

    fn callee_property(&mut self, root: TempRoot, path: Slice, at: Span) {
        if path.len > 1 && self.in_class_with_properties() && matches!(root, TempRoot::Name(_)) {
            let first = Slice { len: 1, ..path };
            self.push_call(root, first, at, CallMode::PropertyGet, false, at.end);
        }
    }

    fn visit_chain_base_of_callee(&mut self, func: &Expr) {
        if matches!(func, Expr::Attribute(_)) {
            self.visit_chain_base(func);
        } else if let Expr::Name(name) = func {
            self.star_name(name);
        }
    }

    pub(super) fn push_call(
        &mut self,
        root: TempRoot,
        path: Slice,
        at: Span,
        mode: CallMode,
        same_arguments: bool,
        end: u32,
    ) {
        let place = self.place();
        let swallowed_by = self
            .flows
            .last()
            .and_then(super::flow::FunctionFlow::swallowing_handler)
            // A handler stands behind its `try`, never at the start of the text.
            .and_then(NonZeroU32::new);
        self.calls.push(TempCall {
            callee: TempReference::new(root, path, at, place, Usage::Load),
            mode,
            same_arguments,
            swallowed_by,
            end,
        });
        let call = self.calls.len() as u32 - 1;
        let (now, flow) = self.now();
        now.call(flow, call);
    }

    /// A call whose callee has no name: it may come back, it may raise.
    fn anonymous_call(&mut self) {
        let (now, flow) = self.now();
        now.advance(flow, Step::Join);
        now.may_raise(flow, Operation::Code);
    }

    /// Whether the call is one of the few that are known never to return.
    fn is_known_exit(&self, root: TempRoot, path: Slice) -> bool {
        let TempRoot::Name(root) = root else {
            return false;
        };
        let root = self.names.get(root);
        let first = self.paths[path.range()].first().copied();
        match (root, first, path.len) {
            ("exit" | "quit", None, _) | ("sys", Some("exit"), 1) => true,
            ("os", Some(name), 1) => matches!(name, "_exit" | "abort") || name.starts_with("exec"),
            ("pytest", Some(name), 1) => matches!(name, "fail" | "skip" | "xfail" | "exit"),
            _ => false,
        }
    }

    /// Whether the arguments are the parameters of the function around, each in its place and nothing else.
    fn hands_on(&mut self, arguments: &ast::Arguments) -> bool {
        let Some(context) = self.functions.last() else {
            return false;
        };
        let parameters = &self.parameters[context.arguments.range()];
        let given = arguments.args.len() + arguments.keywords.len();
        if given != parameters.len() || self.functions.len() == 1 {
            return false;
        }
        let is = |expr: &Expr, name| matches!(expr, Expr::Name(given) if self.names.find(given.id.as_str()) == Some(name));
        let mut positional = parameters.iter();
        for argument in &arguments.args {
            let Some(parameter) = positional.next() else {
                return false;
            };
            let handed = match (argument, parameter.kind) {
                (Expr::Starred(starred), ParameterKind::VarPositional) => {
                    is(&starred.value, parameter.name)
                }
                (other, ParameterKind::PositionalOnly | ParameterKind::Positional) => {
                    is(other, parameter.name)
                }
                _ => false,
            };
            if !handed {
                return false;
            }
        }
        arguments.keywords.iter().all(|keyword| match &keyword.arg {
            Some(arg) => {
                let name = self.names.find(arg.id.as_str());
                name.is_some_and(|name| {
                    is(&keyword.value, name)
                        && parameters.iter().any(|parameter| parameter.name == name)
                })
            }
            None => parameters.last().is_some_and(|last| {
                last.kind == ParameterKind::VarKeyword && is(&keyword.value, last.name)
            }),
        })
    }

    /// The last name of a chain; empty when it has none.
    fn last_name(&self, root: TempRoot, path: Slice) -> &str {
        match (path.range().next_back(), root) {
            (Some(at), _) => self.paths[at],
            (None, TempRoot::Name(name)) => self.names.get(name),
            _ => "",
        }
    }

    /// Calls that hand a name on as a string, or that change what a module holds.
    fn special_call(&mut self, call: &ast::ExprCall, root: TempRoot, path: Slice) {
        if matches!(self.last_name(root, path), "setattr" | "delattr") {
            let kind = if path.is_empty() {
                StringTargetKind::Assigned
            } else {
                StringTargetKind::Attribute
            };
            let may_be_new = !self.is_of_monkeypatch(root, path);
            if self.patched_attribute(call, kind, may_be_new) {
                return;
            }
        }
        let last = self.last_name(root, path);
        let root_name = match root {
            TempRoot::Name(name) => self.names.get(name),
            _ => "",
        };
        let kind = match last {
            "patch" => StringTargetKind::Patch,
            "dict" | "multiple" if path.len > 0 => {
                let before = (path.len > 1).then(|| self.paths[path.range().end - 2]);
                let owner = before.unwrap_or(root_name);
                if owner != "patch" {
                    return;
                }
                StringTargetKind::Patch
            }
            "object" if path.len > 0 => {
                let before = (path.len > 1).then(|| self.paths[path.range().end - 2]);
                let owner = before.unwrap_or(root_name);
                if owner == "patch" {
                    self.patched_attribute(call, StringTargetKind::Attribute, false);
                }
                return;
            }
            "setattr" | "delattr" if root_name == "monkeypatch" => StringTargetKind::Monkeypatch,
            "import_module" | "__import__" => StringTargetKind::ImportModule,
            "setattr" if path.is_empty() && self.functions.len() == 1 => {
                if let Some(Expr::Subscript(_)) = call.arguments.args.first() {
                    self.dynamic.get_or_insert(Dynamic::Globals);
                }
                return;
            }
            "exec" if path.is_empty() && self.functions.len() == 1 => {
                self.dynamic.get_or_insert(Dynamic::Globals);
                return;
            }
            "extend" | "append" | "remove" if path.len == 1 && root_name == "__all__" => {
                self.extend_exports(call);
                return;
            }
            "extend" | "append" | "insert" if path.len == 1 && root_name == "__path__" => {
                self.dynamic.get_or_insert(Dynamic::Path);
                return;
            }
            "extend_path" => {
                self.dynamic.get_or_insert(Dynamic::Path);
                return;
            }
            _ => return,
        };
        let first = call.arguments.find_argument_value("target", 0);
        if let Some(Expr::StringLiteral(literal)) = first {
            let Some(value) = literal.as_single_part_string() else {
                return;
            };
            let value = self.names.intern(&value.value);
            self.strings.push(TempString {
                kind,
                value,
                span: span(literal.range),
                scope: self.scope,
                may_be_new: may_create(call),
            });
        }
    }

    /// Whether a call is one of `monkeypatch`: unless told otherwise, it refuses names that are not there.
    fn is_of_monkeypatch(&self, root: TempRoot, path: Slice) -> bool {
        let owner = match (path.len, root) {
            (1, TempRoot::Name(name)) => self.names.get(name),
            (2.., _) => self.paths[path.range().end - 2],
            _ => "",
        };
        owner == "monkeypatch"
    }

    /// `setattr(x, "N", …)` and `patch.object(x, "N")`, where `x` is a name with attributes; tells whether it is one.
    fn patched_attribute(
        &mut self,
        call: &ast::ExprCall,
        kind: StringTargetKind,
        may_be_new: bool,
    ) -> bool {
        let argument = |name, place| call.arguments.find_argument_value(name, place);
        let name = argument("attribute", 1).or_else(|| argument("name", 1));
        let (Some(mut object), Some(name)) = (argument("target", 0), name) else {
            return false;
        };
        let literal = match name {
            Expr::StringLiteral(literal) => literal.value.to_str(),
            // Worked out: it may be any.
            _ => ANY_NAME,
        };
        let mut parts = vec![literal];
        while let Expr::Attribute(attribute) = object {
            parts.push(attribute.attr.id.as_str());
            object = &attribute.value;
        }
        let Expr::Name(root) = object else {
            return false;
        };
        if matches!(root.id.as_str(), "self" | "cls") {
            return true;
        }
        parts.push(root.id.as_str());
        parts.reverse();
        let value = self.names.intern(&parts.join("."));
        self.strings.push(TempString {
            kind,
            value,
            span: span(name.range()),
            scope: self.scope,
            may_be_new: may_be_new || may_create(call),
        });
        true
    }

    /// `f(globals())`: who gets the namespace may write to it.
    fn escaping_namespace(&mut self, call: &ast::ExprCall) {
        let keywords = call.arguments.keywords.iter().map(|keyword| &keyword.value);
        if call.arguments.args.iter().chain(keywords).any(is_namespace) {
            self.dynamic.get_or_insert(Dynamic::Globals);
        }
    }

    /// `globals()["x"] = …` and `sys.modules[…] = …` make a module's names unknown, and so does
    /// `globals().update(…)`.
    fn dynamic_store(&mut self, subscript: &ast::ExprSubscript) {
        if subscript.ctx != ExprContext::Store {
            return;
        }
        if let Some(object) = attributes_of(&subscript.value) {
            let object = self.names.intern(object);
            self.sets_attribute(object, attribute_name(Some(&subscript.slice)));
            return;
        }
        let is_namespace = match &*subscript.value {
            Expr::Call(call) => is_namespace_call(call),
            Expr::Attribute(attribute) => {
                attribute.attr.id.as_str() == "modules"
                    && matches!(&*attribute.value, Expr::Name(name) if name.id.as_str() == "sys")
            }
            _ => false,
        };
        if is_namespace {
            self.dynamic.get_or_insert(Dynamic::Globals);
        }
    }
}

/// The name of an attribute given as a value; `*` when it is not known.
fn attribute_name(name: Option<&Expr>) -> &str {
    match name {
        Some(Expr::StringLiteral(literal)) => literal.value.to_str(),
        _ => "*",
    }
}

/// The object whose attributes `x.__dict__` or `vars(x)` holds.
fn attributes_of(expr: &Expr) -> Option<&str> {
    let object = match expr {
        Expr::Attribute(attribute) if attribute.attr.id.as_str() == "__dict__" => &*attribute.value,
        Expr::Call(call) if matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "vars") => {
            call.arguments.args.first()?
        }
        _ => return None,
    };
    match object {
        Expr::Name(name) => Some(name.id.as_str()),
        _ => None,
    }
}

/// What `functools.partial(f, …)` calls.
pub(super) fn partial_of(expr: &Expr) -> Option<&Expr> {
    let Expr::Call(call) = expr else { return None };
    let name = match &*call.func {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.id.as_str(),
        _ => return None,
    };
    let first = call.arguments.args.first()?;
    (name == "partial" && matches!(first, Expr::Name(_) | Expr::Attribute(_))).then_some(first)
}

/// `globals()`, `vars()`, `sys.modules[…]`: the names of a module as a value.
pub(super) fn is_namespace(expr: &Expr) -> bool {
    match expr {
        Expr::Call(call) => {
            is_namespace_call(call)
                && !matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "locals")
        }
        Expr::Subscript(subscript) => matches!(&*subscript.value, Expr::Attribute(attribute)
            if attribute.attr.id.as_str() == "modules"
                && matches!(&*attribute.value, Expr::Name(name) if name.id.as_str() == "sys")),
        _ => false,
    }
}

fn is_namespace_call(call: &ast::ExprCall) -> bool {
    matches!(&*call.func, Expr::Name(name) if matches!(name.id.as_str(), "globals" | "vars" | "locals"))
        && call.arguments.args.is_empty()
}

/// How a call uses the iterators and coroutines handed to it. `asyncio.run` and its like are not among those that run
/// them: where a loop runs already they raise, so that no cycle closes through them.
fn driver(func: &Expr, mode: CallMode) -> CallMode {
    match func {
        Expr::Name(name) => match name.id.as_str() {
            "list" | "tuple" | "set" | "frozenset" | "sorted" | "sum" | "max" | "min" | "any"
            | "all" | "dict" | "next" => CallMode::Driven,
            // Lazy themselves: they drive what they are given first when they are driven.
            "enumerate" | "zip" | "iter" if mode == CallMode::Driven => CallMode::Driven,
            _ => CallMode::Plain,
        },
        Expr::Attribute(attribute) => match (attribute.attr.id.as_str(), &*attribute.value) {
            ("gather" | "wait_for" | "shield", Expr::Name(module))
                if mode == CallMode::Awaited && module.id.as_str() == "asyncio" =>
            {
                CallMode::Awaited
            }
            ("join", Expr::StringLiteral(_) | Expr::BytesLiteral(_)) => CallMode::Driven,
            _ => CallMode::Plain,
        },
        _ => CallMode::Plain,
    }
}

/// Whether a call may replace a name that is not there: `create=True`, `raising=False`, or keywords that are not known.
fn may_create(call: &ast::ExprCall) -> bool {
    let mut keywords = call.arguments.keywords.iter();
    keywords.any(
        |keyword| match keyword.arg.as_ref().map(ast::Identifier::as_str) {
            Some("create") => constant_truth(&keyword.value) != Some(false),
            Some("raising") => constant_truth(&keyword.value) != Some(true),
            Some(_) => false,
            None => true,
        },
    )
}
