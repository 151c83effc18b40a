//! Whether an older release must refuse a package, and whether it did. Pure.

use super::Outcome;
use plimsoll_build::audit::BuiltProgram;
use plimsoll_build::elf::SymbolVersion;

/// What the resolver of a system said to a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It would be installed.
    Accepted,
    /// It would not, in the resolver's own words.
    Refused(String),
}

/// The release before the package's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Older {
    /// The entry of the list.
    pub distro: String,
    /// Its glibc.
    pub glibc: Option<SymbolVersion>,
    /// What its resolver said.
    pub answer: Answer,
}

/// A package that needs a newer glibc than the older release has must be refused there, in words
/// that name one of its dependencies. One that does not may be taken.
#[must_use]
pub fn judge(older: &Older, programs: &[BuiltProgram], depends: &[String]) -> Outcome {
    let needed = programs.iter().filter_map(|p| p.elf.ceiling("GLIBC")).max();
    let has = older.glibc.as_ref();
    let too_new = match (&needed, has) {
        (Some(needed), Some(has)) => needed > has,
        _ => false,
    };
    let glibc = |version: Option<&SymbolVersion>| {
        version.map_or_else(|| "no glibc".to_owned(), ToString::to_string)
    };
    match &older.answer {
        Answer::Accepted if has.is_none() && needed.is_some() => {
            Outcome::not_run(format!("the glibc of {} is not known", older.distro))
        }
        Answer::Accepted if too_new => Outcome::failed(format!(
            "{} accepts it, but has {} and its programs need {}",
            older.distro,
            glibc(has),
            glibc(needed.as_ref())
        )),
        Answer::Accepted => Outcome::of(
            Vec::new(),
            format!(
                "{} may accept it: it has {}, and {} is needed",
                older.distro,
                glibc(has),
                glibc(needed.as_ref())
            ),
        ),
        Answer::Refused(words) => match named(words, depends) {
            Some(name) => Outcome::of(
                Vec::new(),
                format!("{} refuses it, naming {name}", older.distro),
            ),
            None => Outcome::failed(format!(
                "{} refuses it, but names none of its dependencies: {words}",
                older.distro
            )),
        },
    }
}

/// The first dependency that the resolver names as it is, else the first whose package it names.
fn named<'a>(words: &str, depends: &'a [String]) -> Option<&'a str> {
    let depends = depends.iter().map(String::as_str);
    let whole = |clause: &&str| words.split_whitespace().any(|word| word == *clause);
    let exact = depends.clone().find(whole);
    exact.or_else(|| package_named(words, depends))
}

fn package_named<'a>(words: &str, mut depends: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    depends.find(|clause| {
        let name = clause.split([' ', '(', '|']).next().unwrap_or(clause);
        words
            .split(|c: char| c.is_whitespace() || "():,".contains(c))
            .any(|word| word == name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_build::audit::fixtures::daemon;

    fn outcome(glibc: &str, answer: Answer) -> Outcome {
        let older = Older {
            distro: "debian-11".into(),
            glibc: SymbolVersion::parse(glibc),
            answer,
        };
        judge(&older, &[daemon()], &["libc6 (>= 2.34)".into()])
    }

    #[test]
    fn a_refusal_must_name_a_dependency() {
        let words = "sample : Depends: libc6 (>= 2.34) but 2.31-13 is to be installed";
        assert_eq!(
            outcome("GLIBC_2.31", Answer::Refused(words.into())).text(),
            "debian-11 refuses it, naming libc6 (>= 2.34)"
        );
        let words = "E: Unable to locate package /verify/package.deb";
        let refused = outcome("GLIBC_2.31", Answer::Refused(words.into()));
        assert_eq!(refused.word(), "FAILED");
    }

    #[test]
    fn a_capability_is_named_as_it_is() {
        let depends = ["libc.so.6()(64bit)", "libc.so.6(GLIBC_2.34)(64bit)"].map(str::to_owned);
        let words = "nothing provides libc.so.6(GLIBC_2.34)(64bit) needed by x-1-1.x86_64";
        assert_eq!(named(words, &depends), Some("libc.so.6(GLIBC_2.34)(64bit)"));
    }

    #[test]
    fn a_package_that_could_not_start_there_must_be_refused() {
        assert_eq!(
            outcome("GLIBC_2.31", Answer::Accepted).text(),
            "debian-11 accepts it, but has GLIBC_2.31 and its programs need GLIBC_2.34"
        );
        assert_eq!(outcome("GLIBC_2.36", Answer::Accepted).word(), "passed");
    }
}
