//! What packages relate to: keys that `[deb]` and `[rpm]` share with their tables for single distributions.

use std::borrow::Cow;
use std::collections::BTreeMap;

use plimsoll_probe::DistributionName;
use plimsoll_spec::Relation;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};
use toml::Spanned;

/// Relations of one kind, in the order of the file. Each is a text in the format's own syntax, with one blank between its words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Texts(Vec<Spanned<String>>);

impl Texts {
    /// The texts.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|text| text.get_ref().as_str())
    }

    /// The texts with their places in the file, in bytes.
    pub fn places(&self) -> impl Iterator<Item = (&str, usize)> {
        let texts = self.0.iter();
        texts.map(|text| (text.get_ref().as_str(), text.span().start))
    }
}

impl<T: Into<String>> FromIterator<T> for Texts {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        let texts = texts
            .into_iter()
            .map(|text| Spanned::new(0..0, text.into()));
        Self(texts.collect())
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Vec::<Spanned<String>>::deserialize(deserializer)?.into_iter();
        let texts = texts.map(|text| Spanned::new(text.span(), words(text.get_ref())));
        Ok(Self(texts.collect()))
    }
}

/// The text with one blank between its words.
fn words(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// For the default value that a schema shows.
impl Serialize for Texts {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl JsonSchema for Texts {
    fn schema_name() -> Cow<'static, str> {
        "Texts".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<String>::json_schema(generator)
    }
}

/// A table of the file with relations.
pub trait RelationTable {
    /// The relations of each kind.
    fn relations(&self) -> Vec<(Relation, &Texts)>;
}

/// The relations of `general`, and of the tables `on` for these names of a distribution, in this order.
pub(crate) fn on<'a, T: RelationTable>(
    general: &'a impl RelationTable,
    on: &'a BTreeMap<DistributionName, T>,
    names: &[String],
) -> Vec<(Relation, &'a Texts)> {
    let tables = names.iter().filter_map(|name| on.get(name.as_str()));
    let tables = tables.flat_map(RelationTable::relations);
    general.relations().into_iter().chain(tables).collect()
}

/// The relations of `general` and of every table `on`.
pub(crate) fn all<'a, T: RelationTable>(
    general: &'a impl RelationTable,
    on: &'a BTreeMap<DistributionName, T>,
) -> Vec<(Relation, &'a Texts)> {
    let tables = on.values().flat_map(RelationTable::relations);
    general.relations().into_iter().chain(tables).collect()
}

