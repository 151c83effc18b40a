//! Relations of RPM packages, as rpm's parser of spec files takes them (rpm-spec(5)).

use plimsoll_spec::Relation;

use super::{rich, simple};

/// Refuses what rpm does not take.
///
/// # Errors
/// Says how to write it.
pub(super) fn check(relation: Relation, text: &str) -> Result<(), &'static str> {
    match text.starts_with('(') {
        true if [Relation::Obsoletes, Relation::Provides].contains(&relation) => {
            Err("name one package: rich relations are for dependencies and conflicts")
        }
        true => rich::check(relation, text),
        false if relation == Relation::Obsoletes && !text.chars().all(is_of_package) => {
            Err("name a package: nothing else is obsoleted")
        }
        false => simple::check(relation, text),
    }
}

/// Whether a character may be in the name of a package or in a comparison of its version.
fn is_of_package(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+-._~^: <=>".contains(c)
}

/// As a header has it: a rich relation without blanks at its parentheses.
pub(in crate::format) fn written(text: &str) -> String {
    match text.starts_with('(') {
        true => text.replace("( ", "(").replace(" )", ")"),
        false => text.to_owned(),
    }
}

/// Whether it is a relation to a package of this name.
pub(super) fn names(text: &str, package: &str) -> bool {
    text.split(' ').next() == Some(package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_are_names_or_comparisons() {
        let check = |text| check(Relation::Depends, text).is_ok();
        for text in [
            "systemd",
            "/usr/bin/perl",
            "perl(IO::File)",
            "font(:lang=de)",
            "libz.so.1()(64bit)",
            "a >= 1:2.0-1",
            "a < 1.0~rc1^git",
        ] {
            assert!(check(text), "{text}");
        }
        for text in [
            "a, b",
            "a | b",
            "a >=",
            "a>=1",
            "",
            "a >= x:1",
            "a >= 1-2-3",
            "a >= 1_a b",
            "-a",
            "/usr/bin/perl >= 5",
            "a(b",
            "a == 1",
        ] {
            assert!(!check(text), "{text}");
        }
    }

    #[test]
    fn a_package_provides_one_version_and_obsoletes_names() {
        assert!(check(Relation::Provides, "a = 1").is_ok());
        assert!(check(Relation::Provides, "a >= 1").is_err());
        for relation in [Relation::Provides, Relation::Obsoletes] {
            assert!(check(relation, "(a or b)").is_err());
        }
        assert!(check(Relation::Conflicts, "(a or b)").is_ok());
        assert!(check(Relation::Obsoletes, "a < 1:2.0~rc1-1").is_ok());
        for text in ["/usr/bin/a", "perl(IO)"] {
            assert!(check(Relation::Obsoletes, text).is_err(), "{text}");
            assert!(check(Relation::Provides, text).is_ok(), "{text}");
        }
    }

    #[test]
    fn how_to_write_it_is_said() {
        for (text, hint) in [
            ("a | b", "`(a or b)`"),
            ("a = {revision}", "as `{version}`"),
            ("/bin/sh = 1", "leave out the version"),
            ("a>=1", "`NAME >= VERSION`"),
        ] {
            let said = check(Relation::Depends, text).expect_err(text);
            assert!(said.contains(hint), "{text}: {said}");
        }
    }

    #[test]
    fn blanks_at_parentheses_are_not_written() {
        assert_eq!(written("( a or ( b and c(d) ) )"), "(a or (b and c(d)))");
        assert_eq!(written("a >= 1"), "a >= 1");
    }
}
