//! Source texts: from the bytes of a file to UTF-8, and back.
//!
//! Owns reading, byte-order marks, declared encodings and what cannot be decoded. Text is kept in any case, so
//! that analysis goes on after a problem. Does not know what the text says.

mod encoding;

use std::fs::File;
use std::hash::Hasher;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::lang::Language;
pub use encoding::Encoding;
use encoding::{Cookie, Decoded};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// A source file as text.
#[derive(Clone, Debug)]
pub struct SourceText {
    /// The text, without byte-order mark. Bytes that cannot be decoded are U+FFFD.
    pub text: String,
    /// How the file spells it.
    pub encoding: Encoding,
    /// Whether the file starts with a byte-order mark.
    pub bom: bool,
    /// A hash of the file's bytes; comparable within one build of the tool.
    pub bytes_hash: u64,
    /// Why the language would refuse to read the file, if it would.
    pub problem: Option<DecodeProblem>,
    /// Whether encoding the text gives back the file, byte for byte.
    exact: bool,
    /// In UTF-8, where replaced bytes end: offsets in the text and in the file (after the byte-order mark).
    anchors: Vec<(u32, u32)>,
}

/// Why a file is no valid text in its language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeProblem {
    /// Byte offset in [`SourceText::text`].
    pub offset: u32,
    /// What is wrong.
    pub message: String,
}

/// A file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {source}", path.display())]
pub struct SourceError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// A text that cannot be written the way its file is encoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A character has no bytes in the encoding.
    #[error("{character:?} cannot be written in {encoding}")]
    Unmappable {
        /// The first such character.
        character: char,
        /// The encoding's name.
        encoding: &'static str,
    },
    /// The bytes of the file do not follow from its text, so they would not stay what they are.
    #[error("the file cannot be written back as it is")]
    Inexact,
}

/// Reads a file of `language`: Python declares its encoding, all else is UTF-8.
pub fn read(path: &Path, language: Language) -> Result<SourceText, SourceError> {
    let error = |source| SourceError {
        path: path.to_path_buf(),
        source,
    };
    let file = File::open(path).map_err(error)?;
    let len = file.metadata().map_err(error)?.len();
    if !fits(len) {
        return Ok(too_large());
    }
    let mut bytes = Vec::with_capacity(len as usize);
    // A file may grow while it is read.
    let mut file = file.take(u64::from(u32::MAX) + 1);
    file.read_to_end(&mut bytes).map_err(error)?;
    Ok(decode(bytes, language))
}

/// Reads a document in UTF-8; bytes that are none become U+FFFD.
pub fn read_document(path: &Path) -> io::Result<String> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || !fits(metadata.len()) {
        return Err(io::Error::other("it is no file, or too large"));
    }
    let mut bytes = Vec::new();
    file.take(u64::from(u32::MAX)).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Decodes the bytes of a file of `language`.
#[must_use]
pub fn decode(mut bytes: Vec<u8>, language: Language) -> SourceText {
    if !fits(bytes.len() as u64) {
        return too_large();
    }
    let bytes_hash = hash(&bytes);
    let bom = bytes.starts_with(BOM);
    if bom {
        bytes.drain(..BOM.len());
    }
    let cookie = language
        .declares_encoding()
        .then(|| encoding::cookie(&bytes))
        .flatten();
    let (encoding, mut problem) = declared(cookie.as_ref(), bom);
    let decoded = encoding.decode(bytes, cookie.is_some());
    if !fits(decoded.text.len() as u64) {
        return too_large();
    }
    let Decoded {
        text,
        exact,
        anchors,
        problem: undecodable,
    } = decoded;
    problem = problem.or(undecodable);
    if problem.is_none() && language.refuses_nul() {
        problem = memchr::memchr(0, text.as_bytes()).map(|offset| DecodeProblem {
            offset: offset as u32,
            message: "a source file cannot contain null bytes".to_owned(),
        });
    }
    SourceText {
        text,
        encoding,
        bom,
        bytes_hash,
        problem,
        exact,
        anchors,
    }
}

impl SourceText {
    /// The offset in the file of an offset in the text.
    ///
    /// Behind bytes that could not be decoded, in an encoding of several bytes a character other than UTF-8, it
    /// is an estimate.
    #[must_use]
    pub fn to_disk_offset(&self, text_offset: u32) -> u32 {
        let mark = if self.bom { BOM.len() as u32 } else { 0 };
        let within = if self.encoding == Encoding::Utf8 || self.encoding == Encoding::Ascii {
            let after = self
                .anchors
                .partition_point(|&(text, _)| text <= text_offset);
            let (text, disk) = after.checked_sub(1).map_or((0, 0), |at| self.anchors[at]);
            disk + (text_offset - text)
        } else {
            let end = self.text.floor_char_boundary(text_offset as usize);
            self.encoding.len_of(&self.text[..end]) as u32
        };
        mark + within
    }

