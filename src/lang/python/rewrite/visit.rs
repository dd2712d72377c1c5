//! Walks a syntax tree once to fill in [`Names`].

use ruff_python_ast::visitor::{
    Visitor, walk_body, walk_except_handler, walk_expr, walk_interpolated_string_element,
    walk_parameters, walk_pattern, walk_stmt,
};
use ruff_python_ast::{
    Comprehension, ExceptHandler, Expr, ExprAttribute, ExprContext, Identifier,
    InterpolatedStringElement, Parameters, Pattern, Stmt, StmtImport, StmtImportFrom, StmtTry,
    StringLiteral, TypeParams,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::annotation;
use super::names::{
    Bound, Chain, Declaration, Kind, MODULE, NameUse, Names, Role, Scope, Site, Text,
};
use super::replaced;
use super::source::{span, span_of};

/// Attributes in one chain beyond which it is not followed.
const LONGEST_CHAIN: usize = 64;
/// Stack that must be left before a visit goes deeper, and what it gets otherwise.
const RED_ZONE: usize = 128 * 1024;
const MORE_STACK: usize = 4 * 1024 * 1024;

/// Reads the body of the module that `source` is.
pub(super) fn read<'a>(source: &'a str, body: &'a [Stmt]) -> Names<'a> {
    let mut reader = Reader {
        source,
        names: Names::default(),
        scope: MODULE,
        suites: 0,
        blocks: 0,
        place: (0, 0, 0),
        guarded: false,
        nonlocals: Vec::new(),
        role: Role::Opaque,
        spelled: false,
    };
    reader.open(Kind::Module);
    reader.visit_body(body);
    reader.finish()
}

struct Reader<'a> {
    source: &'a str,
    names: Names<'a>,
    scope: usize,
    suites: usize,
    blocks: usize,
    /// Suite, block and index of the statement at hand.
    place: (usize, usize, usize),
    guarded: bool,
    /// `nonlocal` declarations, settled once all bindings are known.
    nonlocals: Vec<(usize, &'a str)>,
    /// What string literals at hand are there for.
    role: Role,
    /// Whether the text of the expression at hand is printed.
    spelled: bool,
}

impl<'a> Reader<'a> {
    fn open(&mut self, kind: Kind) -> usize {
        let outer = self.scope;
        self.scope = self.names.scopes.len();
        self.names.scopes.push(Scope {
            kind,
            parent: outer,
            bindings: FxHashMap::default(),
            globals: FxHashSet::default(),
            nonlocals: FxHashSet::default(),
        });
        outer
    }

    fn bind(&mut self, name: &'a str, bound: Bound) {
        self.bind_in(self.scope, name, bound);
    }

    fn bind_in(&mut self, scope: usize, name: &'a str, bound: Bound) {
        let scope = if self.names.scopes[scope].globals.contains(name) {
            MODULE
        } else {
            scope
        };
        let bindings = &mut self.names.scopes[scope].bindings;
        bindings.entry(name).or_default().push(bound);
    }

    /// A `nonlocal` name may be rebound in any function around it.
    fn finish(mut self) -> Names<'a> {
        for (scope, name) in std::mem::take(&mut self.nonlocals) {
            let mut at = self.names.scopes[scope].parent;
            while at != MODULE {
                let outer = &mut self.names.scopes[at];
                if let Some(bindings) = outer.bindings.get_mut(name) {
                    bindings.push(Bound::Declared);
                }
                at = outer.parent;
            }
        }
        self.names
    }

    fn use_name(&mut self, name: &'a str, at: crate::span::Span, load: bool) {
        self.names.uses.entry(name).or_default().push(NameUse {
            span: at,
            scope: self.scope,
            load,
            is_spelled: self.spelled,
        });
    }

    fn declare(&mut self, name: &'a Identifier) {
        self.names.declarations.push(Declaration {
            name: name.as_str(),
            span: span(name.range),
            scope: self.scope,
        });
    }

    /// Visits `expr` with its string literals there for `role`.
    fn visit_as(&mut self, role: Role, expr: &'a Expr) {
        let outer = std::mem::replace(&mut self.role, role);
        self.visit_expr(expr);
        self.role = outer;
    }

    /// An assignment to `__all__`: a plain list of strings names what the module gives out.
    fn exports(&mut self, target: Option<&'a Expr>, value: &'a Expr) {
        let is_all = matches!(target, Some(Expr::Name(name)) if name.id.as_str() == "__all__");
        let plain = match value {
            Expr::List(list) => list.elts.iter().all(Expr::is_string_literal_expr),
            Expr::Tuple(tuple) => tuple.elts.iter().all(Expr::is_string_literal_expr),
            _ => false,
        };
        let role = if is_all && plain && self.scope == MODULE {
            Role::Export
        } else {
            self.role
        };
        self.visit_as(role, value);
    }

    fn site(&mut self, statement: &'a Stmt) {
        let (suite, block, index) = self.place;
        self.names.sites.push(Site {
            statement,
            suite,
            block,
            index,
            scope: self.scope,
            guarded: self.guarded,
        });
    }

    fn import(&mut self, import: &'a StmtImport) {
        for alias in &import.names {
            let name = alias.name.as_str();
            if let Some(local) = &alias.asname {
                self.bind(local.as_str(), Bound::Import);
            } else {
                self.bind(name.split('.').next().unwrap_or(name), Bound::Plain);
            }
        }
    }

    fn import_from(&mut self, import: &'a StmtImportFrom) {
        for alias in &import.names {
            if alias.name.as_str() == "*" {
                self.names.has_star = true;
            } else {
                let local = alias.asname.as_ref().unwrap_or(&alias.name);
                self.bind(local.as_str(), Bound::Import);
            }
        }
    }

    fn type_params(&mut self, params: Option<&'a TypeParams>) {
        if let Some(params) = params {
            self.open(Kind::Function);
            for param in &params.type_params {
                self.bind(param.name().as_str(), Bound::Other);
            }
            self.visit_type_params(params);
        }
    }

    fn parameters(&mut self, parameters: &'a Parameters) {
        for parameter in parameters {
            self.names.parameters.insert(parameter.name().as_str());
            self.bind(parameter.name().as_str(), Bound::Other);
        }
    }

    /// A function's body: a failure of its imports is not handled where the function is defined.
    fn function_body(&mut self, body: &'a [Stmt]) {
        let guarded = std::mem::replace(&mut self.guarded, false);
        self.visit_body(body);
        self.guarded = guarded;
    }

    fn try_statement(&mut self, statement: &'a StmtTry) {
        let outer = self.guarded;
        self.guarded |= guards_imports(statement);
        self.visit_body(&statement.body);
        self.guarded = outer;
        for handler in &statement.handlers {
            self.visit_except_handler(handler);
        }
        self.visit_body(&statement.orelse);
        self.visit_body(&statement.finalbody);
    }

    fn comprehension(&mut self, generators: &'a [Comprehension], elements: [Option<&'a Expr>; 2]) {
        if let Some(first) = generators.first() {
            self.visit_expr(&first.iter);
        }
        let outer = self.open(Kind::Comprehension);
        for (index, generator) in generators.iter().enumerate() {
            if index > 0 {
                self.visit_expr(&generator.iter);
            }
            self.visit_expr(&generator.target);
            for condition in &generator.ifs {
                self.visit_expr(condition);
            }
        }
        for element in elements.into_iter().flatten() {
            self.visit_expr(element);
        }
        self.scope = outer;
    }

    /// `:=` binds outside the comprehension it stands in.
    fn walrus(&mut self, target: &'a Expr) {
        let mut scope = self.scope;
        while self.names.scopes[scope].kind == Kind::Comprehension {
            scope = self.names.scopes[scope].parent;
        }
        if let Expr::Name(name) = target {
            self.bind_in(scope, name.id.as_str(), Bound::Other);
            self.use_name(name.id.as_str(), span_of(name), false);
        }
    }

    fn chain(&mut self, attribute: &'a ExprAttribute) {
        let mut path = vec![attribute.attr.as_str()];
        let mut value = &*attribute.value;
        while let Expr::Attribute(inner) = value {
            if path.len() == LONGEST_CHAIN {
                return;
            }
            path.push(inner.attr.as_str());
            value = &inner.value;
        }
        let Expr::Name(root) = value else {
            return;
        };
        path.reverse();
        let (whole, root_span) = (span_of(attribute), span_of(root));
        self.names.longest.entry(root_span).or_insert(whole);
        let chain = Chain {
            root: root_span,
            root_name: root.id.as_str(),
            path,
            last: span(attribute.attr.range),
            load: attribute.ctx.is_load(),
        };
        self.names.chains.insert(whole, chain);
    }
}

