//! Symbol version names such as `GLIBC_2.34`.

use std::fmt;

/// A version name split into what it belongs to and its numbers, so that `GLIBC_2.4` sorts
/// before `GLIBC_2.34`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SymbolVersion {
    /// The part before the last underscore, for example `GLIBC` or `LIBNFTABLES`.
    pub prefix: String,
    /// The numbers after it: `[2, 34]`.
    pub numbers: Vec<u32>,
}

impl SymbolVersion {
    /// Splits a version name; `None` for names without numbers, such as `GLIBC_PRIVATE`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (prefix, numbers) = name.rsplit_once('_')?;
        let numbers = numbers
            .split('.')
            .map(|part| part.parse().ok())
            .collect::<Option<_>>()?;
        Some(Self {
            prefix: prefix.to_owned(),
            numbers,
        })
    }
}

impl fmt::Display for SymbolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.numbers.iter().map(u32::to_string).collect();
        write!(f, "{}_{}", self.prefix, numbers.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_sort_by_number_not_by_text() {
        assert!(SymbolVersion::parse("GLIBC_2.4") < SymbolVersion::parse("GLIBC_2.34"));
        assert!(SymbolVersion::parse("GLIBC_2.2.5") < SymbolVersion::parse("GLIBC_2.3"));
    }

    #[test]
    fn a_name_without_numbers_is_not_a_version() {
        assert_eq!(SymbolVersion::parse("GLIBC_PRIVATE"), None);
        assert_eq!(SymbolVersion::parse("Base"), None);
    }

    #[test]
    fn the_name_is_printed_as_it_was_read() {
        let version = SymbolVersion::parse("LIBNFTABLES_1").expect("a version");
        assert_eq!(version.to_string(), "LIBNFTABLES_1");
    }
}
