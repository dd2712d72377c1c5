//! The rule packs that are built in.

/// Name and text of every built-in pack, sorted by name.
const PACKS: &[(&str, &str)] = &[(
    "python-stdlib",
    include_str!("../../rules/python-stdlib.toml"),
)];

/// The names of the built-in packs, sorted.
pub fn pack_names() -> impl Iterator<Item = &'static str> {
    PACKS.iter().map(|(name, _)| *name)
}

/// The rules of a built-in pack, as a rules file; none when there is no such pack.
#[must_use]
pub fn pack(name: &str) -> Option<&'static str> {
    PACKS
        .iter()
        .find(|(pack, _)| *pack == name)
        .map(|(_, text)| *text)
}