/// Whether a failing import in the body of `statement` is expected: handled by its name, or all there is to try.
fn guards_imports(statement: &StmtTry) -> bool {
    let only_imports = statement
        .body
        .iter()
        .all(|stmt| matches!(stmt, Stmt::Import(_) | Stmt::ImportFrom(_)));
    statement.handlers.iter().any(|handler| {
        let ExceptHandler::ExceptHandler(handler) = handler;
        match handler.type_.as_deref() {
            None => only_imports,
            Some(Expr::Tuple(tuple)) => tuple
                .elts
                .iter()
                .any(|one| catches_imports(one, only_imports)),
            Some(one) => catches_imports(one, only_imports),
        }
    })
}

fn catches_imports(exception: &Expr, only_imports: bool) -> bool {
    match exception {
        Expr::Name(name) => match name.id.as_str() {
            "ImportError" | "ModuleNotFoundError" => true,
            "Exception" | "BaseException" => only_imports,
            _ => false,
        },
        _ => only_imports,
    }
}

impl<'a> Visitor<'a> for Reader<'a> {
    fn visit_body(&mut self, body: &'a [Stmt]) {
        let suite = self.suites;
        self.suites += 1;
        self.blocks += 1;
        let mut block = self.blocks;
        for (index, stmt) in body.iter().enumerate() {
            if !matches!(stmt, Stmt::Import(_) | Stmt::ImportFrom(_)) {
                self.blocks += 1;
                block = self.blocks;
            }
            self.place = (suite, block, index);
            walk_body(self, std::slice::from_ref(stmt));
        }
    }

    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        stacker::maybe_grow(RED_ZONE, MORE_STACK, || match stmt {
            Stmt::Import(import) => {
                self.import(import);
                self.site(stmt);
            }
            Stmt::ImportFrom(import) => {
                self.import_from(import);
                self.site(stmt);
            }
            Stmt::Global(global) => {
                for name in &global.names {
                    self.declare(name);
                    self.names.scopes[self.scope].globals.insert(name.as_str());
                    self.bind_in(MODULE, name.as_str(), Bound::Declared);
                }
            }
            Stmt::Nonlocal(nonlocal) => {
                for name in &nonlocal.names {
                    self.declare(name);
                    self.names.scopes[self.scope]
                        .nonlocals
                        .insert(name.as_str());
                    self.nonlocals.push((self.scope, name.as_str()));
                }
            }
            Stmt::FunctionDef(def) => {
                self.bind(def.name.as_str(), Bound::Other);
                for decorator in &def.decorator_list {
                    self.visit_decorator(decorator);
                }
                let outer = self.scope;
                self.type_params(def.type_params.as_deref());
                walk_parameters(self, &def.parameters);
                if let Some(returns) = &def.returns {
                    self.visit_annotation(returns);
                }
                self.open(Kind::Function);
                self.parameters(&def.parameters);
                self.function_body(&def.body);
                self.scope = outer;
            }
            Stmt::ClassDef(class) => {
                self.bind(class.name.as_str(), Bound::Other);
                for decorator in &class.decorator_list {
                    self.visit_decorator(decorator);
                }
                let outer = self.scope;
                self.type_params(class.type_params.as_deref());
                if let Some(arguments) = &class.arguments {
                    self.visit_arguments(arguments);
                }
                self.open(Kind::Class);
                self.visit_body(&class.body);
                self.scope = outer;
            }
            Stmt::TypeAlias(alias) => {
                self.visit_expr(&alias.name);
                let outer = self.scope;
                self.type_params(alias.type_params.as_deref());
                self.visit_expr(&alias.value);
                self.scope = outer;
            }
            Stmt::Try(statement) => self.try_statement(statement),
            Stmt::Expr(statement) if statement.value.is_string_literal_expr() => {
                self.visit_as(Role::Prose, &statement.value);
            }
            Stmt::Assign(assign) => {
                self.exports(assign.targets.first(), &assign.value);
                for target in &assign.targets {
                    self.visit_expr(target);
                }
            }
            Stmt::AugAssign(assign) => {
                self.exports(Some(&assign.target), &assign.value);
                self.visit_expr(&assign.target);
            }
            _ => walk_stmt(self, stmt),
        });
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        stacker::maybe_grow(RED_ZONE, MORE_STACK, || match expr {
            Expr::Name(name) => {
                let load = name.ctx.is_load();
                match name.ctx {
                    ExprContext::Del => self.bind(name.id.as_str(), Bound::Deleted),
                    _ if !load => self.bind(name.id.as_str(), Bound::Other),
                    _ => {}
                }
                self.use_name(name.id.as_str(), span_of(name), load);
            }
            Expr::Attribute(attribute) => {
                self.chain(attribute);
                walk_expr(self, expr);
            }
            Expr::Named(named) => {
                self.visit_expr(&named.value);
                self.walrus(&named.target);
            }
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    walk_parameters(self, parameters);
                }
                let outer = self.open(Kind::Function);
                if let Some(parameters) = &lambda.parameters {
                    self.parameters(parameters);
                }
                self.visit_expr(&lambda.body);
                self.scope = outer;
            }
            Expr::ListComp(comp) => self.comprehension(&comp.generators, [Some(&*comp.elt), None]),
            Expr::SetComp(comp) => self.comprehension(&comp.generators, [Some(&*comp.elt), None]),
            Expr::Generator(comp) => self.comprehension(&comp.generators, [Some(&*comp.elt), None]),
            Expr::DictComp(comp) => {
                self.comprehension(&comp.generators, [comp.key.as_deref(), Some(&*comp.value)]);
            }
            Expr::Call(call) => {
                self.names
                    .objects
                    .extend(replaced::object(call, self.scope));
                walk_expr(self, expr);
            }
            _ => walk_expr(self, expr),
        });
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(inner) = handler;
        if let Some(name) = &inner.name {
            self.bind(name.as_str(), Bound::Other);
        }
        walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        stacker::maybe_grow(RED_ZONE, MORE_STACK, || {
            let name = match pattern {
                Pattern::MatchAs(inner) => inner.name.as_ref(),
                Pattern::MatchStar(inner) => inner.name.as_ref(),
                Pattern::MatchMapping(inner) => inner.rest.as_ref(),
                _ => None,
            };
            if let Some(name) = name {
                self.bind(name.as_str(), Bound::Other);
            }
            walk_pattern(self, pattern);
        });
    }

    fn visit_annotation(&mut self, expr: &'a Expr) {
        let mut strings = annotation::strings(expr);
        strings.retain(
            |string| match annotation::names(self.source, string, self.scope) {
                Some(names) => {
                    self.names.quoted.extend(names);
                    true
                }
                None => false,
            },
        );
        let first = self.names.texts.len();
        self.visit_expr(expr);
        let read = |text: &Text<'_>| {
            let holds = |one: &&ruff_python_ast::ExprStringLiteral| {
                let whole = span_of(*one);
                whole.start <= text.span.start && text.span.end <= whole.end
            };
            strings.iter().any(holds)
        };
        let rest = self.names.texts.split_off(first);
        self.names
            .texts
            .extend(rest.into_iter().filter(|text| !read(text)));
    }

    fn visit_interpolated_string_element(&mut self, element: &'a InterpolatedStringElement) {
        let printed = matches!(element, InterpolatedStringElement::Interpolation(one) if one.debug_text.is_some());
        let outer = self.spelled;
        self.spelled |= printed;
        walk_interpolated_string_element(self, element);
        self.spelled = outer;
    }

    fn visit_t_string(&mut self, template: &'a ruff_python_ast::TString) {
        // A template keeps the text of its expressions.
        let outer = std::mem::replace(&mut self.spelled, true);
        ruff_python_ast::visitor::walk_t_string(self, template);
        self.spelled = outer;
    }

    fn visit_string_literal(&mut self, literal: &'a StringLiteral) {
        self.names.strings.push(&literal.value);
        self.names.texts.push(Text {
            value: &literal.value,
            span: span(literal.content_range()),
            role: self.role,
        });
    }
}
