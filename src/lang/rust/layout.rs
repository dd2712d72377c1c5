//! Where the text of a declared module lies.

/// The folder that the modules declared in a file are looked for in. `owns_folder` says whether the file stands for
/// its whole folder: a crate root, `mod.rs`, or a file that a `path` attribute names.
#[must_use]
pub fn child_folder(path: &str, owns_folder: bool) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    if owns_folder || name == "mod.rs" {
        return folder.to_owned();
    }
    let stem = name.strip_suffix(".rs").unwrap_or(name);
    join(folder, stem)
}

/// The files that `mod name;` may mean, the first one that is there counts, and whether it owns its folder.
/// `children` is the folder that the modules around it have, `folder` the one of the file it stands in where no
/// inline module is around it.
#[must_use]
pub fn submodule_files(
    children: &str,
    folder: &str,
    name: &str,
    path: Option<&str>,
) -> Vec<(String, bool)> {
    match path {
        Some(path) => vec![(join(folder, path), true)],
        None => vec![
            (join(children, &format!("{name}.rs")), false),
            (join(children, &format!("{name}/mod.rs")), true),
        ],
    }
}

/// `path` as a file in `folder` means it, relative to the root, with `.` and `..` taken out.
#[must_use]
pub fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_where_the_compiler_looks() {
        assert_eq!(child_folder("src/lib.rs", true), "src");
        assert_eq!(child_folder("src/a/mod.rs", false), "src/a");
        assert_eq!(child_folder("src/a.rs", false), "src/a");
        assert_eq!(child_folder("main.rs", true), "");
        let files = submodule_files("src/a", "src", "b", None);
        assert_eq!(
            files,
            [
                ("src/a/b.rs".to_owned(), false),
                ("src/a/b/mod.rs".to_owned(), true)
            ]
        );
        let files = submodule_files("src/a", "src", "b", Some("../x/y.rs"));
        assert_eq!(files, [("x/y.rs".to_owned(), true)]);
    }
}
