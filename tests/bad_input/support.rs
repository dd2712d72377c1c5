//! Folders of files and what the binary says about them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A function that certainly recurses: proof that a file was analysed.
pub(crate) const CYCLE: &str = "def f(x):\n    return f(x)\n";

pub(crate) struct Tree(tempfile::TempDir);

pub(crate) struct Said {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Tree {
    pub(crate) fn new(files: &[(&str, &[u8])]) -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        for (path, bytes) in files {
            tree.write(path, bytes);
        }
        tree
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let file = self.path(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.path(path)).unwrap()
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ssot"));
        command
            .current_dir(self.root())
            .args(line.split_whitespace())
            // Not among the user's own journals.
            .env("XDG_STATE_HOME", self.path(".state"))
            .stdin(Stdio::null());
        command
    }

    /// Runs a command line; it ends by itself and with a status of its own, whatever the input.
    pub(crate) fn run(&self, line: &str) -> Said {
        let output = self.command(line).output().unwrap();
        let said = Said {
            status: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(
            matches!(said.status, Some(0..=2)) && !said.err.contains("panicked"),
            "{line}: {:?}\n{}",
            output.status,
            said.err
        );
        said
    }

    /// The findings, one a line.
    pub(crate) fn check(&self) -> Said {
        self.run("check --isolated --quiet --output-format concise --show-guarded")
    }
}

impl Said {
    /// Whether a line starts so.
    pub(crate) fn tells(&self, start: &str) -> bool {
        self.out.lines().any(|line| line.starts_with(start))
    }
}
