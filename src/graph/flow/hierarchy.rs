//! Classes as the solver needs them: orders, members by name, what is below.

use rustc_hash::{FxHashMap, FxHashSet};

use super::program::{Class, Program, Text, Var};
use crate::index::{Ancestor, ClassId};

/// All classes of the program.
#[derive(Default)]
pub(super) struct Classes {
    orders: Vec<Box<[Class]>>,
    /// Whether something in the order is not known.
    open: Vec<bool>,
    below: Vec<Vec<Class>>,
    members: FxHashMap<(Class, Text), Var>,
    /// Classes that have a member of a name.
    definers: FxHashMap<Text, Vec<Class>>,
    is_below: FxHashSet<(Class, Class)>,
    /// Member names in the order of their texts, made when first wanted.
    sorted_names: Vec<Text>,
    /// For each class, one that stands for all that it shares ancestors with.
    families: Vec<u32>,
    /// Classes by their names, made when first wanted.
    by_name: FxHashMap<Text, Vec<Class>>,
}

impl Classes {
    pub(super) fn new(program: &Program<'_>) -> Self {
        let mut numbers: FxHashMap<ClassId, Class> = FxHashMap::default();
        let mut ids = Vec::with_capacity(program.class_count() as usize);
        for number in 0..program.class_count() {
            let class = Class(number);
            let (file, body) = program.class_body(class);
            let id = program
                .definition(file, body.offset)
                .map(|definition| ClassId { file, definition });
            if let Some(id) = id {
                numbers.insert(id, class);
            }
            ids.push(id);
        }
        let mut classes = Self {
            below: vec![Vec::new(); ids.len()],
            families: (0..ids.len() as u32).collect(),
            ..Self::default()
        };
        for (number, id) in ids.iter().enumerate() {
            let class = Class(number as u32);
            classes.add_order(program, class, *id, &numbers);
            classes.add_members(program, class);
        }
        classes
    }

    fn add_order(
        &mut self,
        program: &Program<'_>,
        class: Class,
        id: Option<ClassId>,
        numbers: &FxHashMap<ClassId, Class>,
    ) {
        let mut order = vec![class];
        let mut open = id.is_none();
        for ancestor in id.map_or(&[][..], |id| program.index.mro(id)) {
            match ancestor {
                Ancestor::Class(id) => match numbers.get(id) {
                    Some(&above) if above == class => {}
                    Some(&above) => order.push(above),
                    None => open = true,
                },
                Ancestor::Unknown => open = true,
            }
        }
        for &above in &order[1..] {
            self.below[above.index()].push(class);
            self.is_below.insert((class, above));
            let (class, above) = (self.family(class), self.family(above));
            self.families[class.index()] = above.0;
        }
        self.orders.push(order.into());
        self.open.push(open);
    }

    fn add_members(&mut self, program: &Program<'_>, class: Class) {
        let (file, body) = program.class_body(class);
        let Some(values) = program.values(file) else {
            return;
        };
        for member in &values.members[body.members.range()] {
            let name = program.text(file, member.name);
            self.members
                .insert((class, name), program.var(file, member.var));
            self.definers.entry(name).or_default().push(class);
        }
    }

    /// The class and those above it, in the order in which members are looked up.
    pub(super) fn order(&self, class: Class) -> &[Class] {
        &self.orders[class.index()]
    }

    /// Whether something above the class is not known.
    pub(super) fn is_open(&self, class: Class) -> bool {
        self.open[class.index()]
    }

    /// Whether `class` is `above` or below it.
    pub(super) fn is_subclass(&self, class: Class, above: Class) -> bool {
        class == above || self.is_below.contains(&(class, above))
    }

    /// What the class's own body binds `name` to.
    pub(super) fn own(&self, class: Class, name: Text) -> Option<Var> {
        self.members.get(&(class, name)).copied()
    }

    /// The first member `name` in a class's order, `skip` classes left out.
    pub(super) fn member(&self, class: Class, name: Text, skip: usize) -> Option<(Class, Var)> {
        self.order(class)
            .iter()
            .skip(skip)
            .find_map(|&above| Some((above, self.own(above, name)?)))
    }

    /// Members `name` of the classes below a class.
    pub(super) fn members_below(&self, class: Class, name: Text) -> Vec<Var> {
        let definers = self.definers(name);
        let below = &self.below[class.index()];
        if below.len() <= definers.len() {
            below
                .iter()
                .filter_map(|&class| self.own(class, name))
                .collect()
        } else {
            definers
                .iter()
                .filter(|&&definer| self.is_below.contains(&(definer, class)))
                .filter_map(|&class| self.own(class, name))
                .collect()
        }
    }

    /// The classes whose own body binds `name`.
    pub(super) fn definers(&self, name: Text) -> &[Class] {
        self.definers.get(&name).map_or(&[], Vec::as_slice)
    }

    /// The members whose names begin with `prefix`, of classes that `of` takes, in the order of names and classes.
    pub(super) fn with_prefix(
        &mut self,
        program: &Program<'_>,
        prefix: &str,
        of: impl Fn(&Self, Class) -> bool,
    ) -> Vec<(Text, Var)> {
        if self.sorted_names.is_empty() {
            self.sorted_names = self.definers.keys().copied().collect();
            self.sorted_names
                .sort_unstable_by_key(|&name| program.texts.get(name));
        }
        let first = self
            .sorted_names
            .partition_point(|&name| program.texts.get(name) < prefix);
        let names = self.sorted_names[first..]
            .iter()
            .take_while(|&&name| program.texts.get(name).starts_with(prefix));
        names
            .flat_map(|&name| self.definers(name).iter().map(move |&class| (class, name)))
            .filter(|&(class, _)| of(self, class))
            .filter_map(|(class, name)| Some((name, self.own(class, name)?)))
            .collect()
    }

    /// The classes with a name.
    pub(super) fn named(&mut self, program: &Program<'_>, name: &str) -> &[Class] {
        if self.by_name.is_empty() {
            for number in 0..program.class_count() {
                let class = Class(number);
                let (file, body) = program.class_body(class);
                let name = program.text(file, body.name);
                self.by_name.entry(name).or_default().push(class);
            }
        }
        let name = program.texts.find(name);
        name.and_then(|name| self.by_name.get(&name))
            .map_or(&[], Vec::as_slice)
    }

    /// One class that stands for all that are related.
    pub(super) fn family(&self, class: Class) -> Class {
        let mut at = class.0;
        while self.families[at as usize] != at {
            at = self.families[at as usize];
        }
        Class(at)
    }

    /// The classes below a class.
    pub(super) fn below(&self, class: Class) -> &[Class] {
        &self.below[class.index()]
    }
}