/// Makes a type of the file with relations among its keys.
macro_rules! table {
    (
        $(#[$about:meta])*
        pub struct $name:ident { $($own:tt)* }
        relations { $($(#[$doc:meta])* $key:ident: $relation:ident,)* }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        pub struct $name {
            $($own)*
            $(
                $(#[$doc])*
                #[serde(default)]
                pub $key: $crate::config::relations::Texts,
            )*
        }

        impl $crate::config::relations::RelationTable for $name {
            fn relations(&self) -> Vec<(plimsoll_spec::Relation, &$crate::config::relations::Texts)> {
                vec![$((plimsoll_spec::Relation::$relation, &self.$key)),*]
            }
        }
    };
}
pub(super) use table;

/// The same with the relations of Debian packages.
macro_rules! deb_table {
    ($($table:tt)*) => {
        $crate::config::relations::table! {
            $($table)*
            relations {
                /// Packages that must be configured before this one is unpacked (Debian Policy 7.2); few packages need any.
                pre_depends: PreDepends,
                /// Dependencies that follow neither from the programs nor from files of sysusers.d(5), such as `adduser`,
                /// `perl:any` or `nftables (>= 1.0) | iptables` (Debian Policy 7.1).
                depends: Depends,
                /// Packages that are installed with this one unless the administrator declines. The tool of a library that is
                /// linked is among them without this key.
                recommends: Recommends,
                /// Packages that may be useful with this one.
                suggests: Suggests,
                /// Packages that this one may be useful with.
                enhances: Enhances,
                /// Packages that cannot be installed together with this one. It may provide what it conflicts with (Debian Policy 7.4).
                conflicts: Conflicts,
                /// Packages that this one breaks, mostly older versions: `sample-tools (<< 1.2~)` (Debian Policy 7.3).
                breaks: Breaks,
                /// Packages of which this one overwrites files, or whose place it takes (Debian Policy 7.6): `old-name (<< {version})`.
                replaces: Replaces,
                /// What the package stands for besides itself: `mail-transport-agent` or `sample-api (= {version})` (Debian Policy 7.5).
                provides: Provides,
            }
        }
    };
}
pub(super) use deb_table;

/// The same with the relations of RPM packages.
macro_rules! rpm_table {
    ($($table:tt)*) => {
        $crate::config::relations::table! {
            $($table)*
            relations {
                /// Dependencies that follow neither from the programs nor from files of sysusers.d(5): `nftables`, `nftables >= 1.0`
                /// or a rich one such as `(nftables if firewalld)`, which rpm knows since 4.13.
                requires: Depends,
                /// Dependencies of the script that runs before the installation.
                requires_pre: RequiresPre,
                /// Dependencies of the script that runs after the installation.
                requires_post: RequiresPost,
                /// Dependencies of the script that runs before the removal.
                requires_preun: RequiresPreun,
                /// Dependencies of the script that runs after the removal.
                requires_postun: RequiresPostun,
                /// Packages that are installed with this one unless the administrator declines. The tool of a library that is
                /// linked is among them without this key.
                recommends: Recommends,
                /// Packages that may be useful with this one.
                suggests: Suggests,
                /// Packages with which this one is installed unless the administrator declines.
                supplements: Supplements,
                /// Packages that this one may be useful with.
                enhances: Enhances,
                /// Packages that cannot be installed together with this one.
                conflicts: Conflicts,
                /// Packages, by their names, whose place this one takes on an upgrade: `old-name < {version}`.
                obsoletes: Obsoletes,
                /// What the package stands for besides itself: `mail-daemon` or `old-name = {version}`.
                provides: Provides,
            }
        }
    };
}
pub(super) use rpm_table;

deb_table! {
    /// Relations of Debian packages for one family of distributions, one distribution or one release, besides those of `[deb]`.
    pub struct DebRelations {}
}

rpm_table! {
    /// Relations of RPM packages for one family of distributions, one distribution or one release, besides those of `[rpm]`.
    pub struct RpmRelations {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<BTreeMap<DistributionName, DebRelations>, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn blanks_are_read_as_one_and_places_are_kept() {
        let text = "depends = [\"a  (>=\\t1) \",\n  \"b\"]";
        let table: DebRelations = toml::from_str(text).expect("a table");
        let places: Vec<(&str, usize)> = table.depends.places().collect();
        assert_eq!(
            places,
            [("a (>= 1)", 11), ("b", text.find("\"b\"").expect("there"))]
        );
    }

    #[test]
    fn the_tables_of_a_distribution_add_to_the_general_one() {
        let tables = "[debian]\ndepends = [\"b\"]\n[debian-13]\ndepends = [\"c\"]\n[ubuntu]\nbreaks = [\"d\"]";
        let tables = parse(tables).expect("tables");
        let general = DebRelations {
            depends: Texts::from_iter(["a"]),
            ..DebRelations::default()
        };
        let texts = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|it| (*it).to_owned()).collect();
            let relations = on(&general, &tables, &names);
            let texts = relations.iter().flat_map(|(_, texts)| texts.iter());
            texts.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(texts(&["debian", "debian-13"]), "a b c");
        assert_eq!(texts(&["debian", "ubuntu", "ubuntu-24.04"]), "a b d");
        assert_eq!(texts(&[]), "a");
    }

    #[test]
    fn an_unknown_key_or_distribution_is_refused_with_its_line() {
        let error = parse("[debian]\ndepends = []\nrequires = []").expect_err("no key");
        assert!(
            error.contains("line 3") && error.contains("`requires`"),
            "{error}"
        );
        let error = parse("[beos]\ndepends = []").expect_err("no distribution");
        assert!(
            error.contains("line 1") && error.contains("`beos`"),
            "{error}"
        );
    }
}
