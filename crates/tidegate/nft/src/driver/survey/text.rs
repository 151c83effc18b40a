//! The text of each rule, as nft shows it.

use std::collections::BTreeMap;

/// Beginnings of lines that have a handle and are no rules.
const OTHERS: [&str; 9] = [
    "table ",
    "chain ",
    "set ",
    "map ",
    "flowtable ",
    "counter ",
    "quota ",
    "limit ",
    "ct ",
];

/// The rules of a table in the output of `nft -a list table`, by handle.
pub(super) fn of_rules(listing: &str) -> BTreeMap<u64, String> {
    let mut texts = BTreeMap::new();
    for line in listing.lines() {
        let Some((text, handle)) = line.trim().rsplit_once(" # handle ") else {
            continue;
        };
        // Of another object, the line ends in a brace before its handle.
        let is_object = text.ends_with('{') && OTHERS.iter().any(|kind| text.starts_with(kind));
        if let (Ok(handle), false) = (handle.parse(), is_object) {
            texts.insert(handle, text.to_owned());
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_has_its_text_and_other_objects_have_none() {
        let listing = "table inet mine { # handle 4
\tset odd { # handle 9
\t\ttype inet_service
\t}

\tchain forward { # handle 1
\t\ttype filter hook forward priority filter; policy accept;
\t\ttcp dport 8080 counter drop # handle 2
\t\tct state vmap { established : accept, invalid : drop } comment \"a # handle 7\" # handle 3
\t}
}
";
        let expected = [
            (2, "tcp dport 8080 counter drop"),
            (
                3,
                "ct state vmap { established : accept, invalid : drop } comment \"a # handle 7\"",
            ),
        ];
        let expected = expected.map(|(handle, text)| (handle, text.to_owned()));
        assert_eq!(of_rules(listing), expected.into());
    }
}
