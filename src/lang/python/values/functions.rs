//! Functions and lambdas: what is evaluated where they stand, their decorators, and their bodies.

use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;

use super::super::syntax::is_filler;
use super::guards::constant_of;
use super::symbols::{noted, noted_expr};
use super::{Body, Lowerer, Pending};
use crate::facts::{NameId, ParameterKind, Slice};
use crate::values::{
    ClassIx, CodeFlags, CodeId, Constant, DescriptorKind, FlowParameter, Op, VarId,
};

/// What a decorator makes of a function.
enum Decorator {
    /// Nothing that matters here.
    Transparent,
    /// It is only a signature.
    Overload,
    Descriptor(DescriptorKind, Option<VarId>),
    Call(VarId, u32),
}

impl<'a> Lowerer<'a> {
    /// The class whose methods are defined here.
    fn method_class(&self) -> Option<ClassIx> {
        self.class_scope().or(self.class)
    }

    pub(super) fn function(&mut self, stmt: &'a ast::StmtFunctionDef) {
        let Some(scope) = noted(&stmt.node_index) else {
            return;
        };
        let mut flags = CodeFlags::default();
        if stmt.is_async {
            flags.insert(CodeFlags::ASYNC);
        }
        let mut decorators = Vec::with_capacity(stmt.decorator_list.len());
        for decorator in &stmt.decorator_list {
            decorators.push(self.decorator(&decorator.expression, &mut flags));
        }
        let is_implicitly_class = matches!(
            stmt.name.id.as_str(),
            "__new__" | "__init_subclass__" | "__class_getitem__"
        );
        if is_implicitly_class && self.class_scope().is_some() {
            flags.insert(CodeFlags::CLASS_METHOD);
        }
        if only_raises(&stmt.body) {
            flags.insert(CodeFlags::ABSTRACT);
        }
        if self.in_protocol && self.class_scope().is_some() && stmt.body.iter().all(is_filler) {
            flags.insert(CodeFlags::DECLARED_ONLY);
        }
        let name = self.intern(&stmt.name);
        let code = self.open_code(scope, name, stmt.name.range.start().to_u32(), flags);
        self.parameters(code, Some(&stmt.parameters));
        if let Some(returns) = &stmt.returns {
            self.return_annotation(returns, code);
        }
        let mut var = self.var();
        self.emit(Op::Function { code, to: var });
        self.queue.push_back(Pending {
            body: Body::Function(stmt),
            code,
            scope,
            class: self.method_class(),
        });
        let mut is_overload = false;
        for decorator in decorators.into_iter().rev() {
            match decorator {
                Decorator::Transparent => {}
                Decorator::Overload => is_overload = true,
                Decorator::Descriptor(kind, base) => {
                    let to = self.var();
                    self.emit(Op::Descriptor {
                        kind,
                        function: var,
                        base,
                        to,
                    });
                    var = to;
                }
                Decorator::Call(decorator, site) => {
                    var = self.decorate(decorator, var, site);
                }
            }
        }
        if !is_overload {
            self.bind(name, var);
        }
    }

    pub(super) fn decorate(&mut self, decorator: VarId, target: VarId, site: u32) -> VarId {
        let to = self.var();
        self.emit(Op::Decorate {
            decorator,
            target,
            to,
            site,
        });
        to
    }

    fn decorator(&mut self, expr: &'a Expr, flags: &mut CodeFlags) -> Decorator {
        if let Some(decorator) = self.known_decorator(expr, flags) {
            return decorator;
        }
        let var = self.expr(expr);
        Decorator::Call(var, expr.start().to_u32())
    }

