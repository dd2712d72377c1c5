//! Records and tables: what is assigned under constant keys, and whether it is found under a key that is not known.

use super::containers::Shown;
use super::objects::{ContainerId, Obj, Object};
use super::program::{Code, Var};
use super::solver::{Link, Solver};

/// From how many functions a table gets entries under constant keys. What more fill is a record that they share: what
/// one puts under its own key is not what another finds under a key that it does not know.
const MOST_WRITERS: usize = 3;

impl Solver<'_> {
    /// `container[key] = value` in a code.
    pub(super) fn assign_item(&mut self, container: ContainerId, key: Obj, value: Var, by: Code) {
        if !matches!(self.object(key), Object::Text(_)) {
            self.put_under(container, key, value);
            return;
        }
        let var = self.slot(container, key);
        self.link(value, Link::Copy(var));
        let data = &mut self.containers[container.index()];
        let slot = data.slots.iter_mut().find(|slot| slot.key == key.plain());
        let Some(slot) = slot.filter(|slot| slot.shown != Shown::Yes) else {
            return;
        };
        let watches = if slot.shown == Shown::Empty {
            slot.shown = Shown::Assigned(by);
            data.watches.clone()
        } else {
            Vec::new()
        };
        self.note_writer(container, by);
        for watch in watches {
            self.entry(watch, key, var, Some(by));
        }
    }

    /// A code fills a container, and so what takes its entries over.
    pub(super) fn note_writer(&mut self, container: ContainerId, by: Code) {
        let mut left = vec![container];
        while let Some(container) = left.pop() {
            let writers = self.writers.entry(container).or_default();
            if writers.len() <= MOST_WRITERS && !writers.contains(&by) {
                writers.push(by);
                let watches = &self.containers[container.index()].watches;
                left.extend(watches.iter().filter_map(|&watch| self.filled_by(watch)));
            }
        }
    }

    /// Shows what was assigned in containers that few functions fill.
    pub(super) fn settle_records(&mut self) -> bool {
        let mut tables: Vec<ContainerId> = self
            .writers
            .iter()
            .filter(|(_, writers)| writers.len() <= MOST_WRITERS)
            .map(|(&container, _)| container)
            .collect();
        tables.sort_unstable();
        let mut any = false;
        for container in tables {
            let slots = self.containers[container.index()].slots.clone();
            for slot in slots {
                if matches!(slot.shown, Shown::Assigned(_)) {
                    self.show(container, slot.key);
                    any = true;
                }
            }
        }
        any
    }
}
