//! How a package relates to others.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A kind of relation. Each format knows some: deb-control(5), and the tags of RPM's spec files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// `Pre-Depends` of Debian: must be configured before the package is unpacked.
    PreDepends,
    /// `Depends` of Debian, `Requires` of RPM: must be installed with the package.
    Depends,
    /// `Requires(pre)` of RPM: must be there when the script before the installation runs.
    RequiresPre,
    /// `Requires(post)` of RPM: must be there when the script after the installation runs.
    RequiresPost,
    /// `Requires(preun)` of RPM: must be there when the script before the removal runs.
    RequiresPreun,
    /// `Requires(postun)` of RPM: must be there when the script after the removal runs.
    RequiresPostun,
    /// Is installed with the package unless the administrator declines.
    Recommends,
    /// May be useful with the package.
    Suggests,
    /// `Supplements` of RPM: the package is installed with it unless the administrator declines.
    Supplements,
    /// The package may be useful with it.
    Enhances,
    /// Cannot be installed together with the package.
    Conflicts,
    /// `Breaks` of Debian: is not configured while the package is unpacked.
    Breaks,
    /// `Replaces` of Debian: the package may overwrite its files.
    Replaces,
    /// `Obsoletes` of RPM: an upgrade puts the package in its place.
    Obsoletes,
    /// What the package stands for besides itself.
    Provides,
}

impl Relation {
    /// Every kind, in the order in which packages and texts have them.
    pub const ALL: [Self; 15] = [
        Self::PreDepends,
        Self::Depends,
        Self::RequiresPre,
        Self::RequiresPost,
        Self::RequiresPreun,
        Self::RequiresPostun,
        Self::Recommends,
        Self::Suggests,
        Self::Supplements,
        Self::Enhances,
        Self::Conflicts,
        Self::Breaks,
        Self::Replaces,
        Self::Obsoletes,
        Self::Provides,
    ];

    /// What a package does, as in "it does not *depend on* x".
    #[must_use]
    pub const fn infinitive(self) -> &'static str {
        self.words().0
    }

    /// What a package does, as in "it *depends on* x".
    #[must_use]
    pub const fn verb(self) -> &'static str {
        self.words().1
    }

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::PreDepends => ("pre-depend on", "pre-depends on"),
            Self::Depends => ("depend on", "depends on"),
            Self::RequiresPre => ("require (pre)", "requires (pre)"),
            Self::RequiresPost => ("require (post)", "requires (post)"),
            Self::RequiresPreun => ("require (preun)", "requires (preun)"),
            Self::RequiresPostun => ("require (postun)", "requires (postun)"),
            Self::Recommends => ("recommend", "recommends"),
            Self::Suggests => ("suggest", "suggests"),
            Self::Supplements => ("supplement", "supplements"),
            Self::Enhances => ("enhance", "enhances"),
            Self::Conflicts => ("conflict with", "conflicts with"),
            Self::Breaks => ("break", "breaks"),
            Self::Replaces => ("replace", "replaces"),
            Self::Obsoletes => ("obsolete", "obsoletes"),
            Self::Provides => ("provide", "provides"),
        }
    }
}

/// What a package relates to, in its format's own syntax, by the kind of relation. JSON has the kinds as names:
/// `{ "depends": ["libc6 (>= 2.34)"], "pre-depends": ["init-system-helpers"] }`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Relations(BTreeMap<Relation, Vec<String>>);

impl Relations {
    /// What is related in a way, in order.
    #[must_use]
    pub fn of(&self, relation: Relation) -> &[String] {
        self.0.get(&relation).map_or(&[], Vec::as_slice)
    }

    /// What must be installed with the package.
    #[must_use]
    pub fn depends(&self) -> &[String] {
        self.of(Relation::Depends)
    }

    /// Whether something is related in a way.
    #[must_use]
    pub fn has(&self, relation: Relation, text: &str) -> bool {
        self.of(relation).iter().any(|it| it == text)
    }

    /// Adds what is not there yet, at the end.
    pub fn add(&mut self, relation: Relation, texts: impl IntoIterator<Item = impl Into<String>>) {
        for text in texts.into_iter().map(Into::into) {
            let there = self.0.entry(relation).or_default();
            if !there.contains(&text) {
                there.push(text);
            }
        }
    }

    /// Adds all of others.
    pub fn extend(&mut self, others: &Self) {
        for (relation, texts) in others.iter() {
            self.add(relation, texts);
        }
    }

    /// Removes what does not fit.
    pub fn retain(&mut self, mut fits: impl FnMut(Relation, &str) -> bool) {
        for (relation, texts) in &mut self.0 {
            texts.retain(|text| fits(*relation, text));
        }
        self.0.retain(|_, texts| !texts.is_empty());
    }

    /// Puts what is related in a way into the order of its text.
    pub fn sort(&mut self, relation: Relation) {
        if let Some(texts) = self.0.get_mut(&relation) {
            texts.sort();
        }
    }

    /// Each kind of which there is something.
    pub fn iter(&self) -> impl Iterator<Item = (Relation, &[String])> {
        let all = self.0.iter().filter(|(_, texts)| !texts.is_empty());
        all.map(|(relation, texts)| (*relation, texts.as_slice()))
    }
}

impl<T: Into<String>, I: IntoIterator<Item = T>> FromIterator<(Relation, I)> for Relations {
    fn from_iter<R: IntoIterator<Item = (Relation, I)>>(relations: R) -> Self {
        let mut all = Self::default();
        for (relation, texts) in relations {
            all.add(relation, texts);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_added_again_and_nothing_leaves_no_kind_behind() {
        let mut relations = Relations::from_iter([(Relation::Depends, ["b", "a", "b"])]);
        relations.add(Relation::Provides, [""; 0]);
        relations.extend(&Relations::from_iter([(Relation::Depends, ["a", "c"])]));
        assert_eq!(relations.depends(), ["b", "a", "c"]);
        assert_eq!(relations.iter().count(), 1);
        relations.retain(|_, text| text == "x");
        assert_eq!(relations, Relations::default());
    }

    #[test]
    fn json_has_the_kinds_by_their_names() {
        let relations = Relations::from_iter([
            (Relation::PreDepends, ["a"]),
            (Relation::RequiresPreun, ["b"]),
        ]);
        let json = serde_json::to_string(&relations).unwrap();
        assert_eq!(json, r#"{"pre-depends":["a"],"requires-preun":["b"]}"#);
        assert_eq!(serde_json::from_str::<Relations>(&json).unwrap(), relations);
        assert!(serde_json::from_str::<Relations>(r#"{"depend":[]}"#).is_err());
    }

    #[test]
    fn every_kind_is_listed_once_in_order() {
        let mut sorted = Relation::ALL;
        sorted.sort_unstable();
        assert_eq!(sorted, Relation::ALL);
        assert!(Relation::ALL.windows(2).all(|pair| pair[0] != pair[1]));
        for relation in Relation::ALL {
            let [infinitive, verb] = [relation.infinitive(), relation.verb()];
            let plain = verb.replacen("s ", " ", 1);
            let plain = plain.strip_suffix('s').unwrap_or(&plain);
            assert_eq!(plain, infinitive, "{relation:?}");
        }
    }
}
