//! Choosing a driver.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::exec::{ExecDriver, ExecOptions};
use super::location::Location;
use super::{Driver, Error};
#[cfg(not(feature = "libnftables"))]
use crate::kind::Kind;

/// Which driver is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriverChoice {
    /// The library driver if it is compiled in and opens, else exec.
    #[default]
    Auto,
    /// The library, or an error.
    Library,
    /// Exec, or an error.
    Exec,
}

/// A text that names no driver.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown nft driver `{0}`: it is one of auto, library, exec")]
pub struct UnknownDriver(String);

impl FromStr for DriverChoice {
    type Err = UnknownDriver;

    fn from_str(text: &str) -> Result<Self, UnknownDriver> {
        match text {
            "auto" => Ok(Self::Auto),
            "library" => Ok(Self::Library),
            "exec" => Ok(Self::Exec),
            _ => Err(UnknownDriver(text.to_owned())),
        }
    }
}

impl fmt::Display for DriverChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Library => "library",
            Self::Exec => "exec",
        })
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

/// What the drivers run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    /// The `nft` program for the exec driver. Default: found in the usual directories.
    pub nft: Option<PathBuf>,
    /// The program that calls `serve_library` when its argument is `LIBRARY_PROCESS`, for the library
    /// driver.
    pub library: PathBuf,
}

impl Default for Programs {
    /// Any `nft`, and the calling program itself (also when its file was replaced since it started).
    fn default() -> Self {
        Self {
            nft: None,
            library: "/proc/self/exe".into(),
        }
    }
}

/// Opens the driver that is wanted.
///
/// # Errors
/// If the named driver, or the last choice of `auto`, cannot be opened.
pub fn open(choice: DriverChoice, location: Location, programs: Programs) -> Result<Opened, Error> {
    let options = ExecOptions {
        nft: programs.nft,
        ..ExecOptions::default()
    };
    let exec = |location| ExecDriver::open(location, options).map(boxed);
    let library = |location| library(location, programs.library);
    let asked = || format!("driver {choice} was asked for");
    match choice {
        DriverChoice::Exec => Ok(Opened {
            driver: exec(location)?,
            why: asked(),
            fallback: None,
        }),
        DriverChoice::Library => Ok(Opened {
            driver: library(location)?,
            why: asked(),
            fallback: None,
        }),
        DriverChoice::Auto if !HAS_LIBRARY => {
            let why = "this build has no library driver".to_owned();
            Ok(Opened {
                driver: exec(location)?,
                why,
                fallback: None,
            })
        }
        DriverChoice::Auto => match library(location.clone()) {
            Ok(driver) => {
                let why = "this build has the library driver, and it opens".to_owned();
                Ok(Opened {
                    driver,
                    why,
                    fallback: None,
                })
            }
            Err(error) => {
                let why = format!("the library driver does not open: {error}");
                Ok(Opened {
                    driver: exec(location)?,
                    fallback: Some(why.clone()),
                    why,
                })
            }
        },
    }
}

fn boxed(driver: impl Driver + 'static) -> Box<dyn Driver> {
    Box::new(driver)
}

const HAS_LIBRARY: bool = cfg!(feature = "libnftables");

#[cfg(feature = "libnftables")]
fn library(location: Location, program: PathBuf) -> Result<Box<dyn Driver>, Error> {
    use super::library::{DEADLINE, LibraryDriver, LibraryOptions};
    let options = LibraryOptions {
        program,
        deadline: DEADLINE,
    };
    LibraryDriver::open(location, options).map(boxed)
}

#[cfg(not(feature = "libnftables"))]
fn library(_: Location, _: PathBuf) -> Result<Box<dyn Driver>, Error> {
    let error = Error::new(Kind::Unsupported, "this build has no library driver");
    Err(error.with_hint("choose the driver exec, or install a build with the library driver"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_others_are_errors() {
        for choice in [
            DriverChoice::Auto,
            DriverChoice::Library,
            DriverChoice::Exec,
        ] {
            assert_eq!(choice.to_string().parse(), Ok(choice));
            let json = serde_json::to_string(&choice).expect("serializable");
            assert_eq!(json, format!("\"{choice}\""));
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
}
