//! Which strings code hands to calls: facts for those who ask whether an event is ever emitted.
//!
//! Owns the data alone; it is collected only where it is asked for.

use crate::span::Span;

/// Everything about strings of one file that may be events.
#[derive(Clone, Debug, Default)]
pub struct Emissions {
    /// What calls in functions, and calls that are statements, are handed.
    pub handed: Vec<Handed>,
    /// What names of the module and attributes of its classes stand for.
    pub constants: Vec<Constant>,
}

/// A value that a call is handed.
#[derive(Clone, Debug)]
pub struct Handed {
    /// The value.
    pub value: Text,
    /// Where it stands.
    pub span: Span,
}

/// A name that stands for a text.
#[derive(Clone, Debug)]
pub struct Constant {
    /// Offset of the name.
    pub name: u32,
    /// What it stands for; a collection stands for each of its items.
    pub value: Text,
    /// Where that stands.
    pub span: Span,
}

/// A text, as far as it is known: its parts one behind the other.
pub type Text = Vec<Part>;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// These characters.
    Literal(Box<str>),
    /// Whatever this dotted name stands for.
    Name(Vec<Box<str>>),
    /// Any characters.
    Any,
}
