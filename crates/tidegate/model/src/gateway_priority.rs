//! Which of several networks gives a namespace its default route.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// Gateway priority: of the endpoints of a namespace, the one with the highest priority provides the default route.
/// From -100000 to 100000, default 0.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "i32", into = "i32")]
pub struct GatewayPriority(i32);

impl GatewayPriority {
    /// The lowest and the highest priority.
    const RANGE: std::ops::RangeInclusive<i32> = -100_000..=100_000;
    /// The kernel's default metric of IPv6 routes, also those of router advertisements (`ra_defrtr_metric` in
    /// ip-sysctl of the kernel documentation).
    pub const KERNELS_METRIC: u32 = 1024;

    /// The metric of an endpoint's default route for this priority, unless it is in use. A higher priority gives a
    /// lower metric, and the kernel uses the lowest. All are from 1 to 1023, below the metric of router
    /// advertisements. Priorities near 0 have distant metrics; priorities far from 0 share one.
    pub fn metric(self) -> u32 {
        const AT_ZERO: u32 = 512;
        /// Metrics that stay free after priority 0, for further endpoints of that priority.
        const AFTER_ZERO: u32 = 64;
        let distance = |step| step + logarithm(self.0.unsigned_abs(), step);
        match self.0 {
            1.. => AT_ZERO - distance(28),
            0 => AT_ZERO,
            ..0 => AT_ZERO + AFTER_ZERO + distance(24),
        }
    }

    /// How many endpoints of one priority a namespace can have that has one of an older release.
    pub const PLACES: u32 = 1000;

    /// As [`metric`](Self::metric), in [`PLACES`](Self::PLACES) steps from this one on, where an endpoint of an older
    /// release has such a metric, or the kernel's own. All are above that.
    pub fn first_metric(self) -> u32 {
        let below_highest = Self::RANGE.end().abs_diff(self.0);
        (below_highest + Self::RANGE.end().unsigned_abs()) * Self::PLACES
    }
}

impl TryFrom<i32> for GatewayPriority {
    type Error = Invalid;

    fn try_from(number: i32) -> Result<Self, Invalid> {
        match Self::RANGE.contains(&number) {
            true => Ok(Self(number)),
            false => Err(invalid(&number.to_string(), "it is out of range")),
        }
    }
}

impl From<GatewayPriority> for i32 {
    fn from(priority: GatewayPriority) -> Self {
        priority.0
    }
}

impl FromStr for GatewayPriority {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let number: i32 = text.parse().map_err(|error| invalid(text, error))?;
        number.try_into()
    }
}

impl fmt::Display for GatewayPriority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The binary logarithm of a number above 0, in steps of one so high. Between powers of two it is a line.
fn logarithm(number: u32, step: u32) -> u32 {
    let whole = number.ilog2();
    let power = 1 << whole;
    whole * step + (number - power) * step / power
}

fn invalid(given: &str, reason: impl ToString) -> Invalid {
    let hint = "give a whole number from -100000 to 100000";
    Invalid::new("gateway priority", given, reason.to_string(), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_priority_has_a_lower_metric_and_every_metric_is_below_the_kernels_own() {
        let metric = |priority: i32| GatewayPriority(priority).metric();
        let metrics: Vec<u32> = GatewayPriority::RANGE.map(metric).collect();
        assert!(metrics.is_sorted_by(|one, next| one >= next));
        assert!(metrics[0] < GatewayPriority::KERNELS_METRIC);
        assert!(*metrics.last().unwrap() > 0);
        assert_eq!(metric(0), 512);
        for near in -10..10 {
            assert!(metric(near) - metric(near + 1) >= 2, "{near}");
        }
    }

    #[test]
    fn in_older_releases_a_higher_priority_had_lower_metrics() {
        let metrics = |text: &str| {
            let first = text.parse::<GatewayPriority>().unwrap().first_metric();
            first..first + GatewayPriority::PLACES
        };
        let ordered = ["100000", "10", "0", "-1", "-100000"].map(metrics);
        assert!(ordered.is_sorted_by(|one, next| one.end <= next.start));
        assert!(ordered[0].start > 1024);
        assert_eq!(ordered[2].start, 200_000_000);
    }

    #[test]
    fn an_invalid_priority_is_refused_from_every_source() {
        for text in ["100001", "-100001", "99999999999", "high", ""] {
            text.parse::<GatewayPriority>().unwrap_err();
            serde_json::from_str::<GatewayPriority>(text).unwrap_err();
        }
        let read: GatewayPriority = serde_json::from_str("-7").unwrap();
        assert_eq!(read, "-7".parse().unwrap());
        assert_eq!(serde_json::to_string(&read).unwrap(), "-7");
    }

    #[test]
    fn metrics_follow_the_logarithm_of_the_priority() {
        for (priority, metric) in [
            (1, 484),
            (2, 456),
            (3, 442),
            (4, 428),
            (100_000, 22),
            (-1, 600),
            (-2, 624),
            (-3, 636),
            (-100_000, 996),
        ] {
            assert_eq!(GatewayPriority(priority).metric(), metric, "{priority}");
        }
        assert_eq!(GatewayPriority(-3).to_string(), "-3");
        assert_eq!(i32::from(GatewayPriority(-3)), -3);
        assert_eq!(GatewayPriority(10).first_metric(), 199_990_000);
    }
}
