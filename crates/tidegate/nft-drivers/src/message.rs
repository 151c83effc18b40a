//! What nft writes when it refuses something.
//!
//! ```text
//! /dev/stdin:4:20-20: Error: No such file or directory
//! add element inet t s { 1 }
//!                    ^
//! ```
//! The place stands there only for files. For a line given to `nft -i` the caret under the line that
//! it quotes is all there is. Some messages have neither.

use tidegate_nft::{Error, Kind};

use crate::script::Script;

/// Where a message points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    Line(usize),
    Column(usize),
}

/// What nft's output says about a script that it refused: the first message, and how many more.
pub(crate) fn refusal(script: &Script, output: &str) -> Error {
    let lines: Vec<&str> = output.lines().collect();
    let heads: Vec<usize> = (0..lines.len())
        .filter(|at| message(lines[*at]).is_some())
        .collect();
    let Some(&first) = heads.first() else {
        return Error::new(kind(output), fallback(output));
    };
    let text = message(lines[first]).unwrap_or_default();
    let reason = match heads.len() {
        1 => text.to_owned(),
        more => format!("{text} (and {} more errors)", more - 1),
    };
    let error = Error::new(kind(text), reason);
    match place(&lines[first..]).and_then(|place| locate(script, place)) {
        Some(index) => error.with_op(index, script.op(index).unwrap_or_default()),
        None => error,
    }
}

/// Whether there is a message of an error in the output.
pub(crate) fn has_error(output: &str) -> bool {
    output.lines().any(|line| message(line).is_some())
}

/// Whether the output is warnings alone.
pub(crate) fn is_harmless(output: &str) -> bool {
    output.trim().is_empty() || (output.contains("Warning: ") && !has_error(output))
}

fn locate(script: &Script, place: Position) -> Option<usize> {
    match place {
        Position::Line(line) => script.at_line(line),
        Position::Column(column) => script.at_column(column),
    }
}

/// The text after `Error: `, if the line begins a message.
fn message(line: &str) -> Option<&str> {
    const WORD: &str = "Error: ";
    if let Some(text) = line.strip_prefix(WORD) {
        return Some(text);
    }
    // A quoted operation may hold the word in a comment, but never `: Error: ` after a bare path.
    let (before, text) = line.split_once(": Error: ")?;
    (!before.contains([' ', '"'])).then_some(text)
}

/// Where the message at the beginning of `lines` points to.
fn place(lines: &[&str]) -> Option<Position> {
    let (head, rest) = lines.split_first()?;
    if let Some((before, _)) = head.split_once(": Error: ") {
        // path:line:column-column
        return before.rsplit(':').nth(1)?.parse().ok().map(Position::Line);
    }
    let carets = rest.get(1).filter(|line| {
        line.contains('^')
            && line
                .bytes()
                .all(|byte| matches!(byte, b' ' | b'\t' | b'^' | b'~'))
    })?;
    carets.find('^').map(Position::Column)
}

/// The last line of an output without a message, which says most.
fn fallback(output: &str) -> &str {
    let last = output
        .lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty());
    last.unwrap_or("nft failed and said nothing")
}

/// The kind of a message. The texts are those of strerror(3) in the C locale, and nft's own.
pub(crate) fn kind(text: &str) -> Kind {
    const TEXTS: &[(&str, Kind)] = &[
        ("Operation not permitted", Kind::Permission),
        ("Permission denied", Kind::Permission),
        ("No such file or directory", Kind::NotFound),
        ("does not exist", Kind::NotFound),
        ("File exists", Kind::Exists),
        ("Device or resource busy", Kind::Busy),
        ("Operation not supported", Kind::Unsupported),
        ("Protocol not supported", Kind::Unsupported),
        ("Protocol not available", Kind::Unsupported),
        ("not supported", Kind::Unsupported),
        ("not compiled", Kind::Unsupported),
        ("syntax error", Kind::Syntax),
        ("Invalid argument", Kind::Invalid),
        ("datatype mismatch", Kind::Invalid),
        ("conflicting", Kind::Invalid),
        ("is not a map", Kind::Invalid),
        ("Can't parse symbolic", Kind::Invalid),
        ("has no effect", Kind::Invalid),
    ];
    TEXTS
        .iter()
        .find(|(part, _)| text.contains(part))
        .map_or(Kind::Other, |(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script() -> Script {
        let ops = [
            "add table inet t",
            "add chain inet t c",
            "delete chain inet t zz",
        ];
        Script::of_lines(&ops)
    }

    fn check(output: &str, op: Option<usize>, kind: Kind, reason: &str) {
        let error = refusal(&script(), output);
        assert_eq!(error.op.map(|op| op.index), op);
        assert_eq!((error.kind, error.reason.as_str()), (kind, reason));
    }

    #[test]
    fn a_line_number_names_the_operation() {
        let output = "/dev/stdin:3:20-21: Error: No such file or directory\n\
                      delete chain inet t zz\n                    ^^\n";
        check(output, Some(2), Kind::NotFound, "No such file or directory");
    }

    #[test]
    fn a_caret_names_the_operation() {
        let output = "Error: Could not process rule: File exists\n\
                      add table inet t; add chain inet t c; delete chain inet t zz\n\
                      \x20                                 ^\n";
        check(
            output,
            Some(1),
            Kind::Exists,
            "Could not process rule: File exists",
        );
    }

    #[test]
    fn more_errors_are_counted() {
        let output = "x:1:1-2: Error: syntax error, unexpected newline\nq\n^\n\
                      x:2:1-2: Error: Device or resource busy\nq\n^\n";
        let reason = "syntax error, unexpected newline (and 1 more errors)";
        check(output, Some(0), Kind::Syntax, reason);
    }

    #[test]
    fn a_message_without_a_place_names_no_operation() {
        check(
            "netlink: Error: set is not a map\n",
            None,
            Kind::Invalid,
            "set is not a map",
        );
        check(
            "internal:0:0-0: Error: Device or resource busy\n",
            None,
            Kind::Busy,
            "Device or resource busy",
        );
        check("", None, Kind::Other, "nft failed and said nothing");
        check(
            "nft: dlopen: nope\n",
            None,
            Kind::Other,
            "nft: dlopen: nope",
        );
    }

    #[test]
    fn a_comment_is_not_taken_for_a_message() {
        let quoted = "add rule inet t c accept comment \"x: Error: y\"\n";
        assert!(!has_error(quoted));
        assert!(is_harmless("Warning: something\nadd x\n^\n"));
        assert!(!is_harmless("Segmentation fault"));
    }
}
