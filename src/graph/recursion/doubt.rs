//! Why a call may lead elsewhere than its name says: questions too costly to ask of every call.

use rustc_hash::FxHashMap;

use super::CycleCall;
use crate::facts::{
    CallId, CallMode, DefinitionFlags, DefinitionKind, Reference, Root, Usage, hash_name,
};
use crate::graph::calls::FunctionId;
use crate::index::{Ancestor, ClassId, Entity, FileId, Index};
use crate::span::Span;

/// Why a call may lead elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The function has a decorator whose effect is not known.
    Decorator(FunctionId),
    /// This class overrides the method.
    Overridden(ClassId),
    /// This class sets attributes by name, or answers for them itself.
    Attributes(ClassId),
    /// Something else is stored there, here.
    Stored(FileId, Span),
    /// The name may be several things.
    Several,
}

/// Answers to the questions, each worked out when it is first asked.
pub(super) struct Doubts<'a> {
    index: &'a Index,
    /// By class and hash of a method's name, the first class below that defines it anew.
    overrides: Option<FxHashMap<(ClassId, u32), ClassId>>,
    /// What is stored as an attribute of a module or class, by owner and hash of the name.
    stores: Option<FxHashMap<(Entity, u32), (FileId, Span)>>,
}

impl<'a> Doubts<'a> {
    pub(super) const fn new(index: &'a Index) -> Self {
        Self {
            index,
            overrides: None,
            stores: None,
        }
    }

    /// Why a call of a cycle may lead elsewhere. `receiver` is the class whose instances are looked at, if it is one;
    /// `single` says that the cycle is one function's own, which calls itself whoever overrides it.
    pub(super) fn of(
        &mut self,
        edge: &CycleCall,
        receiver: Option<ClassId>,
        single: bool,
    ) -> Option<Doubt> {
        let index = self.index;
        let callee = &index.facts(edge.callee.file).definitions[edge.callee.definition.index()];
        if callee.flags.contains(DefinitionFlags::UNKNOWN_DECORATOR) {
            return Some(Doubt::Decorator(edge.callee));
        }
        let file = edge.caller.file;
        let facts = index.facts(file);
        let reference = &facts.calls[edge.call.index()].callee;
        let operator = facts.calls[edge.call.index()].mode == CallMode::Operator;
        let own = match reference.root {
            // Python looks for special methods in the class, whatever the instance holds.
            Root::Instance(class) | Root::Class(class) if !operator => {
                Some(receiver.unwrap_or(ClassId {
                    file,
                    definition: class,
                }))
            }
            _ => None,
        };
        if let Some(class) = own
            && let [name] = facts.path(reference.path)
        {
            let name = facts.name(*name);
            if index.is_assigned(class, "*")
                || index
                    .member_of_class(class, "__getattribute__", false)
                    .is_some()
            {
                return Some(Doubt::Attributes(class));
            }
            if !single && let Some(&below) = self.overrides().get(&(class, hash_name(name))) {
                return Some(Doubt::Overridden(below));
            }
        }
        self.store_of(edge.callee)
            .map(|(file, span)| Doubt::Stored(file, span))
    }

    /// Where something else is stored under the name of a function of a module or class.
    fn store_of(&mut self, function: FunctionId) -> Option<(FileId, Span)> {
        let index = self.index;
        let facts = index.facts(function.file);
        let definition = &facts.definitions[function.definition.index()];
        let scope = facts.scopes[definition.parent.index()];
        let owner = match scope.definition {
            Some(class) if facts.definitions[class.index()].kind == DefinitionKind::Class => {
                Entity::Symbol(index.symbol_of_definition(function.file, class)?)
            }
            Some(_) => return None,
            None => Entity::Module(index.module_of(function.file)?),
        };
        let name = hash_name(facts.name(definition.name));
        self.stores().get(&(owner, name)).copied()
    }

    fn stores(&mut self) -> &FxHashMap<(Entity, u32), (FileId, Span)> {
        let index = self.index;
        self.stores.get_or_insert_with(|| {
            let mut stores = FxHashMap::default();
            // Tests put things in place for a while; that is no property of the code.
            for file in index.file_ids().filter(|&file| !index.file(file).is_test) {
                let facts = index.facts(file);
                for reference in &facts.references {
                    if reference.usage == Usage::Load || !matches!(reference.root, Root::Bound(_)) {
                        continue;
                    }
                    let Some((last, path)) = facts.path(reference.path).split_last() else {
                        continue;
                    };
                    let owner = Reference {
                        path: crate::facts::Slice {
                            start: reference.path.start,
                            len: path.len() as u32,
                        },
                        ..*reference
                    };
                    for entity in index.reference(file, &owner).entities {
                        stores
                            .entry((entity, hash_name(facts.name(*last))))
                            .or_insert((file, reference.span));
                    }
                }
            }
            stores
        })
    }

    fn overrides(&mut self) -> &FxHashMap<(ClassId, u32), ClassId> {
        let index = self.index;
        self.overrides.get_or_insert_with(|| {
            let mut overrides = FxHashMap::default();
            for file in index.file_ids() {
                let facts = index.facts(file);
                for member in &facts.members {
                    let Some(definition) = facts.scopes[member.scope.index()].definition else {
                        continue;
                    };
                    let class = ClassId { file, definition };
                    for ancestor in index.mro(class).iter().skip(1) {
                        if let Ancestor::Class(above) = ancestor {
                            overrides.entry((*above, member.hash)).or_insert(class);
                        }
                    }
                }
            }
            overrides
        })
    }
}

/// Whether a call leads to something outside the project that is known never to come back.
pub(super) fn never_returns(index: &Index, file: FileId, call: CallId) -> bool {
    let callee = &index.facts(file).calls[call.index()].callee;
    if !matches!(callee.root, Root::Bound(_)) {
        return false;
    }
    let lookup = index.reference(file, callee);
    let externals = lookup.entities.iter().filter_map(|entity| match entity {
        Entity::External(id) => Some(index.origins.external(*id)),
        _ => None,
    });
    let mut paths = externals.chain(lookup.externals.iter().map(String::as_str));
    paths.any(|path| {
        matches!(
            path,
            "sys.exit"
                | "os._exit"
                | "os.abort"
                | "typing.assert_never"
                | "typing_extensions.assert_never"
                | "pytest.fail"
                | "pytest.skip"
                | "pytest.exit"
        ) || path
            .strip_prefix("os.")
            .is_some_and(|name| name.starts_with("exec"))
    })
}