    /// The bytes of `text` as this file would spell it, byte-order mark included.
    pub fn encode(&self, text: &str) -> Result<Vec<u8>, EncodeError> {
        if !self.exact {
            return Err(EncodeError::Inexact);
        }
        let encoded = self.encoding.encode(text)?;
        if self.bom {
            Ok([BOM, &encoded].concat())
        } else {
            Ok(encoded.into_owned())
        }
    }
}

/// The encoding that a cookie and a byte-order mark call for, and why they cannot be followed.
fn declared(cookie: Option<&Cookie>, bom: bool) -> (Encoding, Option<DecodeProblem>) {
    let Some(cookie) = cookie else {
        return (Encoding::Utf8, None);
    };
    let refuse = |message| {
        let offset = cookie.offset;
        (Encoding::Utf8, Some(DecodeProblem { offset, message }))
    };
    match Encoding::for_label(&cookie.label) {
        None => refuse(format!("unknown encoding: {}", cookie.label)),
        // Python is strict here: beside the mark, not even `utf8` will do.
        Some(_) if bom && !encoding::is_utf8_proper(&cookie.label) => refuse(format!(
            "the encoding is declared as {}, but the byte-order mark calls for utf-8",
            cookie.label
        )),
        Some(encoding) => (encoding, None),
    }
}

/// Whether a size leaves every offset in `u32`.
fn fits(len: u64) -> bool {
    u32::try_from(len).is_ok()
}

