//! Formatting that runs the implementation it stands in: `write!(f, "{self}")` in `Display::fmt`.
//!
//! Owns the reading of format strings, as far as it tells which argument is formatted by which trait.

use syn::Expr;
use syn::punctuated::Punctuated;
use syn::token::Comma;

use super::expressions::ident_of;
use super::extract::Extractor;
use super::operators::behind;

impl Extractor<'_> {
    /// Formatting runs the implementation of what is formatted.
    pub(super) fn formatted(&mut self, mac: &syn::Macro, arguments: &Punctuated<Expr, Comma>) {
        let Some(name) = mac.path.segments.last().map(|last| last.ident.to_string()) else {
            return;
        };
        let at = match name.as_str() {
            "write" | "writeln" => 1,
            "format" | "format_args" | "print" | "println" | "eprint" | "eprintln" => 0,
            _ => return,
        };
        let Some(Expr::Lit(literal)) = arguments.iter().nth(at) else {
            return;
        };
        let syn::Lit::Str(text) = &literal.lit else {
            return;
        };
        let given: Vec<&Expr> = arguments.iter().skip(at + 1).collect();
        for placeholder in placeholders(&text.value()) {
            let of_trait = trait_of(&placeholder.kind);
            let is_receiver = match &placeholder.argument {
                Argument::Name(name) => {
                    name == "self"
                        || named(&given, name).is_some_and(|expr| self.is_formatted(expr))
                }
                Argument::Place(place) => given
                    .get(*place)
                    .is_some_and(|expr| self.is_formatted(expr)),
            };
            if is_receiver && self.implements(of_trait, "fmt") {
                let span = self.span(text.span());
                self.own_call(span);
            }
        }
    }

    /// Whether what is formatted is the receiver, however many references are taken of it.
    fn is_formatted(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Reference(inner) => self.is_formatted(&inner.expr),
            other => self.is_receiver(behind(other).unwrap_or(other)),
        }
    }
}

/// A `{…}` of a format.
struct Placeholder {
    argument: Argument,
    kind: String,
}

enum Argument {
    Name(String),
    Place(usize),
}

fn trait_of(kind: &str) -> &'static str {
    match kind {
        "" => "Display",
        "?" => "Debug",
        "x" => "LowerHex",
        "X" => "UpperHex",
        "b" => "Binary",
        "o" => "Octal",
        "e" => "LowerExp",
        "E" => "UpperExp",
        "p" => "Pointer",
        _ => "",
    }
}

fn named<'e>(given: &[&'e Expr], name: &str) -> Option<&'e Expr> {
    given.iter().find_map(|expr| match expr {
        Expr::Assign(assign) if ident_of(&assign.left).is_some_and(|ident| ident == name) => {
            Some(&*assign.right)
        }
        _ => None,
    })
}

/// The placeholders of a format string. One that takes its width from another argument is left out with all behind it.
fn placeholders(text: &str) -> Vec<Placeholder> {
    let mut found = Vec::new();
    let mut next = 0;
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let opens = rest.as_bytes()[at] == b'{';
        rest = &rest[at + 1..];
        if rest.starts_with(['{', '}']) && rest.as_bytes()[0] == if opens { b'{' } else { b'}' } {
            rest = &rest[1..];
            continue;
        }
        if !opens {
            continue;
        }
        let Some(end) = rest.find('}') else { break };
        let (argument, spec) = rest[..end].split_once(':').unwrap_or((&rest[..end], ""));
        if spec.contains(['$', '*']) {
            break;
        }
        let argument = match argument.trim() {
            "" => {
                next += 1;
                Argument::Place(next - 1)
            }
            number if number.starts_with(|ch: char| ch.is_ascii_digit()) => number
                .parse()
                .map_or(Argument::Place(usize::MAX), Argument::Place),
            name => Argument::Name(name.to_owned()),
        };
        let spec = spec.trim();
        let letters = spec
            .chars()
            .rev()
            .take_while(|ch| ch.is_alphabetic() || *ch == '?');
        let kind: String = letters.collect::<Vec<_>>().into_iter().rev().collect();
        found.push(Placeholder { argument, kind });
        rest = &rest[end + 1..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read_as_the_compiler_does() {
        let kinds = |text: &str| -> Vec<String> {
            let all = placeholders(text).into_iter();
            all.map(|one| {
                let argument = match one.argument {
                    Argument::Name(name) => name,
                    Argument::Place(place) => place.to_string(),
                };
                format!("{argument}:{}", one.kind)
            })
            .collect()
        };
        assert_eq!(kinds("a {} {{}} {:?} {self}"), ["0:", "1:?", "self:"]);
        assert_eq!(
            kinds("{0} {x:>8} {1:#x} {:>5.2}"),
            ["0:", "x:", "1:x", "0:"]
        );
        assert!(kinds("{:1$} {}").is_empty());
        assert!(kinds("}} {{").is_empty());
    }
}
