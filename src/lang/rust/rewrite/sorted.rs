//! Keeps `use` declarations as rustfmt left them: their order in a block, the names in their brackets, their lines.
//!
//! A block is a run of declarations on lines that follow each other, as for rustfmt. One that rustfmt would have
//! changed before, under neither of its orders, keeps what the edits make of it.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::declarations::{Declaration, Declarations};
use super::layout::Order;
use crate::fix::edit::{Rewritten, TextEdit, apply_edits};
use crate::span::Span;

/// A block: whole lines, with the last one's end.
struct Block {
    span: Span,
    /// The orders that it is in.
    orders: [bool; 2],
}

const ORDERS: [Order; 2] = [Order::Case, Order::Version];

/// Brings the blocks that `rewritten` changes in order again, where they were in order before.
/// What most blocks say of the order counts for those in both orders, then the edition.
pub(super) fn keep_sorted(
    text: &str,
    all: &Declarations<'_>,
    edition: u16,
    rewritten: &mut Rewritten,
) {
    let blocks = blocks(text, &all.found);
    let votes = |at: usize| blocks.iter().filter(|block| block.orders[at]).count();
    let preferred = match votes(1).cmp(&votes(0)) {
        Ordering::Less => 0,
        Ordering::Equal => usize::from(edition >= 2024),
        Ordering::Greater => 1,
    };
    for block in &blocks {
        let orders = [preferred, 1 - preferred];
        let Some(at) = orders.into_iter().find(|&at| block.orders[at]) else {
            continue;
        };
        let mut inside = Vec::new();
        for (at, edit) in rewritten.edits.iter().enumerate() {
            let touches = edit.span.start < block.span.end && edit.span.end > block.span.start;
            if touches || (edit.span.start == edit.span.end && block.span.contains(edit.span.start))
            {
                inside.push(at);
            }
        }
        let (Some(&first), Some(&last)) = (inside.first(), inside.last()) else {
            continue;
        };
        let own: Vec<TextEdit> = rewritten.edits[first..=last]
            .iter()
            .map(|edit| TextEdit {
                span: Span::new(
                    edit.span.start.saturating_sub(block.span.start),
                    edit.span.end.saturating_sub(block.span.start),
                ),
                content: edit.content.clone(),
            })
            .collect();
        let fits = rewritten.edits[first..=last]
            .iter()
            .all(|edit| edit.span.start >= block.span.start && edit.span.end <= block.span.end);
        let before = &text[block.span.range()];
        let after = fits.then(|| apply_edits(before, &own));
        if let Some(mut sorted) = after.and_then(|after| tidy(&after, ORDERS[at])) {
            if before.contains("\r\n") {
                sorted = sorted.replace('\n', "\r\n");
            }
            let edit = smallest(before, &sorted, block.span.start);
            replace(rewritten, first, last, edit);
        }
    }
}

/// Puts one edit in the place of those from `first` to `last`.
fn replace(rewritten: &mut Rewritten, first: usize, last: usize, edit: TextEdit) {
    rewritten.edits.splice(first..=last, [edit]);
    for (_, edits) in &mut rewritten.by_change {
        for at in edits.iter_mut() {
            if *at > last {
                *at -= last - first;
            } else if *at > first {
                *at = first;
            }
        }
        edits.dedup();
    }
}

/// The edit that makes `after` of `before`, without the lines that both start and end with.
fn smallest(before: &str, after: &str, start: u32) -> TextEdit {
    let lines = before
        .split_inclusive('\n')
        .zip(after.split_inclusive('\n'));
    let head: usize = lines
        .take_while(|(old, new)| old == new)
        .map(|(old, _)| old.len())
        .sum();
    let (old, new) = (&before[head..], &after[head..]);
    let ends = old
        .split_inclusive('\n')
        .rev()
        .zip(new.split_inclusive('\n').rev());
    let tail: usize = ends
        .take_while(|(old, new)| old == new)
        .map(|(old, _)| old.len())
        .sum();
    TextEdit {
        span: Span::new(start + head as u32, start + (before.len() - tail) as u32),
        content: new[..new.len() - tail].to_owned(),
    }
}

fn blocks(text: &str, all: &[Declaration]) -> Vec<Block> {
    let mut found = Vec::new();
    let mut rest: Vec<&Declaration> = all.iter().collect();
    rest.sort_by_key(|one| one.start);
    let follow = |one: &&Declaration, next: &&Declaration| {
        let between = text.get(one.span.end as usize..next.start as usize);
        one.suite == next.suite
            && (one.trees.is_some() && next.trees.is_some())
            && between.is_some_and(|between| {
                let (line, indent) = between.split_once('\n').unwrap_or((between, "x"));
                is_end_of_line(line) && indent.trim().is_empty() && !indent.contains('\n')
            })
    };
    for run in rest.chunk_by(follow) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            continue;
        };
        let start = text[..first.start as usize]
            .rfind('\n')
            .map_or(0, |at| at + 1);
        let end = last.span.end as usize;
        let end = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
        let own = &text[start..end];
        found.push(Block {
            span: Span::new(start as u32, end as u32),
            orders: ORDERS.map(|order| tidy(own, order).is_some_and(|tidy| tidy == unix(own))),
        });
    }
    found
}

