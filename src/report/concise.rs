//! `concise`: one line a finding, as compilers and editors know it.

use std::fmt::Write;

use super::{Options, Report, one_line, summary};

/// The findings, a line each, then the summary.
pub(super) fn render(report: &Report, options: &Options<'_>) -> String {
    let style = options.style;
    let mut text = String::new();
    if options.statistics {
        text.push_str(&summary::statistics(report, style));
    } else {
        for it in &report.findings {
            let finding = &it.finding;
            let start = finding.location.start;
            let severity =
                style.strong(summary::color(finding.severity), finding.severity.as_str());
            let _ = writeln!(
                text,
                "{}:{}:{}: {severity}[{}] {}",
                style.bold(&one_line(&finding.location.path)),
                start.line,
                start.column,
                finding.check,
                one_line(&finding.message),
            );
        }
    }
    if options.summary {
        text.push_str(&summary::render(report, options));
    }
    text
}
