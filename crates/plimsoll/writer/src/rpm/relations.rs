//! The relations of an RPM.

use plimsoll_spec::{FormatName, PackageSpec, Relation, Relations};
use rpm::{Dependency, DependencyFlags, Package, PackageBuilder};

use super::dependency;
use crate::error::PackageError;

/// The scripts that a requirement can be for.
const SCRIPTS: [(Relation, DependencyFlags); 4] = [
    (Relation::RequiresPre, DependencyFlags::SCRIPT_PRE),
    (Relation::RequiresPost, DependencyFlags::SCRIPT_POST),
    (Relation::RequiresPreun, DependencyFlags::SCRIPT_PREUN),
    (Relation::RequiresPostun, DependencyFlags::SCRIPT_POSTUN),
];

/// Adds the relations of a specification.
pub(super) fn add(builder: &mut PackageBuilder, spec: &PackageSpec) -> Result<(), PackageError> {
    for (relation, texts) in spec.relations.iter() {
        if SCRIPTS.iter().any(|(of_script, _)| *of_script == relation) {
            continue;
        }
        for text in texts {
            add_one(builder, relation, dependency::parse(text)?)?;
        }
    }
    for dependency in for_scripts(&spec.relations)? {
        builder.requires(dependency);
    }
    Ok(())
}

fn add_one(
    builder: &mut PackageBuilder,
    relation: Relation,
    dependency: Dependency,
) -> Result<(), PackageError> {
    match relation {
        Relation::Depends => builder.requires(dependency),
        Relation::Recommends => builder.recommends(dependency),
        Relation::Suggests => builder.suggests(dependency),
        Relation::Supplements => builder.supplements(dependency),
        Relation::Enhances => builder.enhances(dependency),
        Relation::Conflicts => builder.conflicts(dependency),
        Relation::Obsoletes => builder.obsoletes(dependency),
        Relation::Provides => builder.provides(dependency),
        _ => {
            return Err(PackageError::Relation {
                format: FormatName::RPM,
                verb: relation.verb(),
            });
        }
    };
    Ok(())
}

/// What the scripts require: one requirement each, marked for all scripts that need it.
fn for_scripts(relations: &Relations) -> Result<Vec<Dependency>, PackageError> {
    let mut all: Vec<Dependency> = Vec::new();
    for (relation, flag) in SCRIPTS {
        for text in relations.of(relation) {
            let one = dependency::parse(text)?;
            let is_it = |it: &&mut Dependency| dependency::render(it) == dependency::render(&one);
            match all.iter_mut().find(is_it) {
                Some(there) => there.flags |= flag,
                None => all.push(Dependency {
                    flags: one.flags | flag,
                    ..one
                }),
            }
        }
    }
    Ok(all)
}

/// The relations that a header has. What rpm requires for the interpreter of a script is a plain requirement.
pub(super) fn read(package: &Package) -> Result<Relations, rpm::Error> {
    let metadata = &package.metadata;
    let requires = metadata.get_requires()?;
    let is_for = |it: &Dependency, flag| {
        it.flags.contains(flag) && !it.flags.contains(DependencyFlags::INTERP)
    };
    let is_plain = |it: &&Dependency| !SCRIPTS.iter().any(|(_, flag)| is_for(it, *flag));
    let mut all = Relations::default();
    for (relation, flag) in SCRIPTS {
        add_sorted(
            &mut all,
            relation,
            requires.iter().filter(|it| is_for(it, flag)),
        );
    }
    add_sorted(
        &mut all,
        Relation::Depends,
        requires.iter().filter(is_plain),
    );
    for (relation, dependencies) in [
        (Relation::Recommends, metadata.get_recommends()?),
        (Relation::Suggests, metadata.get_suggests()?),
        (Relation::Supplements, metadata.get_supplements()?),
        (Relation::Enhances, metadata.get_enhances()?),
        (Relation::Conflicts, metadata.get_conflicts()?),
        (Relation::Obsoletes, metadata.get_obsoletes()?),
        (Relation::Provides, metadata.get_provides()?),
    ] {
        add_sorted(&mut all, relation, dependencies.iter());
    }
    Ok(all)
}

fn add_sorted<'a>(
    all: &mut Relations,
    relation: Relation,
    dependencies: impl Iterator<Item = &'a Dependency>,
) {
    all.add(relation, dependencies.map(dependency::render));
    all.sort(relation);
}
