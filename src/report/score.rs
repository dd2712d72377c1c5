//! The score, as JSON and as a table.

use std::fmt::Write;

use colored::Color;
use serde::Serialize;

use super::json::to_json;
use super::{Report, Style, summary};
use crate::score::{rounded, rounded_against};

/// The `score` object of the JSON report.
#[derive(Serialize)]
pub(super) struct Wire {
    overall: Option<f64>,
    min: Option<f64>,
    passed: bool,
    areas: Vec<AreaWire>,
}

#[derive(Serialize)]
struct AreaWire {
    area: &'static str,
    compliant: u64,
    governed: u64,
    score: Option<f64>,
    weight: f64,
}

impl Wire {
    pub(super) fn of(report: &Report) -> Self {
        let min = report.gate.min_score;
        let areas = report.score.areas().iter();
        Self {
            overall: report
                .score
                .overall()
                .map(|score| rounded_against(score, min)),
            min,
            passed: report.verdict().passed(),
            areas: areas
                .map(|area| AreaWire {
                    area: area.area.as_str(),
                    compliant: area.tally.compliant(),
                    governed: area.tally.governed(),
                    score: area.score().map(rounded),
                    weight: area.weight,
                })
                .collect(),
        }
    }
}

/// The score alone as JSON, the same object as in the whole report.
#[must_use]
pub fn score_json(report: &Report) -> String {
    to_json(&Wire::of(report))
}

/// The areas as a table, then the overall score and what the gate says.
#[must_use]
pub fn score_text(report: &Report, style: Style) -> String {
    let mut text = String::new();
    for area in report.score.areas() {
        let score = area.score().map(rounded).unwrap_or_default();
        let of = format!("{} of {}", area.tally.compliant(), area.tally.governed());
        let color = if score < 100.0 {
            Color::Yellow
        } else {
            Color::Green
        };
        let shown = style.paint(color, &format!("{score:>5.1}"));
        let _ = writeln!(
            text,
            "{:<12}{shown}  {of:<20} weight {}",
            area.area.as_str(),
            area.weight
        );
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&summary::gate_line(report, style));
    text
}
