//! Which of several networks leads out of a namespace.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// How much a network is to be a namespace's way out: of the endpoints of one namespace, the one
/// with the highest priority has the default route in use. -100000 to 100000, 0 where none is given.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "i32", into = "i32")]
pub struct GatewayPriority(i32);

impl GatewayPriority {
    /// The lowest and the highest priority.
    const RANGE: std::ops::RangeInclusive<i32> = -100_000..=100_000;
    /// How many endpoints of one priority a namespace can have.
    pub const PLACES: u32 = 1000;

    /// The metric of the default route that an endpoint of this priority has in its namespace, in
    /// [`PLACES`](Self::PLACES) steps from this one on: the higher the priority, the lower the metric,
    /// and the kernel uses the lowest. All are above 1024, which it gives to IPv6 routes by itself.
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

fn invalid(given: &str, reason: impl ToString) -> Invalid {
    let hint = "give a whole number from -100000 to 100000";
    Invalid::new("gateway priority", given, reason.to_string(), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_higher_priority_has_the_lower_metrics() {
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
    fn what_is_no_priority_is_refused_wherever_it_comes_from() {
        for text in ["100001", "-100001", "99999999999", "high", ""] {
            text.parse::<GatewayPriority>().unwrap_err();
            serde_json::from_str::<GatewayPriority>(text).unwrap_err();
        }
        let read: GatewayPriority = serde_json::from_str("-7").unwrap();
        assert_eq!(read, "-7".parse().unwrap());
        assert_eq!(serde_json::to_string(&read).unwrap(), "-7");
    }
}
