//! A report as tables, for a terminal and in Markdown.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::machine::Machine;
use crate::report::{Report, Row, Section, Target};

/// How tables are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Terminal,
    Markdown,
}

/// The whole report.
pub(crate) fn text(report: &Report, style: Style) -> String {
    let mut parts = vec![machine(&report.machine, report.quick)];
    parts.push(heading("Targets", style));
    parts.push(targets(&report.targets, style));
    for section in &report.sections {
        parts.push(heading(&section.title, style));
        parts.push(section.about.clone());
        parts.push(rows(section, style));
    }
    parts.join("\n\n") + "\n"
}

fn heading(title: &str, style: Style) -> String {
    match style {
        Style::Terminal => title.to_uppercase(),
        Style::Markdown => format!("## {title}"),
    }
}

/// The machine in a sentence or two.
pub(crate) fn machine(machine: &Machine, quick: bool) -> String {
    let Machine {
        processor,
        cores,
        memory,
        kernel,
        distribution,
        programs,
    } = machine;
    let kind = match quick {
        true => "Short run: few rounds on small hosts, good for a look and not for a comparison.",
        false => "Full run.",
    };
    format!(
        "{kind} {processor}, {cores} cores, {memory} MiB, Linux {kernel}, {distribution}; {}.",
        programs.join(", ")
    )
}

fn targets(targets: &[Target], style: Style) -> String {
    let mut table = table(&["what", "must", "found", ""], style);
    for target in targets {
        let verdict = verdict(target);
        table.add_row([&target.what, &target.must, &target.found, verdict]);
    }
    drawn(&table)
}

/// The verdict in a word.
pub(crate) fn verdict(target: &Target) -> &'static str {
    match target.reached {
        Some(true) => "reached",
        Some(false) => "MISSED",
        None => "not measured",
    }
}

fn rows(section: &Section, style: Style) -> String {
    let place = section.axis.as_deref();
    let columns = ["way", &section.unit, "p10", "p90", "ratio", "parts"];
    let header: Vec<&str> = place.into_iter().chain(columns).collect();
    let mut table = table(&header, style);
    let first = usize::from(place.is_some());
    for column in first + 1..first + 5 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for row in &section.rows {
        let at = place.map(|_| row.at.map_or_else(String::new, thousands));
        table.add_row(at.into_iter().chain(cells(section, row)));
    }
    drawn(&table)
}

fn cells(section: &Section, row: &Row) -> [String; 6] {
    let value = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), figure);
    let ratio = section.ratio(row);
    [
        row.name.clone(),
        value(row.cost.map(|cost| cost.median)),
        value(row.cost.map(|cost| cost.p10)),
        value(row.cost.map(|cost| cost.p90)),
        ratio.map_or_else(String::new, |ratio| format!("{}x", figure(ratio))),
        details(row),
    ]
}

/// The parts of a row's cost, and its note.
pub(crate) fn details(row: &Row) -> String {
    let parts = row.parts.iter();
    let parts = parts.map(|part| format!("{} {}", part.name, figure(part.median)));
    let note = (!row.note.is_empty()).then(|| row.note.replace('\n', "; "));
    parts.chain(note).collect::<Vec<_>>().join(", ")
}

/// A figure with three significant digits.
pub(crate) fn figure(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v if v >= 1.0 => format!("{v:.2}"),
        v => format!("{v:.3}"),
    }
}

/// A number with its thousands set apart.
pub(crate) fn thousands(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn table(header: &[&str], style: Style) -> Table {
    let mut table = Table::new();
    table
        .load_style(match style {
            Style::Terminal => presets::NOTHING,
            Style::Markdown => presets::ASCII_MARKDOWN,
        })
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header);
    table
}

fn drawn(table: &Table) -> String {
    let lines = table.lines().map(|line| line.trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Summary;

    #[test]
    fn rows_show_ratios_to_the_first_at_their_place_and_why_one_is_missing() {
        let mut section = Section::new("publish", "", "ms").along("ports");
        for (name, at, median) in [("a", 0, 0.25), ("b", 0, 2.5), ("a", 1_000, 0.5)] {
            section.push(Row::new(name, Some(Summary::once(median))).at(at));
        }
        section.push(Row::missing("b", "b is not there").at(1_000));
        let text = rows(&section, Style::Markdown);
        let lines: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split('|').map(str::trim).collect())
            .collect();
        assert_eq!(
            lines[2][1..7],
            ["0", "a", "0.250", "0.250", "0.250", "1.00x"]
        );
        assert_eq!(lines[3][6], "10.0x");
        assert_eq!(lines[4][6], "1.00x");
        assert_eq!(
            lines[5][1..],
            ["1,000", "b", "-", "-", "-", "", "b is not there", ""]
        );
    }

    #[test]
    fn figures_keep_three_digits() {
        let values = [0.0123, 1.234, 45.67, 8901.2].map(figure);
        assert_eq!(values, ["0.012", "1.23", "45.7", "8901"]);
        assert_eq!(
            [7, 1_000, 262_144].map(thousands),
            ["7", "1,000", "262,144"]
        );
    }
}
