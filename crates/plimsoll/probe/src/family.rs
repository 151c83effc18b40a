//! Families of distributions: one table of answers for each, in a file of its own.

mod debian;
mod fedora;
mod rhel;
mod suse;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;
use std::sync::{LazyLock, PoisonError, RwLock};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::{PackageDatabase, PackageManager};

/// What is known of the distributions of a family: they share a package manager and names of packages.
#[derive(Debug)]
pub struct FamilyTable {
    /// The name, as configuration writes it: `debian`.
    pub name: &'static str,
    /// The distributions of it, in a sentence.
    pub about: &'static str,
    /// `ID` of os-release(5), or what `ID_LIKE` names.
    pub ids: &'static [&'static str],
    /// The program that installs packages.
    pub package_manager: &'static PackageManager,
    /// The format of its packages: `deb`.
    pub native_format: &'static str,
    /// What makes a system of it from its archive, without a container.
    pub bootstrap: Option<Bootstrap>,
    /// The package that provides each thing: a program by its name, a C compiler as `cc`, the static C library as `libc.a`.
    pub packages: &'static [(&'static str, &'static str)],
    /// How packages for another architecture are named, where they can be installed beside the host's own.
    pub cross: Option<CrossPackages>,
    /// What knows whose a library is.
    pub package_database: &'static dyn PackageDatabase,
}

impl FamilyTable {
    /// The package that provides `what`.
    pub fn package(&self, what: &str) -> Option<&'static str> {
        let mut packages = self.packages.iter();
        packages
            .find(|(provided, _)| *provided == what)
            .map(|(_, package)| *package)
    }
}

/// What makes a system of a distribution from its archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bootstrap {
    /// `mmdebstrap`, from the archive and the suite of the distribution.
    Mmdebstrap,
}

/// Names of packages for another architecture.
#[derive(Debug, Clone, Copy)]
pub struct CrossPackages {
    /// The package of the C compiler for a GNU triple: `aarch64-linux-gnu`.
    pub compiler: fn(&str) -> String,
    /// A library's package for an architecture, as Rust names it: `aarch64`. None: it is not packaged for it.
    pub library: fn(package: &str, architecture: &str) -> Option<String>,
}

/// A family of distributions. Its name is its identity; its table says the rest.
///
/// The toolkit knows some, and a project adds its own before it reads configuration or probes:
///
/// ```
/// use plimsoll_probe::{
///     Distribution, Family, FamilyTable, Owner, PackageDatabase, PackageManager, System,
/// };
///
/// static PKGMAN: PackageManager = PackageManager {
///     program: "pkgman",
///     install: &["install", "-y"],
///     environment: &[],
///     lists: None,
/// };
/// #[derive(Debug)]
/// struct Pkgman;
/// impl PackageDatabase for Pkgman {
///     fn owner(&self, _: &dyn System, _: &str, _: &str) -> Result<Option<Owner>, String> {
///         Err("pkgman cannot tell".to_owned())
///     }
/// }
/// static HAIKU: FamilyTable = FamilyTable {
///     name: "haiku",
///     about: "Haiku.",
///     ids: &["haiku"],
///     package_manager: &PKGMAN,
///     native_format: "hpkg",
///     bootstrap: None,
///     packages: &[("cc", "gcc"), ("pkg-config", "pkgconfig")],
///     cross: None,
///     package_database: &Pkgman,
/// };
///
/// let haiku = Family::add(&HAIKU);
/// let host = Distribution::parse("ID=haiku\n");
/// assert_eq!(host.family, Some(haiku));
/// assert_eq!(host.install_provider("cc").unwrap().command, "pkgman install gcc");
/// ```
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub struct Family(&'static FamilyTable);

/// The families that are known, in the order in which they are asked.
static KNOWN: LazyLock<RwLock<Vec<Family>>> = LazyLock::new(|| {
    let tables = [&debian::TABLE, &fedora::TABLE, &rhel::TABLE, &suse::TABLE];
    RwLock::new(tables.map(Family).to_vec())
});

impl Family {
    /// Adds a family to those that this program knows. It takes the place of one with the same name.
    pub fn add(table: &'static FamilyTable) -> Self {
        let family = Self(table);
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|other| *other != family);
        known.push(family);
        family
    }

    /// Every family that is known.
    pub fn all() -> Vec<Self> {
        let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }

    /// The family of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::find(|family| family.name == name)
    }

    /// The family of a distribution, by its `ID` of os-release(5).
    pub fn of_id(id: &str) -> Option<Self> {
        Self::find(|family| family.ids.contains(&id))
    }

    /// The first family whose packages have that format. Its names stand in for those of a family that is not known.
    pub fn native_to(format: &str) -> Option<Self> {
        Self::find(|family| family.native_format == format)
    }

    fn find(is_it: impl Fn(&Self) -> bool) -> Option<Self> {
        Self::all().into_iter().find(is_it)
    }
}

