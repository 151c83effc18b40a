//! Values and questions in TOML.

use plimsoll_plan::config::QUESTION;

/// A text in TOML's form.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// Texts as an array.
pub(super) fn list<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> String {
    let texts = texts.into_iter().map(|text| quoted(text.as_ref()));
    format!("[{}]", texts.collect::<Vec<_>>().join(", "))
}

/// A value that must be filled in.
pub(super) fn asked(key: &str, question: &str) -> String {
    format!("{key} = \"?\" {QUESTION}{question}\n")
}

/// A question that need not be answered.
pub(super) fn open(question: &str) -> String {
    format!("{QUESTION}{question}\n")
}

/// The questions of a text, in its order.
pub(super) fn questions(text: &str) -> Vec<&str> {
    let lines = text.lines();
    lines
        .filter_map(|line| Some(line.split_once(QUESTION)?.1))
        .collect()
}
