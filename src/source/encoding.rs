//! The encodings a Python file may declare, under the names that Python gives them.
//!
//! `encoding_rs` speaks the web's dialect: ISO 8859-1 and ASCII are windows-1252 there, and undefined bytes of the
//! windows code pages are control characters. Python's meaning is restored here.

use std::borrow::Cow;

use super::{DecodeProblem, EncodeError};

/// How a file spells its text in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// ASCII.
    Ascii,
    /// ISO 8859-1, where every byte is the character of the same number.
    Latin1,
    /// Any other encoding that extends ASCII.
    Other(&'static encoding_rs::Encoding),
}

/// An encoding declaration.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cookie {
    /// The name as written.
    pub(super) label: String,
    /// Where the name stands, behind any byte-order mark.
    pub(super) offset: u32,
}

/// The outcome of decoding.
pub(super) struct Decoded {
    pub(super) text: String,
    /// Whether encoding the text gives back the bytes.
    pub(super) exact: bool,
    /// See [`super::SourceText`].
    pub(super) anchors: Vec<(u32, u32)>,
    pub(super) problem: Option<DecodeProblem>,
}

/// The declaration in the first line, or in the second when the first is blank or a comment.
pub(super) fn cookie(bytes: &[u8]) -> Option<Cookie> {
    let (first, rest) = split_line(bytes);
    let found = cookie_in(first, 0);
    if found.is_some() || !is_blank_or_comment(first) {
        return found;
    }
    let (second, _) = split_line(rest);
    cookie_in(second, bytes.len() - rest.len())
}

/// The first line without its end, and what follows it.
fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some(end) = memchr::memchr2(b'\n', b'\r', bytes) else {
        return (bytes, &[]);
    };
    let width = if bytes[end..].starts_with(b"\r\n") {
        2
    } else {
        1
    };
    (&bytes[..end], &bytes[end + width..])
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\x0c')
}

fn is_blank_or_comment(line: &[u8]) -> bool {
    let first = line.iter().find(|&&byte| !is_space(byte));
    first.is_none_or(|&byte| byte == b'#')
}

