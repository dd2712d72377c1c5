//! The text with its tokens: lines, indentation, line ends, comments around a statement.

use ruff_python_ast::token::{Token, TokenKind};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::span::Span;

/// Our span of a parser range.
pub(super) fn span(range: TextRange) -> Span {
    Span::new(range.start().to_u32(), range.end().to_u32())
}

/// The span of a syntax node or token.
pub(super) fn span_of(node: &impl Ranged) -> Span {
    span(node.range())
}

/// Where a statement can be added right behind another, in the same suite.
#[derive(Clone, Debug)]
pub(super) enum Spot<'a> {
    /// On the same line, after `; `.
    Inline {
        /// End of the statement.
        at: u32,
    },
    /// On a line of its own.
    Line {
        /// Start of the next line, or the end of the file's unfinished last line.
        at: u32,
        indent: &'a str,
        eol: &'a str,
        /// Whether the statement's line is the last and has no line end.
        unfinished: bool,
    },
}

/// A text and its tokens.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    tokens: &'a [Token],
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str, tokens: &'a [Token]) -> Self {
        Self { text, tokens }
    }

    pub(super) fn slice(&self, span: Span) -> &'a str {
        &self.text[span.range()]
    }

    /// Tokens that start inside `span`.
    pub(super) fn tokens_in(&self, span: Span) -> &'a [Token] {
        let tokens = &self.tokens[self.index_at(span.start)..];
        let end = TextSize::new(span.end);
        &tokens[..tokens.partition_point(|token| token.start() < end)]
    }

    /// Tokens that start at `offset` or behind.
    pub(super) fn tokens_from(&self, offset: u32) -> &'a [Token] {
        &self.tokens[self.index_at(offset)..]
    }

    /// All comments.
    pub(super) fn comments(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let text = self.text;
        self.comment_spans().map(move |at| &text[at.range()])
    }

    /// Where all comments are.
    pub(super) fn comment_spans(&self) -> impl Iterator<Item = Span> + use<'a> {
        let tokens = self.tokens.iter();
        tokens
            .filter(|token| token.kind() == TokenKind::Comment)
            .map(span_of)
    }

    fn index_at(&self, offset: u32) -> usize {
        let offset = TextSize::new(offset);
        self.tokens.partition_point(|token| token.start() < offset)
    }

    /// Whether a comment starts inside `span`.
    pub(super) fn has_comment(&self, span: Span) -> bool {
        self.tokens_in(span)
            .iter()
            .any(|token| token.kind() == TokenKind::Comment)
    }

    /// Start of the physical line that holds `offset`.
    pub(super) fn line_start(&self, offset: u32) -> u32 {
        self.text[..offset as usize]
            .rfind(['\n', '\r'])
            .map_or(0, |at| at as u32 + 1)
    }

    /// The whitespace at the start of the line of `offset`, from after the last form feed.
    pub(super) fn indent(&self, offset: u32) -> &'a str {
        let line = &self.text[self.line_start(offset) as usize..];
        let end = line
            .find(|ch: char| !matches!(ch, ' ' | '\t' | '\u{c}'))
            .unwrap_or(line.len());
        let indent = &line[..end];
        indent
            .rfind('\u{c}')
            .map_or(indent, |feed| &indent[feed + 1..])
    }

    /// The file's first line end.
    pub(super) fn eol(&self) -> &'a str {
        match self.text.find(['\n', '\r']) {
            Some(at) if self.text[at..].starts_with("\r\n") => "\r\n",
            Some(at) if self.text[at..].starts_with('\r') => "\r",
            _ => "\n",
        }
    }

    /// The line end at the start of `rest`, if it is one.
    fn eol_at(&self, offset: u32) -> Option<&'a str> {
        let rest = &self.text[offset as usize..];
        ["\r\n", "\n", "\r"]
            .into_iter()
            .find(|eol| rest.starts_with(eol))
    }

    /// Where another statement can follow `statement`.
    pub(super) fn spot_after(&self, statement: Span) -> Spot<'a> {
        let inline = Spot::Inline { at: statement.end };
        if !self.starts_its_line(statement.start) {
            return inline;
        }
        let mut behind = self.tokens_from(statement.end).iter();
        let mut next = behind.next();
        if next.is_some_and(|token| token.kind() == TokenKind::Comment) {
            next = behind.next();
        }
        let Some(next) = next.filter(|token| token.kind() == TokenKind::Newline) else {
            return inline;
        };
        let newline = span_of(next);
        let eol = self.eol_at(newline.start);
        Spot::Line {
            at: newline.start + eol.map_or(0, str::len) as u32,
            indent: self.indent(statement.start),
            eol: eol.unwrap_or_else(|| self.eol()),
            unfinished: eol.is_none(),
        }
    }

    /// Whether the statement at `offset` starts a logical line that starts a physical one.
    fn starts_its_line(&self, offset: u32) -> bool {
        let Some(before) = self.tokens[..self.index_at(offset)].last() else {
            return self.text[..offset as usize].trim().is_empty();
        };
        let starts = matches!(
            before.kind(),
            TokenKind::Newline
                | TokenKind::NonLogicalNewline
                | TokenKind::Indent
                | TokenKind::Dedent
                | TokenKind::Comment
        );
        let start = span_of(before).end.min(offset) as usize;
        let line = &self.text[self.line_start(offset) as usize..offset as usize];
        starts
            && !self.text[start..offset as usize].contains('\\')
            && line.trim_matches([' ', '\t', '\u{c}']).is_empty()
    }

    /// The comment behind `statement` on its last line, unless another statement stands between.
    pub(super) fn trailing_comment(&self, statement: Span) -> Option<&'a str> {
        let next = self.tokens_from(statement.end).first()?;
        (next.kind() == TokenKind::Comment).then(|| self.slice(span_of(next)))
    }

    /// Start of the comment lines that stand right above the line that starts at `line`; `line` itself without any.
    pub(super) fn comments_start(&self, line: u32) -> u32 {
        let before = &self.tokens[..self.index_at(line)];
        let mut start = line;
        let mut behind = before.iter().rev();
        while let (Some(newline), Some(comment)) = (behind.next(), behind.next()) {
            let comment_line = self.line_start(span_of(comment).start);
            let stands_alone = newline.kind() == TokenKind::NonLogicalNewline
                && comment.kind() == TokenKind::Comment
                && span_of(newline).end == start
                && self.text[comment_line as usize..span_of(comment).start as usize]
                    .trim()
                    .is_empty();
            if !stands_alone {
                break;
            }
            start = comment_line;
        }
        start
    }

    /// Whether the line above that of `offset` is a comment.
    pub(super) fn comment_above(&self, offset: u32) -> bool {
        let start = self.line_start(offset) as usize;
        let above = self.text[..start].trim_end_matches(['\n', '\r']);
        let between = self.text[above.len()..start].replace("\r\n", "\n");
        let line = above.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        between.len() == 1 && above[line..].trim_start().starts_with('#')
    }
}
