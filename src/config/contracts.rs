//! Judges `[[contract]]` tables: which lists a contract of each type has, and whether it can be kept at all.

use super::layer::{Lowered, Lowering};
use super::model::{Contract, ContractKind};
use super::names::all_of;
use super::raw::{self, At, ContractType};
use super::rules::is_within;

impl Lowering<'_> {
    /// Judges one contract.
    pub(super) fn contract(&mut self, rule: &At<raw::Contract>) -> Option<Lowered<Contract>> {
        let raw = rule.get();
        let mut lists = [
            ("layers", raw.layers.as_ref()),
            ("modules", raw.modules.as_ref()),
            ("forbidden", raw.forbidden.as_ref()),
            ("importers", raw.importers.as_ref()),
        ]
        .map(|(key, list)| self.contract_list(rule, key, list));
        let [layers, modules, forbidden, importers] = lists.each_mut().map(Option::take);
        let kind = match raw.kind.get() {
            ContractType::Layers => {
                self.apart("layer", raw.layers.as_ref());
                ContractKind::Layers(layers?)
            }
            ContractType::Forbidden => {
                self.disjoint(raw.modules.as_ref(), raw.forbidden.as_ref());
                ContractKind::Forbidden {
                    modules: modules?,
                    forbidden: forbidden?,
                }
            }
            ContractType::Independence => {
                self.apart("module", raw.modules.as_ref());
                ContractKind::Independence(modules?)
            }
            ContractType::Protected => ContractKind::Protected {
                modules: modules?,
                importers: importers?,
            },
        };
        let first = match &kind {
            ContractKind::Layers(modules)
            | ContractKind::Independence(modules)
            | ContractKind::Forbidden { modules, .. }
            | ContractKind::Protected { modules, .. } => modules.first()?,
        };
        let id = format!("contract:{}:{first}", raw.kind.get().as_str());
        let (common, subject) = (raw.common(), self.place(&raw.kind));
        let meta = self.meta(&common, id, subject);
        Some(self.lowered(Contract { meta, kind }, &common, subject))
    }

    /// One of a contract's lists, if its type has such a list.
    fn contract_list(
        &mut self,
        rule: &At<raw::Contract>,
        key: &str,
        list: Option<&At<Vec<At<String>>>>,
    ) -> Option<Vec<String>> {
        let kind = *rule.get().kind.get();
        let wanted: &[&str] = match kind {
            ContractType::Layers => &["layers"],
            ContractType::Forbidden => &["modules", "forbidden"],
            ContractType::Independence => &["modules"],
            ContractType::Protected => &["modules", "importers"],
        };
        match (list, wanted.contains(&key)) {
            (Some(list), true) if kind == ContractType::Layers => {
                self.not_empty(key, list);
                Some(list.get().iter().filter_map(|at| self.module(at)).collect())
            }
            (Some(list), true) => {
                let patterns = self.patterns(key, list);
                Some(patterns.into_iter().map(|pattern| pattern.text).collect())
            }
            (Some(list), false) => {
                let place = self.place(list);
                self.problems
                    .add(
                        place,
                        format!("`{key}` does not belong to a `{}` contract", kind.as_str()),
                    )
                    .help(format!("it has {}", all_of(wanted.iter().copied())));
                None
            }
            (None, true) => {
                let place = self.place(rule);
                if !self.problems.is_damaged(place) {
                    self.problems.add(
                        place,
                        format!("a `{}` contract lacks `{key}`", kind.as_str()),
                    );
                }
                None
            }
            (None, false) => None,
        }
    }

    /// Members of a contract that are held against each other: at least two, none part of another.
    fn apart(&mut self, noun: &str, list: Option<&At<Vec<At<String>>>>) {
        let Some(list) = list else { return };
        let members = list.get();
        if members.len() == 1 {
            let place = self.place(list);
            self.problems
                .add(place, format!("one {noun} alone makes no contract"));
        }
        for (at, member) in members.iter().enumerate() {
            let clash = members[..at].iter().find(|other| {
                is_within(member.get(), other.get()) || is_within(other.get(), member.get())
            });
            let Some(other) = clash else { continue };
            let (place, other_place) = (self.place(member), self.place(other));
            let message = if member.get() == other.get() {
                format!("`{}` is listed twice", member.get())
            } else {
                format!(
                    "`{}` and `{}` overlap, so they cannot be kept apart",
                    other.get(),
                    member.get()
                )
            };
            self.problems
                .add(place, message)
                .related(other_place, "the other one");
        }
    }

    fn disjoint(
        &mut self,
        modules: Option<&At<Vec<At<String>>>>,
        forbidden: Option<&At<Vec<At<String>>>>,
    ) {
        let (Some(modules), Some(forbidden)) = (modules, forbidden) else {
            return;
        };
        for at in forbidden.get() {
            let Some(own) = modules.get().iter().find(|own| own.get() == at.get()) else {
                continue;
            };
            let (place, own) = (self.place(at), self.place(own));
            self.problems
                .add(
                    place,
                    format!("`{}` is forbidden to import itself", at.get()),
                )
                .related(own, "the importer");
        }
    }
}
