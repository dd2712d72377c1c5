//! The languages: each turns one file's text into [`FileFacts`], and binding changes into edits.
//!
//! The only module that names languages; the rest of the crate sees facts and [`Language`].

pub mod python;

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

impl Language {
    /// The language of a file by its name.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        match path.rsplit_once('.')?.1 {
            "py" => Some(Self::Python),
            "pyi" => Some(Self::PythonStub),
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
        self.extract_one(text, target, ReadOptions::default())
    }

    /// Reads a file's text, and how values move in it ([`FileFacts::values`]).
    #[must_use]
    pub fn extract_with_values(self, text: &str, target: Option<PythonVersion>) -> FileFacts {
        let read = ReadOptions {
            values: true,
            ..ReadOptions::default()
        };
        self.extract_one(text, target, read)
    }

    fn extract_one(
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
        }
    }

    /// How the code of a file uses a name.
    #[must_use]
    pub fn uses(self, text: &str, name: &str) -> Uses {
        match self {
            Self::Python | Self::PythonStub => python::rewrite::uses(text, name),
        }
    }

    /// Which module the file at `path` is.
    #[must_use]
    pub fn module_file(self, path: &str) -> ModuleFile<'_> {
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
        "."
    }

    /// Whether a top-level module of this name belongs to the language's own distribution, so that a plain folder
    /// of that name cannot stand for it.
    #[must_use]
    pub fn is_standard(self, module: &str) -> bool {
        python::is_standard_module(module)
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
