//! The languages: each turns one file's text into [`FileFacts`], and binding changes into edits.
//!
//! The only module that names languages; the rest of the crate sees facts and [`Language`].

pub mod python;
pub mod rust;
mod suppressions;

use crate::config::PythonVersion;
use crate::facts::{FileFacts, Pack, ReadOptions};
use crate::fix::edit::{FileChanges, Rewritten, Uses};

/// The language of a source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// Python source, `.py`.
    Python,
    /// Python stubs, `.pyi`: signatures without code.
    PythonStub,
    /// Rust source, `.rs`.
    Rust,
}

/// Which module a file is, seen from its path alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModuleFile<'a> {
    /// The path without extension, or the folder when the file makes it a package.
    pub stem: &'a str,
    /// Whether the file makes its folder a package.
    pub is_package: bool,
    /// Which file is loaded when several have one stem: the lowest.
    pub rank: u8,
}

/// What is compiled as one, from one file on: a Rust crate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// The name that paths start with.
    pub name: String,
    /// Its first file, relative to the project root.
    pub root: String,
    /// The folder of the package that it belongs to.
    pub folder: String,
    /// The edition that it is written in.
    pub edition: u16,
    /// Names of other units in its code: each with the root file of that unit, or none when it is not of the project.
    pub others: Vec<(String, Option<String>)>,
    /// Whether it is there for tests only.
    pub is_test: bool,
    /// Whether no manifest knows it: it may be a part of another one, under another name.
    pub is_guess: bool,
}

