//! How deep a text may nest, told from its bytes before it is parsed.
//!
//! The parser descends by recursion, and so does dropping what it made: both need a stack that holds the nesting.
//! The answer is an upper bound, cheap to have.

/// A bound on the nesting of the syntax tree of `text`: brackets around each other, and what can pile up without any
/// (`!!!x`, `a.b.c`, `else if`).
pub(super) fn bound(text: &str) -> u32 {
    let bytes = text.as_bytes();
    // What has piled up at each level around, and in sum.
    let mut levels: Vec<u32> = vec![0];
    let mut sum: u32 = 0;
    let mut deepest: u32 = 0;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        match byte {
            b'(' | b'[' | b'{' => {
                levels.push(0);
                sum += 1;
            }
            b')' | b']' | b'}' => {
                if levels.len() > 1 {
                    sum -= levels.pop().unwrap_or(0) + 1;
                }
                if byte == b'}' && ends_statement(&bytes[at + 1..]) {
                    sum -= std::mem::take(last(&mut levels));
                }
            }
            b';' | b',' => sum -= std::mem::take(last(&mut levels)),
            b'"' => at = after_string(bytes, at),
            b'/' if matches!(bytes.get(at + 1), Some(b'/' | b'*')) => {
                // Comments do not nest anything, and what brackets they hold need not match.
                at = after_comment(bytes, at);
                continue;
            }
            b'\'' => at = after_quote(bytes, at),
            b'r' if !follows_name(bytes, at) && is_raw(&bytes[at + 1..]) => {
                at = after_raw(bytes, at + 1);
                continue;
            }
            b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                let start = at;
                while bytes.get(at + 1).is_some_and(|byte| is_name(*byte)) {
                    at += 1;
                }
                if is_nesting(&bytes[start..=at]) {
                    *last(&mut levels) += 1;
                    sum += 1;
                }
            }
            byte if byte.is_ascii_punctuation() => {
                *last(&mut levels) += 1;
                sum += 1;
            }
            _ => {}
        }
        deepest = deepest.max(sum);
        at += 1;
    }
    deepest
}

fn last(levels: &mut [u32]) -> &mut u32 {
    let at = levels.len() - 1;
    &mut levels[at]
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Words that take an expression or block behind them.
fn is_nesting(word: &[u8]) -> bool {
    matches!(
        word,
        b"else"
            | b"if"
            | b"match"
            | b"return"
            | b"break"
            | b"move"
            | b"as"
            | b"let"
            | b"yield"
            | b"box"
            | b"mut"
            | b"dyn"
            | b"impl"
            | b"for"
            | b"in"
            | b"async"
            | b"unsafe"
            | b"const"
    )
}

/// Whether a block that just closed is all of its statement, seen from what follows.
fn ends_statement(rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_start();
    match rest.first() {
        None | Some(b'}' | b'#' | b'/' | b'\'') => true,
        Some(byte) if is_name(*byte) => {
            let len = rest.iter().take_while(|byte| is_name(**byte)).count();
            !matches!(&rest[..len], b"else" | b"as")
        }
        Some(_) => false,
    }
}

/// The closing quote of the string that opens at `at`.
fn after_string(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'"' => return at,
            _ => {}
        }
        at += 1;
    }
    at
}

pub(super) fn after_comment(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at + 1) == Some(&b'/') {
        return memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |len| at + len);
    }
    let mut open = 1;
    let mut at = at + 2;
    while open > 0 && at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'*', Some(b'/')) => {
                open -= 1;
                at += 2;
            }
            (b'/', Some(b'*')) => {
                open += 1;
                at += 2;
            }
            _ => at += 1,
        }
    }
    at.min(bytes.len())
}

/// The last byte of what a quote at `at` opens: a character, or a lifetime.
fn after_quote(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at + 1) {
        Some(b'\\') => {
            let end = memchr::memchr(b'\'', bytes.get(at + 3..).unwrap_or(&[]));
            end.map_or(at, |len| at + 3 + len)
        }
        Some(first) => {
            // One character, however many bytes it takes, and the closing quote; else it is a lifetime.
            let width = match first {
                0x00..=0x7f => 1,
                0xc0..=0xdf => 2,
                0xe0..=0xef => 3,
                _ => 4,
            };
            if bytes.get(at + 1 + width) == Some(&b'\'') {
                at + 1 + width
            } else {
                at
            }
        }
        None => at,
    }
}

