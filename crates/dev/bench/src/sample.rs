//! Measured values and what is said of them.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// Values of one thing that was measured several times.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample(Vec<f64>);

/// A sample in short. All in the unit of the section that it is part of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// Half of the values are no greater.
    pub(crate) median: f64,
    /// A tenth of the values is no greater.
    pub(crate) p10: f64,
    /// Nine tenths of the values are no greater.
    pub(crate) p90: f64,
    /// How many values there are.
    pub(crate) count: usize,
}

impl Sample {
    /// One value.
    pub(crate) fn once(value: f64) -> Self {
        Self(vec![value])
    }

    pub(crate) fn add(&mut self, value: f64) {
        self.0.push(value);
    }

    /// Adds how long something took, in milliseconds.
    pub(crate) fn add_time(&mut self, time: Duration) {
        self.add(milliseconds(time));
    }

    /// The sample in short; nothing where nothing was measured.
    pub(crate) fn summary(&self) -> Option<Summary> {
        let mut values = self.0.clone();
        values.sort_by(f64::total_cmp);
        let at = |share: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share of a number of values"
            )]
            let index = (share * values.len().saturating_sub(1) as f64).round() as usize;
            values.get(index).copied()
        };
        Some(Summary {
            median: at(0.5)?,
            p10: at(0.1)?,
            p90: at(0.9)?,
            count: values.len(),
        })
    }
}

impl Summary {
    /// One value.
    pub(crate) fn once(value: f64) -> Self {
        Self {
            median: value,
            p10: value,
            p90: value,
            count: 1,
        }
    }
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Does something and tells how long it took.
///
/// # Errors
/// Its error.
pub(crate) fn timed<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(T, Duration)> {
    let since = Instant::now();
    let done = work()?;
    Ok((done, since.elapsed()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_takes_the_values_by_rank() {
        let mut sample = Sample::default();
        for value in [5.0, 1.0, 9.0, 2.0, 3.0, 4.0, 6.0, 7.0, 8.0, 0.0, 10.0] {
            sample.add(value);
        }
        let summary = sample.summary().expect("there are values");
        assert_eq!(
            (summary.p10, summary.median, summary.p90, summary.count),
            (1.0, 5.0, 9.0, 11)
        );
    }

    #[test]
    fn a_sample_without_values_has_no_summary() {
        assert_eq!(Sample::default().summary(), None);
    }
}
