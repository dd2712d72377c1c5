//! Small projects to load rules from.

use std::fs;
use std::path::Path;

use ssot::config::{Config, ConfigError, LoadOptions, Loaded, PythonVersion, load, parse};
use tempfile::TempDir;

/// A folder with the given files.
pub(crate) fn tree(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

pub(crate) fn load_from(start: &Path) -> Result<Loaded, ConfigError> {
    load(&LoadOptions {
        start: start.to_owned(),
        ..LoadOptions::default()
    })
}

pub(crate) fn load_file(start: &Path, file: &str) -> Result<Loaded, ConfigError> {
    load(&LoadOptions {
        start: start.to_owned(),
        file: Some(file.into()),
        isolated: false,
    })
}

/// The rules in `text`, which must be without mistakes.
pub(crate) fn read(text: &str) -> Config {
    let dir = tree(&[]);
    match parse(dir.path(), text) {
        Ok(loaded) => loaded.config,
        Err(error) => panic!("{}", error.render(false)),
    }
}

pub(crate) fn version(minor: u8) -> PythonVersion {
    PythonVersion { major: 3, minor }
}
