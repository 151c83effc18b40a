//! The domain of endpoints' names.
//!
//! It is the first search domain of an endpoint that has others: so a relative name is that of an endpoint before it is one
//! of the host's domains, with every C library. musl asks for a relative name alone only after the search domains, and
//! with `ndots:0` not in them at all.

use hickory_proto::rr::Name;

/// A name below `internal`, which is for private use (ICANN resolution 2024.07.29.06).
pub(crate) const DOMAIN: &str = "tidegate.internal";

/// A name without the domain; none if it is not in it. Both are in lower case.
pub(crate) fn within(name: &str) -> Option<&str> {
    name.strip_suffix(DOMAIN)?.strip_suffix('.')
}

/// Whether a name is the domain or in it.
pub(crate) fn has(name: &Name) -> bool {
    let domain = Name::from_labels(DOMAIN.split('.'));
    domain.is_ok_and(|domain| domain.zone_of(&name.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_has_the_names_that_end_with_it_and_a_dot() {
        for (name, inner) in [
            ("back.tidegate.internal", Some("back")),
            ("back.web.tidegate.internal", Some("back.web")),
            ("tidegate.internal", None),
            ("xtidegate.internal", None),
            ("back", None),
        ] {
            assert_eq!(within(name), inner, "{name}");
        }
        let has = |name: &str| has(&Name::from_ascii(name).unwrap());
        assert!(has("*.Tidegate.INTERNAL.") && has("tidegate.internal."));
        assert!(!has("xtidegate.internal.") && !has("internal."));
    }
}