fn too_large() -> SourceText {
    SourceText {
        text: String::new(),
        encoding: Encoding::Utf8,
        bom: false,
        bytes_hash: 0,
        problem: Some(DecodeProblem {
            offset: 0,
            message: "the file is larger than 4 GiB".to_owned(),
        }),
        exact: false,
        anchors: Vec::new(),
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(bytes);
    hasher.write_usize(bytes.len());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn python(bytes: &[u8]) -> SourceText {
        decode(bytes.to_vec(), Language::Python)
    }

    fn problem(bytes: &[u8]) -> (u32, String) {
        let problem = python(bytes).problem.unwrap();
        (problem.offset, problem.message)
    }

    /// Decodes without a problem, and encodes to the same bytes with every offset mapped.
    fn round_trip(bytes: &[u8]) -> String {
        let source = python(bytes);
        assert_eq!(source.problem, None);
        assert_eq!(source.encode(&source.text).unwrap(), bytes);
        let mark = if source.bom { 3 } else { 0 };
        for (at, ch) in source.text.char_indices() {
            let start = source.to_disk_offset(at as u32) as usize;
            let end = source.to_disk_offset((at + ch.len_utf8()) as u32) as usize;
            let encoded = source.encode(&ch.to_string()).unwrap();
            assert_eq!(&encoded[mark..], &bytes[start..end], "{ch:?} at {at}");
        }
        source.text
    }

    #[test]
    fn utf8_stays_as_it_is() {
        assert_eq!(round_trip("x = 'é→𝄞'\r\n".as_bytes()), "x = 'é→𝄞'\r\n");
        assert_eq!(round_trip(b""), "");
        assert_eq!(
            round_trip("# coding: utf-8-unix\né".as_bytes()),
            "# coding: utf-8-unix\né"
        );
    }

    #[test]
    fn a_byte_order_mark_is_remembered_and_no_text() {
        let bytes = "\u{feff}x = 'é'\n".as_bytes();
        assert_eq!(round_trip(bytes), "x = 'é'\n");
        assert_eq!(python(bytes).to_disk_offset(0), 3);
        assert_eq!(
            round_trip(b"\xef\xbb\xbf# coding: UTF_8\n"),
            "# coding: UTF_8\n"
        );
    }

    #[test]
    fn declared_encodings_are_followed() {
        assert_eq!(
            round_trip(b"# coding: latin-1\n'\xe9\x80'"),
            "# coding: latin-1\n'é\u{80}'"
        );
        assert_eq!(round_trip(b"#coding=cp1252\n'\x80'"), "#coding=cp1252\n'€'");
        assert_eq!(
            round_trip(b"# coding: KOI8_R\n'\xc1'"),
            "# coding: KOI8_R\n'а'"
        );
        assert_eq!(
            round_trip(b"#!/x\n# -*- coding: euc-jp -*-\n'\xc6\xfc'\n"),
            "#!/x\n# -*- coding: euc-jp -*-\n'日'\n"
        );
        assert_eq!(
            round_trip(b"# coding: cp932\n'\x93\xfa'"),
            "# coding: cp932\n'日'"
        );
        assert_eq!(
            round_trip(b"# coding: gbk\n'\xc8\xd5'"),
            "# coding: gbk\n'日'"
        );
        assert_eq!(
            round_trip(b"# coding: big5\n'\xa4\xe9'"),
            "# coding: big5\n'日'"
        );
    }

    #[test]
    fn a_cookie_counts_in_the_first_two_lines_only() {
        let latin = |text: &[u8]| python(text).encoding == Encoding::Latin1;
        assert!(latin(b"\x0c # vim: set fileencoding=latin-1 :\n"));
        assert!(latin(b"\r\n# coding: latin-1"));
        assert!(latin(b"# encoding encoding: latin-1"));
        assert!(!latin(b"import a\n# coding: latin-1\n"));
        assert!(!latin(b"\n\n# coding: latin-1\n"));
        assert!(!latin(b"x = '# coding: latin-1'\n"));
        assert!(!latin(b"# coding : latin-1\n"));
    }

    #[test]
    fn undecodable_bytes_are_a_problem_and_the_text_goes_on() {
        let bytes = b"a\n\xe9\xff = 'ok \xc3\xa9'\xfe!";
        let source = python(bytes);
        assert_eq!(source.text, "a\n\u{fffd}\u{fffd} = 'ok é'\u{fffd}!");
        assert_eq!(
            problem(bytes),
            (
                2,
                "byte 0xe9 is not valid UTF-8, and no other encoding is declared".to_owned()
            )
        );
        let disk = |what: &str| source.to_disk_offset(source.text.find(what).unwrap() as u32);
        assert_eq!((disk(" ="), disk("ok"), disk("!")), (4, 8, 15));
        assert_eq!(source.encode("a"), Err(EncodeError::Inexact));
    }

    #[test]
    fn other_encodings_have_undecodable_bytes_too() {
        assert_eq!(problem(b"# coding: ascii\n\xe9").0, 16);
        assert_eq!(problem(b"# coding: cp1252\n'\x81'").0, 18);
        assert_eq!(problem(b"# coding: euc-jp\n'\xc6").0, 18);
        assert_eq!(
            problem(b"# coding: utf-8\n\xe9").1,
            "byte 0xe9 is not valid UTF-8"
        );
    }

    #[test]
    fn encodings_that_python_refuses_are_a_problem() {
        assert_eq!(
            problem(b"# coding: klingon\nx"),
            (10, "unknown encoding: klingon".to_owned())
        );
        assert_eq!(problem(b"# coding: utf-16\nx").0, 10);
        assert_eq!(problem(b"\xef\xbb\xbf# coding: latin-1\nx").0, 10);
        assert_eq!(problem(b"\xef\xbb\xbf# coding: utf8\nx").0, 10);
        assert!(
            python(b"\xef\xbb\xbf# coding: latin-1\nx")
                .encode("x")
                .is_ok()
        );
    }

    #[test]
    fn null_bytes_are_a_problem_in_python() {
        let source = python(b"x = 1\0\n");
        assert_eq!(source.problem.as_ref().unwrap().offset, 5);
        assert_eq!(source.text, "x = 1\0\n");
    }

    #[test]
    fn what_an_encoding_lacks_is_not_written() {
        let latin = python(b"# coding: latin-1\n\xe9");
        assert_eq!(latin.encode("é").unwrap(), b"\xe9");
        assert_eq!(
            latin.encode("é€"),
            Err(EncodeError::Unmappable {
                character: '€',
                encoding: "ISO-8859-1"
            })
        );
        let koi = python(b"# coding: koi8-r\n");
        assert!(matches!(
            koi.encode("日"),
            Err(EncodeError::Unmappable {
                character: '日',
                ..
            })
        ));
        let ascii = python(b"# coding: us-ascii\n");
        assert!(ascii.encode("é").is_err());
    }

    #[test]
    fn files_beyond_every_offset_are_not_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(u64::from(u32::MAX) + 1).unwrap();
        let source = read(file.path(), Language::Python).unwrap();
        assert!(source.text.is_empty() && source.problem.is_some());
        assert!(source.encode("x").is_err());
    }

    #[test]
    fn hashes_follow_the_bytes() {
        assert_eq!(python(b"a").bytes_hash, python(b"a").bytes_hash);
        assert_ne!(python(b"a").bytes_hash, python(b"b").bytes_hash);
        assert_ne!(python(b"a").bytes_hash, python(b"\xef\xbb\xbfa").bytes_hash);
        let missing = read(Path::new("/nowhere/x.py"), Language::Python).unwrap_err();
        assert!(
            missing
                .to_string()
                .starts_with("cannot read /nowhere/x.py: ")
        );
    }
}
