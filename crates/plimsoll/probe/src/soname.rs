//! The soname of a library, which not every family of distributions gives it alike.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Distribution, Packages};

/// The soname of a library: one everywhere, or one by family or distribution, as [`Packages`] are named.
///
/// As a string it is the soname on one distribution: the only one, or that of the distribution for which it was
/// [settled](Soname::settled).
///
/// ```
/// use plimsoll_probe::{Distribution, NativeDep, Soname};
///
/// #[derive(serde::Deserialize)]
/// struct Library { soname: Soname }
/// let library: Library = toml::from_str(r#"soname = { debian = "libpcap.so.0.8", fedora = "libpcap.so.1" }"#)?;
/// let fedora = Distribution::parse("ID=fedora\nVERSION_ID=44");
/// assert_eq!(&*library.soname.settled(&fedora), "libpcap.so.1");
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Soname {
    here: String,
    /// Empty if it is one everywhere.
    names: Packages,
}

impl Soname {
    /// The same names, as a string the one of `distribution`. Without a name for it, nothing changes.
    #[must_use]
    pub fn settled(&self, distribution: &Distribution) -> Self {
        let here = self.names.on(distribution).unwrap_or(&self.here);
        Self {
            here: here.to_owned(),
            names: self.names.clone(),
        }
    }

    /// Whether it has a name on `distribution`.
    #[must_use]
    pub fn is_known_on(&self, distribution: &Distribution) -> bool {
        self.names == Packages::default() || self.names.on(distribution).is_some()
    }
}

impl From<&str> for Soname {
    fn from(name: &str) -> Self {
        Self {
            here: name.to_owned(),
            names: Packages::default(),
        }
    }
}

impl Deref for Soname {
    type Target = str;

    fn deref(&self) -> &str {
        &self.here
    }
}

impl fmt::Display for Soname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl Serialize for Soname {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.names == Packages::default() {
            true => self.here.serialize(serializer),
            false => self.names.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Soname {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Soname;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a soname, or a table of them by family or distribution")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Soname, E> {
                Ok(name.into())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Soname, A::Error> {
                let names = Packages::deserialize(MapAccessDeserializer::new(map))
                    .map_err(A::Error::custom)?;
                let all = BTreeMap::from(names.clone());
                let here = all.into_values().next();
                let here = here.ok_or_else(|| A::Error::custom("no soname is named"))?;
                Ok(Soname { here, names })
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}

impl JsonSchema for Soname {
    fn schema_name() -> Cow<'static, str> {
        "Soname".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The soname of a library: one everywhere, or one by family or distribution.",
            "anyOf": [{ "type": "string" }, generator.subschema_for::<Packages>()],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Library {
        soname: Soname,
    }

    fn read(text: &str) -> Result<Soname, String> {
        let library = toml::from_str::<Library>(text);
        library
            .map(|library| library.soname)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn one_soname_is_the_same_everywhere() {
        let soname = read("soname = \"libz.so.1\"").unwrap();
        let fedora = Distribution::parse("ID=fedora\n");
        assert_eq!(soname.settled(&fedora), soname);
        assert!(soname.is_known_on(&fedora));
        assert_eq!(soname.to_string(), "libz.so.1");
    }

    #[test]
    fn a_family_and_a_distribution_may_call_it_otherwise() {
        let table =
            "soname = { debian = \"a.so.0.8\", debian-13 = \"a.so.1\", fedora = \"a.so.2\" }";
        let soname = read(table).unwrap();
        for (release, name) in [
            ("ID=debian\nVERSION_ID=12\n", "a.so.0.8"),
            ("ID=debian\nVERSION_ID=13\n", "a.so.1"),
            ("ID=fedora\n", "a.so.2"),
        ] {
            let distribution = Distribution::parse(release);
            assert!(soname.is_known_on(&distribution));
            assert_eq!(&*soname.settled(&distribution), name);
        }
        let suse = Distribution::parse("ID=opensuse-leap\nID_LIKE=\"suse opensuse\"\n");
        assert!(!soname.is_known_on(&suse));
        let library = Library { soname };
        let text = toml::to_string(&library).unwrap();
        assert_eq!(toml::from_str::<Library>(&text).unwrap(), library);
    }

    #[test]
    fn what_is_not_a_soname_is_refused() {
        for (text, said) in [
            ("soname = 1", "a soname, or a table of them"),
            ("soname = {}", "no soname is named"),
            ("soname = { beos = \"a.so\" }", "unknown variant `beos`"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