    fn known_decorator(&mut self, expr: &'a Expr, flags: &mut CodeFlags) -> Option<Decorator> {
        let (last, is_dotted) = match expr {
            Expr::Name(name) => (name.id.as_str(), false),
            Expr::Attribute(attribute) => (attribute.attr.id.as_str(), true),
            _ => return None,
        };
        if is_dotted && let Some(decorator) = self.property_part(expr, last) {
            return Some(decorator);
        }
        let is_builtin = match expr {
            Expr::Name(name) => {
                let name = self.name_of(name);
                self.is_free(name)
            }
            _ => false,
        };
        let descriptor = |kind| Some(Decorator::Descriptor(kind, None));
        match last {
            "staticmethod" if is_builtin => {
                flags.insert(CodeFlags::STATIC);
                return descriptor(DescriptorKind::Static);
            }
            "classmethod" if is_builtin => {
                flags.insert(CodeFlags::CLASS_METHOD);
                return descriptor(DescriptorKind::Class);
            }
            "property" if is_builtin => return descriptor(DescriptorKind::Getter),
            "cached_property"
            | "abstractproperty"
            | "abstractmethod"
            | "abstractclassmethod"
            | "abstractstaticmethod"
            | "final"
            | "override"
            | "overload" => {}
            _ => return None,
        }
        if !self.is_imported(expr) {
            return None;
        }
        match last {
            "cached_property" => descriptor(DescriptorKind::Getter),
            "abstractproperty" => {
                flags.insert(CodeFlags::ABSTRACT);
                flags.insert(CodeFlags::DECLARED_ONLY);
                descriptor(DescriptorKind::Getter)
            }
            "abstractclassmethod" => {
                flags.insert(CodeFlags::ABSTRACT);
                flags.insert(CodeFlags::CLASS_METHOD);
                descriptor(DescriptorKind::Class)
            }
            "abstractstaticmethod" => {
                flags.insert(CodeFlags::ABSTRACT);
                flags.insert(CodeFlags::STATIC);
                descriptor(DescriptorKind::Static)
            }
            "abstractmethod" => {
                flags.insert(CodeFlags::ABSTRACT);
                flags.insert(CodeFlags::DECLARED_ONLY);
                Some(Decorator::Transparent)
            }
            "overload" => Some(Decorator::Overload),
            _ => Some(Decorator::Transparent),
        }
    }

    /// `@x.setter` and the like, where `x` is bound in the same class body.
    fn property_part(&mut self, expr: &'a Expr, last: &str) -> Option<Decorator> {
        let kind = match last {
            "setter" => DescriptorKind::Setter,
            "getter" => DescriptorKind::Getter,
            "deleter" => DescriptorKind::Deleter,
            _ => return None,
        };
        let Expr::Attribute(attribute) = expr else {
            return None;
        };
        let Expr::Name(name) = &*attribute.value else {
            return None;
        };
        let name = self.name_of(name);
        self.class_scope()?;
        if !self.is_local(name) {
            return None;
        }
        let base = self.read(name);
        Some(Decorator::Descriptor(kind, Some(base)))
    }

    /// Fills in a code that the walk before numbered.
    fn open_code(&mut self, scope: u32, name: NameId, offset: u32, flags: CodeFlags) -> CodeId {
        let here = self.symbols.scopes[scope as usize];
        let id = CodeId(here.body);
        let owner = self.owner();
        let code = &mut self.out.codes[id.index()];
        code.name = name;
        code.owner = owner;
        code.offset = offset;
        code.flags = flags;
        if here.is_generator {
            code.flags.insert(CodeFlags::GENERATOR);
        }
        id
    }

    /// Evaluates defaults and annotations, here where the function stands.
    fn parameters(&mut self, code: CodeId, parameters: Option<&'a ast::Parameters>) {
        let Some(parameters) = parameters else {
            return;
        };
        // A default may be a lambda with parameters of its own.
        let below = self.parameter_stack.len();
        for parameter in &parameters.posonlyargs {
            self.plain_parameter(parameter, ParameterKind::PositionalOnly);
        }
        for parameter in &parameters.args {
            self.plain_parameter(parameter, ParameterKind::Positional);
        }
        if let Some(parameter) = &parameters.vararg {
            self.variadic(parameter, ParameterKind::VarPositional);
        }
        for parameter in &parameters.kwonlyargs {
            self.plain_parameter(parameter, ParameterKind::KeywordOnly);
        }
        if let Some(parameter) = &parameters.kwarg {
            self.variadic(parameter, ParameterKind::VarKeyword);
        }
        self.out.codes[code.index()].parameters = Slice {
            start: self.out.parameters.len() as u32,
            len: (self.parameter_stack.len() - below) as u32,
        };
        self.out
            .parameters
            .extend(self.parameter_stack.drain(below..));
    }

