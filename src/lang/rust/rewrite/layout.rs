//! How rustfmt orders and breaks `use` declarations.
//!
//! Owns that knowledge alone, for its default settings: which text it would leave as it is, it does not decide. A tree
//! that holds comments is none of its business.

use std::cmp::Ordering;

use syn::UseTree;

/// How names are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Until the style edition 2021: by case, then by bytes.
    Case,
    /// From the style edition 2024 on: by bytes, numbers as numbers.
    Version,
}

/// The longest line, in characters.
pub(super) const WIDTH: usize = 100;

/// A part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    /// A name, and what it is called here.
    Name(String, Option<String>),
    Glob,
    List(Vec<Tree>),
}

/// A tree of `use`, brackets around single names taken off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tree(Vec<Segment>);

impl Tree {
    /// Reads a tree, its lists sorted; none where a list is empty.
    pub(super) fn of(tree: &UseTree, is_absolute: bool, order: Order) -> Option<Self> {
        let mut path = Vec::new();
        read(tree, &mut path, order)?;
        if let (true, Some(Segment::Name(name, _))) = (is_absolute, path.first_mut()) {
            name.insert_str(0, "::");
        }
        Some(Self(path))
    }

    pub(super) fn compare(&self, other: &Self, order: Order) -> Ordering {
        for (a, b) in self.0.iter().zip(&other.0) {
            let found = a.compare(b, order, true);
            if found != Ordering::Equal && a.compare(b, order, false) != Ordering::Equal {
                return found;
            }
        }
        self.0.len().cmp(&other.0.len())
    }

    /// The tree in a declaration that starts at column `indent` and has `before` characters before its `use`; none
    /// where it does not fit.
    pub(super) fn layout(&self, indent: usize, before: usize) -> Option<String> {
        let room = WIDTH.checked_sub(indent + before + "use ;".len())?;
        write(&self.0, indent, room)
    }
}

fn read(tree: &UseTree, path: &mut Vec<Segment>, order: Order) -> Option<()> {
    match tree {
        UseTree::Path(step) => {
            path.push(Segment::Name(step.ident.to_string(), None));
            read(&step.tree, path, order)?;
        }
        UseTree::Name(name) => path.push(Segment::Name(name.ident.to_string(), None)),
        UseTree::Rename(rename) => {
            let (name, local) = (rename.ident.to_string(), rename.rename.to_string());
            let local = (local != name).then_some(local);
            path.push(Segment::Name(name, local));
        }
        UseTree::Glob(_) => path.push(Segment::Glob),
        UseTree::Group(group) => {
            let mut list = Vec::new();
            for tree in &group.items {
                list.push(Tree::of(tree, false, order)?);
            }
            match (list.as_mut_slice(), path.last_mut()) {
                ([], _) => return None,
                ([sole], Some(Segment::Name(_, alias))) if sole.is_renamed_self() => {
                    if let Some(Segment::Name(_, local)) = sole.0.pop() {
                        *alias = local;
                    }
                }
                ([sole], _) if !sole.is_self() => path.append(&mut sole.0),
                _ => {
                    list.sort_by(|a, b| a.compare(b, order));
                    list.dedup();
                    path.push(Segment::List(list));
                }
            }
        }
    }
    Some(())
}

impl Tree {
    fn is_self(&self) -> bool {
        matches!(self.0.as_slice(), [Segment::Name(name, None)] if name == "self")
    }

    fn is_renamed_self(&self) -> bool {
        matches!(self.0.as_slice(), [Segment::Name(name, Some(_))] if name == "self")
    }
}

impl Segment {
    fn rank(&self) -> u8 {
        match self {
            Self::Name(name, _) => match name.as_str() {
                "self" => 0,
                "super" => 1,
                "crate" => 2,
                _ => 3,
            },
            Self::Glob => 4,
            Self::List(_) => 5,
        }
    }

