//! Types and paths as text that can be compared.

/// The names of a path without their arguments.
pub(super) fn bare_path<'p>(segments: impl Iterator<Item = &'p syn::PathSegment>) -> String {
    let names: Vec<String> = segments
        .map(|segment| super::uses::bare(&segment.ident))
        .collect();
    names.join("::")
}

/// A type as text that can be compared: names and punctuation without spaces or lifetimes.
pub(super) fn type_text(written: &syn::Type) -> String {
    match written {
        syn::Type::Path(path) if path.qself.is_none() => tokens_of(&path.path),
        syn::Type::Reference(reference) => {
            let mutable = if reference.mutability.is_some() {
                "mut "
            } else {
                ""
            };
            format!("&{mutable}{}", type_text(&reference.elem))
        }
        syn::Type::Paren(inner) => type_text(&inner.elem),
        syn::Type::Group(inner) => type_text(&inner.elem),
        syn::Type::Tuple(tuple) if tuple.elems.is_empty() => "()".to_owned(),
        // Never the same as another.
        _ => "?".to_owned(),
    }
}

/// The type arguments behind a name as text that can be compared; lifetimes are left out.
pub(super) fn type_arguments(arguments: &syn::PathArguments) -> Option<String> {
    let syn::PathArguments::AngleBracketed(list) = arguments else {
        return None;
    };
    let arguments: Vec<String> = list
        .args
        .iter()
        .filter_map(|argument| match argument {
            syn::GenericArgument::Type(written) => Some(type_text(written)),
            syn::GenericArgument::Lifetime(_) => None,
            _ => Some("?".to_owned()),
        })
        .collect();
    (!arguments.is_empty()).then(|| arguments.join(","))
}

pub(super) fn tokens_of(path: &syn::Path) -> String {
    let mut text = String::new();
    for (at, segment) in path.segments.iter().enumerate() {
        if at > 0 {
            text.push_str("::");
        }
        text.push_str(&super::uses::bare(&segment.ident));
        match &segment.arguments {
            syn::PathArguments::Parenthesized(_) => text.push('?'),
            arguments => {
                if let Some(arguments) = type_arguments(arguments) {
                    text.push('<');
                    text.push_str(&arguments);
                    text.push('>');
                }
            }
        }
    }
    text
}