/// The declaration in a line that starts at `start`, by the pattern of PEP 263.
fn cookie_in(line: &[u8], start: usize) -> Option<Cookie> {
    let comment = line.iter().position(|&byte| !is_space(byte))?;
    if line[comment] != b'#' {
        return None;
    }
    memchr::memmem::find_iter(&line[comment..], b"coding").find_map(|at| {
        let mut offset = comment + at + b"coding".len();
        if !matches!(line.get(offset), Some(b':' | b'=')) {
            return None;
        }
        offset += 1;
        offset += line[offset..]
            .iter()
            .take_while(|&&byte| matches!(byte, b' ' | b'\t'))
            .count();
        let label: String = line[offset..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
            .map(|&byte| char::from(byte))
            .collect();
        (!label.is_empty()).then(|| Cookie {
            label,
            offset: (start + offset) as u32,
        })
    })
}

/// A codec name in lower case with hyphens.
fn normal(label: &str) -> String {
    label.to_ascii_lowercase().replace('_', "-")
}

/// Whether a normal label is `name`, perhaps with a suffix (`utf-8-unix`), which Python's tokenizer cuts off.
fn is_form_of(name: &str, label: &str) -> bool {
    label
        .strip_prefix(name)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Whether a label is `utf-8` itself, not one of its other names.
pub(super) fn is_utf8_proper(label: &str) -> bool {
    is_form_of("utf-8", &normal(label))
}

impl Encoding {
    /// The encoding of a Python codec name.
    pub(super) fn for_label(label: &str) -> Option<Self> {
        let label = normal(label);
        if is_form_of("utf-8", &label) {
            return Some(Self::Utf8);
        }
        if ["latin-1", "iso-8859-1", "iso-latin-1"]
            .iter()
            .any(|name| is_form_of(name, &label))
        {
            return Some(Self::Latin1);
        }
        match &*label {
            "utf8" | "u8" | "utf" | "utf8-ucs2" | "utf8-ucs4" | "cp65001" => Some(Self::Utf8),
            "latin" | "latin1" | "l1" | "8859" | "iso8859" | "iso8859-1" | "iso-ir-100"
            | "cp819" | "ibm819" | "csisolatin1" => Some(Self::Latin1),
            "ascii" | "us-ascii" | "646" | "us" | "cp367" | "ibm367" | "csascii" | "iso646-us"
            | "iso-ir-6" | "ansi-x3.4-1968" => Some(Self::Ascii),
            other => other_encoding(other).map(Self::Other),
        }
    }

    /// Its usual name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Ascii => "ASCII",
            Self::Latin1 => "ISO-8859-1",
            Self::Other(encoding) => encoding.name(),
        }
    }

    /// Decodes `bytes`; `declared` says whether the file names its encoding.
    pub(super) fn decode(self, bytes: Vec<u8>, declared: bool) -> Decoded {
        match self {
            Self::Utf8 => decode_utf8(bytes, declared),
            Self::Ascii => decode_ascii(bytes),
            Self::Latin1 => Decoded {
                text: bytes.into_iter().map(char::from).collect(),
                exact: true,
                anchors: Vec::new(),
                problem: None,
            },
            Self::Other(encoding) => decode_other(encoding, &bytes),
        }
    }

    /// The bytes of `text`.
    pub(super) fn encode(self, text: &str) -> Result<Cow<'_, [u8]>, EncodeError> {
        let limit = match self {
            Self::Utf8 => return Ok(Cow::Borrowed(text.as_bytes())),
            Self::Ascii => '\x7f',
            Self::Latin1 => '\u{ff}',
            Self::Other(encoding) => {
                let (bytes, _, unmappable) = encoding.encode(text);
                if !unmappable {
                    return Ok(bytes);
                }
                let lacks = |ch: &char| encoding.encode(ch.encode_utf8(&mut [0; 4])).2;
                return Err(self.unmappable(text.chars().find(lacks)));
            }
        };
        match text.chars().find(|&ch| ch > limit) {
            Some(ch) => Err(self.unmappable(Some(ch))),
            None => Ok(text.chars().map(|ch| ch as u8).collect()),
        }
    }

    fn unmappable(self, character: Option<char>) -> EncodeError {
        EncodeError::Unmappable {
            character: character.unwrap_or(char::REPLACEMENT_CHARACTER),
            encoding: self.name(),
        }
    }

    /// The number of bytes that `text` takes.
    pub(super) fn len_of(self, text: &str) -> usize {
        match self {
            Self::Utf8 => text.len(),
            Self::Ascii | Self::Latin1 => text.chars().count(),
            Self::Other(encoding) if encoding.is_single_byte() => text.chars().count(),
            Self::Other(encoding) => encoding.encode(text).0.len(),
        }
    }
}

/// Encodings beyond the three that are decoded here, by Python's names in lower case with hyphens.
fn other_encoding(label: &str) -> Option<&'static encoding_rs::Encoding> {
    use encoding_rs as e;
    let number = label.strip_prefix("cp").unwrap_or(label);
    let encoding = match number {
        "932" | "ms932" | "s-jis" | "shiftjis" => e::SHIFT_JIS,
        "936" | "ms936" | "euccn" | "eucgb2312-cn" => e::GBK,
        "949" | "ms949" | "uhc" | "euckr" => e::EUC_KR,
        "950" | "ms950" | "big5-tw" | "hkscs" | "big5hkscs" => e::BIG5,
        "eucjp" | "ujis" | "u-jis" => e::EUC_JP,
        "iso2022-jp" | "iso2022jp" => e::ISO_2022_JP,
        "874" => e::WINDOWS_874,
        "1252" | "windows-1252" => e::WINDOWS_1252,
        "mac-roman" | "macroman" => e::MACINTOSH,
        "mac-cyrillic" | "maccyrillic" => e::X_MAC_CYRILLIC,
        "latin9" | "latin-9" => e::ISO_8859_15,
        _ if number.starts_with(|ch: char| ch.is_ascii_digit()) => {
            e::Encoding::for_label(format!("cp{number}").as_bytes())?
        }
        _ => e::Encoding::for_label(label.as_bytes())?,
    };
    // What the web calls windows-1252 under other names is ASCII or ISO 8859-1 in truth.
    let misnamed = encoding == e::WINDOWS_1252 && !matches!(number, "1252" | "windows-1252");
    let usable = encoding.is_ascii_compatible()
        && encoding != e::UTF_8
        && encoding != e::X_USER_DEFINED
        && !misnamed;
    (usable || encoding == e::ISO_2022_JP).then_some(encoding)
}

