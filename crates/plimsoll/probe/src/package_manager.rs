//! The program that installs packages.

use std::fmt;

/// The program that installs packages, and how it is called.
#[derive(Debug, PartialEq, Eq)]
pub struct PackageManager {
    /// The program's name.
    pub program: &'static str,
    /// The arguments before the packages that it installs without asking.
    pub install: &'static [&'static str],
    /// What its environment must say, as `NAME=VALUE`.
    pub environment: &'static [&'static str],
    /// Its package lists, where it installs from old ones unless it is told to fetch them.
    pub lists: Option<PackageLists>,
}

/// Package lists on a host, and how they are fetched.
#[derive(Debug, PartialEq, Eq)]
pub struct PackageLists {
    /// The arguments that fetch them.
    pub refresh: &'static [&'static str],
    /// The folder that they are in.
    pub folder: &'static str,
    /// What the name of each file with packages contains.
    pub part_of_name: &'static str,
    /// What each fetch touches in the folder. The lists themselves have the archive's dates.
    pub touched: &'static str,
}

impl PackageManager {
    /// The arguments that install `packages` without asking.
    pub fn install_args(&self, packages: &[String]) -> Vec<String> {
        let flags = self.install.iter().copied().map(str::to_owned);
        flags.chain(packages.iter().cloned()).collect()
    }
}

impl fmt::Display for PackageManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.program)
    }
}
