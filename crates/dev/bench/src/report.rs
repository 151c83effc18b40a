//! What a run of the benchmark found.

use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::sample::{Sample, Summary};

/// Everything that one run found.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Report {
    /// Where it ran.
    pub(crate) machine: Machine,
    /// Whether it was a short run, with fewer rounds and smaller hosts.
    pub(crate) quick: bool,
    /// What is to be reached, and what was.
    pub(crate) targets: Vec<Target>,
    /// What was measured.
    pub(crate) sections: Vec<Section>,
}

/// Rows that are measured side by side.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Section {
    /// What is done.
    pub(crate) title: String,
    /// How it is done, in a sentence or two.
    pub(crate) about: String,
    /// Unit of the values.
    pub(crate) unit: String,
    /// What the places of the rows count, where they have one: there is a plot then.
    pub(crate) axis: Option<String>,
    /// The rows. Ratios are to the first one, or to the first one at the same place.
    pub(crate) rows: Vec<Row>,
}

/// One way to do it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Row {
    /// Which way.
    pub(crate) name: String,
    /// How much is there already.
    pub(crate) at: Option<u32>,
    /// What it costs; none where it could not be measured.
    pub(crate) cost: Option<Summary>,
    /// Where it goes: medians, in the section's unit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) parts: Vec<Part>,
    /// What is to be known besides, or why it could not be measured.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) note: String,
}

/// A part of what one way costs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Part {
    /// What it is spent on.
    pub(crate) name: String,
    /// Half of the values are no greater.
    pub(crate) median: f64,
}

impl Row {
    pub(crate) fn new(name: &str, cost: Option<Summary>) -> Self {
        Self {
            name: name.into(),
            at: None,
            cost,
            parts: Vec::new(),
            note: String::new(),
        }
    }

    /// A way that could not be measured, and why.
    pub(crate) fn missing(name: &str, why: &str) -> Self {
        Self::new(name, None).note(why)
    }

    pub(crate) fn at(self, at: u32) -> Self {
        let at = Some(at);
        Self { at, ..self }
    }

    pub(crate) fn note(self, note: &str) -> Self {
        let note = note.into();
        Self { note, ..self }
    }

    /// Whether it is a driver of the daemon.
    pub(crate) fn is_ours(&self) -> bool {
        ["library", "exec"]
            .iter()
            .any(|driver| self.name.starts_with(driver))
    }

    /// With a part of the cost, where that was measured.
    pub(crate) fn part(mut self, name: &str, sample: &Sample) -> Self {
        self.parts.extend(sample.summary().map(|summary| Part {
            name: name.into(),
            median: summary.median,
        }));
        self
    }
}

/// A figure that is to be reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Target {
    /// What of.
    pub(crate) what: String,
    /// The bound, in words.
    pub(crate) must: String,
    /// What was found, in words.
    pub(crate) found: String,
    /// Whether it is reached; none where it was not measured.
    pub(crate) reached: Option<bool>,
}

impl Section {
    pub(crate) fn new(title: &str, about: &str, unit: &str) -> Self {
        Self {
            title: title.into(),
            about: about.into(),
            unit: unit.into(),
            axis: None,
            rows: Vec::new(),
        }
    }

    /// The section, with rows that have a place on an axis.
    pub(crate) fn along(mut self, axis: &str) -> Self {
        self.axis = Some(axis.into());
        self
    }

    pub(crate) fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// The median of a row.
    pub(crate) fn median(&self, name: &str, at: Option<u32>) -> Option<f64> {
        Some(self.row(name, at)?.cost?.median)
    }

    /// The median of a part of a row.
    pub(crate) fn median_of_part(&self, name: &str, at: Option<u32>, part: &str) -> Option<f64> {
        let mut parts = self.row(name, at)?.parts.iter();
        Some(parts.find(|found| found.name == part)?.median)
    }

    fn row(&self, name: &str, at: Option<u32>) -> Option<&Row> {
        let mut rows = self.rows.iter();
        rows.find(|row| row.name == name && row.at == at)
    }

    /// How a row compares to the first one at its place.
    pub(crate) fn ratio(&self, row: &Row) -> Option<f64> {
        let base = self.rows.iter().find(|base| base.at == row.at)?.cost?;
        Some(row.cost?.median / base.median)
    }

    /// The names of its rows, each once.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !names.contains(&row.name.as_str()) {
                names.push(&row.name);
            }
        }
        names
    }
}

impl Report {
    /// A report on which nothing is yet.
    pub(crate) fn of(machine: Machine, quick: bool) -> Self {
        Self {
            machine,
            quick,
            targets: Vec::new(),
            sections: Vec::new(),
        }
    }

    /// Takes over what an earlier run of the same kind on the same machine measured, so that parts
    /// can be measured one by one.
    pub(crate) fn keep(&mut self, earlier: Option<Self>) {
        let is_like =
            |earlier: &Self| earlier.machine == self.machine && earlier.quick == self.quick;
        self.sections = earlier
            .filter(is_like)
            .map_or_else(Vec::new, |found| found.sections);
    }

    /// Puts in what was measured, in the place of what was there under the same title.
    pub(crate) fn put(&mut self, measured: Vec<Section>) {
        for section in measured {
            let mut sections = self.sections.iter_mut();
            match sections.find(|old| old.title == section.title) {
                Some(old) => *old = section,
                None => self.sections.push(section),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(titles: &[&str], quick: bool) -> Report {
        let mut report = Report::of(Machine::this(), quick);
        report.put(
            titles
                .iter()
                .map(|title| Section::new(title, "old", "ms"))
                .collect(),
        );
        report
    }

    #[test]
    fn what_a_run_did_not_measure_is_kept_from_the_one_before() {
        let mut new = report(&[], false);
        new.keep(Some(report(&["a", "b"], false)));
        new.put(
            ["b", "c"]
                .map(|title| Section::new(title, "new", "ms"))
                .into(),
        );
        let sections = new.sections.iter();
        let sections: Vec<_> = sections
            .map(|section| [&*section.title, &*section.about])
            .collect();
        assert_eq!(sections, [["a", "old"], ["b", "new"], ["c", "new"]]);
    }

    #[test]
    fn a_full_run_keeps_no_figures_of_a_short_one() {
        let mut new = report(&[], false);
        new.keep(Some(report(&["a"], true)));
        assert!(new.sections.is_empty());
    }
}
