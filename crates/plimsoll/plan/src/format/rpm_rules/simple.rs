//! Relations of RPM packages without parentheses: a name, or a comparison.

use plimsoll_spec::Relation;

/// What compares versions.
const OPERATORS: [&str; 5] = ["<", "<=", "=", ">=", ">"];

/// How to write what is no relation.
const FORM: &str = "write it as `NAME` or `NAME >= VERSION`, each in its own text";

/// Refuses what is neither a name nor a comparison.
///
/// # Errors
/// Says how to write it.
pub(super) fn check(relation: Relation, text: &str) -> Result<(), &'static str> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        [name] if is_name(name) => Ok(()),
        [name, ..] if name.starts_with('/') => Err("leave out the version: a file has none"),
        [name, operator, version]
            if is_name(name) && OPERATORS.contains(operator) && is_version(version) =>
        {
            match relation == Relation::Provides && *operator != "=" {
                true => Err("compare with `=`: a package provides one version"),
                false => Ok(()),
            }
        }
        _ if text.contains('{') => {
            Err("write the version of this build as `{version}`: nothing else is in braces")
        }
        _ if text.contains(" | ") || text.contains(" or ") => {
            Err("write alternatives as `(a or b)`")
        }
        _ => Err(FORM),
    }
}

/// Outside of parentheses, as in `font(:lang=de)`, a name has no sign of a comparison.
fn is_name(name: &str) -> bool {
    let mut depth = 0_usize;
    let fits = |c: char| {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return false,
            ')' => depth -= 1,
            _ => {}
        }
        c != ',' && (depth > 0 || !"|<>=".contains(c))
    };
    name.starts_with(|c: char| c.is_ascii_alphanumeric() || "_/".contains(c))
        && name.chars().all(fits)
        && depth == 0
}

/// `[EPOCH:]VERSION[-RELEASE]`, see rpm-version(7).
fn is_version(text: &str) -> bool {
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) => (Some(epoch), rest),
        None => (None, text),
    };
    let fits = |part: &str| {
        let known = |c: char| c.is_ascii_alphanumeric() || "._+~^".contains(c);
        !part.is_empty() && part.chars().all(known)
    };
    let is_number =
        |epoch: &str| epoch.chars().all(|c| c.is_ascii_digit()) && epoch.parse::<u32>().is_ok();
    epoch.is_none_or(is_number) && rest.split('-').count() <= 2 && rest.split('-').all(fits)
}
