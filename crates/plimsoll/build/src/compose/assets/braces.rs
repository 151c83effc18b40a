//! Alternatives in a pattern: `{a,b}`, which the glob crate does not know.

/// The patterns that a pattern with alternatives stands for, in its order. A brace without its partner, and one without a comma, is
/// a character as any other.
pub(super) fn alternatives(pattern: &str) -> Vec<String> {
    let Some((before, inner, after)) = first_braces(pattern) else {
        return vec![pattern.to_owned()];
    };
    let rest = alternatives(after);
    let mut all = Vec::new();
    for part in inner.iter().flat_map(|part| alternatives(part)) {
        all.extend(rest.iter().map(|rest| format!("{before}{part}{rest}")));
    }
    all
}

/// The first braces with a comma in them: what is before, each part inside, and what is after.
fn first_braces(pattern: &str) -> Option<(&str, Vec<&str>, &str)> {
    let opening = pattern.match_indices('{').map(|(at, _)| at);
    opening.into_iter().find_map(|at| {
        let inside = &pattern[at + 1..];
        let (parts, after) = parts(inside)?;
        (parts.len() > 1).then(|| (&pattern[..at], parts, after))
    })
}

/// The parts before the brace that closes, and what is behind it.
fn parts(inside: &str) -> Option<(Vec<&str>, &str)> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, character) in inside.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&inside[start..at]);
                return Some((parts, &inside[at + 1..]));
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inside[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alternative_is_a_pattern_of_its_own() {
        for (pattern, wanted) in [
            ("a/*.1", "a/*.1"),
            ("LICENSE-{MIT,APACHE}", "LICENSE-MIT LICENSE-APACHE"),
            ("{a,b}.{c,d}", "a.c a.d b.c b.d"),
            ("x{a,{b,c}d}", "xa xbd xcd"),
            ("x{,.gz}", "x x.gz"),
            ("{a}", "{a}"),
            ("{a}{b,c}", "{a}b {a}c"),
            ("a{b,c", "a{b,c"),
            ("a}b", "a}b"),
        ] {
            assert_eq!(alternatives(pattern).join(" "), wanted, "{pattern}");
        }
    }
}
