//! Names while a file is visited: each text gets an id, once.

use hashbrown::HashTable;

use crate::facts::{NameId, NameTable};

/// Names interned by text. The table holds numbers alone, so that it stays small where names come to lie far apart; what
/// it compares lies close together.
#[derive(Default)]
pub(super) struct Interner {
    ids: HashTable<NameId>,
    keys: Vec<Key>,
    text: String,
    /// Where each name ends in `text`.
    ends: Vec<u32>,
    /// The name asked for last: `self` comes often, and in a row.
    last: Option<NameId>,
}

/// The length of a name with its bytes, or with the first and last eight when it has more than 16: nearly every name
/// is told from all others without a look at its text.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    first: u64,
    last: u64,
    len: u32,
}

impl Key {
    /// Names up to this length are their key.
    const WHOLE: u32 = 16;

    fn of(name: &[u8]) -> Self {
        let (first, last) = if let (Some(first), Some(last)) =
            (name.first_chunk::<8>(), name.last_chunk::<8>())
        {
            (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
        } else if let (Some(first), Some(last)) = (name.first_chunk::<4>(), name.last_chunk::<4>())
        {
            (
                u64::from(u32::from_le_bytes(*first)),
                u64::from(u32::from_le_bytes(*last)),
            )
        } else {
            match *name {
                [] => (0, 0),
                [first, .., last] => (
                    u64::from(first) | u64::from(name[name.len() / 2]) << 8,
                    u64::from(last),
                ),
                [only] => (u64::from(only), 0),
            }
        };
        Self {
            first,
            last,
            len: name.len() as u32,
        }
    }

    /// Two rounds of multiplying and folding, as wyhash mixes its last 16 bytes.
    fn hash(self) -> u64 {
        const ODD: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93];
        let mixed = u128::from(self.first ^ ODD[0]) * u128::from(self.last ^ ODD[1]);
        let mixed = (mixed as u64) ^ ((mixed >> 64) as u64);
        (mixed ^ u64::from(self.len)).wrapping_mul(ODD[0])
    }
}

impl Interner {
    pub(super) fn intern(&mut self, name: &str) -> NameId {
        let key = Key::of(name.as_bytes());
        if let Some(last) = self.last
            && self.is(last, key, name)
        {
            return last;
        }
        let hash = key.hash();
        if let Some(&known) = self.ids.find(hash, |known| self.is(*known, key, name)) {
            self.last = Some(known);
            return known;
        }
        let id = NameId(self.ends.len() as u32);
        self.text.push_str(name);
        self.ends.push(self.text.len() as u32);
        self.keys.push(key);
        let keys = &self.keys;
        self.ids
            .insert_unique(hash, id, |known| keys[known.index()].hash());
        id
    }

    /// The id of a name that was interned.
    pub(super) fn find(&self, name: &str) -> Option<NameId> {
        let key = Key::of(name.as_bytes());
        self.ids
            .find(key.hash(), |known| self.is(*known, key, name))
            .copied()
    }

    fn is(&self, known: NameId, key: Key, name: &str) -> bool {
        self.keys[known.index()] == key && (key.len <= Key::WHOLE || self.get(known) == name)
    }

    /// The names as a table of their own.
    pub(super) fn table(&self) -> NameTable {
        NameTable::of((0..self.len() as u32).map(|id| self.get(NameId(id))))
    }

    /// The text of a name.
    pub(super) fn get(&self, id: NameId) -> &str {
        let before = id.index().checked_sub(1);
        let start = before.map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[id.index()] as usize]
    }

    /// Number of names.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn clear(&mut self) {
        // Emptying a table costs its capacity: what one huge file needed is not carried along.
        if self.ids.capacity() > MANY_NAMES {
            self.ids = HashTable::new();
        }
        self.ids.clear();
        self.keys.clear();
        self.text.clear();
        self.ends.clear();
        self.last = None;
    }
}

/// More names than all but a few files have.
const MANY_NAMES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_length_are_told_apart() {
        let mut names: Vec<String> = Vec::new();
        for len in 0..40 {
            for changed in 0..=len {
                let name = |at| if at == changed { 'b' } else { 'a' };
                names.push((0..len).map(name).collect());
            }
        }
        let mut interner = Interner::default();
        let ids: Vec<NameId> = names.iter().map(|name| interner.intern(name)).collect();
        for (name, id) in names.iter().zip(ids) {
            assert_eq!(interner.get(id), name);
            assert_eq!(interner.find(name), Some(id));
            assert_eq!(interner.intern(name), id);
        }
        assert_eq!(interner.len(), names.len());
        assert_eq!(interner.find("c"), None);
    }
}
