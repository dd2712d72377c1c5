//! Colours of text reports.

use colored::Color;

/// Paints text, or leaves it alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether escape codes are written.
    pub color: bool,
}

impl Style {
    /// `text` in bold.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// `text` in a colour.
    #[must_use]
    pub fn paint(self, color: Color, text: &str) -> String {
        self.wrap(&color.to_fg_str(), text)
    }

    /// `text` in a colour, in bold.
    #[must_use]
    pub fn strong(self, color: Color, text: &str) -> String {
        self.wrap(&format!("1;{}", color.to_fg_str()), text)
    }

    // `colored` itself would ask the process's environment; here the caller has decided, for this one output.
    fn wrap(self, codes: &str, text: &str) -> String {
        if self.color {
            format!("\x1b[{codes}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}
