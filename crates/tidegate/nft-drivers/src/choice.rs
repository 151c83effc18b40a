//! Choosing a driver.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use tidegate_nft::{Driver, Error};
use tidegate_sys::Location;

use crate::entry::{Entry, Programs};
use crate::table::DRIVERS;

/// Which driver is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(into = "&'static str")]
pub enum DriverChoice {
    /// The best that is compiled in and opens.
    #[default]
    Auto,
    /// The one of this name, or an error.
    Named(&'static str),
}

const AUTO: &str = "auto";

/// A text that names no driver.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown nft driver `{name}`: it is one of {known}", known = known())]
pub struct UnknownDriver {
    name: String,
}

fn known() -> String {
    let names = DRIVERS.iter().map(|entry| entry.name);
    std::iter::once(AUTO)
        .chain(names)
        .collect::<Vec<_>>()
        .join(", ")
}

impl FromStr for DriverChoice {
    type Err = UnknownDriver;

    fn from_str(text: &str) -> Result<Self, UnknownDriver> {
        if text == AUTO {
            return Ok(Self::Auto);
        }
        let found = DRIVERS.iter().find(|entry| entry.name == text);
        let unknown = || UnknownDriver {
            name: text.to_owned(),
        };
        Ok(Self::Named(found.ok_or_else(unknown)?.name))
    }
}

impl<'de> Deserialize<'de> for DriverChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl From<DriverChoice> for &'static str {
    fn from(choice: DriverChoice) -> Self {
        match choice {
            DriverChoice::Auto => AUTO,
            DriverChoice::Named(name) => name,
        }
    }
}

impl fmt::Display for DriverChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str((*self).into())
    }
}

impl DriverChoice {
    /// The driver that takes over under `auto` if the one of this name fails: the next best that is compiled in.
    #[must_use]
    pub fn standby_of(name: &str) -> Option<Self> {
        let drivers = DRIVERS.iter().skip_while(|entry| entry.name != name);
        let next = drivers.skip(1).find(|entry| entry.is_built)?;
        Some(Self::Named(next.name))
    }
}

/// A driver that was chosen.
pub struct Opened {
    /// The driver.
    pub driver: Box<dyn Driver>,
    /// Why it is this one.
    pub why: String,
    /// Why it is not the preferred driver, if that could not be opened. Report this.
    pub fallback: Option<String>,
}

/// Opens the driver that is wanted.
///
/// # Errors
/// If the named driver, or the last choice of `auto`, cannot be opened.
pub fn open(
    choice: DriverChoice,
    location: Location,
    programs: &Programs,
) -> Result<Opened, Error> {
    match choice {
        DriverChoice::Auto => best(&DRIVERS, &location, programs),
        DriverChoice::Named(name) => {
            let entry = DRIVERS.iter().find(|entry| entry.name == name);
            let unknown = || Error::gone(format!("there is no driver {name}"));
            Ok(Opened {
                driver: (entry.ok_or_else(unknown)?.open)(location, programs)?,
                why: format!("driver {name} was asked for"),
                fallback: None,
            })
        }
    }
}

/// The first that is compiled in and opens; the last must.
fn best(drivers: &[Entry], location: &Location, programs: &Programs) -> Result<Opened, Error> {
    let Some((entry, others)) = drivers.split_first() else {
        return Err(Error::gone("there is no driver"));
    };
    let name = entry.name;
    if !entry.is_built && !others.is_empty() {
        let opened = best(others, location, programs)?;
        return Ok(Opened {
            why: format!("this build has no {name} driver"),
            ..opened
        });
    }
    match (entry.open)(location.clone(), programs) {
        Ok(driver) => Ok(Opened {
            driver,
            why: format!("this build has the {name} driver, and it opens"),
            fallback: None,
        }),
        Err(error) if !others.is_empty() => {
            let why = format!("the {name} driver does not open: {error}");
            let opened = best(others, location, programs)?;
            Ok(Opened {
                fallback: Some(why.clone()),
                why,
                ..opened
            })
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_nft::FakeDriver;
    use tidegate_nft::Kind;

    #[test]
    fn names_are_read_and_others_are_errors() {
        let named = DRIVERS.iter().map(|it| DriverChoice::Named(it.name));
        for choice in named.chain([DriverChoice::Auto]) {
            assert_eq!(choice.to_string().parse(), Ok(choice));
            let json = serde_json::to_string(&choice).expect("serializable");
            assert_eq!(json, format!("\"{choice}\""));
            assert_eq!(
                serde_json::from_str::<DriverChoice>(&json).ok(),
                Some(choice)
            );
        }
        let error = "iptables"
            .parse::<DriverChoice>()
            .expect_err("no such driver");
        assert_eq!(
            error.to_string(),
            "unknown nft driver `iptables`: it is one of auto, library, exec"
        );
        assert!(serde_json::from_str::<DriverChoice>("\"iptables\"").is_err());
    }

    #[test]
    fn the_first_that_is_built_and_opens_is_taken_and_the_reason_is_kept() {
        const fn entry(name: &'static str, is_built: bool, opens: bool) -> Entry {
            Entry {
                name,
                is_built,
                open: if opens {
                    |_, _| Ok(Box::new(FakeDriver::new()))
                } else {
                    |_, _| Err(Error::new(Kind::Other, "broken"))
                },
            }
        }
        let best = |drivers: &[Entry]| {
            let opened = best(drivers, &Location::Current, &Programs::default());
            opened.map(|opened| (opened.why, opened.fallback))
        };
        let (good, bad, missing) = (
            entry("good", true, true),
            entry("bad", true, false),
            entry("missing", false, true),
        );
        let why = "this build has the good driver, and it opens".to_owned();
        assert_eq!(best(&[good]).unwrap(), (why, None));
        let good = || entry("good", true, true);
        let why = "this build has no missing driver".to_owned();
        assert_eq!(best(&[missing, good()]).unwrap(), (why, None));
        let why = "the bad driver does not open: broken".to_owned();
        assert_eq!(best(&[bad, good()]).unwrap(), (why.clone(), Some(why)));
        assert!(best(&[entry("bad", true, false)]).is_err());
    }

    #[test]
    fn the_last_driver_has_no_standby() {
        assert_eq!(
            DriverChoice::standby_of("library"),
            Some(DriverChoice::Named("exec"))
        );
        assert_eq!(DriverChoice::standby_of("exec"), None);
        assert_eq!(DriverChoice::standby_of("fake"), None);
    }
}
