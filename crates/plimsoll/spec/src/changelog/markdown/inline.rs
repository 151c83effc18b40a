//! Marks within a line, which mean nothing in a package's changelog.

/// The text without marks of code and emphasis, and with the texts of links in their place.
pub(super) fn plain(text: &str) -> String {
    let text = text.replace('`', "").replace("**", "");
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find('[') {
        let (before, link) = rest.split_at(start);
        match linked(link) {
            Some((text, after)) => {
                plain.push_str(before.strip_suffix('!').unwrap_or(before));
                plain.push_str(text);
                rest = after;
            }
            None => {
                plain.push_str(before);
                plain.push('[');
                rest = &link[1..];
            }
        }
    }
    plain + rest
}

/// The text of a link that a text begins with, `[text](address)` or `[text][name]`, and what comes after it.
fn linked(link: &str) -> Option<(&str, &str)> {
    let (text, rest) = link.strip_prefix('[')?.split_once(']')?;
    let ends = [('(', ')'), ('[', ']')];
    let after = ends.iter().find_map(|(start, end)| {
        let (_, after) = rest.strip_prefix(*start)?.split_once(*end)?;
        Some(after)
    });
    after.map(|after| (text, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_away() {
        for (text, expected) in [
            (
                "[#12](https://example.org/12): `a` and **b**",
                "#12: a and b",
            ),
            ("see [#12] and [that][x].", "see [#12] and that."),
            ("![a picture](x.png) of [it", "a picture of [it"),
            ("a[0] (b)", "a[0] (b)"),
        ] {
            assert_eq!(plain(text), expected);
        }
    }
}
