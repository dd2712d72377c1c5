//! Judges `[[contract]]` tables: which lists a contract of each type has, and whether it can be kept at all.

use super::layer::{Lowered, Lowering};
use super::model::{
    Contract, ContractKind, IgnoredImport, Layers, ModulePattern, Tier, TierMember,
};
use super::names::all_of;
use super::paths;
use super::raw::{self, At, ContractType};
use super::rules::is_within;

/// A layer as written, with where it stands.
type Written<'r> = Vec<(&'r At<String>, Tier)>;

impl Lowering<'_> {
    /// Judges one contract.
    pub(super) fn contract(&mut self, rule: &At<raw::Contract>) -> Option<Lowered<Contract>> {
        let raw = rule.get();
        self.foreign_keys(raw);
        let kind = match raw.kind.get() {
            ContractType::Layers => ContractKind::Layers(self.layers(rule)?),
            ContractType::Forbidden => {
                let modules = self.required(rule, "modules", raw.modules.as_ref());
                let forbidden = self.required(rule, "forbidden", raw.forbidden.as_ref());
                self.disjoint(raw.modules.as_ref(), raw.forbidden.as_ref());
                ContractKind::Forbidden {
                    modules: modules?,
                    forbidden: forbidden?,
                    indirect: !is_set(raw.allow_indirect_imports.as_ref()),
                }
            }
            ContractType::Independence => {
                let modules = self.required(rule, "modules", raw.modules.as_ref());
                self.apart("module", raw.modules.as_ref());
                ContractKind::Independence(modules?)
            }
            ContractType::Protected => {
                let modules = self.required(rule, "modules", raw.modules.as_ref());
                let importers = self.required(rule, "importers", raw.importers.as_ref());
                ContractKind::Protected {
                    modules: modules?,
                    importers: importers?,
                }
            }
        };
        let first = match &kind {
            ContractKind::Layers(layers) => {
                let member = layers.layers.first()?.members.first()?;
                match layers.containers.first() {
                    Some(container) => format!("{container}.{}", member.module),
                    None => member.module.clone(),
                }
            }
            ContractKind::Independence(modules)
            | ContractKind::Forbidden { modules, .. }
            | ContractKind::Protected { modules, .. } => modules.first()?.text.clone(),
        };
        let id = format!("contract:{}:{first}", raw.kind.get().as_str());
        let (common, subject) = (raw.common(), self.place(&raw.kind));
        let contract = Contract {
            meta: self.meta(&common, id, subject),
            kind,
            ignored: self.ignored(raw.ignore_imports.as_ref()),
            type_checking: !is_set(raw.ignore_type_checking.as_ref()),
        };
        Some(self.lowered(contract, &common, subject))
    }

    /// Complains of keys that contracts of this type do not have.
    fn foreign_keys(&mut self, raw: &raw::Contract) {
        let kind = *raw.kind.get();
        let wanted = keys_of(kind);
        let mut given = Vec::new();
        let lists = [
            ("layers", raw.layers.as_ref()),
            ("containers", raw.containers.as_ref()),
            ("exhaustive-ignores", raw.exhaustive_ignores.as_ref()),
            ("modules", raw.modules.as_ref()),
            ("forbidden", raw.forbidden.as_ref()),
            ("importers", raw.importers.as_ref()),
        ];
        for (key, list) in lists {
            given.extend(list.map(|list| (key, self.place(list))));
        }
        let switches = [
            ("exhaustive", raw.exhaustive.as_ref()),
            (
                "allow-indirect-imports",
                raw.allow_indirect_imports.as_ref(),
            ),
        ];
        for (key, switch) in switches {
            given.extend(switch.map(|switch| (key, self.place(switch))));
        }
        for (key, place) in given {
            if !wanted.contains(&key) {
                self.problems
                    .add(
                        place,
                        format!("`{key}` does not belong to a `{}` contract", kind.as_str()),
                    )
                    .help(format!("it has {}", all_of(wanted.iter().copied())));
            }
        }
    }

    /// A list of patterns that a contract of this type must have.
    fn required(
        &mut self,
        rule: &At<raw::Contract>,
        key: &str,
        list: Option<&At<Vec<At<String>>>>,
    ) -> Option<Vec<ModulePattern>> {
        if list.is_none() {
            self.lacks(rule, key);
        }
        list.map(|list| self.patterns(key, list))
    }

    fn lacks(&mut self, rule: &At<raw::Contract>, key: &str) {
        let place = self.place(rule);
        let kind = rule.get().kind.get().as_str();
        if !self.problems.is_damaged(place) {
            self.problems
                .add(place, format!("a `{kind}` contract lacks `{key}`"));
        }
    }

    fn layers(&mut self, rule: &At<raw::Contract>) -> Option<Layers> {
        let raw = rule.get();
        let Some(list) = &raw.layers else {
            self.lacks(rule, "layers");
            return None;
        };
        self.not_empty("layers", list);
        let written: Written<'_> = list
            .get()
            .iter()
            .filter_map(|at| Some((at, self.tier(at)?)))
            .collect();
        self.tiers_apart(list, &written);
        let containers: Vec<String> = raw.containers.as_ref().map_or_else(Vec::new, |list| {
            self.not_empty("containers", list);
            list.get().iter().filter_map(|at| self.module(at)).collect()
        });
        let exhaustive = is_set(raw.exhaustive.as_ref());
        if let (Some(switch), true) = (&raw.exhaustive, exhaustive && containers.is_empty()) {
            let place = self.place(switch);
            self.problems
                .add(place, "`exhaustive` needs `containers`")
                .help("it asks whether everything in a container is in a layer");
        }
        Some(Layers {
            layers: written.into_iter().map(|(_, tier)| tier).collect(),
            containers,
            exhaustive,
            exempt: raw
                .exhaustive_ignores
                .as_ref()
                .map_or_else(Vec::new, |list| {
                    list.get().iter().map(|at| at.get().clone()).collect()
                }),
        })
    }

    /// Reads `a`, `(a)`, `a | b` or `a : b`.
    fn tier(&mut self, at: &At<String>) -> Option<Tier> {
        let text = at.get();
        // `::` parts the segments of a Rust path; one colon alone parts siblings.
        let independent = text.contains('|');
        let siblings: Vec<&str> = if independent {
            text.split('|').collect()
        } else {
            text.split(" : ").collect()
        };
        let mut members = Vec::new();
        for sibling in siblings {
            let sibling = sibling.trim();
            let inner = sibling
                .strip_prefix('(')
                .and_then(|inner| inner.strip_suffix(')'));
            let module = self.checked(at, paths::module(inner.unwrap_or(sibling).trim()))?;
            members.push(TierMember {
                module,
                optional: inner.is_some(),
            });
        }
        Some(Tier {
            members,
            independent,
        })
    }

    /// Layers are held against each other: at least two, none part of another.
    fn tiers_apart(&mut self, list: &At<Vec<At<String>>>, written: &Written<'_>) {
        let members: Vec<(&At<String>, &str)> = written
            .iter()
            .flat_map(|(at, tier)| {
                let members = tier.members.iter();
                members.map(move |member| (*at, member.module.as_str()))
            })
            .collect();
        if members.len() == 1 && list.get().len() == 1 {
            let place = self.place(list);
            self.problems
                .add(place, "one layer alone makes no contract");
        }
        self.all_apart(&members);
    }

    /// Members of a contract that are held against each other: at least two, none part of another.
    fn apart(&mut self, noun: &str, list: Option<&At<Vec<At<String>>>>) {
        let Some(list) = list else { return };
        let members: Vec<(&At<String>, &str)> = list
            .get()
            .iter()
            .map(|at| (at, at.get().as_str()))
            .collect();
        // A pattern may well stand for several.
        let patterned = members.iter().any(|(_, text)| text.contains(['*', '@']));
        if members.len() == 1 && !patterned {
            let place = self.place(list);
            self.problems
                .add(place, format!("one {noun} alone makes no contract"));
        }
        self.all_apart(&members);
    }

    fn all_apart(&mut self, members: &[(&At<String>, &str)]) {
        for (at, &(written, member)) in members.iter().enumerate() {
            let clash = members[..at]
                .iter()
                .find(|(_, other)| is_within(member, other) || is_within(other, member));
            let Some(&(other_written, other)) = clash else {
                continue;
            };
            let (place, other_place) = (self.place(written), self.place(other_written));
            let message = if member == other {
                format!("`{member}` is listed twice")
            } else {
                format!("`{other}` and `{member}` overlap, so they cannot be kept apart")
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

    fn ignored(&mut self, list: Option<&At<Vec<At<String>>>>) -> Vec<IgnoredImport> {
        let mut ignored = Vec::new();
        for at in list.map_or(&[][..], |list| list.get().as_slice()) {
            let Some((importer, imported)) = at.get().split_once("->") else {
                let place = self.place(at);
                self.problems
                    .add(place, format!("`{}` is no import", at.get()))
                    .help("write `package.importer -> package.imported`");
                continue;
            };
            let importer = self.pattern(at, importer.trim());
            let imported = self.pattern(at, imported.trim());
            if let (Some(importer), Some(imported)) = (importer, imported) {
                ignored.push(IgnoredImport { importer, imported });
            }
        }
        ignored
    }
}

fn is_set(switch: Option<&At<bool>>) -> bool {
    switch.is_some_and(|switch| *switch.get())
}

/// The keys that contracts of a type have besides those of all.
fn keys_of(kind: ContractType) -> &'static [&'static str] {
    match kind {
        ContractType::Layers => &["layers", "containers", "exhaustive", "exhaustive-ignores"],
        ContractType::Forbidden => &["modules", "forbidden", "allow-indirect-imports"],
        ContractType::Independence => &["modules"],
        ContractType::Protected => &["modules", "importers"],
    }
}
