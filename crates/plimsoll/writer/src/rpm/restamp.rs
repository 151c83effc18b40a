//! The same package under another version: its header is rewritten, its payload stays.

use std::path::Path;

use plimsoll_spec::PackageReport;
use rpm::{
    DependencyFlags, Header, HeaderEntry, IndexData, IndexTag, Package, SignatureHeaderBuilder,
};

use crate::error::PackageError;
use crate::new_version::Stamp;

/// Names of relations, the versions that go with them, and how these are compared.
const RELATIONS: [[IndexTag; 3]; 2] = [
    [
        IndexTag::RPMTAG_PROVIDENAME,
        IndexTag::RPMTAG_PROVIDEVERSION,
        IndexTag::RPMTAG_PROVIDEFLAGS,
    ],
    [
        IndexTag::RPMTAG_REQUIRENAME,
        IndexTag::RPMTAG_REQUIREVERSION,
        IndexTag::RPMTAG_REQUIREFLAGS,
    ],
];

/// Writes the package anew under another version.
pub(crate) fn restamp(
    path: &Path,
    out: &Path,
    stamp: &Stamp,
) -> Result<PackageReport, PackageError> {
    let package = Package::open(path).map_err(|source| PackageError::ReadRpm {
        path: path.to_owned(),
        source,
    })?;
    restamped(package, stamp)
        .and_then(|package| package.write_file(out))
        .map_err(|source| PackageError::Rpm {
            path: out.to_owned(),
            source,
        })?;
    Ok(super::read(out)?.0.report)
}

fn restamped(mut package: Package, stamp: &Stamp) -> Result<Package, rpm::Error> {
    let changed = changes(&package, stamp)?;
    let header = &package.metadata.header;
    let region = u32::from(IndexTag::RPMTAG_HEADERIMMUTABLE);
    let entries = header.get_all_entries()?.into_iter();
    let entries = entries
        .filter(|(tag, _)| *tag != region)
        .map(|(tag, data)| {
            let mut changed = changed.iter();
            let new = changed.find_map(|(of, data)| (u32::from(*of) == tag).then_some(data));
            HeaderEntry::new(tag, new.cloned().unwrap_or(data))
        });
    package.metadata.header = Header::from_entries(
        entries.collect::<Vec<_>>(),
        IndexTag::RPMTAG_HEADERIMMUTABLE,
    );
    // A signature of the old header is none of the new one.
    let header = package.header_bytes()?;
    package.metadata.signature =
        SignatureHeaderBuilder::from_existing(&package.metadata.signature)?
            .clear_signatures()
            .calculate_digests(&header)
            .set_content_length(header.len() as u64 + package.payload.len() as u64)
            .build()?;
    Ok(package)
}

/// The tags that hold the version, with what they hold then.
fn changes(package: &Package, stamp: &Stamp) -> Result<Vec<(IndexTag, IndexData)>, rpm::Error> {
    let Stamp { version, revision } = stamp;
    let metadata = &package.metadata;
    let name = metadata.get_name()?;
    let mut changes = vec![
        (
            IndexTag::RPMTAG_VERSION,
            IndexData::StringTag(version.clone()),
        ),
        (
            IndexTag::RPMTAG_RELEASE,
            IndexData::StringTag(revision.clone()),
        ),
    ];
    // Ours name none: they are not built from a source package.
    if metadata
        .get_source_rpm()
        .is_ok_and(|it| it.ends_with(".src.rpm"))
    {
        let source = format!("{name}-{version}-{revision}.src.rpm");
        changes.push((IndexTag::RPMTAG_SOURCERPM, IndexData::StringTag(source)));
    }
    let own = format!("{}-{}", metadata.get_version()?, metadata.get_release()?);
    for [names, versions, flags] in RELATIONS {
        let header = &metadata.header;
        let names = header.get_entry_data_as_string_array(names)?;
        let old = header.get_entry_data_as_string_array(versions)?;
        let flags = header.get_entry_data_as_u32_array(flags)?;
        let new = names.iter().zip(old).zip(flags);
        let new = new.map(|((relation, old), flags)| {
            // What it relates to in exactly its own version is of the same build.
            let is_of_build = old == own && is_exact(flags);
            match is_of_build || (is_own(relation, name) && !old.is_empty()) {
                true => format!("{version}-{revision}"),
                false => old.to_owned(),
            }
        });
        changes.push((versions, IndexData::StringArray(new.collect())));
    }
    Ok(changes)
}

/// Whether a relation is to one version alone.
fn is_exact(flags: u32) -> bool {
    let flags = DependencyFlags::from_bits_truncate(flags);
    let compared = DependencyFlags::LESS | DependencyFlags::GREATER | DependencyFlags::EQUAL;
    flags & compared == DependencyFlags::EQUAL
}

/// Whether a relation is one to the package itself: `name`, `name(x86-64)`, `config(name)`.
fn is_own(relation: &str, name: &str) -> bool {
    let plain = relation.split('(').next();
    plain == Some(name) || relation == format!("config({name})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_related_to_itself_by_name_and_by_configuration() {
        for relation in ["sample", "sample(x86-64)", "config(sample)"] {
            assert!(is_own(relation, "sample"), "{relation}");
        }
        for relation in ["sample-doc", "config(nftables)", "nftables"] {
            assert!(!is_own(relation, "sample"), "{relation}");
        }
    }
}
