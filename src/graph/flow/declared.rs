//! What annotations rule out: a variable whose annotation names only classes of the project and builtin types is
//! nothing else.
//!
//! Annotations are resolved by names alone, before anything flows.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::hierarchy::Classes;
use super::objects::{Obj, Object};
use super::program::{Class, Program, Var};
use super::solver::Solver;
use crate::facts::ImportTarget;
use crate::index::{Entity, FileId, ModuleRef, SymbolId};
use crate::values::{Op, Values, VarId};

/// How many names an annotation is followed through.
const MOST_STEPS: u32 = 12;

/// Variables of which their annotations say all.
#[derive(Default)]
pub(super) struct DeclaredTypes {
    /// A bit a variable of the files.
    flags: Vec<u64>,
    classes: FxHashMap<Var, Box<[Class]>>,
}

impl DeclaredTypes {
    pub(super) fn new(program: &Program<'_>) -> Self {
        let files: Vec<FileId> = program.file_ids().collect();
        let found: Vec<Vec<(Var, Box<[Class]>)>> = files
            .par_iter()
            .map(|&file| of_file(program, file))
            .collect();
        let mut declared = Self {
            flags: vec![0; program.vars() / 64 + 1],
            classes: FxHashMap::default(),
        };
        for (var, classes) in found.into_iter().flatten() {
            declared.insert(var, classes);
        }
        declared
    }

    fn insert(&mut self, var: Var, classes: Box<[Class]>) {
        self.flags[var.index() / 64] |= 1 << (var.0 % 64);
        self.classes.insert(var, classes);
    }

    fn of(&self, var: Var) -> Option<&[Class]> {
        let word = self.flags.get(var.index() / 64)?;
        if word & (1 << (var.0 % 64)) == 0 {
            return None;
        }
        self.classes.get(&var).map(|classes| &**classes)
    }

    /// Whether a variable may be a value.
    #[inline]
    pub(super) fn allows(&self, var: Var, object: Object, classes: &Classes) -> bool {
        self.of(var)
            .is_none_or(|declared| fits(declared, object, classes))
    }
}

fn fits(declared: &[Class], object: Object, classes: &Classes) -> bool {
    match object {
        Object::Instance(class)
        | Object::Annotated(class)
        | Object::Receiver(class)
        | Object::Duck(class) => {
            declared
                .iter()
                .any(|&above| classes.is_subclass(class, above))
                || (classes.is_open(class) && declared.is_empty())
        }
        Object::Function(_)
        | Object::Bound { .. }
        | Object::Partial(_)
        | Object::Class(_)
        | Object::ClassOrBelow(_)
        | Object::ReceiverClass(_)
        | Object::Module(_) => false,
        _ => true,
    }
}

impl Solver<'_> {
    /// A variable is an instance of one of these classes and nothing else, if nothing is known of it yet.
    pub(super) fn narrow_to(&mut self, var: Var, classes: Box<[Class]>) {
        if self.declared.of(var).is_none() && var.index() < self.program.vars() {
            self.declared.insert(var, classes);
        }
    }

    pub(super) fn is_allowed(&self, var: Var, obj: Obj) -> bool {
        self.declared.allows(var, self.object(obj), &self.classes)
    }
}

fn of_file(program: &Program<'_>, file: FileId) -> Vec<(Var, Box<[Class]>)> {
    let Some(values) = program.values(file) else {
        return Vec::new();
    };
    if values.declared.is_empty() {
        return Vec::new();
    }
    let resolver = Resolver {
        program,
        file,
        values,
        makers: makers(values),
    };
    let mut found = Vec::new();
    for declared in &values.declared {
        let classes = &values.bases[declared.classes.range()];
        let classes: Option<Box<[Class]>> = classes
            .iter()
            .map(|&var| resolver.class(var, MOST_STEPS))
            .collect();
        if let Some(classes) = classes {
            found.push((program.var(file, declared.var), classes));
        }
    }
    found
}

/// The operation that alone makes each variable that annotations could name.
fn makers(values: &Values) -> FxHashMap<VarId, Option<u32>> {
    let mut makers = FxHashMap::default();
    for (at, op) in values.ops.iter().enumerate() {
        let (Op::Class { to, .. }
        | Op::Import { to, .. }
        | Op::Free { to, .. }
        | Op::Copy { to, .. }
        | Op::Call { to, .. }
        | Op::Decorate { to, .. }
        | Op::GetItem { to, .. }
        | Op::GetAttribute { to, .. }) = *op
        else {
            continue;
        };
        makers
            .entry(to)
            .and_modify(|known| *known = None)
            .or_insert(Some(at as u32));
    }
    makers
}

struct Resolver<'p, 'a> {
    program: &'p Program<'a>,
    file: FileId,
    values: &'a Values,
    makers: FxHashMap<VarId, Option<u32>>,
}

/// What a name is, by names alone.
enum Named {
    Class(Class),
    Module(crate::index::ModuleId),
}

impl Resolver<'_, '_> {
    /// The class that a variable surely is.
    fn class(&self, var: VarId, steps: u32) -> Option<Class> {
        match self.named(var, steps)? {
            // Whatever has the attributes of a protocol is one.
            Named::Class(class) if !self.program.class_body(class).1.is_protocol => Some(class),
            _ => None,
        }
    }

    fn named(&self, var: VarId, steps: u32) -> Option<Named> {
        let steps = steps.checked_sub(1)?;
        let op = (*self.makers.get(&var)?)?;
        match self.values.ops[op as usize] {
            Op::Class { class, .. } => Some(Named::Class(self.program.class(self.file, class))),
            Op::Copy { from, .. } => self.named(from, steps),
            Op::Decorate { target, .. } => self.named(target, steps),
            Op::Import { alias, .. } => self.imported(alias),
            Op::GetAttribute { base, name, .. } => {
                let Named::Module(module) = self.named(base, steps)? else {
                    return None;
                };
                let name = self.values.texts.get(name);
                self.only(&self.program.index.member(module, name).entities)
            }
            _ => None,
        }
    }

    fn imported(&self, alias: u32) -> Option<Named> {
        let id = self.program.import(self.file, alias)?;
        let index = self.program.index;
        let import = &self.program.facts(self.file).imports[id.index()];
        if let Some(binding) = import.binding {
            let symbol = SymbolId {
                file: self.file,
                binding,
            };
            let (entities, ..) = index.binding_entities(symbol);
            return self.only(&entities);
        }
        match (index.modules.imported(self.file, id), import.target) {
            (ModuleRef::Known(id), ImportTarget::ModuleAs) => Some(Named::Module(id)),
            (ModuleRef::Known(_), ImportTarget::Module) => {
                let module = self.program.facts(self.file).name(import.module);
                let top = module.split('.').next().unwrap_or(module);
                index.modules.by_name(top).map(Named::Module)
            }
            (ModuleRef::Known(id), ImportTarget::Name(name)) => {
                let name = self.program.facts(self.file).name(name);
                self.only(&index.member(id, name).entities)
            }
            _ => None,
        }
    }

    fn only(&self, entities: &[Entity]) -> Option<Named> {
        match *entities {
            [Entity::Module(module)] => Some(Named::Module(module)),
            [Entity::Symbol(symbol)] => {
                let id = self.program.index.class(symbol)?;
                self.program.class_of(id).map(Named::Class)
            }
            _ => None,
        }
    }
}
