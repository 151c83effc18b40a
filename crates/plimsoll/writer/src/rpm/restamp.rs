//! The same package under another version: its header is rewritten, its payload stays.

use std::path::Path;

use plimsoll_spec::{PackageReport, full_version};
use rpm::{
    DependencyFlags, Header, HeaderEntry, IndexData, IndexTag, Package, SignatureHeaderBuilder,
};

use crate::error::PackageError;
use crate::new_version::Stamp;

/// The versions of relations, and how they are compared.
const RELATIONS: [[IndexTag; 2]; 2] = [
    [
        IndexTag::RPMTAG_PROVIDEVERSION,
        IndexTag::RPMTAG_PROVIDEFLAGS,
    ],
    [
        IndexTag::RPMTAG_REQUIREVERSION,
        IndexTag::RPMTAG_REQUIREFLAGS,
    ],
];

/// Writes the package again under another version.
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
    // The epoch is added anew where there is one.
    let dropped = [IndexTag::RPMTAG_HEADERIMMUTABLE, IndexTag::RPMTAG_EPOCH].map(u32::from);
    let entries = header.get_all_entries()?.into_iter();
    let entries = entries
        .filter(|(tag, _)| !dropped.contains(tag))
        .map(|(tag, data)| {
            let mut changed = changed.iter();
            let new = changed.find_map(|(of, data)| (u32::from(*of) == tag).then_some(data));
            HeaderEntry::new(tag, new.cloned().unwrap_or(data))
        });
    let epoch = (stamp.epoch > 0).then(|| {
        let data = IndexData::Int32(vec![stamp.epoch]);
        HeaderEntry::new(u32::from(IndexTag::RPMTAG_EPOCH), data)
    });
    package.metadata.header = Header::from_entries(
        entries.chain(epoch).collect::<Vec<_>>(),
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
    let Stamp {
        version, revision, ..
    } = stamp;
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
    let own = own_version(package)?;
    for [versions, flags] in RELATIONS {
        let header = &metadata.header;
        let old = header.get_entry_data_as_string_array(versions)?;
        let flags = header.get_entry_data_as_u32_array(flags)?;
        let new = old.iter().zip(flags).map(|(old, flags)| {
            // What it relates to in exactly its own version is itself, or of the same build.
            match *old == own && is_exact(flags) {
                true => stamp.to_string(),
                false => (*old).to_owned(),
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

/// The version that the package has in relations to itself.
fn own_version(package: &Package) -> Result<String, rpm::Error> {
    let metadata = &package.metadata;
    let epoch = metadata.get_epoch().unwrap_or_default();
    Ok(full_version(
        epoch,
        metadata.get_version()?,
        metadata.get_release()?,
    ))
}
