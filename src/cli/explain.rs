//! `explain`: a check's page, lightly dressed for a terminal, or a rule pack's rules.

use anyhow::{Result, bail};
use colored::Color;

use crate::config::{pack, pack_names};
use crate::report::Style;
use crate::suggest::did_you_mean;

/// The page of the check `name`, or the rules of the pack of that name.
pub(super) fn page(name: &str, checks: &[(&str, &str)], style: Style) -> Result<String> {
    if let Some((_, page)) = checks.iter().find(|(check, _)| *check == name) {
        return Ok(dress(page, style));
    }
    if let Some(rules) = pack(name) {
        return Ok(rules.to_owned());
    }
    let mut known: Vec<&str> = pack_names().collect();
    known.extend(checks.iter().map(|(check, _)| *check));
    bail!(
        "there is no check and no pack `{name}`{}",
        did_you_mean(name, known)
    )
}

/// Without colours, a page is shown as it is.
fn dress(page: &str, style: Style) -> String {
    if !style.color {
        return page.to_owned();
    }
    let mut text = String::with_capacity(page.len());
    let mut in_code = false;
    for line in page.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
            continue;
        }
        if in_code {
            text.push_str("    ");
            text.push_str(&style.paint(Color::Green, line));
        } else if line.starts_with('#') {
            text.push_str(&style.bold(line.trim_start_matches('#').trim_start()));
        } else {
            push_inline(&mut text, line, style);
        }
        text.push('\n');
    }
    text
}

/// Colours `code` between backquotes.
fn push_inline(text: &mut String, line: &str, style: Style) {
    let mut parts = line.split('`');
    text.push_str(parts.next().unwrap_or_default());
    while let Some(code) = parts.next() {
        if let Some(after) = parts.next() {
            text.push_str(&style.paint(Color::Cyan, code));
            text.push_str(after);
        } else {
            // A backquote without its partner.
            text.push('`');
            text.push_str(code);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const PAGE: &str = "# gateway\n\nUse `a` or `b.\n\n```python\nx = `1`\n```\n";

    #[test]
    fn plain_pages_are_left_alone() {
        let checks = [("gateway", PAGE)];
        let text = page("gateway", &checks, Style { color: false }).unwrap();
        assert_eq!(text, PAGE);
    }

    #[test]
    fn pages_are_dressed() {
        let text = dress(PAGE, Style { color: true });
        insta::assert_snapshot!(text.replace('\x1b', "^"), @"
        ^[1mgateway^[0m

        Use ^[36ma^[0m or `b.

            ^[32mx = `1`^[0m
        ");
    }

    #[test]
    fn a_typo_is_answered() {
        let error = page("gatewya", &[("gateway", PAGE)], Style::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no check and no pack `gatewya`; did you mean `gateway`?"
        );
    }
}
