//! Where output goes, and whether it may be coloured.

use std::io::{self, IsTerminal, Write};

use super::args::ColorChoice;
use crate::report::Style;

/// The two streams of a run.
pub struct Console<'a> {
    /// Results.
    pub out: &'a mut dyn Write,
    /// Everything else.
    pub err: &'a mut dyn Write,
    /// What there is to know of the surroundings.
    pub env: Environment,
}

/// The surroundings that decide about colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Whether results go to a terminal that shows colours.
    pub out_terminal: bool,
    /// Whether the rest does.
    pub err_terminal: bool,
    /// `FORCE_COLOR`: colours even without a terminal, or none even with one.
    pub force_color: Option<bool>,
    /// `NO_COLOR`.
    pub no_color: bool,
}

impl Environment {
    /// The surroundings of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        // CI logs show colours whatever they call their terminal.
        let capable = set("CI").is_some() || set("TERM").is_none_or(|term| term != "dumb");
        Self {
            out_terminal: capable && io::stdout().is_terminal(),
            err_terminal: capable && io::stderr().is_terminal(),
            force_color: set("FORCE_COLOR").map(|value| value != "0" && value != "false"),
            no_color: set("NO_COLOR").is_some(),
        }
    }

    /// The style of results.
    pub(super) fn out(self, choice: ColorChoice) -> Style {
        self.style(choice, self.out_terminal)
    }

    /// The style of everything else.
    pub(super) fn err(self, choice: ColorChoice) -> Style {
        self.style(choice, self.err_terminal)
    }

    /// The style of results that go to a file, whatever the surroundings.
    pub(super) fn file(choice: ColorChoice) -> Style {
        Style {
            color: choice == ColorChoice::Always,
        }
    }

    fn style(self, choice: ColorChoice, terminal: bool) -> Style {
        let color = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => self.force_color.unwrap_or(!self.no_color && terminal),
        };
        Style { color }
    }
}

impl Console<'_> {
    /// Writes results. A reader that went away, such as `head`, is no error.
    pub(super) fn print(&mut self, text: &str) -> io::Result<()> {
        self.print_bytes(text.as_bytes())
    }

    /// The same for results that are not all text.
    pub(super) fn print_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.out.write_all(bytes).and_then(|()| self.out.flush());
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// Writes anything else. When even that fails there is nobody left to tell.
    pub(super) fn tell(&mut self, text: &str) {
        let _ = self.err.write_all(text.as_bytes());
        let _ = self.err.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_beats_the_environment_beats_the_terminal() {
        let mut env = Environment {
            out_terminal: true,
            ..Environment::default()
        };
        assert!(env.out(ColorChoice::Auto).color);
        assert!(!env.err(ColorChoice::Auto).color);
        env.no_color = true;
        assert!(!env.out(ColorChoice::Auto).color);
        assert!(env.out(ColorChoice::Always).color);
        env.force_color = Some(true);
        assert!(env.err(ColorChoice::Auto).color);
        assert!(!env.err(ColorChoice::Never).color);
        env.force_color = Some(false);
        assert!(!env.out(ColorChoice::Auto).color);
    }

    #[test]
    fn files_get_no_colours_unless_asked_for() {
        assert!(!Environment::file(ColorChoice::Auto).color);
        assert!(Environment::file(ColorChoice::Always).color);
    }
}