impl Deref for Family {
    type Target = FamilyTable;

    fn deref(&self) -> &FamilyTable {
        self.0
    }
}

impl PartialEq for Family {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Family {}

impl PartialOrd for Family {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Family {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(other.name)
    }
}

impl fmt::Debug for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name)
    }
}

impl TryFrom<String> for Family {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::named(&name).ok_or_else(|| {
            let known: Vec<String> = Self::all().iter().map(|f| format!("`{f}`")).collect();
            let known = known.join(", ");
            format!("unknown variant `{name}`, expected one of {known}")
        })
    }
}

impl From<Family> for &'static str {
    fn from(family: Family) -> Self {
        family.0.name
    }
}

impl JsonSchema for Family {
    fn schema_name() -> Cow<'static, str> {
        "Family".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let choices: Vec<Schema> = Self::all()
            .iter()
            .map(|family| json_schema!({ "const": family.name, "description": family.about }))
            .collect();
        json_schema!({ "description": "Distributions that share package names.", "oneOf": choices })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_belongs_to_one_family_and_a_thing_to_one_package() {
        for family in Family::all() {
            for id in family.ids {
                assert_eq!(Family::of_id(id), Some(family), "{id}");
            }
            for (what, package) in family.packages {
                assert_eq!(family.package(what), Some(*package), "{family}: {what}");
            }
        }
    }

    #[test]
    fn every_family_provides_what_no_build_goes_without() {
        for family in Family::all() {
            for what in ["cc", "libc.a", "pkg-config", "git"] {
                assert!(family.package(what).is_some(), "{family}: {what}");
            }
        }
    }

    #[test]
    fn names_are_asked_in_one_order() {
        let names: Vec<&str> = Family::all().iter().map(|family| family.name).collect();
        assert_eq!(names, ["debian", "fedora", "rhel", "suse"]);
        let of = |format| Family::native_to(format).map(|family| family.name);
        assert_eq!((of("deb"), of("rpm")), (Some("debian"), Some("fedora")));
        assert_eq!(of("tar"), None);
    }

    #[test]
    fn a_family_that_is_added_takes_the_place_of_its_namesake() {
        let suse = Family::add(&suse::TABLE);
        assert_eq!(Family::named("suse"), Some(suse));
        let names: Vec<&str> = Family::all().iter().map(|family| family.name).collect();
        assert_eq!(names, ["debian", "fedora", "rhel", "suse"]);
    }

    #[test]
    fn a_family_is_shown_sorted_and_read_by_its_name() {
        let [debian, rhel] = ["debian", "rhel"].map(|name| Family::named(name).unwrap());
        assert!(debian < rhel && debian != rhel);
        assert_eq!(
            format!("{debian:?} {debian} {rhel:6}|"),
            "debian debian rhel  |"
        );
        assert_eq!(serde_json::to_string(&rhel).unwrap(), "\"rhel\"");
        let unknown = serde_json::from_str::<Family>("\"beos\"").unwrap_err();
        let expected = "expected one of `debian`, `fedora`, `rhel`, `suse`";
        assert!(unknown.to_string().contains(expected), "{unknown}");
    }

    #[test]
    fn debian_names_packages_for_another_architecture() {
        let cross = Family::named("debian").unwrap().cross.unwrap();
        for (architecture, package) in [
            ("x86_64", Some("zlib1g-dev:amd64")),
            ("aarch64", Some("zlib1g-dev:arm64")),
            ("armv7", Some("zlib1g-dev:armhf")),
            ("riscv64gc", None),
        ] {
            let named = (cross.library)("zlib1g-dev", architecture);
            assert_eq!(named.as_deref(), package);
        }
        let compiler = (cross.compiler)("x86_64-linux-gnu");
        assert_eq!(compiler, "gcc-x86-64-linux-gnu");
    }
}