fn decode_utf8(bytes: Vec<u8>, declared: bool) -> Decoded {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => {
            return Decoded {
                text,
                exact: true,
                anchors: Vec::new(),
                problem: None,
            };
        }
        Err(error) => error.into_bytes(),
    };
    let hint = if declared {
        ""
    } else {
        ", and no other encoding is declared"
    };
    replace_invalid(&bytes, Encoding::Utf8, hint)
}

fn decode_ascii(bytes: Vec<u8>) -> Decoded {
    let Some(bad) = bytes.iter().position(|byte| !byte.is_ascii()) else {
        return decode_utf8(bytes, true);
    };
    let message = invalid_byte(bytes[bad], Encoding::Ascii);
    let decoded = replace_invalid(&bytes, Encoding::Ascii, "");
    Decoded {
        exact: false,
        problem: Some(DecodeProblem {
            offset: bad as u32,
            message,
        }),
        ..decoded
    }
}

fn invalid_byte(byte: u8, encoding: Encoding) -> String {
    format!("byte {byte:#04x} is not valid {}", encoding.name())
}

/// Reads `bytes` as UTF-8 with every invalid byte replaced; the first is the problem.
fn replace_invalid(bytes: &[u8], encoding: Encoding, hint: &str) -> Decoded {
    let mut text = String::with_capacity(bytes.len());
    let mut anchors = Vec::new();
    let mut problem = None;
    let mut disk = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        disk += chunk.valid().len();
        let Some(&byte) = chunk.invalid().first() else {
            continue;
        };
        problem.get_or_insert_with(|| DecodeProblem {
            offset: text.len() as u32,
            message: invalid_byte(byte, encoding) + hint,
        });
        text.push(char::REPLACEMENT_CHARACTER);
        disk += chunk.invalid().len();
        anchors.push((text.len() as u32, disk as u32));
    }
    Decoded {
        text,
        exact: false,
        anchors,
        problem,
    }
}

fn decode_other(encoding: &'static encoding_rs::Encoding, bytes: &[u8]) -> Decoded {
    let (text, replaced) = encoding.decode_without_bom_handling(bytes);
    let is_undefined = |ch: char| {
        ch == char::REPLACEMENT_CHARACTER
            || matches!(ch, '\u{80}'..='\u{9f}') && encoding.name().starts_with("windows-")
    };
    let offset = text
        .find(is_undefined)
        .or_else(|| replaced.then_some(text.len()));
    let (encoded, _, unmappable) = encoding.encode(&text);
    let exact = offset.is_none() && !unmappable && *encoded == *bytes;
    Decoded {
        exact,
        anchors: Vec::new(),
        problem: offset.map(|offset| DecodeProblem {
            offset: offset as u32,
            message: format!("not valid {}", encoding.name()),
        }),
        text: text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_mean_what_python_means() {
        let name = |label| Encoding::for_label(label).map(Encoding::name);
        for label in ["utf-8", "UTF_8", "utf8", "utf-8-sig", "U8"] {
            assert_eq!(name(label), Some("UTF-8"), "{label}");
        }
        for label in [
            "latin-1",
            "iso-8859-1",
            "ISO8859-1",
            "l1",
            "latin_1",
            "iso-latin-1-unix",
        ] {
            assert_eq!(name(label), Some("ISO-8859-1"), "{label}");
        }
        assert_eq!(name("us-ascii"), Some("ASCII"));
        assert_eq!(name("iso-8859-15"), Some("ISO-8859-15"));
        assert_eq!(name("cp1252"), Some("windows-1252"));
        assert_eq!(name("windows-1251"), Some("windows-1251"));
        assert_eq!(name("1251"), Some("windows-1251"));
        assert_eq!(name("cp949"), Some("EUC-KR"));
        assert_eq!(name("koi8_r"), Some("KOI8-R"));
        assert_eq!(name("shift_jis"), Some("Shift_JIS"));
        for label in [
            "utf-16",
            "utf-16le",
            "unicode",
            "replacement",
            "x-user-defined",
            "utf8x",
            "ansi",
        ] {
            assert_eq!(name(label), None, "{label}");
        }
    }

    #[test]
    fn cookies_know_their_place() {
        let found =
            |text: &str| cookie(text.as_bytes()).map(|cookie| (cookie.label, cookie.offset));
        assert_eq!(
            found("# a\r\n#coding:\tx-1.b, y"),
            Some(("x-1.b".to_owned(), 14))
        );
        assert_eq!(found("# coding: é\n"), None);
        assert_eq!(found(""), None);
    }
}
