//! A report as one page that needs nothing else.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::plot;
use crate::render::{details, figure, machine, thousands, verdict};
use crate::report::{Report, Row, Section};

const STYLE: &str = "
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
h2 { margin: 2.5rem 0 .5rem; font-size: 1.2rem; }
table { border-collapse: collapse; width: 100%; margin: .8rem 0; }
th, td { text-align: left; padding: .2rem .7rem .2rem 0; border-bottom: 1px solid #e4e4e4; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.bar { width: 14rem; }
td.bar span { display: block; height: .8rem; margin-top: .35rem; background: #d1492e; }
tr.ours td.bar span { background: #1b6ca8; }
td.details { color: #666; font-size: 13px; }
.reached { color: #2e7d4f; } .missed { color: #b3261e; font-weight: bold; } .unknown { color: #777; }
svg { max-width: 100%; height: auto; }
";

/// The page.
///
/// # Errors
/// When a plot cannot be drawn.
pub(crate) fn page(report: &Report) -> anyhow::Result<String> {
    let sections = report.sections.iter().map(section);
    let sections = sections.collect::<anyhow::Result<Vec<Markup>>>()?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Tidegate, measured" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Tidegate, measured" }
                p { (machine(&report.machine, report.quick)) }
                p {
                    "Everything was measured in one run, in turns, in fresh network namespaces. The tables have \
                     medians with the 10th and 90th percentiles. Bars and plots have logarithmic scales."
                }
                h2 { "Targets" }
                (targets(report))
                @for section in sections { (section) }
            }
        }
    };
    Ok(page.into_string())
}

fn targets(report: &Report) -> Markup {
    html! {
        table {
            tr { th { "what" } th { "must" } th { "found" } th {} }
            @for target in &report.targets {
                @let class = match target.reached {
                    Some(true) => "reached",
                    Some(false) => "missed",
                    None => "unknown",
                };
                tr {
                    td { (target.what) } td { (target.must) } td { (target.found) }
                    td class=(class) { (verdict(target)) }
                }
            }
        }
    }
}

fn section(section: &Section) -> anyhow::Result<Markup> {
    let plot = plot::svg(section)?;
    let scale = Scale::of(section);
    Ok(html! {
        h2 { (section.title) }
        p { (section.about) }
        @if let Some(plot) = plot { (PreEscaped(plot)) }
        table {
            tr {
                @if let Some(axis) = &section.axis { th.number { (axis) } }
                th { "way" } th.number { (section.unit) } th.number { "p10" } th.number { "p90" }
                th.number { "ratio" } th {} th { "parts" }
            }
            @for row in &section.rows { (self::row(section, row, scale)) }
        }
    })
}

fn row(section: &Section, row: &Row, scale: Option<Scale>) -> Markup {
    let value = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), figure);
    let cost = row.cost;
    let width = cost
        .zip(scale)
        .map(|(cost, scale)| scale.width(cost.median));
    let class = row.is_ours().then_some("ours");
    html! {
        tr class=[class] {
            @if section.axis.is_some() { td.number { (row.at.map_or_else(String::new, thousands)) } }
            td { (row.name) }
            td.number { (value(cost.map(|cost| cost.median))) }
            td.number { (value(cost.map(|cost| cost.p10))) }
            td.number { (value(cost.map(|cost| cost.p90))) }
            td.number { @if let Some(ratio) = section.ratio(row) { (figure(ratio)) "×" } }
            td.bar { @if let Some(width) = width { span style=(format!("width:{width:.1}%")) {} } }
            td.details { (details(row)) }
        }
    }
}

/// The logarithmic scale of a section's bars.
#[derive(Clone, Copy, Debug)]
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn of(section: &Section) -> Option<Self> {
        let values = section.rows.iter().filter_map(|row| Some(row.cost?.median));
        let values = values.filter(|value| *value > 0.0);
        // A third of a decade below the least, so that it has a bar too.
        let low = values.clone().min_by(f64::total_cmp)?.log10() - 0.3;
        let high = values.max_by(f64::total_cmp)?.log10();
        Some(Self { low, high })
    }

    /// Percent of the whole width.
    fn width(self, value: f64) -> f64 {
        match value > 0.0 {
            true => 100.0 * (value.log10() - self.low) / (self.high - self.low),
            false => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Machine;
    use crate::report::Target;
    use crate::sample::Summary;

    #[test]
    fn a_page_holds_every_row_and_asks_for_nothing_else() {
        let mut section = Section::new("publish <one>", "About it.", "ms").along("ports");
        section.push(Row::new("library", Some(Summary::once(0.25))).at(0));
        section.push(Row::missing("iptables", "it is not there").at(0));
        let report = Report {
            machine: Machine::this(),
            quick: false,
            targets: vec![Target {
                what: "publish".into(),
                must: "fast".into(),
                found: "0.25 ms".into(),
                reached: Some(true),
            }],
            sections: vec![section],
        };
        let page = page(&report).expect("it can be drawn");
        for text in [
            "publish &lt;one&gt;",
            "0.250",
            "it is not there",
            "reached",
            "<svg",
        ] {
            assert!(page.contains(text), "{text}");
        }
        for asked in ["<script", "<link", "src=", "@import", "url("] {
            assert!(!page.contains(asked), "{asked}");
        }
    }

    #[test]
    fn bars_are_on_a_logarithmic_scale() {
        let scale = Scale {
            low: -1.0,
            high: 1.0,
        };
        assert!((scale.width(1.0) - 50.0).abs() < 1e-9);
        assert!((scale.width(10.0) - 100.0).abs() < 1e-9);
        assert!(scale.width(0.0).abs() < 1e-9);
    }
}