    fn compare(&self, other: &Self, order: Order, with_alias: bool) -> Ordering {
        let by_rank = self.rank().cmp(&other.rank());
        match (self, other) {
            _ if by_rank != Ordering::Equal => by_rank,
            (Self::Name(a, local), Self::Name(b, other)) => {
                let by_alias = match (local, other) {
                    _ if !with_alias => Ordering::Equal,
                    (Some(a), Some(b)) if order == Order::Version => versions(bare(a), bare(b)),
                    _ => local.cmp(other),
                };
                names(a, b, order).then(by_alias)
            }
            (Self::List(a), Self::List(b)) => {
                let mut pairs = a.iter().zip(b);
                let differ = pairs.find_map(|(a, b)| {
                    let found = a.compare(b, order);
                    (found != Ordering::Equal).then_some(found)
                });
                differ.unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            _ => Ordering::Equal,
        }
    }
}

fn bare(name: &str) -> &str {
    name.trim_start_matches("r#")
}

fn names(a: &str, b: &str, order: Order) -> Ordering {
    if order == Order::Version {
        return versions(bare(a), bare(b));
    }
    // snake_case before CamelCase before SCREAMING_CASE.
    let is_capital = |name: &str| name.starts_with(char::is_uppercase);
    let is_screaming = |name: &str| {
        let mut all = name.chars();
        all.all(|char| char.is_uppercase() || char == '_' || char.is_numeric())
    };
    is_capital(a)
        .cmp(&is_capital(b))
        .then(is_screaming(a).cmp(&is_screaming(b)))
        .then_with(|| a.cmp(b))
}

/// A part of a name as versions are compared.
enum Chunk<'n> {
    Underscore,
    Text(&'n str),
    Number(&'n str),
}

impl<'n> Chunk<'n> {
    /// The first chunk of a name, and what is behind it.
    fn first(name: &'n str) -> Option<(Self, &'n str)> {
        let first = name.chars().next()?;
        if first == '_' {
            return Some((Self::Underscore, &name[1..]));
        }
        let is_number = first.is_ascii_digit();
        let is_other = |char: char| char == '_' || char.is_ascii_digit() != is_number;
        let (own, rest) = name.split_at(name.find(is_other).unwrap_or(name.len()));
        let chunk = if is_number {
            Self::Number(own)
        } else {
            Self::Text(own)
        };
        Some((chunk, rest))
    }
}

/// Orders names so that numbers in them count as numbers.
fn versions(mut a: &str, mut b: &str) -> Ordering {
    let mut by_zeros = Ordering::Equal;
    loop {
        let (first, second) = match (Chunk::first(a), Chunk::first(b)) {
            (None, None) => return by_zeros,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some((first, rest)), Some((second, other))) => {
                (a, b) = (rest, other);
                (first, second)
            }
        };
        let order = match (first, second) {
            (Chunk::Underscore, Chunk::Underscore) => Ordering::Equal,
            (Chunk::Underscore, _) => Ordering::Less,
            (_, Chunk::Underscore) => Ordering::Greater,
            (Chunk::Number(a), Chunk::Number(b)) => {
                let (short, other) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
                let zeros = (b.len() - other.len()).cmp(&(a.len() - short.len()));
                by_zeros = by_zeros.then(zeros);
                short.len().cmp(&other.len()).then_with(|| short.cmp(other))
            }
            (Chunk::Text(a) | Chunk::Number(a), Chunk::Text(b) | Chunk::Number(b)) => a.cmp(b),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Writes a path into `room` characters, its lists broken where they do not fit.
fn write(path: &[Segment], indent: usize, mut room: usize) -> Option<String> {
    let mut text = String::new();
    for (at, segment) in path.iter().enumerate() {
        let own = match segment {
            Segment::Name(name, None) => name.clone(),
            Segment::Name(name, Some(local)) => format!("{name} as {local}"),
            Segment::Glob => "*".to_owned(),
            Segment::List(list) => write_list(list, indent, room)?,
        };
        text.push_str(&own);
        if at + 1 < path.len() {
            text.push_str("::");
            room = room.checked_sub(own.chars().count() + 2)?;
        }
    }
    Some(text)
}

fn write_list(list: &[Tree], indent: usize, room: usize) -> Option<String> {
    let inner = indent + 4;
    let line = WIDTH.checked_sub(inner + 1)?;
    let mut items = Vec::new();
    for tree in list {
        items.push(write(&tree.0, inner, line)?);
    }
    let is_nested = list
        .iter()
        .any(|tree| matches!(tree.0.last(), Some(Segment::List(_))));
    // The brackets, and as much again.
    let room = room.checked_sub(2)?.saturating_sub(2);
    let one_line = items.join(", ");
    if !is_nested && one_line.chars().count() <= room {
        return Some(format!("{{{one_line}}}"));
    }
    let indentation = " ".repeat(inner);
    let mut text = format!("{{\n{indentation}");
    let mut used = 0;
    let (mut was_path, mut was_broken) = (false, false);
    for (at, item) in items.iter().enumerate() {
        let is_path = item.contains("::");
        // The comma behind the last one counts only where a line was broken before.
        let is_last = at + 1 == items.len();
        let comma = usize::from(!is_last || was_broken);
        let needed = item.chars().count() + comma;
        let breaks = is_nested && (was_path || (at > 0 && is_path));
        if (used > 0 && used + 1 + needed > line) || breaks {
            text.push('\n');
            text.push_str(&indentation);
            used = 0;
            was_broken = true;
        } else if used > 0 {
            text.push(' ');
            used += 1;
        }
        text.push_str(item);
        text.push(',');
        used += needed;
        was_path = is_path;
    }
    text.push('\n');
    text.push_str(&" ".repeat(indent));
    text.push('}');
    Some(text)
}
