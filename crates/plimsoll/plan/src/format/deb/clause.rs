//! Clauses of relationship fields (Debian Policy 7.1).

use std::fmt;

use plimsoll_spec::Relation;

/// What compares versions.
const OPERATORS: [&str; 5] = ["<<", "<=", "=", ">=", ">>"];

/// A package, or alternatives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clause<'a>(Vec<Alternative<'a>>);

/// One package of a clause.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Alternative<'a> {
    package: &'a str,
    /// The architecture that it may have, or `any`.
    architecture: Option<&'a str>,
    /// An operator and a version.
    version: Option<(&'a str, &'a str)>,
}

impl<'a> Clause<'a> {
    /// Reads a clause.
    ///
    /// # Errors
    /// Says how to write it.
    pub(super) fn parse(text: &'a str) -> Result<Self, &'static str> {
        let alternatives = text.split('|').map(Alternative::parse);
        let alternatives: Option<Vec<_>> = alternatives.collect();
        alternatives.map(Self).ok_or_else(|| mend(text))
    }

    /// Refuses what a field does not take.
    ///
    /// # Errors
    /// Says how to write it.
    pub(super) fn check(&self, relation: Relation) -> Result<(), &'static str> {
        let takes_one = [
            Relation::Conflicts,
            Relation::Breaks,
            Relation::Replaces,
            Relation::Provides,
        ];
        if self.0.len() > 1 && takes_one.contains(&relation) {
            return Err("write each package in its own text: there are no alternatives here");
        }
        let mut versions = self.0.iter().filter_map(|it| it.version);
        if relation == Relation::Provides && versions.any(|(operator, _)| operator != "=") {
            return Err("compare with `=`: a package provides one version");
        }
        Ok(())
    }

    /// Whether a package is among the alternatives.
    pub(super) fn names(&self, package: &str) -> bool {
        self.0.iter().any(|it| it.package == package)
    }
}

impl<'a> Alternative<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (name, version) = match text.split_once('(') {
            Some((name, version)) => (name, Some(compared(version)?)),
            None => (text, None),
        };
        let (package, architecture) = match name.trim().split_once(':') {
            Some((package, architecture)) => (package, Some(architecture)),
            None => (name.trim(), None),
        };
        let is_sound = is_name(package) && architecture.is_none_or(is_architecture);
        is_sound.then_some(Self {
            package,
            architecture,
            version,
        })
    }
}

/// As deb-control(5) writes it.
impl fmt::Display for Clause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alternatives: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&alternatives.join(" | "))
    }
}

impl fmt::Display for Alternative<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.package)?;
        if let Some(architecture) = self.architecture {
            write!(f, ":{architecture}")?;
        }
        match self.version {
            Some((operator, version)) => write!(f, " ({operator} {version})"),
            None => Ok(()),
        }
    }
}

/// The operator and the version of a comparison, whose `(` is gone.
fn compared(text: &str) -> Option<(&str, &str)> {
    let inner = text.trim().strip_suffix(')')?.trim();
    let version = inner.trim_start_matches(['<', '=', '>']);
    let operator = &inner[..inner.len() - version.len()];
    let version = version.trim();
    (OPERATORS.contains(&operator) && is_version(version)).then_some((operator, version))
}

/// How to write what is no clause.
fn mend(text: &str) -> &'static str {
    let outside = text.split('(').next().unwrap_or_default();
    if text.contains('$') {
        "name packages: dependencies on libraries are derived, and the version of this build is `{version}`"
    } else if text.contains('[') || outside.contains('<') && text.contains('!') {
        "leave out architectures and build profiles: only source packages have them"
    } else if text.contains('{') {
        "write the version of this build as `{version}`: nothing else is in braces"
    } else if text.contains(',') {
        "write each in its own text"
    } else {
        "write it as `NAME` or `NAME (>= VERSION)`, with `|` between alternatives"
    }
}

/// Debian Policy 5.6.1.
pub(super) fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() > 1 && name.starts_with(plain) && name.chars().all(|c| plain(c) || "+-.".contains(c))
}

/// The name of an architecture, or `any` (Debian Policy 11.1).
fn is_architecture(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.starts_with(plain) && name.chars().all(|c| plain(c) || c == '-')
}