    fn parameter(&mut self, name: &ast::Identifier, kind: ParameterKind) -> VarId {
        let name = self.intern(name);
        let var = self.var();
        self.parameter_stack.push(FlowParameter {
            name,
            kind,
            var,
            default: Some(Constant::Unknown),
        });
        var
    }

    fn plain_parameter(&mut self, parameter: &'a ast::ParameterWithDefault, kind: ParameterKind) {
        let default = parameter.default.as_deref();
        let var = self.parameter(&parameter.parameter.name, kind);
        if let Some(parameter) = self.parameter_stack.last_mut() {
            parameter.default = default.map(constant_of);
        }
        if let Some(default) = default {
            let from = self.expr(default);
            self.copy(from, var);
        }
        if let Some(annotation) = &parameter.parameter.annotation {
            self.annotation(annotation, var);
            self.declare(annotation, var);
        }
    }

    fn variadic(&mut self, parameter: &'a ast::Parameter, kind: ParameterKind) {
        let var = self.parameter(&parameter.name, kind);
        let Some(annotation) = &parameter.annotation else {
            return;
        };
        if annotation.is_starred_expr() {
            return;
        }
        let item = self.var();
        if self.annotation(annotation, item) {
            let container = match kind {
                ParameterKind::VarPositional => crate::values::Container::Tuple,
                _ => crate::values::Container::Dict,
            };
            self.container_of(container, item, var);
        }
    }

    pub(super) fn lambda(&mut self, expr: &'a Expr, lambda: &'a ast::ExprLambda) -> VarId {
        let Some(scope) = noted_expr(expr) else {
            return self.nothing();
        };
        let name = self.names.intern("<lambda>");
        let offset = lambda.range.start().to_u32();
        let code = self.open_code(scope, name, offset, CodeFlags::LAMBDA);
        self.parameters(code, lambda.parameters.as_deref());
        let to = self.var();
        self.emit(Op::Function { code, to });
        self.queue.push_back(Pending {
            body: Body::Lambda(expr),
            code,
            scope,
            class: self.method_class(),
        });
        to
    }

    pub(super) fn pending_body(&mut self, pending: &Pending<'a>) {
        let start = self.out.ops.len();
        self.code = pending.code;
        self.class = pending.class;
        self.is_live = true;
        self.guarded = None;
        let mark = self.env.mark();
        let entered = self.enter(pending.scope);
        for at in self.out.codes[self.code.index()].parameters.range() {
            let FlowParameter { name, var, .. } = self.out.parameters[at];
            self.bind(name, var);
        }
        match pending.body {
            Body::Function(stmt) => {
                self.has_returned = stmt.returns.is_some();
                self.body(&stmt.body);
            }
            Body::Lambda(expr) => {
                if let Expr::Lambda(lambda) = expr {
                    let from = self.expr(&lambda.body);
                    self.returned(from);
                }
            }
        }
        self.end_code(start);
        // Views of names around end with the code that took them.
        self.env.cut(mark);
        self.leave(&entered);
    }
}

/// Whether a body does nothing but raise `NotImplementedError`.
fn only_raises(body: &[Stmt]) -> bool {
    let mut rest = body.iter().filter(|stmt| !is_filler(stmt));
    let (Some(Stmt::Raise(stmt)), None) = (rest.next(), rest.next()) else {
        return false;
    };
    let raised = match stmt.exc.as_deref() {
        Some(Expr::Call(call)) => &*call.func,
        Some(other) => other,
        None => return false,
    };
    matches!(raised, Expr::Name(name) if name.id.as_str() == "NotImplementedError")
}
