//! Classes: bases, bodies, and what a body declares.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use super::symbols::noted;
use super::{Lowerer, Origin};
use crate::facts::{NameId, Slice};
use crate::values::{ClassIx, FlowMember, Op, VarId};

impl<'a> Lowerer<'a> {
    pub(super) fn class_statement(&mut self, stmt: &'a ast::StmtClassDef) {
        let Some(scope) = noted(&stmt.node_index) else {
            return;
        };
        let class = ClassIx(self.symbols.scopes[scope as usize].body);
        let mut decorators = Vec::with_capacity(stmt.decorator_list.len());
        let mut has_generated_init = false;
        for decorator in &stmt.decorator_list {
            if self.makes_init(&decorator.expression) {
                has_generated_init = true;
            } else {
                let var = self.expr(&decorator.expression);
                decorators.push((var, decorator.expression.start().to_u32()));
            }
        }
        let name = self.intern(&stmt.name);
        let (bases, metaclass) = self.bases(stmt, &mut has_generated_init);
        let owner = self.owner();
        let to = self.class_vars[class.index()];
        self.emit(Op::Class { class, to });
        self.origins.insert(to, Origin::Class(class));
        let body = &mut self.out.classes[class.index()];
        body.name = name;
        body.owner = owner;
        body.offset = stmt.name.range.start().to_u32();
        body.bases = bases;
        body.metaclass = metaclass;
        body.has_generated_init = has_generated_init;
        body.is_protocol = is_protocol(stmt);
        let entered = self.enter(scope);
        let fields = std::mem::take(&mut self.fields);
        let in_protocol = std::mem::replace(&mut self.in_protocol, is_protocol(stmt));
        self.body(&stmt.body);
        self.in_protocol = in_protocol;
        let members = self.close_members(&entered);
        let fields = std::mem::replace(&mut self.fields, fields);
        self.leave(&entered);
        let start = self.out.members.len() as u32;
        let run = Slice {
            start,
            len: fields.len() as u32,
        };
        self.out.members.extend(fields);
        let body = &mut self.out.classes[class.index()];
        body.members = members;
        body.fields = run;
        let mut var = to;
        for (decorator, site) in decorators.into_iter().rev() {
            var = self.decorate(decorator, var, site);
        }
        self.bind(name, var);
    }

    fn bases(
        &mut self,
        stmt: &'a ast::StmtClassDef,
        has_generated_init: &mut bool,
    ) -> (Slice, Option<VarId>) {
        let mut bases: Vec<VarId> = Vec::new();
        let mut metaclass = None;
        if let Some(arguments) = &stmt.arguments {
            for base in &arguments.args {
                match base {
                    Expr::Starred(starred) => {
                        self.expr(&starred.value);
                    }
                    // A generic base is its unsubscripted self at run time.
                    Expr::Subscript(subscript) => {
                        let var = self.expr(&subscript.value);
                        bases.push(var);
                    }
                    other => {
                        *has_generated_init |= last_segment(other) == Some("NamedTuple");
                        let var = self.expr(other);
                        bases.push(var);
                    }
                }
            }
            for keyword in &arguments.keywords {
                let var = self.expr(&keyword.value);
                if keyword
                    .arg
                    .as_ref()
                    .is_some_and(|arg| arg.id.as_str() == "metaclass")
                {
                    metaclass = Some(var);
                }
            }
        }
        let start = self.out.bases.len() as u32;
        self.out.bases.extend(bases);
        let run = Slice {
            start,
            len: self.out.bases.len() as u32 - start,
        };
        (run, metaclass)
    }

    /// Whether a decorator makes the constructor from the fields.
    fn makes_init(&mut self, decorator: &'a Expr) -> bool {
        let callee = match decorator {
            Expr::Call(call) => &*call.func,
            other => other,
        };
        let is_known = matches!(
            (callee, last_segment(callee)),
            (_, Some("dataclass" | "define" | "frozen" | "attrs"))
                | (Expr::Attribute(_), Some("s"))
        );
        is_known && self.is_imported(callee)
    }

    /// Notes what a class body says of its instances.
    pub(super) fn annotated_field(&mut self, stmt: &'a ast::StmtAnnAssign, var: VarId) {
        let (Expr::Name(name), Some(_), true) = (&*stmt.target, self.class_scope(), stmt.simple)
        else {
            return;
        };
        let name: NameId = self.name_of(name);
        self.fields.push(FlowMember { name, var });
    }
}

/// Whether a class only says what others have.
fn is_protocol(stmt: &ast::StmtClassDef) -> bool {
    stmt.bases().iter().any(|base| {
        let base = match base {
            Expr::Subscript(subscript) => &*subscript.value,
            other => other,
        };
        last_segment(base) == Some("Protocol")
    })
}

/// The last name of a dotted one.
pub(super) fn last_segment(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.id.as_str()),
        _ => None,
    }
}
