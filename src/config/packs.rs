//! The rule packs that are built in.

/// Declares [`PACKS`] from the names of files in `rules/`.
macro_rules! packs {
    ($($name:literal)*) => {
        /// Name and text of every built-in pack, sorted by name.
        const PACKS: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../rules/", $name, ".toml")))),*
        ];
    };
}

packs! {
    "airflow-3"
    "django"
    "numpy-2"
    "pydantic-2"
    "python-stdlib"
    "sqlalchemy-2"
}

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
