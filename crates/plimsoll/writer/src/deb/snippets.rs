//! Parts of maintainer scripts, one text for each script.

use std::collections::BTreeMap;

/// The scripts that are run at installation and removal, see deb-postinst(5) and its like.
pub(super) const SCRIPTS: [&str; 4] = ["preinst", "postinst", "prerm", "postrm"];

/// What is to be done in each script.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Snippets(BTreeMap<&'static str, String>);

impl Snippets {
    /// Adds what a script does besides: what an installation does last, a removal undoes first.
    pub(super) fn add(&mut self, script: &str, text: &str) {
        let Some(script) = SCRIPTS.into_iter().find(|known| *known == script) else {
            return;
        };
        let there = self.0.entry(script).or_default();
        match script.ends_with("rm") {
            true => there.insert_str(0, text),
            false => there.push_str(text),
        }
    }

    /// Adds the parts of others.
    pub(super) fn extend(&mut self, others: &Self) {
        for (script, text) in &others.0 {
            self.add(script, text);
        }
    }

    /// What a script does; empty if it does nothing.
    pub(super) fn of(&self, script: &str) -> &str {
        self.0.get(script).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removal_undoes_the_last_thing_first() {
        let mut snippets = Snippets::default();
        for text in ["a\n", "b\n"] {
            for script in SCRIPTS {
                snippets.add(script, text);
            }
        }
        assert_eq!(snippets.of("postinst"), "a\nb\n");
        assert_eq!(snippets.of("prerm"), "b\na\n");
        assert_eq!(Snippets::default().of("preinst"), "");
    }
}
