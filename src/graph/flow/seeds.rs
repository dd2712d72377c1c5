//! What is known without solving: constants, definitions, imports.

use super::Reason;
use super::attributes::Found;
use super::objects::Object;
use super::program::{Class, Var};
use super::solver::{Link, NOWHERE, Role, Solver};
use crate::facts::ImportTarget;
use crate::index::{FileId, ModuleRef};
use crate::values::{CodeFlags, Op, VarId};

impl Solver<'_> {
    /// Everything that is known without solving.
    pub(super) fn seed(&mut self) {
        self.seed_parameters();
        for file in self.program.file_ids() {
            let Some(values) = self.program.values(file) else {
                continue;
            };
            for (at, op) in values.ops.iter().enumerate() {
                self.seed_op(file, at as u32, op);
            }
        }
    }

    pub(super) fn seed_op(&mut self, file: FileId, at: u32, op: &Op) {
        let var = |var: VarId, solver: &Self| solver.program.var(file, var);
        let (object, to) = match *op {
            Op::Function { code, to } => {
                let code = self.program.code(file, code);
                let (_, body) = self.program.code_body(code);
                if body.flags.contains(CodeFlags::DECLARED_ONLY) {
                    self.declared_only.insert(var(to, self));
                }
                (Object::Function(code), to)
            }
            Op::Decorate { target, .. } => {
                let target = var(target, self);
                self.decorated.insert(target);
                for obj in self.values(target).to_vec() {
                    match self.object(obj) {
                        Object::Function(code) => {
                            self.targets_of_decorators.insert(code);
                        }
                        Object::Class(class) => {
                            self.decorated_classes.insert(class);
                        }
                        _ => {}
                    }
                }
                return;
            }
            Op::Class { class, to } => {
                let class = self.program.class(file, class);
                self.init_subclass(file, at, class);
                (Object::Class(class), to)
            }
            Op::Text { text, to } => (Object::Text(self.program.text(file, text)), to),
            Op::Prefix { text, to } => (Object::Prefix(self.program.text(file, text)), to),
            Op::Integer { value, to } => (Object::Integer(value), to),
            Op::Literal { kind, to } => (Object::Literal(kind), to),
            Op::Super { class, to } => (Object::Super(self.program.class(file, class)), to),
            Op::Display { kind, to, .. } => (Object::Container(self.display(file, at, kind)), to),
            Op::Descriptor {
                kind,
                function,
                base,
                to,
            } => {
                let descriptor = super::objects::Descriptor {
                    kind,
                    function: var(function, self),
                    base: base.map(|base| var(base, self)),
                };
                if self.declared_only.contains(&descriptor.function) {
                    self.declared_only.insert(var(to, self));
                }
                (self.new_descriptor(descriptor), to)
            }
            Op::Import { alias, to } => {
                let to = var(to, self);
                self.import(file, alias, to);
                self.ask_module(file, at, alias);
                return;
            }
            Op::Free { name, to } => {
                let to = var(to, self);
                self.free(file, name, to);
                return;
            }
            _ => return,
        };
        let to = var(to, self);
        self.add_object(to, object);
    }

    pub(super) fn new_descriptor(&mut self, descriptor: super::objects::Descriptor) -> Object {
        self.descriptors.push(descriptor);
        Object::Descriptor(super::objects::DescriptorId(
            self.descriptors.len() as u32 - 1,
        ))
    }

    pub(super) fn import(&mut self, file: FileId, alias: u32, to: Var) {
        let Some(id) = self.program.import(file, alias) else {
            return;
        };
        let index = self.program.index;
        let facts = self.program.facts(file);
        let import = &facts.imports[id.index()];
        if let Some(binding) = import.binding {
            let symbol = crate::index::SymbolId { file, binding };
            let (entities, ..) = index.binding_entities(symbol);
            for entity in entities {
                let found = self.entity(entity);
                self.take(found, to);
            }
            return;
        }
        let module = facts.name(import.module);
        match (index.modules.imported(file, id), import.target) {
            (ModuleRef::Known(id), ImportTarget::ModuleAs) => {
                self.add_object(to, Object::Module(id));
            }
            (ModuleRef::Known(_), ImportTarget::Module) => {
                let top = module.split('.').next().unwrap_or(module);
                if let Some(id) = index.modules.by_name(top) {
                    self.add_object(to, Object::Module(id));
                }
            }
            (ModuleRef::Known(id), ImportTarget::Name(name)) => {
                for entity in index.member(id, facts.name(name)).entities {
                    let found = self.entity(entity);
                    self.take(found, to);
                }
            }
            (ModuleRef::External, target) => {
                let path = match target {
                    ImportTarget::Module => module.split('.').next().unwrap_or(module).to_owned(),
                    ImportTarget::ModuleAs => module.to_owned(),
                    ImportTarget::Name(name) => format!("{module}.{}", facts.name(name)),
                    ImportTarget::Star => return,
                };
                let external = self.externals.intern(&path);
                self.add_object(to, Object::External(external));
            }
            _ => {}
        }
    }

    /// A `from` import asks the module for `__path__` first: one that is no package and has a `__getattr__` is asked by
    /// that.
    fn ask_module(&mut self, file: FileId, op: u32, alias: u32) {
        let Some(id) = self.program.import(file, alias) else {
            return;
        };
        let index = self.program.index;
        let import = &self.program.facts(file).imports[id.index()];
        let (ImportTarget::Name(_), ModuleRef::Known(module)) =
            (import.target, index.modules.imported(file, id))
        else {
            return;
        };
        let module = index.module(module);
        let (Some(asked), false) = (module.file, module.is_package) else {
            return;
        };
        if let Some(getattr) = self.program.global(asked, "__getattr__") {
            let start = import.statement.start;
            let name = self.fresh();
            let site = self.site(file, op, Role::Getter, start, &[name], NOWHERE);
            let reason = Reason::Direct;
            self.link(getattr, Link::Invoke { site, reason });
        }
    }

    pub(super) fn take(&mut self, found: Found, to: Var) {
        match found {
            Found::Value(obj) => self.add(to, obj),
            Found::Variable(var) => self.link(var, Link::Copy(to)),
            Found::Nothing => {}
        }
    }

    pub(super) fn free(&mut self, file: FileId, name: crate::facts::NameId, to: Var) {
        let index = self.program.index;
        let text = self.program.text(file, name);
        let name = self.program.texts.get(text);
        if !index.origins.stars(file).is_empty() {
            let lookup = index.free_name(file, name);
            if !lookup.entities.is_empty() {
                for entity in lookup.entities {
                    let found = self.entity(entity);
                    self.take(found, to);
                }
                return;
            }
        }
        if (self.is_builtin)(name) {
            let external = self.externals.intern(&format!("<builtin>.{name}"));
            self.add_object(to, Object::External(external));
        }
    }

    /// Making a class runs `__init_subclass__` of the class above.
    pub(super) fn init_subclass(&mut self, file: FileId, op: u32, class: Class) {
        let Some(name) = self.program.texts.find("__init_subclass__") else {
            return;
        };
        if let Some((_, var)) = self.classes.member(class, name, 1) {
            let (_, body) = self.program.class_body(class);
            let site = self.site(file, op, Role::Special(1), body.offset, &[], NOWHERE);
            let receiver = self.intern(Object::Class(class));
            self.link(
                var,
                Link::Forced {
                    site,
                    receiver,
                    reason: Reason::Flow,
                },
            );
        }
    }
}