impl Language {
    /// The language of a file by its name.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        match path.rsplit_once('.')?.1 {
            "py" => Some(Self::Python),
            "pyi" => Some(Self::PythonStub),
            "rs" => Some(Self::Rust),
            _ => None,
        }
    }

    /// Whether files of it only describe code, for checkers, and never run.
    #[must_use]
    pub const fn is_stub(self) -> bool {
        matches!(self, Self::PythonStub)
    }

    /// Whether a comment at the top of a file may name its encoding.
    #[must_use]
    pub const fn declares_encoding(self) -> bool {
        matches!(self, Self::Python | Self::PythonStub)
    }

    /// Whether a NUL byte makes a file invalid.
    #[must_use]
    pub const fn refuses_nul(self) -> bool {
        matches!(self, Self::Python | Self::PythonStub)
    }

    /// Reads a file's text.
    #[must_use]
    pub fn extract(self, text: &str, target: Option<PythonVersion>) -> FileFacts {
        self.extract_with(text, target, ReadOptions::default())
    }

    /// Reads a file's text, and how values move in it ([`FileFacts::values`]).
    #[must_use]
    pub fn extract_with_values(self, text: &str, target: Option<PythonVersion>) -> FileFacts {
        let read = ReadOptions {
            values: true,
            ..ReadOptions::default()
        };
        self.extract_with(text, target, read)
    }

    /// Reads a file's text, with whatever else `read` asks for.
    #[must_use]
    pub fn extract_with(
        self,
        text: &str,
        target: Option<PythonVersion>,
        read: ReadOptions,
    ) -> FileFacts {
        let mut pack = Pack::default();
        self.extract_into(text, target, read, &mut pack);
        pack.take().pop().unwrap_or_default()
    }

    /// Reads a file's text and adds its facts to `pack`, with whatever else `read` asks for.
    pub fn extract_into(
        self,
        text: &str,
        target: Option<PythonVersion>,
        read: ReadOptions,
        pack: &mut Pack,
    ) {
        if self == Self::Rust {
            return rust::extract(text, pack);
        }
        let options = python::Options {
            target,
            is_stub: self == Self::PythonStub,
            read,
        };
        python::extract(text, options, pack);
    }

    /// Turns changes of a file's bindings into edits of its text.
    #[must_use]
    pub fn rewrite(self, text: &str, changes: &FileChanges) -> Rewritten {
        match self {
            Self::Python | Self::PythonStub => python::rewrite::rewrite(text, changes),
            Self::Rust => rust::rewrite(text, changes),
        }
    }

    /// How the code of a file uses a name.
    #[must_use]
    pub fn uses(self, text: &str, name: &str) -> Uses {
        match self {
            Self::Python | Self::PythonStub => python::rewrite::uses(text, name),
            // No string of Rust names what a module holds.
            Self::Rust => Uses::default(),
        }
    }

    /// Which module the file at `path` is.
    #[must_use]
    pub fn module_file(self, path: &str) -> ModuleFile<'_> {
        if self.declares_modules() {
            return ModuleFile {
                stem: path,
                is_package: false,
                rank: 0,
            };
        }
        let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
        let stub = u8::from(self == Self::PythonStub);
        // A package beats a module of its name, and code beats stubs.
        match stem
            .strip_suffix("__init__")
            .and_then(|folder| folder.strip_suffix('/'))
        {
            Some(folder) => ModuleFile {
                stem: folder,
                is_package: true,
                rank: 2 * stub,
            },
            None => ModuleFile {
                stem,
                is_package: false,
                rank: 2 * stub + 1,
            },
        }
    }

    /// What stands between the segments of a module path.
    #[must_use]
    pub const fn separator(self) -> &'static str {
        match self {
            Self::Python | Self::PythonStub => ".",
            Self::Rust => "::",
        }
    }

    /// Whether modules are what their parents declare, not what files there are.
    #[must_use]
    pub const fn declares_modules(self) -> bool {
        matches!(self, Self::Rust)
    }

    /// The files that a module declared in `file` may have, the first that is there counts, each with whether it stands
    /// for its whole folder. `children` is where modules declared there are looked for.
    #[must_use]
    pub fn declared_files(
        self,
        file: &str,
        children: &str,
        is_inline: bool,
        name: &str,
        path: Option<&str>,
    ) -> Vec<(String, bool)> {
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        rust::submodule_files(
            children,
            if is_inline { children } else { folder },
            name,
            path,
        )
    }

    /// The folder in which modules declared in a file are looked for.
    #[must_use]
    pub fn child_folder(self, file: &str, owns_folder: bool) -> String {
        rust::child_folder(file, owns_folder)
    }

    /// Whether it is Python, with or without code.
    #[must_use]
    pub const fn is_python(self) -> bool {
        matches!(self, Self::Python | Self::PythonStub)
    }

    /// Whether a top-level module of this name belongs to the language's own distribution, so that a plain folder
    /// of that name cannot stand for it.
    #[must_use]
    pub fn is_standard(self, module: &str) -> bool {
        match self {
            Self::Python | Self::PythonStub => python::is_standard_module(module),
            Self::Rust => matches!(module, "std" | "core" | "alloc" | "proc_macro" | "test"),
        }
    }
}

/// Whether a name that nothing in the project binds is one of the language's builtins.
#[must_use]
pub fn is_builtin(name: &str) -> bool {
    python::is_builtin(name)
}

/// The name that published call graphs give to the type of a literal.
#[must_use]
pub fn literal_type(name: &str) -> &'static str {
    python::literal_type(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_together_files_say_what_they_say_alone() {
        let texts = [
            "import a\n__all__ = ['f', 'é']\ndef f(x, *y):\n    return a.b.c(x)\n",
            "",
            "class C:\n    def m(self):\n        self.n = C()\n        return self.m()\n",
            "def (",
            "patch('a.b')\nx = 1\nx = y.z\n",
        ];
        let mut pack = Pack::default();
        for text in texts {
            Language::Python.extract_into(text, None, ReadOptions::default(), &mut pack);
        }
        let together = pack.take();
        assert_eq!(together.len(), texts.len());
        for (text, facts) in texts.iter().zip(&together) {
            let alone = Language::Python.extract(text, None);
            assert_eq!(
                facts.names.iter().collect::<Vec<_>>(),
                alone.names.iter().collect::<Vec<_>>()
            );
            let mut facts = facts.clone();
            facts.names = alone.names.clone();
            assert_eq!(format!("{facts:?}"), format!("{alone:?}"));
        }
        assert!(pack.take().is_empty());
    }
}
