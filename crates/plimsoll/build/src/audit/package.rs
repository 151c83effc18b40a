//! Compares a finished package with its programs: nothing missing, nothing too much.

use plimsoll_spec::Relation;

use super::{Fault, PackageFacts};

/// The files that the package lacks.
#[must_use]
pub fn audit_files(facts: &PackageFacts<'_>) -> Vec<Fault> {
    facts
        .files
        .iter()
        .filter(|file| !facts.report.files.contains(file))
        .map(|file| facts.fault(format!("does not hold {file}")))
        .collect()
}

/// The planned relations that the package lacks, and those that it has and nobody planned. Dependencies that were not planned follow
/// from the programs: each format looks at them itself. `adds` tells what the format itself puts into its packages.
pub fn audit_declared(
    facts: &PackageFacts<'_>,
    adds: impl Fn(Relation, &str) -> bool,
) -> Vec<Fault> {
    let (planned, found) = (&facts.plan.declared, &facts.report.relations);
    let mut faults = Vec::new();
    for relation in Relation::ALL {
        let missing = planned.of(relation).iter();
        let missing = missing.filter(|text| !found.has(relation, text));
        faults.extend(missing.map(|text| {
            let what = format!("does not {} {text}", relation.infinitive());
            facts.fault(what)
        }));
        let surplus = found.of(relation).iter().filter(|text| {
            let is_known = relation == Relation::Depends || planned.has(relation, text);
            !is_known && !adds(relation, text)
        });
        faults.extend(surplus.map(|text| {
            let what = format!("{} {text}, which nothing declares", relation.verb());
            facts.fault(what)
        }));
    }
    faults
}
