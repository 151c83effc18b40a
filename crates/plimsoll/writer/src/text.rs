//! Text in lines of a bounded length.

use std::mem;

/// Where readers of package descriptions and changelogs expect lines to end.
const WIDTH: usize = 78;

/// Wraps a paragraph: the first line starts with `first`, the others with `rest`. Every line
/// ends in a newline; a word longer than a line stays whole.
pub(crate) fn wrapped(paragraph: &str, first: &str, rest: &str) -> String {
    let mut text = String::new();
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in paragraph.split_whitespace() {
        if !is_empty && line.len() + 1 + word.len() > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = rest.to_owned();
            is_empty = true;
        }
        if !is_empty || !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    text + &line + "\n"
}

/// A part of a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    /// Words that are wrapped.
    Paragraph(String),
    /// An item of a list, with its mark: `-`, `*` or `1.`.
    Item { mark: String, text: String },
    /// A line that stays as it is, with the spaces before it.
    Line(String),
    /// What sets two others apart.
    Gap,
}

/// The parts of a description: paragraphs, items of lists, and indented lines, which stay as they are.
pub(crate) fn blocks(description: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for line in description.trim_end().lines().map(str::trim_end) {
        let is_indented = line.starts_with([' ', '\t']);
        let last = blocks.last_mut();
        match (item(line), last) {
            _ if line.is_empty() => blocks.push(Block::Gap),
            (Some((mark, text)), _) => blocks.push(Block::Item {
                mark: mark.to_owned(),
                text: text.to_owned(),
            }),
            (None, Some(Block::Item { text, .. })) => add(text, line),
            (None, Some(Block::Paragraph(text))) if !is_indented => add(text, line),
            (None, _) if is_indented => blocks.push(Block::Line(line.replace('\t', "    "))),
            (None, _) => blocks.push(Block::Paragraph(line.to_owned())),
        }
    }
    blocks.dedup_by(|a, b| *a == Block::Gap && *b == Block::Gap);
    blocks
}

fn add(text: &mut String, line: &str) {
    let before = mem::take(text);
    *text = format!("{before} {}", line.trim_start());
}

/// The mark and the text of an item of a list.
fn item(line: &str) -> Option<(&str, &str)> {
    let (mark, text) = line.trim_start().split_once(' ')?;
    let is_number = || {
        let digits = mark.strip_suffix(['.', ')']);
        digits.is_some_and(|it| !it.is_empty() && it.chars().all(|c| c.is_ascii_digit()))
    };
    (["-", "*", "+"].contains(&mark) || is_number()).then_some((mark, text))
}

/// A description as RPM has it: it prints the lines as they are.
pub(crate) fn for_rpm(description: &str) -> String {
    let lines = blocks(description).into_iter().map(|block| match block {
        Block::Paragraph(text) => wrapped(&text, "", ""),
        Block::Item { mark, text } => wrapped(&text, &mark, &" ".repeat(mark.len())),
        Block::Line(line) => line + "\n",
        Block::Gap => "\n".to_owned(),
    });
    lines.collect::<String>().trim_end().to_owned()
}

/// A description as lines of a Debian control file (Debian Policy 5.6.13): a line that begins with one space belongs to a
/// paragraph, one that begins with two stays as it is, and ` .` is an empty line.
pub(crate) fn for_debian(description: &str) -> String {
    let lines = blocks(description).into_iter().map(|block| match block {
        Block::Paragraph(text) => indented(&wrapped(&text, "", "")),
        Block::Item { mark, text } => {
            let rest = format!("  {}", " ".repeat(mark.len()));
            wrapped(&text, &format!("  {mark}"), &rest)
        }
        // One more space: a line with one alone would be wrapped.
        Block::Line(line) => format!(" {line}\n"),
        Block::Gap => " .\n".to_owned(),
    });
    lines.collect()
}

fn indented(lines: &str) -> String {
    lines.lines().map(|line| format!(" {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESCRIPTION: &str = "A first\nparagraph.\n\nIt can:\n\n- wrap one\n  item;\n* keep another.\n1. Count.\n\n    sample --help\n";

    #[test]
    fn changes_are_wrapped_under_their_bullet() {
        let change = "The dynamically linked daemon now depends on libnftables, and the package \
                      says so in its dependencies.";
        assert_eq!(
            wrapped(change, "  *", "   "),
            "  * The dynamically linked daemon now depends on libnftables, and the package\n    \
             says so in its dependencies.\n"
        );
    }

    #[test]
    fn paragraphs_stay_apart_and_long_words_whole() {
        let long = "x".repeat(100);
        assert_eq!(
            for_rpm(&format!("a\nb\n\n{long} c")),
            format!("a b\n\n{long}\nc")
        );
    }

    #[test]
    fn lists_and_indented_lines_stay_lines() {
        assert_eq!(
            for_rpm(DESCRIPTION),
            "A first paragraph.\n\nIt can:\n\n- wrap one item;\n* keep another.\n1. Count.\n\n    \
             sample --help"
        );
        assert_eq!(
            for_debian(DESCRIPTION),
            " A first paragraph.\n .\n It can:\n .\n  - wrap one item;\n  * keep another.\n  \
             1. Count.\n .\n     sample --help\n"
        );
    }

    #[test]
    fn a_long_item_hangs_under_its_mark() {
        let item = format!("- {}", "word ".repeat(20));
        let lines = for_debian(&item);
        let lines: Vec<&str> = lines.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("  - word") && lines[1].starts_with("    word"));
    }
}
