//! Dependencies in the syntax of a spec file: `NAME`, `NAME OPERATOR VERSION`, or a rich one in parentheses, which rpm reads as a
//! name.

use rpm::{Dependency, DependencyFlags};

use crate::error::PackageError;

/// Reads one dependency.
pub(super) fn parse(text: &str) -> Result<Dependency, PackageError> {
    if text.starts_with('(') {
        return Ok(Dependency::any(text));
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    Ok(match words.as_slice() {
        [name] => Dependency::any(*name),
        [name, "=", version] => Dependency::eq(*name, *version),
        [name, "<", version] => Dependency::less(*name, *version),
        [name, "<=", version] => Dependency::less_eq(*name, *version),
        [name, ">", version] => Dependency::greater(*name, *version),
        [name, ">=", version] => Dependency::greater_eq(*name, *version),
        _ => return Err(PackageError::Dependency(text.to_owned())),
    })
}

/// The inverse of [`parse`].
pub(super) fn render(dependency: &Dependency) -> String {
    let has = |flag| dependency.flags.contains(flag);
    let operator: String = [
        (DependencyFlags::LESS, '<'),
        (DependencyFlags::GREATER, '>'),
        (DependencyFlags::EQUAL, '='),
    ]
    .into_iter()
    .filter_map(|(flag, sign)| has(flag).then_some(sign))
    .collect();
    if operator.is_empty() {
        dependency.name.clone()
    } else {
        format!("{} {operator} {}", dependency.name, dependency.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_printed_again() {
        for text in [
            "nftables",
            "libc.so.6(GLIBC_2.34)(64bit)",
            "a >= 1.0",
            "b < 2",
            "c = 3-1",
            "(a >= 1 if b)",
        ] {
            assert_eq!(render(&parse(text).unwrap()), text);
        }
    }

    #[test]
    fn half_a_comparison_is_refused() {
        let error = parse("nftables >=").unwrap_err();
        assert_eq!(
            error.to_string(),
            "relation \"nftables >=\" is not `NAME`, `NAME OPERATOR VERSION` or a rich one in parentheses"
        );
    }
}
