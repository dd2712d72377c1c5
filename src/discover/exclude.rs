//! Folders that hold no sources of the project, whatever the ignore files say.

use std::path::Path;

/// Whether a folder is left out: an environment, a cache, a tool's state, or build output.
pub(super) fn is_excluded(path: &Path, name: &str) -> bool {
    is_foreign(path, name) || is_build_output(path, name)
}

/// Whether a folder holds other people's code or no code at all, so that the project imports nothing by its name.
pub(super) fn is_foreign(path: &Path, name: &str) -> bool {
    match name {
        ".git" | ".hg" | ".svn" | ".venv" | ".tox" | ".nox" | ".eggs" | ".mypy_cache"
        | ".pytest_cache" | ".ruff_cache" | "node_modules" | "site-packages" | "__pycache__"
        | "__pypackages__" => true,
        // CPython has a package of this name.
        "venv" if !is_package(path) => true,
        _ => {
            let extension = name.rsplit_once('.').map(|(_, extension)| extension);
            matches!(extension, Some("egg-info" | "dist-info")) || path.join("pyvenv.cfg").is_file()
        }
    }
}

/// Whether a folder is what a build wrote, and no package that happens to bear the name.
pub(super) fn is_build_output(path: &Path, name: &str) -> bool {
    matches!(name, "build" | "dist" | "buck-out") && !is_package(path) && !is_rust_module(path)
}

/// Whether a folder holds a Rust module or what is inside one. `build.rs` beside a manifest is no module, but a script.
fn is_rust_module(path: &Path) -> bool {
    let holds = |name: &str| path.join(name).is_file();
    let is_in_package = || path.with_file_name("Cargo.toml").is_file();
    holds("mod.rs") || holds("main.rs") || path.with_extension("rs").is_file() && !is_in_package()
}

/// Whether a folder is a regular package.
pub(super) fn is_package(path: &Path) -> bool {
    path.join("__init__.py").is_file() || path.join("__init__.pyi").is_file()
}
