//! The relationship fields of a control file (deb-control(5), Debian Policy 7).

use plimsoll_spec::{FormatName, Relation, Relations};

use crate::error::PackageError;

/// What Debian calls each relation.
const FIELDS: [(Relation, &str); 9] = [
    (Relation::PreDepends, "Pre-Depends"),
    (Relation::Depends, "Depends"),
    (Relation::Recommends, "Recommends"),
    (Relation::Suggests, "Suggests"),
    (Relation::Enhances, "Enhances"),
    (Relation::Conflicts, "Conflicts"),
    (Relation::Breaks, "Breaks"),
    (Relation::Replaces, "Replaces"),
    (Relation::Provides, "Provides"),
];

/// The fields with their values; one without a value is not there.
pub(super) fn fields(relations: &Relations) -> Vec<(&'static str, String)> {
    let fields = FIELDS.into_iter().map(|(relation, field)| {
        let clauses = relations.of(relation).join(", ");
        (field, clauses)
    });
    fields.filter(|(_, clauses)| !clauses.is_empty()).collect()
}

/// Whether a field has relations.
pub(super) fn is_field(name: &str) -> bool {
    FIELDS.iter().any(|(_, field)| *field == name)
}

/// Refuses relations that Debian does not know.
///
/// # Errors
/// Names the first.
pub(super) fn check(relations: &Relations) -> Result<(), PackageError> {
    let is_known = |relation| FIELDS.iter().any(|(known, _)| *known == relation);
    let mut kinds = relations.iter().map(|(relation, _)| relation);
    match kinds.find(|relation| !is_known(*relation)) {
        None => Ok(()),
        Some(relation) => Err(PackageError::Relation {
            format: FormatName::DEB,
            verb: relation.verb(),
        }),
    }
}

/// The relations of a control file; `value` gives a field's value.
pub(super) fn read(value: impl Fn(&str) -> Option<String>) -> Relations {
    let read = FIELDS.iter().map(|(relation, field)| {
        let clauses = value(field).unwrap_or_default();
        let clauses = clauses.split(',').map(str::trim);
        let clauses = clauses.filter(|clause| !clause.is_empty());
        (*relation, clauses.map(str::to_owned).collect::<Vec<_>>())
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let all =
            FIELDS.map(|(relation, field)| (relation, [format!("{field}-a | b"), "c".into()]));
        let relations = Relations::from_iter(all);
        let fields = fields(&relations);
        assert_eq!(
            fields[0],
            ("Pre-Depends", "Pre-Depends-a | b, c".to_owned())
        );
        let value = |name: &str| {
            let mut fields = fields.iter();
            fields
                .find(|(field, _)| *field == name)
                .map(|(_, value)| value.clone())
        };
        assert_eq!(read(value), relations);
        assert!(check(&relations).is_ok());
    }

    #[test]
    fn a_relation_that_debian_does_not_know_is_refused() {
        let relations = Relations::from_iter([(Relation::Supplements, ["a"])]);
        let error = check(&relations).unwrap_err().to_string();
        assert_eq!(error, "a .deb cannot say that it supplements something");
    }
}
