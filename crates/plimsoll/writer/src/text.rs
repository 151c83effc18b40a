//! Text in lines of a bounded length.

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

/// Wraps each paragraph of a text whose paragraphs are set apart by empty lines.
pub(crate) fn paragraphs(text: &str) -> String {
    let wrapped: Vec<String> = text
        .split("\n\n")
        .map(|part| wrapped(part, "", ""))
        .collect();
    wrapped.join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

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
            paragraphs(&format!("a\nb\n\n{long} c")),
            format!("a b\n\n{long}\nc")
        );
    }
}
