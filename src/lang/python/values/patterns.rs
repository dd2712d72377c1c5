//! Patterns of `match`: what they take apart and bind.

use ruff_python_ast::Pattern;
use ruff_text_size::Ranged;

use super::Lowerer;
use crate::facts::NameId;
use crate::values::{Container, Op, VarId};

impl<'a> Lowerer<'a> {
    /// Matches `subject` with `pattern`; `name` is the name that holds the subject, if one does.
    pub(super) fn pattern(&mut self, pattern: &'a Pattern, subject: VarId, name: Option<NameId>) {
        self.deeper(|this| this.pattern_here(pattern, subject, name));
    }

    fn pattern_here(&mut self, pattern: &'a Pattern, subject: VarId, name: Option<NameId>) {
        let site = pattern.start().to_u32();
        match pattern {
            Pattern::MatchValue(pattern) => {
                self.expr(&pattern.value);
            }
            Pattern::MatchSingleton(_) => {}
            Pattern::MatchSequence(pattern) => {
                let star = pattern.patterns.iter().position(Pattern::is_match_star);
                let count = pattern.patterns.len();
                for (at, inner) in pattern.patterns.iter().enumerate() {
                    let to = self.element(subject, at, star, count);
                    self.pattern(inner, to, None);
                }
            }
            Pattern::MatchMapping(pattern) => {
                for (key, inner) in pattern.keys.iter().zip(&pattern.patterns) {
                    let key = self.expr(key);
                    let to = self.var();
                    self.emit(Op::GetItem {
                        base: subject,
                        key,
                        to,
                        site,
                    });
                    self.pattern(inner, to, None);
                }
                if let Some(rest) = &pattern.rest {
                    // A new dictionary of what is left: any of it.
                    let start = self.item_stack.len();
                    self.item_stack.push(crate::values::Item {
                        key: crate::values::ItemKey::Spread,
                        value: subject,
                    });
                    let items = self.take_items(start);
                    let to = self.var();
                    self.emit(Op::Display {
                        kind: Container::Dict,
                        items,
                        to,
                    });
                    let rest = self.intern(rest);
                    self.bind(rest, to);
                }
            }
            Pattern::MatchClass(class) => {
                let narrowed = self.instance_of(&class.cls);
                if narrowed.is_none() {
                    self.expr(&class.cls);
                }
                if let (Some(name), Some(to)) = (name, narrowed)
                    && !self.is_free(name)
                {
                    self.narrow(name, to);
                }
                let subject = narrowed.unwrap_or(subject);
                for inner in &class.arguments.patterns {
                    // `int(x)` captures the subject; which attribute another class means is not known.
                    let inner_subject = if narrowed.is_none() && class.arguments.patterns.len() == 1
                    {
                        subject
                    } else {
                        self.var()
                    };
                    self.pattern(inner, inner_subject, None);
                }
                for keyword in &class.arguments.keywords {
                    let name = self.names.intern(keyword.attr.id.as_str());
                    let to = self.var();
                    self.emit(Op::GetAttribute {
                        base: subject,
                        name,
                        to,
                        site: keyword.range.start().to_u32(),
                    });
                    self.pattern(&keyword.pattern, to, None);
                }
            }
            Pattern::MatchStar(pattern) => {
                if let Some(name) = &pattern.name {
                    let name = self.intern(name);
                    self.bind(name, subject);
                }
            }
            Pattern::MatchAs(pattern) => {
                let mut subject = subject;
                if let Some(inner) = &pattern.pattern {
                    if let Pattern::MatchClass(class) = &**inner
                        && let Some(narrowed) = self.instance_of(&class.cls)
                    {
                        self.pattern(inner, subject, name);
                        subject = narrowed;
                    } else {
                        self.pattern(inner, subject, name);
                    }
                }
                if let Some(name) = &pattern.name {
                    let name = self.intern(name);
                    self.bind(name, subject);
                }
            }
            Pattern::MatchOr(pattern) => {
                for inner in &pattern.patterns {
                    self.pattern(inner, subject, None);
                }
            }
        }
    }
}
