//! Failures as engines show them: in one line.

use error_hint::Failure;

/// A failure with its causes and what to do about it.
pub(crate) fn in_one_line(why: &Failure) -> String {
    let mut text = why.message.clone();
    for cause in &why.causes {
        text.push_str(": ");
        text.push_str(cause);
    }
    if let Some(hint) = &why.hint {
        text.push_str(&format!(" ({hint})"));
    }
    text
}