fn follows_name(bytes: &[u8], at: usize) -> bool {
    // `br"…"` and `cr"…"` are raw strings as well.
    match at.checked_sub(1).map(|before| bytes[before]) {
        Some(b'b' | b'c') => at >= 2 && is_name(bytes[at - 2]),
        Some(before) => is_name(before),
        None => false,
    }
}

fn is_raw(rest: &[u8]) -> bool {
    let hashes = rest.iter().take_while(|byte| **byte == b'#').count();
    rest.get(hashes) == Some(&b'"')
}

/// Behind the raw string whose hashes start at `at`.
fn after_raw(bytes: &[u8], at: usize) -> usize {
    let hashes = bytes[at..].iter().take_while(|byte| **byte == b'#').count();
    let mut at = at + hashes + 1;
    while let Some(len) = memchr::memchr(b'"', bytes.get(at..).unwrap_or(&[])) {
        at += len + 1;
        let closing = bytes[at..].iter().take(hashes);
        if closing.filter(|byte| **byte == b'#').count() == hashes {
            return at + hashes;
        }
    }
    bytes.len()
}

/// The statements of a text by start and end, in order of their starts; of those with blocks the headers as well.
pub(super) fn statements(text: &str) -> Vec<(u32, u32)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    // Where the statement of each level around starts, if one does.
    let mut starts: Vec<Option<usize>> = vec![None];
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let is_comment = byte == b'/' && matches!(bytes.get(at + 1), Some(b'/' | b'*'));
        if is_comment {
            at = after_comment(bytes, at);
            continue;
        }
        let start = starts.last().copied().flatten();
        if start.is_none() && !byte.is_ascii_whitespace() && !matches!(byte, b'}' | b')' | b']') {
            *opened(&mut starts) = Some(at);
        }
        let start = starts.last().copied().flatten();
        match byte {
            b';' | b',' => {
                if let Some(start) = opened(&mut starts).take() {
                    found.push((start as u32, at as u32 + 1));
                }
            }
            b'{' | b'(' | b'[' => {
                if let (b'{', Some(start)) = (byte, start) {
                    found.push((start as u32, at as u32 + 1));
                }
                starts.push(None);
            }
            b'}' | b')' | b']' => {
                if let Some(start) = opened(&mut starts).take() {
                    found.push((start as u32, at as u32));
                }
                if starts.len() > 1 {
                    starts.pop();
                }
                if byte == b'}' && ends_statement(&bytes[at + 1..]) {
                    *opened(&mut starts) = None;
                }
            }
            b'"' => at = after_string(bytes, at),
            b'\'' => at = after_quote(bytes, at),
            b'r' if !follows_name(bytes, at) && is_raw(&bytes[at + 1..]) => {
                at = after_raw(bytes, at + 1);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found.sort_unstable();
    found
}

fn opened(starts: &mut [Option<usize>]) -> &mut Option<usize> {
    let at = starts.len() - 1;
    &mut starts[at]
}

/// The comments of a text, as byte ranges in order: nothing inside a string is one.
pub(super) fn comments(text: &str) -> Vec<std::ops::Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = after_string(bytes, at),
            b'\'' => at = after_quote(bytes, at),
            b'/' if matches!(bytes.get(at + 1), Some(b'/' | b'*')) => {
                let end = after_comment(bytes, at);
                found.push(at..end);
                at = end;
                continue;
            }
            b'r' if !follows_name(bytes, at) && is_raw(&bytes[at + 1..]) => {
                at = after_raw(bytes, at + 1);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nests_is_counted_and_what_stands_side_by_side_is_not() {
        assert!(bound(&"(".repeat(500)) >= 500);
        assert!(bound(&format!("fn f() {{ {}x }}", "!".repeat(500))) >= 500);
        assert!(bound(&format!("fn f() {{ x{} }}", ".a()".repeat(500))) >= 500);
        let chain = "if a {} else ".repeat(500);
        assert!(bound(&format!("fn f() {{ {chain} {{}} }}")) >= 500);
        let flat = "fn f(a: &str) -> u8 { if a == \"{(\" { 1 } else { '{' as u8 } }\n".repeat(500);
        assert!(bound(&flat) < 40, "{}", bound(&flat));
    }

    #[test]
    fn comments_are_told_from_text() {
        let text = "a /* b /* c */ */ \"// d\" r#\"\" // \"# '\\'' '\"' // e\n'a: loop { /* f */ }";
        let found: Vec<&str> = comments(text).into_iter().map(|at| &text[at]).collect();
        assert_eq!(found, ["/* b /* c */ */", "// e", "/* f */"]);
    }
}
