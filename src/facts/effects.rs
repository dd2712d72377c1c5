//! What a module does when it is imported, as far as its own file tells.

use super::{DefinitionFlags, FileFacts, ScopeId, ScopeKind, Usage};

impl FileFacts {
    /// Whether importing the module calls something, assigns attributes of something, or decorates by what may do more
    /// than decorate.
    #[must_use]
    pub fn runs_more_than_definitions(&self) -> bool {
        let early = |scope: ScopeId| self.scopes[scope.index()].kind != ScopeKind::Function;
        let calls = self.calls.iter().any(|call| early(call.callee.scope));
        let stores = self
            .references
            .iter()
            .any(|one| early(one.scope) && matches!(one.usage, Usage::Store | Usage::Delete));
        let decorates = self.definitions.iter().any(|one| {
            let flags = [
                DefinitionFlags::UNKNOWN_DECORATOR,
                DefinitionFlags::OPAQUE_DECORATOR,
            ];
            flags.iter().any(|flag| one.flags.contains(*flag))
        });
        calls || stores || decorates
    }
}
