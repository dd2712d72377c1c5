//! Functions and classes: what is evaluated where they stand, and their bodies in scopes of their own.

use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::extract::{
    Extractor, FunctionContext, TempDefinition, TempParameter, TempReference, TempRoot, TempShape,
    span,
};
use super::flow::FunctionFlow;
use super::scope::{TempScopeKind, TempValue};
use super::syntax::{
    has_properties, is_filler, is_plain_argument, is_warning, receiver_name, special_methods,
};
use crate::facts::{
    DefinitionFlags, DefinitionId, DefinitionKind, Dynamic, ParameterKind, Slice, Usage,
};
use crate::span::Span;

impl Extractor<'_> {
    pub(super) fn with_type_params(
        &mut self,
        params: Option<&ast::TypeParams>,
        visit: impl FnOnce(&mut Self),
    ) {
        let Some(params) = params else {
            return visit(self);
        };
        let around = self.scope;
        self.scope = self
            .scopes
            .open(TempScopeKind::Inner, around, None, self.branch);
        for param in &params.type_params {
            let (name, bound, default) = match param {
                ast::TypeParam::TypeVar(param) => (
                    &param.name,
                    param.bound.as_deref(),
                    param.default.as_deref(),
                ),
                ast::TypeParam::TypeVarTuple(param) => {
                    (&param.name, None, param.default.as_deref())
                }
                ast::TypeParam::ParamSpec(param) => (&param.name, None, param.default.as_deref()),
            };
            self.bind(name.id.as_str(), name.range, TempValue::Value);
            for expr in [bound, default].into_iter().flatten() {
                self.expr(expr);
            }
        }
        visit(self);
        self.scope = around;
    }

    fn decorators(&mut self, decorators: &[ast::Decorator], flags: &mut DefinitionFlags) -> Slice {
        for decorator in decorators {
            self.expr(&decorator.expression);
        }
        let start = self.references.len() as u32;
        for decorator in decorators {
            let callee = match &decorator.expression {
                Expr::Call(call) => &*call.func,
                other => other,
            };
            match self.chain(callee) {
                Some((root, path)) => self.keep_reference(root, path, callee.range()),
                None => flags.insert(DefinitionFlags::OPAQUE_DECORATOR),
            }
        }
        Slice {
            start,
            len: self.references.len() as u32 - start,
        }
    }

    fn keep_reference(&mut self, root: TempRoot, path: Slice, at: TextRange) {
        let place = self.place();
        let reference = TempReference::new(root, path, span(at), place, Usage::Load);
        self.references.push(reference.always());
    }

    pub(super) fn function(&mut self, stmt: &ast::StmtFunctionDef) {
        let mut flags = DefinitionFlags::default();
        let decorators = self.decorators(&stmt.decorator_list, &mut flags);
        if stmt.is_async {
            flags.insert(DefinitionFlags::ASYNC);
        }
        if self.scopes.is_conditional(self.scope, self.branch) {
            flags.insert(DefinitionFlags::CONDITIONAL);
        }
        let name = self.names.intern(stmt.name.id.as_str());
        let id = DefinitionId(self.definitions.len() as u32);
        let parent = self.scope;
        self.definitions.push(TempDefinition {
            kind: DefinitionKind::Function,
            name,
            parent,
            body: parent,
            span: span(stmt.range),
            name_span: span(stmt.name.range),
            decorators,
            bases: Slice::default(),
            parameters: Slice::default(),
            flags,
            shape: TempShape::Ordinary,
            entry: None,
            may_hand_on: false,
        });
        if stmt.name.id.as_str() == "__getattr__" && self.scope == 0 {
            self.dynamic.get_or_insert(Dynamic::ModuleGetattr);
        }
        self.with_type_params(stmt.type_params.as_deref(), |this| {
            this.signature(&stmt.parameters);
            if let Some(returns) = &stmt.returns {
                this.annotation(returns);
            }
            this.function_body(id, Some(&stmt.parameters), |this| {
                let first_call = this.calls.len();
                this.body(&stmt.body);
                this.forwarding(&stmt.body, first_call)
            });
        });
        self.bind(
            stmt.name.id.as_str(),
            stmt.name.range,
            TempValue::Definition(id),
        );
    }

    /// Defaults and annotations, which are evaluated where the function is defined.
    pub(super) fn signature(&mut self, parameters: &ast::Parameters) {
        for parameter in parameters {
            if let Some(default) = parameter.default() {
                let first = self.calls.len();
                self.expr(default);
                self.keep_as_default(default, first);
            }
        }
        for parameter in parameters {
            if let Some(annotation) = parameter.annotation() {
                self.annotation(annotation);
            }
        }
    }

    /// Visits a function's body in a scope and flow of its own.
    pub(super) fn function_body(
        &mut self,
        id: DefinitionId,
        parameters: Option<&ast::Parameters>,
        visit: impl FnOnce(&mut Self) -> TempShape,
    ) {
        let around = (self.scope, self.branch);
        let receiver = self.receiver(id);
        self.scope = self
            .scopes
            .open(TempScopeKind::Function, self.scope, Some(id), self.branch);
        self.branch = self.scopes.scopes[self.scope as usize].branch;
        let own = self.bind_parameters(parameters, receiver);
        let skipped = u32::from(receiver.is_some()).min(own.len);
        self.functions.push(FunctionContext {
            definition: Some(id),
            arguments: Slice {
                start: own.start + skipped,
                len: own.len - skipped,
            },
            is_generator: false,
        });
        let now = FunctionFlow::new(&mut self.flow);
        self.flows.push(now);
        let shape = visit(self);
        let end = self.definitions[id.index()].span.end;
        let (now, flow) = self.now();
        now.leave(flow, Span::new(end.saturating_sub(1), end));
        let body = self.scope;
        let context = self.functions.pop();
        let definition = &mut self.definitions[id.index()];
        if let Some(now) = self.flows.pop() {
            definition.entry = Some(now.entry);
            definition.shape = if now.raises && !now.returns {
                TempShape::Raises
            } else {
                shape
            };
        }
        definition.body = body;
        definition.parameters = own;
        if context.is_some_and(|context| context.is_generator) {
            definition.flags.insert(DefinitionFlags::GENERATOR);
        }
        (self.scope, self.branch) = around;
    }

    /// What the first parameter of a function defined here would be.
    fn receiver(&self, id: DefinitionId) -> Option<TempValue> {
        let definition = &self.definitions[id.index()];
        if definition.kind == DefinitionKind::Lambda {
            return None;
        }
        let mut scope = self.scopes.scopes[definition.parent as usize];
        if scope.kind == TempScopeKind::Inner {
            scope = self.scopes.scopes[scope.parent as usize];
        }
        let class = scope
            .definition
            .filter(|_| scope.kind == TempScopeKind::Class)?;
        let mut is_class = matches!(
            self.names.get(definition.name),
            "__new__" | "__init_subclass__" | "__class_getitem__"
        );
        for reference in &self.references[definition.decorators.range()] {
            match self.builtin_decorator(reference) {
                Some("staticmethod") => return None,
                Some("classmethod") => is_class = true,
                _ => {}
            }
        }
        Some(if is_class {
            TempValue::Class(class)
        } else {
            TempValue::Instance(class)
        })
    }

    /// The plain name of a decorator such as `staticmethod` or `abc.abstractclassmethod`.
    fn builtin_decorator(&self, reference: &TempReference) -> Option<&str> {
        match (reference.root(), reference.path().is_empty()) {
            (TempRoot::Name(name), true) => Some(self.names.get(name)),
            _ => None,
        }
    }

    fn bind_parameters(
        &mut self,
        parameters: Option<&ast::Parameters>,
        receiver: Option<TempValue>,
    ) -> Slice {
        let start = self.parameters.len() as u32;
        let Some(parameters) = parameters else {
            return Slice { start, len: 0 };
        };
        let mut receiver = receiver;
        let named_so = self.receivers.last().copied().flatten();
        let mut add = |this: &mut Self, name: &ast::Identifier, kind, has_default| {
            let value = match kind {
                ParameterKind::PositionalOnly | ParameterKind::Positional => receiver
                    .take()
                    .filter(|&value| {
                        let name = name.id.as_str();
                        is_receiver(value, name) || named_so == Some(name)
                    })
                    .unwrap_or(TempValue::Value),
                _ => TempValue::Value,
            };
            let binding = this.bind(name.id.as_str(), name.range, value);
            let name = this.scopes.bindings[binding as usize].name;
            this.parameters.push(TempParameter {
                name,
                kind,
                has_default,
            });
        };
        for parameter in &parameters.posonlyargs {
            let has_default = parameter.default.is_some();
            add(
                self,
                &parameter.parameter.name,
                ParameterKind::PositionalOnly,
                has_default,
            );
        }
        for parameter in &parameters.args {
            let has_default = parameter.default.is_some();
            add(
                self,
                &parameter.parameter.name,
                ParameterKind::Positional,
                has_default,
            );
        }
        if let Some(vararg) = &parameters.vararg {
            add(self, &vararg.name, ParameterKind::VarPositional, false);
        }
        for parameter in &parameters.kwonlyargs {
            let has_default = parameter.default.is_some();
            add(
                self,
                &parameter.parameter.name,
                ParameterKind::KeywordOnly,
                has_default,
            );
        }
        if let Some(kwarg) = &parameters.kwarg {
            add(self, &kwarg.name, ParameterKind::VarKeyword, false);
        }
        Slice {
            start,
            len: self.parameters.len() as u32 - start,
        }
    }

    /// Whether a body does nothing but hand on its call, and to which call.
    fn forwarding(&self, body: &[Stmt], first_call: usize) -> TempShape {
        let Some((last, rest)) = body.split_last() else {
            return TempShape::Empty;
        };
        if body.iter().all(is_filler) {
            return TempShape::Empty;
        }
        let forwards = |stmt: &Stmt| {
            is_filler(stmt)
                || stmt.is_import_stmt()
                || stmt.is_import_from_stmt()
                || is_warning(stmt)
        };
        let value = match last {
            Stmt::Return(stmt) => stmt.value.as_deref(),
            Stmt::Expr(stmt) => Some(&*stmt.value),
            _ => None,
        };
        let call = match value {
            Some(Expr::Await(inner)) => &*inner.value,
            Some(Expr::YieldFrom(inner)) => &*inner.value,
            Some(other) => other,
            None => return TempShape::Ordinary,
        };
        let Expr::Call(call) = call else {
            return TempShape::Ordinary;
        };
        if !rest.iter().all(forwards) || !call.arguments.args.iter().all(is_plain_argument) {
            return TempShape::Ordinary;
        }
        if !call
            .arguments
            .keywords
            .iter()
            .all(|keyword| is_plain_argument(&keyword.value))
        {
            return TempShape::Ordinary;
        }
        let end = call.range().end().to_u32();
        let last_call = self
            .calls
            .len()
            .checked_sub(1)
            .filter(|&at| at >= first_call);
        match last_call {
            Some(at) if self.calls[at].end == end => TempShape::Forwards(at as u32),
            _ => TempShape::Ordinary,
        }
    }

    pub(super) fn class(&mut self, stmt: &ast::StmtClassDef) {
        let mut flags = DefinitionFlags::default();
        let decorators = self.decorators(&stmt.decorator_list, &mut flags);
        if self.scopes.is_conditional(self.scope, self.branch) {
            flags.insert(DefinitionFlags::CONDITIONAL);
        }
        let name = self.names.intern(stmt.name.id.as_str());
        let id = DefinitionId(self.definitions.len() as u32);
        let parent = self.scope;
        self.definitions.push(TempDefinition {
            kind: DefinitionKind::Class,
            name,
            parent,
            body: parent,
            span: span(stmt.range),
            name_span: span(stmt.name.range),
            decorators,
            bases: Slice::default(),
            parameters: Slice::default(),
            flags,
            shape: if stmt.body.iter().all(is_filler) {
                TempShape::Empty
            } else {
                TempShape::Ordinary
            },
            entry: None,
            may_hand_on: false,
        });
        self.with_type_params(stmt.type_params.as_deref(), |this| {
            this.bases(id, stmt.arguments.as_deref());
            let around = this.scope;
            this.scope = this
                .scopes
                .open(TempScopeKind::Class, around, Some(id), this.branch);
            this.definitions[id.index()].body = this.scope;
            this.properties.push(has_properties(&stmt.body));
            let written = this.written;
            let methods = special_methods(&stmt.body).into_iter();
            let methods = methods.map(|name| written.copy(name)).collect();
            this.special_methods.push(methods);
            let receiver = receiver_name(&stmt.body);
            this.receivers.push(receiver.map(|name| written.copy(name)));
            this.body(&stmt.body);
            this.properties.pop();
            this.special_methods.pop();
            this.receivers.pop();
            this.scope = around;
        });
        self.bind(
            stmt.name.id.as_str(),
            stmt.name.range,
            TempValue::Definition(id),
        );
    }

    fn bases(&mut self, id: DefinitionId, arguments: Option<&ast::Arguments>) {
        let Some(arguments) = arguments else { return };
        for argument in arguments
            .args
            .iter()
            .chain(arguments.keywords.iter().map(|keyword| &keyword.value))
        {
            self.expr(argument);
        }
        let mut flags = DefinitionFlags::default();
        let start = self.references.len() as u32;
        for base in &arguments.args {
            // A generic base, `Base[T]`, is its unsubscripted self at run time.
            let base = match base {
                Expr::Subscript(subscript) => &*subscript.value,
                other => other,
            };
            match self.chain(base) {
                Some((root, path)) => {
                    let name = match (self.paths[path.range()].last(), root) {
                        (Some(last), _) => Some(*last),
                        (None, TempRoot::Name(last)) => Some(self.names.get(last)),
                        _ => None,
                    };
                    if name == Some("Protocol") {
                        flags.insert(DefinitionFlags::PROTOCOL);
                    }
                    self.keep_reference(root, path, base.range());
                }
                None => flags.insert(DefinitionFlags::OPAQUE_BASE),
            }
        }
        let len = self.references.len() as u32 - start;
        for keyword in &arguments.keywords {
            match &keyword.arg {
                Some(arg) if arg.id.as_str() == "metaclass" => {
                    let is_abc = matches!(&keyword.value, Expr::Name(name) if name.id.as_str() == "ABCMeta")
                        || matches!(&keyword.value, Expr::Attribute(attribute) if attribute.attr.id.as_str() == "ABCMeta");
                    if !is_abc {
                        flags.insert(DefinitionFlags::METACLASS);
                        if let Some((root, path)) = self.chain(&keyword.value) {
                            self.keep_reference(root, path, keyword.value.range());
                            flags.insert(DefinitionFlags::NAMED_METACLASS);
                        }
                    }
                }
                Some(_) => {}
                None => flags.insert(DefinitionFlags::OPAQUE_BASE),
            }
        }
        let definition = &mut self.definitions[id.index()];
        definition.flags.insert(flags);
        definition.bases = Slice { start, len };
    }

    /// Whether the class whose method is being visited has properties.
    pub(super) fn in_class_with_properties(&self) -> bool {
        self.properties.last().copied().unwrap_or(false)
    }

    pub(super) fn mark_generator(&mut self) {
        if let Some(context) = self.functions.last_mut() {
            context.is_generator |= context.definition.is_some();
        }
    }

    pub(super) fn mark_handing_on(&mut self) {
        if let Some(id) = self.functions.last().and_then(|context| context.definition) {
            self.definitions[id.index()].may_hand_on = true;
        }
    }
}

/// Whether a first parameter of this name is the receiver. A plain function in a class body that calls it otherwise is
/// often called on the class, with any value; a class method gets the class whatever the name.
fn is_receiver(value: TempValue, name: &str) -> bool {
    !matches!(value, TempValue::Instance(_))
        || matches!(
            name.trim_start_matches('_'),
            "self" | "this" | "me" | "cls" | "mcs" | "mcls" | "metacls" | "klass"
        )
}