/// A text with plain ends of lines.
fn unix(text: &str) -> Cow<'_, str> {
    if text.contains("\r\n") {
        Cow::Owned(text.replace("\r\n", "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether nothing but a comment stands at the end of a line.
fn is_end_of_line(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.starts_with("//")
}

/// A block as rustfmt would leave it; none where that is not known, or where there is more than declarations.
fn tidy(text: &str, order: Order) -> Option<String> {
    let text = unix(text);
    let all = Declarations::of(&text, 0)?;
    let mut lines = Vec::new();
    let mut at = 0;
    for one in &all.found {
        let indent = &text[at..one.start as usize];
        if one.suite != 0 || !indent.trim().is_empty() {
            return None;
        }
        let end = one.span.end as usize;
        let line = text[end..].find('\n').map_or(text.len(), |at| end + at);
        let behind = &text[end..line];
        if !is_end_of_line(behind) {
            return None;
        }
        at = text.len().min(line + 1);
        lines.push((one, indent, behind));
    }
    if at != text.len() || lines.iter().any(|(.., behind)| behind.contains("/*")) {
        return None;
    }
    let indent = lines.first()?.1;
    let mut sorted = Vec::new();
    for (one, own, behind) in lines {
        let tree = &one.trees.as_ref()?[order as usize];
        if own != indent {
            return None;
        }
        let attributes = &text[one.start as usize..one.span.start as usize];
        let visibility = &one.visibility;
        let (columns, before) = (indent.chars().count(), visibility.chars().count());
        let line_above = format!("\n{indent}");
        if !attributes.is_empty() && !attributes.ends_with(&line_above) {
            return None;
        }
        let own = if one.holds_comment {
            text[one.span.range()].to_owned()
        } else {
            let path = tree.layout(columns, before)?;
            format!("{visibility}use {path};")
        };
        sorted.push((tree, format!("{indent}{attributes}{own}{behind}")));
    }
    sorted.sort_by(|(a, _), (b, _)| a.compare(b, order));
    let ends_line = text.ends_with('\n');
    let text: Vec<String> = sorted.into_iter().map(|(_, text)| text).collect();
    let mut text = text.join("\n");
    if ends_line {
        text.push('\n');
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    const NAMES: &[&str] = &[
        "a",
        "abc",
        "Abc",
        "ABC",
        "A",
        "B2",
        "B10",
        "b_2",
        "b_10",
        "x086",
        "x86",
        "_c",
        "HashMap",
        "hash_map",
        "HASH",
        "Zz",
        "zz9",
        "r#type",
        "io",
        "SomeRatherLongNameOfAType",
        "some_rather_long_name_of_a_function",
        "SOME_RATHER_LONG_NAME_OF_A_CONSTANT",
    ];

    struct Random(u64);

    impl Random {
        fn below(&mut self, end: usize) -> usize {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (self.0 >> 33) as usize % end
        }

        fn name(&mut self) -> &'static str {
            NAMES[self.below(NAMES.len())]
        }

        fn tree(&mut self, depth: usize) -> String {
            match self.below(10) {
                0..3 if depth > 0 => format!("{}::{}", self.name(), self.tree(depth - 1)),
                3..7 if depth > 0 => {
                    let count = 1 + self.below(9);
                    let list: Vec<String> = (0..count).map(|_| self.tree(depth - 1)).collect();
                    let own = if self.below(4) == 0 { "self, " } else { "" };
                    format!("{}::{{{own}{}}}", self.name(), list.join(", "))
                }
                7 => format!("{} as {}", self.name(), self.name()),
                8 if depth < 3 => format!("{}::*", self.name()),
                _ => self.name().to_owned(),
            }
        }

        fn block(&mut self, indent: &str) -> String {
            let mut text = String::new();
            for _ in 0..=self.below(6) {
                let start = ["crate", "self", "super", "std", "::serde", "zoo"][self.below(6)];
                let visibility = ["", "", "", "pub ", "pub(crate) "][self.below(5)];
                let attribute = [String::new(), format!("#[cfg(test)]\n{indent}")];
                let attribute = &attribute[usize::from(self.below(8) == 0)];
                let tree = self.tree(3);
                let _ = writeln!(text, "{indent}{attribute}{visibility}use {start}::{tree};");
            }
            text
        }
    }

    /// What rustfmt makes of a text; none where there is no rustfmt.
    fn formatted(text: &str, edition: &str) -> Option<String> {
        let mut child = Command::new("rustfmt")
            .args(["--edition", "2021", "--style-edition", edition])
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let mut input = child.stdin.take()?;
        let owned = text.to_owned();
        let writer = std::thread::spawn(move || input.write_all(owned.as_bytes()));
        let output = child.wait_with_output().ok()?;
        writer.join().ok()?.ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8(output.stdout).ok())?
    }

    #[test]
    fn blocks_are_laid_out_as_rustfmt_does() {
        let mut random = Random(7);
        for (order, edition) in [(Order::Case, "2021"), (Order::Version, "2024")] {
            let mut text = String::new();
            let mut blocks = Vec::new();
            for at in 0..300 {
                let indent = ["", "    "][at % 2];
                let block = random.block(indent);
                let (open, close) = if indent.is_empty() {
                    ("\n", "\n")
                } else {
                    ("\nmod m {\n", "}\n")
                };
                let _ = write!(text, "{open}{block}{close}");
                blocks.push((block, indent));
            }
            let Some(formatted) = formatted(&text, edition) else {
                return;
            };
            let all = Declarations::of(&formatted, 0);
            let all = all.map(|all| all.found).unwrap_or_default();
            let theirs: Vec<String> = super::blocks(&formatted, &all)
                .iter()
                .map(|block| formatted[block.span.range()].to_owned())
                .collect();
            assert_eq!(theirs.len(), blocks.len());
            // Names too long for their lines are left to rustfmt, which leaves some of them as they are.
            let mut unknown = 0;
            for ((block, _), theirs) in blocks.iter().zip(&theirs) {
                match tidy(block, order) {
                    Some(ours) => assert_eq!(&ours, theirs, "{edition}: {block}"),
                    None => unknown += 1,
                }
            }
            assert!(unknown <= blocks.len() / 50, "{edition}: {unknown} unknown");
        }
    }
}
