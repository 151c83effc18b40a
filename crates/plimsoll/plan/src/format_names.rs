//! The names of package formats, as files and messages have them.

use plimsoll_spec::FormatName;
use serde::de::DeserializeOwned;
use toml::Spanned;

/// A name that is none of the formats that are known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown package format {name:?}: expected {}", either(.known))]
pub struct UnknownFormat {
    /// The name.
    pub name: String,
    /// The names that are known.
    pub known: Vec<FormatName>,
}

impl UnknownFormat {
    /// The error about a name that is none of these.
    #[must_use]
    pub fn new(name: &str, known: &[FormatName]) -> Self {
        Self {
            name: name.to_owned(),
            known: known.to_vec(),
        }
    }
}

/// A view of a configuration file that sees the names of formats alone, so that an error can say where one is.
pub(crate) trait FormatNames: DeserializeOwned {
    /// The names, in any order.
    fn names(self) -> Vec<Spanned<String>>;
}

/// The first unknown format of a file, and its line.
pub(crate) fn unknown<N: FormatNames>(
    text: &str,
    known: &[FormatName],
) -> Option<(UnknownFormat, usize)> {
    let names = toml::from_str::<N>(text).ok()?.names();
    let unknown = names.iter().filter_map(|name| {
        let (name, line) = (name.get_ref(), line_of(text, name));
        let is_known = known.iter().any(|known| known.as_str() == name);
        (!is_known).then(|| (UnknownFormat::new(name, known), line))
    });
    unknown.min_by_key(|(_, line)| *line)
}

/// The line of a value, from 1.
pub(crate) fn line_of(text: &str, value: &Spanned<String>) -> usize {
    line_at(text, value.span().start)
}

/// The line of a place, from 1; `offset` is in bytes.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or_default();
    before.matches('\n').count() + 1
}

/// Names as a sentence lists them: `deb, rpm or tar`.
#[must_use]
pub fn either(names: &[FormatName]) -> String {
    let mut names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let last = names.pop().unwrap_or_default();
    match names.is_empty() {
        true => last,
        false => format!("{} or {last}", names.join(", ")),
    }
}
