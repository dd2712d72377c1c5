//! `full`: each finding with its code, its evidence and what to do.

use std::fmt::Write;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use colored::Color;

use super::frame::{self, Frame};
use super::{Options, Report, Sources, Style, one_line, summary};
use crate::diagnostic::{Finding, Severity};
use crate::span::LineIndex;

/// The findings, each with its frame, then the summary.
pub(super) fn render(report: &Report, options: &Options<'_>) -> String {
    let mut text = String::new();
    if options.statistics {
        text.push_str(&summary::statistics(report, options.style));
    } else {
        let renderer = renderer(options.style.color);
        let mut open = Open::default();
        for it in &report.findings {
            let frame = open.frame(&it.finding, options.sources);
            push_finding(&mut text, &it.finding, frame, &renderer, options.style);
            text.push('\n');
        }
    }
    if options.summary {
        text.push_str(&summary::render(report, options));
    }
    text
}

/// Title, place, frame and notes. The place is written here, since the renderer would work out the column from the
/// frame, and a frame may have lost the start of its line.
fn push_finding(
    text: &mut String,
    finding: &Finding,
    frame: Option<Frame>,
    renderer: &Renderer,
    style: Style,
) {
    let title = level(finding.severity)
        .primary_title(one_line(&finding.message))
        .id(finding.check);
    text.push_str(&renderer.render(&[Group::with_title(title)]));
    let start = finding.location.start;
    let indent = frame
        .as_ref()
        .map_or(0, |frame| frame.last_line().to_string().len());
    let arrow = style.strong(Color::BrightBlue, "-->");
    let path = one_line(&finding.location.path);
    let _ = writeln!(
        text,
        "\n{:indent$}{arrow} {path}:{}:{}",
        "", start.line, start.column
    );
    let body = body(finding, frame);
    if !body.is_empty() {
        text.push_str(&renderer.render(&[body]));
        text.push('\n');
    }
}

fn renderer(color: bool) -> Renderer {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    // Frames come cut to size.
    renderer
        .decor_style(DecorStyle::Ascii)
        .term_width(4 * frame::WIDTH)
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    }
}

/// The frame and what is to be said below it.
fn body(finding: &Finding, frame: Option<Frame>) -> Group<'_> {
    let mut group = Group::with_level(level(finding.severity));
    if let Some(frame) = frame {
        group = group.element(
            Snippet::source(frame.text)
                .line_start(frame.first_line)
                .annotation(AnnotationKind::Primary.span(frame.span)),
        );
    }
    for hop in &finding.evidence {
        let at = &hop.location;
        let note = format!("{}:{}: {}", at.path, at.start.line, hop.message);
        group = group.element(Level::NOTE.message(one_line(&note).into_owned()));
    }
    if let Some(rule) = &finding.rule {
        let rule = match &finding.priority {
            Some(priority) => format!("{rule} ({priority})"),
            None => rule.to_string(),
        };
        group = group.element(
            Level::NOTE
                .with_name("rule")
                .message(one_line(&rule).into_owned()),
        );
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(one_line(help)));
    }
    if let Some(fix) = &finding.fix {
        let name = format!("fix ({})", fix.applicability.as_str());
        group = group.element(Level::HELP.with_name(name).message(one_line(&fix.message)));
    }
    if let Some(refusal) = &finding.refusal {
        group = group.element(Level::NOTE.with_name("no fix").message(one_line(refusal)));
    }
    group
}

/// The file that the last frame came from: findings are sorted by path, so one is enough.
#[derive(Default)]
struct Open {
    path: Option<Arc<str>>,
    file: Option<(Arc<str>, LineIndex)>,
}

impl Open {
    fn frame(&mut self, finding: &Finding, sources: Sources<'_>) -> Option<Frame> {
        let location = &finding.location;
        if self.path.as_ref() != Some(&location.path) {
            self.path = Some(Arc::clone(&location.path));
            self.file = sources(&location.path).map(|text| {
                let lines = LineIndex::new(&text);
                (text, lines)
            });
        }
        let (text, lines) = self.file.as_ref()?;
        frame::cut(text, lines, location.start, location.end)
    }
}
