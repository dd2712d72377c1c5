//! `github`: workflow commands that GitHub Actions shows as annotations.

use std::fmt::Write;

use super::{Options, Report};
use crate::diagnostic::{Finding, Severity};

/// One command a finding.
pub(super) fn render(report: &Report, _: &Options<'_>) -> String {
    let mut text = String::new();
    for it in &report.findings {
        command(&mut text, &it.finding);
    }
    text
}

fn command(text: &mut String, finding: &Finding) {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let (start, end) = (finding.location.start, finding.location.end);
    let file = property(&finding.location.path);
    let _ = write!(text, "::{level} file={file},line={}", start.line);
    // GitHub drops an annotation that has columns but spans lines.
    if start.line == end.line {
        let _ = write!(
            text,
            ",col={},endLine={},endColumn={}",
            start.column, end.line, end.column
        );
    } else {
        let _ = write!(text, ",endLine={}", end.line);
    }
    let title = property(&format!("ssot {}", finding.check));
    let _ = writeln!(text, ",title={title}::{}", data(&body(finding)));
}

fn body(finding: &Finding) -> String {
    let mut body = finding.message.clone();
    for hop in &finding.evidence {
        let at = &hop.location;
        let _ = write!(body, "\n{}:{}: {}", at.path, at.start.line, hop.message);
    }
    if let Some(help) = &finding.help {
        let _ = write!(body, "\nhelp: {help}");
    }
    body
}

/// Escapes the text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes the value of a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
