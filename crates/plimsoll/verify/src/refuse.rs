//! Whether an older release must refuse a package, and whether it did. Pure.

use super::Outcome;
use plimsoll_build::audit::BuiltProgram;
use plimsoll_build::elf::SymbolVersion;
use plimsoll_spec::{Relation, Relations};

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
/// that name one of its relations. One that does not may be taken.
#[must_use]
pub fn judge(older: &Older, programs: &[BuiltProgram], relations: &Relations) -> Outcome {
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
        Answer::Refused(words) => match named(words, relations) {
            Some(name) => Outcome::of(
                Vec::new(),
                format!("{} refuses it, naming {name}", older.distro),
            ),
            None => Outcome::failed(format!(
                "{} refuses it, but names none of its relations: {words}",
                older.distro
            )),
        },
    }
}

/// The relations for which a resolver refuses a package.
const HARD: [Relation; 9] = [
    Relation::PreDepends,
    Relation::Depends,
    Relation::RequiresPre,
    Relation::RequiresPost,
    Relation::RequiresPreun,
    Relation::RequiresPostun,
    Relation::Conflicts,
    Relation::Breaks,
    Relation::Obsoletes,
];

/// What joins the parts of a rich relation.
const JOINTS: [&str; 7] = ["and", "or", "if", "else", "unless", "with", "without"];

/// The first relation that the resolver names as it is, else the first of which it names a package.
fn named<'a>(words: &str, relations: &'a Relations) -> Option<&'a str> {
    let hard = HARD.iter().flat_map(|relation| relations.of(*relation));
    let hard = hard.map(String::as_str);
    let is_whole = |text: &&str| words.split_whitespace().any(|word| word == *text);
    let exact = hard.clone().find(is_whole);
    exact.or_else(|| {
        hard.clone()
            .find(|text| packages(text).any(|name| has(words, name)))
    })
}

fn has(words: &str, name: &str) -> bool {
    let mut words = words.split(|c: char| c.is_whitespace() || "():,".contains(c));
    words.any(|word| word == name)
}

/// The packages of a relation: of one with alternatives or with joints, all.
fn packages(text: &str) -> impl Iterator<Item = &str> {
    let is_rich = text.starts_with('(');
    let parts = text.split(move |c: char| match is_rich {
        true => c.is_whitespace() || "()".contains(c),
        false => c == '|',
    });
    let names = parts.filter_map(|part| part.trim().split([' ', '(', ':']).next());
    names.filter(|name| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') && !JOINTS.contains(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_build::audit::fixtures::daemon;

    fn depends(texts: &[&str]) -> Relations {
        Relations::from_iter([(Relation::Depends, texts.to_vec())])
    }

    fn outcome(glibc: &str, answer: Answer) -> Outcome {
        let older = Older {
            distro: "debian-11".into(),
            glibc: SymbolVersion::parse(glibc),
            answer,
        };
        judge(&older, &[daemon()], &depends(&["libc6 (>= 2.34)"]))
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
        let depends = depends(&["libc.so.6()(64bit)", "libc.so.6(GLIBC_2.34)(64bit)"]);
        let words = "nothing provides libc.so.6(GLIBC_2.34)(64bit) needed by x-1-1.x86_64";
        assert_eq!(named(words, &depends), Some("libc.so.6(GLIBC_2.34)(64bit)"));
    }

    #[test]
    fn alternatives_rich_relations_and_conflicts_are_named_too() {
        let mut relations = depends(&["(aa >= 1 if (bb or cc))", "dd (>= 1) | ee:any"]);
        relations.add(Relation::Conflicts, ["ff < 2"]);
        relations.add(Relation::Suggests, ["gg"]);
        for (words, text) in [
            (
                "nothing provides aa needed by x",
                Some("(aa >= 1 if (bb or cc))"),
            ),
            (
                "nothing provides (bb or cc)",
                Some("(aa >= 1 if (bb or cc))"),
            ),
            ("x : Depends: ee", Some("dd (>= 1) | ee:any")),
            (
                "package x conflicts with ff < 2 provided by y",
                Some("ff < 2"),
            ),
            ("it is or if", None),
            ("gg", None),
        ] {
            assert_eq!(named(words, &relations), text, "{words}");
        }
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