/// Debian Policy 5.6.12: `[EPOCH:]UPSTREAM[-REVISION]`.
fn is_version(version: &str) -> bool {
    let (epoch, rest) = match version.split_once(':') {
        Some((epoch, rest)) => (Some(epoch), rest),
        None => (None, version),
    };
    let is_number =
        |text: &str| text.chars().all(|c| c.is_ascii_digit()) && text.parse::<i32>().is_ok();
    let (upstream, revision) = match rest.rsplit_once('-') {
        Some((upstream, revision)) => (upstream, Some(revision)),
        None => (rest, None),
    };
    let is_of = |text: &str, marks: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || marks.contains(c);
        !text.is_empty() && text.chars().all(fits)
    };
    let marks = if epoch.is_some() { ".+~-:" } else { ".+~-" };
    epoch.is_none_or(is_number)
        && upstream.starts_with(|c: char| c.is_ascii_digit())
        && is_of(upstream, marks)
        && revision.is_none_or(|revision| is_of(revision, ".+~"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Texts that are clauses, as they are written.
    const SOUND: [(&str, &str); 7] = [
        ("nftables", "nftables"),
        ("aa | bb (>= 1:2.0~rc1)", "aa | bb (>= 1:2.0~rc1)"),
        ("perl:any (<< 5.38)", "perl:any (<< 5.38)"),
        ("libc6:amd64", "libc6:amd64"),
        ("g++(>=4:12)|clang", "g++ (>= 4:12) | clang"),
        ("aa ( = 1.0-1+b2 )", "aa (= 1.0-1+b2)"),
        ("aa (>> 1:2:3-4-5)", "aa (>> 1:2:3-4-5)"),
    ];

    /// Texts that are none.
    const REFUSED: [&str; 17] = [
        "nftables >= 1.0",
        "a, b",
        "aa, bb",
        "aa (> 1)",
        "aa (>=)",
        "aa (>= 1",
        "aa (>= x1)",
        "aa (>= 1_2)",
        "aa (>= a:1)",
        "aa (>= 1-)",
        "aa [amd64]",
        "aa <!nocheck>",
        "aa:",
        "Aa",
        "${shlibs:Depends}",
        "aa ||",
        "",
    ];

    #[test]
    fn names_are_those_of_the_policy() {
        for name in ["sample", "0ad", "g++", "lib-a1.2"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["a", "", "my_sample", "Sample", "-a", "a b"] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn clauses_are_those_of_the_policy_and_are_written_in_one_way() {
        for (text, written) in SOUND {
            let clause = Clause::parse(text).expect(text);
            assert_eq!(clause.to_string(), written);
        }
        for text in REFUSED {
            assert!(Clause::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn how_to_write_it_is_said() {
        for (text, hint) in [
            ("aa, bb", "in its own text"),
            ("${shlibs:Depends}", "are derived"),
            ("aa (= {Version})", "as `{version}`"),
            ("aa [amd64]", "only source packages"),
            ("aa <!nocheck>", "only source packages"),
            ("aa >= 1", "`NAME (>= VERSION)`"),
        ] {
            let said = Clause::parse(text).expect_err(text);
            assert!(said.contains(hint), "{text}: {said}");
        }
    }

    #[test]
    fn some_fields_take_no_alternatives_and_one_takes_only_exact_versions() {
        let check = |text, relation| Clause::parse(text).expect(text).check(relation).is_ok();
        assert!(check("aa | bb", Relation::Depends) && check("aa | bb", Relation::Enhances));
        for relation in [
            Relation::Conflicts,
            Relation::Breaks,
            Relation::Replaces,
            Relation::Provides,
        ] {
            assert!(!check("aa | bb", relation), "{relation:?}");
        }
        assert!(check("aa (= 1)", Relation::Provides));
        assert!(!check("aa (>= 1)", Relation::Provides));
        assert!(check("aa (>= 1)", Relation::Breaks));
    }

    /// Where dpkg is installed.
    #[test]
    fn dpkg_takes_what_is_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let control = folder.path().join("DEBIAN/control");
        std::fs::create_dir(folder.path().join("DEBIAN")).expect("made");
        for (text, _) in SOUND {
            let text = format!(
                "Package: sample\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.org>\nDepends: {text}\n\
                 Description: x\n"
            );
            std::fs::write(&control, &text).expect("written");
            let built = Command::new("dpkg-deb")
                .args(["--build", "--root-owner-group"])
                .arg(folder.path())
                .arg(folder.path().with_extension("deb"))
                .output();
            if let Ok(built) = built {
                let said = String::from_utf8_lossy(&built.stderr);
                assert!(built.status.success() && said.is_empty(), "{text}: {said}");
            }
        }
        let _ = std::fs::remove_file(folder.path().with_extension("deb"));
    }
}
