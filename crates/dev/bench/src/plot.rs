//! Plots of what grows, as SVG.

use plotters::prelude::*;

use crate::render::{figure, thousands};
use crate::report::Section;

const SIZE: (u32, u32) = (760, 340);
/// Colours of the lines, in the order of the rows.
const COLOURS: [RGBColor; 6] = [
    RGBColor(0x1b, 0x6c, 0xa8),
    RGBColor(0xd1, 0x49, 0x2e),
    RGBColor(0x2e, 0x8b, 0x57),
    RGBColor(0x8e, 0x44, 0xad),
    RGBColor(0xb7, 0x95, 0x0b),
    RGBColor(0x55, 0x55, 0x55),
];

/// What a section's rows cost along its axis, on two logarithmic scales; nothing where it has no
/// axis or nothing was measured.
///
/// # Errors
/// When it cannot be drawn.
pub(crate) fn svg(section: &Section) -> anyhow::Result<Option<String>> {
    let Some(axis) = &section.axis else {
        return Ok(None);
    };
    let lines = lines(section);
    let Some(ranges) = ranges(&lines) else {
        return Ok(None);
    };
    let mut svg = String::new();
    draw(&mut svg, section, axis, &lines, ranges).map_err(anyhow::Error::msg)?;
    Ok(Some(svg))
}

/// A way, and its points.
type Line<'a> = (&'a str, Vec<(f64, f64)>);

fn lines(section: &Section) -> Vec<Line<'_>> {
    let points = |name: &str| {
        let rows = section.rows.iter().filter(|row| row.name == name);
        let points = rows.filter_map(|row| Some((place(row.at?), row.cost?.median)));
        points.filter(|(_, value)| *value > 0.0).collect()
    };
    let names = section.names().into_iter();
    names.map(|name| (name, points(name))).collect()
}

/// Where a count is: a logarithmic scale has no zero, so that it is put at one.
fn place(count: u32) -> f64 {
    f64::from(count.max(1))
}

type Range = std::ops::Range<f64>;

fn ranges(lines: &[Line]) -> Option<(Range, Range)> {
    let points = || lines.iter().flat_map(|(_, points)| points);
    let (xs, ys) = (points().map(|point| point.0), points().map(|point| point.1));
    let most = |values: &mut dyn Iterator<Item = f64>| values.max_by(f64::total_cmp);
    let (x, high) = (most(&mut xs.into_iter())?, most(&mut ys.clone())?);
    let low = ys.min_by(f64::total_cmp)?;
    // Whole decades, so that no line looks steeper than it is.
    let (below, above) = (low.log10().floor(), high.log10().ceil());
    let above = above.max(below + 1.0);
    Some((0.9..x * 1.2, 10_f64.powf(below)..10_f64.powf(above)))
}

fn draw(
    svg: &mut String,
    section: &Section,
    axis: &str,
    lines: &[Line],
    (x, y): (Range, Range),
) -> Result<(), String> {
    let text = |error: DrawingAreaErrorKind<_>| error.to_string();
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    area.fill(&WHITE).map_err(text)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(60)
        .build_cartesian_2d(x.log_scale(), y.log_scale())
        .map_err(text)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.12))
        .x_label_formatter(&|x| thousands(whole(*x)))
        .y_label_formatter(&|y| figure(*y))
        .x_desc(format!("{axis} (none is drawn at 1)"))
        .y_desc(section.unit.as_str())
        .draw()
        .map_err(text)?;
    for ((name, points), colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let line = LineSeries::new(points.iter().copied(), colour.stroke_width(2)).point_size(3);
        chart
            .draw_series(line)
            .map_err(text)?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.2))
        .draw()
        .map_err(text)?;
    area.present().map_err(text)
}

/// A place on the axis as the count that it stands for.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places are counts of at least one"
)]
fn whole(place: f64) -> u32 {
    place.round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Row;
    use crate::sample::Summary;

    #[test]
    fn a_section_with_an_axis_is_drawn_with_a_line_for_each_way() {
        let mut section = Section::new("publish", "", "ms").along("ports");
        for (name, at, median) in [("ours", 0, 0.2), ("ours", 1_000, 0.3), ("theirs", 0, 40.0)] {
            section.push(Row::new(name, Some(Summary::once(median))).at(at));
        }
        let drawn = svg(&section)
            .expect("it can be drawn")
            .expect("it has an axis");
        assert!(drawn.starts_with("<svg"), "{drawn}");
        for text in ["ours", "theirs", "ports", "ms"] {
            assert!(drawn.contains(text), "{text}: {drawn}");
        }
        let lines = lines(&section);
        let (_, y) = ranges(&lines).expect("there are points");
        assert_eq!((y.start, y.end), (0.1, 100.0));
    }

    #[test]
    fn what_was_not_measured_is_not_drawn() {
        let mut section = Section::new("publish", "", "ms").along("ports");
        section.push(Row::missing("ours", "not there").at(0));
        assert_eq!(svg(&section).expect("nothing fails"), None);
        assert_eq!(
            svg(&Section::new("update", "", "ms")).expect("nothing fails"),
            None
        );
    }
}
